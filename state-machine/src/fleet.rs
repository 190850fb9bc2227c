//! The fleet's own journal: maintenance windows, and what concerns no single account.
//!
//! A window is a plan and brakes. The plan is written down first, in pages; then accounts are let in, first
//! a small wave, later as many as may be in flight at once; and when failures leave the usual band, nobody
//! is let in any more. Everything that is needed to go on after a crash stands in the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{AccountId, Actor, Brakes, Cause, Text, Timestamp, Version, WindowId};

/// How many accounts stand on one page of a plan: a record must stay far below what a store takes at once
/// (400 KB in DynamoDB).
pub const PLAN_PAGE: usize = 1_000;

/// How often a window that runs is looked after.
const TICK: TimeDelta = TimeDelta::minutes(1);

/// The fleet's journal, folded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fleet {
    version: Version,
    window: Option<Window>,
    last_window: Option<PastWindow>,
    refused_events: u64,
}

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
}

/// One immutable fact of the fleet's journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetRecord {
    /// Its place in the journal; the first is 1.
    pub version: Version,
    /// When it was decided.
    pub at: Timestamp,
    /// What led to it.
    pub cause: Cause,
    /// The fact.
    pub fact: FleetFact,
}

/// What can be true of the fleet from now on. The journal's format: only added to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FleetFact {
    /// A window was opened.
    WindowOpened {
        /// Its name.
        window: WindowId,
        /// Its brakes.
        brakes: Brakes,
        /// How many accounts the plan holds.
        planned: u32,
        /// How many accounts were left out of it, by reason.
        left_out: BTreeMap<Text, u32>,
    },
    /// A page of its plan, in the order in which accounts have their turn.
    WindowPlanned {
        /// The accounts.
        accounts: Vec<AccountId>,
    },
    /// Accounts had their turn, or came back.
    WindowAdvanced {
        /// Accounts that are let in.
        admitted: Vec<AccountId>,
        /// Accounts that are back.
        settled: Vec<(AccountId, Settlement)>,
    },
    /// The first wave is back without unusual failures.
    FirstWaveBack,
    /// Nobody is let in any more.
    WindowStopped {
        /// Why.
        because: Stop,
    },
    /// That was announced.
    WindowStopAnnounced,
    /// The window closed.
    WindowClosed,
    /// A schedule fired while a window was open.
    WindowNotOpened,
    /// An event was refused.
    EventRefused {
        /// A short word for the reason.
        code: Text,
        /// The reason, for people.
        message: Text,
        /// The beginning of the event.
        excerpt: Text,
    },
}

/// What is to be done next for a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// What to append.
    pub records: Vec<FleetRecord>,
    /// The head that they make.
    pub fleet: Arc<Fleet>,
    /// Accounts that are let in: each is to be handed to its window once this is appended.
    pub admitted: Vec<AccountId>,
}

impl Fleet {
    /// How many records are folded in.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The window that runs.
    pub const fn window(&self) -> Option<&Window> {
        self.window.as_ref()
    }

    /// The window that closed last.
    pub const fn last_window(&self) -> Option<&PastWindow> {
        self.last_window.as_ref()
    }

    /// How many events were refused.
    pub const fn refused_events(&self) -> u64 {
        self.refused_events
    }

    /// When something is to be done for the fleet.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.window.as_ref().map(|window| window.next_wake)
    }

    /// Folds one more record in.
    ///
    /// # Errors
    /// When a record is missing or comes twice. The head is then as it was.
    pub fn apply(&mut self, record: &FleetRecord) -> Result<(), crate::IllegalRecord> {
        if record.version != self.version.next() {
            return Err(crate::IllegalRecord::OutOfOrder { head: self.version, found: record.version });
        }
        self.fold(record);
        Ok(())
    }

    /// Opens a window with this plan; the accounts have their turn in this order.
    ///
    /// While another window is open, none is opened: that is recorded, and `None` is returned beside it.
    pub fn open(
        &self,
        cause: &Cause,
        brakes: &Brakes,
        plan: &[AccountId],
        left_out: BTreeMap<Text, u32>,
        now: Timestamp,
    ) -> (Option<WindowId>, Advance) {
        let mut draft = FleetDraft::new(self, cause, now);
        if self.window.is_some() {
            draft.record(FleetFact::WindowNotOpened);
            return (None, draft.finish(Vec::new()));
        }
        let window = WindowId(now);
        let planned = u32::try_from(plan.len()).unwrap_or(u32::MAX);
        draft.record(FleetFact::WindowOpened { window, brakes: brakes.clone(), planned, left_out });
        for page in plan.chunks(PLAN_PAGE) {
            draft.record(FleetFact::WindowPlanned { accounts: page.to_vec() });
        }
        (Some(window), draft.finish(Vec::new()))
    }

    /// What is to be done for the window that runs, given what became of the accounts in flight, and the
    /// next accounts of the plan (at least as many as [`Window::wanted`] asks for, if there are so many).
    pub fn advance(
        &self,
        cause: &Cause,
        settlements: &BTreeMap<AccountId, Settlement>,
        next: &[AccountId],
        now: Timestamp,
    ) -> Option<Advance> {
        let window = self.window.as_ref()?;
        let mut draft = FleetDraft::new(self, cause, now);
        let settled: Vec<_> = settlements
            .iter()
            .filter(|(account, settlement)| {
                window.in_flight.contains(account) && !matches!(settlement, Settlement::InFlight { .. })
            })
            .map(|(account, settlement)| (*account, *settlement))
            .collect();
        let troubled = settlements
            .values()
            .filter(|settlement| matches!(settlement, Settlement::InFlight { troubled: true }))
            .count();
        let troubled = u32::try_from(troubled).unwrap_or(u32::MAX);
        if !settled.is_empty() {
            draft.record(FleetFact::WindowAdvanced { admitted: Vec::new(), settled });
        }
        draft.brake(troubled, now);
        let admitted = draft.admit(next);
        if !admitted.is_empty() {
            draft.record(FleetFact::WindowAdvanced { admitted: admitted.clone(), settled: Vec::new() });
        }
        draft.close();
        (!draft.records.is_empty()).then(|| draft.finish(admitted))
    }

    /// Records that an event was refused.
    pub fn refuse_event(&self, cause: &Cause, fact: FleetFact, now: Timestamp) -> Advance {
        let mut draft = FleetDraft::new(self, cause, now);
        draft.record(fact);
        draft.finish(Vec::new())
    }

    /// Records that the stop of the window was announced.
    pub fn announced(&self, cause: &Cause, now: Timestamp) -> Advance {
        let mut draft = FleetDraft::new(self, cause, now);
        draft.record(FleetFact::WindowStopAnnounced);
        draft.finish(Vec::new())
    }

    fn fold(&mut self, record: &FleetRecord) {
        self.version = record.version;
        match &record.fact {
            FleetFact::WindowOpened { window, brakes, planned, .. } => {
                self.window = Some(Window {
                    id: *window,
                    by: record.cause.by.clone(),
                    brakes: brakes.clone(),
                    pages: Vec::new(),
                    planned: *planned,
                    turns: 0,
                    in_flight: BTreeSet::new(),
                    tally: Tally::default(),
                    stage: Stage::FirstWave,
                    next_wake: record.at,
                });
            }
            FleetFact::WindowClosed => self.close(record.at),
            FleetFact::WindowNotOpened => {}
            FleetFact::EventRefused { .. } => self.refused_events = self.refused_events.saturating_add(1),
            FleetFact::WindowPlanned { .. }
            | FleetFact::WindowAdvanced { .. }
            | FleetFact::FirstWaveBack
            | FleetFact::WindowStopped { .. }
            | FleetFact::WindowStopAnnounced => {
                if let Some(window) = &mut self.window {
                    window.fold(record);
                }
            }
        }
    }

    fn close(&mut self, closed: Timestamp) {
        let Some(window) = self.window.take() else { return };
        self.last_window = Some(PastWindow {
            id: window.id,
            closed,
            planned: window.planned,
            unserved: window.planned.saturating_sub(window.turns),
            tally: window.tally,
            stopped: match window.stage {
                Stage::Stopped { because, .. } => Some(because),
                Stage::FirstWave | Stage::Open => None,
            },
        });
    }
}

impl Window {
    fn fold(&mut self, record: &FleetRecord) {
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
            | FleetFact::EventRefused { .. } => {}
        }
    }

    /// How many more accounts may be let in now, by the brakes alone.
    pub fn wanted(&self) -> usize {
        let in_flight = u32::try_from(self.in_flight.len()).unwrap_or(u32::MAX);
        let room = self.brakes.in_flight.saturating_sub(in_flight);
        let room = match self.stage {
            Stage::FirstWave => room.min(self.brakes.first_wave.saturating_sub(self.turns)),
            Stage::Open => room,
            Stage::Stopped { .. } => 0,
        };
        usize::try_from(room.min(self.planned.saturating_sub(self.turns))).unwrap_or(0)
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
    fn leaves_the_band(&self, failed: u32) -> bool {
        let of = self.turns.saturating_sub(self.tally.left_out);
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
        }
    }

    /// How many met a failed build.
    pub const fn failed(&self) -> u32 {
        self.completed_late + self.quarantined
    }
}

struct FleetDraft {
    fleet: Fleet,
    records: Vec<FleetRecord>,
    cause: Cause,
    now: Timestamp,
}

impl FleetDraft {
    fn new(fleet: &Fleet, cause: &Cause, now: Timestamp) -> Self {
        Self { fleet: fleet.clone(), records: Vec::new(), cause: cause.clone(), now }
    }

    fn record(&mut self, fact: FleetFact) {
        let record =
            FleetRecord { version: self.fleet.version.next(), at: self.now, cause: self.cause.clone(), fact };
        self.fleet.fold(&record);
        self.records.push(record);
    }

    /// Stops the window when it must let nobody in any more; lets the rest in when the first wave is back.
    fn brake(&mut self, troubled: u32, now: Timestamp) {
        let Some(window) = &self.fleet.window else { return };
        if matches!(window.stage, Stage::Stopped { .. }) {
            return;
        }
        let failed = window.tally.failed() + troubled;
        let of = window.turns.saturating_sub(window.tally.left_out);
        let longest = TimeDelta::seconds(i64::from(window.brakes.longest_seconds));
        let more = window.turns < window.planned;
        if window.leaves_the_band(failed) {
            self.record(FleetFact::WindowStopped { because: Stop::Failures { failed, of } });
        } else if more && now >= window.id.0 + longest {
            self.record(FleetFact::WindowStopped { because: Stop::TimeIsUp });
        } else if window.stage == Stage::FirstWave
            && window.turns >= window.brakes.first_wave.min(window.planned)
            && window.in_flight.is_empty()
        {
            self.record(FleetFact::FirstWaveBack);
        }
    }

    fn admit(&self, next: &[AccountId]) -> Vec<AccountId> {
        let wanted = self.fleet.window.as_ref().map_or(0, Window::wanted);
        next.iter().take(wanted).copied().collect()
    }

    fn close(&mut self) {
        let done = self.fleet.window.as_ref().is_some_and(|window| {
            let nobody_else = match window.stage {
                Stage::FirstWave | Stage::Open => window.turns >= window.planned,
                Stage::Stopped { announced, .. } => announced,
            };
            window.in_flight.is_empty() && nobody_else
        });
        if done {
            self.record(FleetFact::WindowClosed);
        }
    }

    fn finish(self, admitted: Vec<AccountId>) -> Advance {
        Advance { records: self.records, fleet: Arc::new(self.fleet), admitted }
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
            None => Settlement::InFlight { troubled: cycle.failed_builds > 0 },
        });
    }
    let past = account.last_cycle().filter(|past| past.cycle.window == Some(window))?;
    Some(match past.end {
        crate::CycleEnd::Completed => Settlement::Completed { troubled: past.cycle.failed_builds > 0 },
        crate::CycleEnd::Interrupted => Settlement::Interrupted,
    })
}

#[cfg(test)]
#[path = "fleet_tests.rs"]
mod tests;
