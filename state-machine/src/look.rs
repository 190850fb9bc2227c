//! What is asked of the world before a decision, and what it answered.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{BuildId, BuildOutcome, Reading, Tags, Text, Timestamp, UnitId, Unreadable};

/// What a look at an account told. "Not found" and "could not read" are different answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Look {
    /// The account was read, as much of it as was asked for.
    Seen(Box<Seen>),
    /// The organization has no such account.
    NotFound,
    /// The account, its tags or its units could not be read.
    Unreadable(Unreadable),
}

/// An account as the organization shows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Seen {
    /// When its tags were read.
    pub at: Timestamp,
    /// When status, name, e-mail and units were read: with the tags, or before ([`Scope`]).
    pub described: Timestamp,
    /// Whether it is in use.
    pub status: Status,
    /// What its state tag told.
    pub reading: Reading,
    /// The rest.
    pub profile: Arc<Profile>,
}

/// What the organization knows of an account beside its state.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Profile {
    /// Name given to the account.
    pub name: Text,
    /// E-mail address of its root user.
    pub email: Text,
    /// The units that hold it, nearest first; none when it stands in the root. Accounts of one unit share it.
    pub units: Arc<[UnitId]>,
    /// Its tags, without the one that holds the state.
    pub tags: Tags,
}

/// Whether an account is in use: `State` of an account in AWS Organizations, and one more for "not there".
///
/// See <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In use: the only status in which an account is touched.
    #[default]
    Active,
    /// Created, and not usable yet.
    PendingActivation,
    /// AWS suspended it.
    Suspended,
    /// It was asked to be closed.
    PendingClosure,
    /// Closed; AWS keeps it for 90 days.
    Closed,
    /// The organization has no such account any more.
    Gone,
}

impl Status {
    /// The word that people read.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::PendingActivation => "pending activation",
            Self::Suspended => "suspended",
            Self::PendingClosure => "pending closure",
            Self::Closed => "closed",
            Self::Gone => "gone from the organization",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How much of an account a look reads. AWS Organizations answers few calls, and everybody in the company shares
/// them, so a look reads what is relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Everything, now. A purge rests on nothing less, nor does what an operator asks for.
    Whole,
    /// The tags, now. Status, name and units may be as old as [`crate::Times::described`] allows.
    Tags,
    /// As [`Scope::Tags`], and the tags come from an index that may lag a little behind. That is enough to notice
    /// that somebody set the tag by hand, before it is written after a build.
    Index,
}

/// What a look at a build told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BuildFinding {
    /// It waits in the queue or runs.
    InProgress,
    /// It has ended.
    Ended(BuildOutcome),
    /// CodeBuild answered, and does not know it.
    NotFound,
    /// CodeBuild did not answer.
    Unreadable(Unreadable),
}

/// What was looked at for one decision. A decision that needs more asks for it ([`crate::Decision::Need`]).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Evidence {
    /// A look at the account, made for this decision.
    pub look: Option<Look>,
    /// A look at a build, made for this decision.
    pub build: Option<(BuildId, BuildFinding)>,
}

impl Evidence {
    /// No evidence yet.
    pub const NONE: Self = Self { look: None, build: None };

    /// Evidence that holds this look.
    pub fn look(look: Look) -> Self {
        Self { look: Some(look), build: None }
    }
}

/// What a decision cannot do without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// A look at the account that reads so much.
    Look(Scope),
    /// A look at this build.
    Build(BuildId),
}
