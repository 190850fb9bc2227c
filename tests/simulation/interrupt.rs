//! Ctrl-C in the middle.

use std::process::{Command, Stdio};

use crate::support::program;

#[test]
fn the_report_so_far_is_printed_and_the_status_says_why() {
    let mut child = program(&["--accounts", "300", "--days", "3660", "--output", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    listens(child.id());
    let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    let output = {
        let mut text = Vec::new();
        std::io::Read::read_to_end(&mut child.stdout.take().unwrap(), &mut text).unwrap();
        (child.wait().unwrap(), text)
    };
    assert_eq!(output.0.code(), Some(130));
    let report: serde_json::Value = serde_json::from_slice(&output.1).unwrap();
    assert_eq!(report["scenario"]["interrupted"], true);
    assert!(report["scenario"]["end"].as_str().unwrap() < "2036");
}

/// Waits until the process has asked for SIGINT: before, it would die of it.
fn listens(process: u32) {
    const SIGINT: u64 = 1 << 1;
    loop {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim().to_owned();
        if u64::from_str_radix(&caught, 16).unwrap() & SIGINT != 0 {
            return;
        }
        std::thread::yield_now();
    }
}
