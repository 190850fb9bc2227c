//! Several processes on one store: one lets it live, others look and ask.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use super::support::Fleet;

/// A `spa up` that has said its first line.
struct Up {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Up {
    fn start(fleet: &Fleet, arguments: &[&str]) -> Self {
        let mut command = fleet.command(&[&["up"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut up = Self { output: BufReader::new(child.stdout.take().unwrap()), child };
        assert!(up.line().contains("accounts"), "it begins");
        up
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }

    /// Waits for a line that holds this.
    fn wait_for(&mut self, text: &str) {
        loop {
            let line = self.line();
            assert!(!line.is_empty(), "it ended before it said {text}");
            if line.contains(text) {
                return;
            }
        }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn one_process_lets_it_live() {
    let fleet = Fleet::grown();
    let up = Up::start(&fleet, &[]);
    let second = fleet.spa(&["up"]);
    assert_eq!(second.status, 6, "{second:?}");
    let expected = format!(
        "error: another `spa up` (process {}) keeps this organization alive already\n  \
         help: one is enough: gestures and all other commands work beside it; --store FILE names another\n",
        up.child.id()
    );
    assert_eq!(second.notes, expected);
    drop(up);
    assert_eq!(fleet.spa(&["up", "--speed", "1000000000", "--for", "1h"]).status, 0, "after a kill -9");
}

#[test]
fn a_gesture_is_carried_out_by_whoever_lets_it_live() {
    let fleet = Fleet::grown();
    let mut up = Up::start(&fleet, &["--speed", "20000", "--for", "2d"]);
    let answer = fleet.spa(&["account", "expire", "100000000001", "--reason", "a test"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(!answer.notes.contains("spa up"), "somebody is up: {answer:?}");
    for text in ["entered expired", "SpaProjectForAccountPurge", "entered assigned", "entered released"] {
        up.wait_for(text);
    }
}

#[test]
fn reading_never_fails_while_it_lives_fast() {
    let fleet = Fleet::founded();
    let mut up = Up::start(&fleet, &["--speed", "1000000000"]);
    let mut last = String::new();
    for round in 0..25 {
        let id = "100000000001";
        for arguments in [
            &["accounts"][..],
            &["account", "why", id],
            &["account", "history", id],
            &["check"],
            &["window", "plan"],
        ] {
            let answer = fleet.spa(arguments);
            assert!(
                answer.status == 0 || (arguments == ["check"] && answer.status == 1),
                "{round}: {answer:?}"
            );
        }
        let time = fleet.station().time().unwrap().unwrap().to_string();
        assert!(time >= last, "time runs backwards: {last} {time}");
        last = time;
        up.line();
    }
    let hold = fleet.spa(&["account", "hold", "100000000001", "--for", "1d", "--reason", "in full flight"]);
    assert_eq!(hold.status, 0, "{hold:?}");
}

#[test]
fn switches_for_founding_come_too_late() {
    let fleet = Fleet::grown();
    let up = fleet.spa(&["up", "--accounts", "5", "--seed", "9", "--speed", "1000000000", "--for", "1m"]);
    assert_eq!(up.status, 0, "{up:?}");
    let expected = "warning: the store holds an organization already, \
                    and --accounts, --seed count only when one is founded\n";
    assert_eq!(up.notes, expected);
}

#[test]
fn an_organization_is_founded_from_switches() {
    let fleet = Fleet::founded();
    let found = |store: &str, arguments: &[&str]| {
        let common =
            ["up", "--store", store, "--start", "2026-12-01", "--speed", "1000000000", "--for", "1s"];
        fleet.spa(&[&common, arguments].concat())
    };
    let count = |store: &str| {
        let path = fleet.path().join(store);
        let store = spa::store::Store::open(&path, spa::store::Open::Existing).unwrap();
        spa::local::Station::new(store).load().unwrap().unwrap().members().len()
    };
    assert_eq!(found("a.db", &["--accounts", "17"]).status, 0);
    assert_eq!(count("a.db"), 17);
    assert_eq!(found("b.db", &["--organization", "organization.json"]).status, 0);
    assert_eq!(count("b.db"), 9);
    for (arguments, status) in [
        (&["--organization", "nowhere.json"][..], 5),
        (&["--organization", "settings.yaml"], 8),
        (&["--faults", "earthquake=1%"], 2),
        (&["--speed", "0"], 2),
        (&["--accounts", "5", "--organization", "organization.json"], 2),
    ] {
        let answer = found("c.db", arguments);
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(!fleet.path().join("c.db").exists(), "{arguments:?}");
    }
}

#[test]
fn an_organization_has_a_sensible_number_of_accounts() {
    let fleet = Fleet::founded();
    for number in ["0", "1000001", "10000000000"] {
        let answer = fleet.spa(&["up", "--accounts", number, "--store", "new.db", "--for", "1s"]);
        assert_eq!(answer.status, 2, "{answer:?}");
        assert!(!fleet.path().join("new.db").exists());
    }
}
