//! The lifecycle of a personal AWS account as pure functions.
//!
//! Nothing here reads a clock, draws a number, waits, or speaks to anybody: everything that a decision
//! rests on is an argument. So the same functions run on AWS, on one machine, in a simulation of a year,
//! and in a model checker.
//!
//! The shape is the decider pattern. An account is a journal of [`Record`]s; folded, they make the head, an
//! [`Account`].
//!
//! ```text
//!   Trigger ──▶ decide(head, policy, trigger, evidence, now) ──▶ records ──▶ apply ──▶ head
//!                   │                                                                  │
//!                   └── Need: look at the account, or at a build, and decide again     ├──▶ due(now)
//!                                                                                      └──▶ next_wake()
//! ```
//!
//! - [`decide()`] tells what follows from a [`Trigger`]: records to append, nothing (and why), a refusal, or
//!   that it needs [`Evidence`].
//! - [`Account::apply`] folds a record into the head.
//! - A record may make us owe side effects ([`Intent`]); the head keeps them as [`Obligation`]s until a
//!   record settles them.
//! - [`Account::due`] and [`Account::next_wake`] tell what is to be done now, and when to come back.
//! - [`authorise()`] tells whether an obligation may be carried out now; without its [`Warrant`] nothing
//!   touches an account.
//!
//! The states, and what leads from one to the next, stand in this crate's README.md, which a test generates
//! from these functions.

#![warn(clippy::wildcard_enum_match_arm)]

mod account;
mod authorise;
mod decide;
mod difference;
mod draft;
mod due;
mod email;
mod explain;
mod fleet;
mod fold;
mod identifier;
mod intent;
mod look;
mod policy;
mod record;
mod state;
pub mod tags;
mod task;
mod timestamp;
mod trigger;

pub use account::{Account, Belief, Custody, Cycle, PastCycle, Quarantine};
pub use authorise::{Effect, Warrant, authorise, needs_look};
pub use decide::{Decision, claim, decide, eligible};
pub use difference::differs;
pub use due::Due;
pub use email::{Email, InvalidEmail};
pub use explain::{Idle, LeftOut, Refusal};
pub use fleet::{
    Advance, Fleet, FleetFact, FleetRecord, NotOpened, Occasion, PLAN_PAGE, PastWindow, Settlement, Stage,
    Stop, Tally, Window, settlement,
};
pub use fold::IllegalRecord;
pub use identifier::{
    AccountId, BuildId, InvalidAccountId, InvalidBuildId, InvalidUnitId, ObligationId, Text, Token,
    TriggerId, UnitId, Version, WindowId,
};
pub use intent::{
    AccountLabel, Announcement, Exception, ExceptionLabel, Failure, FailureKind, Intent, Obligation, Owes,
    Payment, Started, StateChange, TagWrite, Verdict, Withheld,
};
pub use look::{BuildFinding, Evidence, Look, Need, Profile, Scope, Seen, Status};
pub use policy::{Brakes, Hold, Pauses, Policy, Protection, Retries, Standing, TagKeys, TaskPolicy, Times};
pub use record::{CycleEnd, CycleKind, Fact, Ignored, Owner, Record, Relief, Trouble};
pub use state::{Reading, State, UnknownState, Unreadable};
pub use tags::Tags;
pub use task::{BuildOutcome, RunningBuild, Task, TaskKind};
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use trigger::{Actor, Cause, Command, Gesture, Happening, Origin, Trigger};
