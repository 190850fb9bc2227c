//! Reading what SNS writes into the queue for alerts.

use serde::Deserialize;
use serde::de::IgnoredAny;
use state_machine::{AccountId, TriggerId};

use super::{ALERT_TOPIC, Alert};
use crate::event::arn::Arn;
use crate::event::decode::{Borrowed, Carrier, Part};
use crate::event::refusal::said;
use crate::event::{Body, Claim, Envelope, Event, Refusal, Sender, Via};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "an object")]
struct Notification<'a> {
    #[serde(borrow, rename = "Type")]
    kind: Borrowed<'a>,
    #[serde(borrow)]
    message_id: Borrowed<'a>,
    #[serde(borrow)]
    topic_arn: Borrowed<'a>,
    #[serde(borrow)]
    subject: Option<Borrowed<'a>>,
    #[serde(borrow)]
    message: Borrowed<'a>,
    #[serde(borrow)]
    timestamp: Borrowed<'a>,
}

/// What would make a body pass for something else than an alert.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Pretence {
    source: Option<IgnoredAny>,
    detail: Option<IgnoredAny>,
    event_source: Option<IgnoredAny>,
}

/// Reads the body of a message in the queue for alerts.
///
/// What is no JSON object is kept as text: an alert that nobody can parse is still an alert.
pub(in crate::event) fn decode(body: &str, carrier: &Carrier<'_>) -> Result<Event, Refusal> {
    let part = Part::whole(body);
    let Some(pretence) = part.peek::<Pretence>() else {
        return Ok(text(body, carrier));
    };
    if pretence.source.is_some() || pretence.detail.is_some() || pretence.event_source.is_some() {
        return Err(Refusal::Forged { claim: Claim::AlertQueue, sender: Sender::Unknown });
    }
    notification(part)
}

fn text(body: &str, carrier: &Carrier<'_>) -> Event {
    let envelope = Envelope {
        id: TriggerId::from_text(carrier.message_id),
        account: carrier.queue_account,
        region: carrier.region.into(),
        time: carrier.sent,
        via: Via::QueuedText,
    };
    Event { envelope, body: Body::Alert(Alert::Text { text: body.into() }) }
}

fn notification(part: Part<'_>) -> Result<Event, Refusal> {
    let notification: Notification<'_> = part.object()?;
    if &*notification.kind != "Notification" {
        let detail_type = said(&notification.kind);
        return Err(Refusal::UnknownDetailType { from: "aws.sns".to_owned(), detail_type });
    }
    let topic = Arn::parse(&notification.topic_arn).filter(|arn| arn.service == "sns").ok_or_else(|| {
        let text = said(&notification.topic_arn);
        part.invalid("TopicArn", &format_args!("`{text}` is not the ARN of a topic"))
    })?;
    let account = part.typed(topic.account, "TopicArn")?;
    if topic.resource != ALERT_TOPIC {
        return Err(Refusal::forged(Claim::Topic(said(topic.resource)), account));
    }
    if let Some(other) = accounts_in(&notification.message).find(|&named| named != account) {
        return Err(Refusal::forged(Claim::Alert(other), account));
    }
    let envelope = Envelope {
        id: TriggerId::from_text(&notification.message_id),
        account,
        region: topic.region.into(),
        time: part.typed(&notification.timestamp, "Timestamp")?,
        via: Via::Notification,
    };
    let subject = notification.subject.map(|subject| (*subject).into());
    let message = (*notification.message).into();
    Ok(Event { envelope, body: Body::Alert(Alert::Notification { subject, message }) })
}

/// The accounts that a budget alert speaks of: lines like `AWS Account 777788889999`.
fn accounts_in(message: &str) -> impl Iterator<Item = AccountId> {
    message.lines().filter_map(|line| line.trim().strip_prefix("AWS Account ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_in_lines_of_their_own() {
        let message = "AWS Budget Notification November 20, 2026\r\nAWS Account 777788889999\r\n\n\
                       Budget of AWS Account 111122223333\nAWS Account unknown\n  AWS Account 000000000001 ";
        let found: Vec<_> = accounts_in(message).map(|account| account.to_string()).collect();
        assert_eq!(found, ["777788889999", "000000000001"]);
    }
}
