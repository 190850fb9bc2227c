//! What happens outside, and who did it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{BuildId, Hold, ObligationId, Payment, Reading, Text, TriggerId, WindowId};

/// Something that happened outside, or somebody who asks to look.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Trigger {
    /// What tells it from other triggers; `None` for what may come any number of times (wake-ups).
    pub id: Option<TriggerId>,
    /// Who did it.
    pub by: Actor,
    /// What happened.
    pub happening: Happening,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// This system.
    Spa,
    /// A service of AWS: CodeBuild ended a build, a schedule fired.
    Aws,
    /// A person or a program that is not ours: a principal's ARN, or an operator's name.
    Principal(Text),
    /// Somebody; no event came that would tell who.
    Unknown,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Spa => "spa",
            Self::Aws => "AWS",
            Self::Principal(name) => name,
            Self::Unknown => "somebody",
        })
    }
}

/// What happened. Everything that comes from an event is a hint: it says where to look, not what is so.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Happening {
    /// The state tag was set or taken away; what the event said of it.
    TagEvent(Reading),
    /// The account was created, moved, or otherwise touched: look at it.
    Changed,
    /// A build ended, somebody says.
    BuildEvent(BuildId),
    /// A maintenance window wants the account.
    Window(WindowId),
    /// An operator asks for something.
    Command(Command),
    /// Something is due.
    Wake,
    /// The reconciler saw a difference between the account and its journal.
    Difference,
    /// Obligations were carried out, or could not be.
    Settled(Vec<(ObligationId, Payment)>),
}

/// What an operator may ask for. Every gesture has a reason, and is recorded with it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Command {
    /// What is asked for.
    pub gesture: Gesture,
    /// Why.
    pub reason: Text,
}

/// Gestures of operators.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gesture {
    /// Take over an account that carried a state before it was first seen.
    Adopt,
    /// On-board it, again if need be.
    Vanilla,
    /// Give it to its holder as it is.
    Release,
    /// Put it into maintenance now.
    Expire,
    /// Leave it alone until then. The reason of the hold is the reason of the command.
    Hold(crate::Timestamp),
    /// The hold ends now.
    Unhold,
    /// Do not wait for the next try.
    Retry,
}

impl Gesture {
    /// The word on the command line.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Adopt => "adopt",
            Self::Vanilla => "vanilla",
            Self::Release => "release",
            Self::Expire => "expire",
            Self::Hold(_) => "hold",
            Self::Unhold => "unhold",
            Self::Retry => "retry",
        }
    }
}

impl fmt::Display for Gesture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hold(until) => write!(f, "hold until {until}"),
            Self::Adopt | Self::Vanilla | Self::Release | Self::Expire | Self::Unhold | Self::Retry => {
                f.pad(self.as_str())
            }
        }
    }
}

impl Command {
    /// The hold that this command asks for, if it does.
    pub fn hold(&self) -> Option<Hold> {
        match self.gesture {
            Gesture::Hold(until) => Some(Hold { until, reason: Text::clone(&self.reason) }),
            Gesture::Adopt
            | Gesture::Vanilla
            | Gesture::Release
            | Gesture::Expire
            | Gesture::Unhold
            | Gesture::Retry => None,
        }
    }
}

impl Trigger {
    /// A wake-up: something is due, see what.
    pub const WAKE: Self = Self { id: None, by: Actor::Spa, happening: Happening::Wake };

    /// The reconciler saw a difference.
    pub const DIFFERENCE: Self = Self { id: None, by: Actor::Unknown, happening: Happening::Difference };

    /// Where it came from, for the record.
    pub fn origin(&self) -> Origin {
        match &self.happening {
            Happening::TagEvent(_) => Origin::TagEvent,
            Happening::Changed => Origin::AccountEvent,
            Happening::BuildEvent(_) => Origin::BuildEvent,
            Happening::Window(_) => Origin::Window,
            Happening::Command(_) => Origin::Command,
            Happening::Wake => Origin::WakeUp,
            Happening::Difference => Origin::Reconciler,
            Happening::Settled(..) => Origin::Outcome,
        }
    }
}

/// Where a record came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The event of a tag change.
    TagEvent,
    /// The event of a new or moved account.
    AccountEvent,
    /// The event of a build.
    BuildEvent,
    /// A maintenance window.
    Window,
    /// An operator.
    Command,
    /// Something was due.
    WakeUp,
    /// The reconciler.
    Reconciler,
    /// A side effect that was carried out, or was not.
    Outcome,
    /// Something that came in and could not be read or believed.
    Outside,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::TagEvent => "tag event",
            Self::AccountEvent => "account event",
            Self::BuildEvent => "build event",
            Self::Window => "maintenance window",
            Self::Command => "operator",
            Self::WakeUp => "wake-up",
            Self::Reconciler => "reconciler",
            Self::Outcome => "outcome",
            Self::Outside => "outside",
        })
    }
}

/// What led to a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cause {
    /// Where it came from.
    pub origin: Origin,
    /// Who did it.
    pub by: Actor,
    /// The trigger, when it has a name; the outcome of an effect keeps the name of what led to it.
    pub trigger: Option<TriggerId>,
}
