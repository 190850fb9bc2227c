//! Side effects that the journal says are owed, and how paying them ends.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{BuildId, CycleKind, ObligationId, Reading, State, Tags, TaskKind, Text, Timestamp};

/// A side effect to carry out. It holds every value that carrying it out needs a decision for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Write tags of the account in the organization.
    WriteTags(Box<TagWrite>),
    /// Start a build in the account.
    StartBuild {
        /// What it does.
        task: TaskKind,
        /// Which attempt it is; 1 is the first.
        attempt: u8,
    },
    /// Put an event on the bus.
    Announce(Announcement),
}

/// Tags to take away, then tags to set, in that order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TagWrite {
    /// The change of state among it.
    pub change: Option<StateChange>,
    /// Other tags to set, in the same call as the state.
    pub set: Tags,
    /// Keys of tags to take away before.
    pub unset: Vec<Text>,
}

/// A change of the state tag: written only where the tag, read just before, still says `from`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StateChange {
    /// What the tag must say.
    pub from: Reading,
    /// What it shall say.
    pub to: State,
}

/// An event of our own, for the bus.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Announcement {
    /// Something happened to the account.
    Account(AccountLabel),
    /// A cycle ended well.
    Activity {
        /// Which cycle.
        cycle: CycleKind,
        /// When it began.
        began: Timestamp,
        /// When it ended.
        ended: Timestamp,
    },
    /// Something is wrong.
    Exception(Box<Exception>),
}

/// Labels of account events, as the predecessor spells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the labels")]
pub enum AccountLabel {
    CreatedAccount,
    AssignedAccount,
    PreparedAccount,
    ReleasedAccount,
    ExpiredAccount,
    PurgedAccount,
}

impl AccountLabel {
    /// The label as it stands in `detail-type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreatedAccount => "CreatedAccount",
            Self::AssignedAccount => "AssignedAccount",
            Self::PreparedAccount => "PreparedAccount",
            Self::ReleasedAccount => "ReleasedAccount",
            Self::ExpiredAccount => "ExpiredAccount",
            Self::PurgedAccount => "PurgedAccount",
        }
    }
}

/// An abnormal event, for people.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Exception {
    /// What kind.
    pub label: ExceptionLabel,
    /// One line.
    pub title: Text,
    /// What happened, and what to do.
    pub message: Text,
}

/// Labels of exceptions that the lifecycle raises, as the predecessor spells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the labels")]
pub enum ExceptionLabel {
    FailedCodebuildException,
    FailedMaintenanceException,
    FailedOnBoardingException,
    GenericException,
}

impl ExceptionLabel {
    /// The label as it stands in `detail-type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FailedCodebuildException => "FailedCodebuildException",
            Self::FailedMaintenanceException => "FailedMaintenanceException",
            Self::FailedOnBoardingException => "FailedOnBoardingException",
            Self::GenericException => "GenericException",
        }
    }
}

/// A side effect that a record makes us owe.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Owes {
    /// The effect.
    pub intent: Intent,
    /// Not to be carried out before this instant.
    pub not_before: Timestamp,
}

/// A side effect that is owed and not settled.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Obligation {
    /// Its name; its idempotency token is made from it.
    pub id: ObligationId,
    /// The effect.
    pub intent: Intent,
    /// Not to be carried out before this instant.
    pub not_before: Timestamp,
    /// Until when somebody has it in hand. Nobody else may carry it out before.
    pub claim: Option<Timestamp>,
    /// How often it failed.
    pub failures: u32,
    /// Whether it may have been carried out without anybody having recorded it: a claim ran out, or an
    /// answer never came. Then one must look before one starts anything again.
    pub uncertain: bool,
    /// Whether the world moved on meanwhile: it is settled, and not carried out any more.
    pub superseded: bool,
}

impl Obligation {
    /// From when on anybody may carry it out.
    pub fn due(&self) -> Timestamp {
        self.claim.map_or(self.not_before, |claim| claim.max(self.not_before))
    }
}

/// How an attempt to carry out an obligation ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Payment {
    /// The tags are written.
    TagsWritten,
    /// The build was started, now or by somebody who did not come to record it.
    BuildStarted(Started),
    /// The event is on the bus.
    Announced,
    /// It was not attempted, for this reason.
    Withheld(Withheld),
    /// It was attempted, and failed.
    Failed(Failure),
}

/// A build that was started, and what was seen on the way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Started {
    /// Which build.
    pub build: BuildId,
    /// When status, name and units were read for it, where they are as the journal has them: nobody need read them
    /// again so soon.
    pub described: Option<Timestamp>,
    /// What the baseline was found to be, in the words of whoever looks after it, where that was looked into.
    pub baseline: Option<Text>,
}

impl Started {
    /// A build of which nothing else is known.
    pub const fn alone(build: BuildId) -> Self {
        Self { build, described: None, baseline: None }
    }
}

/// Why a side effect was not attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// The account could not be looked at.
    Unreadable(crate::Unreadable),
    /// The account is not there, or not in use.
    NotActive(crate::Status),
    /// The account is not managed, or protected.
    Standing(crate::Standing),
    /// The tag says something else than the effect relies on.
    TagDiffers,
    /// The tag says something else, and an own write is too young to believe it.
    Settling(Timestamp),
    /// The tag says already what was to be written.
    AlreadyWritten,
    /// A purge, and the journal does not show that the account was ever on-boarded.
    NeverOnBoarded,
    /// Somebody asked to leave the account alone.
    Held(Timestamp),
    /// The settings disabled the task meanwhile.
    Disabled,
    /// The world moved on; the effect is not wanted any more, and was looked for and not found.
    Superseded,
}

/// An attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// What the service said, for people. At most a few hundred characters.
    pub message: Text,
}

/// Kinds of failures of side effects. What follows from each stands in [`FailureKind::verdict`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Too many requests.
    Throttled,
    /// Another request is already in progress.
    Busy,
    /// No more builds may run at the same time.
    LimitReached,
    /// No answer, or a failure of the service: it may have happened all the same.
    Unavailable,
    /// It was not attempted, because the account could not be read before.
    Unreadable,
    /// Not allowed.
    Denied,
    /// Something that must stand in the account is not there: a role, a project.
    Missing,
    /// The request itself is wrong: a tag that AWS refuses, a buildspec that does not parse.
    Rejected,
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Try again soon; after too many attempts, give up.
    TryAgain,
    /// Into quarantine at once: trying again soon will not help.
    GiveUp,
    /// Into quarantine at once, and it is for whoever owns the settings.
    Attention,
}

impl FailureKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Throttled,
        Self::Busy,
        Self::LimitReached,
        Self::Unavailable,
        Self::Unreadable,
        Self::Denied,
        Self::Missing,
        Self::Rejected,
    ];

    /// What follows from such a failure.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Throttled | Self::Busy | Self::LimitReached | Self::Unavailable | Self::Unreadable => {
                Verdict::TryAgain
            }
            Self::Denied | Self::Missing => Verdict::GiveUp,
            Self::Rejected => Verdict::Attention,
        }
    }

    /// Whether the effect may have happened although the caller was told that it failed.
    pub const fn is_uncertain(self) -> bool {
        match self {
            Self::Unavailable => true,
            Self::Throttled
            | Self::Busy
            | Self::LimitReached
            | Self::Unreadable
            | Self::Denied
            | Self::Missing
            | Self::Rejected => false,
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttled => "too many requests",
            Self::Busy => "another request is in progress",
            Self::LimitReached => "no more builds may run at the same time",
            Self::Unavailable => "the service did not answer",
            Self::Unreadable => "the account could not be read before",
            Self::Denied => "not allowed",
            Self::Missing => "something that must stand in the account is missing",
            Self::Rejected => "the request was rejected",
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.is_empty() { self.kind.fmt(f) } else { write!(f, "{}: {}", self.kind, self.message) }
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WriteTags(write) => match &write.change {
                Some(change) => write!(f, "set the tag to {}", change.to),
                None => f.write_str("refresh tags"),
            },
            Self::StartBuild { task, attempt: 1 } => write!(f, "start the {task} build"),
            Self::StartBuild { task, attempt } => write!(f, "start the {task} build, attempt {attempt}"),
            Self::Announce(announcement) => write!(f, "announce {announcement}"),
        }
    }
}

impl fmt::Display for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(label) => f.write_str(label.as_str()),
            Self::Activity { cycle, .. } => f.write_str(cycle.activity_label()),
            Self::Exception(exception) => f.write_str(exception.label.as_str()),
        }
    }
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(cause) => write!(f, "the account could not be read: {cause}"),
            Self::NotActive(status) => write!(f, "the account is {status}"),
            Self::Standing(standing) => write!(f, "the account is {standing}"),
            Self::TagDiffers => f.write_str("the tag says something else"),
            Self::Settling(until) => write!(f, "an own tag change settles until {until}"),
            Self::AlreadyWritten => f.write_str("the tag says so already"),
            Self::NeverOnBoarded => f.write_str("the journal does not show that it was ever on-boarded"),
            Self::Held(until) => write!(f, "it is held until {until}"),
            Self::Disabled => f.write_str("the settings disable it"),
            Self::Superseded => f.write_str("the account moved on meanwhile"),
        }
    }
}
