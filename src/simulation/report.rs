//! What a simulation showed, in figures: for people as tables, for programs as JSON.
//!
//! The same scenario gives the same report, to the byte: no figure here depends on the machine or its clock.

use std::collections::BTreeMap;

use serde::Serialize;
use state_machine::{
    Account, AccountId, Custody, FleetRecord, Obligation, Record, Standing, Status, Text, Timestamp, UnitId,
};

use crate::cloud::local::faults::Fault;
use crate::cloud::local::{EventKind, Member};
use crate::journal::Journal as _;
use crate::settings::Settings;

use super::referee::{Breach, Rule};
use super::run::{Simulated, SimulationError, run_or_die};
use super::statistics::{Statistics, UnitFigures, WindowFigures, percentile};

/// The version of the report's shape in JSON: fields are added, never renamed or removed.
pub const SCHEMA: u32 = 1;

/// What a minute of a build costs, in US dollars: CodeBuild on demand, general1.small, Linux, in us-east-1.
pub const PRICE_OF_A_MINUTE: f64 = 0.005;

/// Where AWS says what a minute costs today.
pub const PRICE_PAGE: &str = "https://aws.amazon.com/codebuild/pricing/";

/// How many records of an account a trace shows at most.
const TRACE: usize = 40;

/// What a simulation showed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The version of this shape.
    pub schema: u32,
    /// What was simulated.
    pub scenario: Setting,
    /// The command that gives this report again.
    pub again: String,
    /// Where the accounts stand in the end.
    pub accounts: Accounts,
    /// Figures by unit.
    pub units: Vec<UnitLine>,
    /// Figures of all units together.
    pub total: UnitLine,
    /// Maintenance windows.
    pub windows: WindowFigures,
    /// What went wrong on purpose.
    pub faults: Vec<FaultLine>,
    /// What became of events that were lost.
    pub lost: Vec<LostLine>,
    /// Processes that died between two steps.
    pub deaths: u64,
    /// Events that were delivered in vain too often.
    pub dead_letters: u64,
    /// Builds, and what they would cost.
    pub builds: BuildLine,
    /// Calls by service and operation.
    pub calls: Vec<CallLine>,
    /// What stands in the journal.
    pub journal: JournalLine,
    /// The rules, and how often each was checked.
    pub rules: Vec<RuleLine>,
    /// The rule that was broken.
    pub breach: Option<Breach>,
    /// The smallest scenario that was found to break it.
    pub smallest: Option<Smallest>,
    /// Every record of one account, when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
}

/// What was simulated.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setting {
    /// Where chance started from.
    pub seed: u64,
    /// The first instant.
    pub start: Timestamp,
    /// The last instant.
    pub end: Timestamp,
    /// How many days were to pass.
    pub days: u32,
    /// Whether it was stopped before they had passed.
    pub interrupted: bool,
    /// `none`, `light`, `heavy`, or `mixed`.
    pub faults: &'static str,
    /// Whether the organization came from a file.
    pub from_file: bool,
    /// Whether accounts that carried a state were adopted.
    pub adopted: bool,
}

/// Where the accounts stand in the end, three days after the last fault and the last window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Accounts {
    /// Accounts of the organization.
    pub all: usize,
    /// Released, with nothing left to do.
    pub released: usize,
    /// On their way: in a cycle, or about to be.
    pub under_way: usize,
    /// In quarantine.
    pub quarantined: usize,
    /// Somebody asked to leave them alone, and they wait for the end of that.
    pub held: usize,
    /// They carried a state at the start, and nobody adopted them.
    pub awaiting_adoption: usize,
    /// Managed, and suspended, closed or not active yet.
    pub not_active: usize,
    /// No setting speaks of them, or they are protected: never touched.
    pub outside: usize,
}

/// Figures of one unit. Times are in seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UnitLine {
    /// The unit; none: outside of all units.
    pub unit: Option<UnitId>,
    /// What the settings call it.
    pub name: Option<Text>,
    /// Accounts that stand in it in the end.
    pub accounts: usize,
    /// Cycles that went all the way.
    pub cycles: u64,
    /// Cycles that somebody interrupted.
    pub interrupted: u64,
    /// Half of the on-boardings took no longer.
    pub on_boarding_median: u32,
    /// 95 in 100 on-boardings took no longer.
    pub on_boarding_p95: u32,
    /// Half of the maintenances took no longer.
    pub maintenance_median: u32,
    /// 95 in 100 maintenances took no longer.
    pub maintenance_p95: u32,
    /// Builds that failed.
    pub failures: u64,
    /// How often an account went into quarantine.
    pub quarantines: u64,
    /// How often an account was held, or waited because of a hold.
    pub holds: u64,
}

/// One kind of fault.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FaultLine {
    /// Which kind.
    pub kind: Fault,
    /// Its rate: a share between 0 and 1.
    pub rate: f64,
    /// How often it struck.
    pub struck: u64,
}

/// What became of lost events of one kind. Times are in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LostLine {
    /// What the events told: `tag`, `build` or `account`.
    pub kind: &'static str,
    /// How many were lost.
    pub lost: u64,
    /// How many of them were made up for: what they told was recorded all the same.
    pub repaired: u64,
    /// What the others told was overtaken before anybody needed it.
    pub overtaken: u64,
    /// Half of the repairs came within this time.
    pub repair_median: u32,
    /// 95 in 100 repairs came within this time.
    pub repair_p95: u32,
    /// Who made up for them, by word: the reconciler, a wake-up, another event.
    pub repaired_by: BTreeMap<String, u64>,
}

/// Builds, and what they would cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BuildLine {
    /// How many were started.
    pub started: u64,
    /// How many failed, were stopped or timed out.
    pub failed: u64,
    /// What AWS would bill: each build from the call to its end, rounded up to a minute.
    pub minutes: u64,
    /// The price of a minute, in US dollars.
    pub price_of_a_minute: f64,
    /// Both multiplied, in US dollars.
    pub estimate: f64,
    /// What that price is for.
    pub price_is_for: &'static str,
    /// Where to look it up.
    pub price_page: &'static str,
}

/// Calls of one operation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallLine {
    /// The service.
    pub service: &'static str,
    /// The operation.
    pub operation: &'static str,
    /// How often it was called.
    pub calls: u64,
    /// For calls that come with cycles: how many a cycle.
    pub per_cycle: Option<f64>,
    /// For calls that come with time: how many an account and a day.
    pub per_account_and_day: Option<f64>,
}

/// What stands in the journal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JournalLine {
    /// Records of all accounts.
    pub records: u64,
    /// Records a cycle.
    pub records_per_cycle: Option<f64>,
    /// What came in and counts for nothing, with the reason on record.
    pub ignored: u64,
    /// Events that could not be read or believed.
    pub refused_events: u64,
    /// The account with the most records.
    pub busiest: Option<AccountId>,
    /// How many records that one has.
    pub busiest_records: u64,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleLine {
    /// Its number in the design.
    pub number: usize,
    /// The rule, in a few words.
    pub rule: &'static str,
    /// How often it was checked.
    pub checks: u64,
    /// Whether it was broken.
    pub broken: bool,
}

/// The smallest scenario that breaks the same rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Smallest {
    /// How many accounts it has.
    pub accounts: usize,
    /// How many days pass.
    pub days: u32,
    /// Where chance starts from.
    pub seed: u64,
    /// What goes wrong, as switches.
    pub faults: Vec<String>,
    /// How many others were tried.
    pub tried: u32,
    /// The command that shows it.
    pub again: String,
    /// What is seen there.
    pub breach: Breach,
    /// What led to it.
    pub trace: Timeline,
}

/// Records of one account, or of the fleet, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// The account; none: the fleet.
    pub account: Option<AccountId>,
    /// How many records came before those that are shown.
    pub earlier: usize,
    /// The records.
    pub records: Vec<Line>,
}

/// One record, as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its place in the journal.
    pub version: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// Where it came from.
    pub origin: String,
    /// Who did it.
    pub by: String,
    /// The event or command that led to it.
    pub trigger: Option<String>,
    /// What kind of fact it is.
    pub fact: String,
    /// The fact, in words.
    pub text: String,
    /// What it makes us owe.
    pub owes: Vec<String>,
}

impl Report {
    /// The report of a simulation. `again` is the command that repeats it.
    pub fn of(simulated: &Simulated, settings: &Settings, again: String) -> Self {
        let books = simulated.referee.books();
        let statistics = &books.statistics;
        let members = simulated.world.cloud().change(|state| state.members().clone()).unwrap_or_default();
        let (units, total) = units(statistics, &members, settings);
        let scenario = &simulated.scenario;
        let broken_rule = books.breach.as_ref().map(|breach| breach.rule);
        let rules = Rule::ALL.map(|rule| RuleLine {
            number: rule.number(),
            rule: rule.as_str(),
            checks: books.checks.get(&rule).copied().unwrap_or(0),
            broken: broken_rule == Some(rule),
        });
        Self {
            schema: SCHEMA,
            scenario: Setting {
                seed: scenario.seed,
                start: scenario.start,
                end: simulated.ended,
                days: scenario.days,
                interrupted: simulated.interrupted,
                faults: scenario.faults.name(),
                from_file: scenario.organization.is_some(),
                adopted: scenario.adopt,
            },
            again,
            accounts: accounts(simulated, &members, settings),
            windows: statistics.windows,
            faults: faults(simulated),
            lost: lost(statistics),
            deaths: simulated.deaths,
            dead_letters: simulated.dead_letters,
            builds: builds(statistics),
            calls: calls(simulated, total.cycles, members.len()),
            journal: journal(statistics, total.cycles),
            rules: rules.into(),
            breach: books.breach.clone(),
            smallest: None,
            timeline: None,
            units,
            total,
        }
    }
}

fn accounts(simulated: &Simulated, members: &BTreeMap<AccountId, Member>, settings: &Settings) -> Accounts {
    let now = simulated.world.cloud().time();
    let mut accounts = Accounts { all: members.len(), ..Accounts::default() };
    for (&id, member) in members {
        let standing = settings.resolve(id, &member.profile.units).standing().value;
        if standing != Standing::Managed {
            accounts.outside += 1;
            continue;
        }
        if member.status != Status::Active {
            accounts.not_active += 1;
            continue;
        }
        let head = run_or_die(simulated.world.kept().account(id)).and_then(Result::ok);
        match head {
            Some(head) if head.custody() == Custody::Sighted => accounts.awaiting_adoption += 1,
            Some(head) if head.quarantine().is_some() => accounts.quarantined += 1,
            Some(head) if is_done(&head) => accounts.released += 1,
            Some(head) if head.deferred().is_some_and(|until| until > now) => accounts.held += 1,
            Some(_) | None => accounts.under_way += 1,
        }
    }
    accounts
}

fn is_done(head: &Account) -> bool {
    let state = head.state() == Some(state_machine::State::Released);
    let effects = |owed: &Obligation| !matches!(owed.intent, state_machine::Intent::Announce(_));
    state && head.tag().entered && head.cycle().is_none() && !head.owed().iter().any(effects)
}

fn units(
    statistics: &Statistics,
    members: &BTreeMap<AccountId, Member>,
    settings: &Settings,
) -> (Vec<UnitLine>, UnitLine) {
    let mut homes: BTreeMap<Option<UnitId>, usize> = BTreeMap::new();
    for member in members.values() {
        *homes.entry(member.profile.units.first().cloned()).or_default() += 1;
    }
    let mut lines: BTreeMap<Option<UnitId>, UnitLine> = BTreeMap::new();
    for unit in settings.units().cloned().map(Some).chain(homes.keys().cloned()) {
        let name = unit.as_ref().and_then(|unit| settings.unit_note(unit)).cloned();
        let accounts = homes.get(&unit).copied().unwrap_or(0);
        lines.insert(unit.clone(), UnitLine { unit, name, accounts, ..UnitLine::default() });
    }
    let mut all = UnitFigures::default();
    for (unit, figures) in &statistics.units() {
        let line = lines
            .entry(unit.clone())
            .or_insert_with(|| UnitLine { unit: unit.clone(), ..UnitLine::default() });
        fill(line, figures.clone());
        all.add(figures);
    }
    let mut total = UnitLine { accounts: members.len(), ..UnitLine::default() };
    fill(&mut total, all);
    // Outside of all units: only worth a line when something happened there, or somebody stands there.
    lines.retain(|unit, line| unit.is_some() || line.accounts > 0 || line.has_figures());
    (lines.into_values().collect(), total)
}

fn fill(line: &mut UnitLine, mut figures: UnitFigures) {
    line.cycles = figures.cycles;
    line.interrupted = figures.interrupted;
    line.on_boarding_median = percentile(&mut figures.on_boarding, 50);
    line.on_boarding_p95 = percentile(&mut figures.on_boarding, 95);
    line.maintenance_median = percentile(&mut figures.maintenance, 50);
    line.maintenance_p95 = percentile(&mut figures.maintenance, 95);
    line.failures = figures.failures;
    line.quarantines = figures.quarantines;
    line.holds = figures.holds;
}

impl UnitLine {
    const fn has_figures(&self) -> bool {
        self.cycles + self.interrupted + self.failures + self.quarantines + self.holds > 0
    }
}

fn faults(simulated: &Simulated) -> Vec<FaultLine> {
    let lines = Fault::ALL.into_iter().map(|kind| FaultLine {
        kind,
        rate: simulated.scenario.faults.rate(kind).share(),
        struck: simulated.struck.get(&kind).copied().unwrap_or(0),
    });
    lines.filter(|line| line.rate > 0.0 || line.struck > 0).collect()
}

fn lost(statistics: &Statistics) -> Vec<LostLine> {
    let lines = statistics.lost.iter().map(|(kind, figures)| {
        let mut times = figures.repaired.clone();
        let repaired = times.len() as u64;
        LostLine {
            kind: match kind {
                EventKind::Tag => "tag",
                EventKind::Build => "build",
                EventKind::Move => "account",
            },
            lost: figures.lost,
            repaired,
            overtaken: figures.lost.saturating_sub(repaired),
            repair_median: percentile(&mut times, 50),
            repair_p95: percentile(&mut times, 95),
            repaired_by: figures
                .repaired_by
                .iter()
                .map(|(origin, times)| (origin.to_string(), *times))
                .collect(),
        }
    });
    lines.collect()
}

fn builds(statistics: &Statistics) -> BuildLine {
    BuildLine {
        started: statistics.builds,
        failed: statistics.failed_builds,
        minutes: statistics.build_minutes,
        price_of_a_minute: PRICE_OF_A_MINUTE,
        estimate: rounded(as_float(statistics.build_minutes) * PRICE_OF_A_MINUTE),
        price_is_for: "CodeBuild on demand, general1.small, Linux, us-east-1, without the free minutes",
        price_page: PRICE_PAGE,
    }
}

fn calls(simulated: &Simulated, cycles: u64, accounts: usize) -> Vec<CallLine> {
    let hours = simulated.world.cloud().time().since(simulated.scenario.start).num_hours();
    let account_days = as_float(accounts as u64) * as_float(u64::try_from(hours).unwrap_or(0)) / 24.0;
    let lines = simulated.world.cloud().calls().lines().into_iter().map(|count| {
        let calls = as_float(count.calls);
        CallLine {
            service: count.service,
            operation: count.operation,
            calls: count.calls,
            per_cycle: (count.per_cycle && cycles > 0).then(|| rounded(calls / as_float(cycles))),
            per_account_and_day: (!count.per_cycle && account_days > 0.0)
                .then(|| rounded(calls / account_days)),
        }
    });
    lines.collect()
}

fn journal(statistics: &Statistics, cycles: u64) -> JournalLine {
    // Of several, the first by identifier.
    let busiest =
        statistics.by_account.iter().max_by_key(|(id, records)| (**records, std::cmp::Reverse(**id)));
    JournalLine {
        records: statistics.records,
        records_per_cycle: (cycles > 0).then(|| rounded(as_float(statistics.records) / as_float(cycles))),
        ignored: statistics.ignored,
        refused_events: statistics.refused_events,
        busiest: busiest.map(|(id, _)| *id),
        busiest_records: busiest.map_or(0, |(_, records)| *records),
    }
}

/// Two digits behind the point.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[expect(clippy::cast_precision_loss, reason = "figures for people; 2^53 is out of their reach")]
const fn as_float(value: u64) -> f64 {
    value as f64
}

impl Timeline {
    /// Every record of an account.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn of_account(simulated: &Simulated, account: AccountId) -> Result<Self, SimulationError> {
        let records = simulated.history(account)?.iter().map(Line::of_account).collect();
        Ok(Self { account: Some(account), earlier: 0, records })
    }

    /// What led to a breach, at its end.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn of_breach(simulated: &Simulated, breach: &Breach) -> Result<Self, SimulationError> {
        let mut lines: Vec<Line> = match breach.account {
            Some(account) => simulated.history(account)?.iter().map(Line::of_account).collect(),
            None => simulated.fleet_history()?.iter().map(Line::of_fleet).collect(),
        };
        let earlier = lines.len().saturating_sub(TRACE);
        lines.drain(..earlier);
        Ok(Self { account: breach.account, earlier, records: lines })
    }
}

impl Line {
    /// A record of an account.
    pub fn of_account(record: &Record) -> Self {
        Self {
            version: record.version.number(),
            at: record.at,
            origin: record.cause.origin.to_string(),
            by: record.cause.by.to_string(),
            trigger: record.cause.trigger.map(|trigger| trigger.to_string()),
            fact: record.fact.name().to_owned(),
            text: record.fact.to_string(),
            owes: record.owes.iter().map(|owes| owes.intent.to_string()).collect(),
        }
    }

    /// A record of the fleet.
    pub fn of_fleet(record: &FleetRecord) -> Self {
        Self {
            version: record.version.number(),
            at: record.at,
            origin: record.cause.origin.to_string(),
            by: record.cause.by.to_string(),
            trigger: record.cause.trigger.map(|trigger| trigger.to_string()),
            fact: record.fact.name().to_owned(),
            text: record.fact.to_string(),
            owes: Vec::new(),
        }
    }
}
