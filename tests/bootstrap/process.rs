//! The program, running as a function.

#![allow(dead_code, reason = "the tests use a part of it, and the benchmark another")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::runtime_api::{Invocation, RuntimeApi, Said};

/// What every function's environment says.
pub const ENVIRONMENT: &[(&str, &str)] = &[
    ("AWS_LAMBDA_FUNCTION_NAME", "SpaFunction"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_REGION", "eu-west-1"),
    ("ENVIRONMENT_IDENTIFIER", "Spa"),
    ("ROLE_NAME_TO_MANAGE_CODEBUILD", "SpaMember"),
    ("JOURNAL_TABLE", "SpaJournal"),
];

/// A function that runs. It is killed when it is dropped.
pub struct Process {
    pub api: RuntimeApi,
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
    invocations: u32,
    /// When it was started.
    pub started: Instant,
}

/// What Lambda is told of an invocation.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Done(Value),
    Failed { kind: String, message: String },
}

impl Told {
    pub fn done(self) -> Value {
        match self {
            Self::Done(value) => value,
            Self::Failed { kind, message } => panic!("{kind}: {message}"),
        }
    }

    pub fn kind(self) -> String {
        match self {
            Self::Done(value) => panic!("{value}"),
            Self::Failed { kind, .. } => kind,
        }
    }
}

impl Process {
    /// Starts the program with these variables and no others.
    pub fn start(variables: &[(&str, &str)]) -> Self {
        Self::start_program(env!("CARGO_BIN_EXE_bootstrap"), variables)
    }

    /// Starts this program, which is the same, perhaps built in another way.
    pub fn start_program(program: &str, variables: &[(&str, &str)]) -> Self {
        let api = RuntimeApi::start();
        let started = Instant::now();
        let mut child = Command::new(program)
            .env_clear()
            .envs(variables.iter().copied())
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let output = BufReader::new(child.stdout.take().unwrap());
        let written = Arc::clone(&lines);
        let reader = thread::spawn(move || {
            for line in output.lines() {
                written.lock().unwrap().push(line.unwrap());
            }
        });
        Self { api, child, lines, reader: Some(reader), invocations: 0, started }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Invokes the function, and waits for what it answers.
    pub fn invoke(&mut self, payload: &str) -> Told {
        self.invoke_within(payload, 60_000)
    }

    /// Invokes the function with so many milliseconds until Lambda would end it.
    pub fn invoke_within(&mut self, payload: &str, millis: i64) -> Told {
        let id = self.begin(payload, millis);
        match self.hear_answer() {
            Said::Response { id: of, body } => {
                assert_eq!(of, id);
                Told::Done(serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}")))
            }
            Said::Error { id: of, body, .. } => {
                assert_eq!(of, id);
                let body: Value = serde_json::from_str(&body).unwrap();
                let text = |name: &str| body[name].as_str().unwrap().to_owned();
                Told::Failed { kind: text("errorType"), message: text("errorMessage") }
            }
            other => panic!("{other:?}"),
        }
    }

    /// Invokes the function, and does not wait. Returns the identifier of the invocation.
    pub fn begin(&mut self, payload: &str, millis: i64) -> String {
        self.invocations += 1;
        let id = format!("{:08}-0000-4000-8000-{:012}", self.child.id(), self.invocations);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        self.api.invoke(Invocation {
            id: id.clone(),
            payload: payload.to_owned(),
            deadline: i64::try_from(now).unwrap() + millis,
            trace_id: format!(
                "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled={}",
                1
            ),
        });
        id
    }

    fn hear_answer(&self) -> Said {
        loop {
            match self.api.hear() {
                Said::Next(_) => {}
                said @ (Said::Response { .. } | Said::Error { .. } | Said::InitError { .. }) => return said,
            }
        }
    }

    /// Ends it as Lambda ends what takes too long, and returns all lines that it has written.
    pub fn kill(&mut self) -> Vec<String> {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.lines.lock().unwrap().clone()
    }

    /// The lines of its log, and those that are metrics.
    pub fn end(mut self) -> (Vec<Value>, Vec<Value>) {
        let parse = |line: &String| serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("{line}"));
        self.kill().iter().map(parse).partition(|line| line.get("_aws").is_none())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
