//! The state of a CodeBuild build in a member account.
//!
//! See <https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications-ref.html>; the words for
//! the status are those of <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Build.html>.
//! These events are delivered on a best-effort basis: a build whose end was not told is looked up.

mod decode;
pub(super) mod emit;

use state_machine::{BuildId, BuildOutcome, Text};

pub(super) use decode::decode;

/// The member `detail-type` of these events.
pub(super) const DETAIL_TYPE: &str = "CodeBuild Build State Change";

/// A build of the sending account (`envelope.account`) changed its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildEvent {
    /// Which build, and with it which project.
    pub build: BuildId,
    /// The state that it is in now.
    pub status: BuildStatus,
    /// Where its log can be read, when the event tells.
    pub log: Option<Text>,
}

/// The state of a build, in CodeBuild's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BuildStatus {
    /// It runs.
    InProgress,
    /// Every phase succeeded.
    Succeeded,
    /// A command failed.
    Failed,
    /// Somebody stopped it.
    Stopped,
    /// It took too long.
    TimedOut,
    /// CodeBuild itself failed.
    Fault,
}

impl BuildStatus {
    /// Every status.
    pub const ALL: [Self; 6] =
        [Self::InProgress, Self::Succeeded, Self::Failed, Self::Stopped, Self::TimedOut, Self::Fault];

    /// CodeBuild's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Stopped => "STOPPED",
            Self::TimedOut => "TIMED_OUT",
            Self::Fault => "FAULT",
        }
    }

    /// How the build ended; `None` while it runs.
    pub const fn outcome(self) -> Option<BuildOutcome> {
        match self {
            Self::InProgress => None,
            Self::Succeeded => Some(BuildOutcome::Succeeded),
            Self::Failed => Some(BuildOutcome::Failed),
            Self::Stopped => Some(BuildOutcome::Stopped),
            Self::TimedOut => Some(BuildOutcome::TimedOut),
            Self::Fault => Some(BuildOutcome::Fault),
        }
    }
}
