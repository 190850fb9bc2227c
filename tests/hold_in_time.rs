//! Somebody asks to leave an account alone while another process has its purge in hand: what counts is what the
//! journal says when the purge is about to begin, not what it said when it was decided on.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use spa::cloud::local::faults::Faults;
use spa::cloud::local::{LocalCloud, Member, State as Cloud};
use spa::journal::memory::MemoryJournal;
use spa::journal::{AppendError, Journal, JournalError};
use spa::local::{Engine, LocalWorld};
use spa::settings::Settings;
use spa::simulation::run::run_or_die;
use state_machine::{
    Account, AccountId, Actor, Command, Decision, Evidence, Fact, Fleet, FleetRecord, Gesture, Happening,
    Look, Profile, Record, Seen, Tags, TaskKind, Timestamp, Trigger, Version, decide,
};

/// A journal in which somebody else asks for a hold as soon as a purge is requested.
#[derive(Debug)]
struct Meddling {
    kept: MemoryJournal,
    settings: Arc<Settings>,
    held: Mutex<bool>,
}

impl Meddling {
    async fn meddle(&self, records: &[Record], account: &Account) {
        let purge =
            |record: &Record| matches!(record.fact, Fact::TaskRequested { task: TaskKind::Purge, .. });
        let Some(last) = records.last().filter(|_| records.iter().any(purge)) else { return };
        if std::mem::replace(&mut *self.held.lock().unwrap(), true) {
            return;
        }
        let now = last.at;
        let gesture = Gesture::Hold(now + TimeDelta::days(3));
        let happening = Happening::Command(Command { gesture, reason: "my work is not saved".into() });
        let trigger = Trigger { id: None, by: Actor::Principal("alice".into()), happening };
        let seen = Seen {
            at: now,
            described: now,
            status: account.status(),
            reading: account.tag().reading.clone(),
            profile: Arc::clone(account.profile()),
        };
        let resolved = self.settings.resolve(account.id(), &account.profile().units);
        let evidence = Evidence::look(Look::Seen(Box::new(seen)));
        let decision = decide(account, resolved.policy(), &trigger, &evidence, now);
        let Decision::Append { records, account: head, .. } = decision else { panic!("{decision:?}") };
        self.kept.append(account.version(), &records, &head).await.unwrap();
    }
}

impl Journal for Meddling {
    async fn account(&self, id: AccountId) -> Result<Arc<Account>, JournalError> {
        self.kept.account(id).await
    }

    async fn append(&self, at: Version, records: &[Record], head: &Arc<Account>) -> Result<(), AppendError> {
        self.kept.append(at, records, head).await?;
        self.meddle(records, head).await;
        Ok(())
    }

    async fn history(&self, id: AccountId, after: Version, most: usize) -> Result<Vec<Record>, JournalError> {
        self.kept.history(id, after, most).await
    }

    async fn heads(&self, after: Option<AccountId>, most: usize) -> Result<Vec<Arc<Account>>, JournalError> {
        self.kept.heads(after, most).await
    }

    async fn due(&self, until: Timestamp, most: usize) -> Result<Vec<(Timestamp, AccountId)>, JournalError> {
        self.kept.due(until, most).await
    }

    async fn day(
        &self,
        day: &str,
        after: Option<(AccountId, Version)>,
        most: usize,
    ) -> Result<Vec<(AccountId, Record)>, JournalError> {
        self.kept.day(day, after, most).await
    }

    async fn fleet(&self) -> Result<Arc<Fleet>, JournalError> {
        self.kept.fleet().await
    }

    async fn append_fleet(
        &self,
        at: Version,
        records: &[FleetRecord],
        head: &Arc<Fleet>,
    ) -> Result<(), AppendError> {
        self.kept.append_fleet(at, records, head).await
    }

    async fn fleet_history(&self, after: Version, most: usize) -> Result<Vec<FleetRecord>, JournalError> {
        self.kept.fleet_history(after, most).await
    }
}

#[test]
fn a_hold_that_was_accepted_stops_a_purge_that_somebody_has_in_hand() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let settings = Arc::new(spa::settings::load(&home.join("settings.yaml")).settings.unwrap());
    let account = AccountId::from_number(111_122_223_333).unwrap();
    let management = AccountId::from_number(999_999_999_999).unwrap();
    let mut cloud = Cloud::new(management, settings.automation().account_id, Faults::none(), 1);
    let unit = settings.units().next().cloned();
    let profile = Profile {
        name: "sandbox".into(),
        email: "alice@example.com".into(),
        units: unit.into_iter().collect(),
        tags: Tags::new(),
    };
    let member = Member::new(profile, None::<&str>.into());
    cloud.insert_member(account, member);
    let start: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
    let cloud = LocalCloud::in_memory(cloud, Arc::clone(&settings), start);
    let journal = Meddling { kept: MemoryJournal::new(), settings, held: Mutex::new(false) };
    let world = LocalWorld::new(journal, cloud);
    let engine = Engine::new(&world);
    engine.start().unwrap();
    let live = |until: Timestamp| {
        while let Some((at, item)) = engine.next().unwrap().filter(|(at, _)| *at <= until) {
            world.cloud().set_now(at);
            run_or_die(engine.run(item)).unwrap().unwrap();
        }
        world.cloud().set_now(until);
    };
    live(start + TimeDelta::hours(12));
    let expire = Happening::Command(Command { gesture: Gesture::Expire, reason: "a test".into() });
    let trigger = Trigger { id: None, by: Actor::Principal("operator".into()), happening: expire };
    run_or_die(engine.lifecycle().handle(account, &trigger)).unwrap().unwrap();
    live(start + TimeDelta::hours(24));

    let head = run_or_die(world.kept().account(account)).unwrap().unwrap();
    assert!(head.hold().is_some(), "somebody asked for a hold: {head:?}");
    let purges = world.cloud().change(|state| {
        let builds = &state.members()[&account].builds;
        builds.iter().filter(|build| build.kind == TaskKind::Purge).count()
    });
    assert_eq!(purges.unwrap(), 0, "it was purged all the same");
    assert_eq!(head.deferred(), head.hold().map(|hold| hold.until));
}
