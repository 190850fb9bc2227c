//! Does what comes next on one machine: events arrive, builds end, wake-ups ring, schedules fire.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use chrono::TimeDelta;
use state_machine::{AccountId, Timestamp};

use crate::cloud::local::{Delivery, Place, State};
use crate::event::Schedule;
use crate::handler::{Dispatched, Handlers};
use crate::journal::Journal;
use crate::lifecycle::{Lifecycle, LifecycleError, advance_window};
use crate::settings::Settings;
use crate::store::StoreError;

use super::world::LocalWorld;

/// How often an event is delivered again before it goes to the dead letters. EventBridge tries for a day;
/// a Lambda function that fails is tried twice more by itself. What is lost here is found by the reconciler.
const DELIVERIES: u32 = 6;

/// How long until the first second delivery; it doubles each time.
const BACK_OFF: TimeDelta = TimeDelta::seconds(30);

/// Something that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// Builds end.
    EndBuilds,
    /// The event at this place arrives.
    Deliver(Place),
    /// The account is woken.
    Wake(AccountId, Timestamp),
    /// The window that runs is looked after.
    Window,
    /// The maintenance schedule fires.
    Schedule,
    /// What is due is woken, and what differs is looked at.
    Reconcile,
}

/// What went on, for whoever shows it.
#[derive(Clone, Debug)]
pub enum Done {
    /// An event was handled.
    Delivered(Dispatched),
    /// An event could not be handled and is delivered again later.
    Postponed(String),
    /// An event was delivered in vain too often.
    Dead(String),
    /// Something that nobody has to see.
    Quiet,
}

/// Why the machine stopped.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The lifecycle failed in a way that a later delivery does not repair.
    #[error(transparent)]
    Lifecycle(#[from] LifecycleError),
}

/// The machine.
#[derive(Debug)]
pub struct Engine<'w, J> {
    world: &'w LocalWorld<J>,
}

impl<'w, J: Journal> Engine<'w, J> {
    /// A machine over this world.
    pub const fn new(world: &'w LocalWorld<J>) -> Self {
        Self { world }
    }

    /// The lifecycle that the machine runs.
    pub const fn lifecycle(&self) -> Lifecycle<'w, LocalWorld<J>> {
        Lifecycle::new(self.world)
    }

    /// The handlers that the machine's events go to.
    pub fn handlers(&self) -> Handlers<'w, LocalWorld<J>> {
        let state_key = self.world.cloud().settings().tag_keys().state.clone();
        Handlers::new(self.lifecycle(), self.world.cloud().trust().clone(), state_key)
    }

    /// Sets the timers that are not set yet.
    ///
    /// # Errors
    /// When the store fails.
    pub fn start(&self) -> Result<(), StoreError> {
        let cloud = self.world.cloud();
        let now = cloud.time();
        let settings = cloud.settings();
        cloud.change(|state| {
            let times = settings.lifecycle();
            let (reconcile, compare) = (times.reconcile_every, times.compare_every);
            let window = next_window(settings, now);
            let meta = state.meta_mut();
            meta.next_window = match meta.next_window {
                // A window that was missed while nobody was there is not made up for at any odd hour.
                Some(at) if at >= now => Some(at),
                Some(_) | None => window,
            };
            meta.next_reconcile.get_or_insert(now + reconcile);
            meta.next_compare.get_or_insert(now + compare.min(reconcile));
        })
    }

    /// What comes next, and when.
    ///
    /// # Errors
    /// When the store fails.
    pub fn next(&self) -> Result<Option<(Timestamp, Item)>, StoreError> {
        self.world.cloud().change(|state| next(state))
    }

    /// Does one thing. Awaiting it may never end where the process is to die in the middle; drop it then,
    /// and call [`Engine::after_crash`].
    ///
    /// # Errors
    /// When the store fails. Failures that a later delivery repairs are no errors.
    pub async fn run(&self, item: Item) -> Result<Done, EngineError> {
        let cloud = self.world.cloud();
        match item {
            Item::EndBuilds => {
                cloud.change(|state| cloud.end_builds(state))?;
                Ok(Done::Quiet)
            }
            Item::Deliver(place) => self.deliver(place).await,
            Item::Wake(account, at) => {
                let woken = self.lifecycle().wake(account).await;
                // It stays in the queue until it was answered, as a message does: whoever dies here leaves it
                // to the next one. What the answer has asked for meanwhile stands at another instant.
                cloud.change(|state| state.take_wake_up(account, at))?;
                Ok(Self::tolerate(woken.map(|_| ()))?)
            }
            Item::Window => {
                let advanced = advance_window(&self.lifecycle()).await;
                let wake = match &advanced {
                    Ok(wake) => *wake,
                    Err(_) => Some(cloud.time() + TimeDelta::minutes(1)),
                };
                cloud.change(|state| state.meta_mut().window_wake = wake)?;
                Ok(Self::tolerate(advanced.map(|_| ()))?)
            }
            Item::Schedule => {
                let settings = cloud.settings();
                let next = next_window(settings, cloud.time());
                cloud.change(|state| {
                    state.meta_mut().next_window = next;
                    cloud.emit_schedule(state, Schedule::MaintenanceWindow, 59);
                })?;
                Ok(Done::Quiet)
            }
            Item::Reconcile => {
                let settings = cloud.settings();
                let next = cloud.time() + settings.lifecycle().reconcile_every;
                cloud.change(|state| {
                    state.meta_mut().next_reconcile = Some(next);
                    cloud.emit_schedule(state, Schedule::Reconcile, 0);
                })?;
                Ok(Done::Quiet)
            }
        }
    }

    /// The process died while it did this. What it had taken from a queue is there again after a while.
    ///
    /// # Errors
    /// When the store fails.
    pub fn after_crash(&self, item: Item) -> Result<(), StoreError> {
        let cloud = self.world.cloud();
        let later = cloud.time() + BACK_OFF;
        cloud.change(|state| match item {
            Item::Deliver(place) => postpone(state, place, later),
            Item::Wake(account, at) => {
                state.take_wake_up(account, at);
                state.ask(account, later, cloud.time());
            }
            Item::Window => state.meta_mut().window_wake = Some(later),
            Item::EndBuilds | Item::Schedule | Item::Reconcile => {}
        })
    }

    async fn deliver(&self, place: Place) -> Result<Done, EngineError> {
        let cloud = self.world.cloud();
        let Some(delivery) = cloud.change(|state| state.delivery(place))? else { return Ok(Done::Quiet) };
        let compare = cloud.change(|state| {
            let meta = state.meta();
            meta.next_compare.is_none_or(|at| at <= cloud.time())
        })?;
        let handled = self.handlers().dispatch(delivery.json.as_bytes(), compare).await;
        match handled {
            Ok(dispatched) if !dispatched.try_again() => {
                self.note(&dispatched)?;
                cloud.change(|state| state.acknowledge(place))?;
                Ok(Done::Delivered(dispatched))
            }
            Ok(dispatched) => self.later(place, &delivery, dispatched.to_string()),
            Err(error @ LifecycleError::Journal(_)) if is_store_failure(&error) => Err(error.into()),
            Err(error) => self.later(place, &delivery, error.to_string()),
        }
    }

    /// Sets the timers that depend on what was handled.
    ///
    /// # Errors
    /// When the store fails.
    pub fn note(&self, dispatched: &Dispatched) -> Result<(), StoreError> {
        let cloud = self.world.cloud();
        let now = cloud.time();
        match dispatched {
            Dispatched::WindowOpened(_) => cloud.change(|state| state.meta_mut().window_wake = Some(now)),
            Dispatched::Reconciled { compared: Some(_), window, .. } => {
                let next = now + cloud.settings().lifecycle().compare_every;
                cloud.change(|state| {
                    state.meta_mut().next_compare = Some(next);
                    state.meta_mut().window_wake = *window;
                })
            }
            Dispatched::Reconciled { compared: None, window, .. } => {
                cloud.change(|state| state.meta_mut().window_wake = *window)
            }
            Dispatched::Batch(answers) => answers
                .iter()
                .filter_map(|answer| answer.outcome.as_ref().ok())
                .try_for_each(|one| self.note(one)),
            Dispatched::Handled { .. }
            | Dispatched::AccountWoken { .. }
            | Dispatched::Woken(_)
            | Dispatched::Noted { .. }
            | Dispatched::NotMine(_)
            | Dispatched::NotRouted(_)
            | Dispatched::Invoked(_)
            | Dispatched::Refused(_) => Ok(()),
        }
    }

    fn later(&self, place: Place, delivery: &Delivery, why: String) -> Result<Done, EngineError> {
        let cloud = self.world.cloud();
        let failures = delivery.failures + 1;
        if failures >= DELIVERIES {
            cloud.change(|state| {
                state.acknowledge(place);
                state.meta_mut().dead_letters += 1;
            })?;
            tracing::error!(%why, "an event was delivered in vain too often");
            return Ok(Done::Dead(why));
        }
        let pause = BACK_OFF * 2_i32.pow(failures - 1);
        let at = cloud.time() + pause;
        cloud.change(|state| postpone(state, place, at))?;
        Ok(Done::Postponed(why))
    }

    /// A wake-up that failed is no reason to stop: the account stays due, and the reconciler comes.
    fn tolerate(outcome: Result<(), LifecycleError>) -> Result<Done, LifecycleError> {
        match outcome {
            Ok(()) => Ok(Done::Quiet),
            Err(error) if is_store_failure(&error) => Err(error),
            Err(error) => {
                tracing::warn!(%error, "postponed");
                Ok(Done::Postponed(error.to_string()))
            }
        }
    }
}

fn next_window(settings: &Settings, now: Timestamp) -> Option<Timestamp> {
    settings.schedule().and_then(|schedule| schedule.next_after(now, now))
}

fn next(state: &State) -> Option<(Timestamp, Item)> {
    let meta = state.meta();
    let delivery = state.next_place().map(|place| (place.at, Item::Deliver(place)));
    let wake = state.next_wake_up().map(|(at, account)| (at, Item::Wake(account, at)));
    [
        state.next_end().map(|at| (at, Item::EndBuilds)),
        delivery,
        wake,
        meta.window_wake.map(|at| (at, Item::Window)),
        meta.next_window.map(|at| (at, Item::Schedule)),
        meta.next_reconcile.map(|at| (at, Item::Reconcile)),
    ]
    .into_iter()
    .flatten()
    .min()
}

fn postpone(state: &mut State, place: Place, at: Timestamp) {
    if let Some(delivery) = state.delivery(place) {
        state.acknowledge(place);
        state.deliver(at, Delivery { failures: delivery.failures + 1, ..delivery });
    }
}

/// The store below failed: nothing can go on.
const fn is_store_failure(error: &LifecycleError) -> bool {
    matches!(error, LifecycleError::Journal(_))
}

/// Everything local answers at once. What does not is a process that died: it is dropped where it stands.
pub fn run_or_die<F: Future>(work: F) -> Option<F::Output> {
    match pin!(work).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    }
}
