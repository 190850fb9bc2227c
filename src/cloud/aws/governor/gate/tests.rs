//! The rate of one service, alone and against a service that bears only so much.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;
use state_machine::AccountId;

use super::*;

const RATE: Rate = Rate { start: 600, least: 12, most: 3_000 };

fn seconds(seconds: f64) -> Instant {
    Duration::from_secs_f64(seconds)
}

fn account(number: u64) -> Owner {
    AccountId::from_number(number)
}

/// Callers that line up at once.
fn crowd(gate: &mut Gate, tickets: std::ops::Range<Ticket>, owner: Owner, writes: bool) {
    for ticket in tickets {
        gate.join(ticket, owner, writes);
    }
}

/// Lets in whoever may go until this instant, hopping to the instants that the gate names.
fn admitted_until(gate: &mut Gate, from: Instant, until: Instant) -> Vec<Admitted> {
    let mut now = from;
    let mut admitted = Vec::new();
    while now <= until {
        admitted.extend(std::iter::from_fn(|| gate.admit(now)));
        match gate.next(now) {
            Some((_, at)) => now = at,
            None => break,
        }
    }
    admitted
}

#[test]
fn a_second_of_calls_may_go_at_once_and_the_rest_at_the_rate() {
    let mut gate = Gate::new(RATE, false, Instant::ZERO);
    crowd(&mut gate, 0..100, None, false);
    assert_eq!(std::iter::from_fn(|| gate.admit(Instant::ZERO)).count(), 10);
    let later = admitted_until(&mut gate, Instant::ZERO, seconds(3.001));
    assert_eq!(later.len(), 30);
    assert_eq!((gate.in_flight(), gate.waiting()), (40, 60));
}

#[test]
fn a_refusal_halves_the_rate_once_for_all_calls_that_were_under_way() {
    let mut gate = Gate::new(RATE, false, Instant::ZERO);
    crowd(&mut gate, 0..30, None, false);
    let first: Vec<_> = std::iter::from_fn(|| gate.admit(Instant::ZERO)).collect();
    for call in &first {
        gate.finish(call, Outcome::Throttled, seconds(0.1));
    }
    assert!((gate.per_second() - 5.0).abs() < 0.1, "{}", gate.per_second());
    // Nobody goes at once after a refusal.
    assert_eq!(gate.admit(seconds(0.1)), None);
    let next = admitted_until(&mut gate, seconds(0.1), seconds(0.35));
    assert_eq!(next.len(), 1);
    gate.finish(&next[0], Outcome::Throttled, seconds(0.4));
    assert!(gate.per_second() <= 5.0, "{}", gate.per_second());
}

#[test]
fn a_rate_that_was_never_used_up_falls_from_what_was_really_sent() {
    let mut gate = Gate::new(Rate { start: 6_000, ..RATE }, false, Instant::ZERO);
    gate.join(1, None, false);
    let call = gate.admit(seconds(5.0)).unwrap();
    gate.finish(&call, Outcome::Throttled, seconds(5.1));
    assert!(gate.per_second() <= 1.0, "{}: one call a second was too much, not a hundred", gate.per_second());
}

#[test]
fn another_request_in_progress_has_writes_take_turns_and_slows_no_read() {
    let mut gate = Gate::new(RATE, true, Instant::ZERO);
    crowd(&mut gate, 0..2, None, true);
    let both: Vec<_> = std::iter::from_fn(|| gate.admit(Instant::ZERO)).collect();
    assert_eq!(both.len(), 2, "nothing was refused yet");
    gate.finish(&both[0], Outcome::Served, seconds(0.1));
    gate.finish(&both[1], Outcome::Busy, seconds(0.1));
    assert!(gate.per_second() >= 10.0);

    crowd(&mut gate, 10..13, None, true);
    crowd(&mut gate, 20..23, None, false);
    let reads: Vec<_> = std::iter::from_fn(|| gate.admit(seconds(0.1))).collect();
    assert_eq!(reads.iter().map(|call| call.ticket).collect::<Vec<_>>(), [20, 21, 22]);
    let (ticket, at) = gate.next(seconds(0.1)).unwrap();
    assert_eq!((ticket, at), (10, seconds(0.1) + FIRST_PAUSE));
    let write = gate.admit(at).unwrap();
    assert_eq!((gate.admit(at), gate.next(at)), (None, None), "the next write goes when this one ends");
    gate.finish(&write, Outcome::Busy, seconds(0.5));
    assert_eq!(gate.next(seconds(0.5)).unwrap().1, seconds(0.5) + 2 * FIRST_PAUSE);

    let mut now = seconds(0.5);
    for ticket in [11, 12] {
        now = gate.next(now).unwrap().1;
        let write = gate.admit(now).unwrap();
        assert_eq!(write.ticket, ticket);
        gate.finish(&write, Outcome::Served, now);
    }
    // After a while without such an answer they go together again.
    crowd(&mut gate, 30..32, None, true);
    let later = now + ONE_BY_ONE + seconds(1.0);
    assert_eq!(std::iter::from_fn(|| gate.admit(later)).count(), 2);
}

#[test]
fn where_it_is_about_one_item_only_nobody_takes_turns() {
    let mut gate = Gate::new(RATE, false, Instant::ZERO);
    crowd(&mut gate, 0..3, None, true);
    let call = gate.admit(Instant::ZERO).unwrap();
    gate.finish(&call, Outcome::Busy, Instant::ZERO);
    assert_eq!(std::iter::from_fn(|| gate.admit(Instant::ZERO)).count(), 2);
}

#[test]
fn reads_and_writes_take_turns() {
    let mut gate = Gate::new(RATE, true, Instant::ZERO);
    crowd(&mut gate, 0..1_000, None, false);
    crowd(&mut gate, 1_000..1_002, None, true);
    let first: Vec<_> = std::iter::from_fn(|| gate.admit(Instant::ZERO)).take(4).collect();
    assert_eq!(first.iter().filter(|call| call.writes).count(), 2);
}

/// A service that bears so many calls a second, with as many at once, and throttles the rest.
struct Service {
    per_second: f64,
    tokens: f64,
    at: Instant,
}

impl Service {
    fn new(per_second: f64, at: Instant) -> Self {
        Self { per_second, tokens: per_second.max(1.0), at }
    }

    fn answer(&mut self, now: Instant) -> Outcome {
        let elapsed = now.saturating_sub(self.at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * self.per_second).min(self.per_second.max(1.0));
        self.at = now;
        if self.tokens < 1.0 {
            return Outcome::Throttled;
        }
        self.tokens -= 1.0;
        Outcome::Served
    }
}

/// What became of calls that never end against a service, each of which takes a tenth of a second.
struct Run {
    served: u32,
    throttled: u32,
}

fn run(gate: &mut Gate, service: &mut Service, from: Instant, seconds: u64) -> Run {
    let until = from + Duration::from_secs(seconds);
    let mut under_way: VecDeque<(Instant, Admitted)> = VecDeque::new();
    let mut run = Run { served: 0, throttled: 0 };
    let mut now = from;
    let mut ticket = 1_000_000;
    while now < until {
        while gate.waiting() < 20 {
            ticket += 1;
            gate.join(ticket, None, false);
        }
        while let Some(call) = gate.admit(now) {
            under_way.push_back((now + Duration::from_millis(100), call));
        }
        let next = gate.next(now).map(|(_, at)| at);
        let ends = under_way.front().map(|(ends, _)| *ends);
        now = next.into_iter().chain(ends).min().unwrap().max(now);
        while let Some((_, call)) = under_way.pop_front_if(|(ends, _)| *ends <= now) {
            let outcome = service.answer(now);
            gate.finish(&call, outcome, now);
            match outcome {
                Outcome::Served => run.served += 1,
                _ => run.throttled += 1,
            }
        }
    }
    for (_, call) in under_way {
        gate.finish(&call, Outcome::Unknown, now);
    }
    run
}

#[test]
fn a_service_that_nobody_knows_is_used_well_and_seldom_throttles() {
    for bears in [1.0, 4.0, 20.0, 45.0] {
        let mut gate = Gate::new(RATE, false, Instant::ZERO);
        let mut service = Service::new(bears, Instant::ZERO);
        run(&mut gate, &mut service, Instant::ZERO, 300);
        let run = run(&mut gate, &mut service, Duration::from_mins(5), 600);
        let used = f64::from(run.served) / 600.0 / bears;
        assert!(used > 0.6, "{bears} a second: {used:.2} of it used");
        let refused = f64::from(run.throttled) / f64::from(run.served + run.throttled);
        assert!(refused < 0.1, "{bears} a second: {refused:.2} of the calls refused");
    }
}

#[test]
fn the_rate_comes_back_when_the_service_does() {
    let mut gate = Gate::new(RATE, false, Instant::ZERO);
    run(&mut gate, &mut Service::new(0.1, Instant::ZERO), Instant::ZERO, 300);
    assert!(gate.per_second() < 1.0, "{}", gate.per_second());
    let recovered = Duration::from_mins(5);
    run(&mut gate, &mut Service::new(1_000.0, recovered), recovered, 120);
    assert!(gate.per_second() >= 10.0, "{}: as it began, within two minutes", gate.per_second());
    run(&mut gate, &mut Service::new(1_000.0, recovered), recovered + Duration::from_mins(2), 300);
    assert!((gate.per_second() - 50.0).abs() < 1e-9, "{}: never above the most", gate.per_second());
}

/// What happens at a gate, in whatever order.
#[derive(Clone, Debug)]
enum Step {
    Join { owner: u8, writes: bool },
    Leave,
    Pass { milliseconds: u16 },
    End { outcome: u8 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_u8..4, any::<bool>()).prop_map(|(owner, writes)| Step::Join { owner, writes }),
        1 => Just(Step::Leave),
        3 => (0_u16..3_000).prop_map(|milliseconds| Step::Pass { milliseconds }),
        3 => (0_u8..4).prop_map(|outcome| Step::End { outcome }),
    ];
    proptest::collection::vec(step, 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens, the books are right, the rate stays within its bounds, no more goes than the rate and one
    /// second of it allow, and everybody who waits is let in, in the end.
    #[test]
    fn nothing_stalls_for_ever_and_nothing_goes_too_fast(
        steps in steps(), start in 1_u32..3_000, least in 1_u32..60, one_at_a_time: bool,
    ) {
        let least = least.min(start);
        let rate = Rate { start, least, most: start * 2 };
        let mut gate = Gate::new(rate, one_at_a_time, Instant::ZERO);
        let mut now = Instant::ZERO;
        let mut waiting: BTreeMap<Ticket, Owner> = BTreeMap::new();
        let mut under_way: VecDeque<Admitted> = VecDeque::new();
        let mut admitted = Vec::new();
        let mut allowed = burst(f64::from(start) / 60.0);
        for (ticket, step) in (0_u64..).zip(steps) {
            match step {
                Step::Join { owner, writes } => {
                    let owner = account(owner.into());
                    gate.join(ticket, owner, writes);
                    waiting.insert(ticket, owner);
                }
                Step::Leave => {
                    if let Some((ticket, owner)) = waiting.pop_first() {
                        prop_assert!(gate.leave(ticket, owner));
                        prop_assert!(!gate.leave(ticket, owner));
                    }
                }
                Step::Pass { milliseconds } => {
                    let passed = Duration::from_millis(milliseconds.into());
                    allowed += passed.as_secs_f64() * gate.per_second();
                    now += passed;
                }
                Step::End { outcome } => {
                    let outcome = [Outcome::Served, Outcome::Throttled, Outcome::Busy, Outcome::Unknown]
                        [usize::from(outcome)];
                    if let Some(call) = under_way.pop_front() {
                        gate.finish(&call, outcome, now);
                    }
                }
            }
            while let Some(call) = gate.admit(now) {
                prop_assert!(waiting.remove(&call.ticket).is_some(), "let in twice, or after it left");
                admitted.push(call.ticket);
                under_way.push_back(call);
            }
            prop_assert_eq!(gate.waiting(), waiting.len());
            prop_assert_eq!(usize::try_from(gate.in_flight()).unwrap(), under_way.len());
            let bounds = f64::from(least) / 60.0 - 1e-9..=f64::from(start) / 30.0 + 1e-9;
            prop_assert!(bounds.contains(&gate.per_second()), "{}", gate.per_second());
            let sent = f64::from(u32::try_from(admitted.len()).unwrap());
            prop_assert!(sent <= allowed + 1e-6, "{} of {}", sent, allowed);
            if let Some((ticket, at)) = gate.next(now) {
                prop_assert!(waiting.contains_key(&ticket));
                prop_assert!(at > now, "whoever may go by now was let in");
            }
        }
        // Calls end, time passes: everybody gets in.
        for _ in 0..2_000 {
            while let Some(call) = under_way.pop_front() {
                gate.finish(&call, Outcome::Unknown, now);
            }
            let Some((_, at)) = gate.next(now) else { break };
            now = at;
            let call = gate.admit(now);
            prop_assert!(call.is_some(), "the gate names an instant and then lets nobody in");
            under_way.extend(call);
        }
        prop_assert_eq!(gate.waiting(), 0);
    }

    /// With accounts that all wait, none is served twice before another was served once more.
    #[test]
    fn accounts_are_served_alike(lines in proptest::collection::vec(1_usize..40, 2..6)) {
        let mut gate = Gate::new(RATE, false, Instant::ZERO);
        let mut ticket = 0;
        let mut owners = BTreeMap::new();
        for (owner, length) in (1..).zip(&lines) {
            for _ in 0..*length {
                ticket += 1;
                gate.join(ticket, account(owner), false);
                owners.insert(ticket, owner);
            }
        }
        let mut served: BTreeMap<u64, usize> = BTreeMap::new();
        for call in admitted_until(&mut gate, Instant::ZERO, Duration::from_hours(1)) {
            *served.entry(owners[&call.ticket]).or_default() += 1;
            let counts: Vec<usize> = (1..)
                .zip(&lines)
                .map(|(owner, length)| (served.get(&owner).copied().unwrap_or(0), *length))
                .filter(|(count, length)| count < length)
                .map(|(count, _)| count)
                .collect();
            if let (Some(least), Some(most)) = (counts.iter().min(), counts.iter().max()) {
                prop_assert!(most - least <= 1, "{:?}", served);
            }
        }
        prop_assert_eq!(served.values().sum::<usize>(), owners.len());
    }
}
