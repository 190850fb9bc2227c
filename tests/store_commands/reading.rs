//! What people read, as they read it.

use super::support::{Fleet, assert_golden};

#[test]
fn the_fleet_in_a_table() {
    let fleet = Fleet::grown();
    assert_golden(
        "accounts.txt",
        &[
            fleet.spa(&["accounts"]),
            fleet.spa(&["accounts", "--state", "released", "--unit", "ou-ab12-11111111"]),
            fleet.spa(&["accounts", "--holder", "EDSGER"]),
            fleet.spa(&["accounts", "--stuck"]),
            fleet.spa(&["accounts", "--held"]),
            fleet.spa(&["accounts", "--quarantined", "--output", "csv"]),
            fleet.spa(&["accounts", "--state", "unrecognised", "--output", "json"]),
            fleet.spa(&["accounts", "--state", "vanished"]),
        ],
    );
}

#[test]
fn accounts_of_which_nothing_was_recorded_stand_in_the_table() {
    let fleet = Fleet::founded();
    let all = fleet.spa(&["accounts", "--output", "json"]).json();
    let told = |account: &str| {
        let rows = all.as_array().unwrap();
        let row = rows.iter().find(|row| row["account"] == account).unwrap();
        ["state", "custody", "standing", "status", "holder"]
            .map(|key| row[key].as_str().unwrap_or("-").to_owned())
    };
    assert_eq!(all.as_array().unwrap().len(), 9);
    let dorothy = "dorothy@example.com";
    assert_eq!(told("200000000001"), ["released", "unseen", "managed", "active", dorothy]);
    assert_eq!(told("500000000001"), ["-", "unseen", "managed", "suspended", "-"]);
    assert_eq!(told("600000000001"), ["-", "unseen", "protected", "active", "-"]);
    assert_eq!(told("700000000001"), ["released", "unseen", "unmanaged", "active", "-"]);
    assert_golden(
        "accounts-founded.txt",
        &[
            fleet.spa(&["accounts"]),
            fleet.spa(&["accounts", "--state", "released", "--holder", "dorothy"]),
            fleet.spa(&["accounts", "--unit", "ou-ab12-22222222"]),
            fleet.spa(&["accounts", "--held"]),
            fleet.spa(&["accounts", "--stuck"]),
        ],
    );
}

#[test]
fn programs_are_told_instants_and_a_try_that_runs() {
    let fleet = Fleet::grown();
    let retry = fleet.spa(&["account", "retry", "300000000001", "--reason", "the quota was raised"]);
    assert_eq!(retry.status, 0, "{retry:?}");
    let rows = fleet.spa(&["accounts", "--quarantined", "--output", "json"]).json();
    let trying: Vec<_> =
        rows.as_array().unwrap().iter().filter(|row| row["quarantine"]["next_try"].is_null()).collect();
    assert!(!trying.is_empty(), "{rows}");
    assert!(trying.iter().all(|row| row["quarantine"]["since"].is_string()), "{rows}");
    assert!(trying.iter().all(|row| row["quarantine"]["because"].is_string()), "{rows}");
    let held = fleet.spa(&["accounts", "--held", "--output", "json"]).json();
    assert_eq!(held[0]["hold"]["reason"], "shows it to a customer", "{held}");
    let csv = fleet.spa(&["accounts", "--output", "csv"]).data;
    assert!(csv.starts_with("account,name,state,since,"), "{csv}");
    assert!(!csv.contains(",in ") && !csv.contains(" ago"), "{csv}");
}

#[test]
fn a_unit_that_nobody_knows_is_said_with_the_nearest() {
    let fleet = Fleet::grown();
    for arguments in [
        &["accounts", "--unit", "ou-ab12-1111111"][..],
        &["accounts", "--unit", "ou-ab12-11111112", "--output", "json"],
        &["account", "retry", "--unit", "ou-ab12-1111111", "--reason", "x", "--yes"],
    ] {
        let answer = fleet.spa(arguments);
        assert_eq!((answer.status, answer.data.as_str()), (5, ""), "{answer:?}");
        assert!(answer.notes.contains("did you mean ou-ab12-11111111?"), "{answer:?}");
    }
    // A unit that is known, and holds no such account, is no mistake.
    let nobody = fleet.spa(&["accounts", "--unit", "ou-ab12-11111111", "--stuck"]);
    assert_eq!(nobody.status, 0, "{nobody:?}");
}

#[test]
fn one_account_in_full() {
    let fleet = Fleet::grown();
    assert_golden(
        "account.txt",
        &[
            fleet.spa(&["account", "show", "300000000001"]),
            fleet.spa(&["account", "show", "500000000001"]),
            fleet.spa(&["account", "history", "100000000002"]),
            fleet.spa(&["account", "history", "300000000001", "--since", "2026-12-03", "--limit", "4"]),
            fleet.spa(&["account", "history", "100000000002", "--limit", "1", "--output", "json"]),
            fleet.spa(&["account", "at", "100000000001", "2026-12-01T00:03:00Z"]),
            fleet.spa(&["account", "at", "100000000001", "2026-11-30"]),
            fleet.spa(&["account", "at", "100000000001", "2027-01-01"]),
        ],
    );
}

#[test]
fn why_it_is_like_this_and_until_when() {
    let fleet = Fleet::grown();
    let all = [
        "100000000001",
        "100000000002",
        "100000000003",
        "200000000001",
        "300000000001",
        "400000000001",
        "500000000001",
        "600000000001",
        "700000000001",
    ];
    let mut answers: Vec<_> = all.iter().map(|id| fleet.spa(&["account", "why", id])).collect();
    answers.push(fleet.spa(&["account", "why", "300000000001", "--output", "json"]));
    assert_golden("why.txt", &answers);
}

#[test]
fn why_in_the_middle_of_a_preparation() {
    let fleet = Fleet::founded();
    fleet.live_until("2026-12-01T00:11:00Z");
    let mut answers: Vec<_> =
        ["100000000001", "200000000001"].iter().map(|id| fleet.spa(&["account", "why", id])).collect();
    fleet.live_until("2026-12-01T01:06:00Z");
    answers.extend(["100000000001", "200000000001"].iter().map(|id| fleet.spa(&["account", "why", id])));
    assert_golden("why-on-the-way.txt", &answers);
}

#[test]
fn the_past_is_the_journal_up_to_then() {
    let fleet = Fleet::grown();
    let history = fleet.spa(&["account", "history", "300000000001", "--output", "json"]).json();
    for record in history.as_array().unwrap() {
        let at = record["at"].as_str().unwrap();
        let then = fleet.spa(&["account", "at", "300000000001", at, "--output", "json"]).json();
        assert!(then["version"].as_u64() >= record["version"].as_u64(), "{at}");
    }
    let last = history.as_array().unwrap().last().unwrap()["at"].as_str().unwrap().to_owned();
    let then = fleet.spa(&["account", "at", "300000000001", &last, "--output", "json"]).json();
    assert_eq!(then, fleet.spa(&["account", "show", "300000000001", "--output", "json"]).json());
}

#[test]
fn whoever_is_unknown_is_said_with_the_nearest() {
    let fleet = Fleet::grown();
    assert_golden(
        "unknown.txt",
        &[
            fleet.spa(&["account", "show", "100000000011"]),
            fleet.spa(&["account", "why", "987654321098"]),
            fleet.spa(&["account", "history", "12345"]),
            fleet.spa(&["account", "expire", "100000000001", "300000000010", "--reason", "x"]),
            fleet.spa(&["account", "at", "100000000001", "yesterday"]),
        ],
    );
}

#[test]
fn every_account_against_its_settings() {
    let fleet = Fleet::grown();
    // Somebody takes a holder away, writes another one wrongly, and changes a tag.
    fleet.change(|_, state| {
        for (id, key, value) in [
            ("100000000001", "account-holder", None),
            ("100000000002", "account-holder", Some("barbara at example.com")),
            ("100000000002", "cost-center", Some("somebody-else")),
        ] {
            let member = state.member_mut(super::support::account(id)).unwrap();
            let mut profile = state_machine::Profile::clone(&member.profile);
            match value {
                Some(value) => drop(profile.tags.insert(key, value)),
                None => drop(profile.tags.remove(key)),
            }
            member.profile = std::sync::Arc::new(profile);
        }
    });
    let founded = Fleet::founded();
    assert_golden(
        "check.txt",
        &[
            fleet.spa(&["check"]),
            fleet.spa(&["check", "500000000001"]),
            fleet.spa(&["check", "300000000001", "--output", "json"]),
            founded.spa(&["check", "--output", "csv"]),
        ],
    );
}

#[test]
fn a_window_is_planned_and_opened() {
    let fleet = Fleet::grown();
    let before = [
        fleet.spa(&["window", "plan"]),
        fleet.spa(&["window", "plan", "--now", "--output", "json"]),
        fleet.spa(&["window", "open", "--reason", "a release of the landing zone"]),
        fleet.spa(&["window", "open", "--dry-run", "--reason", "a release", "--output", "csv"]),
        fleet.spa(&["window", "open", "--yes"]),
    ];
    assert_golden("window.txt", &before);

    let opened = fleet.spa(&["window", "open", "--yes", "--as", "olivia", "--reason", "a release"]);
    assert_eq!(opened.status, 0, "{opened:?}");
    assert!(opened.data.contains("was opened for"), "{opened:?}");
    let again = fleet.spa(&["window", "open", "--yes", "--reason", "once more"]);
    assert_eq!(again.status, 4, "{again:?}");
    assert!(again.notes.contains("is open already"), "{again:?}");
}

#[test]
fn reading_works_without_settings() {
    let fleet = Fleet::grown();
    std::fs::write(fleet.path().join("settings.yaml"), "nonsense: [").unwrap();
    let account = "300000000001";
    let mut answers = vec![
        fleet.spa(&["account", "why", account]),
        fleet.spa(&["accounts", "--quarantined"]),
        fleet.spa(&["account", "history", account, "--limit", "1"]),
        fleet.spa(&["account", "at", account, "2026-12-01", "--output", "json"]),
    ];
    assert!(answers.iter().all(|answer| answer.status == 0), "{answers:?}");
    // What acts, or compares with the settings, cannot do without.
    for refused in [
        fleet.spa(&["check"]),
        fleet.spa(&["account", "retry", account, "--reason", "x"]),
        fleet.spa(&["window", "plan"]),
    ] {
        assert_eq!(refused.status, 3, "{refused:?}");
    }
    std::fs::remove_file(fleet.path().join("settings.yaml")).unwrap();
    answers.push(fleet.spa(&["accounts", "--quarantined"]));
    answers.push(fleet.spa(&["events", "refused"]));
    assert_golden("without-settings.txt", &answers);
}

#[test]
fn the_next_windows_are_those_of_the_organization() {
    let fleet = Fleet::grown();
    let account = "100000000001";
    let explained = fleet.spa(&["explain", account, "--output", "json"]).json();
    assert_eq!(explained["now"], serde_json::json!({"clock": "store", "time": "2026-12-04T09:00:00.000Z"}));
    let first = explained["windows"][0]["opens"].as_str().unwrap().to_owned();
    let planned = fleet.spa(&["window", "plan", "--output", "json"]).data;
    assert!(planned.contains(&first), "{first}: {planned}");
    let told = fleet.spa(&["explain", account]);
    assert!(told.data.contains("from 2026-12-04T09:00:00Z on, the time in the store"), "{told:?}");
    // Who says where it lies does not ask the store, nor its time.
    let elsewhere = fleet.spa(&["explain", account, "--unit", "ou-ab12-11111111", "--output", "json"]).json();
    assert_eq!(elsewhere["now"]["clock"], "machine");
}
