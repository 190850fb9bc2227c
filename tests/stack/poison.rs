//! What nobody can read.

use spa::event::Handler;
use spa::journal::Journal as _;
use state_machine::{FleetFact, Version};

use crate::deployment::{block_on, deployment};
use crate::template::name;

#[test]
fn what_nobody_can_read_ends_among_the_dead_letters_whole_and_is_recorded_once() {
    const POISON: &str = r#"{"source": "aws.codebuild", "detail-type": "CodeBuild Build State Change", "#;
    let spa = deployment();
    block_on(async {
        let sqs = aws_sdk_sqs::Client::new(&spa.peer.config(spa.trust.automation_account));
        let queue = name(&spa.trust.environment, Handler::OnPurgedAccount);
        let url = async |queue: &str| {
            sqs.get_queue_url().queue_name(queue).send().await.unwrap().queue_url.unwrap()
        };
        let (queue, dead_letters) = (url(&queue).await, url(&format!("{queue}DeadLetters")).await);
        sqs.send_message().queue_url(&queue).message_body(POISON).send().await.unwrap();
        let mut dead = None;
        for _ in 0..6 {
            // As long as SQS lets somebody wait; it answers when there is something.
            let request = sqs.receive_message().queue_url(&dead_letters).wait_time_seconds(20);
            dead = request.send().await.unwrap().messages.unwrap_or_default().pop();
            if dead.is_some() {
                break;
            }
        }
        let dead = dead.expect("a dead letter");
        assert_eq!(dead.body(), Some(POISON));
        let fleet = spa.journal().fleet_history(Version::default(), 1_000).await.unwrap();
        let refused = fleet.iter().filter(|record| match &record.fact {
            FleetFact::EventRefused { excerpt, .. } => POISON.starts_with(&**excerpt),
            _ => false,
        });
        assert_eq!(refused.count(), 1, "{fleet:#?}");
    });
}
