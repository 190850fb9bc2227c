//! Figures for the report of a simulation, taken from the records as they are appended.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde::Serialize;
use state_machine::{
    Account, AccountId, CycleEnd, CycleKind, Fact, Fleet, FleetFact, FleetRecord, Origin, Record, Tally,
    UnitId,
};

use crate::cloud::local::EventKind;
use crate::cloud::local::{Build, Lost};

/// All figures.
#[derive(Debug, Default)]
pub struct Statistics {
    /// By the unit in which an account stood; none: outside of all units, after it stood in one.
    units: BTreeMap<Option<UnitId>, UnitFigures>,
    /// By kind of event.
    pub lost: BTreeMap<EventKind, LostFigures>,
    /// How many records were appended.
    pub records: u64,
    /// How many of them to the journal of which account.
    pub by_account: BTreeMap<AccountId, u64>,
    /// How many builds were started.
    pub builds: u64,
    /// What AWS would bill for those that ended: from the call to the end, each rounded up to a minute.
    /// <https://aws.amazon.com/codebuild/pricing/>
    pub build_minutes: u64,
    /// How many of them failed.
    pub failed_builds: u64,
    /// What came in and was ignored.
    pub ignored: u64,
    /// Events that were refused.
    pub refused_events: u64,
    /// Windows that closed, and what became of their accounts.
    pub windows: WindowFigures,
    waiting: BTreeMap<AccountId, Vec<Lost>>,
    /// Accounts that stood in a unit at some time.
    placed: BTreeSet<AccountId>,
    /// Figures of accounts that never stood in one so far: a new account lies in the root until somebody moves
    /// it, and what happens to it until then belongs to the unit that it is for.
    unplaced: BTreeMap<AccountId, UnitFigures>,
}

/// Figures of one unit.
#[derive(Clone, Debug, Default)]
pub struct UnitFigures {
    /// Cycles that were completed.
    pub cycles: u64,
    /// Cycles that were interrupted.
    pub interrupted: u64,
    /// How long on-boarding took, in seconds.
    pub on_boarding: Vec<u32>,
    /// How long maintenance took, in seconds.
    pub maintenance: Vec<u32>,
    /// Builds that failed.
    pub failures: u64,
    /// How often an account went into quarantine.
    pub quarantines: u64,
    /// How often an account was held.
    pub holds: u64,
}

/// What became of lost events of one kind.
#[derive(Clone, Debug, Default)]
pub struct LostFigures {
    /// How many were lost.
    pub lost: u64,
    /// After how many seconds what they told was recorded all the same.
    pub repaired: Vec<u32>,
    /// Who found it.
    pub repaired_by: BTreeMap<Origin, u64>,
}

/// Windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WindowFigures {
    /// How many were opened.
    pub opened: u64,
    /// How many were stopped by their brakes.
    pub stopped: u64,
    /// How many closed.
    pub closed: u64,
    /// What became of the accounts.
    pub tally: Tally,
}

impl Statistics {
    /// Records were appended to an account's journal.
    pub fn appended(&mut self, records: &[Record], account: &Account) {
        let id = account.id();
        self.records += records.len() as u64;
        *self.by_account.entry(id).or_default() += records.len() as u64;
        for record in records {
            self.repair(id, record);
            if let Fact::Ignored { .. } = record.fact {
                self.ignored += 1;
            }
        }
        let unit = account.profile().units.first();
        if let Some(unit) = unit
            && self.placed.insert(id)
            && let Some(early) = self.unplaced.remove(&id)
        {
            self.units.entry(Some(unit.clone())).or_default().add(&early);
        }
        // Most appends change no figure, and a key is a text to copy.
        if records.iter().any(UnitFigures::counts) {
            let figures = match unit {
                None if !self.placed.contains(&id) => self.unplaced.entry(id).or_default(),
                unit => self.units.entry(unit.cloned()).or_default(),
            };
            for record in records {
                figures.note(record, account);
            }
        }
    }

    /// By the unit in which an account stood, or first came to stand; none: outside of all units.
    pub fn units(&self) -> BTreeMap<Option<UnitId>, UnitFigures> {
        let mut units = self.units.clone();
        for figures in self.unplaced.values() {
            units.entry(None).or_default().add(figures);
        }
        units
    }

    /// Records were appended to the fleet's journal.
    pub fn appended_fleet(&mut self, records: &[FleetRecord], fleet: &Fleet) {
        for record in records {
            match &record.fact {
                FleetFact::WindowOpened { .. } => self.windows.opened += 1,
                FleetFact::WindowStopped { .. } => self.windows.stopped += 1,
                FleetFact::WindowClosed => {
                    self.windows.closed += 1;
                    if let Some(past) = fleet.last_window() {
                        self.windows.tally = self.windows.tally.plus(past.tally);
                    }
                }
                FleetFact::EventRefused { .. } => self.refused_events += 1,
                FleetFact::WindowPlanned { .. }
                | FleetFact::WindowAdvanced { .. }
                | FleetFact::FirstWaveBack
                | FleetFact::WindowStopAnnounced
                | FleetFact::WindowNotOpened
                | FleetFact::ScheduleFired { .. }
                | FleetFact::WindowCommanded { .. }
                | FleetFact::RequestIgnored { .. } => {}
            }
        }
    }

    /// A build was started.
    pub fn build_started(&mut self) {
        self.builds += 1;
    }

    /// A build ended.
    pub fn build_ended(&mut self, _account: AccountId, build: &Build) {
        if build.token.is_none() {
            return;
        }
        let took = build.ended.map_or_else(TimeDelta::zero, |ended| ended.since(build.queued));
        self.build_minutes += u64::from(seconds(took).div_ceil(60));
        if build.will != state_machine::BuildOutcome::Succeeded {
            self.failed_builds += 1;
        }
    }

    /// An event was lost.
    pub fn lost(&mut self, lost: &Lost) {
        self.lost.entry(lost.kind).or_default().lost += 1;
        self.waiting.entry(lost.account).or_default().push(*lost);
    }

    /// What a lost event told is recorded all the same: who found it, and after how long?
    fn repair(&mut self, account: AccountId, record: &Record) {
        let Some(waiting) = self.waiting.get_mut(&account) else { return };
        let tells = match &record.fact {
            Fact::Entered { .. } | Fact::StateFound { .. } => EventKind::Tag,
            Fact::BuildEnded { .. } => EventKind::Build,
            Fact::Enrolled | Fact::Sighted { .. } | Fact::Left { .. } | Fact::Joined => EventKind::Move,
            _ => return,
        };
        let Some(place) = waiting.iter().position(|lost| lost.kind == tells && lost.at <= record.at) else {
            return;
        };
        let lost = waiting.remove(place);
        let figures = self.lost.entry(tells).or_default();
        figures.repaired.push(seconds(record.at.since(lost.at)));
        *figures.repaired_by.entry(record.cause.origin).or_default() += 1;
    }
}

impl UnitFigures {
    /// Both together.
    pub fn add(&mut self, other: &Self) {
        self.cycles += other.cycles;
        self.interrupted += other.interrupted;
        self.on_boarding.extend(&other.on_boarding);
        self.maintenance.extend(&other.maintenance);
        self.failures += other.failures;
        self.quarantines += other.quarantines;
        self.holds += other.holds;
    }

    /// Whether a record changes a figure of its unit.
    const fn counts(record: &Record) -> bool {
        matches!(
            record.fact,
            Fact::CycleEnded { .. }
                | Fact::BuildEnded { .. }
                | Fact::Quarantined { .. }
                | Fact::Held { .. }
                | Fact::Deferred { .. }
        )
    }

    fn note(&mut self, record: &Record, account: &Account) {
        match &record.fact {
            Fact::CycleEnded { end: CycleEnd::Completed } => {
                self.cycles += 1;
                let Some(past) = account.last_cycle() else { return };
                let took = seconds(past.ended.since(past.cycle.began));
                match past.cycle.kind {
                    CycleKind::OnBoarding => self.on_boarding.push(took),
                    CycleKind::Maintenance => self.maintenance.push(took),
                }
            }
            Fact::CycleEnded { end: CycleEnd::Interrupted } => self.interrupted += 1,
            Fact::BuildEnded { outcome, .. } if *outcome != state_machine::BuildOutcome::Succeeded => {
                self.failures += 1;
            }
            Fact::Quarantined { .. } => self.quarantines += 1,
            Fact::Held { .. } | Fact::Deferred { .. } => self.holds += 1,
            _ => {}
        }
    }
}

fn seconds(time: TimeDelta) -> u32 {
    u32::try_from(time.num_seconds()).unwrap_or(0)
}

/// The least value that at least so many percent of the values do not exceed (nearest rank); 0 when there is
/// none. Sorts the values.
pub fn percentile(values: &mut [u32], percent: usize) -> u32 {
    values.sort_unstable();
    let rank = (values.len() * percent).div_ceil(100);
    values.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_there() {
        assert_eq!(percentile(&mut [], 50), 0);
        assert_eq!(percentile(&mut [7], 95), 7);
        assert_eq!(percentile(&mut [4, 1, 3, 2], 50), 2);
        assert_eq!(percentile(&mut (1..=100).rev().collect::<Vec<_>>(), 95), 95);
        assert_eq!(percentile(&mut [1, 2, 3], 95), 3);
    }
}
