//! How fast a Lambda function starts, how large it is, and what events and the first call over TLS cost:
//!
//! ```text
//! cargo xtask bench bootstrap
//! ```
//!
//! That builds the program as it is deployed first. Ends with a status other than 0 when a figure is worse than it may
//! be.

#![expect(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark tells, and stops"
)]

#[path = "../tests/bootstrap/company.rs"]
mod company;
#[expect(clippy::wildcard_imports, reason = "as in the tests, where nobody minds")]
#[path = "../tests/fixtures/events/mod.rs"]
mod fixtures;
#[path = "../tests/bootstrap/http.rs"]
mod http;
#[path = "../tests/peers/mod.rs"]
mod peers;
#[path = "../tests/bootstrap/process.rs"]
mod process;
#[path = "../tests/bootstrap/runtime_api.rs"]
mod runtime_api;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use company::Company;
use process::Process;
use runtime_api::Said;
use serde_json::Value;
use state_machine::AccountId;

/// How many starts are measured.
const STARTS: usize = 30;

/// How many events are handled, the first one included.
const EVENTS: usize = 1_001;

fn main() -> ExitCode {
    // The program as it is deployed; `cargo bench` alone has built it in another way.
    let program = std::env::var("BOOTSTRAP").unwrap_or_else(|_| env!("CARGO_BIN_EXE_bootstrap").to_owned());
    println!("{program}");
    let company = Company::with_accounts(101);
    let size = std::fs::metadata(&program).unwrap().len();
    let mut fine = told("size", mega(size), 15.0, "MB");
    let start = median((0..STARTS).map(|_| start(&program, &company)).collect());
    fine &= told("start to the first `next`", millis(start), 20.0, "ms");
    let (first, usual) = tls(&program, &company);
    fine &= told("first call over TLS, beyond a usual one", millis(first.saturating_sub(usual)), 10.0, "ms");
    fine &= events(&program, &company);
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn told(what: &str, figure: f64, most: f64, unit: &str) -> bool {
    let fine = figure <= most;
    println!(
        "{what:<44} {figure:>9.2} {unit:<8} {} {most} {unit}",
        if fine { "within" } else { "MORE THAN" }
    );
    fine
}

fn start_function(program: &str, company: &Company, handler: &str, more: &[(&str, &str)]) -> Process {
    let variables = company.variables(handler, &company.endpoint);
    let variables = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let changed = |name: &str| more.iter().any(|(other, _)| *other == name);
    let variables: Vec<_> =
        variables.filter(|(name, _)| !changed(name)).chain(more.iter().copied()).collect();
    Process::start_program(program, &variables)
}

fn start(program: &str, company: &Company) -> Duration {
    let function = start_function(program, company, "on-released-account", &[]);
    match function.api.hear() {
        Said::Next(at) => at - function.started,
        other => panic!("{other:?}"),
    }
}

/// How long the first invocation takes that makes two calls over TLS, and a usual one.
fn tls(program: &str, company: &Company) -> (Duration, Duration) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut peer = Command::new(root.join(".venv/bin/python"))
        .arg(root.join("tests/peers/tls_peer.py"))
        .arg(env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("there is no .venv: run `cargo xtask test --only aws` once");
    let mut line = String::new();
    BufReader::new(peer.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    let endpoint = format!("https://localhost:{}", told["port"]);
    let certificate = told["certificate"].as_str().unwrap();
    let mut firsts = Vec::new();
    let mut others = Vec::new();
    for _ in 0..STARTS {
        let variables = [("AWS_ENDPOINT_URL", endpoint.as_str()), ("SSL_CERT_FILE", certificate)];
        let mut function = start_function(program, company, "on-wake-up", &variables);
        let mut invoke = || {
            let begun = Instant::now();
            function.invoke("{}").done();
            begun.elapsed()
        };
        firsts.push(invoke());
        others.extend((0..3).map(|_| invoke()));
    }
    // It ends with its input, too; but not before this process does.
    let _ = peer.kill();
    let _ = peer.wait();
    (median(firsts), median(others))
}

fn events(program: &str, company: &Company) -> bool {
    let (first, rest) = (company.accounts[0], &company.accounts[1..]);
    let counted = company.sample_of("spa-account-ReleasedAccount", first);
    let known = company.sample_of("organizations-tag-released", first);
    let joined = |account: &AccountId| company.sample_of("organizations-create-account-result", *account);
    let mut fine = true;
    for (what, handler, events, most) in [
        ("counted", "on-account-event", vec![counted; EVENTS], Some(1.0)),
        ("no news of an account", "on-released-account", vec![known; EVENTS], Some(1.0)),
        ("an account joins", "on-vanilla-account", rest.iter().map(joined).collect(), None),
    ] {
        let mut function = start_function(program, company, handler, &[]);
        let process = function.id();
        let mut events = events.into_iter().enumerate().map(|(number, event)| {
            let mut event: Value = serde_json::from_str(&event).unwrap();
            event["id"] = format!("{handler} {number}").into();
            event.to_string()
        });
        let mut invoke = |event: String| function.invoke(&event).done();
        // The first one belongs to the start.
        events.next().map(&mut invoke);
        let (own, kernel) = processor_time(process);
        let calls = company.guest.calls().len();
        let count = events.map(invoke).count() as f64;
        let (own, kernel) = {
            let (own_now, kernel_now) = processor_time(process);
            (millis(own_now.saturating_sub(own)) / count, millis(kernel_now.saturating_sub(kernel)) / count)
        };
        let calls = (company.guest.calls().len() - calls) as f64 / count;
        println!(
            "{what}: {calls:.1} calls and {own:.2} ms of processor time an event, {kernel:.2} ms in the kernel"
        );
        if let Some(most) = most {
            fine &= told("  of its own, beside the network's", own, most, "ms");
        }
        fine &= told(&format!("  resident after {count} events"), resident(process), 40.0, "MB");
    }
    fine
}

/// What the kernel has counted for this process, in hundredths of a second: its own, and what the kernel did for it.
fn processor_time(process: u32) -> (Duration, Duration) {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The second field is the program's name in brackets, and may hold blanks.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let time = |field: &str| Duration::from_millis(field.parse::<u64>().unwrap() * 10);
    (time(fields[11]), time(fields[12]))
}

fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    mega(kilobytes * 1024)
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort();
    durations[durations.len() / 2]
}

fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
