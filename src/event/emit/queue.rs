//! Batches of SQS messages, as Lambda delivers them.

use serde::Serialize;
use state_machine::{AccountId, Timestamp, TriggerId};

use super::json;

/// A message that lies in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its identifier.
    pub id: TriggerId,
    /// When it was sent.
    pub sent: Timestamp,
    /// What it says.
    pub body: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Batch<'a> {
    records: Vec<Record<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    message_id: TriggerId,
    receipt_handle: TriggerId,
    body: &'a str,
    attributes: Attributes,
    message_attributes: Nothing,
    md5_of_body: &'static str,
    event_source: &'static str,
    #[serde(rename = "eventSourceARN")]
    queue: &'a str,
    aws_region: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    approximate_receive_count: &'static str,
    sent_timestamp: String,
    sender_id: &'static str,
    approximate_first_receive_timestamp: String,
}

#[derive(Serialize)]
struct Nothing {}

/// The messages of a queue of `account`, as Lambda delivers them: see
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>.
pub fn batch(messages: &[Queued], queue: &str, account: AccountId, region: &str) -> String {
    let queue = format!("arn:aws:sqs:{region}:{account}:{queue}");
    let records = messages.iter().map(|message| {
        let sent = message.sent.as_millis().to_string();
        Record {
            message_id: message.id,
            receipt_handle: message.id,
            body: &message.body,
            attributes: Attributes {
                approximate_receive_count: "1",
                sent_timestamp: sent.clone(),
                sender_id: "AIDAEXAMPLEEXAMPLE01",
                approximate_first_receive_timestamp: sent,
            },
            message_attributes: Nothing {},
            md5_of_body: "00000000000000000000000000000000",
            event_source: "aws:sqs",
            queue: &queue,
            aws_region: region,
        }
    });
    json(&Batch { records: records.collect() })
}
