//! Functions, rules and queues as a CloudFormation template: what MiniStack runs, and no more. It asks for no rights.

use serde_json::{Value, json};
use spa::aws::naming::variables;
use spa::event::{Handler, Trust, patterns};
use spa::settings::Settings;

use crate::fixtures::STATE_KEY;
use crate::ministack::REGION;

/// How often a message is tried before it is put aside.
const TRIES: u32 = 3;

/// How long an invocation may take, in seconds. Nobody begins anything in the last twenty.
const TIMEOUT: u32 = 60;

/// Where the program is, in S3.
pub const BUCKET: &str = "spa-functions";
/// Where the program is in it.
pub const KEY: &str = "bootstrap.zip";

/// The journal's table.
pub const TABLE: &str = "SpaJournal";

/// What its resources are called: `SpaOnVanillaAccount`, `SpaOnVanillaAccountDeadLetters`.
pub fn name(environment: &str, handler: Handler) -> String {
    format!("{environment}{handler:?}")
}

/// Everything that is deployed by CloudFormation.
///
/// What comes from AWS's services, and wake-ups, go through a queue of the function, so that nothing is lost when an
/// invocation fails, and a message that nobody can read is put aside. Our own events go straight to their function.
///
/// What the functions are told is what the product says of these settings; only the address of a queue is the peer's.
pub fn whole(trust: &Trust, settings: &Settings) -> Value {
    let said = variables(settings, REGION).into_iter();
    let mut variables: Value = said.map(|(name, value)| (name.to_owned(), json!(value))).collect();
    variables["WAKE_UP_QUEUE_URL"] = json!({ "Ref": "OnWakeUpQueue" });
    let mut resources = serde_json::Map::new();
    let environment = &*trust.environment;
    for handler in Handler::ALL {
        resources.insert(format!("{handler:?}"), function(trust, handler, &variables));
    }
    let rules = patterns(trust, STATE_KEY);
    let mut queued: Vec<Handler> = vec![Handler::OnWakeUp];
    for (number, (handler, pattern)) in rules.into_iter().enumerate() {
        let source = pattern["source"][0].as_str().unwrap();
        let target = if source.starts_with("aws.") && handler != Handler::OnWakeUp {
            queued.push(handler);
            format!("{handler:?}Queue")
        } else {
            format!("{handler:?}")
        };
        let rule = json!({
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Name": format!("{}{number}", name(environment, handler)),
                "EventPattern": pattern,
                "State": "ENABLED",
                "Targets": [{ "Id": "function", "Arn": { "Fn::GetAtt": [target, "Arn"] } }],
            },
        });
        resources.insert(format!("Rule{number}"), rule);
    }
    queued.sort();
    queued.dedup();
    for handler in queued {
        for (suffix, resource) in queue(environment, handler) {
            resources.insert(format!("{handler:?}{suffix}"), resource);
        }
    }
    json!({ "AWSTemplateFormatVersion": "2010-09-09", "Resources": resources })
}

fn function(trust: &Trust, handler: Handler, variables: &Value) -> Value {
    let automation = trust.automation_account;
    json!({
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": name(&trust.environment, handler),
            "Runtime": "provided.al2023",
            "Handler": handler.name(),
            "Code": { "S3Bucket": BUCKET, "S3Key": KEY },
            "Role": format!("arn:aws:iam::{automation}:role/SpaFunctions"),
            "MemorySize": 128,
            "Timeout": TIMEOUT,
            "Environment": { "Variables": variables },
        },
    })
}

/// A queue with its dead letters and its mapping.
fn queue(environment: &str, handler: Handler) -> [(&'static str, Value); 3] {
    let of =
        |suffix: &str, attribute: &str| json!({ "Fn::GetAtt": [format!("{handler:?}{suffix}"), attribute] });
    let called = match handler {
        // Nothing but wake-ups is read from a queue of this name, and wake-ups from no other.
        Handler::OnWakeUp => format!("{environment}WakeUps"),
        _ => name(environment, handler),
    };
    let visibility = match handler {
        // A message that fails comes again after so many seconds, and a test waits for its last try.
        Handler::OnPurgedAccount => 2,
        // What AWS advises: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>.
        _ => 6 * TIMEOUT,
    };
    let dead_letters = json!({
        "Type": "AWS::SQS::Queue",
        "Properties": { "QueueName": format!("{called}DeadLetters") },
    });
    let queue = json!({
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "QueueName": called,
            "VisibilityTimeout": visibility,
            "RedrivePolicy": { "deadLetterTargetArn": of("DeadLetters", "Arn"), "maxReceiveCount": TRIES },
        },
    });
    let mapping = json!({
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "EventSourceArn": of("Queue", "Arn"),
            "FunctionName": { "Ref": format!("{handler:?}") },
            "BatchSize": 10,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        },
    });
    [("DeadLetters", dead_letters), ("Queue", queue), ("Mapping", mapping)]
}
