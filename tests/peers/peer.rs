//! A peer that is a Python program: it is told what to do on its standard input, or elsewhere, and answers lines of JSON.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::Value;

/// Where everything happens.
pub const REGION: &str = "eu-west-1";

/// A peer that runs. It ends when this is dropped, and when this process ends, however it does: its standard input is a
/// pipe from here.
pub struct Peer {
    child: Child,
    pub log: PathBuf,
    /// What it said first.
    pub first: Value,
}

/// The two pipes of a peer.
pub type Pipes = (ChildStdin, BufReader<ChildStdout>);

impl Peer {
    /// Starts a program of this folder; `log` names the file of what it writes beside its answers.
    pub fn start(program: &str, log: &str) -> (Self, Pipes) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join(".venv/bin/python");
        assert!(
            python.exists(),
            "there is no .venv with peers in it: run `cargo xtask test --only aws` once"
        );
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
        fs::create_dir_all(&folder).unwrap();
        let log = folder.join(format!("{}-{log}.txt", env!("CARGO_CRATE_NAME")));
        let mut child = Command::new(python)
            .arg(root.join("tests/peers").join(program))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let first = read(&mut output, &log);
        (Self { child, log, first }, (input, output))
    }

    /// Where it listens on the loopback, by the name under which it told.
    pub fn port(&self, name: &str) -> u16 {
        u16::try_from(self.first[name].as_u64().unwrap()).unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The next line that a peer says.
pub fn read(output: &mut impl BufRead, log: &Path) -> Value {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    serde_json::from_str(&line)
        .unwrap_or_else(|_| panic!("the peer said {line:?}; its log:\n{}", fs::read_to_string(log).unwrap()))
}

/// How an SDK client reaches a peer with these credentials. The SDK repeats nothing, as in the product.
pub fn config(endpoint: &str, credentials: Credentials) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .retry_config(RetryConfig::disabled())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}
