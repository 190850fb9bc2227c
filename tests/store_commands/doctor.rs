//! `spa doctor` on this machine: what was seen, what helps, and the exit status.

use std::collections::BTreeMap;

use super::support::{Answer, Fleet, assert_golden};

fn outcomes(answer: &Answer) -> BTreeMap<String, String> {
    let checks = answer.json();
    let text = |check: &serde_json::Value, key: &str| check[key].as_str().unwrap().to_owned();
    checks.as_array().unwrap().iter().map(|check| (text(check, "check"), text(check, "outcome"))).collect()
}

fn expected(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(check, outcome)| ((*check).to_owned(), (*outcome).to_owned())).collect()
}

#[test]
fn what_a_person_reads() {
    let founded = Fleet::founded();
    let grown = Fleet::grown();
    let nothing = Fleet::founded();
    std::fs::remove_file(nothing.store()).unwrap();
    let mut store = nothing.store().into_os_string();
    store.push("-wal");
    // Where it was the last one to be closed, there is none any more.
    let _ = std::fs::remove_file(store);
    let unusable = Fleet::founded();
    std::fs::write(unusable.path().join("settings.yaml"), "defaults: 7\n").unwrap();
    assert_golden(
        "doctor.txt",
        &[
            founded.spa(&["doctor"]),
            grown.spa(&["doctor"]),
            nothing.spa(&["doctor"]),
            unusable.spa(&["doctor", "--output", "csv"]),
            founded.spa(&["doctor", "--accounts", "few"]),
            founded.spa(&["doctor", "--accounts", "all"]),
        ],
    );
}

#[test]
fn an_organization_that_lives_is_all_good() {
    let fleet = Fleet::founded();
    let lock = spa::local::Lock::take(&fleet.store()).unwrap();
    let answer = fleet.spa(&["doctor", "--output", "json"]);
    drop(lock);
    let all = [
        ("life", "good"),
        ("organization", "good"),
        ("refused-events", "good"),
        ("settings", "good"),
        ("store", "good"),
        ("stuck-accounts", "good"),
    ];
    assert_eq!((answer.status, outcomes(&answer)), (0, expected(&all)), "{answer:?}");
    let keys: Vec<String> = answer.json()[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["check", "evidence", "outcome", "remedy"]);
    assert!(answer.json()[0]["remedy"].is_null());
}

#[test]
fn each_trouble_is_a_finding_of_its_own() {
    let fleet = Fleet::grown();
    let answer = fleet.spa(&["doctor", "--output", "json"]);
    let outcomes = outcomes(&answer);
    assert_eq!((answer.status, outcomes["stuck-accounts"].as_str()), (1, "bad"), "{answer:?}");
    let checks = answer.json();
    let stuck = checks.as_array().unwrap().iter().find(|check| check["check"] == "stuck-accounts").unwrap();
    assert!(
        stuck["evidence"].as_str().unwrap().contains(
            "2 of 5 managed accounts, 2 in quarantine: 100000000003: in quarantine, next try at 2026-12-04T"
        ),
        "{stuck}"
    );
    assert!(stuck["remedy"].as_str().unwrap().contains("spa account why 100000000003"), "{stuck}");

    std::fs::write(fleet.path().join("spa.db"), "no database").unwrap();
    let answer = fleet.spa(&["doctor", "--output", "json"]);
    let outcomes = self::outcomes(&answer);
    assert_eq!((outcomes["store"].as_str(), outcomes["stuck-accounts"].as_str()), ("bad", "not-looked-at"));
    assert_eq!((answer.status, outcomes["settings"].as_str()), (1, "good"));
}

#[test]
fn an_event_that_was_refused_a_moment_ago_is_told() {
    let fleet = Fleet::founded();
    assert_eq!(fleet.spa_reading(&["events", "send", "-"], b"{\"no\": \"event\"}").status, 8);
    let answer = fleet.spa(&["doctor", "--output", "json"]);
    assert_eq!(outcomes(&answer)["refused-events"], "warning", "{answer:?}");
    // A day later it is history.
    fleet.set_time(super::support::at("2026-12-02T00:00:01Z"));
    assert_eq!(outcomes(&fleet.spa(&["doctor", "--output", "json"]))["refused-events"], "good");
}

#[test]
fn nothing_is_changed() {
    let fleet = Fleet::grown();
    let dump = || {
        let store = rusqlite::Connection::open(fleet.store()).unwrap();
        let mut query = store.prepare("select kind, name, body from local order by 1, 2").unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        let local: Vec<(String, String, String)> = rows.collect::<Result<_, _>>().unwrap();
        let heads: i64 = store.query_row("select sum(version) from heads", [], |row| row.get(0)).unwrap();
        (local, heads)
    };
    let before = dump();
    fleet.spa(&["doctor"]);
    assert!(dump() == before, "the store was changed");
}
