//! Nothing that fails is lost: every function has its dead letters, and somebody is told.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::template::{Template, listed};

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

#[test]
fn what_a_function_gives_up_is_kept_and_told() {
    let template = Template::automation();
    let queues = template.all("AWS::SQS::Queue");
    let is_dead = |name: &str| name.ends_with("DeadLetters");
    let mappings = template.all("AWS::Lambda::EventSourceMapping");
    for (name, function) in template.all("AWS::Lambda::Function") {
        let fed: Vec<&Value> = mappings
            .iter()
            .filter(|(_, mapping)| mapping["FunctionName"] == name)
            .map(|(_, mapping)| *mapping)
            .collect();
        let of_its_own = function["DeadLetterConfig"]["TargetArn"] == format!("{name}DeadLetters.Arn");
        assert!(of_its_own || !fed.is_empty(), "{name} has no dead letters");
        for mapping in fed {
            let queue = template.one(text(&mapping["EventSourceArn"]).strip_suffix(".Arn").unwrap());
            let dead = text(&queue["RedrivePolicy"]["deadLetterTargetArn"]).strip_suffix(".Arn").unwrap();
            assert!(is_dead(dead) && template.one(dead).is_object(), "{name}: {dead}");
            // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
            let patience = queue["VisibilityTimeout"].as_u64().unwrap();
            assert_eq!(patience, 6 * function["Timeout"].as_u64().unwrap(), "{name}");
            assert_eq!(mapping["FunctionResponseTypes"][0], "ReportBatchItemFailures", "{name}");
        }
    }
    let alarms = template.all("AWS::CloudWatch::Alarm");
    for (name, _) in queues.iter().filter(|(name, _)| is_dead(name)) {
        let watched = alarms.iter().any(|(_, alarm)| {
            alarm["Dimensions"][0]["Value"] == format!("{name}.QueueName")
                && alarm["AlarmActions"][0] == "AlarmTopic"
        });
        assert!(watched, "nobody is told of {name}");
    }
    for (name, rule) in template.all("AWS::Events::Rule") {
        let dead = text(&rule["Targets"][0]["DeadLetterConfig"]["Arn"]);
        assert!(is_dead(dead.strip_suffix(".Arn").unwrap()), "{name}: {dead}");
    }
}

#[test]
fn queues_are_encrypted_and_reached_over_tls() {
    let template = Template::automation();
    let mut guarded = BTreeSet::new();
    for (name, policy) in template.all("AWS::SQS::QueuePolicy") {
        let statements = policy["PolicyDocument"]["Statement"].as_array().unwrap();
        let tls = statements.iter().any(|statement| {
            statement["Effect"] == "Deny"
                && statement["Action"] == "sqs:*"
                && statement["Principal"] == "*"
                && statement["Condition"]["Bool"]["aws:SecureTransport"] == "false"
        });
        assert!(tls, "{name}");
        // A queue has one policy: a second would take the place of the first.
        for queue in listed(&policy["Queues"]) {
            assert!(guarded.insert(text(queue)), "{queue} has two policies");
        }
    }
    for (name, queue) in template.all("AWS::SQS::Queue") {
        assert_eq!(queue["SqsManagedSseEnabled"], true, "{name}");
        assert!(guarded.contains(name), "{name} has no policy");
    }
}
