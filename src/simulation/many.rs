//! Many seeds of one scenario, for whoever looks for a rule that breaks.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::settings::Settings;

use super::referee::{Breach, Rule};
use super::run::{Scenario, SimulationError, simulate};

/// What many seeds showed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Many {
    /// How many simulations came to their end.
    pub runs: u64,
    /// How many records they appended.
    pub records: u64,
    /// How often each rule was checked.
    #[serde(skip)]
    pub checks: BTreeMap<Rule, u64>,
    /// The seeds that broke a rule, and how.
    pub broken: Vec<BrokenSeed>,
    /// Whether somebody stopped it before its time.
    pub interrupted: bool,
}

/// A seed that broke a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BrokenSeed {
    /// The seed.
    pub seed: u64,
    /// What was seen.
    pub breach: Breach,
}

/// Simulates a scenario with each of these seeds, on every core. `progress` is told how many are done, and
/// stops it by answering `false`.
///
/// # Errors
/// When the program, and not a rule, failed.
pub fn simulate_many(
    settings: &Arc<Settings>,
    scenario: &Scenario,
    seeds: RangeInclusive<u64>,
    progress: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Many, SimulationError> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (next, last) = (AtomicU64::new(*seeds.start()), *seeds.end());
    let found = Mutex::new(Ok(Many::default()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > last {
                return;
            }
            let done = one(settings, &Scenario { seed, ..scenario.clone() }, &found, progress);
            if !done {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner)?;
    found.broken.sort_by_key(|broken| broken.seed);
    Ok(found)
}

/// Simulates one seed; false when it is the last one, because somebody stopped it, or it failed.
fn one(
    settings: &Arc<Settings>,
    scenario: &Scenario,
    found: &Mutex<Result<Many, SimulationError>>,
    progress: &(dyn Fn(u64) -> bool + Sync),
) -> bool {
    let lock = || found.lock().unwrap_or_else(PoisonError::into_inner);
    let runs = || lock().as_ref().map_or(0, |many| many.runs);
    let simulated = simulate(settings, scenario, &mut |_| progress(runs()));
    let mut found = lock();
    match (&mut *found, simulated) {
        (Err(_), _) => false,
        (Ok(many), Ok(simulated)) if simulated.interrupted => {
            many.interrupted = true;
            false
        }
        (Ok(many), Ok(simulated)) => {
            let books = simulated.referee.books();
            many.runs += 1;
            many.records += books.statistics.records;
            for (rule, checks) in &books.checks {
                *many.checks.entry(*rule).or_default() += checks;
            }
            let breach = books.breach.clone();
            many.broken.extend(breach.map(|breach| BrokenSeed { seed: scenario.seed, breach }));
            true
        }
        (Ok(_), Err(error)) => {
            *found = Err(error);
            false
        }
    }
}
