//! Invocations that end before their work does: at a deadline, or in the middle.

use chrono::{TimeDelta, Utc};
use spa::cloud::Clock;
use spa::event::{Handler, Trust};
use spa::function::invoke::{Function, Invocation};
use spa::journal::Journal as _;
use spa::lifecycle::{Lifecycle, World as _};
use state_machine::{State, Timestamp, Trigger};

use crate::company::{Company, block_on};
use crate::fixtures::STATE_KEY;
use crate::proxy::Proxy;

/// The machine's clock, set forward.
#[derive(Clone, Copy, Debug)]
struct Ahead(TimeDelta);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        (Utc::now() + self.0).into()
    }
}

#[test]
fn accounts_that_the_time_does_not_reach_for_are_woken_by_the_next_invocation() {
    let company = Company::with_accounts(3);
    // An hour ago each account was assigned, and nobody has heard of it since.
    let then = company.world(Ahead(TimeDelta::hours(-1)));
    for account in &company.accounts {
        block_on(Lifecycle::new(&then).handle(*account, &Trigger::DIFFERENCE)).unwrap();
        assert_eq!(company.state(*account), Some(State::Assigned));
    }
    let mut function = company.function("on-wake-up");
    let answer = function.invoke_within("{}", 0).done();
    assert_eq!(answer["outcome"], "what is due was woken, but for 3 accounts");
    assert!(company.accounts.iter().all(|account| company.state(*account) == Some(State::Assigned)));
    let answer = function.invoke("{}").done();
    assert_eq!(answer["outcome"], "what is due was woken");
    assert!(company.accounts.iter().all(|account| company.state(*account) == Some(State::Released)));
    let (lines, _) = function.end();
    let warned = lines.iter().any(|line| line["level"] == "WARN" && line["left"] == 3);
    assert!(warned, "that time was short is said: {lines:?}");
}

#[test]
fn messages_that_the_time_does_not_reach_for_go_back_to_their_queue() {
    let company = Company::with_accounts(1);
    let assigned = company.sample("organizations-tag-released").replace("released", "assigned");
    let batch = company.batch(&[&assigned, &assigned]);
    let mut function = company.function("on-assigned-account");
    let answer = function.invoke_within(&batch, 0).done();
    let failed = serde_json::json!([{ "itemIdentifier": "message-0" }, { "itemIdentifier": "message-1" }]);
    assert_eq!(answer["batchItemFailures"], failed);
    assert_eq!(function.invoke(&batch).done()["batchItemFailures"], serde_json::json!([]));
}

/// The tags were written, and nobody came to record it.
#[test]
fn what_dies_in_the_middle_of_an_invocation_is_repaired_by_the_next_wake_up() {
    let company = Company::with_accounts(1);
    let account = company.accounts[0];
    let proxy = Proxy::to(&company.endpoint);
    proxy.hold("TagResource");
    let mut function = company.function_at("on-vanilla-account", &proxy.endpoint());
    function.begin(&company.sample("organizations-create-account-result"), 60_000);
    proxy.wait_until_held();
    function.kill();
    assert_eq!(company.state(account), Some(State::Assigned), "AWS has done it");

    // Lambda delivers the event again at once: the claim of the dead one still counts.
    let mut again = company.function("on-vanilla-account");
    again.invoke(&company.sample("organizations-create-account-result")).done();
    assert_eq!(company.count("organizations:TagResource"), 1);

    let head = || block_on(company.world(Ahead(TimeDelta::zero())).journal().account(account)).unwrap();
    assert!(!head().owed().is_empty(), "the journal knows that it is owed");
    let id = company.guest.account().parse().unwrap();
    let trust = || Trust { environment: "Spa".into(), automation_account: id, management_account: id };
    // By the first of these the claim has run out. No event ever comes, and that is waited for each time.
    for minutes in [10, 20, 30, 40] {
        let later = company.world(Ahead(TimeDelta::minutes(minutes)));
        let wake_up = Function::new(&later, Handler::OnWakeUp, trust(), STATE_KEY.into());
        let deadline = later.clock().now() + TimeDelta::minutes(1);
        let request_id = format!("{minutes} minutes later");
        let invocation = Invocation { request_id: &request_id, deadline, payload: b"{}" };
        assert!(block_on(wake_up.invoke(invocation)).answer.is_ok());
    }
    assert_eq!(company.state(account), Some(State::Released), "and it went on to its end");
    assert_eq!(head().state(), Some(State::Released));
    assert_eq!(head().owed().len(), 0);
}
