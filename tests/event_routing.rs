//! Code and patterns say the same about every event: where it goes, and that it goes nowhere else.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "fixtures/events/mod.rs"]
mod fixtures;

use fixtures::{STATE_KEY, generate, text, trust, value};
use proptest::prelude::*;
use serde_json::{Value, json};
use spa::event::*;

/// Whether EventBridge would say that `event` matches `pattern`.
///
/// Written from <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html> and from the
/// description of <https://github.com/aws/event-ruler>, for the operators that are used here and a few more.
fn matches(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(members) => match event {
            // All members of the pattern must match inside one and the same element.
            Value::Array(elements) => elements.iter().any(|element| matches(pattern, element)),
            Value::Object(_) => {
                members.iter().all(|(name, pattern)| member_matches(pattern, event.get(name)))
            }
            _ => false,
        },
        Value::Array(_) => member_matches(pattern, Some(event)),
        _ => panic!("{pattern} is no pattern"),
    }
}

fn member_matches(pattern: &Value, event: Option<&Value>) -> bool {
    let Value::Array(alternatives) = pattern else {
        return event.is_some_and(|event| matches(pattern, event));
    };
    alternatives.iter().any(|alternative| match alternative {
        Value::Object(operator) if operator.contains_key("exists") => {
            operator["exists"].as_bool() == Some(event.is_some_and(|event| !event.is_object()))
        }
        _ => match event {
            None => false,
            Some(Value::Array(elements)) => {
                elements.iter().any(|element| value_matches(alternative, element))
            }
            Some(event) => value_matches(alternative, event),
        },
    })
}

fn value_matches(alternative: &Value, event: &Value) -> bool {
    let Value::Object(operator) = alternative else {
        return alternative == event;
    };
    let (name, operand) = operator.iter().next().unwrap();
    let text = event.as_str();
    match name.as_str() {
        "prefix" => text.is_some_and(|text| text.starts_with(operand.as_str().unwrap())),
        "suffix" => text.is_some_and(|text| text.ends_with(operand.as_str().unwrap())),
        "anything-but" => match operand {
            Value::Array(values) => !values.contains(event),
            value => value != event,
        },
        other => panic!("the operator `{other}` is not known to this test"),
    }
}

/// The functions whose rules an event wakes.
fn woken(event: &Value) -> Vec<Handler> {
    let patterns = patterns(&trust(), STATE_KEY);
    patterns.into_iter().filter(|(_, pattern)| matches(pattern, event)).map(|(handler, _)| handler).collect()
}

#[test]
fn the_matcher_does_what_the_documentation_says() {
    let event = json!({
        "source": "aws.ec2",
        "resources": ["arn:one", "arn:two"],
        "detail": { "state": "running", "nothing": null, "people": [
            { "first": "Anna", "last": "Smith" },
            { "first": "Peter", "last": "Jones" },
        ] },
    });
    let cases = [
        (json!({ "source": ["aws.ec2"] }), true),
        (json!({ "source": ["aws.s3", "aws.ec2"] }), true),
        (json!({ "source": ["aws"] }), false),
        (json!({ "resources": ["arn:two"] }), true),
        (json!({ "resources": [{ "suffix": ":one" }] }), true),
        (json!({ "resources": [{ "suffix": ":three" }] }), false),
        (json!({ "source": [{ "prefix": "aws." }], "detail": { "state": ["running"] } }), true),
        (json!({ "source": [{ "prefix": "aws." }], "detail": { "state": ["stopped"] } }), false),
        (json!({ "detail": { "state": [{ "anything-but": "running" }] } }), false),
        (json!({ "detail": { "state": [{ "anything-but": ["a", "b"] }] } }), true),
        (json!({ "detail": { "other": [{ "anything-but": "running" }] } }), false),
        (json!({ "detail": { "other": [{ "exists": false }] } }), true),
        (json!({ "detail": { "nothing": [{ "exists": true }] } }), true),
        (json!({ "detail": { "state": [{ "exists": false }] } }), false),
        (json!({ "detail": { "people": { "first": ["Anna"], "last": ["Smith"] } } }), true),
        (json!({ "detail": { "people": { "first": ["Anna"], "last": ["Jones"] } } }), false),
    ];
    for (pattern, expected) in cases {
        assert_eq!(matches(&pattern, &event), expected, "{pattern}");
    }
}

#[test]
fn every_sample_goes_where_it_should() {
    let expected = |name: &str| {
        Some(match name {
            "organizations-tag-vanilla"
            | "organizations-move-account"
            | "organizations-create-account-result" => Handler::OnVanillaAccount,
            "organizations-tag-released" => Handler::OnReleasedAccount,
            "organizations-tag-expired" => Handler::OnExpiredAccount,
            "codebuild-preparation-succeeded" | "codebuild-preparation-failed" => Handler::OnPreparedAccount,
            "codebuild-purge-succeeded" | "codebuild-purge-failed" => Handler::OnPurgedAccount,
            "signin-assumed-role" | "signin-iam-user" | "signin-root" => Handler::OnConsoleLogin,
            "schedule" => Handler::OnMaintenanceWindow,
            "spa-message-MessageToMicrosoftTeams" => Handler::ToMicrosoftTeams,
            "spa-account-other-environment" => return None,
            _ if name.starts_with("spa-account-") => Handler::OnAccountEvent,
            _ if name.starts_with("spa-activity-") => Handler::OnActivity,
            _ if name.starts_with("spa-exception-") => Handler::OnException,
            "organizations-create-account"
            | "codebuild-other-project"
            | "signin-failed"
            | "invoke-empty"
            | "invoke-cost-report-month"
            | "invoke-cost-report-day" => return None,
            other => panic!("nobody said where {other} goes"),
        })
    };
    for name in fixtures::names().into_iter().filter(|name| !name.starts_with("sqs-")) {
        let event = decode(&text(&name), &trust());
        let routed = event.ok().and_then(|event| route(&event, STATE_KEY).handler());
        assert_eq!(routed, expected(&name), "{name}");
        assert_eq!(woken(&value(&name)), Vec::from_iter(expected(&name)), "{name}");
    }
    let queued = [
        ("sqs-organizations-tag-assigned", Handler::OnAssignedAccount),
        ("sqs-budget-alert", Handler::OnAlert),
        ("sqs-plain-text-alert", Handler::OnAlert),
    ];
    for (name, handler) in queued {
        let Delivery::Batch(messages) = receive(text(name).as_bytes(), &trust()).unwrap() else {
            panic!("{name}");
        };
        let event = messages[0].outcome.as_ref().unwrap();
        assert_eq!(route(event, STATE_KEY), Route::To(handler), "{name}");
    }
}

/// Where a changed sample goes, by code; the patterns must agree.
fn routed(value: &Value, state_key: &str) -> Route {
    let route = route(&decode(&value.to_string(), &trust()).unwrap(), state_key);
    let patterns = patterns(&trust(), state_key);
    let woken: Vec<_> =
        patterns.iter().filter(|(_, pattern)| matches(pattern, value)).map(|(handler, _)| *handler).collect();
    assert_eq!(woken, Vec::from_iter(route.handler()), "{value}");
    route
}

#[test]
fn the_value_of_the_state_tag_decides() {
    let tagged = |tags: &[(&str, &str)]| {
        let mut value = value("organizations-tag-vanilla");
        let tags: Vec<_> = tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
        value["detail"]["requestParameters"]["tags"] = tags.into();
        value
    };
    let to = Route::To;
    let other = || Route::Nowhere(NotRouted::OtherTags);
    let cases = [
        (vec![(STATE_KEY, "vanilla")], to(Handler::OnVanillaAccount)),
        (vec![(STATE_KEY, "assigned")], to(Handler::OnAssignedAccount)),
        (vec![(STATE_KEY, "released")], to(Handler::OnReleasedAccount)),
        (vec![(STATE_KEY, "expired")], to(Handler::OnExpiredAccount)),
        // What is no state changes nothing, and is not overlooked.
        (vec![(STATE_KEY, "Expired")], to(Handler::OnReconcile)),
        (vec![(STATE_KEY, "expired ")], to(Handler::OnReconcile)),
        (vec![(STATE_KEY, "")], to(Handler::OnReconcile)),
        (vec![("a", "b"), (STATE_KEY, "assigned"), ("c", "expired")], to(Handler::OnAssignedAccount)),
        // A state under another key is none.
        (vec![("other-state", "expired")], other()),
        (vec![("Account-State", "expired")], other()),
        (vec![("a", "expired"), ("b", STATE_KEY)], other()),
        (vec![], other()),
    ];
    for (tags, expected) in cases {
        assert_eq!(routed(&tagged(&tags), STATE_KEY), expected, "{tags:?}");
    }
    // Settings may name another key.
    let tags = [(STATE_KEY, "vanilla"), ("my:state", "expired")];
    assert_eq!(routed(&tagged(&tags), "my:state"), to(Handler::OnExpiredAccount));
}

#[test]
fn taking_the_state_tag_away_counts_as_arriving() {
    let untagged = |keys: &[&str]| {
        let mut value = value("organizations-tag-vanilla");
        value["detail"]["eventName"] = "UntagResource".into();
        value["detail"]["requestParameters"] = json!({ "resourceId": "777788889999", "tagKeys": keys });
        routed(&value, STATE_KEY)
    };
    assert_eq!(untagged(&["a", STATE_KEY]), Route::To(Handler::OnVanillaAccount));
    assert_eq!(untagged(&["a", "b"]), Route::Nowhere(NotRouted::OtherTags));
    assert_eq!(untagged(&[]), Route::Nowhere(NotRouted::OtherTags));
}

#[test]
fn builds_go_on_however_they_end() {
    for (name, handler) in [
        ("codebuild-preparation-succeeded", Handler::OnPreparedAccount),
        ("codebuild-purge-succeeded", Handler::OnPurgedAccount),
    ] {
        for status in BuildStatus::ALL {
            let mut value = value(name);
            value["detail"]["build-status"] = status.as_str().into();
            match routed(&value, STATE_KEY) {
                Route::To(found) => assert_eq!(found, handler),
                Route::Nowhere(why) => {
                    assert_eq!(status, BuildStatus::InProgress);
                    assert!(why.to_string().ends_with("is in progress; its end matters"), "{why}");
                }
            }
        }
    }
    let other = routed(&value("codebuild-other-project"), STATE_KEY);
    assert_eq!(other, Route::Nowhere(NotRouted::OtherProject { project: "SomebodyElsesProject".into() }));
}

#[test]
fn schedules_go_by_the_end_of_their_rule() {
    for (rule, handler) in [
        ("SpaOnMaintenanceWindow", Some(Handler::OnMaintenanceWindow)),
        ("SpaOnWakeUp", Some(Handler::OnWakeUp)),
        ("SpaOnReconcile", Some(Handler::OnReconcile)),
        ("SpaOnInventoryReport", None),
    ] {
        let mut value = value("schedule");
        value["resources"][0] = format!("arn:aws:events:eu-west-1:111122223333:rule/{rule}").into();
        assert_eq!(routed(&value, STATE_KEY).handler(), handler, "{rule}");
    }
}

#[test]
fn what_goes_nowhere_says_why() {
    let mut failed = value("organizations-create-account-result");
    failed["detail"]["serviceEventDetails"]["createAccountStatus"] =
        json!({ "id": "car-1", "state": "FAILED", "failureReason": "EMAIL_ALREADY_EXISTS" });
    let cases = [
        (failed, "AWS could not create the account: EMAIL_ALREADY_EXISTS"),
        (
            value("organizations-create-account"),
            "the account has no identifier yet; CreateAccountResult will tell it",
        ),
        (value("codebuild-other-project"), "the project `SomebodyElsesProject` is not of this system"),
    ];
    for (value, expected) in cases {
        match routed(&value, STATE_KEY) {
            Route::Nowhere(why) => assert_eq!(why.to_string(), expected),
            Route::To(handler) => panic!("{handler}"),
        }
    }
}

#[test]
fn what_is_refused_wakes_nobody_where_a_pattern_can_tell() {
    // The sender and the failure of a call stand in the patterns, so these never start a function.
    let changes: [(&str, &str, Value); 7] = [
        ("organizations-tag-expired", "/account", json!("777788889999")),
        ("organizations-move-account", "/account", json!("777788889999")),
        ("organizations-tag-expired", "/source", json!("com.example")),
        ("signin-root", "/source", json!("com.example")),
        ("schedule", "/account", json!("777788889999")),
        ("spa-account-PurgedAccount", "/account", json!("777788889999")),
        ("spa-exception-GenericException", "/detail/Environment", json!("Other")),
    ];
    for (name, pointer, replacement) in changes {
        let mut value = value(name);
        *value.pointer_mut(pointer).unwrap() = replacement;
        assert_eq!(woken(&value), [], "{name} {pointer}");
    }
    let mut untagged = value("organizations-tag-vanilla");
    untagged["detail"]["eventName"] = "UntagResource".into();
    untagged["detail"]["requestParameters"] = json!({ "resourceId": "777788889999", "tagKeys": [STATE_KEY] });
    let mut unrecognised = value("organizations-tag-vanilla");
    unrecognised["detail"]["requestParameters"]["tags"][2]["value"] = "free".into();
    let samples =
        ["organizations-tag-vanilla", "organizations-move-account", "organizations-create-account-result"];
    for mut denied in samples.map(value).into_iter().chain([untagged, unrecognised]) {
        assert_eq!(woken(&denied).len(), 1, "{denied}");
        denied["detail"]["errorCode"] = "AccessDenied".into();
        assert_eq!(woken(&denied), [], "{denied}");
    }
}

#[test]
fn every_function_but_one_has_a_pattern() {
    let patterns = patterns(&trust(), STATE_KEY);
    let without: Vec<_> = Handler::ALL
        .into_iter()
        .filter(|handler| patterns.iter().all(|(found, _)| found != handler))
        .collect();
    assert_eq!(without, [Handler::OnAlert]);
}

proptest! {
    #[test]
    fn code_and_patterns_agree(event in generate::bus_event()) {
        let json = emit::event(&event, &trust());
        let value: Value = serde_json::from_str(&json).unwrap();
        let decoded = decode(&json, &trust()).unwrap();
        let expected = Vec::from_iter(route(&decoded, STATE_KEY).handler());
        prop_assert_eq!(woken(&value), expected);
    }
}
