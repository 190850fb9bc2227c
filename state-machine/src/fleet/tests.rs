//! Windows: who is let in, how many at a time, and when they stop.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::*;
use crate::{AccountId, Actor, Brakes, Cause, Origin, Timestamp, TriggerId, Version, WindowId};

fn cause() -> Cause {
    Cause { origin: Origin::Window, by: Actor::Aws, trigger: None }
}

fn account(number: u64) -> AccountId {
    AccountId::from_number(number).unwrap()
}

/// An operator asks.
fn command() -> Occasion {
    Occasion::Command { reason: "a test".into() }
}

fn at(minutes: i64) -> Timestamp {
    "2026-11-21T18:00:00Z".parse::<Timestamp>().unwrap() + TimeDelta::minutes(minutes)
}

fn brakes() -> Brakes {
    Brakes {
        in_flight: 20,
        first_wave: 5,
        usual_failures_percent: 5,
        least_failures: 3,
        longest_seconds: 6 * 3600,
    }
}

/// A window in a test: the head, the plan, and what its accounts are up to.
struct Run {
    fleet: Fleet,
    plan: Vec<AccountId>,
    replayed: Fleet,
}

impl Run {
    fn open(accounts: u64) -> Self {
        let plan: Vec<_> = (1..=accounts).map(account).collect();
        let mut run = Self { fleet: Fleet::default(), plan: plan.clone(), replayed: Fleet::default() };
        let (window, advance) =
            run.fleet.open(&cause(), &command(), &brakes(), &plan, BTreeMap::new(), at(0));
        assert_eq!(window, Ok(WindowId(at(0))));
        run.take(&advance);
        run
    }

    fn take(&mut self, advance: &Advance) {
        for record in &advance.records {
            self.replayed.apply(record).unwrap();
        }
        self.fleet = advance.fleet.as_ref().clone();
        assert_eq!(self.replayed, self.fleet, "replay is head");
    }

    /// Everybody in flight is this; returns who is let in.
    fn advance(&mut self, settlement: Settlement, minutes: i64) -> Vec<AccountId> {
        self.advance_each(|_| settlement, minutes)
    }

    fn advance_each(&mut self, settlement: impl Fn(AccountId) -> Settlement, minutes: i64) -> Vec<AccountId> {
        let Some(window) = self.fleet.window() else { return Vec::new() };
        let settlements = window.in_flight.iter().map(|account| (*account, settlement(*account))).collect();
        let turns = usize::try_from(window.turns).unwrap();
        let Some(advance) = self.fleet.advance(&cause(), &settlements, &self.plan[turns..], at(minutes))
        else {
            return Vec::new();
        };
        self.take(&advance);
        advance.admitted
    }
}

const COMPLETED: Settlement = Settlement::Completed { troubled: false };
const FLYING: Settlement = Settlement::InFlight { troubled: false };

#[test]
fn the_first_wave_goes_alone_and_the_rest_follows_when_it_is_back() {
    let mut run = Run::open(60);
    assert_eq!(run.advance(FLYING, 0).len(), 5);
    assert_eq!(run.advance(FLYING, 1).len(), 0);
    assert_eq!(run.advance_each(|id| if id == account(1) { FLYING } else { COMPLETED }, 2).len(), 0);
    assert_eq!(run.advance(COMPLETED, 3).len(), 20, "as many as may be in flight");
    assert_eq!(run.advance(FLYING, 4).len(), 0);
    assert_eq!(run.advance(COMPLETED, 5).len(), 20);
    assert_eq!(run.advance(COMPLETED, 6).len(), 15);
    assert_eq!(run.advance(COMPLETED, 7).len(), 0);
    assert_eq!(run.fleet.window(), None);
    let last = run.fleet.last_window().unwrap();
    assert_eq!((last.tally.completed, last.unserved, last.stopped), (60, 0, None));
}

#[test]
fn unusual_failures_stop_it_and_it_closes_when_that_is_announced() {
    let mut run = Run::open(60);
    run.advance(FLYING, 0);
    let troubled = |id: AccountId| {
        if id.as_number() <= 3 { Settlement::InFlight { troubled: true } } else { COMPLETED }
    };
    assert_eq!(run.advance_each(troubled, 1).len(), 0);
    let stage = run.fleet.window().unwrap().stage;
    let because = Stop::Failures { failed: 3, of: 5 };
    assert_eq!(stage, Stage::Stopped { because, announced: false });
    run.advance(Settlement::Quarantined, 2);
    assert!(run.fleet.window().is_some(), "not closed before it is announced");
    let announced = run.fleet.announced(&cause(), at(3));
    run.take(&announced);
    run.advance(COMPLETED, 4);
    let last = run.fleet.last_window().unwrap();
    assert_eq!((last.stopped, last.unserved, last.tally.quarantined), (Some(because), 55, 3));
}

#[test]
fn a_few_failures_are_usual() {
    let mut run = Run::open(60);
    run.advance(FLYING, 0);
    let one_in_five = |id: AccountId| {
        if id == account(1) { Settlement::Quarantined } else { COMPLETED }
    };
    assert_eq!(run.advance_each(one_in_five, 1).len(), 20);
}

#[test]
fn the_band_grows_narrower_with_the_sample() {
    let run = Run::open(2_000);
    let mut window = run.fleet.window().unwrap().clone();
    for (turns, failed, leaves) in [
        (5, 2, false),
        (5, 3, true),
        (20, 3, false),
        (20, 4, true),
        (100, 11, false),
        (100, 12, true),
        (1_000, 70, false),
        (1_000, 71, true),
    ] {
        window.turns = turns;
        assert_eq!(window.leaves_the_band(failed), leaves, "{failed} of {turns}");
    }
}

#[test]
fn when_time_is_up_nobody_is_let_in_any_more() {
    let mut run = Run::open(60);
    run.advance(FLYING, 0);
    assert_eq!(run.advance(COMPLETED, 6 * 60).len(), 0);
    let stage = run.fleet.window().unwrap().stage;
    assert_eq!(stage, Stage::Stopped { because: Stop::TimeIsUp, announced: false });
}

#[test]
fn a_second_window_is_not_opened_beside_the_first() {
    let mut run = Run::open(3);
    let (window, advance) = run.fleet.open(&cause(), &command(), &brakes(), &[], BTreeMap::new(), at(1));
    assert_eq!(window, Err(NotOpened::Open { window: WindowId(at(0)) }));
    run.take(&advance);
    assert_eq!(run.fleet.window().unwrap().planned, 3);
}

#[test]
fn an_empty_plan_closes_at_once() {
    let mut run = Run::open(0);
    run.advance(COMPLETED, 0);
    assert_eq!(run.fleet.window(), None);
}

#[test]
fn plans_are_kept_in_pages() {
    let run = Run::open(2_500);
    let window = run.fleet.window().unwrap();
    // Behind the command and the opening.
    assert_eq!(window.pages, [3, 4, 5].map(Version::new));
    assert_eq!(window.next_page(), Some((Version::new(3), 0)));
    let mut later = window.clone();
    later.turns = 2_001;
    assert_eq!(later.next_page(), Some((Version::new(5), 1)));
}

#[test]
fn accounts_that_were_left_out_do_not_count_as_let_in() {
    let mut run = Run::open(60);
    run.advance(FLYING, 0);
    let mostly_left_out = |id: AccountId| {
        if id.as_number() <= 2 { Settlement::Quarantined } else { Settlement::LeftOut }
    };
    assert_eq!(run.advance_each(mostly_left_out, 1).len(), 3, "the first wave is filled up");
    assert_eq!(run.fleet.window().unwrap().tally.left_out, 3);
    assert_eq!(run.advance(COMPLETED, 2).len(), 20, "two failures never stop a window");
}

#[test]
fn nobody_goes_after_a_first_wave_that_told_nothing() {
    let mut run = Run::open(60);
    for minute in 0..11 {
        assert_eq!(run.advance(Settlement::SetAside, minute).len(), 5);
    }
    assert_eq!(run.fleet.window().unwrap().stage, Stage::FirstWave);
    assert_eq!(run.advance(COMPLETED, 11).len(), 5, "the last ones");
    run.advance(COMPLETED, 12);
    assert_eq!(run.fleet.window(), None);
}

#[test]
fn a_window_does_not_wait_for_accounts_that_are_set_aside() {
    let mut run = Run::open(5);
    run.advance(FLYING, 0);
    run.advance_each(|id| if id == account(1) { Settlement::SetAside } else { COMPLETED }, 1);
    let past = run.fleet.last_window().expect("it closed");
    assert_eq!((past.tally.set_aside, past.tally.completed), (1, 4));
}

#[test]
fn names_of_windows_grow_when_clocks_go_back() {
    let mut run = Run::open(0);
    run.advance(COMPLETED, 0);
    let names = [0, -5].map(|now| {
        let (window, advance) =
            run.fleet.open(&cause(), &command(), &brakes(), &[], BTreeMap::new(), at(now));
        run.take(&advance);
        run.advance(COMPLETED, now);
        window.unwrap()
    });
    assert!(WindowId(at(0)) < names[0] && names[0] < names[1], "{names:?}");
}

/// Asks an idle or busy fleet for a window, for the firing of `fired`; the event of it is named by `event`.
fn ask(run: &mut Run, fired: i64, event: &str, now: i64) -> Result<WindowId, NotOpened> {
    let cause = Cause { trigger: Some(TriggerId::from_text(event)), ..cause() };
    let occasion = &Occasion::Schedule { fired: at(fired) };
    let (window, advance) = run.fleet.open(&cause, occasion, &brakes(), &[], BTreeMap::new(), at(now));
    run.take(&advance);
    window
}

#[test]
fn the_same_firing_never_opens_a_second_window() {
    let mut run = Run::open(0);
    run.advance(COMPLETED, 1);
    assert_eq!(ask(&mut run, 60, "a", 61), Ok(WindowId(at(61))));
    assert_eq!(ask(&mut run, 60, "a", 61), Err(NotOpened::Repeated), "while it is open");
    run.advance(COMPLETED, 62);
    assert_eq!(run.fleet.window(), None);
    assert_eq!(ask(&mut run, 60, "a", 63), Err(NotOpened::Repeated), "when it has closed");
    assert_eq!(ask(&mut run, 60, "b", 63), Err(NotOpened::Repeated), "told by another event");
    assert_eq!(ask(&mut run, 62, "b", 63), Ok(WindowId(at(63))), "the next firing is another one");
}

#[test]
fn a_firing_that_met_an_open_window_opens_none_later() {
    let mut run = Run::open(3);
    assert_eq!(ask(&mut run, 1, "a", 2), Err(NotOpened::Open { window: WindowId(at(0)) }));
    run.advance(FLYING, 2);
    run.advance(COMPLETED, 3);
    run.advance(COMPLETED, 4);
    assert_eq!(run.fleet.window(), None);
    assert_eq!(ask(&mut run, 1, "a", 5), Err(NotOpened::Repeated));
    assert_eq!(ask(&mut run, 6, "b", 6), Ok(WindowId(at(6))));
}

#[test]
fn a_firing_that_comes_after_a_later_window_opens_none() {
    let mut run = Run::open(0);
    run.advance(COMPLETED, 1);
    let late = NotOpened::Late { fired: at(-30) };
    assert_eq!(ask(&mut run, -30, "a", 2), Err(late));
    assert_eq!(run.fleet.last_window().unwrap().id, WindowId(at(0)));
    // Two firings that come in the wrong order: one window.
    assert_eq!(ask(&mut run, 20, "c", 21), Ok(WindowId(at(21))));
    run.advance(COMPLETED, 22);
    assert_eq!(ask(&mut run, 10, "b", 23), Err(NotOpened::Late { fired: at(10) }));
}

#[test]
fn a_firing_from_the_future_shuts_nobody_out() {
    let mut run = Run::open(0);
    run.advance(COMPLETED, 1);
    assert_eq!(ask(&mut run, 100_000, "a", 2), Ok(WindowId(at(2))));
    run.advance(COMPLETED, 3);
    assert_eq!(ask(&mut run, 100_000, "a", 4), Err(NotOpened::Repeated));
    assert_eq!(ask(&mut run, 5, "b", 5), Ok(WindowId(at(5))));
}

#[test]
fn an_operator_may_ask_again_but_the_same_command_counts_once() {
    let mut run = Run::open(0);
    run.advance(COMPLETED, 1);
    let mut command = |name: &str, now: i64| {
        let trigger = Some(TriggerId::from_text(name));
        let cause = Cause { origin: Origin::Command, by: Actor::Unknown, trigger };
        let (window, advance) = run.fleet.open(&cause, &command(), &brakes(), &[], BTreeMap::new(), at(now));
        run.take(&advance);
        run.advance(COMPLETED, now);
        window
    };
    assert_eq!(command("a", 2), Ok(WindowId(at(2))));
    assert_eq!(command("a", 3), Err(NotOpened::Repeated));
    assert_eq!(command("b", 4), Ok(WindowId(at(4))));
}

#[test]
fn a_head_from_before_firings_were_remembered_can_be_read() {
    let mut head = serde_json::to_value(Run::open(3).fleet).unwrap();
    let members = head.as_object_mut().unwrap();
    assert!(members.remove("firing").is_some() && members.remove("asked").is_some());
    let head: Fleet = serde_json::from_value(head).unwrap();
    assert_eq!(head.window().unwrap().planned, 3);
}
