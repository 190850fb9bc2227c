//! Many seeds with heavy faults. `spa simulate --seeds 1..1000 --faults heavy` does more of it.

use spa::cloud::local::faults::Faults;
use spa::simulation::{Report, Rule, Scenario, simulate, simulate_many};

use crate::support::{scenario, settings};

#[test]
fn heavy_faults_break_no_rule() {
    let scenario = Scenario { faults: Faults::heavy(), ..scenario(12, 10) };
    let many = simulate_many(&settings(), &scenario, 1..=60, &|_| true).unwrap();
    assert_eq!(many.broken, []);
    assert_eq!(many.runs, 60);
    for rule in Rule::ALL {
        let checks = many.checks.get(&rule).copied().unwrap_or(0);
        assert!(checks > 500, "rule {} was checked {checks} times only", rule.number());
    }
}

#[test]
fn faults_strike_and_are_made_up_for() {
    let scenario = Scenario { faults: Faults::heavy(), ..scenario(30, 21) };
    let simulated = simulate(&settings(), &scenario, &mut |_| true).unwrap();
    assert_eq!(simulated.breach(), None);
    for (fault, _) in scenario.faults.kinds() {
        assert!(simulated.struck.contains_key(&fault), "{fault} never struck");
    }
    assert!(simulated.deaths > 0);
    let books = simulated.referee.books();
    assert!(books.statistics.lost.values().any(|figures| !figures.repaired.is_empty()));
}

#[test]
fn without_faults_everybody_is_served_every_week() {
    let simulated = simulate(&settings(), &scenario(12, 15), &mut |_| true).unwrap();
    assert_eq!(simulated.breach(), None);
    assert!(simulated.struck.is_empty());
    let report = Report::of(&simulated, &settings(), String::new());
    // One of the accounts that the settings name is held.
    assert_eq!((report.accounts.released, report.accounts.held), (11, 1));
    // One on-boarding and two Saturdays.
    assert_eq!((report.windows.opened, report.total.cycles), (2, 11 * 3));
    assert_eq!((report.total.failures, report.total.quarantines, report.dead_letters), (0, 0, 0));
}

#[test]
fn whoever_watches_may_stop_it_and_keeps_what_was_seen() {
    let mut days = 0;
    let simulated = simulate(&settings(), &scenario(5, 10), &mut |progress| {
        days = progress.days;
        days < 3
    })
    .unwrap();
    assert!(simulated.interrupted);
    assert_eq!((days, simulated.ended.since(simulated.scenario.start).num_days()), (3, 3));
    assert!(simulated.referee.books().statistics.records > 0);
}

#[test]
fn many_seeds_end_when_somebody_stops_them() {
    let many = simulate_many(&settings(), &scenario(3, 3), 1..=1_000, &|runs| runs < 2).unwrap();
    assert!(many.interrupted && many.runs < 1_000, "{many:?}");
}
