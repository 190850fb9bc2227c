//! What cannot be read is told with its place.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "fixtures/events/mod.rs"]
mod fixtures;

use fixtures::{trust, value};
use serde_json::{Value, json};
use spa::event::decode;

/// Puts a member in place of another, or takes it away.
fn change(value: &mut Value, pointer: &str, replacement: Option<Value>) {
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    match (value.pointer_mut(parent).unwrap(), replacement) {
        (Value::Object(members), Some(replacement)) => drop(members.insert(member.to_owned(), replacement)),
        (Value::Object(members), None) => drop(members.remove(member)),
        (list, Some(replacement)) => list[member.parse::<usize>().unwrap()] = replacement,
        (list, None) => panic!("{pointer} of {list}"),
    }
}

#[track_caller]
fn assert_refused(name: &str, pointer: &str, replacement: Option<Value>, message: &str) {
    let mut value = value(name);
    change(&mut value, pointer, replacement);
    let refusal = decode(&value.to_string(), &trust()).unwrap_err();
    assert_eq!(refusal.to_string(), message, "{name} {pointer}");
    assert!(refusal.is_malformed());
}

#[test]
fn faults_in_events_of_the_organization_are_told_with_their_path() {
    let cases = [
        ("organizations-tag-vanilla", "/id", None, "$.id is missing"),
        ("organizations-tag-vanilla", "/account", None, "$.account is missing"),
        (
            "organizations-tag-vanilla",
            "/account",
            Some(json!("12345")),
            "$.account cannot be read: `12345` has 5 digits, and an account identifier has 12",
        ),
        (
            "organizations-tag-vanilla",
            "/account",
            Some(json!(444_455_556_666_u64)),
            "$.account cannot be read: invalid type: integer `444455556666`, expected text",
        ),
        (
            "organizations-tag-vanilla",
            "/time",
            Some(json!("yesterday")),
            "$.time cannot be read: `yesterday` is not an instant; write it like 2026-11-21T18:00:00Z",
        ),
        ("organizations-tag-vanilla", "/detail", None, "$.detail is missing"),
        (
            "organizations-tag-vanilla",
            "/detail",
            Some(json!([])),
            "$.detail cannot be read: invalid type: list, expected an object",
        ),
        ("organizations-tag-vanilla", "/detail/eventName", None, "$.detail.eventName is missing"),
        (
            "organizations-tag-vanilla",
            "/detail/requestParameters",
            Some(Value::Null),
            "$.detail.requestParameters is missing",
        ),
        (
            "organizations-tag-vanilla",
            "/detail/requestParameters/tags/1/value",
            None,
            "$.detail.requestParameters.tags[1].value is missing",
        ),
        (
            "organizations-tag-vanilla",
            "/detail/requestParameters/tags/1/key",
            Some(json!("cost-center")),
            "$.detail.requestParameters.tags cannot be read: the key `cost-center` stands there twice",
        ),
        (
            "organizations-create-account-result",
            "/detail/serviceEventDetails/createAccountStatus/state",
            Some(json!("PENDING")),
            "$.detail.serviceEventDetails.createAccountStatus.state cannot be read: \
             `PENDING` is neither SUCCEEDED nor FAILED",
        ),
        (
            "organizations-create-account-result",
            "/detail/serviceEventDetails/createAccountStatus/accountId",
            None,
            "$.detail.serviceEventDetails.createAccountStatus.accountId is missing",
        ),
    ];
    for (name, pointer, replacement, message) in cases {
        assert_refused(name, pointer, replacement, message);
    }
}

#[test]
fn faults_in_other_events_are_told_with_their_path() {
    let cases = [
        (
            "codebuild-purge-failed",
            "/detail/build-status",
            Some(json!("DONE")),
            "$.detail.build-status cannot be read: `DONE` is no status of a build",
        ),
        (
            "codebuild-purge-failed",
            "/detail/build-id",
            Some(json!("SpaProjectForAccountPurge:1")),
            "$.detail.build-id cannot be read: `SpaProjectForAccountPurge:1` is not the ARN of a build",
        ),
        (
            "signin-iam-user",
            "/detail/userIdentity/userName",
            None,
            "$.detail.userIdentity.userName is missing",
        ),
        ("schedule", "/resources", None, "$.resources is missing"),
        (
            "schedule",
            "/resources/0",
            Some(json!("rule/SpaOnWakeUp")),
            "$.resources[0] cannot be read: `rule/SpaOnWakeUp` is not the ARN of a rule",
        ),
        ("spa-account-CreatedAccount", "/detail/Account", None, "$.detail.Account is missing"),
        ("spa-account-CreatedAccount", "/detail/Environment", None, "$.detail.Environment is missing"),
        ("spa-activity-ConsoleLoginEvent", "/detail/Payload", None, "$.detail.Payload is missing"),
        (
            "spa-activity-ConsoleLoginEvent",
            "/detail/Payload/cost-center",
            None,
            "$.detail.Payload.cost-center is missing",
        ),
        (
            "spa-activity-ConsoleLoginEvent",
            "/detail/Payload/begin",
            Some(json!("now")),
            "$.detail.Payload.begin cannot be read: invalid type: string \"now\", expected f64",
        ),
        (
            "spa-exception-GenericException",
            "/detail/Payload/impact",
            Some(json!(6)),
            "$.detail.Payload.impact cannot be read: 6 does not lie between 1 and 5",
        ),
        (
            "spa-exception-GenericException",
            "/detail/ContentType",
            Some(json!("text/plain")),
            "$.detail.ContentType cannot be read: `text/plain` is not application/json",
        ),
    ];
    for (name, pointer, replacement, message) in cases {
        assert_refused(name, pointer, replacement, message);
    }
}
