//! AWS with functions that run, as other people have written it: MiniStack, for tests that want the whole chain.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::{Value, json};
use state_machine::AccountId;

/// Where everything happens.
pub const REGION: &str = "eu-west-1";

/// MiniStack, running.
pub struct MiniStack {
    endpoint: String,
    control: (&'static str, u16),
    log: PathBuf,
    child: Child,
    /// As long as it is open, MiniStack runs.
    _life: ChildStdin,
}

impl MiniStack {
    /// Starts one. It ends when this is dropped, and when this process ends, however it does: its standard input
    /// is a pipe from here. The functions that it runs end with it.
    pub fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join(".venv/bin/python");
        assert!(
            python.exists(),
            "there is no .venv with MiniStack in it: run `cargo xtask test --only aws` once"
        );
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
        fs::create_dir_all(&folder).unwrap();
        let log = folder.join(format!("{}-ministack.txt", env!("CARGO_CRATE_NAME")));
        let mut child = Command::new(python)
            .arg(root.join("tests/peers/ministack_peer.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let life = child.stdin.take().unwrap();
        let first = read(child.stdout.take().unwrap(), &log);
        let port = |name: &str| u16::try_from(first[name].as_u64().unwrap()).unwrap();
        let endpoint = format!("http://127.0.0.1:{}", port("port"));
        Self { endpoint, control: ("127.0.0.1", port("control")), log, child, _life: life }
    }

    /// Its log, and that of all functions.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// How SDK clients reach it as this account.
    pub fn config(&self, account: AccountId) -> SdkConfig {
        let credentials = Credentials::new(account.to_string(), "secret", None, None, "tests");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(REGION))
            .endpoint_url(&self.endpoint)
            .retry_config(RetryConfig::disabled())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build()
    }

    /// Puts a program into the S3 of an account, packed as Lambda wants it.
    pub fn package(&self, program: &str, bucket: &str, key: &str, of: AccountId) {
        self.ask(&json!({ "do": "package", "program": program, "bucket": bucket, "key": key, "of": of }));
    }

    /// Puts an event on the default bus of an account, as AWS's services do.
    pub fn deliver(&self, event: &Value, to: AccountId) {
        self.ask(&json!({ "do": "deliver", "event": event, "to": to }));
    }

    /// The next start of a build in this account is refused, with a code of AWS.
    pub fn refuse_build(&self, account: AccountId, code: &str) {
        self.ask(&json!({ "do": "refuse", "account": account, "code": code }));
    }

    /// What a function of an account has written so far, oldest first.
    pub fn lines(&self, function: &str, of: AccountId) -> Vec<String> {
        let answer = self.ask(&json!({ "do": "lines", "function": function, "of": of }));
        let lines = answer["lines"].as_array().unwrap();
        lines.iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    }

    /// How many invocations and deployments have come to their end: more than so many, or after a while.
    pub fn ended(&self, after: Option<u64>) -> u64 {
        // A count below all others is exceeded at once.
        let after = after.map_or_else(|| json!(-1), |after| json!(after));
        self.ask(&json!({ "do": "await", "after": after }))["ended"].as_u64().unwrap()
    }

    /// Each question has a connection of its own: one that waits holds up no other.
    fn ask(&self, question: &Value) -> Value {
        let mut connection = TcpStream::connect(self.control).unwrap();
        writeln!(connection, "{question}").unwrap();
        read(connection, &self.log)
    }
}

impl Drop for MiniStack {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(from: impl Read, log: &Path) -> Value {
    let mut line = String::new();
    BufReader::new(from).read_line(&mut line).unwrap();
    serde_json::from_str(&line)
        .unwrap_or_else(|_| panic!("MiniStack said {line:?}; its log:\n{}", fs::read_to_string(log).unwrap()))
}
