//! AWS's own models of its services, for requests that no peer sees.

#![allow(dead_code, reason = "each test binary uses its part of it")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::{Value, json};

/// The program that knows the models, running. It ends with its input, which is a pipe from here.
struct Validator {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    _child: Child,
}

/// What is wrong with a request, by AWS's own models; empty when nothing is. It has these headers (`authorization`;
/// `x-amz-target`, empty when it is a form) and this body.
pub fn violations(authorization: &str, target: &str, body: &str) -> Vec<String> {
    static VALIDATOR: OnceLock<Mutex<Validator>> = OnceLock::new();
    let validator = VALIDATOR.get_or_init(|| Mutex::new(Validator::start()));
    let mut validator = validator.lock().unwrap_or_else(PoisonError::into_inner);
    let question = json!({ "authorization": authorization, "target": target, "body": body });
    writeln!(validator.input, "{question}").unwrap();
    let mut line = String::new();
    validator.output.read_line(&mut line).unwrap();
    let answer: Value = serde_json::from_str(&line).unwrap();
    texts(&answer["violations"])
}

impl Validator {
    fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join(".venv/bin/python");
        assert!(
            python.exists(),
            "there is no .venv with botocore in it: run `cargo xtask test --only aws` once"
        );
        let mut child = Command::new(python)
            .arg(root.join("tests/peers/validate.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { input, output: BufReader::new(output), _child: child }
    }
}

/// A list of texts in JSON.
pub(super) fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}
