//! Rule 9: a window has brakes, whatever its accounts do, and whenever it is asked for.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use proptest::prelude::*;
use state_machine::{
    AccountId, Actor, Advance, Brakes, Cause, Fleet, FleetFact, Occasion, Origin, Settlement, Timestamp,
    TriggerId,
};

use super::{config, start};

/// What this test knows of a window, without asking the fleet.
#[derive(Default)]
struct Books {
    fleet: Fleet,
    replayed: Fleet,
    admitted: Vec<AccountId>,
    flying: BTreeMap<AccountId, bool>,
    /// Accounts that are back, and whether a build of theirs failed.
    back: BTreeMap<AccountId, bool>,
    told_nothing: BTreeSet<AccountId>,
    stopped: bool,
    wave_is_back: bool,
    opened: u32,
    closed: u32,
}

impl Books {
    fn take(&mut self, advance: &Advance) {
        for record in &advance.records {
            self.replayed.apply(record).unwrap();
            match &record.fact {
                FleetFact::WindowOpened { .. } => self.opened += 1,
                FleetFact::WindowClosed => self.closed += 1,
                FleetFact::WindowStopped { .. } => self.stopped = true,
                FleetFact::FirstWaveBack => self.wave_is_back = true,
                FleetFact::WindowAdvanced { admitted, .. } => {
                    assert!(!self.stopped || admitted.is_empty(), "let in after the stop");
                    self.admitted.extend(admitted);
                    self.flying.extend(admitted.iter().map(|account| (*account, false)));
                }
                FleetFact::WindowPlanned { .. }
                | FleetFact::WindowStopAnnounced
                | FleetFact::WindowNotOpened
                | FleetFact::ScheduleFired { .. }
                | FleetFact::WindowCommanded { .. }
                | FleetFact::RequestIgnored { .. }
                | FleetFact::EventRefused { .. } => {}
            }
        }
        self.fleet = advance.fleet.as_ref().clone();
        assert_eq!(self.replayed, self.fleet, "replay is head");
    }

    /// How many met a failed build, of how many that tell anything.
    fn failures(&self) -> (u32, u32) {
        let failed = self.back.values().chain(self.flying.values()).filter(|failed| **failed).count();
        let of = self.back.len() + self.flying.len();
        (u32::try_from(failed).unwrap(), u32::try_from(of).unwrap())
    }
}

/// What an account does while a window is open.
#[derive(Clone, Copy, Debug)]
enum Does {
    Flies,
    Fails,
    Completes,
    GivesUp,
    Leaves,
    Waits,
    IsInterrupted,
}

fn does() -> impl Strategy<Value = Does> {
    prop_oneof![
        6 => Just(Does::Flies),
        1 => Just(Does::Fails),
        8 => Just(Does::Completes),
        1 => Just(Does::GivesUp),
        1 => Just(Does::Leaves),
        1 => Just(Does::Waits),
        1 => Just(Does::IsInterrupted),
    ]
}

fn brakes() -> impl Strategy<Value = Brakes> {
    (1_u32..30, 1_u32..12, 1_u8..30, 1_u32..5).prop_map(|(in_flight, first_wave, percent, least_failures)| {
        let usual_failures_percent = percent;
        Brakes { in_flight, first_wave, usual_failures_percent, least_failures, longest_seconds: 6 * 3_600 }
    })
}

/// The upper control limit of a p-chart, as the documentation of the settings promises it.
fn is_unusual(brakes: &Brakes, failed: u32, of: u32) -> bool {
    let usual = f64::from(brakes.usual_failures_percent) / 100.0;
    let limit = usual + 3.0 * (usual * (1.0 - usual) / f64::from(of.max(1))).sqrt();
    failed >= brakes.least_failures && f64::from(failed) > limit * f64::from(of)
}

fn cause(trigger: Option<TriggerId>) -> Cause {
    Cause { origin: Origin::Window, by: Actor::Aws, trigger }
}

/// One look after the window: accounts do something, and the fleet advances.
fn advance(books: &mut Books, plan: &[AccountId], doings: &[Does], now: Timestamp, brakes: &Brakes) {
    let mut settlements = BTreeMap::new();
    for (place, account) in books.flying.clone().into_keys().enumerate() {
        let troubled = books.flying[&account];
        let settlement = match doings.get(place % doings.len().max(1)).copied().unwrap_or(Does::Flies) {
            Does::Flies => Settlement::InFlight { troubled },
            Does::Fails => Settlement::InFlight { troubled: true },
            Does::Completes => Settlement::Completed { troubled },
            Does::GivesUp => Settlement::Quarantined,
            Does::Leaves => Settlement::LeftOut,
            Does::Waits => Settlement::SetAside,
            Does::IsInterrupted => Settlement::Interrupted,
        };
        match settlement {
            Settlement::InFlight { troubled } => {
                books.flying.insert(account, troubled);
            }
            Settlement::LeftOut | Settlement::SetAside => {
                books.flying.remove(&account);
                books.told_nothing.insert(account);
            }
            Settlement::Completed { troubled } => {
                books.flying.remove(&account);
                books.back.insert(account, troubled);
            }
            Settlement::Quarantined => {
                books.flying.remove(&account);
                books.back.insert(account, true);
            }
            Settlement::Interrupted => {
                books.flying.remove(&account);
                books.back.insert(account, false);
            }
        }
        settlements.insert(account, settlement);
    }
    let (failed, of) = books.failures();
    let was_stopped = books.stopped;
    let next = plan[books.admitted.len()..].to_vec();
    if let Some(advance) = books.fleet.advance(&cause(None), &settlements, &next, now) {
        books.take(&advance);
    }
    if !was_stopped && is_unusual(brakes, failed, of) {
        assert!(books.stopped, "{failed} of {of} failed, and it goes on");
    }
    if books.stopped && books.fleet.window().is_some() {
        let announced = books.fleet.announced(&cause(None), now);
        books.take(&announced);
    }
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn rule_9_a_window_brakes_whatever_its_accounts_do(
        accounts in 0_u64..150,
        brakes in brakes(),
        rounds in prop::collection::vec(prop::collection::vec(does(), 1..6), 1..60),
    ) {
        let plan: Vec<_> = (1..=accounts).map(|number| AccountId::from_number(number).unwrap()).collect();
        let mut books = Books::default();
        let (opened, first) =
            books.fleet.open(&cause(None), &Occasion::Command { reason: "test".into() }, &brakes, &plan, BTreeMap::new(), start());
        prop_assert!(opened.is_ok());
        books.take(&first);
        let mut now = start();
        for doings in &rounds {
            let before = books.flying.len();
            advance(&mut books, &plan, doings, now, &brakes);
            let most = if books.wave_is_back { brakes.in_flight } else { brakes.in_flight.min(brakes.first_wave) };
            let flying = u32::try_from(books.flying.len()).unwrap();
            prop_assert!(flying <= most, "{flying} fly (before: {before}), and {most} may");
            if books.wave_is_back {
                let told = u32::try_from(books.back.len() + books.flying.len()).unwrap();
                let all = books.admitted.len() == plan.len();
                prop_assert!(told >= brakes.first_wave || all, "the first wave told nothing");
            }
            now = now + TimeDelta::minutes(2);
        }
        // Everybody who is in comes back; then it closes, and nobody was in it twice.
        for _ in 0..400 {
            advance(&mut books, &plan, &[Does::Completes], now, &brakes);
            now = now + TimeDelta::minutes(2);
        }
        prop_assert_eq!((books.fleet.window(), books.closed), (None, 1));
        prop_assert_eq!(&books.admitted[..], &plan[..books.admitted.len()], "each once, in its turn");
    }

    /// However often, late and mixed up the schedule's firings are told: no firing opens two windows, and none
    /// that is older than the last window opens one.
    #[test]
    fn rule_9_a_firing_opens_at_most_one_window(
        deliveries in prop::collection::vec((0_i64..12, 0_i64..40, any::<bool>()), 1..40),
    ) {
        let mut books = Books::default();
        let mut opened_for = BTreeSet::new();
        let mut now = start();
        for (week, minutes, names_differ) in deliveries {
            now = now + TimeDelta::minutes(minutes * 60);
            let fired = start() + TimeDelta::hours(week * 40);
            if fired > now {
                continue;
            }
            let name = if names_differ { format!("{week} {now}") } else { week.to_string() };
            let asks = cause(Some(TriggerId::from_text(&name)));
            let last = books.fleet.last_window().map(|last| last.id.0);
            let (opened, advance) = books.fleet.open(
                &asks, &Occasion::Schedule { fired }, &any_brakes(), &[], BTreeMap::new(), now,
            );
            books.take(&advance);
            if opened.is_ok() {
                prop_assert!(opened_for.insert(fired), "the firing of {fired} opened two");
                prop_assert!(last.is_none_or(|last| fired >= last), "{fired} is older than {last:?}");
            }
            if let Some(advance) = books.fleet.advance(&cause(None), &BTreeMap::new(), &[], now) {
                books.take(&advance);
            }
        }
        prop_assert_eq!(usize::try_from(books.opened).unwrap(), opened_for.len());
    }
}

fn any_brakes() -> Brakes {
    Brakes {
        in_flight: 5,
        first_wave: 2,
        usual_failures_percent: 5,
        least_failures: 3,
        longest_seconds: 6 * 3_600,
    }
}
