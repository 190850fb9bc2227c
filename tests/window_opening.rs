//! A firing of the maintenance schedule opens one window, however often and however late it is told.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;

use spa::cloud::local::faults::Faults;
use spa::cloud::local::{LocalCloud, State};
use spa::event::{Body, Envelope, Event, Schedule, Via};
use spa::handler::{Dispatched, Handlers};
use spa::journal::Journal as _;
use spa::journal::memory::MemoryJournal;
use spa::lifecycle::{Lifecycle, advance_window};
use spa::local::LocalWorld;
use spa::settings::Settings;
use spa::simulation::run::run_or_die;
use spa::simulation::{Scenario, simulate};
use state_machine::{AccountId, NotOpened, Timestamp, TriggerId};

fn settings() -> Arc<Settings> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("settings.yaml");
    Arc::new(spa::settings::load(&file).settings.unwrap())
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A world without accounts: each window closes as soon as it is looked after.
struct Machine {
    world: LocalWorld<MemoryJournal>,
    automation: AccountId,
}

impl Machine {
    fn new(now: Timestamp) -> Self {
        let settings = settings();
        let automation = settings.automation().account_id;
        let management = AccountId::from_number(999_999_999_999).unwrap();
        let state = State::new(management, automation, Faults::none(), 1);
        let cloud = LocalCloud::in_memory(state, settings, now);
        Self { world: LocalWorld::new(MemoryJournal::new(), cloud), automation }
    }

    /// The event of a firing arrives.
    fn hear(&self, now: &str, fired: &str, id: &str) -> Result<(), NotOpened> {
        self.world.cloud().set_now(at(now));
        let envelope = Envelope {
            id: TriggerId::from_text(id),
            account: self.automation,
            region: "eu-west-1".into(),
            time: at(fired),
            via: Via::Bus,
        };
        let event = Event { envelope, body: Body::Schedule(Schedule::MaintenanceWindow) };
        let lifecycle = Lifecycle::new(&self.world);
        let state_key = self.world.cloud().settings().tag_keys().state.clone();
        let handlers = Handlers::new(lifecycle, self.world.cloud().trust().clone(), state_key);
        match run_or_die(handlers.handle(&event, false)).unwrap().unwrap() {
            Dispatched::WindowOpened(opened) => opened.map(|_| ()),
            other => panic!("{other}"),
        }
    }

    fn close(&self) {
        run_or_die(advance_window(&Lifecycle::new(&self.world))).unwrap().unwrap();
        assert_eq!(run_or_die(self.world.kept().fleet()).unwrap().unwrap().window(), None);
    }
}

#[test]
fn a_firing_that_is_delivered_again_opens_no_second_window() {
    let machine = Machine::new(at("2026-12-05T18:00:20Z"));
    machine.hear("2026-12-05T18:00:20Z", "2026-12-05T18:00:00Z", "first").unwrap();
    machine.close();
    let again = machine.hear("2026-12-05T21:00:20Z", "2026-12-05T18:00:00Z", "first");
    assert_eq!(again, Err(NotOpened::Repeated));
    let other_name = machine.hear("2026-12-05T21:00:21Z", "2026-12-05T18:00:00Z", "second");
    assert_eq!(other_name, Err(NotOpened::Repeated));
    machine.hear("2026-12-12T18:00:01Z", "2026-12-12T18:00:00Z", "next").unwrap();
}

#[test]
fn a_firing_that_comes_after_a_later_window_opens_none() {
    let machine = Machine::new(at("2026-12-12T18:00:20Z"));
    machine.hear("2026-12-12T18:00:20Z", "2026-12-12T18:00:00Z", "in time").unwrap();
    machine.close();
    let late = machine.hear("2026-12-12T20:00:00Z", "2026-12-05T18:00:00Z", "a week late");
    assert_eq!(late, Err(NotOpened::Late { fired: at("2026-12-05T18:00:00Z") }));
}

/// Every event comes twice, and most come up to three hours late: the referee counts windows by firings.
#[test]
fn four_saturdays_of_repeated_and_late_events_open_four_windows() {
    let scenario = Scenario {
        accounts: 12,
        days: 30,
        seed: 7,
        faults: Faults::none().switch("repeat=1").unwrap().switch("delay=0.5").unwrap(),
        start: at("2026-12-01T00:00:00Z"),
        organization: None,
        adopt: false,
        watched: true,
    };
    let simulated = simulate(&settings(), &scenario, &mut |_| true).unwrap();
    let books = simulated.referee.books();
    assert_eq!(books.breach, None);
    assert_eq!(books.statistics.windows.opened, 4);
    assert_eq!(books.statistics.windows.closed, 4);
}
