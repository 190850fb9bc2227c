//! The two ways in: one event, or whatever a Lambda function receives.

use super::{Message, Outer, Part, Shape, queue};
use crate::event::{Event, Invocation, Refusal, Trust, Via, invocation};

/// How many bytes one event, or one message of a queue, may have.
///
/// EventBridge, SQS and asynchronous invocations carry up to 1 MB since January 2026, 256 KB before: see
/// <https://aws.amazon.com/blogs/compute/more-room-to-build-serverless-services-now-support-payloads-up-to-1-mb>.
pub const EVENT_LIMIT: usize = 1024 * 1024;

/// How many bytes the input of one invocation may have: a batch of messages, each within [`EVENT_LIMIT`].
///
/// Lambda takes 6 MB, see <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
pub const DELIVERY_LIMIT: usize = 6 * 1024 * 1024;

/// What a Lambda function was invoked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// One event.
    Event(Event),
    /// Messages of a queue, each with its own outcome: a bad one spoils none of the others.
    Batch(Vec<Message>),
    /// What a person wrote.
    Invocation(Invocation),
}

/// Reads one event of EventBridge.
///
/// # Errors
/// When it is malformed, none of our business, or not the sender's to say: see [`Refusal`].
pub fn decode(text: &str, trust: &Trust) -> Result<Event, Refusal> {
    within_limit(text.len(), EVENT_LIMIT)?;
    let part = Part::whole(text);
    let outer: Outer<'_> = part.object()?;
    match outer.shape()? {
        Shape::Event => outer.event(part, trust, Via::Bus),
        Shape::Batch(_) | Shape::Other { .. } => Err(Refusal::UnknownShape),
    }
}

/// Reads what a Lambda function was invoked with: an event, a batch of SQS messages, or the input of a person.
///
/// # Errors
/// When nothing can be made of the whole. What is wrong with one message of a batch is told with that message.
pub fn receive(payload: &[u8], trust: &Trust) -> Result<Delivery, Refusal> {
    within_limit(payload.len(), DELIVERY_LIMIT)?;
    let text =
        std::str::from_utf8(payload).map_err(|error| Refusal::NotUtf8 { offset: error.valid_up_to() })?;
    let part = Part::whole(text);
    let outer: Outer<'_> = part.object()?;
    match outer.shape()? {
        Shape::Batch(records) => queue::decode(part.member(records, "Records"), trust).map(Delivery::Batch),
        Shape::Event => {
            within_limit(text.len(), EVENT_LIMIT)?;
            outer.event(part, trust, Via::Bus).map(Delivery::Event)
        }
        Shape::Other { dated } => invocation::decode(part, dated).map(Delivery::Invocation),
    }
}

pub(super) const fn within_limit(size: usize, limit: usize) -> Result<(), Refusal> {
    if size > limit { Err(Refusal::TooLarge { size, limit }) } else { Ok(()) }
}
