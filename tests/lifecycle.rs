//! Stories of single accounts, through the real lifecycle, the local cloud and its bus.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use spa::cloud::BuildOrder;
use spa::cloud::local::calls::Call;
use spa::cloud::local::faults::{Fault, Faults, Rate};
use spa::cloud::local::{Build, LocalCloud, Lost, Member, Seconds, State as Cloud, Watcher};
use spa::journal::Journal as _;
use spa::journal::memory::MemoryJournal;
use spa::local::{Engine, Item, LocalWorld};
use spa::simulation::run::run_or_die;
use state_machine::{
    Account, AccountId, Actor, Command, Effect, Gesture, Happening, ObligationId, Profile, State, Tags,
    TaskKind, Text, Timestamp, Token, Trigger, TriggerId, UnitId,
};

const SETTINGS: &str = "
automation:
  account_id: '123456789012'
  region: eu-west-1
  maintenance_window_expression: cron(0 18 ? * SAT *)
worker:
  preparation_buildspec_template_file: buildspecs/prepare.yaml
  purge_buildspec_template_file: buildspecs/purge.yaml
maintenance:
  grace: 0s
defaults:
  preparation: { feature: enabled }
  purge: { feature: enabled }
organizational_units:
  - identifier: ou-ab12-11112222
    purge: { variables: { PURGE_MODE: --force } }
  - identifier: ou-ab12-33334444
    purge: { variables: { PURGE_MODE: --dry-run } }
";

const FORCED: &str = "ou-ab12-11112222";
const DRY: &str = "ou-ab12-33334444";

/// Writes down what builds were started with.
#[derive(Debug, Default)]
struct Orders(Mutex<Vec<(TaskKind, BuildOrder)>>);

impl Watcher for Orders {
    fn effect(&self, _: AccountId, _: &Member, _: &Effect, _: ObligationId, _: Timestamp) {}

    fn build_started(&self, _: AccountId, member: &Member, _: Token, order: &BuildOrder, _: Timestamp) {
        let kind = member.builds.last().unwrap().kind;
        self.0.lock().unwrap().push((kind, order.clone()));
    }

    fn build_ended(&self, _: AccountId, _: &Build) {}

    fn lost(&self, _: &Lost) {}
}

/// One account in an organization.
struct Story {
    world: LocalWorld<MemoryJournal>,
    orders: Arc<Orders>,
    account: AccountId,
}

impl Story {
    fn begin(faults: Faults, unit: Option<&str>, state_tag: Option<&str>) -> Self {
        let loaded =
            spa::settings::load_text("settings.yaml", SETTINGS, Path::new(env!("CARGO_MANIFEST_DIR")));
        let settings = Arc::new(loaded.settings.unwrap_or_else(|| panic!("{}", loaded.report.render(false))));
        let number = |number| AccountId::from_number(number).unwrap();
        let mut cloud = Cloud::new(number(999_999_999_999), number(123_456_789_012), faults, 1);
        let account = number(111_122_223_333);
        let units: Vec<UnitId> = unit.iter().map(|unit| unit.parse().unwrap()).collect();
        let profile = Profile {
            name: "sandbox".into(),
            email: "alice@example.com".into(),
            units: units.into(),
            tags: Tags::new(),
        };
        let member = Member::new(profile, state_tag.into());
        cloud.insert_member(account, member);
        // A Monday morning: no window is near.
        let start = "2026-11-23T08:00:00Z".parse().unwrap();
        let orders = Arc::new(Orders::default());
        let cloud =
            LocalCloud::in_memory(cloud, settings, start).watched_by(Arc::clone(&orders) as Arc<dyn Watcher>);
        let story = Self { world: LocalWorld::new(MemoryJournal::new(), cloud), orders, account };
        story.engine().start().unwrap();
        story
    }

    fn engine(&self) -> Engine<'_, MemoryJournal> {
        Engine::new(&self.world)
    }

    /// Lets time pass until an item of this kind is next, or so much time is over.
    fn live_until(&self, most: TimeDelta, stop: impl Fn(&Item, &Account) -> bool) {
        let end = self.world.cloud().time() + most;
        while let Some((at, item)) = self.engine().next().unwrap() {
            if stop(&item, &self.head()) {
                return;
            }
            if at > end {
                break;
            }
            self.world.cloud().set_now(at);
            if let Some(done) = run_or_die(self.engine().run(item)) {
                done.unwrap();
            } else {
                self.engine().after_crash(item).unwrap();
            }
        }
        self.world.cloud().set_now(end);
    }

    fn live(&self, most: TimeDelta) {
        self.live_until(most, |_, _| false);
    }

    fn head(&self) -> Arc<Account> {
        run_or_die(self.world.kept().account(self.account)).unwrap().unwrap()
    }

    fn command(&self, gesture: Gesture) {
        let trigger = Trigger {
            id: Some(TriggerId::from_text(&format!("{gesture} at {}", self.world.cloud().time()))),
            by: Actor::Principal("tester".into()),
            happening: Happening::Command(Command { gesture, reason: "a test".into() }),
        };
        run_or_die(self.engine().lifecycle().handle(self.account, &trigger)).unwrap().unwrap();
    }

    fn move_to(&self, unit: &str) {
        let unit: UnitId = unit.parse().unwrap();
        let cloud = self.world.cloud();
        cloud.change(|state| cloud.move_account(state, self.account, Some(&unit), "somebody")).unwrap();
    }

    fn purge_modes(&self) -> Vec<Text> {
        let orders = self.orders.0.lock().unwrap();
        let purges = orders.iter().filter(|(kind, _)| *kind == TaskKind::Purge);
        let mode = |order: &BuildOrder| {
            order.variables.iter().find(|(name, _)| &**name == "PURGE_MODE").map(|(_, value)| value.clone())
        };
        purges.filter_map(|(_, order)| mode(order)).collect()
    }
}

const DAY: TimeDelta = TimeDelta::days(1);

#[test]
fn an_account_that_nobody_manages_is_left_alone() {
    let story = Story::begin(Faults::none(), None, None);
    story.live(DAY);
    assert_eq!(story.head().version().number(), 0, "it has no journal");
    assert!(story.orders.0.lock().unwrap().is_empty());
}

#[test]
fn an_account_goes_from_its_first_day_to_the_end_of_a_window() {
    let story = Story::begin(Faults::none(), Some(DRY), None);
    story.live(DAY);
    assert_eq!(story.head().state(), Some(State::Released));
    story.live(DAY * 7);
    assert_eq!(story.head().state(), Some(State::Released));
    assert_eq!(story.head().cycles(), 2, "on-boarded, and maintained once");
    assert_eq!(story.purge_modes(), ["--dry-run".into()]);
}

#[test]
fn without_a_single_event_everything_comes_to_the_same_end() {
    let deaf = Faults::none().with(Fault::Loss, Rate::per_million(1_000_000));
    let story = Story::begin(deaf, Some(DRY), None);
    story.live(DAY);
    assert_eq!(story.head().state(), Some(State::Released));
}

#[test]
fn what_a_build_is_started_with_comes_from_the_unit_that_holds_the_account_then() {
    let story = Story::begin(Faults::none(), Some(FORCED), None);
    story.live(DAY);
    story.command(Gesture::Expire);
    // The tag is written; before its event arrives, the account is moved, and the journal does not know.
    story.move_to(DRY);
    assert_eq!(story.head().profile().units[0].as_str(), FORCED);
    story.live(TimeDelta::hours(2));
    assert_eq!(story.purge_modes(), ["--dry-run".into()]);
}

#[test]
fn an_account_that_carries_a_state_waits_to_be_adopted() {
    let story = Story::begin(Faults::none(), Some(FORCED), Some("released"));
    story.live(DAY * 7);
    assert!(story.orders.0.lock().unwrap().is_empty(), "a window came and left it out");
    story.command(Gesture::Adopt);
    story.live(DAY * 7);
    assert_eq!(story.purge_modes(), ["--force".into()]);
    assert_eq!(story.head().state(), Some(State::Released));
}

#[test]
fn reads_that_lag_behind_our_own_writes_lead_to_nothing() {
    let stale = Faults::none().with(Fault::Stale, Rate::per_million(1_000_000));
    let story = Story::begin(stale, Some(FORCED), None);
    story.live(DAY * 7);
    assert_eq!(story.head().state(), Some(State::Released));
    assert_eq!(story.head().cycles(), 2);
    assert_eq!(story.purge_modes().len(), 1, "purged once, although reads still said expired afterwards");
}

#[test]
fn a_holder_who_changes_is_known_within_a_comparison() {
    let story = Story::begin(Faults::none(), Some(DRY), None);
    story.live(DAY);
    let holder = |story: &Story| story.head().holder("account-holder").cloned();
    assert_eq!(holder(&story), Some("alice@example.com".into()));
    story
        .world
        .cloud()
        .change(|state| {
            let member = state.member_mut(story.account).unwrap();
            let mut profile = Profile::clone(&member.profile);
            profile.tags.insert("account-holder", "bob@example.com");
            member.profile = Arc::new(profile);
        })
        .unwrap();
    story.live(TimeDelta::hours(2));
    assert_eq!(holder(&story), Some("bob@example.com".into()));
    let version = story.head().version();
    story.live(DAY);
    assert_eq!(story.head().version(), version, "and recorded once");
}

#[test]
fn a_build_that_runs_for_hours_is_waited_for_and_nobody_is_late() {
    let story = Story::begin(Faults::none().with(Fault::Loss, Rate::per_million(1_000_000)), Some(DRY), None);
    story.live(DAY);
    story.command(Gesture::Expire);
    story.live_until(TimeDelta::hours(1), |_, head| head.running_build().is_some());
    let cloud = story.world.cloud();
    cloud
        .change(|state| {
            let mut member = state.member(story.account).unwrap().clone();
            member.builds.last_mut().unwrap().runs = Seconds(6 * 3_600);
            state.insert_member(story.account, member);
        })
        .unwrap();
    let looked = story.world.cloud().calls().of(Call::BatchGetBuilds);
    let late = TimeDelta::minutes(30);
    for _ in 0..11 {
        story.live(TimeDelta::minutes(30));
        let head = story.head();
        assert!(head.running_build().is_some());
        assert!(
            head.next_wake().unwrap() + late > cloud.time(),
            "nobody has to look at an account that waits"
        );
    }
    let looked = story.world.cloud().calls().of(Call::BatchGetBuilds) - looked;
    assert!((8..=14).contains(&looked), "{looked} times");
    story.live(TimeDelta::hours(3));
    assert_eq!(story.head().state(), Some(State::Released), "its end was found without any event");
}

#[test]
fn a_build_that_always_fails_ends_in_quarantine_with_a_next_try() {
    let failing = Faults::none().with(Fault::Build, Rate::per_million(1_000_000));
    let story = Story::begin(failing, Some(DRY), None);
    story.live(DAY * 2);
    let head = story.head();
    let quarantine = head.quarantine().expect("in quarantine");
    assert!(quarantine.next_try.is_some() || head.next_wake().is_some());
    assert_eq!(head.state(), Some(State::Assigned));
}
