//! What the lifecycle needs from the world: small traits, and who implements them.
//!
//! | trait | on AWS | on one machine |
//! | --- | --- | --- |
//! | [`Organization`] | AWS Organizations, tagging API | `local` |
//! | [`Builds`] | CodeBuild in the account | `local` |
//! | [`Bus`] | EventBridge | `local` |
//! | [`Parameters`] | Systems Manager Parameter Store | `local` |
//! | [`Baseline`] | CloudFormation in the account | `local` |
//! | [`WakeUps`] | SQS with a delay | `local` |
//!
//! Three rules hold for every implementation:
//!
//! - "Not found", "not allowed" and "could not read" are different answers. None of them is an empty list.
//! - Nothing is retried inside for longer than the caller's claim lasts; what fails is said, with its kind.
//! - What touches an account takes a [`Warrant`]; there is no other way in.

#[cfg(feature = "aws")]
pub mod aws;
pub mod configured;
pub mod local;
pub mod order;
pub mod partition;

use std::future::Future;
use std::sync::Arc;

use state_machine::{
    Account, AccountId, Brakes, BuildFinding, BuildId, Failure, Look, Policy, Profile, Reading, Scope,
    Status, TaskKind, Text, Timestamp, Token, UnitId, Unreadable, Warrant,
};

use crate::event::OwnEvent;

/// The accounts of the company.
pub trait Organization: Send + Sync {
    /// Reads as much of one account as `scope` says. What need not be read now is taken from `known`, or from a
    /// listing that was read since then; where neither is young enough, everything is read.
    fn look(&self, account: AccountId, scope: Scope, known: Known<'_>) -> impl Future<Output = Look> + Send;

    /// These accounts are about to be looked at: their index may be read in one go. It helps, and nothing rests on it.
    fn prefetch(&self, _accounts: &[AccountId]) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Reads the whole fleet, in no order. It may lag behind what was written a moment ago. Its calls grow with
    /// pages, never with accounts.
    ///
    /// # Errors
    /// When any part of it could not be read: there is no such thing as a shorter list.
    fn list(&self) -> impl Future<Output = Result<Vec<Listed>, Unreadable>> + Send;

    /// Writes the tags that the warrant names: takes away, then sets all others in one call.
    ///
    /// # Errors
    /// What went wrong. Unless it is uncertain, nothing was written.
    fn write_tags(&self, warrant: Warrant) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// What is known of an account before it is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Its head.
    pub head: &'a Account,
    /// How old status, name and units may be: they must have been read since then.
    pub since: Timestamp,
}

impl Known<'_> {
    /// When status, name and units of the head were read, if that is not too long ago.
    pub fn described(&self) -> Option<Timestamp> {
        self.head.described_at().filter(|at| *at >= self.since)
    }
}

/// An account as a listing shows it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Which account.
    pub account: AccountId,
    /// Whether it is in use.
    pub status: Status,
    /// What its state tag says.
    pub reading: Reading,
    /// The rest.
    pub profile: Arc<Profile>,
}

/// Builds in the accounts.
pub trait Builds: Send + Sync {
    /// Starts the build that the warrant names. The same token within a few minutes gives the same build.
    ///
    /// # Errors
    /// What went wrong. Unless it is uncertain, no build was started.
    fn start(
        &self,
        warrant: Warrant,
        order: &BuildOrder,
    ) -> impl Future<Output = Result<BuildId, Failure>> + Send;

    /// Finds the build that was started with this token, however long ago.
    ///
    /// # Errors
    /// When the builds could not be read: then nobody knows.
    fn find(
        &self,
        account: AccountId,
        kind: TaskKind,
        token: Token,
    ) -> impl Future<Output = Result<Option<BuildId>, Unreadable>> + Send;

    /// Tells how far a build is.
    fn look_up(&self, account: AccountId, build: &BuildId) -> impl Future<Output = BuildFinding> + Send;
}

/// What a build is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildOrder {
    /// The buildspec, as text.
    pub buildspec: Text,
    /// Environment variables, by name.
    pub variables: Vec<(Text, Text)>,
}

/// The bus that announcements go to.
pub trait Bus: Send + Sync {
    /// Puts events on the bus, each for itself: the answers are in the order of the events.
    fn put(&self, events: Vec<OwnEvent>) -> impl Future<Output = Vec<Result<(), Failure>>> + Send;
}

/// What the settings say of an account.
pub trait Parameters: Send + Sync {
    /// What the settings say of every account, as they were at one time.
    type Fleet: FleetPolicies;

    /// Reads the settings once for the whole fleet, to compare or to plan. What is done to an account rests
    /// on its own fresh [`Parameters::policy`].
    ///
    /// # Errors
    /// When they could not be read.
    fn fleet(&self) -> impl Future<Output = Result<Self::Fleet, Unreadable>> + Send;

    /// The settings of an account that stands in these units, nearest first.
    ///
    /// # Errors
    /// When they could not be read. That is not the same as "no setting speaks of it".
    fn policy(
        &self,
        account: AccountId,
        units: &[UnitId],
    ) -> impl Future<Output = Result<Arc<Policy>, Unreadable>> + Send;

    /// What keeps a maintenance window from doing harm.
    ///
    /// # Errors
    /// When the settings could not be read.
    fn brakes(&self) -> impl Future<Output = Result<Brakes, Unreadable>> + Send;

    /// What a build in that account is started with. `profile` is the account as it was seen for this build:
    /// which settings count depends on its units.
    ///
    /// # Errors
    /// When the settings or the buildspec could not be read, or there is no buildspec.
    fn build_order(
        &self,
        account: AccountId,
        profile: &Profile,
        task: TaskKind,
    ) -> impl Future<Output = Result<BuildOrder, Failure>> + Send;
}

/// What the settings said of every account at one time.
pub trait FleetPolicies: Send {
    /// The settings of an account that stands in these units, nearest first. Whoever goes through a fleet asks
    /// for every account of it, and most share the answer with their neighbours, so it may be remembered.
    fn policy(&mut self, account: AccountId, units: &Arc<[UnitId]>) -> Arc<Policy>;
}

/// What must stand in an account before builds can run in it.
pub trait Baseline: Send + Sync {
    /// Puts it there, or brings it up to date; one read when nothing changed. `known` is what the last call answered
    /// for this account: what it tells is words of its own, by which the next call sees that nothing changed. `None`
    /// where there is nothing new to be kept.
    ///
    /// # Errors
    /// What went wrong.
    fn ensure(
        &self,
        account: AccountId,
        known: Option<&Text>,
    ) -> impl Future<Output = Result<Option<Text>, Failure>> + Send;
}

/// Calls that come back later.
pub trait WakeUps: Send + Sync {
    /// Asks for the account to be woken at this instant, or soon after.
    ///
    /// # Errors
    /// When the call could not be placed. Nothing is lost: the reconciler finds what is due.
    fn ask(&self, account: AccountId, at: Timestamp) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// The time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}
