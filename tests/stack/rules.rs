//! The patterns of the rules, as other people's EventBridge understands them.

use spa::event::{Handler, decode, patterns, route};

use crate::deployment::{block_on, deployment};
use crate::fixtures;

#[test]
fn each_sample_is_taken_by_the_rule_of_its_function_and_by_no_other() {
    let spa = deployment();
    let events = aws_sdk_eventbridge::Client::new(&spa.peer.config(spa.trust.automation_account));
    let rules = patterns(&spa.trust, fixtures::STATE_KEY);
    // Messages of queues, and what people write, are on no bus.
    let on_the_bus = |name: &String| !name.starts_with("sqs-") && !name.starts_with("invoke-");
    let samples: Vec<String> = fixtures::names().into_iter().filter(on_the_bus).collect();
    assert!(samples.len() > 30, "{samples:?}");
    block_on(async {
        for name in samples {
            let text = fixtures::text(&name);
            // What is refused would be handled by nobody, so nobody should be woken.
            let event = decode(&text, &spa.trust).ok();
            let handler = event.and_then(|event| route(&event, fixtures::STATE_KEY).handler());
            let mut taken: Vec<Handler> = Vec::new();
            for (handler, pattern) in &rules {
                let request = events.test_event_pattern().event(&text).event_pattern(pattern.to_string());
                if request.send().await.unwrap().result() {
                    taken.push(*handler);
                }
            }
            assert_eq!(taken, Vec::from_iter(handler), "{name}");
        }
    });
}
