//! What is advised really helps: accounts that do not come under management by themselves, and what operators
//! asked for.

use spa::cloud::local::faults::Faults;
use state_machine::Gesture;

use super::support::{Fleet, account, assert_golden, at};

/// Its preparation failed, and an operator gave it to its holder all the same.
fn given_away(id: &str) -> Fleet {
    let fleet = Fleet::founded();
    fleet.change(|_, state| state.faults = Faults::none().switch("build=100%").unwrap());
    fleet.live_until("2026-12-01T12:00:00Z");
    fleet.change(|_, state| state.faults = Faults::none());
    fleet.order(id, Gesture::Release, "she needs it today");
    fleet.live_until("2026-12-01T13:00:00Z");
    fleet
}

#[test]
fn an_account_that_was_released_from_quarantine_is_told_how_to_go_on() {
    let id = "100000000001";
    let fleet = given_away(id);
    let look = || {
        [
            fleet.spa(&["account", "why", id]),
            fleet.spa(&["check", id]),
            fleet.spa(&["account", "adopt", id, "--reason", "fine as it is", "--dry-run"]),
        ]
    };
    let mut answers = look().to_vec();
    fleet.order(id, Gesture::Adopt, "fine as it is");
    fleet.live_until("2026-12-01T14:00:00Z");
    answers.extend(look());
    assert_golden("given-away.txt", &answers);
    fleet.live_until("2026-12-06T06:00:00Z");
    let shown = fleet.spa(&["account", "show", id, "--output", "json"]).json();
    assert_eq!(shown["last_cycle"]["cycle"]["kind"], "maintenance", "a window took it: {shown}");
}

#[test]
fn nothing_is_advised_that_would_be_refused() {
    let fleet = Fleet::grown();
    let by = "arn:aws:iam::210987654321:user/mallory";
    let sighted = "200000000001";
    let mut answers = Vec::new();
    for (state, until) in [("expired", "2026-12-04T10:00:00Z"), ("Released", "2026-12-04T11:00:00Z")] {
        fleet.change(|cloud, world| cloud.set_state_by_hand(world, account(sighted), Some(state), by));
        fleet.live_until(until);
        answers.extend([
            fleet.spa(&["check", sighted]),
            fleet.spa(&["account", "why", sighted]),
            fleet.spa(&["account", "adopt", sighted, "--reason", "x", "--dry-run"]),
            fleet.spa(&["account", "vanilla", sighted, "--reason", "x", "--dry-run"]),
        ]);
    }
    // While it is held, on-boarding would be refused as well.
    fleet.order(sighted, Gesture::Hold(at("2026-12-20T00:00:00Z")), "nobody knows what is in it");
    fleet.order("100000000003", Gesture::Hold(at("2026-12-20T00:00:00Z")), "nobody knows what is in it");
    answers.extend([fleet.spa(&["check"]), fleet.spa(&["account", "why", sighted])]);
    assert_golden("advice.txt", &answers);
}

#[test]
fn who_asked_for_it_is_told_and_why() {
    let fleet = Fleet::grown();
    fleet.order("100000000001", Gesture::Expire, "new project");
    let mut answers = vec![fleet.spa(&["account", "why", "100000000001"])];
    fleet.live_until("2026-12-04T09:05:00Z");
    answers.extend([
        fleet.spa(&["account", "why", "100000000001"]),
        fleet.spa(&["account", "why", "100000000001", "--output", "csv"]),
    ]);
    fleet.order("300000000001", Gesture::Retry, "the limit was raised");
    answers.push(fleet.spa(&["account", "why", "300000000001"]));
    // What was asked for before the cycle that counts does not lead to it.
    fleet.live_until("2026-12-06T06:00:00Z");
    answers.push(fleet.spa(&["account", "why", "100000000001"]));
    assert_golden("asked.txt", &answers);
}
