//! What fails is tried again when its time has come, or goes into quarantine and is reported.

use spa::event::Handler;
use state_machine::{AccountId, Fact, FailureKind, Origin, TaskKind};

use crate::deployment::{Deployment, assigned, block_on, deployment, is_written, sample};

/// A new account whose preparation is wanted, and what the failure of its build was.
async fn failed(spa: &Deployment, account: AccountId) -> FailureKind {
    spa.deliver(&sample("organizations-create-account-result", account));
    spa.once("the tags", account, is_written).await;
    spa.deliver(&assigned(account));
    let failed = |fact: &Fact| match fact {
        Fact::EffectFailed { kind, .. } => Some(*kind),
        _ => None,
    };
    spa.once("the failure", account, failed).await.0
}

#[test]
fn what_failed_is_tried_again_when_its_wake_up_comes_through_the_queue() {
    let spa = deployment();
    block_on(async {
        let account = spa.account().await;
        spa.project(account, TaskKind::Preparation).await;
        spa.peer.refuse_build(account, "AccountLimitExceededException");
        assert_eq!(failed(spa, account).await, FailureKind::LimitReached);

        // A message has been sent, and is held back until it is time. Nothing else comes.
        let started = |fact: &Fact| matches!(fact, Fact::BuildStarted { .. }).then_some(());
        let ((), records) = spa.once("the build", account, started).await;
        let woken = records.iter().filter(|record| record.cause.origin == Origin::WakeUp);
        assert!(woken.count() > 0, "{records:#?}");
        let woken = |line: &serde_json::Value| {
            line["account"] == account.to_string()
                && line["message"] == "woken"
                && line["messageId"].is_string()
        };
        spa.lines(Handler::OnWakeUp, 1, woken).await;
    });
}

#[test]
fn what_cannot_be_built_goes_into_quarantine_and_is_reported() {
    let spa = deployment();
    block_on(async {
        let account = spa.account().await;
        // There is no project for the build.
        assert_eq!(failed(spa, account).await, FailureKind::Missing);
        let quarantined = |fact: &Fact| matches!(fact, Fact::Quarantined { .. }).then_some(());
        spa.once("the quarantine", account, quarantined).await;
        let reported = |line: &serde_json::Value| line["account"] == account.to_string();
        spa.lines(Handler::OnException, 1, reported).await;
    });
}
