//! From the news that there is an account, until its holder has it, and has it back after a purge.

use serde_json::Value;
use spa::event::Handler;
use state_machine::{AccountId, BuildId, BuildOutcome, CycleEnd, Fact, State, TaskKind};

use crate::deployment::{Deployment, assigned, block_on, deployment, is_written, sample};

/// Waits for the build of this kind that was started.
async fn started(spa: &Deployment, account: AccountId, kind: TaskKind) -> BuildId {
    let started = |fact: &Fact| match fact {
        Fact::BuildStarted { build, .. } if build.project() == kind.project() => Some(build.clone()),
        _ => None,
    };
    let (build, records) = spa.once("the build", account, started).await;
    let requested = |fact: &Fact| matches!(fact, Fact::TaskRequested { task, attempt: 1 } if *task == kind);
    assert!(records.iter().any(|record| requested(&record.fact)), "{records:#?}");
    build
}

/// CodeBuild tells, over the bus of the account, that this build has ended well.
async fn end(spa: &Deployment, account: AccountId, build: &BuildId, name: &str) {
    let event = sample(name, account);
    let other = event["detail"]["build-id"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let event = event.to_string().replace(&other, &build.to_string());
    spa.deliver(&serde_json::from_str(&event).unwrap());
    let ended = |fact: &Fact| match fact {
        Fact::BuildEnded { build: ended, outcome } if ended == build => Some(*outcome),
        _ => None,
    };
    assert_eq!(spa.once("the end of the build", account, ended).await.0, BuildOutcome::Succeeded);
}

/// CloudTrail tells that the account is expired. What we wrote ourselves settles for a moment, in which nobody else's
/// tag is believed; so the news comes again until somebody goes by it.
async fn expire(spa: &Deployment, account: AccountId) {
    let handled = |line: &Value| line["account"] == account.to_string() && line["outcome"].is_string();
    let mut told = 0;
    loop {
        spa.deliver(&sample("organizations-tag-expired", account));
        told += 1;
        let lines = spa.lines(Handler::OnExpiredAccount, told, handled).await;
        let outcome = lines.last().unwrap()["outcome"].as_str().unwrap();
        if outcome == "recorded" {
            return;
        }
        assert!(outcome.contains("an own tag change settles"), "{outcome}");
        assert!(told < 100, "{lines:#?}");
    }
}

#[test]
fn an_account_lives_its_life() {
    let spa = deployment();
    block_on(async {
        let account = spa.account().await;
        for kind in TaskKind::ALL {
            spa.project(account, kind).await;
        }

        // AWS Organizations tells that there is an account, and CloudTrail of the tags that we write to it.
        spa.deliver(&sample("organizations-create-account-result", account));
        spa.once("the tags", account, is_written).await;
        assert_eq!(spa.state(account).await, Some(State::Assigned));
        spa.deliver(&assigned(account));
        let preparation = started(spa, account, TaskKind::Preparation).await;
        end(spa, account, &preparation, "codebuild-preparation-succeeded").await;
        spa.until_state(account, State::Released).await;
        spa.deliver(&sample("organizations-tag-released", account));
        let completed =
            |fact: &Fact| matches!(fact, Fact::CycleEnded { end: CycleEnd::Completed }).then_some(());
        spa.once("the end of the cycle", account, completed).await;

        // An operator lets it expire.
        spa.tag(account, State::Expired).await;
        expire(spa, account).await;
        let purge = started(spa, account, TaskKind::Purge).await;
        end(spa, account, &purge, "codebuild-purge-succeeded").await;
        spa.until_state(account, State::Assigned).await;

        // What the functions have put on the bus has come to the functions that count it.
        let noted = |line: &Value| line["account"] == account.to_string() && line["message"] == "noted";
        for handler in [Handler::OnAccountEvent, Handler::OnActivity] {
            spa.lines(handler, 1, noted).await;
        }
        for label in
            ["CreatedAccount", "PreparedAccount", "ReleasedAccount", "ExpiredAccount", "PurgedAccount"]
        {
            spa.lines(Handler::OnAccountEvent, 1, |line| line["Label"] == label).await;
        }
    });
}
