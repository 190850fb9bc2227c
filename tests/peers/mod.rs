//! AWS as other people have written it, for tests: `mod peers;` (or with `#[path]`), then `peers::guest()`.
//!
//! There is one moto a test binary, on a port of the loopback that it finds by itself. Each test is a [`Guest`]: it
//! has an AWS account of its own, and so never sees what another test does. What is wrong with an answer of AWS
//! (refused, throttled, lost on its way) is asked of the guest, and is wrong for that guest only.
//!
//! Each request is held against AWS's own models on its way. What AWS would not take fails its test.

#![allow(dead_code, reason = "each test binary uses its part of it")]

pub mod founding;
pub mod models;
mod peer;

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use serde_json::{Value, json};

use peer::{Peer, Pipes};

/// Where everything happens.
pub const REGION: &str = peer::REGION;

/// moto, running.
pub struct Moto {
    endpoint: String,
    peer: Peer,
    /// One question at a time; the answer follows on the other pipe.
    pipes: Mutex<Pipes>,
}

impl Moto {
    /// Starts one. It ends when this is dropped, and when this process ends, however it does.
    pub fn start() -> Self {
        static STARTED: AtomicU64 = AtomicU64::new(1);
        let number = STARTED.fetch_add(1, Ordering::SeqCst);
        let (peer, pipes) = Peer::start("moto_peer.py", &format!("moto-{number}"));
        let endpoint = format!("http://127.0.0.1:{}", peer.port("port"));
        Self { endpoint, peer, pipes: Mutex::new(pipes) }
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// How an SDK client reaches it with this access key. Twelve digits are the account that calls; whatever
    /// `AssumeRole` has handed out is the role's.
    pub fn config(&self, credentials: Credentials) -> SdkConfig {
        peer::config(&self.endpoint, credentials)
    }

    fn ask(&self, question: &Value) -> Value {
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(pipes.0, "{question}").unwrap();
        peer::read(&mut pipes.1, &self.peer.log)
    }
}

/// The moto of this test binary.
pub fn moto() -> &'static Moto {
    static MOTO: OnceLock<Moto> = OnceLock::new();
    MOTO.get_or_init(Moto::start)
}

/// One test's own account in the moto of this test binary.
#[derive(Clone)]
pub struct Guest {
    moto: &'static Moto,
    account: String,
}

/// An account that nobody else uses.
#[expect(clippy::print_stderr, reason = "shown when the test fails")]
pub fn guest() -> Guest {
    static GUESTS: AtomicU64 = AtomicU64::new(100_000_000_001);
    let (moto, account) = (moto(), GUESTS.fetch_add(1, Ordering::SeqCst).to_string());
    eprintln!("account {account} in moto, whose log is {}", moto.peer.log.display());
    Guest { moto, account }
}

impl Guest {
    /// An account that moto made for this guest, as somebody who calls.
    pub fn of(&self, account: &str) -> Self {
        Self { moto: self.moto, account: account.to_owned() }
    }

    /// The account, twelve digits.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// How SDK clients reach moto as this account.
    pub fn config(&self) -> SdkConfig {
        self.moto.config(Credentials::new(&self.account, "secret", None, None, "tests"))
    }

    /// The next calls of this account to an operation (`TransactWriteItems`) are refused: with a status of HTTP
    /// and a code of AWS.
    pub fn refuse(&self, operation: &str, times: usize, status: u16, code: &str) {
        self.fault(json!({ "operation": operation, "times": times, "status": status, "code": code }));
    }

    /// The same, for calls whose body has this in it.
    pub fn refuse_what_says(&self, operation: &str, says: &str, times: usize, status: u16, code: &str) {
        self.fault(
            json!({ "operation": operation, "times": times, "status": status, "code": code, "says": says }),
        );
    }

    /// The next listing of this kind (`ListAccounts`, `GetResources`, `GetParametersByPath`) begins with an empty page.
    pub fn begin_with_an_empty_page(&self, operation: &str) {
        self.moto.ask(&json!({ "do": "empty page", "account": self.account, "operation": operation }));
    }

    /// From now on the accounts of this account's organization are described without their paths.
    pub fn describe_without_paths(&self) {
        self.moto.ask(&json!({ "do": "no paths", "account": self.account }));
    }

    /// From now on the messages that this account sends are there at once, whatever delay they are sent with.
    pub fn deliver_at_once(&self) {
        self.moto.ask(&json!({ "do": "no delay", "account": self.account }));
    }

    /// The next calls of this account to an operation are served, and their answers lost.
    pub fn lose_answers(&self, operation: &str, times: usize) {
        self.fault(json!({ "operation": operation, "times": times, "status": 0 }));
    }

    /// The next call of this account to an operation is served, and its answer held back, and then lost.
    pub fn hold_answer(&self, operation: &str) -> Held<'_> {
        self.fault(json!({ "operation": operation, "times": 1, "status": 0, "hold": true }));
        Held(self)
    }

    /// A stack of this account has the next of these statuses with each look at it.
    pub fn stack_becomes(&self, region: &str, stack: &str, statuses: &[&str]) {
        let account = &self.account;
        self.moto.ask(
            &json!({ "do": "stack", "account": account, "region": region, "stack": stack, "becomes": statuses }),
        );
    }

    /// From now on nothing is refused or lost any more.
    pub fn refuse_nothing(&self) {
        self.moto.ask(&json!({ "do": "heal", "account": self.account }));
    }

    fn fault(&self, mut fault: Value) {
        fault["do"] = "fault".into();
        fault["account"] = self.account.as_str().into();
        self.moto.ask(&fault);
    }

    /// What this account has called so far, oldest first: `dynamodb:GetItem`, lost and refused calls among them.
    pub fn calls(&self) -> Vec<String> {
        let answer = self.moto.ask(&json!({ "do": "calls", "account": self.account }));
        models::texts(&answer["calls"])
    }
}

impl Guest {
    /// What was wrong with the requests of this account, by AWS's own models. A test that sends something wrong
    /// asks for it; what nobody has asked for fails the test in the end.
    pub fn violations(&self) -> Vec<String> {
        let answer = self.moto.ask(&json!({ "do": "violations", "account": self.account }));
        models::texts(&answer["violations"])
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // A test that fails already has its own reason, and a second panic would hide it.
        if !std::thread::panicking() {
            let violations = self.violations();
            assert!(violations.is_empty(), "AWS would not take what was sent: {violations:#?}");
        }
    }
}

/// An answer that is held back.
pub struct Held<'a>(&'a Guest);

impl Held<'_> {
    /// Returns once the call was served. Whoever made it runs on another thread, and waits for its answer.
    pub fn wait(&self) {
        self.0.moto.ask(&json!({ "do": "await", "account": self.0.account }));
    }

    /// Loses the answer.
    pub fn lose(self) {
        self.0.moto.ask(&json!({ "do": "release", "account": self.0.account }));
    }
}
