//! Why nothing was done, or why something was refused: values that people can read.

use std::fmt;

use crate::{Gesture, Reading, Standing, State, Status, TaskKind, Timestamp, Unreadable};

/// Why a trigger led to nothing. None of these is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Idle {
    /// The same trigger came before.
    Duplicate,
    /// The account is as its journal says.
    AsExpected,
    /// The event tells what is known, or what was true earlier.
    StaleEvent,
    /// The account is not managed, or protected.
    Standing(Standing),
    /// The account is not in use.
    NotActive(Status),
    /// The account could not be read, so nothing may follow. Come back.
    Unreadable(Unreadable),
    /// It carried a state when it was first seen, and waits to be adopted.
    AwaitsAdoption,
    /// The tag shows something else than was written a moment ago. Come back then.
    Settling(Timestamp),
    /// The build runs, or waits in its queue.
    BuildRuns,
    /// The build ended earlier, and that is recorded.
    AlreadySettled,
    /// A build of ours was started and not recorded yet; it is looked for when its claim runs out.
    BuildNotRecordedYet,
    /// Something is in progress that must end first.
    InProgress,
    /// Nothing is due.
    NothingDue,
    /// It is held.
    Held(Timestamp),
    /// It is in quarantine; the next try is then, or runs.
    Quarantined(Option<Timestamp>),
    /// The window leaves it out.
    LeftOut(LeftOut),
    /// The operator asked for what is so already.
    AlreadySo,
}

/// Why a maintenance window leaves an account out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// It is not managed, or protected.
    Standing(Standing),
    /// It is not in use.
    NotActive(Status),
    /// It was never seen before.
    Unseen,
    /// It waits to be adopted.
    AwaitsAdoption,
    /// It could not be read: unknown is never released.
    Unreadable(Unreadable),
    /// Its tag does not say released.
    NotReleased(Reading),
    /// It was never on-boarded here, nor adopted.
    NeverOnBoarded,
    /// A cycle is running.
    InCycle,
    /// It was in this window already.
    Done,
    /// It is held until then.
    Held(Timestamp),
    /// It is in quarantine; the next try is then, or runs.
    Quarantined(Option<Timestamp>),
    /// It came under management a short while ago, and is left alone until then.
    Grace(Timestamp),
    /// A build still runs in it.
    BuildRuns(TaskKind),
}

impl LeftOut {
    /// A short word for counting.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Standing(Standing::Unmanaged) => "not managed",
            Self::Standing(_) => "protected",
            Self::NotActive(_) => "not active",
            Self::Unseen => "never seen",
            Self::AwaitsAdoption => "awaits adoption",
            Self::Unreadable(_) => "unreadable",
            Self::NotReleased(_) => "not released",
            Self::NeverOnBoarded => "never on-boarded",
            Self::InCycle => "in a cycle",
            Self::Done => "done",
            Self::Held(_) => "held",
            Self::Quarantined(_) => "in quarantine",
            Self::Grace(_) => "in grace",
            Self::BuildRuns(_) => "build runs",
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standing(standing) => standing.fmt(f),
            Self::NotActive(status) => write!(f, "it is {status}"),
            Self::Unseen => f.write_str("it was never seen before; it is on-boarded first"),
            Self::AwaitsAdoption => {
                f.write_str("it carried a state when it was first seen, and nobody has adopted it")
            }
            Self::Unreadable(cause) => write!(f, "its tag could not be read: {cause}"),
            Self::NotReleased(reading) => write!(f, "its tag does not say released: {reading}"),
            Self::NeverOnBoarded => f.write_str("it was never on-boarded here, nor adopted"),
            Self::InCycle => f.write_str("a cycle is running"),
            Self::Done => f.write_str("it was in this window already"),
            Self::Held(until) => write!(f, "it is held until {until}"),
            Self::Quarantined(Some(next)) => write!(f, "it is in quarantine; next try at {next}"),
            Self::Quarantined(None) => f.write_str("it is in quarantine; a try is running"),
            Self::Grace(until) => {
                write!(f, "it came under management a short while ago; left alone until {until}")
            }
            Self::BuildRuns(task) => write!(f, "a {task} build still runs in it"),
        }
    }
}

impl fmt::Display for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate => f.write_str("the same trigger came before"),
            Self::AsExpected => f.write_str("the account is as its journal says"),
            Self::StaleEvent => f.write_str("the event tells what was known"),
            Self::Standing(standing) => write!(f, "the account is {standing}"),
            Self::NotActive(status) => write!(f, "the account is {status}"),
            Self::Unreadable(cause) => write!(f, "it could not be read: {cause}"),
            Self::AwaitsAdoption => f.write_str(
                "it carried a state when it was first seen; it is left alone until somebody adopts it",
            ),
            Self::Settling(until) => write!(f, "an own tag change settles until {until}"),
            Self::BuildRuns => f.write_str("its build still runs"),
            Self::AlreadySettled => f.write_str("that is recorded already"),
            Self::BuildNotRecordedYet => {
                f.write_str("a build was started and is not recorded yet; it is looked for shortly")
            }
            Self::InProgress => f.write_str("something is in progress that must end first"),
            Self::NothingDue => f.write_str("nothing is due"),
            Self::Held(until) => write!(f, "it is held until {until}"),
            Self::Quarantined(Some(next)) => write!(f, "it is in quarantine; next try at {next}"),
            Self::Quarantined(None) => f.write_str("it is in quarantine; a try is running"),
            Self::LeftOut(reason) => write!(f, "the window leaves it out: {reason}"),
            Self::AlreadySo => f.write_str("it is so already"),
        }
    }
}

/// Why an operator's gesture was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not managed, or protected.
    #[error("the account is {0}")]
    Standing(Standing),
    /// It is not in use.
    #[error("the account is {0}")]
    NotActive(Status),
    /// The account could not be read.
    #[error("the account could not be read ({0}); try again")]
    Unreadable(Unreadable),
    /// A build runs, or waits in the queue of CodeBuild.
    #[error("a {task} build is in progress; wait for its end (`spa account why` tells how long)")]
    BuildInProgress {
        /// What it does.
        task: TaskKind,
    },
    /// Somebody is starting a build at this moment.
    #[error(
        "a {task} build is being started at this moment; try again when it has ended, or could not start"
    )]
    BuildStarting {
        /// What it does.
        task: TaskKind,
    },
    /// Somebody may have started a build, and did not come to record it.
    #[error(
        "whether a {task} build was started is not known yet; it is looked for at {again}, try again then"
    )]
    BuildUncertain {
        /// What it does.
        task: TaskKind,
        /// When it is looked for.
        again: Timestamp,
    },
    /// It waits to be adopted.
    #[error("the account carried a state when it was first seen; adopt it first (`spa account adopt`)")]
    AwaitsAdoption,
    /// Adopting it would lead to a purge at once.
    #[error(
        "the account carries `expired`: adopting it would purge it at once; \
         set it to vanilla to on-board it, or have its tag set to released before it is adopted"
    )]
    AdoptExpired,
    /// It has no state that could be adopted.
    #[error("the account has {0}: there is nothing to adopt")]
    NothingToAdopt(Reading),
    /// Something is still under way in it, or waits for another try.
    #[error(
        "something is still to happen in the account (`spa account why` tells what); adopt it when that is over"
    )]
    AdoptUnsettled,
    /// It was never on-boarded, nor adopted: it is never purged.
    #[error("the account was never on-boarded here, nor adopted: it is never purged; on-board it first")]
    NeverOnBoarded,
    /// The gesture does not fit its state.
    #[error("{gesture} does not fit an account with {reading}")]
    WrongState {
        /// What was asked for.
        gesture: Gesture,
        /// What its tag says.
        reading: Reading,
    },
    /// It is held.
    #[error("the account is held until {until}: {reason}; end the hold first (`spa account unhold`)")]
    Held {
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: crate::Text,
    },
    /// The settings hold it: that cannot be ended by command.
    #[error("the settings hold the account until {until}: {reason}")]
    HeldBySettings {
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: crate::Text,
    },
    /// There is no hold.
    #[error("the account is not held")]
    NotHeld,
    /// The hold would end before it begins.
    #[error("a hold must end in the future, and {0} has passed")]
    HoldHasPassed(Timestamp),
    /// It is not in quarantine.
    #[error("the account is not in quarantine: there is nothing to try again")]
    NotQuarantined,
    /// An own tag change settles.
    #[error("an own tag change settles until {0}; try again then")]
    Settling(Timestamp),
    /// Its tag is being changed.
    #[error("its tag is being changed to {0}; try again in a moment")]
    Transition(State),
    /// Its tag may have been changed, and whoever did it did not come to record it.
    #[error(
        "whether its tag was changed to {to} is not known yet; that is looked at at {again}, try again then"
    )]
    TransitionUncertain {
        /// To what.
        to: State,
        /// When somebody looks.
        again: Timestamp,
    },
}
