//! Announcements, on a real bus and on one that takes only part of them.

use aws_sdk_sqs::types::Message;
use serde_json::{Value, json};
use spa::cloud::Bus as _;
use spa::cloud::aws::bus::Bus;
use spa::event::{AccountEvent, AccountLabel, News, OwnEvent, decode};
use state_machine::FailureKind;

use crate::scripted::{self, Script};
use crate::{account, block_on, once, peers, trust};

fn events(number: usize) -> Vec<OwnEvent> {
    let message = |place: usize| Some(format!("number {place}").into());
    (0..number)
        .map(|place| OwnEvent {
            token: None,
            news: News::Account(AccountEvent {
                label: AccountLabel::Prepared,
                account: account("111122223333"),
                message: message(place),
            }),
        })
        .collect()
}

fn bus(client: aws_sdk_eventbridge::Client) -> Bus {
    Bus::new(client, once(), trust(), "default".into())
}

#[test]
fn events_arrive_on_the_bus_as_they_are_decoded_here() {
    let guest = peers::guest();
    let config = guest.config();
    let rules = aws_sdk_eventbridge::Client::new(&config);
    let queues = aws_sdk_sqs::Client::new(&config);
    block_on(async {
        let queue = queues.create_queue().queue_name("heard").send().await.unwrap();
        let url = queue.queue_url().unwrap();
        let pattern = json!({ "source": ["SustainablePersonalAccounts"] }).to_string();
        rules.put_rule().name("all").event_pattern(pattern).send().await.unwrap();
        let arn = format!("arn:aws:sqs:{}:{}:heard", peers::REGION, guest.account());
        let target = aws_sdk_eventbridge::types::Target::builder().id("heard").arn(arn).build().unwrap();
        rules.put_targets().rule("all").targets(target).send().await.unwrap();

        let answers = bus(rules.clone()).put(events(12)).await;
        assert!(answers.len() == 12 && answers.iter().all(Result::is_ok), "{answers:?}");

        let mut heard: Vec<Message> = Vec::new();
        for _ in 0..2 {
            let some = queues.receive_message().queue_url(url).max_number_of_messages(10).send();
            heard.extend(some.await.unwrap().messages.unwrap_or_default());
        }
        assert_eq!(heard.len(), 12);
        for message in heard {
            let mut event: Value = serde_json::from_str(message.body().unwrap()).unwrap();
            // What we say counts from the automation account only, and this is a guest's.
            event["account"] = "123456789012".into();
            decode(&event.to_string(), &trust()).unwrap();
        }
    });
    let puts = guest.calls().into_iter().filter(|call| call == "events:PutEvents").count();
    assert_eq!(puts, 2, "twelve events are two calls");
}

fn entries(told: &[&str]) -> Value {
    let entries: Vec<Value> = told
        .iter()
        .map(|code| match *code {
            "" => json!({ "EventId": "11111111-2222-3333-4444-555555555555" }),
            code => json!({ "ErrorCode": code, "ErrorMessage": "as recorded" }),
        })
        .collect();
    let failed = told.iter().filter(|code| !code.is_empty()).count();
    json!({ "FailedEntryCount": failed, "Entries": entries })
}

#[test]
fn each_event_has_its_own_answer_and_what_may_pass_is_put_again() {
    use FailureKind::{Denied, Rejected, Throttled, Unavailable};
    // What EventBridge answered, call by call; and what came of each event.
    type Case = (&'static [&'static [&'static str]], &'static [Option<FailureKind>]);
    let cases: [Case; 5] = [
        (&[&["", "ThrottlingException", ""], &[""]], &[None, None, None]),
        (&[&["InternalFailure", "MalformedDetail"], &["InternalFailure"], &[""]], &[None, Some(Rejected)]),
        (&[&["ThrottlingException"], &["InternalException"], &["ThrottlingException"]], &[Some(Throttled)]),
        (&[&["NotAuthorizedForSource", ""]], &[Some(Denied), None]),
        // Fewer answers than events: nobody knows of the last one, so it is put again.
        (&[&[""], &[], &[]], &[None, Some(Unavailable)]),
    ];
    for (script, expected) in cases {
        let exchanges = script.iter().map(|told| scripted::json("PutEvents", &entries(told)));
        let script = Script::new(exchanges);
        let client = aws_sdk_eventbridge::Client::new(&script.config());
        let answers = block_on(bus(client).put(events(expected.len())));
        let kinds: Vec<_> =
            answers.iter().map(|answer| answer.as_ref().err().map(|failure| failure.kind)).collect();
        assert_eq!(kinds, expected);
    }
}

#[test]
fn a_refused_call_fails_each_of_its_events() {
    let script = Script::new([scripted::refused("PutEvents", "AccessDeniedException", "no")]);
    let client = aws_sdk_eventbridge::Client::new(&script.config());
    let answers = block_on(bus(client).put(events(2)));
    assert_eq!(answers.len(), 2);
    for answer in answers {
        assert!(answer.unwrap_err().message.contains("events:PutEvents"));
    }
}

#[test]
fn an_event_that_is_too_large_is_told_and_keeps_nobody_back() {
    let script = Script::new([scripted::json("PutEvents", &entries(&[""]))]);
    let client = aws_sdk_eventbridge::Client::new(&script.config());
    let mut events = events(2);
    if let News::Account(event) = &mut events[0].news {
        event.message = Some("x".repeat(300_000).into());
    }
    let answers = block_on(bus(client).put(events));
    assert_eq!(answers[0].as_ref().unwrap_err().kind, FailureKind::Rejected);
    assert_eq!(answers[1], Ok(()));
}
