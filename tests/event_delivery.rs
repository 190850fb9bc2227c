//! Whatever a function is invoked with: batches of messages, each read on its own, and what people write.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "fixtures/events/mod.rs"]
mod fixtures;

use fixtures::{body, member, text, trust, value};
use serde_json::{Value, json};
use spa::event::*;
use state_machine::TriggerId;

fn messages(payload: &[u8]) -> Vec<Message> {
    match receive(payload, &trust()).unwrap() {
        Delivery::Batch(messages) => messages,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_detail_alone_is_enough_in_a_queue() {
    let messages = messages(text("sqs-organizations-tag-assigned").as_bytes());
    assert_eq!(messages.len(), 1);
    assert_eq!(&*messages[0].id, "0b1c2d3e-0000-4000-8000-000000000001");
    assert_eq!(messages[0].excerpt, None);
    let event = messages[0].outcome.as_ref().unwrap();
    assert_eq!(event.body, fixtures::tagged("assigned"));
    assert_eq!(event.envelope.via, Via::QueuedDetail);
    assert_eq!(event.envelope.account, trust().management_account);
    assert_eq!(event.envelope.id.to_string(), "66666666-7777-8888-9999-000000000000");
    assert_eq!(event.envelope.time.to_string(), "2026-11-20T18:00:05.000Z");
}

#[test]
fn a_whole_event_may_come_through_a_queue() {
    let mut batch = value("sqs-organizations-tag-assigned");
    batch["Records"][0]["body"] = text("codebuild-purge-failed").into();
    let messages = messages(batch.to_string().as_bytes());
    let mut expected = decode(&text("codebuild-purge-failed"), &trust()).unwrap();
    expected.envelope.via = Via::Queue;
    assert_eq!(messages[0].outcome, Ok(expected));
}

#[test]
fn budget_alerts_tell_the_account_of_their_topic() {
    let messages = messages(text("sqs-budget-alert").as_bytes());
    let event = messages[0].outcome.as_ref().unwrap();
    assert_eq!(event.envelope.account, member());
    assert_eq!(event.envelope.via, Via::Notification);
    assert_eq!(event.envelope.id.to_string(), "22345678-0000-4000-8000-000000000000");
    assert_eq!(event.envelope.time.to_string(), "2026-11-20T18:40:00.000Z");
    assert_eq!(event.account(), Some(member()));
    match &event.body {
        Body::Alert(Alert::Notification { subject, message }) => {
            assert_eq!(subject.as_deref(), Some("AWS Budgets: SpaBudget has exceeded your alert threshold"));
            assert!(message.contains("ACTUAL Amount: $83.16"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_alert_that_is_no_json_is_kept_as_text() {
    let messages_of = |body: &str| {
        let mut batch = value("sqs-plain-text-alert");
        batch["Records"][0]["body"] = body.into();
        messages(batch.to_string().as_bytes())
    };
    let sample = messages(text("sqs-plain-text-alert").as_bytes());
    assert_eq!(sample, messages_of("this body is not JSON"));
    for body in ["this body is not JSON", "", "12", "\"text\"", "[1, 2, 3]", "{\"Type\": \"Notif"] {
        let messages = messages_of(body);
        let event = messages[0].outcome.as_ref().unwrap();
        assert_eq!(event.body, Body::Alert(Alert::Text { text: body.into() }));
        assert_eq!(event.envelope.via, Via::QueuedText);
        assert_eq!(event.envelope.account, trust().automation_account);
        assert_eq!(event.envelope.time.as_millis(), 1_795_200_000_000);
        assert_eq!(event.account(), None);
    }
    let messages = messages_of("{\"Subject\": \"x\"}");
    let refusal = messages[0].outcome.as_ref().unwrap_err();
    assert_eq!(refusal.to_string(), "$.Records[0].body.Type is missing");
}

#[test]
fn a_bad_message_spoils_none_of_the_others() {
    let good = value("sqs-organizations-tag-assigned")["Records"][0].clone();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut record = good.clone();
        change(&mut record);
        record
    };
    let records = [
        good.clone(),
        with(&|record| record["body"] = "{\"eventSource\": ".into()),
        json!(5),
        with(&|record| record["body"] = json!({})),
        with(&|record| record["eventSource"] = "aws:kinesis".into()),
        with(&|record| record["attributes"] = json!({})),
        with(&|record| record["attributes"]["SentTimestamp"] = "soon".into()),
        with(&|record| record["body"] = "{}".into()),
        with(&|record| record["body"] = "{\"Records\": []}".into()),
        with(&|record| record["body"] = format!("{{\"x\": \"{}\"}}", "x".repeat(EVENT_LIMIT)).into()),
        with(&|record| drop(record.as_object_mut().unwrap().remove("messageId"))),
        with(&|record| record["eventSourceARN"] = "queue".into()),
        with(&|record| record["body"] = json!(null)),
        good.clone(),
    ];
    let messages = messages(json!({ "Records": records }).to_string().as_bytes());
    let told: Vec<_> = messages
        .iter()
        .map(|message| message.outcome.as_ref().map_or_else(Refusal::to_string, |_| "good".to_owned()))
        .collect();
    assert_eq!(
        told,
        [
            "good",
            "it is no JSON at line 1, column 16 of $.Records[1].body: EOF while parsing a value",
            "$.Records[2] cannot be read: invalid type: integer `5`, expected an object",
            "$.Records[3].body cannot be read: invalid type: map, expected text",
            "nobody here listens to the source `aws:kinesis`",
            "$.Records[5].attributes.SentTimestamp is missing",
            "$.Records[6].attributes.SentTimestamp cannot be read: invalid digit found in string",
            "it is neither an event, nor a batch of messages, nor the input of an invocation",
            "it is neither an event, nor a batch of messages, nor the input of an invocation",
            "it has 1048585 bytes, and at most 1048576 are delivered by AWS",
            "$.Records[10].messageId is missing",
            "$.Records[11].eventSourceARN cannot be read: `queue` names no queue",
            "$.Records[12].body is missing",
            "good",
        ]
    );
    for (number, message) in messages.iter().enumerate() {
        let known = if [2, 10].contains(&number) { "" } else { "0b1c2d3e-0000-4000-8000-000000000001" };
        assert_eq!(&*message.id, known, "{number}");
        assert_eq!(message.excerpt.is_some(), message.outcome.is_err(), "{number}");
    }
}

#[test]
fn people_invoke_functions_with_nothing_or_with_a_date() {
    let invocation = |text: &str| match receive(text.as_bytes(), &trust()) {
        Ok(Delivery::Invocation(invocation)) => Ok(invocation),
        Ok(other) => panic!("{other:?}"),
        Err(refusal) => Err(refusal.to_string()),
    };
    assert_eq!(invocation(&text("invoke-empty")), Ok(Invocation::Plain));
    let month = invocation(&text("invoke-cost-report-month"));
    assert_eq!(month, Ok(Invocation::Month("2026-10-01".parse().unwrap())));
    let day = invocation(&text("invoke-cost-report-day"));
    assert_eq!(day, Ok(Invocation::Day("2026-10-31".parse().unwrap())));

    let date = "$.date cannot be read: it is neither a month (2026-10) nor a day (2026-10-31)";
    for wrong in ["2026", "2026-13", "2026-02-30", "2026-1", "+2026-10-01", "", "२०२६-१०"] {
        assert_eq!(invocation(&json!({ "date": wrong }).to_string()), Err(date.to_owned()), "{wrong}");
    }
    let shape = "it is neither an event, nor a batch of messages, nor the input of an invocation";
    assert_eq!(invocation("{\"Date\": \"2026-10\"}"), Err(shape.to_owned()));
    let field = "$.x cannot be read: unknown field `x`, expected `date`";
    assert_eq!(invocation("{\"date\": \"2026-10\", \"x\": 1}"), Err(field.to_owned()));
    assert!(decode("{}", &trust()).is_err());
}

#[test]
fn a_detail_alone_is_no_event_outside_of_a_queue() {
    // Without its envelope it tells nobody who sent it; our queues are written by our own rules only.
    let detail = body(&value("sqs-organizations-tag-assigned")).to_string();
    assert_eq!(decode(&detail, &trust()), Err(Refusal::UnknownShape));
    assert_eq!(receive(detail.as_bytes(), &trust()), Err(Refusal::UnknownShape));
}

/// A message in the queue of wake-ups, with this body.
fn wake_up(queue: &str, body: &str) -> Message {
    let queued = emit::Queued {
        id: TriggerId::from_text("0b1c2d3e-0000-4000-8000-000000000001"),
        sent: "2026-11-20T18:00:00Z".parse().unwrap(),
        body: body.to_owned(),
    };
    let batch = emit::batch(&[queued], queue, trust().automation_account, "eu-west-1");
    messages(batch.as_bytes()).remove(0)
}

#[test]
fn a_wake_up_is_believed_from_its_own_queue_only() {
    let wanted = WakeUp { account: member(), at: "2026-11-20T18:10:00Z".parse().unwrap() };
    let body = emit::wake_up(&wanted, &trust());
    let own = format!("{}WakeUps", trust().environment);
    let event = wake_up(&own, &body).outcome.unwrap();
    assert_eq!(event.body, Body::WakeUp(wanted));
    assert_eq!(event.account(), Some(member()));
    assert_eq!(event.envelope.via, Via::QueuedWakeUp);
    assert_eq!(event.envelope.account, trust().automation_account);
    assert_eq!(emit::event(&event, &trust()), body);
    assert_eq!(route(&event, fixtures::STATE_KEY), Route::To(Handler::OnWakeUp));

    for queue in ["SpaEvents".to_owned(), format!("{}Alerts", trust().environment), "WakeUps".to_owned()] {
        let outcome = wake_up(&queue, &body).outcome;
        assert!(!matches!(outcome, Ok(Event { body: Body::WakeUp(_), .. })), "{queue}: {outcome:?}");
    }
    let mut foreign: Value = serde_json::from_str(&emit::batch(
        &[emit::Queued { id: event.envelope.id, sent: event.envelope.time, body: body.clone() }],
        &own,
        member(),
        "eu-west-1",
    ))
    .unwrap();
    assert_eq!(messages(foreign.to_string().as_bytes())[0].outcome.as_ref().unwrap_err().code(), "forged");
    foreign["Records"][0]["eventSource"] = "aws:kinesis".into();
    assert!(messages(foreign.to_string().as_bytes())[0].outcome.is_err());
    // It is nothing that a person or a bus may say.
    assert!(receive(body.as_bytes(), &trust()).is_err());
}

#[test]
fn nothing_but_wake_ups_is_read_from_their_queue() {
    let own = format!("{}WakeUps", trust().environment);
    let good: Value = serde_json::from_str(&emit::wake_up(
        &WakeUp { account: member(), at: "2026-11-20T18:10:00Z".parse().unwrap() },
        &trust(),
    ))
    .unwrap();
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body.to_string()
    };
    for (body, code) in [
        (with("Account", json!("12")), "invalid-field"),
        (with("Account", json!(111_122_223_333_u64)), "invalid-field"),
        (with("At", json!("soon")), "invalid-field"),
        (with("At", json!(null)), "invalid-field"),
        (with("Environment", json!("Other")), "other-environment"),
        (with("SchemaVersion", json!(2)), "unsupported-schema"),
        (with("SchemaVersion", json!(-1)), "invalid-field"),
        (with("Trigger", json!("expire it")), "invalid-field"),
        (json!({ "Account": "111122223333" }).to_string(), "missing-field"),
        (text("organizations-tag-expired"), "invalid-field"),
        (text("codebuild-purge-succeeded"), "invalid-field"),
        ("{}".to_owned(), "missing-field"),
        ("[]".to_owned(), "invalid-field"),
        ("{\"Account\": ".to_owned(), "not-json"),
        (String::new(), "not-json"),
    ] {
        let refusal = wake_up(&own, &body).outcome.unwrap_err();
        assert_eq!(refusal.code(), code, "{body}: {refusal}");
    }
}
