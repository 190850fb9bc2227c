//! Gestures: recorded with who and why, refused with a reason, for one account or many.

use state_machine::{Actor, Fact, Version};

use spa::journal::Journal as _;
use spa::local::run_or_die;

use super::support::{Fleet, account, assert_golden, at};

fn records(fleet: &Fleet, id: &str) -> Vec<state_machine::Record> {
    run_or_die(fleet.station().journal().history(account(id), Version::NONE, usize::MAX)).unwrap().unwrap()
}

#[test]
fn a_gesture_is_recorded_with_who_and_why() {
    let fleet = Fleet::grown();
    let answer =
        fleet.spa(&["account", "adopt", "200000000001", "--reason", "ours from today", "--as", "olivia"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let records = records(&fleet, "200000000001");
    let commanded = records
        .iter()
        .find_map(|record| match &record.fact {
            Fact::Commanded(command) => Some((&record.cause.by, command)),
            _ => None,
        })
        .unwrap();
    assert_eq!(*commanded.0, Actor::Principal("olivia".into()));
    assert_eq!(&*commanded.1.reason, "ours from today");
    let shown = fleet.spa(&["account", "show", "200000000001", "--output", "json"]).json();
    assert_eq!(shown["custody"], "ours");
}

#[test]
fn what_is_asked_for_happens_or_is_refused() {
    let fleet = Fleet::grown();
    let ask = |gesture: &str, id: &str| fleet.spa(&["account", gesture, id, "--reason", "a test"]);
    assert_golden(
        "gestures.txt",
        &[
            ask("adopt", "100000000001"),
            ask("unhold", "100000000001"),
            ask("unhold", "400000000001"),
            ask("retry", "100000000001"),
            ask("expire", "100000000002"),
            ask("release", "200000000001"),
            ask("vanilla", "500000000001"),
            ask("vanilla", "600000000001"),
            ask("vanilla", "700000000001"),
            fleet.spa(&["account", "expire", "100000000001"]),
            fleet.spa(&["account", "expire", "100000000001", "--reason", " "]),
            fleet.spa(&["account", "expire", "--reason", "a test"]),
            fleet.spa(&["account", "expire", "--all", "100000000001", "--reason", "a test"]),
            fleet.spa(&["account", "hold", "100000000001", "--reason", "a test"]),
            fleet.spa(&["account", "hold", "100000000001", "--reason", "a test", "--until", "2028-01-01"]),
            fleet.spa(&["account", "hold", "100000000001", "--reason", "a test", "--until", "2026-12-01"]),
            fleet.spa(&["account", "hold", "100000000001", "--reason", "a test", "--until", "2026-12-24"]),
            ask("expire", "100000000001"),
            ask("unhold", "100000000001"),
            ask("expire", "100000000001"),
            ask("expire", "100000000001"),
        ],
    );
}

#[test]
fn a_selection_is_confirmed_and_served_one_by_one() {
    let fleet = Fleet::grown();
    let before: Vec<_> = fleet.spa(&["accounts", "--output", "json"]).json().as_array().unwrap().clone();
    let answers = [
        fleet.spa(&["account", "expire", "--all", "--reason", "a test"]),
        fleet.spa(&["account", "expire", "--all", "--reason", "a test", "--dry-run"]),
        fleet.spa(&["account", "expire", "--unit", "ou-zz99-99999999", "--reason", "a test", "--yes"]),
    ];
    let after: Vec<_> = fleet.spa(&["accounts", "--output", "json"]).json().as_array().unwrap().clone();
    assert_eq!(before, after, "nothing was asked");
    let partly = fleet.spa(&["account", "expire", "--all", "--reason", "a test", "--yes"]);
    let all =
        fleet.spa(&["account", "hold", "--state", "expired", "--reason", "a test", "--yes", "--for", "7d"]);
    assert_eq!((partly.status, all.status), (7, 0), "{partly:?} {all:?}");
    let json = fleet.spa(&["account", "unhold", "--held", "--reason", "x", "--yes", "--output", "json"]);
    assert_eq!(json.status, 7, "{json:?}");
    for answer in json.json().as_array().unwrap() {
        assert!(["done", "refused"].contains(&answer["outcome"].as_str().unwrap()), "{answer}");
    }
    assert_golden("selection.txt", &[&answers[..], &[partly]].concat());
}

#[test]
fn a_gesture_moves_the_account_when_the_organization_lives() {
    let fleet = Fleet::grown();
    let answer = fleet.spa(&["account", "expire", "100000000001", "--reason", "a test"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(answer.notes.contains("spa up"), "{answer:?}");
    let up = fleet.spa(&["up", "--speed", "1000000000", "--for", "6h"]);
    assert_eq!(up.status, 0, "{up:?}");
    let shown = fleet.spa(&["account", "show", "100000000001", "--output", "json"]).json();
    assert_eq!(shown["tag"]["reading"]["known"], "released", "{shown}");
    assert_eq!(shown["cycles"], 2, "on-boarding, and this maintenance: {shown}");
}

#[test]
fn time_goes_on_from_where_it_was() {
    let fleet = Fleet::grown();
    let time = || fleet.station().time().unwrap().unwrap();
    let start = at("2026-12-04T09:00:00Z");
    assert_eq!(time(), start, "no time has passed for the machine");
    fleet.spa(&["account", "hold", "100000000001", "--for", "1d", "--reason", "a test"]);
    let (first, second) = (time(), time());
    assert!(start <= first && first <= second);
    assert!(second < start + chrono::TimeDelta::minutes(5), "at real speed: {second}");
    // Accelerated, it goes ahead; when nobody is up any more, it does not fall back.
    fleet.spa(&["up", "--speed", "1000000000", "--for", "2d"]);
    let after = time();
    assert!(after >= start + chrono::TimeDelta::days(2), "{after}");
    assert!(after < start + chrono::TimeDelta::days(2) + chrono::TimeDelta::minutes(5), "{after}");
}

#[test]
fn a_rehearsal_tells_what_would_come_of_it() {
    let fleet = Fleet::grown();
    let history = |id: &str| records(&fleet, id).len();
    for gesture in ["adopt", "vanilla", "release", "expire", "unhold", "retry"] {
        let arguments = ["account", gesture, "--all", "--reason", "a test", "--yes", "--output", "json"];
        let before = history("100000000001");
        let rehearsed = fleet.spa(&[&arguments[..], &["--dry-run"]].concat());
        assert_eq!(rehearsed.status, 0, "{rehearsed:?}");
        assert_eq!(before, history("100000000001"), "nothing is recorded");
        let really = Fleet::grown().spa(&arguments);
        let outcomes = |answer: &super::support::Answer| -> Vec<(String, String)> {
            let json = answer.json();
            let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            json.as_array()
                .unwrap()
                .iter()
                .map(|row| (word(&row["account"]), word(&row["outcome"])))
                .collect()
        };
        let would: Vec<_> = outcomes(&rehearsed)
            .into_iter()
            .map(|(account, outcome)| (account, outcome.replace("would be ", "")))
            .collect();
        assert_eq!(would, outcomes(&really), "{gesture}");
    }
}

#[test]
fn a_holder_that_a_script_left_empty_selects_nobody() {
    let fleet = Fleet::grown();
    for holder in ["", " ", "\t"] {
        let answer =
            fleet.spa(&["account", "expire", "--holder", holder, "--reason", "a test", "--yes", "--dry-run"]);
        assert_eq!(answer.status, 2, "{answer:?}");
        assert!(answer.notes.contains("--holder"), "{answer:?}");
        assert_eq!(fleet.spa(&["accounts", "--holder", holder]).status, 2);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_it_between_two_accounts() {
    let fleet = Fleet::grown();
    // Somebody writes: the gesture waits, and is told to end.
    let other = rusqlite::Connection::open(fleet.store()).unwrap();
    other.execute_batch("begin immediate").unwrap();
    let arguments = ["account", "hold", "--all", "--for", "1d", "--reason", "x", "--yes", "--output", "json"];
    let mut command = fleet.command(&arguments);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    super::support::listens(child.id());
    let told = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    other.execute_batch("commit").unwrap();
    let answer = super::support::Answer::of(&arguments, &child.wait_with_output().unwrap());
    assert_eq!(answer.status, 130, "{answer:?}");
    let asked = answer.json().as_array().unwrap().len();
    assert!(asked <= 1, "{answer:?}");
    assert!(answer.notes.contains(&format!("stopped after {asked} of 6 accounts")), "{answer:?}");
    let held = fleet.spa(&["accounts", "--held", "--output", "json"]).json();
    let held = held.as_array().unwrap().len();
    assert_eq!(held, 2 + usize::from(asked == 1), "two were held before");
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_nobody_reads_is_no_fault() {
    let fleet = Fleet::founded();
    for arguments in [&["--help"][..], &["account", "expire", "--help"], &["--version"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = fleet.command(arguments).stdout(writer).output().unwrap();
        assert_eq!((output.status.code(), &output.stderr[..]), (Some(0), &b""[..]), "{arguments:?}");
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = fleet.command(arguments).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(70), "{arguments:?}");
        assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: "), "{arguments:?}");
    }
}
