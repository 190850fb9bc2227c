//! Reading what lies in the queue of wake-ups.

use serde::Deserialize;
use state_machine::TriggerId;

use super::WakeUp;
use crate::event::decode::{Borrowed, Carrier, Part};
use crate::event::refusal::said;
use crate::event::{Body, Envelope, Event, Refusal, SCHEMA_VERSION, Trust, Via};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, expecting = "an object")]
struct Message<'a> {
    #[serde(borrow)]
    account: Borrowed<'a>,
    #[serde(borrow)]
    at: Borrowed<'a>,
    #[serde(borrow)]
    environment: Borrowed<'a>,
    schema_version: u32,
}

/// Reads the body of a message in the queue of wake-ups.
///
/// Nobody but this program writes there, so whatever is not exactly such a message is refused.
pub(in crate::event) fn decode(body: &str, carrier: &Carrier<'_>, trust: &Trust) -> Result<Event, Refusal> {
    let part = Part::whole(body);
    let message: Message<'_> = part.object()?;
    if *message.environment != *trust.environment {
        return Err(Refusal::OtherEnvironment { environment: said(&message.environment) });
    }
    if message.schema_version != SCHEMA_VERSION {
        let version = message.schema_version.to_string();
        return Err(Refusal::UnsupportedSchema { version, known: SCHEMA_VERSION });
    }
    let wake_up =
        WakeUp { account: part.typed(&message.account, "Account")?, at: part.typed(&message.at, "At")? };
    let envelope = Envelope {
        id: TriggerId::from_text(carrier.message_id),
        account: carrier.queue_account,
        region: carrier.region.into(),
        time: carrier.sent,
        via: Via::QueuedWakeUp,
    };
    Ok(Event { envelope, body: Body::WakeUp(wake_up) })
}
