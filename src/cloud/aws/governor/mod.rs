//! How fast calls may follow one another: one governor for the process.
//!
//! Each service has a gate with a rate that adapts ([`gate`]); callers wait before it by account and are served in
//! turn ([`turns`]), at most for as long as their patience lasts. What this module adds is the waiting itself, and
//! the counting of what was sent.
//!
//! AWS Organizations has one gate for everybody. CodeBuild and CloudFormation are called in the managed accounts,
//! where each account has its own quota and a holder who may use it up: so each account has a gate of its own
//! there, and nobody slows down the fleet.

mod gate;
mod snapshot;
#[cfg(test)]
mod tests;
mod timer;
mod turns;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::Notify;

pub use snapshot::LaneState;

use gate::{Admitted, Gate};
use timer::Timer;
use turns::{Owner, Ticket};

use crate::settings::{Limits, Rate};

pub(super) use gate::{Instant, Outcome};

/// So many gates are kept; beyond that, those that nobody uses are forgotten.
const GATES: usize = 512;

/// Services that are called in the managed accounts, where each account has its own quota.
const IN_THE_ACCOUNTS: [&str; 2] = ["codebuild", "cloudformation"];

/// Lets calls pass. One for the process; cheap to clone.
#[derive(Clone)]
pub struct Governor {
    shared: Arc<Shared>,
}

/// What shares one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// AWS Organizations, and its tags.
    Organizations,
    /// Security Token Service.
    Sts,
    /// Parameter Store.
    Parameters,
    /// CodeBuild.
    Builds,
    /// Cost Explorer.
    Costs,
    /// Everything else, each service for itself: it has room for more than this program will ever ask.
    Other,
}

/// Why a call was not let in. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// Its patience ended.
    #[error("it waited for its turn for too long, and was not sent")]
    Expired,
    /// There is no place to wait.
    #[error("too many calls wait for their turn already, and it was not sent")]
    Full,
}

struct Shared {
    timer: Box<dyn Timer>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    limits: Limits,
    gates: HashMap<Key, Station>,
    totals: BTreeMap<(Lane, &'static str), Totals>,
    last_ticket: Ticket,
}

/// Which gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    lane: Lane,
    service: &'static str,
    /// The account that has this gate for itself.
    account: Owner,
}

/// A gate with the callers before it.
struct Station {
    gate: Gate,
    callers: HashMap<Ticket, Caller>,
    /// Who watches the time for all: whoever goes next.
    keeper: Option<Ticket>,
}

#[derive(Default)]
struct Caller {
    admitted: Option<Admitted>,
    woken: Arc<Notify>,
}

/// What happened since the process began.
#[derive(Clone, Debug, Default)]
struct Totals {
    throttled: u64,
    busy: u64,
    calls: BTreeMap<&'static str, u64>,
}

impl Governor {
    /// A governor that begins with these rates.
    pub fn new(limits: Limits) -> Self {
        Self::with_timer(limits, Box::new(timer::Tokio::begin()))
    }

    fn with_timer(limits: Limits, timer: Box<dyn Timer>) -> Self {
        let state = Mutex::new(State { limits, ..State::default() });
        Self { shared: Arc::new(Shared { timer, state }) }
    }

    /// The limits that it was given.
    pub fn limits(&self) -> Limits {
        self.state().limits.clone()
    }

    /// Gives it these limits. A process has none but the built-in ones until it has read its settings; what the gates
    /// have learnt since it began is kept.
    pub fn limit(&self, limits: &Limits) {
        let now = self.now();
        let mut state = self.state();
        if state.limits == *limits {
            return;
        }
        state.limits = limits.clone();
        for (key, station) in &mut state.gates {
            station.gate.limit(key.lane.rate(limits), now);
            station.admit(now);
        }
    }

    /// How long it lives.
    pub(super) fn now(&self) -> Instant {
        self.shared.timer.now()
    }

    /// Ends at this instant of its life.
    pub(super) async fn sleep_until(&self, at: Instant) {
        self.shared.timer.sleep_until(at).await;
    }

    /// Waits until a call may be sent, at most until the deadline.
    pub(super) async fn enter(
        &self,
        lane: Lane,
        operation: &'static str,
        account: Owner,
        writes: bool,
        deadline: Instant,
    ) -> Result<Pass, Refused> {
        let key = Key::of(lane, operation, account);
        let place = self.line_up(key, account, writes)?;
        loop {
            let until = {
                let mut state = self.state();
                let now = self.now();
                let Some(station) = state.gates.get_mut(&key) else { return Err(Refused::Expired) };
                station.admit(now);
                if let Some(admitted) = station.taken(place.ticket) {
                    return Ok(Pass { governor: self.clone(), key, operation, admitted, ended: false });
                }
                if now >= deadline {
                    return Err(Refused::Expired);
                }
                match station.gate.next(now) {
                    Some((next, at)) if next == place.ticket => at.min(deadline),
                    Some(_) | None => deadline,
                }
            };
            tokio::select! {
                () = place.woken.notified() => {}
                () = self.shared.timer.sleep_until(until) => {}
            }
        }
    }

    fn line_up(&self, key: Key, account: Owner, writes: bool) -> Result<Place, Refused> {
        let now = self.now();
        let mut state = self.state();
        state.last_ticket += 1;
        let ticket = state.last_ticket;
        let most = usize::try_from(state.limits.waiting).unwrap_or(usize::MAX);
        let station = state.station(key, now);
        if station.gate.waiting() >= most {
            return Err(Refused::Full);
        }
        let caller = Caller::default();
        let woken = Arc::clone(&caller.woken);
        station.callers.insert(ticket, caller);
        station.gate.join(ticket, account, writes);
        Ok(Place { governor: self.clone(), key, account, ticket, woken })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that is done under this lock can panic half-way through a change.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Governor {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl fmt::Debug for Governor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Governor").field("lanes", &self.snapshot()).finish()
    }
}

impl Key {
    fn of(lane: Lane, operation: &'static str, account: Owner) -> Self {
        let service = operation.split_once(':').map_or(operation, |(service, _)| service);
        let own = lane == Lane::Builds || IN_THE_ACCOUNTS.contains(&service);
        Self { lane, service, account: account.filter(|_| own) }
    }
}

impl Lane {
    fn rate(self, limits: &Limits) -> Rate {
        match self {
            Self::Organizations => limits.organizations,
            Self::Sts => limits.sts,
            Self::Parameters => limits.parameters,
            Self::Builds => limits.builds,
            Self::Costs => limits.costs,
            Self::Other => limits.other,
        }
    }
}

impl State {
    fn station(&mut self, key: Key, now: Instant) -> &mut Station {
        if self.gates.len() >= GATES && !self.gates.contains_key(&key) {
            self.gates.retain(|_, station| !station.gate.is_idle(now) || !station.callers.is_empty());
        }
        let rate = key.lane.rate(&self.limits);
        self.gates.entry(key).or_insert_with(|| Station {
            // An organization changes one thing at a time. "In progress" elsewhere is about one item or build.
            gate: Gate::new(rate, key.lane == Lane::Organizations, now),
            callers: HashMap::new(),
            keeper: None,
        })
    }
}

impl Station {
    /// Lets in whoever may go by now, and has the next one watch the time.
    fn admit(&mut self, now: Instant) {
        while let Some(admitted) = self.gate.admit(now) {
            if let Some(caller) = self.callers.get_mut(&admitted.ticket) {
                caller.admitted = Some(admitted);
                caller.woken.notify_one();
            }
        }
        let next = self.gate.next(now).map(|(ticket, _)| ticket);
        if next != self.keeper {
            self.keeper = next;
            if let Some(caller) = next.and_then(|ticket| self.callers.get(&ticket)) {
                caller.woken.notify_one();
            }
        }
    }

    fn taken(&mut self, ticket: Ticket) -> Option<Admitted> {
        let admitted = self.callers.get(&ticket)?.admitted?;
        self.callers.remove(&ticket);
        Some(admitted)
    }
}

/// A place before a gate. Whoever goes away gives it up.
struct Place {
    governor: Governor,
    key: Key,
    account: Owner,
    ticket: Ticket,
    woken: Arc<Notify>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let now = self.governor.now();
        let mut state = self.governor.state();
        let Some(station) = state.gates.get_mut(&self.key) else { return };
        let Some(caller) = station.callers.remove(&self.ticket) else { return };
        match caller.admitted {
            // It was let in, and did not come to know.
            Some(admitted) => station.gate.finish(&admitted, Outcome::Unknown, now),
            None => drop(station.gate.leave(self.ticket, self.account)),
        }
        station.admit(now);
    }
}

/// A call that was let in. Whoever drops it without a word was interrupted.
pub(super) struct Pass {
    governor: Governor,
    key: Key,
    operation: &'static str,
    admitted: Admitted,
    ended: bool,
}

impl Pass {
    /// The call has ended. `sent`: whether it left this process.
    pub(super) fn end(mut self, outcome: Outcome, sent: bool) {
        self.settle(outcome, sent);
    }

    fn settle(&mut self, outcome: Outcome, sent: bool) {
        self.ended = true;
        let now = self.governor.now();
        let mut state = self.governor.state();
        let totals = state.totals.entry((self.key.lane, self.key.service)).or_default();
        totals.throttled += u64::from(outcome == Outcome::Throttled);
        totals.busy += u64::from(outcome == Outcome::Busy);
        if sent {
            *totals.calls.entry(self.operation).or_default() += 1;
        }
        if let Some(station) = state.gates.get_mut(&self.key) {
            station.gate.finish(&self.admitted, outcome, now);
            station.admit(now);
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if !self.ended {
            self.settle(Outcome::Unknown, true);
        }
    }
}
