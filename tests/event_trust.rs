//! Forged events: each is a sample in which somebody says what is not theirs to say. None gets in.
//!
//! A holder is administrator in their account. They can send any JSON that they like over the bus, under any
//! source that does not start with `aws.`; they can make rules, topics and builds of any name. What they cannot
//! do is write another account than their own on the envelope.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "fixtures/events/mod.rs"]
mod fixtures;

use fixtures::{account, body, member, text, trust, value};
use serde_json::{Value, json};
use spa::event::*;
use state_machine::AccountId;

/// An account that is neither the member of the samples, nor ours, nor the management account.
fn stranger() -> AccountId {
    account("999999999999")
}

/// What became of a sample that was changed in one place.
fn outcome(name: &str, change: impl FnOnce(&mut Value)) -> Result<Event, Refusal> {
    let mut value = value(name);
    change(&mut value);
    decode(&value.to_string(), &trust())
}

/// What became of the body of the only message of a batch, after it was changed.
fn queued(name: &str, change: impl FnOnce(&mut Value)) -> Result<Event, Refusal> {
    let mut batch = value(name);
    let mut body = body(&batch);
    change(&mut body);
    batch["Records"][0]["body"] = body.to_string().into();
    message(&batch)
}

fn message(batch: &Value) -> Result<Event, Refusal> {
    match receive(batch.to_string().as_bytes(), &trust()).unwrap() {
        Delivery::Batch(mut messages) => messages.remove(0).outcome,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_forged(outcome: Result<Event, Refusal>, claim: Claim, sender: AccountId) {
    let refusal = outcome.unwrap_err();
    assert!(refusal.is_hostile(), "{refusal}");
    assert_eq!(refusal, Refusal::Forged { claim, sender: Sender::Account(sender) });
}

#[test]
fn a_member_sends_events_of_the_organization() {
    let samples = [
        "organizations-tag-vanilla",
        "organizations-tag-expired",
        "organizations-tag-released",
        "organizations-move-account",
        "organizations-create-account",
        "organizations-create-account-result",
    ];
    for sender in [member(), stranger(), trust().automation_account] {
        for name in samples {
            let forged = outcome(name, |event| event["account"] = json!(sender));
            assert_forged(forged, Claim::Organization, sender);
        }
    }
}

#[test]
fn a_member_sends_a_tag_change_that_takes_state_tags_away() {
    let forged = outcome("organizations-tag-vanilla", |event| {
        event["account"] = json!(member());
        event["detail"]["eventName"] = "UntagResource".into();
        event["detail"]["requestParameters"] =
            json!({ "resourceId": "777788889999", "tagKeys": ["account-state"] });
    });
    assert_forged(forged, Claim::Organization, member());
}

#[test]
fn a_custom_source_pretends_to_be_the_organization() {
    for source in ["com.example", "organizations", "SustainablePersonalAccountz", ""] {
        let forged = outcome("organizations-tag-expired", |event| {
            event["source"] = source.into();
            event["account"] = json!(member());
        });
        let claim = Claim::Service { service: "organizations.amazonaws.com", from: source.into() };
        assert_forged(forged, claim, member());
    }
}

#[test]
fn another_service_pretends_to_be_the_organization() {
    let forged = outcome("organizations-tag-expired", |event| event["source"] = "aws.s3".into());
    let claim = Claim::Service { service: "organizations.amazonaws.com", from: "aws.s3".into() };
    assert_forged(forged, claim, trust().management_account);
}

#[test]
fn the_source_of_the_organization_carries_a_record_of_another_service() {
    let forged = outcome("organizations-tag-expired", |event| {
        event["detail"]["eventSource"] = "kms.amazonaws.com".into();
    });
    let from = "kms.amazonaws.com".into();
    let claim = Claim::Service { service: "organizations.amazonaws.com", from };
    assert_forged(forged, claim, trust().management_account);
}

#[test]
fn a_record_of_the_organization_was_made_for_another_account() {
    let forged = outcome("organizations-tag-expired", |event| {
        event["detail"]["recipientAccountId"] = json!(member());
    });
    let claim = Claim::Recipient("777788889999".into());
    assert_forged(forged, claim, trust().management_account);
}

#[test]
fn a_detail_without_envelope_names_another_recipient() {
    let forged = queued("sqs-organizations-tag-assigned", |detail| {
        detail["recipientAccountId"] = json!(member());
    });
    assert_forged(forged, Claim::Organization, member());
}

#[test]
fn a_member_tells_the_end_of_a_build_of_another_account() {
    for name in ["codebuild-purge-succeeded", "codebuild-preparation-succeeded", "codebuild-purge-failed"] {
        let forged = outcome(name, |event| event["account"] = json!(stranger()));
        assert_forged(forged, Claim::Build("777788889999".into()), stranger());
    }
}

#[test]
fn a_build_bears_the_name_of_another_project() {
    let forged = outcome("codebuild-other-project", |event| {
        event["detail"]["project-name"] = "SpaProjectForAccountPurge".into();
    });
    assert_forged(forged, Claim::Project("SpaProjectForAccountPurge".into()), member());
}

#[test]
fn a_custom_source_pretends_to_be_codebuild() {
    let forged = outcome("codebuild-purge-succeeded", |event| event["source"] = "com.example".into());
    let claim = Claim::Service { service: "codebuild.amazonaws.com", from: "com.example".into() };
    assert_forged(forged, claim, member());
}

#[test]
fn a_custom_source_pretends_that_root_signed_in() {
    for name in ["signin-root", "signin-iam-user", "signin-assumed-role"] {
        let forged = outcome(name, |event| {
            event["source"] = "com.example".into();
            event["detail-type"] = "anything".into();
            event["account"] = json!(stranger());
        });
        let claim = Claim::Service { service: "signin.amazonaws.com", from: "com.example".into() };
        assert_forged(forged, claim, stranger());
    }
    let forged = outcome("signin-root", |event| {
        event["source"] = "com.example".into();
        event["detail"] = json!({});
    });
    let claim = Claim::Service { service: "signin.amazonaws.com", from: "com.example".into() };
    assert_forged(forged, claim, member());
}

#[test]
fn a_sign_in_was_recorded_for_another_account() {
    for name in ["signin-root", "signin-iam-user", "signin-assumed-role"] {
        let forged = outcome(name, |event| event["account"] = json!(stranger()));
        assert_forged(forged, Claim::Recipient("777788889999".into()), stranger());
    }
}

#[test]
fn the_source_of_sign_ins_carries_a_record_of_another_service() {
    let forged = outcome("signin-root", |event| event["detail"]["eventSource"] = "sts.amazonaws.com".into());
    let claim = Claim::Service { service: "signin.amazonaws.com", from: "sts.amazonaws.com".into() };
    assert_forged(forged, claim, member());
}

#[test]
fn a_member_forwards_a_schedule_of_its_own() {
    let forged = outcome("schedule", |event| {
        event["account"] = json!(member());
        event["resources"][0] = "arn:aws:events:eu-west-1:777788889999:rule/SpaOnMaintenanceWindow".into();
    });
    assert_forged(forged, Claim::Schedule, member());
}

#[test]
fn a_schedule_names_a_rule_of_another_account() {
    let forged = outcome("schedule", |event| {
        event["resources"][0] = "arn:aws:events:eu-west-1:777788889999:rule/SpaOnMaintenanceWindow".into();
    });
    assert_forged(forged, Claim::Schedule, trust().automation_account);
    let forged = outcome("schedule", |event| event["account"] = json!(member()));
    assert_forged(forged, Claim::Schedule, member());
}

#[test]
fn a_custom_source_pretends_to_be_a_schedule() {
    let forged = outcome("schedule", |event| {
        event["source"] = "com.example".into();
        event["account"] = json!(member());
    });
    let claim = Claim::Service { service: "events.amazonaws.com", from: "com.example".into() };
    assert_forged(forged, claim, member());
}

#[test]
fn a_member_sends_our_own_events() {
    let samples: Vec<_> = fixtures::names()
        .into_iter()
        .filter(|name| {
            name.starts_with("spa-") && !name.ends_with("Report") && !name.ends_with("environment")
        })
        .collect();
    assert_eq!(samples.len(), 6 + 3 + 7 + 1);
    for sender in [member(), stranger(), trust().management_account] {
        for name in &samples {
            let refusal = outcome(name, |event| event["account"] = json!(sender)).unwrap_err();
            assert!(
                matches!(&refusal, Refusal::Forged { claim: Claim::Own(label), sender: Sender::Account(account) }
                    if name.ends_with(label) && *account == sender),
                "{name}: {refusal}"
            );
        }
    }
}

#[test]
fn a_member_sends_our_own_events_in_shapes_of_its_own() {
    // Whatever the shape, it is the sender that matters.
    for (pointer, value) in [("/detail/Account", json!(5)), ("/detail/SchemaVersion", json!(99))] {
        let forged = outcome("spa-account-PurgedAccount", |event| {
            event["account"] = json!(member());
            event["detail"]["SchemaVersion"] = json!(1);
            *event.pointer_mut(pointer).unwrap() = value;
        });
        assert_forged(forged, Claim::Own("PurgedAccount"), member());
    }
}

#[test]
fn a_member_reports_about_another_account() {
    for label in ["PreparationReport", "PurgeReport"] {
        let name = format!("spa-account-{label}");
        let claim = || Claim::Report { label, account: member() };
        let forged = outcome(&name, |event| event["account"] = json!(stranger()));
        assert_forged(forged, claim(), stranger());
        let forged = outcome(&name, |event| event["account"] = json!(trust().management_account));
        assert_forged(forged, claim(), trust().management_account);

        // About itself it may.
        let report = outcome(&name, |event| event["account"] = json!(member())).unwrap();
        assert_eq!(report.account(), Some(member()));
        assert_eq!(report.envelope.account, member());
    }
}

#[test]
fn an_alert_speaks_of_another_account_than_its_topic() {
    let forged = queued("sqs-budget-alert", |alert| {
        alert["TopicArn"] = "arn:aws:sns:eu-west-1:999999999999:SpaAlertTopic".into();
    });
    assert_forged(forged, Claim::Alert(member()), stranger());
    let forged = queued("sqs-budget-alert", |alert| {
        alert["Message"] = "AWS Account 777788889999\nAWS Account 999999999999".into();
    });
    assert_forged(forged, Claim::Alert(stranger()), member());
}

#[test]
fn an_alert_comes_through_another_topic() {
    for topic in ["Other", "SpaAlertTopic2", "spaalerttopic", "SpaAlertTopic:subscription", ""] {
        let forged = queued("sqs-budget-alert", |alert| {
            alert["TopicArn"] = format!("arn:aws:sns:eu-west-1:777788889999:{topic}").into();
        });
        assert_forged(forged, Claim::Topic(topic.into()), member());
    }
}

#[test]
fn an_event_is_slipped_into_the_queue_for_alerts() {
    // Whoever may publish to an alert topic can have its messages delivered as they are.
    let detail = body(&value("sqs-organizations-tag-assigned")).to_string();
    let bodies =
        [text("organizations-tag-expired"), text("spa-account-PurgedAccount"), text("schedule"), detail];
    for body in bodies {
        let mut batch = value("sqs-budget-alert");
        batch["Records"][0]["body"] = body.into();
        let refusal = message(&batch).unwrap_err();
        assert!(refusal.is_hostile());
        assert_eq!(refusal, Refusal::Forged { claim: Claim::AlertQueue, sender: Sender::Unknown });
    }
}

#[test]
fn a_notification_is_slipped_into_another_queue() {
    let mut batch = value("sqs-organizations-tag-assigned");
    batch["Records"][0]["body"] = value("sqs-budget-alert")["Records"][0]["body"].clone();
    assert_eq!(message(&batch), Err(Refusal::UnknownShape));
}

#[test]
fn a_queue_of_another_account_feeds_a_function() {
    for name in ["sqs-organizations-tag-assigned", "sqs-budget-alert", "sqs-plain-text-alert"] {
        let mut batch = value(name);
        let arn = batch["Records"][0]["eventSourceARN"].as_str().unwrap();
        batch["Records"][0]["eventSourceARN"] = arn.replace("111122223333", "999999999999").into();
        assert_forged(message(&batch), Claim::Queue, stranger());
    }
}

#[test]
fn an_event_in_a_queue_is_checked_like_one_on_the_bus() {
    let mut batch = value("sqs-organizations-tag-assigned");
    let mut event = value("organizations-tag-expired");
    event["account"] = json!(member());
    batch["Records"][0]["body"] = event.to_string().into();
    assert_forged(message(&batch), Claim::Organization, member());
}

#[test]
fn one_member_twice_in_an_object_is_refused() {
    // A reader that takes the first and one that takes the last would see two senders.
    for (member, again) in [
        ("\"account\":", "\"account\": \"444455556666\","),
        ("\"source\":", "\"source\": \"aws.organizations\","),
        ("\"detail\":", "\"detail\": {},"),
        ("\"eventName\":", "\"eventName\": \"TagResource\","),
        ("\"resourceId\":", "\"resourceId\": \"777788889999\","),
    ] {
        let text = text("organizations-tag-expired").replace(member, &format!("{again} {member}"));
        let refusal = decode(&text, &trust()).unwrap_err();
        assert!(refusal.to_string().contains("duplicate field"), "{member} {refusal}");
        assert!(refusal.is_malformed());
    }
}

#[test]
fn none_of_this_is_a_forgery() {
    let unheard = outcome("organizations-tag-vanilla", |event| {
        event["source"] = "aws.s3".into();
        event["detail"]["eventSource"] = "s3.amazonaws.com".into();
    });
    assert_eq!(unheard, Err(Refusal::UnknownSource { from: "aws.s3".into() }));
    // EventBridge Scheduler is another service than the schedules of EventBridge's rules.
    let scheduler = outcome("schedule", |event| event["source"] = "aws.scheduler".into());
    assert_eq!(scheduler, Err(Refusal::UnknownSource { from: "aws.scheduler".into() }));
    let custom = outcome("spa-account-CreatedAccount", |event| event["source"] = "com.example".into());
    assert_eq!(custom, Err(Refusal::UnknownSource { from: "com.example".into() }));
    let label = outcome("spa-account-CreatedAccount", |event| event["detail-type"] = "UploadToSlack".into());
    assert_eq!(label.unwrap_err().code(), "unknown-detail-type");
    let phase = outcome("codebuild-purge-failed", |event| {
        event["detail-type"] = "CodeBuild Build Phase Change".into();
    });
    assert_eq!(phase.unwrap_err().code(), "unknown-detail-type");
    let member_calls = outcome("organizations-tag-vanilla", |event| {
        event["account"] = json!(member());
        event["detail"]["eventName"] = "DescribeOrganization".into();
    });
    assert_eq!(member_calls.unwrap_err().code(), "unknown-operation");
    let confirmation = queued("sqs-budget-alert", |body| body["Type"] = "SubscriptionConfirmation".into());
    assert_eq!(confirmation.unwrap_err().code(), "unknown-detail-type");
}
