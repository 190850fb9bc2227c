//! Figures for the report of a simulation, taken from the records as they are appended.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::Serialize;
use state_machine::{
    Account, AccountId, CycleEnd, CycleKind, Fact, Fleet, FleetFact, FleetRecord, Origin, Record, Tally, Text,
};

use crate::cloud::local::EventKind;
use crate::cloud::local::{Build, Lost};

/// All figures.
#[derive(Debug, Default)]
pub struct Statistics {
    /// By unit; accounts that stand in no unit are under `-`.
    pub units: BTreeMap<Text, UnitFigures>,
    /// By kind of event.
    pub lost: BTreeMap<EventKind, LostFigures>,
    /// How many records were appended.
    pub records: u64,
    /// How many builds were started.
    pub builds: u64,
    /// How many seconds they ran.
    pub build_seconds: u64,
    /// How many of them failed.
    pub failed_builds: u64,
    /// What came in and was ignored.
    pub ignored: u64,
    /// Events that were refused.
    pub refused_events: u64,
    /// Windows that closed, and what became of their accounts.
    pub windows: WindowFigures,
    waiting: BTreeMap<AccountId, Vec<Lost>>,
}

/// Figures of one unit.
#[derive(Clone, Debug, Default)]
pub struct UnitFigures {
    /// Accounts that were seen in it.
    pub accounts: std::collections::BTreeSet<AccountId>,
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
        self.records += records.len() as u64;
        let unit =
            account.profile().units.first().map_or_else(|| Text::from("-"), |unit| unit.as_str().into());
        let id = account.id();
        let mut unit_figures = None;
        for record in records {
            self.repair(id, record);
            let figures = unit_figures.take().unwrap_or_else(|| self.units.entry(unit.clone()).or_default());
            figures.note(record, account, id);
            if let Fact::Ignored { .. } = record.fact {
                self.ignored += 1;
            }
        }
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
        self.build_seconds += u64::from(build.runs.0);
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
    fn note(&mut self, record: &Record, account: &Account, id: AccountId) {
        self.accounts.insert(id);
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

/// The value below which this share of the values lies; 0 when there is none. Sorts the values.
pub fn percentile(values: &mut [u32], percent: usize) -> u32 {
    if values.is_empty() {
        return 0;
    }
    values.sort_unstable();
    values[(values.len() - 1) * percent / 100]
}
