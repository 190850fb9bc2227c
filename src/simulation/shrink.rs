//! Looks for a smaller scenario that breaks the same rule: what somebody has to read is then short.
//!
//! The scenario ends where the rule was broken; then kinds of fault, accounts and days are taken away as long
//! as the rule still breaks. With less of anything, chance takes another course, so each smaller scenario is
//! tried with a few seeds.

use crate::cloud::local::faults::{Fault, Rate};

use super::referee::Breach;
use super::run::Scenario;

/// At most so many runs.
const RUNS: u32 = 1_500;

/// At most so many times the work of the scenario that broke, in accounts times days.
const WORK: u64 = 30;

/// With how many other seeds a smaller scenario is tried: more where a run takes little.
const SEEDS: std::ops::RangeInclusive<u64> = 4..=12;

/// The smallest scenario that was found.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The scenario.
    pub scenario: Scenario,
    /// How many were tried.
    pub runs: u32,
}

/// Looks for a smaller scenario with the same breach; returns the given one when there is none. `run` tells
/// which rule a scenario breaks. `goes_on` is asked before each run, and ends the search by answering `false`.
///
/// # Errors
/// What `run` fails with.
pub fn shrink<E>(
    scenario: &Scenario,
    breach: &Breach,
    goes_on: &mut dyn FnMut(u32) -> bool,
    run: &mut dyn FnMut(&Scenario) -> Result<Option<Breach>, E>,
) -> Result<Shrunk, E> {
    let mut search = Search { best: scenario.clone(), breach: breach.clone(), runs: 0, work: 0, limit: 0 };
    search.limit = Search::cost(scenario).saturating_mul(WORK);
    'smaller: loop {
        for candidate in candidates(&search.best, &search.breach) {
            let others = search.seeds(&candidate);
            for seed in
                std::iter::once(candidate.seed).chain((1..=others).filter(|seed| *seed != candidate.seed))
            {
                let candidate = Scenario { seed, ..candidate.clone() };
                if search.is_over(&candidate) || !goes_on(search.runs) {
                    return Ok(search.end());
                }
                if search.takes(candidate, run)? {
                    continue 'smaller;
                }
            }
        }
        return Ok(search.end());
    }
}

struct Search {
    best: Scenario,
    breach: Breach,
    runs: u32,
    work: u64,
    limit: u64,
}

impl Search {
    /// What a run takes, in accounts times days; the days that it takes to come to rest are among them.
    fn cost(scenario: &Scenario) -> u64 {
        let accounts = scenario.organization.as_ref().map_or(scenario.accounts, |file| file.accounts.len());
        (accounts as u64).saturating_mul(u64::from(scenario.days) + 3)
    }

    /// How many seeds of a candidate are tried beside its own.
    fn seeds(&self, candidate: &Scenario) -> u64 {
        // A hundredth of what the whole search may take.
        (self.limit / 100 / Self::cost(candidate).max(1)).clamp(*SEEDS.start(), *SEEDS.end())
    }

    fn is_over(&self, candidate: &Scenario) -> bool {
        self.runs >= RUNS || self.work + Self::cost(candidate) > self.limit
    }

    /// Whether the candidate breaks the same rule; then it is the best one.
    fn takes<E>(
        &mut self,
        candidate: Scenario,
        run: &mut dyn FnMut(&Scenario) -> Result<Option<Breach>, E>,
    ) -> Result<bool, E> {
        self.runs += 1;
        self.work += Self::cost(&candidate);
        match run(&candidate)? {
            Some(breach) if breach.rule == self.breach.rule => {
                self.best = candidate;
                self.breach = breach;
                Ok(true)
            }
            Some(_) | None => Ok(false),
        }
    }

    fn end(self) -> Shrunk {
        Shrunk { scenario: self.best, runs: self.runs }
    }
}

/// Smaller scenarios, the boldest first. None of them is as large as the given one, so the search ends.
fn candidates(scenario: &Scenario, breach: &Breach) -> Vec<Scenario> {
    let mut candidates = Vec::new();
    let last_day = u32::try_from(breach.at.since(scenario.start).num_days()).unwrap_or(u32::MAX);
    let days = [1, last_day.saturating_add(1), scenario.days / 2, scenario.days.saturating_sub(1)];
    for days in days.into_iter().filter(|days| (1..scenario.days).contains(days)) {
        candidates.push(Scenario { days, ..scenario.clone() });
    }
    candidates.extend(fewer_accounts(scenario));
    let kinds: Vec<Fault> = scenario.faults.kinds().map(|(kind, _)| kind).collect();
    let without = |gone: &[Fault]| {
        let faults =
            gone.iter().fold(scenario.faults.clone(), |faults, kind| faults.with(*kind, Rate::NEVER));
        Scenario { faults, ..scenario.clone() }
    };
    if kinds.len() > 2 {
        let (first, second) = kinds.split_at(kinds.len() / 2);
        candidates.extend([without(first), without(second)]);
    }
    candidates.extend(kinds.iter().map(|kind| without(&[*kind])));
    candidates
}

/// The command that repeats a scenario names the file of its organization, so a file stays as it is.
fn fewer_accounts(scenario: &Scenario) -> Vec<Scenario> {
    if scenario.organization.is_some() {
        return Vec::new();
    }
    let fewer = [1, scenario.accounts / 2, scenario.accounts * 3 / 4, scenario.accounts.saturating_sub(1)];
    let fewer = fewer.into_iter().filter(|fewer| (1..scenario.accounts).contains(fewer));
    fewer.map(|accounts| Scenario { accounts, ..scenario.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use chrono::TimeDelta;
    use state_machine::Timestamp;

    use super::*;
    use crate::cloud::local::faults::Faults;
    use crate::simulation::Rule;

    fn large() -> Scenario {
        Scenario {
            accounts: 200,
            days: 30,
            seed: 77,
            faults: Faults::heavy(),
            start: Timestamp::default(),
            organization: None,
            adopt: false,
            watched: true,
        }
    }

    fn breach(scenario: &Scenario, day: i64) -> Breach {
        let at = scenario.start + TimeDelta::days(day);
        Breach { rule: Rule::OneBuildAtATime, at, account: None, seen: "two at once".to_owned() }
    }

    #[test]
    fn everything_goes_that_the_breach_does_not_need() {
        // It takes three accounts, lost events, and the fifth day.
        let mut run = |scenario: &Scenario| {
            let faults = &scenario.faults;
            let breaks =
                scenario.accounts >= 3 && scenario.days >= 5 && faults.rate(Fault::Loss) > Rate::NEVER;
            Ok::<_, Infallible>(breaks.then(|| breach(scenario, 4)))
        };
        let found = shrink(&large(), &breach(&large(), 4), &mut |_| true, &mut run).unwrap();
        assert_eq!((found.scenario.accounts, found.scenario.days), (3, 5));
        let kinds: Vec<Fault> = found.scenario.faults.kinds().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, [Fault::Loss]);
        assert!(found.runs <= RUNS, "{}", found.runs);
    }

    #[test]
    fn another_rule_is_another_story() {
        let mut run = |scenario: &Scenario| {
            Ok::<_, Infallible>(Some(Breach { rule: Rule::ReplayIsHead, ..breach(scenario, 0) }))
        };
        let found = shrink(&large(), &breach(&large(), 4), &mut |_| true, &mut run).unwrap();
        assert_eq!((found.scenario.accounts, found.scenario.days, found.scenario.seed), (200, 30, 77));
    }

    #[test]
    fn it_ends_when_nobody_waits_for_it() {
        let mut run = |_: &Scenario| Ok::<_, Infallible>(None);
        let found = shrink(&large(), &breach(&large(), 4), &mut |runs| runs < 2, &mut run).unwrap();
        assert_eq!(found.runs, 2);
    }
}
