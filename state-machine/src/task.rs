//! One preparation or purge: requested, started, ended.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{BuildId, State, Timestamp, Version};

/// What a build does in the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Puts in place what an account needs before its holder may use it: budget, contacts, defaults.
    Preparation,
    /// Deletes what the holder left behind.
    Purge,
}

impl TaskKind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Preparation, Self::Purge];

    /// The state in which such a task is done.
    pub const fn state(self) -> State {
        match self {
            Self::Preparation => State::Assigned,
            Self::Purge => State::Expired,
        }
    }

    /// The state that follows when the task succeeded, or is disabled.
    pub const fn next_state(self) -> State {
        match self {
            Self::Preparation => State::Released,
            Self::Purge => State::Assigned,
        }
    }

    /// The CodeBuild project in the account that does it. The names are those of the Python predecessor,
    /// so that what it left in an account is taken over.
    pub const fn project(self) -> &'static str {
        match self {
            Self::Preparation => "SpaProjectForAccountPreparation",
            Self::Purge => "SpaProjectForAccountPurge",
        }
    }

    /// The word that people read.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preparation => "preparation",
            Self::Purge => "purge",
        }
    }
}

impl fmt::Display for TaskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a build ended. The first five are CodeBuild's words.
///
/// See <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Build.html>, `buildStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildOutcome {
    /// Every phase succeeded.
    Succeeded,
    /// A command failed.
    Failed,
    /// Somebody stopped it.
    Stopped,
    /// It ran, or stood in the queue, for longer than the project allows.
    TimedOut,
    /// CodeBuild itself failed.
    Fault,
    /// CodeBuild does not know the build: its record was deleted, or grew older than a year.
    Lost,
}

impl fmt::Display for BuildOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Stopped => "was stopped",
            Self::TimedOut => "timed out",
            Self::Fault => "met a fault of CodeBuild",
            Self::Lost => "is not known to CodeBuild",
        })
    }
}

/// A task that was asked for and has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Task {
    /// What it does.
    pub kind: TaskKind,
    /// Which attempt this is; 1 is the first.
    pub attempt: u8,
    /// The record that asked for it.
    pub requested: Version,
    /// The build that does it, once it has started.
    pub build: Option<RunningBuild>,
    /// Whether the account left the task's state meanwhile: then its end is noted, and nothing follows.
    pub superseded: bool,
}

/// A build that was started and has not ended, as far as the journal knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RunningBuild {
    /// Which one. Only the end of this build counts.
    pub id: BuildId,
    /// When it was started.
    pub since: Timestamp,
    /// When it is overdue.
    pub deadline: Timestamp,
    /// When the next look at it is due.
    pub look_up: Timestamp,
    /// Whether it was already reported as overdue.
    pub overdue: bool,
}
