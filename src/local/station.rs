//! An organization in a store: founded once, alive whenever somebody lets it live, readable and changeable by
//! several processes at any time.

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use state_machine::{AccountId, Timestamp, UnitId};

use crate::cloud::local::faults::Faults;
use crate::cloud::local::{Anchor, Keeper, LocalCloud, Member, State};
use crate::journal::sqlite::SqliteJournal;
use crate::settings::Settings;
use crate::store::{Store, StoreError};

use super::LocalWorld;
use super::found::{Export, draw, management_account};

/// A store that may hold an organization.
#[derive(Clone, Debug)]
pub struct Station {
    store: Store,
}

/// What an organization is founded with.
#[derive(Clone, Debug)]
pub struct Founding {
    /// How many accounts are drawn; an organization from a file has its own.
    pub accounts: usize,
    /// Where chance starts from.
    pub seed: u64,
    /// What goes wrong, and how often.
    pub faults: Faults,
    /// Its first instant.
    pub start: Timestamp,
    /// An organization from a file.
    pub export: Option<Export>,
}

/// How long before time that is accelerated may run without being looked after. The next thing that happens
/// is sooner, mostly.
pub const HORIZON: TimeDelta = TimeDelta::hours(1);

/// What happens within this time does not move the horizon each time: moving it is a write to the disk.
const SLACK: TimeDelta = TimeDelta::seconds(5);

/// Nobody waits for less than this: the timers of the machine are not finer.
const SHORT: TimeDelta = TimeDelta::milliseconds(1);

/// The clock of the machine.
pub fn wall() -> Timestamp {
    Utc::now().into()
}

impl Station {
    /// The station in this store.
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// The store.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The journal.
    pub fn journal(&self) -> SqliteJournal {
        SqliteJournal::new(self.store.clone())
    }

    /// The organization as it is; `None` when none was founded yet.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn load(&self) -> Result<Option<State>, StoreError> {
        Keeper::new(self.store.clone()).load()
    }

    /// The organization's time; `None` when none was founded yet.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        let clock = Keeper::new(self.store.clone()).clock()?;
        Ok(clock.map(|clock| clock.at(wall())))
    }

    /// The accounts of the organization that are wanted, by identifier. The others are not even parsed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn members(
        &self,
        wanted: impl Fn(AccountId) -> bool,
    ) -> Result<Vec<(AccountId, Member)>, StoreError> {
        Keeper::new(self.store.clone()).members(wanted)
    }

    /// The units of the organization.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn units(&self) -> Result<Vec<UnitId>, StoreError> {
        Keeper::new(self.store.clone()).units()
    }

    /// Founds an organization, unless there is one. All of it is there, or nothing.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn found(&self, settings: &Arc<Settings>, founding: &Founding) -> Result<(), StoreError> {
        let (owner, home) = (management_account(settings), settings.automation().account_id);
        let mut state = State::new(owner, home, founding.faults.clone(), founding.seed);
        let newcomers = match &founding.export {
            Some(export) => {
                export.settle(&mut state, settings);
                Vec::new()
            }
            None => draw(&mut state, settings, founding.accounts, founding.seed).newcomers,
        };
        // The events of the new accounts are made by a cloud in memory, and go into the store with all the rest.
        let cloud = LocalCloud::in_memory(state, Arc::clone(settings), founding.start);
        cloud.change(|state| {
            for (_, newcomer) in newcomers {
                let unit = newcomer.unit.clone();
                let member = newcomer.member(state, unit.as_ref(), &settings.tag_keys().state);
                state.insert_member(newcomer.account, member);
                cloud.emit_created(state, newcomer.account);
            }
            state.meta_mut().clock = Some(Anchor::new(founding.start, wall()));
        })?;
        Keeper::new(self.store.clone()).create(&mut cloud.into_state())
    }

    /// The organization, to be changed: in step with other processes, on the time that stands in the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn live(&self, settings: &Arc<Settings>) -> Result<Option<LocalCloud>, StoreError> {
        let keeper = Keeper::new(self.store.clone());
        let Some(state) = keeper.load()? else { return Ok(None) };
        let cloud = LocalCloud::kept(state, Arc::clone(settings), keeper, wall);
        Ok(Some(cloud))
    }

    /// The organization, to be changed by an operator: as [`Station::live`], and nothing goes wrong with the
    /// operator's own calls.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn operate(&self, settings: &Arc<Settings>) -> Result<Option<LocalWorld<SqliteJournal>>, StoreError> {
        let Some(cloud) = self.live(settings)? else { return Ok(None) };
        let cloud = cloud.calm();
        cloud.change(anchor)?;
        Ok(Some(LocalWorld::new(self.journal(), cloud)))
    }

    /// The organization as it is at this moment, to be read: nothing that is done to it reaches the store, and
    /// nothing goes wrong with reading it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn look(&self, settings: &Arc<Settings>) -> Result<Option<LocalWorld<SqliteJournal>>, StoreError> {
        let Some(mut state) = self.load()? else { return Ok(None) };
        state.faults = Faults::none();
        let now = state.meta().clock.map_or_else(wall, |clock| clock.at(wall()));
        let cloud = LocalCloud::in_memory(state, Arc::clone(settings), now);
        Ok(Some(LocalWorld::new(self.journal(), cloud)))
    }
}

/// Anchors the time in the present, at the pace that it has.
fn anchor(state: &mut State) {
    let real = wall();
    let clock = state.meta().clock.unwrap_or_else(|| Anchor::new(real, real));
    state.meta_mut().clock = Some(clock.moved(real, clock.speed, clock.horizon));
}

/// Lets time run at this speed until the next thing that happens. Returns how long to wait for that, in real
/// time.
pub fn pace(state: &mut State, speed: u32, next: Option<Timestamp>) -> TimeDelta {
    let real = wall();
    let clock = state.meta().clock.unwrap_or_else(|| Anchor::new(real, real));
    let now = clock.at(real);
    let horizon = next.unwrap_or(now + HORIZON).min(now + HORIZON);
    let kept = clock.speed == speed && horizon <= clock.horizon && clock.horizon <= horizon + SLACK;
    let clock = if kept || (speed == 1 && clock.speed == 1 && clock.real <= real) {
        clock
    } else {
        let moved = clock.moved(real, speed, horizon);
        state.meta_mut().clock = Some(moved);
        moved
    };
    let wait = next.map_or(HORIZON, |next| clock.wait(real, next));
    if let Some(next) = next
        && wait <= SHORT
        && next <= clock.horizon
    {
        // Time may always be a little faster than it was said to be; a timer cannot.
        let time = clock.at(real).max(next);
        state.meta_mut().clock = Some(Anchor { time, real, ..clock });
        return TimeDelta::zero();
    }
    wait
}

/// Lets time go on at real speed from here.
pub fn rest(state: &mut State) {
    let real = wall();
    let clock = state.meta().clock.unwrap_or_else(|| Anchor::new(real, real));
    let now = clock.at(real);
    state.meta_mut().clock = Some(clock.moved(real, 1, now));
}
