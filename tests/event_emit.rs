//! What is written has the members that AWS and the predecessor write, and is read back as it was.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "fixtures/events/mod.rs"]
mod fixtures;

use std::collections::BTreeMap;

use fixtures::{body, generate, text, trust, value};
use proptest::prelude::*;
use serde_json::Value;
use spa::event::*;
use state_machine::TriggerId;

/// The members of a value, each with the type of what it holds.
fn members(value: &Value) -> BTreeMap<String, &'static str> {
    fn collect(value: &Value, path: &str, members: &mut BTreeMap<String, &'static str>) {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "text",
            Value::Array(elements) => {
                for element in elements {
                    collect(element, &format!("{path}[]"), members);
                }
                "list"
            }
            Value::Object(object) => {
                for (name, value) in object {
                    collect(value, &format!("{path}.{name}"), members);
                }
                "object"
            }
        };
        members.insert(path.to_owned(), kind);
    }
    let mut members = BTreeMap::new();
    collect(value, "$", &mut members);
    members
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

#[test]
fn every_sample_is_written_with_the_same_members() {
    let mut written = 0;
    for name in fixtures::names() {
        let Ok(event) = decode(&text(&name), &trust()) else {
            continue;
        };
        let mut again = parsed(&emit::event(&event, &trust()));
        if event.source() == OWN_SOURCE {
            let version = again["detail"].as_object_mut().unwrap().remove("SchemaVersion");
            assert_eq!(version, Some(1.into()), "{name}");
            assert_eq!(again, value(&name), "our own events are the same to the last letter");
        }
        assert_eq!(members(&again), members(&value(&name)), "{name}");
        assert_eq!(decode(&again.to_string(), &trust()).as_ref(), Ok(&event), "{name}");
        written += 1;
    }
    assert_eq!(written, 6 + 5 + 3 + 1 + 8 + 3 + 7 + 1);
}

#[test]
fn batches_are_written_with_the_same_members() {
    for name in ["sqs-organizations-tag-assigned", "sqs-budget-alert", "sqs-plain-text-alert"] {
        let sample = value(name);
        let record = &sample["Records"][0];
        let Delivery::Batch(messages) = receive(text(name).as_bytes(), &trust()).unwrap() else {
            panic!("{name}");
        };
        let event = messages[0].outcome.as_ref().unwrap();
        let body_of = |event: &Event| match event.envelope.via {
            Via::QueuedDetail => emit::detail(event, &trust()),
            Via::Bus | Via::Queue | Via::Notification | Via::QueuedText | Via::QueuedWakeUp => {
                emit::event(event, &trust())
            }
        };
        let queued = emit::Queued {
            id: TriggerId::from_text(record["messageId"].as_str().unwrap()),
            sent: event.envelope.time,
            body: body_of(event),
        };
        let queue = record["eventSourceARN"].as_str().unwrap().rsplit_once(':').unwrap().1;
        let batch = emit::batch(&[queued], queue, trust().automation_account, "eu-west-1");
        let again = parsed(&batch);
        assert_eq!(members(&again), members(&sample), "{name}");
        if event.envelope.via != Via::QueuedText {
            assert_eq!(members(&body(&again)), members(&body(&sample)), "{name}");
        }
        // Without its envelope, a detail is known by the identifier and the time of the record inside.
        let Delivery::Batch(messages) = receive(batch.as_bytes(), &trust()).unwrap() else {
            panic!("{name}");
        };
        assert_eq!(messages[0].outcome.as_ref(), Ok(event), "{name}");
    }
}

#[test]
fn an_entry_for_put_events_is_the_detail_of_the_event() {
    let event = decode(&text("spa-exception-BudgetAlertException"), &trust()).unwrap();
    let Body::Own(own) = &event.body else {
        panic!("{event:?}");
    };
    let entry = emit::entry(own, &trust());
    assert_eq!(entry.source, "SustainablePersonalAccounts");
    assert_eq!(entry.detail_type, "BudgetAlertException");
    assert_eq!(entry.detail, emit::detail(&event, &trust()));
}

#[test]
fn an_activity_carries_no_tag_under_the_name_of_another_member() {
    let mut event = decode(&text("spa-activity-ConsoleLoginEvent"), &trust()).unwrap();
    let before = event.clone();
    if let Body::Own(OwnEvent { news: News::Activity(activity), .. }) = &mut event.body {
        for member in ["account", "begin", "cost-center", "duration"] {
            activity.tags.insert(member, "a tag");
        }
    }
    assert_eq!(decode(&emit::event(&event, &trust()), &trust()), Ok(before));
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(event in generate::bus_event()) {
        prop_assert_eq!(decode(&emit::event(&event, &trust()), &trust()), Ok(event));
    }

    #[test]
    fn what_is_written_to_a_queue_is_read_back(
        events in proptest::collection::vec(generate::bus_event(), 0..4),
    ) {
        let messages: Vec<_> = events
            .iter()
            .map(|event| emit::Queued {
                id: event.envelope.id,
                sent: event.envelope.time,
                body: emit::event(event, &trust()),
            })
            .collect();
        let batch = emit::batch(&messages, "SpaEvents", trust().automation_account, "eu-west-1");
        let Ok(Delivery::Batch(read)) = receive(batch.as_bytes(), &trust()) else {
            return Err(TestCaseError::fail(batch));
        };
        prop_assert_eq!(read.len(), events.len());
        for (message, mut event) in read.into_iter().zip(events) {
            event.envelope.via = Via::Queue;
            prop_assert_eq!(message.id.to_string(), event.envelope.id.to_string());
            prop_assert_eq!(message.outcome, Ok(event));
        }
    }

    #[test]
    fn alerts_are_read_back(event in generate::notification()) {
        let message = emit::Queued {
            id: event.envelope.id,
            sent: event.envelope.time,
            body: emit::event(&event, &trust()),
        };
        let batch = emit::batch(&[message], "SpaAlerts", trust().automation_account, "eu-west-1");
        let Ok(Delivery::Batch(read)) = receive(batch.as_bytes(), &trust()) else {
            return Err(TestCaseError::fail(batch));
        };
        prop_assert_eq!(read[0].outcome.as_ref(), Ok(&event));
    }
}
