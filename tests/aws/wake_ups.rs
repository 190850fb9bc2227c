//! Wake-ups through a real queue, and back through what a function receives.

use aws_sdk_sqs::types::QueueAttributeName;
use spa::cloud::WakeUps as _;
use spa::cloud::aws::wake_ups::WakeUps;
use spa::event::{Body, Delivery, WakeUp, emit, receive};
use state_machine::{FailureKind, TriggerId};

use crate::{At, account, at, block_on, once, peers, trust};

#[test]
fn what_is_due_soon_comes_back_and_what_is_due_late_is_left_to_the_journal() {
    let guest = peers::guest();
    let client = aws_sdk_sqs::Client::new(&guest.config());
    let now = at("2026-11-20T18:00:00Z");
    let holder = account("111122223333");
    block_on(async {
        let queue = client.create_queue().queue_name("SpaDemoWakeUps").send().await.unwrap();
        let url = queue.queue_url().unwrap();
        let calls = WakeUps::new(client.clone(), once(), trust(), url.into(), At(now));
        calls.ask(holder, at("2026-11-20T17:59:00Z")).await.unwrap();
        calls.ask(holder, at("2026-11-20T18:10:00Z")).await.unwrap();
        calls.ask(holder, at("2026-11-21T18:00:00Z")).await.unwrap();
        let attributes = client
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(QueueAttributeName::All)
            .send()
            .await
            .unwrap();
        let number = |name| attributes.attributes().unwrap()[&name].as_str();
        assert_eq!(number(QueueAttributeName::ApproximateNumberOfMessages), "1");
        assert_eq!(number(QueueAttributeName::ApproximateNumberOfMessagesDelayed), "1");

        let received = client.receive_message().queue_url(url).send().await.unwrap();
        let message = &received.messages()[0];
        let queued = emit::Queued {
            id: TriggerId::from_text(message.message_id().unwrap()),
            sent: now,
            body: message.body().unwrap().to_owned(),
        };
        let trust = trust();
        let batch = emit::batch(&[queued], "SpaDemoWakeUps", trust.automation_account, "eu-west-1");
        let Ok(Delivery::Batch(messages)) = receive(batch.as_bytes(), &trust) else { panic!("{batch}") };
        let event = messages[0].outcome.as_ref().unwrap();
        let expected = WakeUp { account: holder, at: at("2026-11-20T17:59:00Z") };
        assert_eq!(event.body, Body::WakeUp(expected));
    });
}

#[test]
fn a_queue_that_is_not_there_is_told() {
    let guest = peers::guest();
    let url = format!("{}/{}/Nothing", "http://localhost", guest.account());
    let client = aws_sdk_sqs::Client::new(&guest.config());
    let now = at("2026-11-20T18:00:00Z");
    let calls = WakeUps::new(client, once(), trust(), url.as_str().into(), At(now));
    let failure = block_on(calls.ask(account("111122223333"), now)).unwrap_err();
    assert!(failure.message.starts_with("sqs:SendMessage"), "{failure}");
    assert_ne!(failure.kind, FailureKind::Throttled);
}
