//! Writing our own events.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use state_machine::{AccountId, Timestamp, Token};

use super::{ActivityEvent, ChatMessage, ExceptionEvent, News, OwnEvent, SCHEMA_VERSION};
use crate::event::Trust;

/// The detail of any of our events: about an account, or around a payload.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::event) struct Detail<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'static str>,
    environment: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Payload<'a>>,
    schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<Token>,
}

enum Payload<'a> {
    Activity(&'a ActivityEvent),
    Exception(&'a ExceptionEvent),
    Chat(&'a ChatMessage),
}

#[derive(Serialize)]
struct Exception<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<AccountId>,
    title: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    impact: Option<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Chat<'a> {
    subject: &'a str,
    message: &'a str,
}

pub(in crate::event) fn detail<'a>(event: &'a OwnEvent, trust: &'a Trust) -> Detail<'a> {
    let (account, message, payload) = match &event.news {
        News::Account(event) => (Some(event.account), event.message.as_deref(), None),
        News::Activity(event) => (None, None, Some(Payload::Activity(event))),
        News::Exception(event) => (None, None, Some(Payload::Exception(event))),
        News::Chat(message) => (None, None, Some(Payload::Chat(message))),
    };
    Detail {
        account,
        content_type: payload.is_some().then_some("application/json"),
        environment: &trust.environment,
        message,
        payload,
        schema_version: SCHEMA_VERSION,
        token: event.token,
    }
}

impl Serialize for Payload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Activity(event) => activity(event, serializer),
            Self::Exception(event) => Exception {
                account: event.account,
                title: &event.title,
                message: &event.message,
                impact: event.impact,
            }
            .serialize(serializer),
            Self::Chat(event) => {
                Chat { subject: &event.subject, message: &event.message }.serialize(serializer)
            }
        }
    }
}

/// The names of the members that are no tags.
const MEMBERS: [&str; 7] =
    ["cost-center", "transaction", "account", "begin", "end", "duration", "identifier"];

fn activity<S: Serializer>(event: &ActivityEvent, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (key, value) in event.tags.iter().filter(|(key, _)| !MEMBERS.contains(&&***key)) {
        map.serialize_entry(key, value)?;
    }
    map.serialize_entry("cost-center", &*event.cost_center)?;
    map.serialize_entry("transaction", &*event.transaction)?;
    map.serialize_entry("account", &event.account)?;
    map.serialize_entry("begin", &seconds(event.begin.as_millis()))?;
    map.serialize_entry("end", &seconds(event.end.as_millis()))?;
    map.serialize_entry("duration", &seconds(duration(event.begin, event.end)))?;
    map.serialize_entry("identifier", &*event.identifier)?;
    map.end()
}

fn duration(begin: Timestamp, end: Timestamp) -> i64 {
    end.as_millis().saturating_sub(begin.as_millis())
}

/// Instants are seconds since 1970 with a fraction, as Python's `time.time()` gives them.
#[expect(clippy::cast_precision_loss, reason = "every instant that a calendar shows fits into 53 bits")]
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}
