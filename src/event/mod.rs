//! Events at the edge: what arrives as JSON becomes typed here, or is refused with a reason.
//!
//! ```text
//!  bytes ── decode ──▶ Event ── route ──▶ Handler          Event ── emit ──▶ JSON
//!             │
//!             └──▶ Refusal: malformed, foreign or hostile
//! ```
//!
//! | what | where |
//! | --- | --- |
//! | an event and its envelope | [`Event`], [`Envelope`], [`Body`] |
//! | what AWS Organizations tells | [`OrganizationEvent`] |
//! | the state of a build | [`BuildEvent`] |
//! | who signed in to the console | [`SignIn`] |
//! | a budget alert | [`Alert`] |
//! | which schedule fired | [`Schedule`] |
//! | our own events | [`OwnEvent`] |
//! | an account wants to be woken | [`WakeUp`] |
//! | a function that a person invoked | [`Invocation`] |
//! | decoding: one event, or whatever a Lambda function receives | [`decode()`], [`receive`] |
//! | who may say what | [`Trust`] |
//! | why something is no event for us | [`Refusal`] |
//! | which function handles it, and the EventBridge patterns that say the same | [`route`], [`patterns`] |
//! | building JSON | [`emit`] |
//! | files of events | [`read_events`] |
//!
//! **Nothing is believed that was not checked.** [`decode()`] and [`receive`] are the only ways in, and both
//! take a [`Trust`]: an event comes out only when its sender may say what it says. A holder is administrator
//! in the account, and can send any JSON from there; what cannot be forged is the account that EventBridge
//! writes on the envelope.
//!
//! **No input is dangerous.** Nothing here panics, recurses with the depth of its input, or takes more time
//! than one that grows with the input's length.

mod alert;
mod arn;
mod build;
mod decode;
pub mod emit;
mod envelope;
mod excerpt;
mod invocation;
mod organization;
mod own;
mod refusal;
mod routing;
mod schedule;
mod sign_in;
mod stream;
mod trust;
mod wake_up;

pub use alert::{ALERT_TOPIC, Alert};
pub use build::{BuildEvent, BuildStatus};
pub use decode::{DELIVERY_LIMIT, Delivery, EVENT_LIMIT, Message, decode, receive};
pub use envelope::{Body, Envelope, Event, Via};
pub use excerpt::Excerpt;
pub use invocation::Invocation;
pub use organization::{
    Actor, CreateAccount, CreateAccountResult, CreationOutcome, MoveAccount, OrganizationEvent, Parent,
    TagResource, UntagResource,
};
pub use own::{
    AccountEvent, AccountLabel, ActivityEvent, ActivityLabel, ChatMessage, ExceptionEvent, ExceptionLabel,
    Label, News, OWN_SOURCE, OwnEvent, SCHEMA_VERSION, UnknownLabel,
};
pub use refusal::{Claim, Class, Refusal, Sender};
pub use routing::{Chore, Handler, NotRouted, Route, UnknownHandler, patterns, route};
pub use schedule::Schedule;
pub use sign_in::{Identity, SignIn};
pub use stream::{Item, read_events};
pub use trust::Trust;
pub use wake_up::WakeUp;
