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
