//! Records: immutable facts of an account's journal.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    BuildId, BuildOutcome, Cause, Command, FailureKind, ObligationId, Owes, Profile, Reading, Standing,
    State, Status, TaskKind, Text, Timestamp, Version, WindowId, Withheld,
};

/// One immutable fact, with who or what caused it, and what it makes us owe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its place in the journal of the account; the first is 1.
    pub version: Version,
    /// When it was decided.
    pub at: Timestamp,
    /// What led to it.
    pub cause: Cause,
    /// Whether a fresh look at the account led to it.
    pub looked: bool,
    /// When status, name and units were read, where that was before: see [`crate::Scope`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub described: Option<Timestamp>,
    /// Until when whoever appended it has in hand what it makes us owe, or takes in hand.
    pub claim: Option<Timestamp>,
    /// The fact.
    pub fact: Fact,
    /// What it makes us owe.
    pub owes: Vec<Owes>,
}

/// What can be true of an account from now on.
///
/// Names and shapes are the journal's format: a variant or field is never renamed or removed, only added
/// (with a default where it is a field).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// First seen, carrying this already: left alone until it is adopted.
    Sighted {
        /// What the tag said.
        reading: Reading,
    },
    /// Managed from now on: it had no state, or somebody asked to on-board it.
    Enrolled,
    /// An operator took over an account that carried a state.
    Adopted {
        /// The state that it carries.
        state: State,
    },
    /// Name, e-mail, units or tags are these now.
    Described(Box<Profile>),
    /// In use, suspended, closed, gone.
    StatusChanged {
        /// The status now.
        status: Status,
    },
    /// The settings do not speak of it any more, or it is protected now.
    Left {
        /// How it stands now.
        standing: Standing,
    },
    /// The settings speak of it (again).
    Joined,
    /// Somebody changed the state tag, and it was not us.
    StateFound {
        /// What the tag says now.
        reading: Reading,
    },
    /// A cycle began.
    CycleBegan {
        /// Which one.
        cycle: CycleKind,
        /// The window that let it begin, when one did.
        window: Option<WindowId>,
    },
    /// The cycle ended.
    CycleEnded {
        /// How.
        end: CycleEnd,
    },
    /// The settings want other tags than the account carries.
    TagsDiffer,
    /// An operator wants the account in this state.
    StateOrdered {
        /// The state.
        state: State,
    },
    /// Own tags were written.
    TagsWritten {
        /// The obligation that is settled.
        paid: ObligationId,
        /// When somebody looks if no event of it has come.
        look: Timestamp,
    },
    /// The state was entered: what it asks for was begun.
    Entered {
        /// The state.
        state: State,
    },
    /// A build is wanted.
    TaskRequested {
        /// What it does.
        task: TaskKind,
        /// Which attempt it is; 1 is the first.
        attempt: u8,
    },
    /// The settings disable the task; the account goes straight on.
    TaskSkipped {
        /// Which task.
        task: TaskKind,
    },
    /// A build was started.
    BuildStarted {
        /// The obligation that is settled.
        paid: ObligationId,
        /// Which build.
        build: BuildId,
        /// When it is looked up for the first time.
        look_up: Timestamp,
        /// When it is overdue.
        deadline: Timestamp,
        /// What the baseline was found to be, where that was looked into.
        #[serde(default)]
        baseline: Option<Text>,
    },
    /// The build ended.
    BuildEnded {
        /// Which build.
        build: BuildId,
        /// How.
        outcome: BuildOutcome,
    },
    /// The build was looked up, and CodeBuild says that it waits or runs.
    BuildLookedUp {
        /// Which build.
        build: BuildId,
        /// When it is looked up again.
        look_up: Timestamp,
    },
    /// The build has run for longer than it may, and CodeBuild says that it still runs.
    BuildOverdue {
        /// Which build.
        build: BuildId,
        /// When it is looked up again.
        look_up: Timestamp,
    },
    /// Events are on the bus.
    Announced {
        /// The obligations that are settled.
        paid: Vec<ObligationId>,
    },
    /// A side effect failed.
    EffectFailed {
        /// The obligation that stays.
        unpaid: ObligationId,
        /// What kind of failure.
        kind: FailureKind,
        /// What the service said.
        message: Text,
        /// When it is tried again.
        again: Timestamp,
    },
    /// A side effect is not wanted any more.
    EffectDropped {
        /// The obligation that is settled.
        dropped: ObligationId,
        /// Why.
        because: Withheld,
    },
    /// Somebody has these obligations in hand.
    Claimed {
        /// Which ones.
        obligations: Vec<ObligationId>,
    },
    /// The account waits, because somebody asked to leave it alone.
    Deferred {
        /// Until when.
        until: Timestamp,
    },
    /// The task, or a side effect, failed for good. It is tried again, at growing distance.
    Quarantined {
        /// Why.
        because: Trouble,
        /// Who is to look at it.
        owner: Owner,
        /// When it is tried again.
        next_try: Timestamp,
    },
    /// The next try begins.
    TriedAgain,
    /// The account left quarantine.
    QuarantineLeft {
        /// How.
        because: Relief,
    },
    /// An operator or a holder asked to leave the account alone.
    Held {
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: Text,
    },
    /// The hold was ended before its time.
    Unheld,
    /// An operator asked for something, and it was accepted.
    Commanded(Box<Command>),
    /// Something came in and counts for nothing.
    Ignored {
        /// What, and why.
        because: Ignored,
    },
}

/// The two ways through the states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CycleKind {
    /// From vanilla to released.
    OnBoarding,
    /// From released through expired to released.
    Maintenance,
}

impl CycleKind {
    /// The word that people read.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnBoarding => "on-boarding",
            Self::Maintenance => "maintenance",
        }
    }

    /// The label of the activity event that tells that such a cycle ended well.
    pub const fn activity_label(self) -> &'static str {
        match self {
            Self::OnBoarding => "SuccessfulOnBoardingEvent",
            Self::Maintenance => "SuccessfulMaintenanceEvent",
        }
    }
}

impl fmt::Display for CycleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a cycle ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CycleEnd {
    /// It went all the way.
    Completed,
    /// Somebody changed the state by hand, or by command, before it was through.
    Interrupted,
}

/// Why an account is in quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Its build failed, each time.
    Build {
        /// What the build does.
        task: TaskKind,
        /// How the last one ended.
        outcome: BuildOutcome,
        /// Which one was the last.
        build: BuildId,
    },
    /// A side effect failed.
    Effect {
        /// Which one.
        obligation: ObligationId,
        /// How.
        kind: FailureKind,
        /// What the service said.
        message: Text,
    },
    /// It is expired, and the journal does not show that it was ever on-boarded: it is not purged.
    NeverOnBoarded,
    /// Its state tag holds something that is no state.
    UnrecognisedState {
        /// What it holds.
        text: Text,
    },
}

/// Who is to look at a quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// Whoever triages incidents.
    Sre,
    /// Whoever edits the settings.
    DevOps,
    /// Whoever set the tag.
    Operator,
}

/// How an account left quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relief {
    /// What failed has succeeded.
    Recovered,
    /// Somebody changed the state by hand or by command.
    Overruled,
    /// What failed is not wanted any more.
    Moot,
}

/// What came in and counts for nothing, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ignored {
    /// The end of a build that is not the one in the journal.
    ForeignBuild {
        /// Which build.
        build: BuildId,
    },
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Sre => "SRE",
            Self::DevOps => "DevOps",
            Self::Operator => "operator",
        })
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build { task, outcome, build } => write!(f, "the {task} build {build} {outcome}"),
            Self::Effect { kind, message, .. } if message.is_empty() => kind.fmt(f),
            Self::Effect { kind, message, .. } => write!(f, "{kind}: {message}"),
            Self::NeverOnBoarded => {
                f.write_str("it is expired and was never on-boarded, so it is not purged")
            }
            Self::UnrecognisedState { text } => write!(f, "its state tag holds `{text}`, which is no state"),
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sighted { reading } => write!(f, "first seen with {reading}; waits to be adopted"),
            Self::Enrolled => f.write_str("under management"),
            Self::Adopted { state } => write!(f, "adopted as {state}"),
            Self::Described(profile) => write!(f, "described: {}", profile.name),
            Self::StatusChanged { status } => write!(f, "is {status}"),
            Self::Left { standing } => write!(f, "left management: {standing}"),
            Self::Joined => f.write_str("joined management"),
            Self::StateFound { reading } => write!(f, "found with {reading}"),
            Self::CycleBegan { cycle, window: None } => write!(f, "{cycle} began"),
            Self::CycleBegan { cycle, window: Some(window) } => {
                write!(f, "{cycle} began in the window of {window}")
            }
            Self::CycleEnded { end: CycleEnd::Completed } => f.write_str("the cycle is complete"),
            Self::CycleEnded { end: CycleEnd::Interrupted } => f.write_str("the cycle was interrupted"),
            Self::TagsDiffer => f.write_str("its tags differ from the settings"),
            Self::StateOrdered { state } => write!(f, "{state} ordered"),
            Self::TagsWritten { paid, .. } => write!(f, "tags written ({paid})"),
            Self::Entered { state } => write!(f, "entered {state}"),
            Self::TaskRequested { task, attempt: 1 } => write!(f, "{task} requested"),
            Self::TaskRequested { task, attempt } => write!(f, "{task} requested, attempt {attempt}"),
            Self::TaskSkipped { task } => write!(f, "{task} is disabled"),
            Self::BuildStarted { build, .. } => write!(f, "build {build} started"),
            Self::BuildEnded { build, outcome } => write!(f, "build {build} {outcome}"),
            Self::BuildLookedUp { build, look_up } => {
                write!(f, "build {build} still waits or runs; looked up again at {look_up}")
            }
            Self::BuildOverdue { build, .. } => write!(f, "build {build} is overdue"),
            Self::Announced { paid } => {
                let paid: Vec<String> = paid.iter().map(ToString::to_string).collect();
                write!(f, "announced ({})", paid.join(", "))
            }
            Self::EffectFailed { unpaid, kind, message, again } if message.is_empty() => {
                write!(f, "{unpaid} failed: {kind}; again at {again}")
            }
            Self::EffectFailed { unpaid, kind, message, again } => {
                write!(f, "{unpaid} failed: {kind}: {message}; again at {again}")
            }
            Self::EffectDropped { dropped, because } => write!(f, "{dropped} dropped: {because}"),
            Self::Claimed { .. } => f.write_str("taken in hand again"),
            Self::Deferred { until } => write!(f, "waits until {until}: it is held"),
            Self::Quarantined { because, owner, next_try } => {
                write!(f, "in quarantine: {because}; for {owner}; next try at {next_try}")
            }
            Self::TriedAgain => f.write_str("the next try begins"),
            Self::QuarantineLeft { because: Relief::Recovered } => {
                f.write_str("out of quarantine: recovered")
            }
            Self::QuarantineLeft { because: Relief::Overruled } => {
                f.write_str("out of quarantine: overruled")
            }
            Self::QuarantineLeft { because: Relief::Moot } => {
                f.write_str("out of quarantine: what failed is not wanted any more")
            }
            Self::Held { until, reason } => write!(f, "held until {until}: {reason}"),
            Self::Unheld => f.write_str("hold ended"),
            Self::Commanded(command) => write!(f, "operator: {}: {}", command.gesture, command.reason),
            Self::Ignored { because: Ignored::ForeignBuild { build } } => {
                write!(f, "ignored: build {build} is not the one that was started here")
            }
        }
    }
}

impl Fact {
    /// A stable word for the kind of fact: the tag of its shape in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sighted { .. } => "sighted",
            Self::Enrolled => "enrolled",
            Self::Adopted { .. } => "adopted",
            Self::Described(_) => "described",
            Self::StatusChanged { .. } => "status_changed",
            Self::Left { .. } => "left",
            Self::Joined => "joined",
            Self::StateFound { .. } => "state_found",
            Self::CycleBegan { .. } => "cycle_began",
            Self::CycleEnded { .. } => "cycle_ended",
            Self::TagsDiffer => "tags_differ",
            Self::StateOrdered { .. } => "state_ordered",
            Self::TagsWritten { .. } => "tags_written",
            Self::Entered { .. } => "entered",
            Self::TaskRequested { .. } => "task_requested",
            Self::TaskSkipped { .. } => "task_skipped",
            Self::BuildStarted { .. } => "build_started",
            Self::BuildEnded { .. } => "build_ended",
            Self::BuildLookedUp { .. } => "build_looked_up",
            Self::BuildOverdue { .. } => "build_overdue",
            Self::Announced { .. } => "announced",
            Self::EffectFailed { .. } => "effect_failed",
            Self::EffectDropped { .. } => "effect_dropped",
            Self::Claimed { .. } => "claimed",
            Self::Deferred { .. } => "deferred",
            Self::Quarantined { .. } => "quarantined",
            Self::TriedAgain => "tried_again",
            Self::QuarantineLeft { .. } => "quarantine_left",
            Self::Held { .. } => "held",
            Self::Unheld => "unheld",
            Self::Commanded(_) => "commanded",
            Self::Ignored { .. } => "ignored",
        }
    }
}
