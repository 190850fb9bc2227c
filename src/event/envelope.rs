//! An event and what surrounds every event.

use state_machine::{AccountId, Text, Timestamp, TriggerId};

use super::{
    Alert, BuildEvent, CreationOutcome, News, OWN_SOURCE, OrganizationEvent, OwnEvent, Schedule, SignIn,
    WakeUp,
};

/// Something that happened, told by somebody who may tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Who sent it, from where, and when.
    pub envelope: Envelope,
    /// What happened.
    pub body: Body,
}

/// What surrounds every event.
///
/// The members `source` and `detail-type` of the JSON follow from the [`Body`], so they are not repeated
/// here: see [`Event::source`] and [`Event::detail_type`].
/// The shape is that of <https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What tells this event from others; a second delivery carries the same one.
    pub id: TriggerId,
    /// The account that sent it. EventBridge writes it, the sender cannot.
    pub account: AccountId,
    /// The region that it was sent from.
    pub region: Text,
    /// When it happened, as the sender says.
    pub time: Timestamp,
    /// How it came here.
    pub via: Via,
}

/// How an event came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// As an event of EventBridge, whole.
    Bus,
    /// In an SQS message that holds a whole event.
    Queue,
    /// In an SQS message that holds the event's detail and nothing else. The envelope is made from it.
    QueuedDetail,
    /// In an SQS message that holds an SNS notification.
    Notification,
    /// In an SQS message that holds plain text.
    QueuedText,
    /// In an SQS message that this system sent to itself. The envelope is made from the message.
    QueuedWakeUp,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Somebody changed the organization.
    Organization(OrganizationEvent),
    /// A build of the sending account changed its state.
    Build(BuildEvent),
    /// Somebody signed in to the console of the sending account.
    SignIn(SignIn),
    /// A budget of the sending account raised an alert.
    Alert(Alert),
    /// A schedule of ours fired.
    Schedule(Schedule),
    /// We said something.
    Own(OwnEvent),
    /// An account wants to be woken.
    WakeUp(WakeUp),
}

impl Event {
    /// The account that the event is about, if it is about one. Not always the one that sent it.
    pub fn account(&self) -> Option<AccountId> {
        match &self.body {
            Body::Organization(event) => match event {
                OrganizationEvent::TagResource(event) => Some(event.account),
                OrganizationEvent::UntagResource(event) => Some(event.account),
                OrganizationEvent::MoveAccount(event) => Some(event.account),
                OrganizationEvent::CreateAccountResult(event) => match event.outcome {
                    CreationOutcome::Succeeded { account } => Some(account),
                    CreationOutcome::Failed { .. } => None,
                },
                OrganizationEvent::CreateAccount(_) => None,
            },
            Body::Build(_) | Body::SignIn(_) | Body::Alert(Alert::Notification { .. }) => {
                Some(self.envelope.account)
            }
            Body::WakeUp(wake_up) => Some(wake_up.account),
            Body::Alert(Alert::Text { .. }) | Body::Schedule(_) => None,
            Body::Own(event) => match &event.news {
                News::Account(event) => Some(event.account),
                News::Activity(event) => Some(event.account),
                News::Exception(event) => event.account,
                News::Chat(_) => None,
            },
        }
    }

    /// The member `source` of the event: the service that speaks.
    pub fn source(&self) -> &'static str {
        match &self.body {
            Body::Organization(_) => "aws.organizations",
            Body::Build(_) => "aws.codebuild",
            Body::SignIn(_) => "aws.signin",
            Body::Alert(_) => "aws.sns",
            Body::Schedule(_) => "aws.events",
            Body::Own(_) | Body::WakeUp(_) => OWN_SOURCE,
        }
    }

    /// The member `detail-type` of the event: what kind of event of that service it is.
    pub fn detail_type(&self) -> &'static str {
        match &self.body {
            Body::Organization(event) => event.detail_type(),
            Body::Build(_) => super::build::DETAIL_TYPE,
            Body::SignIn(_) => super::sign_in::DETAIL_TYPES[0],
            Body::Alert(_) => "Notification",
            Body::Schedule(_) => super::schedule::DETAIL_TYPE,
            Body::Own(event) => event.news.label().as_str(),
            Body::WakeUp(_) => "WakeUp",
        }
    }
}
