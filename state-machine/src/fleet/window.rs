//! A maintenance window that runs, and what it leaves behind.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{AccountId, Actor, Brakes, Timestamp, Version, WindowId};

use super::{FleetFact, FleetRecord};

/// How many accounts stand on one page of a plan: a record must stay far below what a store takes at once
/// (400 KB in DynamoDB).
pub const PLAN_PAGE: usize = 1_000;

/// How often a window that runs is looked after.
const TICK: TimeDelta = TimeDelta::minutes(2);

/// A window that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its name: the instant at which it was opened.
    pub id: WindowId,
    /// Who opened it.
    pub by: Actor,
    /// What keeps it from doing harm, as the settings said when it was opened.
    pub brakes: Brakes,
    /// The records that hold the plan, page by page.
    pub pages: Vec<Version>,
    /// How many accounts the plan holds.
    pub planned: u32,
    /// How many of them had their turn.
    pub turns: u32,
    /// Accounts that were let in and are not back.
    pub in_flight: BTreeSet<AccountId>,
    /// What became of the others.
    pub tally: Tally,
    /// How far it is.
    pub stage: Stage,
    /// When it is looked after next.
    pub next_wake: Timestamp,
}

/// What became of accounts that had their turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Released again, and no build failed.
    pub completed: u32,
    /// Released again, after a build failed.
    pub completed_late: u32,
    /// In quarantine.
    pub quarantined: u32,
    /// Interrupted by hand or by command.
    pub interrupted: u32,
    /// Not taken after all, when their turn came.
    pub left_out: u32,
    /// Taken, and not waited for: they are held, suspended, or not managed any more.
    #[serde(default)]
    pub set_aside: u32,
}

/// How far a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The first wave is out; the rest waits for it.
    FirstWave,
    /// Accounts are let in as others come back.
    Open,
    /// Nobody is let in any more.
    Stopped {
        /// Why.
        because: Stop,
        /// Whether that was announced.
        announced: bool,
    },
}

/// Why a window lets nobody in any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// Failures left the usual band.
    Failures {
        /// How many accounts met a failed build.
        failed: u32,
        /// Of how many that were let in.
        of: u32,
    },
    /// It has been open for as long as it may.
    TimeIsUp,
}

/// A window that has closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastWindow {
    /// Its name.
    pub id: WindowId,
    /// When it closed.
    pub closed: Timestamp,
    /// How many accounts the plan held.
    pub planned: u32,
    /// How many of them never had their turn.
    pub unserved: u32,
    /// What became of the others.
    pub tally: Tally,
    /// Why it let nobody in any more, when it was stopped.
    pub stopped: Option<Stop>,
}

/// What became of an account that was let in, as its head tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// Its cycle runs.
    InFlight {
        /// Whether a build failed in it.
        troubled: bool,
    },
    /// It is released again.
    Completed {
        /// Whether a build failed on the way.
        troubled: bool,
    },
    /// It is in quarantine.
    Quarantined,
    /// Its cycle was interrupted.
    Interrupted,
    /// It was not taken after all.
    LeftOut,
    /// Its cycle waits for something that may take weeks: it is held, suspended, or not managed any more. A
    /// window that waited for it would keep every later one from opening.
    SetAside,
}

impl Window {
    pub(super) fn fold(&mut self, record: &FleetRecord) {
        self.next_wake = record.at + TICK;
        match &record.fact {
            FleetFact::WindowPlanned { .. } => {
                self.pages.push(record.version);
                self.next_wake = record.at;
            }
            FleetFact::WindowAdvanced { admitted, settled } => {
                for (account, settlement) in settled {
                    if self.in_flight.remove(account) {
                        self.tally.add(*settlement);
                    }
                }
                self.in_flight.extend(admitted);
                self.turns += u32::try_from(admitted.len()).unwrap_or(0);
            }
            FleetFact::FirstWaveBack => self.stage = Stage::Open,
            FleetFact::WindowStopped { because } => {
                self.stage = Stage::Stopped { because: *because, announced: false };
            }
            FleetFact::WindowStopAnnounced => {
                if let Stage::Stopped { announced, .. } = &mut self.stage {
                    *announced = true;
                }
            }
            FleetFact::WindowOpened { .. }
            | FleetFact::WindowClosed
            | FleetFact::WindowNotOpened
            | FleetFact::ScheduleFired { .. }
            | FleetFact::WindowCommanded { .. }
            | FleetFact::RequestIgnored { .. }
            | FleetFact::EventRefused { .. } => {}
        }
    }

    /// How many more accounts may be let in now, by the brakes alone.
    pub fn wanted(&self) -> usize {
        let in_flight = u32::try_from(self.in_flight.len()).unwrap_or(u32::MAX);
        let room = self.brakes.in_flight.saturating_sub(in_flight);
        let room = match self.stage {
            Stage::FirstWave => room.min(self.brakes.first_wave.saturating_sub(self.telling())),
            Stage::Open => room,
            Stage::Stopped { .. } => 0,
        };
        usize::try_from(room.min(self.planned.saturating_sub(self.turns))).unwrap_or(0)
    }

    /// How many of those that had their turn tell anything about failures: they were let in, and they come
    /// back.
    pub(super) fn telling(&self) -> u32 {
        self.turns.saturating_sub(self.tally.left_out).saturating_sub(self.tally.set_aside)
    }

    /// The page of the plan that holds the next account, and the place on that page.
    pub fn next_page(&self) -> Option<(Version, usize)> {
        let turns = usize::try_from(self.turns).ok()?;
        self.pages.get(turns / PLAN_PAGE).map(|page| (*page, turns % PLAN_PAGE))
    }

    /// Whether so many failures among those that were let in leave the usual band.
    ///
    /// This is the upper control limit of a p-chart (Shewhart, Economic Control of Quality of Manufactured
    /// Product, 1931): the usual share and three standard deviations of it at this sample size.
    pub(super) fn leaves_the_band(&self, failed: u32) -> bool {
        let of = self.telling();
        if failed < self.brakes.least_failures || of == 0 {
            return false;
        }
        let usual = f64::from(self.brakes.usual_failures_percent) / 100.0;
        let deviation = (usual * (1.0 - usual) / f64::from(of)).sqrt();
        f64::from(failed) / f64::from(of) > usual + 3.0 * deviation
    }
}

impl Tally {
    fn add(&mut self, settlement: Settlement) {
        match settlement {
            Settlement::Completed { troubled: false } => self.completed += 1,
            Settlement::Completed { troubled: true } => self.completed_late += 1,
            Settlement::Quarantined => self.quarantined += 1,
            Settlement::Interrupted => self.interrupted += 1,
            Settlement::LeftOut => self.left_out += 1,
            Settlement::SetAside => self.set_aside += 1,
            Settlement::InFlight { .. } => {}
        }
    }

    /// Both together.
    pub const fn plus(self, other: Self) -> Self {
        Self {
            completed: self.completed + other.completed,
            completed_late: self.completed_late + other.completed_late,
            quarantined: self.quarantined + other.quarantined,
            interrupted: self.interrupted + other.interrupted,
            left_out: self.left_out + other.left_out,
            set_aside: self.set_aside + other.set_aside,
        }
    }

    /// How many met a failed build.
    pub const fn failed(&self) -> u32 {
        self.completed_late + self.quarantined
    }
}

/// What became of an account that was let in, as its head tells; `None` when its head does not show that it
/// ever was: then whoever let it in did not come to hand it over.
pub fn settlement(account: &crate::Account, window: WindowId) -> Option<Settlement> {
    if let Some(cycle) = account.cycle()
        && cycle.window == Some(window)
    {
        return Some(match account.quarantine() {
            Some(_) => Settlement::Quarantined,
            None if !account.is_touchable() || account.deferred().is_some() => Settlement::SetAside,
            None => Settlement::InFlight { troubled: cycle.failed_builds > 0 },
        });
    }
    if account.last_window() != Some(window) {
        return None;
    }
    Some(match account.last_cycle().filter(|past| past.cycle.window == Some(window)) {
        Some(past) if past.end == crate::CycleEnd::Completed => {
            Settlement::Completed { troubled: past.cycle.failed_builds > 0 }
        }
        // Another cycle came after it: somebody asked for that, by hand or by command.
        Some(_) | None => Settlement::Interrupted,
    })
}
