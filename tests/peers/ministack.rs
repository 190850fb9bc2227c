//! AWS with functions that run, as other people have written it: MiniStack, for tests that want the whole chain.

use std::io::{BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::ChildStdin;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use serde_json::{Value, json};
use state_machine::AccountId;

pub use crate::peer::REGION;
use crate::peer::{self, Peer};

/// MiniStack, running.
pub struct MiniStack {
    endpoint: String,
    control: (&'static str, u16),
    peer: Peer,
    /// As long as it is open, MiniStack runs.
    _life: ChildStdin,
}

impl MiniStack {
    /// Starts one. It ends when this is dropped, and when this process ends, however it does. The functions that it runs
    /// end with it.
    pub fn start() -> Self {
        let (peer, (life, _)) = Peer::start("ministack_peer.py", "ministack");
        let endpoint = format!("http://127.0.0.1:{}", peer.port("port"));
        let control = ("127.0.0.1", peer.port("control"));
        Self { endpoint, control, peer, _life: life }
    }

    /// Its log, and that of all functions.
    pub fn log(&self) -> &Path {
        &self.peer.log
    }

    /// How SDK clients reach it as this account.
    pub fn config(&self, account: AccountId) -> SdkConfig {
        let credentials = Credentials::new(account.to_string(), "secret", None, None, "tests");
        peer::config(&self.endpoint, credentials)
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
        peer::read(&mut BufReader::new(connection), &self.peer.log)
    }
}
