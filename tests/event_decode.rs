//! Every sample event becomes what it says.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "fixtures/events/mod.rs"]
mod fixtures;

use fixtures::{member, ops, text, trust, value};
use serde_json::{Value, json};
use spa::event::*;
use state_machine::{BuildOutcome, Text, Token};

/// The event in a sample that is one event.
fn event(name: &str) -> Event {
    decode(&text(name), &trust()).unwrap_or_else(|refusal| panic!("{name}: {refusal}"))
}

fn refusal(value: &Value) -> Refusal {
    decode(&value.to_string(), &trust()).unwrap_err()
}

#[test]
fn the_envelope_tells_who_when_and_where() {
    let event = event("organizations-tag-vanilla");
    assert_eq!(event.envelope.id.to_string(), "6a7e8feb-b491-4cf7-a9f1-bf3703467718");
    assert_eq!(event.envelope.account, trust().management_account);
    assert_eq!(&*event.envelope.region, "us-east-1");
    assert_eq!(event.envelope.time.to_string(), "2026-11-20T18:00:07.000Z");
    assert_eq!(event.envelope.via, Via::Bus);
    assert_eq!(event.source(), "aws.organizations");
    assert_eq!(event.detail_type(), "AWS API Call via CloudTrail");
    assert_eq!(event.account(), Some(member()));
}

#[test]
fn tag_resource_tells_the_account_all_tags_and_who() {
    for state in ["vanilla", "released", "expired"] {
        assert_eq!(event(&format!("organizations-tag-{state}")).body, fixtures::tagged(state));
    }
}

#[test]
fn untag_resource_tells_the_keys() {
    let mut value = value("organizations-tag-vanilla");
    value["detail"]["eventName"] = "UntagResource".into();
    value["detail"]["requestParameters"] =
        json!({ "resourceId": "777788889999", "tagKeys": ["account-state", "b"] });
    let expected =
        UntagResource { account: member(), keys: vec!["account-state".into(), "b".into()], actor: ops() };
    let event = decode(&value.to_string(), &trust()).unwrap();
    assert_eq!(event.body, Body::Organization(OrganizationEvent::UntagResource(expected)));
}

#[test]
fn move_account_tells_both_places() {
    let unit = |text: &str| Parent::Unit(text.parse().unwrap());
    let expected = |source| MoveAccount {
        account: member(),
        source,
        destination: unit("ou-ab12-22222222"),
        actor: ops(),
    };
    let body = |moved| Body::Organization(OrganizationEvent::MoveAccount(moved));
    let sample = event("organizations-move-account");
    assert_eq!(sample.body, body(expected(unit("ou-ab12-11111111"))));

    let mut value = value("organizations-move-account");
    value["detail"]["requestParameters"]["sourceParentId"] = "r-ab12".into();
    let moved = decode(&value.to_string(), &trust()).unwrap();
    assert_eq!(moved.body, body(expected(Parent::Root("r-ab12".into()))));

    value["detail"]["requestParameters"]["sourceParentId"] = "p-ab12".into();
    assert_eq!(
        refusal(&value).to_string(),
        "$.detail.requestParameters.sourceParentId cannot be read: \
         `p-ab12` is not an organizational unit; they look like ou-ab12-11112222"
    );
}

#[test]
fn the_creation_of_an_account_is_asked_for_then_ends() {
    let request: Text = "car-11111111111111111111111111111111".into();
    let asked = event("organizations-create-account");
    let expected = CreateAccount { request: Text::clone(&request), actor: ops() };
    assert_eq!(asked.body, Body::Organization(OrganizationEvent::CreateAccount(expected)));
    assert_eq!(asked.account(), None);

    let created = event("organizations-create-account-result");
    let outcome = CreationOutcome::Succeeded { account: member() };
    let expected = CreateAccountResult { request: Text::clone(&request), outcome };
    assert_eq!(created.body, Body::Organization(OrganizationEvent::CreateAccountResult(expected)));
    assert_eq!(created.account(), Some(member()));
    assert_eq!(created.detail_type(), "AWS Service Event via CloudTrail");

    let mut failed = value("organizations-create-account-result");
    failed["detail"]["serviceEventDetails"]["createAccountStatus"] =
        json!({ "id": &*request, "state": "FAILED", "failureReason": "EMAIL_ALREADY_EXISTS" });
    let failed = decode(&failed.to_string(), &trust()).unwrap();
    let outcome = CreationOutcome::Failed { reason: "EMAIL_ALREADY_EXISTS".into() };
    let expected = CreateAccountResult { request, outcome };
    assert_eq!(failed.body, Body::Organization(OrganizationEvent::CreateAccountResult(expected)));
    assert_eq!(failed.account(), None);
}

#[test]
fn organization_events_that_change_no_account_are_foreign() {
    let cases = [
        (
            "resourceId",
            json!("ou-ab12-11111111"),
            "TagResource is about `ou-ab12-11111111`, which is no account",
        ),
        ("resourceId", json!("r-ab12"), "TagResource is about `r-ab12`, which is no account"),
        ("resourceId", json!("p-12abcdef"), "TagResource is about `p-12abcdef`, which is no account"),
    ];
    for (name, resource, message) in cases {
        let mut value = value("organizations-tag-vanilla");
        value["detail"]["requestParameters"][name] = resource;
        let refusal = refusal(&value);
        assert!(refusal.is_foreign());
        assert_eq!(refusal.to_string(), message);
    }
    for name in ["organizations-tag-vanilla", "organizations-move-account", "organizations-create-account"] {
        let mut value = value(name);
        value["detail"]["errorCode"] = "AccessDenied".into();
        let refusal = refusal(&value);
        assert_eq!(refusal.code(), "rejected-by-aws", "{name}");
        assert!(refusal.is_foreign());
    }
    let mut value = value("organizations-tag-vanilla");
    value["detail"]["eventName"] = "AttachPolicy".into();
    assert_eq!(refusal(&value), Refusal::UnknownOperation { operation: "AttachPolicy".into() });
}

#[test]
fn builds_tell_their_project_status_and_log() {
    let cases = [
        ("preparation-succeeded", "SpaProjectForAccountPreparation", BuildStatus::Succeeded),
        ("preparation-failed", "SpaProjectForAccountPreparation", BuildStatus::Failed),
        ("purge-succeeded", "SpaProjectForAccountPurge", BuildStatus::Succeeded),
        ("purge-failed", "SpaProjectForAccountPurge", BuildStatus::Failed),
        ("other-project", "SomebodyElsesProject", BuildStatus::Succeeded),
    ];
    for (name, project, status) in cases {
        let event = event(&format!("codebuild-{name}"));
        let build = format!("{project}:0a1b2c3d-0000-4000-8000-00000000000a").parse().unwrap();
        assert_eq!(event.body, Body::Build(BuildEvent { build, status, log: None }));
        assert_eq!(event.account(), Some(member()));
    }
    let words = [
        ("IN_PROGRESS", None),
        ("SUCCEEDED", Some(BuildOutcome::Succeeded)),
        ("FAILED", Some(BuildOutcome::Failed)),
        ("STOPPED", Some(BuildOutcome::Stopped)),
        ("TIMED_OUT", Some(BuildOutcome::TimedOut)),
        ("FAULT", Some(BuildOutcome::Fault)),
    ];
    for (word, outcome) in words {
        let mut value = value("codebuild-purge-failed");
        value["detail"]["build-status"] = word.into();
        value["detail"]["additional-information"]["logs"]["deep-link"] = "https://example.com/log".into();
        match decode(&value.to_string(), &trust()).unwrap().body {
            Body::Build(build) => {
                assert_eq!(build.status.outcome(), outcome, "{word}");
                assert_eq!(build.log.as_deref(), Some("https://example.com/log"));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn sign_ins_tell_who_came_in() {
    let identity = |name: &str| match event(name).body {
        Body::SignIn(SignIn { identity }) => identity,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        identity("signin-assumed-role"),
        Identity::AssumedRole {
            role: "AWSReservedSSO_AdministratorAccess_0123456789abcdef".into(),
            session: "alice@example.com".into()
        }
    );
    assert_eq!(identity("signin-iam-user"), Identity::IamUser { name: "robot".into() });
    assert_eq!(identity("signin-root"), Identity::Root);

    assert_eq!(decode(&text("signin-failed"), &trust()), Err(Refusal::SignInFailed));
    let mut value = value("signin-assumed-role");
    value["detail"]["userIdentity"]["type"] = "FederatedUser".into();
    assert_eq!(refusal(&value), Refusal::SignInNotCounted { identity: "FederatedUser".into() });
    value["detail"]["eventName"] = "SwitchRole".into();
    assert_eq!(refusal(&value), Refusal::UnknownOperation { operation: "SwitchRole".into() });
}

#[test]
fn schedules_are_known_by_their_rule() {
    let rules = [
        ("SpaOnMaintenanceWindow", Ok(Schedule::MaintenanceWindow)),
        ("SpaOnWakeUp", Ok(Schedule::WakeUp)),
        ("SpaOnReconcile", Ok(Schedule::Reconcile)),
        ("SpaOnCompare", Ok(Schedule::Compare)),
        ("SpaOnInventoryReport", Ok(Schedule::Other("SpaOnInventoryReport".into()))),
        ("TestOnWakeUp", Err("Test")),
        ("SpaTestOnWakeUp", Err("SpaTest")),
        ("OnWakeUp", Err("")),
    ];
    for (rule, expected) in rules {
        let mut value = value("schedule");
        value["resources"][0] = format!("arn:aws:events:eu-west-1:111122223333:rule/{rule}").into();
        let event = decode(&value.to_string(), &trust());
        match expected {
            Ok(schedule) => assert_eq!(event.unwrap().body, Body::Schedule(schedule)),
            Err(environment) => {
                let environment = environment.to_owned();
                assert_eq!(event, Err(Refusal::OtherEnvironment { environment }), "{rule}");
            }
        }
    }
}

#[test]
fn our_own_events_are_read_as_the_predecessor_writes_them() {
    for &label in AccountLabel::ALL {
        let message = label.is_report().then(|| "step 1 done\nstep 2 done\n".into());
        let news = News::Account(AccountEvent { label, account: member(), message });
        let event = event(&format!("spa-account-{label}"));
        assert_eq!(event.body, Body::Own(OwnEvent { token: None, news }));
        assert_eq!(event.account(), Some(member()));
        assert_eq!(event.detail_type(), label.as_str());
    }
    for &label in ExceptionLabel::ALL {
        let news = News::Exception(ExceptionEvent {
            label,
            account: Some(member()),
            title: format!("{label} on 777788889999").into(),
            message: "line one\nline two".into(),
            impact: None,
        });
        assert_eq!(event(&format!("spa-exception-{label}")).body, Body::Own(OwnEvent { token: None, news }));
    }
    let news = News::Chat(ChatMessage { subject: "Hello".into(), message: "World".into() });
    assert_eq!(event("spa-message-MessageToMicrosoftTeams").body, Body::Own(OwnEvent { token: None, news }));
}

#[test]
fn activities_carry_the_tags_of_the_account() {
    let transactions = ["console-login", "maintenance", "on-boarding"];
    for (&label, transaction) in ActivityLabel::ALL.iter().zip(transactions) {
        let activity = match event(&format!("spa-activity-{label}")).body {
            Body::Own(OwnEvent { news: News::Activity(activity), .. }) => activity,
            other => panic!("{other:?}"),
        };
        assert_eq!(activity.label, label);
        assert_eq!(activity.account, member());
        assert_eq!(&*activity.cost_center, "cc-42");
        assert_eq!(&*activity.transaction, transaction);
        assert_eq!(activity.begin.as_millis(), 1_795_197_600_250);
        assert_eq!(&*activity.identifier, "0f0e0d0c-0000-4000-8000-0000000000ff");
        let tags: Vec<_> = activity.tags.iter().map(|(key, value)| (&**key, &**value)).collect();
        assert_eq!(
            tags,
            [
                ("account-holder", "alice@example.com"),
                ("account-state", "released"),
                ("cost-owner", "owner@example.com")
            ]
        );
    }
}

#[test]
fn a_schema_version_decides_whether_the_rest_is_read() {
    let with = |version: Value| {
        let mut value = value("spa-account-CreatedAccount");
        value["detail"]["SchemaVersion"] = version;
        value["detail"]["Token"] = "0f0e0d0c-0000-4000-8000-0000000000ff".into();
        value
    };
    for version in [json!(1), json!(1.0), json!(1.7), Value::Null] {
        let event = decode(&with(version).to_string(), &trust()).unwrap();
        let token = Token::parse("0f0e0d0c-0000-4000-8000-0000000000ff");
        assert!(matches!(event.body, Body::Own(OwnEvent { token: found, .. }) if found == token));
    }
    for version in [json!(2), json!(2.1), json!(1e300)] {
        let mut value = with(version);
        // The answer is the same when the later version changed what it may change.
        let plain = refusal(&value);
        assert_eq!(plain.code(), "unsupported-schema");
        assert!(plain.is_malformed());
        value["detail"]["Account"] = json!({ "Id": "777788889999" });
        assert_eq!(refusal(&value), plain);
    }
    for version in [json!(0), json!(-1), json!("1"), json!([1])] {
        let refusal = refusal(&with(version.clone()));
        assert!(
            refusal.to_string().starts_with("$.detail.SchemaVersion cannot be read"),
            "{version}: {refusal}"
        );
    }
    let mut value = with(json!(1));
    value["detail"]["Token"] = "x".into();
    assert_eq!(refusal(&value).to_string(), "$.detail.Token cannot be read: `x` is no UUID");
}

#[test]
fn other_environments_are_foreign_whatever_else_they_say() {
    let other = Refusal::OtherEnvironment { environment: "AnotherSpa".into() };
    let mut value = value("spa-account-other-environment");
    assert_eq!(refusal(&value), other);
    value["detail"]["SchemaVersion"] = 99.into();
    assert_eq!(refusal(&value), other);
    value["detail"]["Account"] = 5.into();
    assert_eq!(refusal(&value), other);
    value["account"] = "999999999999".into();
    assert_eq!(refusal(&value), other);
    assert!(other.is_foreign());
}
