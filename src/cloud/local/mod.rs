//! AWS on one machine: an organization, builds, a bus and parameters, behind the same traits.
//!
//! | module | stands for |
//! | --- | --- |
//! | [`state`] | all of it: accounts, units, builds, events on their way |
//! | [`organization`] | AWS Organizations |
//! | [`builds`] | CodeBuild |
//! | [`bus`] | EventBridge, and the queue of wake-ups |
//! | [`parameters`] | Parameter Store, filled from settings.yaml |
//! | [`faults`] | what goes wrong |
//! | [`calls`] | what a bill would count |
//! | [`keeper`] | the file that keeps it all over restarts |
//! | [`clock`] | the time of what a file keeps |
//!
//! It has one clock, which somebody else moves (or a store, see [`clock`]), and one source of chance, which is a seed: the same seed
//! gives the same run, to the byte. A process that dies is played by a future that never ends; whoever runs
//! it drops it.

mod builds;
mod bus;
pub mod calls;
mod clock;
pub mod faults;
mod keeper;
mod organization;
mod parameters;
mod state;

pub use builds::EndedBuild;
pub use bus::{EventKind, Lost};
pub use clock::Anchor;
pub use keeper::Keeper;
pub use state::{Build, Delivery, Member, Meta, Place, Seconds, State, StateTag, Unit};

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use state_machine::{
    AccountId, Effect, Failure, FailureKind, Look, ObligationId, Text, Timestamp, Token, Warrant,
};

use crate::cloud::BuildOrder;
use crate::event::Trust;
use crate::settings::Settings;
use crate::store::StoreError;

use self::calls::{Call, Calls};
use self::faults::Fault;

/// AWS on one machine.
#[derive(Debug)]
pub struct LocalCloud {
    state: Mutex<State>,
    keeper: Option<Keeper>,
    settings: Arc<Settings>,
    region: Text,
    trust: Trust,
    now: AtomicI64,
    calls: Calls,
    /// Whether anything goes wrong at all; if not, nobody has to ask chance.
    faulty: bool,
    /// Whether reads may lag behind; if not, nobody has to remember what was there before.
    lags: bool,
    /// The clock of the machine, where the time stands in a store.
    wall: Option<Wall>,
    watcher: Option<Arc<dyn Watcher>>,
}

/// Reads the clock of the machine.
pub type Wall = fn() -> Timestamp;

/// Sees what really happens, beside the journal: the referee of a simulation.
pub trait Watcher: Send + Sync + std::fmt::Debug {
    /// An effect is about to be carried out on this account, as it really is.
    fn effect(
        &self,
        account: AccountId,
        member: &Member,
        effect: &Effect,
        obligation: ObligationId,
        now: Timestamp,
    );

    /// A build of ours was started, with this order.
    fn build_started(
        &self,
        account: AccountId,
        member: &Member,
        token: Token,
        order: &BuildOrder,
        now: Timestamp,
    );

    /// A build ended, whosever it was.
    fn build_ended(&self, account: AccountId, build: &Build);

    /// An event was lost.
    fn lost(&self, lost: &Lost);

    /// Somebody looked at this account, and was told this.
    fn looked(&self, _account: AccountId, _look: &Look) {}
}

/// How a call goes.
enum Course {
    /// As it should.
    Normal,
    /// It is refused.
    Refused(FailureKind),
    /// It is done, and the answer is lost.
    Unanswered,
}

impl LocalCloud {
    /// An organization in memory.
    pub fn in_memory(state: State, settings: Arc<Settings>, now: Timestamp) -> Self {
        Self::with(state, settings, now, None)
    }

    /// An organization that a store keeps, and its time too.
    pub fn kept(state: State, settings: Arc<Settings>, keeper: Keeper, wall: Wall) -> Self {
        let now = state.meta.clock.map_or_else(wall, |clock| clock.at(wall()));
        let mut cloud = Self::with(state, settings, now, Some(keeper));
        cloud.wall = Some(wall);
        cloud
    }

    /// The same, for a process of an operator: its calls succeed, and it does not die. What happens to events
    /// on their way happens all the same.
    pub fn calm(mut self) -> Self {
        self.faulty = false;
        self.lags = false;
        self
    }

    fn with(state: State, settings: Arc<Settings>, now: Timestamp, keeper: Option<Keeper>) -> Self {
        let region = settings.automation().region.as_str().into();
        let trust = Trust {
            environment: settings.environment_identifier().as_str().into(),
            automation_account: state.automation_account,
            management_account: state.management_account,
        };
        let faulty = state.faults.kinds().next().is_some();
        let lags = state.faults.kinds().any(|(fault, _)| fault == Fault::Stale);
        Self {
            state: Mutex::new(state),
            keeper,
            settings,
            region,
            trust,
            now: AtomicI64::new(now.as_millis()),
            calls: Calls::default(),
            faulty,
            lags,
            wall: None,
            watcher: None,
        }
    }

    /// All of it, when nobody needs the cloud around it any more.
    pub fn into_state(self) -> State {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, watched.
    pub fn watched_by(mut self, watcher: Arc<dyn Watcher>) -> Self {
        self.watcher = Some(watcher);
        self
    }

    /// The settings.
    pub const fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// Whose events count.
    pub const fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Moves the clock; never back.
    pub fn set_now(&self, now: Timestamp) {
        self.now.fetch_max(now.as_millis(), Ordering::SeqCst);
    }

    /// The time on the clock.
    pub fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::SeqCst)).unwrap_or_default()
    }

    /// Reads or changes what there is, in one step; with a store, one transaction.
    ///
    /// # Errors
    /// When the store cannot be read or written: then nothing was changed.
    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> Result<T, StoreError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &self.keeper {
            Some(keeper) => keeper.change(&mut state, |state| {
                if let (Some(wall), Some(clock)) = (self.wall, state.meta.clock) {
                    self.set_now(clock.at(wall()));
                }
                change(state)
            }),
            None => Ok(change(&mut state)),
        }
    }

    /// Calls, by service and operation.
    pub const fn calls(&self) -> &Calls {
        &self.calls
    }

    /// Counts a call that needs nothing else.
    pub fn count(&self, call: Call) {
        self.calls.count(call);
    }

    /// Draws how a call goes, and counts it.
    fn course(&self, state: &mut State, call: Call, effect: bool) -> Course {
        self.count(call);
        if !self.faulty {
            return Course::Normal;
        }
        if state.strikes(Fault::Throttle) {
            let busy = effect && call.service() == "organizations" && state.pick(2) == 0;
            return Course::Refused(if busy { FailureKind::Busy } else { FailureKind::Throttled });
        }
        if state.strikes(Fault::Outage) {
            return if effect && state.pick(2) == 0 {
                Course::Unanswered
            } else {
                Course::Refused(FailureKind::Unavailable)
            };
        }
        Course::Normal
    }

    /// A step between two steps: the process may die here.
    pub async fn step(&self) {
        if self.faulty && matches!(self.change(|state| state.strikes(Fault::Crash)), Ok(true)) {
            // Whoever runs this sees that nothing goes on, and drops it.
            std::future::pending::<()>().await;
        }
    }

    fn watch(&self, warrant: &Warrant, member: &Member) {
        if let Some(watcher) = &self.watcher {
            let (account, obligation) = (warrant.account(), warrant.obligation());
            watcher.effect(account, member, warrant.effect(), obligation, self.time());
        }
    }
}

/// The store failed, so nothing was done.
fn store_failed(error: &StoreError) -> Failure {
    tracing::error!(%error, "the local organization could not be kept");
    failure(FailureKind::Unavailable, error.to_string())
}

fn failure(kind: FailureKind, message: impl Into<Text>) -> Failure {
    Failure { kind, message: message.into() }
}

/// What AWS would say.
const fn message(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Throttled => "Rate exceeded",
        FailureKind::Busy => {
            "AWS Organizations can't complete your request because another request is in progress"
        }
        FailureKind::LimitReached => "Cannot have more than 1 builds running for the project",
        FailureKind::Unavailable => "Service unavailable",
        FailureKind::Denied => "Access denied",
        FailureKind::Missing => "Not found",
        FailureKind::Unreadable | FailureKind::Rejected => "Invalid input",
    }
}

impl crate::cloud::Clock for LocalCloud {
    fn now(&self) -> Timestamp {
        // Somebody else may have moved the time that stands in a store, and dated records with it.
        if self.wall.is_some()
            && let Err(error) = self.change(|_| ())
        {
            tracing::error!(%error, "the time could not be read; it stands still");
        }
        self.time()
    }
}
