//! A function that is one handler: what it makes of events for others, of batches, and of time that runs out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "fixtures/events/mod.rs"]
mod fixtures;

use std::path::Path;
use std::sync::Arc;

use chrono::TimeDelta;
use fixtures::{STATE_KEY, account, member, text, trust, value};
use serde_json::{Value, json};
use spa::cloud::local::faults::Faults;
use spa::cloud::local::{LocalCloud, Member, State as Cloud};
use spa::event::{Handler, NotRouted};
use spa::handler::{Dispatched, Handlers, Uninvoked};
use spa::journal::Journal as _;
use spa::journal::memory::MemoryJournal;
use spa::lifecycle::{Lifecycle, advance_window, compare, wake_due};
use spa::local::LocalWorld;
use spa::simulation::run::run_or_die;
use state_machine::{
    AccountId, FleetFact, Profile, Reading, State, Tags, Timestamp, Trigger, TriggerId, Version,
};

const SETTINGS: &str = "
automation:
  account_id: '111122223333'
  region: eu-west-1
  maintenance_window_expression: cron(0 18 ? * SAT *)
worker:
  preparation_buildspec_template_file: buildspecs/prepare.yaml
  purge_buildspec_template_file: buildspecs/purge.yaml
environment_identifier: Spa
defaults:
  preparation: { feature: enabled }
  purge: { feature: enabled }
organizational_units:
  - identifier: ou-ab12-11112222
";

const UNIT: &str = "ou-ab12-11112222";

const NOW: &str = "2026-11-20T18:00:10Z";

struct Function {
    world: LocalWorld<MemoryJournal>,
}

impl Function {
    /// The sample's member and so many accounts more; none was ever seen.
    fn with_accounts(more: u64) -> Self {
        let loaded =
            spa::settings::load_text("settings.yaml", SETTINGS, Path::new(env!("CARGO_MANIFEST_DIR")));
        let settings = Arc::new(loaded.settings.unwrap_or_else(|| panic!("{}", loaded.report.render(false))));
        let trust = trust();
        let mut cloud = Cloud::new(trust.management_account, trust.automation_account, Faults::none(), 1);
        let others = (1..=more).map(|number| AccountId::from_number(200_000_000_000 + number).unwrap());
        for account in others.chain([member()]) {
            let profile = Profile {
                name: "sandbox".into(),
                email: "alice@example.com".into(),
                units: [UNIT.parse().unwrap()].into(),
                tags: Tags::new(),
            };
            let member = Member::new(profile, None::<&str>.into());
            cloud.insert_member(account, member);
        }
        let cloud = LocalCloud::in_memory(cloud, settings, NOW.parse().unwrap());
        Self { world: LocalWorld::new(MemoryJournal::new(), cloud) }
    }

    fn now(&self) -> Timestamp {
        self.world.cloud().time()
    }

    fn lifecycle(&self) -> Lifecycle<'_, LocalWorld<MemoryJournal>> {
        Lifecycle::new(&self.world)
    }

    fn out_of_time(&self) -> Lifecycle<'_, LocalWorld<MemoryJournal>> {
        self.lifecycle().until(self.now())
    }

    fn invoke(&self, handler: Handler, payload: &str, delivery: &str) -> Dispatched {
        let handlers = Handlers::new(self.lifecycle(), trust(), STATE_KEY.into());
        let handlers = handlers.as_function(handler, Some(TriggerId::from_text(delivery)));
        run_or_die(handlers.dispatch(payload.as_bytes(), false)).unwrap().unwrap()
    }

    fn refusals(&self) -> usize {
        let records = run_or_die(self.world.kept().fleet_history(Version::NONE, 1_000)).unwrap().unwrap();
        records.iter().filter(|record| matches!(record.fact, FleetFact::EventRefused { .. })).count()
    }
}

/// A batch of messages with these bodies.
fn batch(bodies: &[&str]) -> Value {
    let sample = value("sqs-organizations-tag-assigned");
    let records = bodies.iter().enumerate().map(|(number, body)| {
        let mut record = sample["Records"][0].clone();
        record["messageId"] = format!("message-{number}").into();
        record["body"] = (*body).into();
        record
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}

#[test]
fn an_event_for_another_function_is_left_alone() {
    let function = Function::with_accounts(0);
    let purge = text("codebuild-purge-succeeded");
    for handler in Handler::ALL {
        match function.invoke(handler, &purge, "once") {
            Dispatched::Handled { .. } => assert_eq!(handler, Handler::OnPurgedAccount),
            Dispatched::NotMine(other) => {
                assert_eq!(other, Handler::OnPurgedAccount);
                assert_ne!(handler, other);
            }
            other => panic!("{handler}: {other}"),
        }
    }
    let other_tags = text("organizations-create-account");
    let answer = function.invoke(Handler::OnVanillaAccount, &other_tags, "once");
    assert_eq!(answer, Dispatched::NotRouted(NotRouted::AccountExpected));
}

#[test]
fn a_function_that_a_person_invokes_does_what_it_is_for() {
    let function = Function::with_accounts(0);
    assert!(matches!(function.invoke(Handler::OnWakeUp, "{}", "a"), Dispatched::Woken(_)));
    let reconciled = function.invoke(Handler::OnReconcile, "{}", "b");
    assert!(matches!(reconciled, Dispatched::Reconciled { compared: Some(_), .. }), "{reconciled}");
    assert!(matches!(function.invoke(Handler::OnMaintenanceWindow, "{}", "c"), Dispatched::WindowOpened(_)));
    let refused = function.invoke(Handler::OnExpiredAccount, "{}", "d");
    assert_eq!(refused, Dispatched::Invoked(Uninvoked::NeedsEvent(Handler::OnExpiredAccount)));
    let dated = function.invoke(Handler::OnWakeUp, "{\"date\": \"2026-11\"}", "e");
    assert_eq!(dated, Dispatched::Invoked(Uninvoked::TakesNoDate(Handler::OnWakeUp)));
}

#[test]
fn the_schedule_says_whether_everything_is_compared() {
    let function = Function::with_accounts(2);
    for (rule, compared) in [("SpaOnReconcile", None), ("SpaOnCompare", Some(3))] {
        let event = text("schedule").replace("SpaOnMaintenanceWindow", rule);
        match function.invoke(Handler::OnReconcile, &event, rule) {
            Dispatched::Reconciled { compared: found, .. } => {
                assert_eq!(found.map(|found| found.listed), compared, "{rule}");
            }
            other => panic!("{rule}: {other}"),
        }
    }
}

#[test]
fn what_nobody_can_read_is_recorded_once_and_tried_again_until_it_is_a_dead_letter() {
    let function = Function::with_accounts(0);
    let foreign = text("spa-account-other-environment");
    let assigned = text("organizations-tag-released").replace("released", "assigned");
    let forged = assigned.replace("444455556666", "777788889999");
    let batch = batch(&["{\"broken\": ", &foreign, &assigned, &forged]).to_string();
    for delivery in 1..=3 {
        let answer = function.invoke(Handler::OnAssignedAccount, &batch, &format!("delivery {delivery}"));
        assert_eq!(answer.failed_messages(), ["message-0".into()], "{answer:?}");
        assert_eq!(function.refusals(), 2, "the broken one and the forged one, once each");
    }
    for delivery in ["one", "one", "two"] {
        let answer = function.invoke(Handler::OnAssignedAccount, "{\"cut off", delivery);
        assert!(matches!(answer, Dispatched::Refused(refusal) if refusal.is_malformed()));
    }
    assert_eq!(function.refusals(), 4, "two deliveries, of which one came twice");
}

#[test]
fn a_change_right_after_our_own_is_delivered_again_until_it_can_be_told_from_it() {
    let function = Function::with_accounts(0);
    run_or_die(compare(&function.lifecycle())).unwrap().unwrap();
    let head = || run_or_die(function.world.kept().account(member())).unwrap().unwrap();
    assert_eq!(head().tag().reading, Reading::Known(State::Assigned), "written by us just now");
    let cloud = function.world.cloud();
    let change = |value| {
        cloud.change(|state| cloud.set_state_by_hand(state, member(), Some(value), "mallory")).unwrap();
    };
    change("released");
    let batch = batch(&[&text("organizations-tag-released")]).to_string();
    let answer = function.invoke(Handler::OnReleasedAccount, &batch, "first");
    assert_eq!(answer.failed_messages(), ["message-0".into()], "{answer}");
    assert_eq!(head().tag().reading, Reading::Known(State::Assigned));
    cloud.set_now(function.now() + TimeDelta::minutes(1));
    let answer = function.invoke(Handler::OnReleasedAccount, &batch, "first");
    assert!(answer.failed_messages().is_empty(), "{answer}");
    assert_eq!(head().tag().reading, Reading::Known(State::Released));
}

#[test]
fn messages_that_no_time_is_left_for_are_handed_back() {
    let function = Function::with_accounts(0);
    let assigned = text("organizations-tag-released").replace("released", "assigned");
    let batch = batch(&[&assigned, "{\"broken\": "]).to_string();
    let handlers = Handlers::new(function.out_of_time(), trust(), STATE_KEY.into());
    let handlers = handlers.as_function(Handler::OnAssignedAccount, None);
    let answer = run_or_die(handlers.dispatch(batch.as_bytes(), false)).unwrap().unwrap();
    assert_eq!(answer.failed_messages(), ["message-0".into(), "message-1".into()]);
    assert_eq!(function.refusals(), 0, "nothing was begun");
}

#[test]
fn accounts_that_no_time_is_left_for_stay_due() {
    let function = Function::with_accounts(9);
    let found = run_or_die(compare(&function.out_of_time())).unwrap().unwrap();
    assert_eq!((found.different.len(), found.left), (10, 10));
    let heads = run_or_die(function.world.kept().heads(None, 100)).unwrap().unwrap();
    assert!(heads.is_empty(), "nobody was looked at");

    let found = run_or_die(compare(&function.lifecycle())).unwrap().unwrap();
    assert_eq!((found.different.len(), found.left), (10, 0));
    function.world.cloud().set_now(function.now() + TimeDelta::days(1));
    let woken = run_or_die(wake_due(&function.out_of_time(), 100)).unwrap().unwrap();
    assert_eq!((woken.failed.len(), woken.left), (0, 10));
    let woken = run_or_die(wake_due(&function.lifecycle(), 100)).unwrap().unwrap();
    assert_eq!((woken.failed.len(), woken.left), (0, 0));
}

#[test]
fn a_window_that_no_time_is_left_for_goes_on_later() {
    let function = Function::with_accounts(0);
    let id = account("777788889999");
    on_board(&function, id);
    let opened = function.invoke(Handler::OnMaintenanceWindow, "{}", "by hand");
    assert!(matches!(opened, Dispatched::WindowOpened(Ok(_))), "{opened}");
    let taken = || {
        let head = run_or_die(function.world.kept().account(id)).unwrap().unwrap();
        head.state() == Some(State::Expired) || !head.owed().is_empty()
    };
    // The account is let in, which is a fact of the fleet; it is not begun.
    for _ in 0..2 {
        run_or_die(advance_window(&function.out_of_time())).unwrap().unwrap();
        assert!(!taken());
    }
    run_or_die(advance_window(&function.lifecycle())).unwrap().unwrap();
    let window = run_or_die(function.world.kept().fleet()).unwrap().unwrap();
    assert!(window.window().is_some_and(|window| window.in_flight.contains(&id)), "{:?}", window.window());
}

/// From its first day to released: its builds succeed, and it is looked at every hour; then it has been in its
/// holder's hands for longer than the grace before windows.
fn on_board(function: &Function, id: AccountId) {
    let cloud = function.world.cloud();
    for _ in 0..48 {
        cloud.set_now(function.now() + TimeDelta::hours(1));
        cloud.change(|state| cloud.end_builds(state)).unwrap();
        run_or_die(function.lifecycle().handle(id, &Trigger::DIFFERENCE)).unwrap().unwrap();
        run_or_die(function.lifecycle().wake(id)).unwrap().unwrap();
    }
    let head = run_or_die(function.world.kept().account(id)).unwrap().unwrap();
    assert_eq!(head.tag().reading, Reading::Known(State::Released));
}
