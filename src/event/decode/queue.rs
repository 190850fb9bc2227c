//! Batches of SQS messages, as Lambda delivers them.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>. Each message is read on its own. What it
//! may hold depends on its queue: the queue for alerts takes what SNS sends on behalf of many accounts, so
//! nothing but alerts is read from it; from the queue of wake-ups, which our functions write, nothing but those; every
//! other queue is written by our own EventBridge rules only.

use serde::Deserialize;
use serde_json::value::RawValue;
use state_machine::{AccountId, Text, Timestamp, TriggerId};

use super::delivery::within_limit;
use super::{Borrowed, EVENT_LIMIT, Outer, Part, Shape};
use crate::event::arn::Arn;
use crate::event::refusal::said;
use crate::event::{
    Body, Claim, Envelope, Event, Excerpt, Refusal, Trust, Via, alert, organization, wake_up,
};

/// One message of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its identifier, which goes into the list of failed messages; empty when the message has none.
    pub id: Text,
    /// The event in it.
    pub outcome: Result<Event, Refusal>,
    /// The beginning of its body, when there is no event in it.
    pub excerpt: Option<Excerpt>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Record<'a> {
    #[serde(borrow)]
    message_id: Option<Borrowed<'a>>,
    #[serde(borrow)]
    body: Option<Borrowed<'a>>,
    #[serde(borrow)]
    attributes: Option<Attributes<'a>>,
    #[serde(borrow)]
    event_source: Option<Borrowed<'a>>,
    #[serde(borrow, rename = "eventSourceARN")]
    queue: Option<Borrowed<'a>>,
    #[serde(borrow)]
    aws_region: Option<Borrowed<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "an object")]
struct Attributes<'a> {
    #[serde(borrow)]
    sent_timestamp: Option<Borrowed<'a>>,
}

/// What the queue says about a message, for bodies that say nothing about themselves.
pub(in crate::event) struct Carrier<'a> {
    pub(in crate::event) message_id: &'a str,
    pub(in crate::event) queue_account: AccountId,
    pub(in crate::event) region: &'a str,
    pub(in crate::event) sent: Timestamp,
}

/// How many messages Lambda delivers at once, see
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html>. Six megabytes of commas would
/// otherwise become millions of refusals.
const BATCH_LIMIT: usize = 10_000;

/// Reads the messages of a batch.
pub(super) fn decode(records: Part<'_>, trust: &Trust) -> Result<Vec<Message>, Refusal> {
    let records: Vec<&RawValue> = records.parse()?;
    if records.len() > BATCH_LIMIT {
        let problem = format_args!("{} messages are more than Lambda delivers at once", records.len());
        return Err(Refusal::invalid("$.Records", &problem));
    }
    Ok(records.into_iter().enumerate().map(|(number, record)| message(number, record, trust)).collect())
}

fn message(number: usize, raw: &RawValue, trust: &Trust) -> Message {
    let within = |refusal: Refusal| refusal.within(&format!("$.Records[{number}]"));
    let part = Part::whole(raw.get());
    let record: Record<'_> = match part.object() {
        Ok(record) => record,
        Err(refusal) => {
            let excerpt = Some(Excerpt::of(raw.get().as_bytes()));
            return Message { id: identifier(raw), outcome: Err(within(refusal)), excerpt };
        }
    };
    let outcome = read(part, &record, trust).map_err(within);
    let body = record.body.as_deref().unwrap_or(raw.get());
    Message {
        id: record.message_id.as_deref().unwrap_or_default().into(),
        excerpt: outcome.is_err().then(|| Excerpt::of(body.as_bytes())),
        outcome,
    }
}

/// The identifier of a message that cannot be read otherwise: it is needed to put the message aside.
#[cold]
fn identifier(raw: &RawValue) -> Text {
    #[derive(Deserialize)]
    struct Identified<'a> {
        #[serde(borrow, rename = "messageId")]
        id: Borrowed<'a>,
    }
    Part::whole(raw.get()).peek::<Identified<'_>>().map_or_else(Text::default, |record| (*record.id).into())
}

fn read(part: Part<'_>, record: &Record<'_>, trust: &Trust) -> Result<Event, Refusal> {
    let service = part.required(record.event_source.as_deref(), "eventSource")?;
    if service != "aws:sqs" {
        return Err(Refusal::UnknownSource { from: said(service) });
    }
    let queue = part.required(record.queue.as_deref(), "eventSourceARN")?;
    let arn = Arn::parse(queue)
        .filter(|arn| arn.service == "sqs")
        .ok_or_else(|| part.invalid("eventSourceARN", &format_args!("`{queue}` names no queue")))?;
    let queue_account = part.typed(arn.account, "eventSourceARN")?;
    if queue_account != trust.automation_account {
        return Err(Refusal::forged(Claim::Queue, queue_account));
    }
    let sent = record.attributes.as_ref().and_then(|attributes| attributes.sent_timestamp.as_deref());
    let carrier = Carrier {
        message_id: part.required(record.message_id.as_deref(), "messageId")?,
        queue_account,
        region: part.required(record.aws_region.as_deref(), "awsRegion")?,
        sent: instant(part, part.required(sent, SENT)?)?,
    };
    let body = part.required(record.body.as_deref(), "body")?;
    within_limit(body.len(), EVENT_LIMIT)?;
    let event = if trust.is_alert_queue(arn.resource) {
        alert::decode(body, &carrier)
    } else if trust.is_wake_up_queue(arn.resource) {
        wake_up::decode(body, &carrier, trust)
    } else {
        queued(body, trust)
    };
    event.map_err(|refusal| refusal.within("$.body"))
}

/// Reads a body that one of our own rules wrote.
fn queued(body: &str, trust: &Trust) -> Result<Event, Refusal> {
    let part = Part::whole(body);
    let outer: Outer<'_> = part.object()?;
    match outer.shape()? {
        Shape::Event => outer.event(part, trust, Via::Queue),
        Shape::Other { .. } => detail(part, trust),
        Shape::Batch(_) => Err(Refusal::UnknownShape),
    }
}

/// Reads a body that holds the detail of an event and nothing else.
///
/// The predecessor's rule for assigned accounts sends it so (`InputPath: $.detail`). The record of
/// CloudTrail inside has all that the envelope would have told.
fn detail(part: Part<'_>, trust: &Trust) -> Result<Event, Refusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", expecting = "an object")]
    struct Record<'a> {
        #[serde(borrow)]
        event_source: Option<Borrowed<'a>>,
        #[serde(borrow, rename = "eventID")]
        event_id: Option<Borrowed<'a>>,
        #[serde(borrow)]
        event_time: Option<Borrowed<'a>>,
        #[serde(borrow)]
        aws_region: Option<Borrowed<'a>>,
        #[serde(borrow)]
        recipient_account_id: Option<Borrowed<'a>>,
    }

    let record: Record<'_> = part.object()?;
    let Some(service) = record.event_source else {
        return Err(Refusal::UnknownShape);
    };
    if &*service != organization::SERVICE {
        return Err(Refusal::UnknownSource { from: said(&service) });
    }
    let recipient = part.required(record.recipient_account_id, "recipientAccountId")?;
    let envelope = Envelope {
        id: TriggerId::from_text(&part.required(record.event_id, "eventID")?),
        account: part.typed(&recipient, "recipientAccountId")?,
        region: (*part.required(record.aws_region, "awsRegion")?).into(),
        time: part.typed(&part.required(record.event_time, "eventTime")?, "eventTime")?,
        via: Via::QueuedDetail,
    };
    let body = organization::decode(part, None, envelope.account, trust).map(Body::Organization)?;
    Ok(Event { envelope, body })
}

const SENT: &str = "attributes.SentTimestamp";

/// SQS counts milliseconds since 1970, and writes the number as text.
fn instant(part: Part<'_>, text: &str) -> Result<Timestamp, Refusal> {
    let millis = part.typed(text, SENT)?;
    Timestamp::from_millis(millis).map_err(|error| part.invalid(SENT, &error))
}
