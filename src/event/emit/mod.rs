//! From events to JSON: what we put on the bus, and what AWS would put there, for the local organization.
//!
//! What is written has the members that AWS writes, so that the local organization and AWS go through the same
//! decoding. What an [`Event`] does not tell (addresses, user agents, request identifiers) is filled in with
//! values from the ranges that are reserved for documentation.

mod instant;
mod queue;

use serde::Serialize;
use state_machine::{AccountId, TriggerId};

use super::{
    Body, Event, OWN_SOURCE, OwnEvent, Trust, WakeUp, alert, build, organization, own, schedule, sign_in,
    wake_up,
};

pub(super) use instant::{iso, wordy};
pub use queue::{Queued, batch};

/// One event of ours, as `PutEvents` wants it.
///
/// See <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The member `Source`.
    pub source: &'static str,
    /// The member `DetailType`.
    pub detail_type: &'static str,
    /// The member `Detail`.
    pub detail: String,
}

/// What `PutEvents` needs to announce an event of ours.
pub fn entry(event: &OwnEvent, trust: &Trust) -> Entry {
    Entry {
        source: OWN_SOURCE,
        detail_type: event.news.label().as_str(),
        detail: json(&own::emit::detail(event, trust)),
    }
}

/// The body of the message by which we ask to be woken.
pub fn wake_up(wake_up: &WakeUp, trust: &Trust) -> String {
    wake_up::emit::write(wake_up, trust)
}

/// The event as EventBridge delivers it. Alerts and wake-ups do not come over EventBridge: of them, it is the body of
/// the message in the queue.
pub fn event(event: &Event, trust: &Trust) -> String {
    write(event, trust, Form::Whole)
}

/// The detail of the event and nothing else, as a rule with the input path `$.detail` delivers it.
pub fn detail(event: &Event, trust: &Trust) -> String {
    write(event, trust, Form::Detail)
}

/// How much of an event is written.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Whole,
    Detail,
}

fn write(event: &Event, trust: &Trust, form: Form) -> String {
    match &event.body {
        Body::Organization(body) => organization::emit::write(event, body, form),
        Body::Build(body) => build::emit::write(event, body, form),
        Body::SignIn(body) => sign_in::emit::write(event, body, form),
        Body::Alert(body) => alert::emit::write(event, body),
        Body::Schedule(body) => schedule::emit::write(event, body, trust, form),
        Body::Own(body) => render(event, &[], &own::emit::detail(body, trust), form),
        Body::WakeUp(body) => wake_up::emit::write(body, trust),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Whole<'a, D> {
    version: &'static str,
    id: TriggerId,
    detail_type: &'static str,
    source: &'static str,
    account: AccountId,
    time: &'a str,
    region: &'a str,
    resources: &'a [String],
    detail: &'a D,
}

/// Writes the detail, with the envelope around it or without.
pub(super) fn render<D: Serialize>(event: &Event, resources: &[String], detail: &D, form: Form) -> String {
    match form {
        Form::Detail => json(detail),
        Form::Whole => json(&Whole {
            version: "0",
            id: event.envelope.id,
            detail_type: event.detail_type(),
            source: event.source(),
            account: event.envelope.account,
            time: &iso(event.envelope.time),
            region: &event.envelope.region,
            resources,
            detail,
        }),
    }
}

/// The value as JSON.
///
/// `serde_json` fails for maps whose keys are no text, for `Serialize` implementations that fail, and for
/// writers that fail. There is none of these: structures of ours are written to memory.
pub(super) fn json(value: &impl Serialize) -> String {
    // Large enough for most events, so that they are not copied while they grow.
    let mut bytes = Vec::with_capacity(2048);
    match serde_json::to_writer(&mut bytes, value) {
        Ok(()) => String::from_utf8(bytes).unwrap_or_default(),
        Err(_) => String::new(),
    }
}
