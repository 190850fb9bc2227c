//! How side effects that fail are tried again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/policy.rs"]
mod policy;

use std::sync::Arc;

use chrono::TimeDelta;
use state_machine::{
    Account, AccountId, Actor, Decision, Evidence, Fact, Failure, FailureKind, Happening, Intent, Look,
    Payment, Profile, Reading, Seen, Status, Timestamp, Trigger, decide,
};

fn at() -> Timestamp {
    "2026-11-21T18:00:00Z".parse().unwrap()
}

fn appended(decision: Decision) -> (Vec<Fact>, Account) {
    let Decision::Append { records, account, .. } = decision else { panic!("{decision:?}") };
    (records.into_iter().map(|record| record.fact).collect(), Account::clone(&account))
}

/// An account that has just been enrolled, and owes its first change of state.
fn enrolled() -> Account {
    let seen = Seen {
        at: at(),
        described: at(),
        status: Status::Active,
        reading: Reading::Untagged,
        profile: Arc::new(Profile::default()),
    };
    let trigger = Trigger { id: None, by: Actor::Aws, happening: Happening::Changed };
    let evidence = Evidence::look(Look::Seen(Box::new(seen)));
    let unseen = Account::unseen(AccountId::from_number(111_122_223_333).unwrap());
    appended(decide(&unseen, &policy::policy(), &trigger, &evidence, at())).1
}

/// Fails the change of state in this way; returns how long until the next try, and whether it led to quarantine.
fn fail(account: &mut Account, kind: FailureKind) -> (TimeDelta, bool) {
    let owed = account.owed().iter().find(|owed| matches!(owed.intent, Intent::WriteTags(_))).unwrap();
    let now = owed.due().max(at());
    let failure = Failure { kind, message: "no".into() };
    let settled = vec![(owed.id, Payment::Failed(failure))];
    let trigger = Trigger { id: None, by: Actor::Spa, happening: Happening::Settled(settled) };
    let (facts, after) = appended(decide(account, &policy::policy(), &trigger, &Evidence::NONE, now));
    *account = after;
    let again = facts.iter().find_map(|fact| match fact {
        Fact::EffectFailed { again, .. } => Some(*again),
        _ => None,
    });
    (again.unwrap().since(now), facts.iter().any(|fact| matches!(fact, Fact::Quarantined { .. })))
}

/// Pauses are up to a tenth longer than the settings say.
fn is_about(pause: TimeDelta, expected: TimeDelta) -> bool {
    pause >= expected && pause <= expected * 11 / 10
}

#[test]
fn every_try_out_of_quarantine_has_all_its_attempts() {
    let mut account = enrolled();
    // Two attempts 30 seconds apart, then two hours, a day, a week.
    let short = TimeDelta::seconds(30);
    for long in [TimeDelta::hours(2), TimeDelta::days(1), TimeDelta::days(7), TimeDelta::days(7)] {
        let (pause, quarantined) = fail(&mut account, FailureKind::Throttled);
        assert!(is_about(pause, short) && !quarantined, "{pause}");
        let (pause, quarantined) = fail(&mut account, FailureKind::Throttled);
        assert!(is_about(pause, long) && quarantined, "{pause}");
        let next_try = account.quarantine().unwrap().next_try;
        assert!(account.owed().iter().any(|owed| Some(owed.not_before) == next_try), "it is tried then");
    }
}

#[test]
fn what_will_not_get_better_soon_is_not_tried_soon() {
    let mut account = enrolled();
    for (kind, long) in
        [(FailureKind::Denied, TimeDelta::hours(2)), (FailureKind::Rejected, TimeDelta::days(1))]
    {
        let (pause, quarantined) = fail(&mut account, kind);
        assert!(is_about(pause, long) && quarantined, "{kind}: {pause}");
    }
    assert_eq!(account.quarantine().unwrap().tries, 2);
}
