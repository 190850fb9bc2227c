//! Our own events: what we announce, and what builds inside the accounts report.
//!
//! Source, labels and shapes are those of the Python predecessor, because companies subscribed rules to them.
//! Two members are new, and optional for whoever reads: `SchemaVersion`, and `Token`, by which a consumer
//! notices an announcement that arrives twice.

mod decode;
pub(super) mod emit;
mod label;
mod payload;

use state_machine::{AccountId, Tags, Text, Timestamp, Token};

pub(super) use decode::decode;
pub use label::{AccountLabel, ActivityLabel, ExceptionLabel, Label, UnknownLabel};

/// The member `source` of our own events.
pub const OWN_SOURCE: &str = "SustainablePersonalAccounts";

/// The version of the shapes that are written here. An event without a version has version 1.
///
/// Whoever adds a member keeps the number. Whoever takes one away, or changes what it means, raises it; then
/// older readers refuse the event instead of misreading it.
pub const SCHEMA_VERSION: u32 = 1;

/// One of our own events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnEvent {
    /// The same for every copy of the same announcement. The predecessor sends none.
    pub token: Option<Token>,
    /// What is announced.
    pub news: News,
}

/// What is announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// An account went a step further, or a build in it reports.
    Account(AccountEvent),
    /// Something was done for an account that is worth counting.
    Activity(ActivityEvent),
    /// Something went wrong.
    Exception(ExceptionEvent),
    /// A message for the chat.
    Chat(ChatMessage),
}

/// An account went a step further, or a build in it reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEvent {
    /// Which step.
    pub label: AccountLabel,
    /// The account.
    pub account: AccountId,
    /// More about it: the end of a log, in a report.
    pub message: Option<Text>,
}

/// Something was done for an account that is worth counting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityEvent {
    /// What was done.
    pub label: ActivityLabel,
    /// The account.
    pub account: AccountId,
    /// Who pays for it.
    pub cost_center: Text,
    /// The kind of activity in the predecessor's words: `on-boarding`, `maintenance`, `console-login`.
    pub transaction: Text,
    /// When it began.
    pub begin: Timestamp,
    /// When it ended.
    pub end: Timestamp,
    /// Which one it is; reports count each identifier once.
    pub identifier: Text,
    /// The tags of the account, for reports. A tag whose key is the name of another member is left out.
    pub tags: Tags,
}

/// Something went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionEvent {
    /// What kind of thing.
    pub label: ExceptionLabel,
    /// The account, when it is about one.
    pub account: Option<AccountId>,
    /// One line.
    pub title: Text,
    /// The rest.
    pub message: Text,
    /// How bad it is, in Incident Manager's scale from 1 (critical) to 5 (no impact).
    ///
    /// See <https://docs.aws.amazon.com/incident-manager/latest/APIReference/API_StartIncident.html>.
    pub impact: Option<u8>,
}

/// A message for the chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatMessage {
    /// Its heading.
    pub subject: Text,
    /// Its text.
    pub message: Text,
}

impl News {
    /// The member `detail-type`.
    pub const fn label(&self) -> Label {
        match self {
            Self::Account(event) => Label::Account(event.label),
            Self::Activity(event) => Label::Activity(event.label),
            Self::Exception(event) => Label::Exception(event.label),
            Self::Chat(_) => Label::MessageToMicrosoftTeams,
        }
    }
}
