//! What prepares a build may take long. When the claim on it would end in the middle, nothing is started: somebody
//! else may have it in hand by then.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::TimeDelta;
use spa::cloud::local::faults::Faults;
use spa::cloud::local::{LocalCloud, Member, State as Cloud};
use spa::cloud::{Baseline, Clock as _};
use spa::journal::Journal as _;
use spa::journal::memory::MemoryJournal;
use spa::lifecycle::{Announcer, Lifecycle, World, compare};
use spa::local::LocalWorld;
use spa::local::world::LocalJournal;
use spa::simulation::run::run_or_die;
use state_machine::{AccountId, Fact, Failure, Profile, Tags, Text, Version};

/// A machine on which it takes time to look after the baseline.
#[derive(Debug)]
struct Slow {
    world: LocalWorld<MemoryJournal>,
    seconds: AtomicI64,
}

impl Baseline for Slow {
    async fn ensure(&self, account: AccountId, known: Option<&Text>) -> Result<Option<Text>, Failure> {
        let cloud = self.world.cloud();
        cloud.set_now(cloud.now() + TimeDelta::seconds(self.seconds.load(Ordering::SeqCst)));
        cloud.ensure(account, known).await
    }
}

impl World for Slow {
    type Journal = LocalJournal<MemoryJournal>;
    type Organization = LocalCloud;
    type Builds = LocalCloud;
    type Bus = LocalCloud;
    type Parameters = LocalCloud;
    type Baseline = Self;
    type WakeUps = LocalCloud;
    type Clock = LocalCloud;

    fn journal(&self) -> &Self::Journal {
        self.world.journal()
    }

    fn organization(&self) -> &LocalCloud {
        self.world.cloud()
    }

    fn builds(&self) -> &LocalCloud {
        self.world.cloud()
    }

    fn bus(&self) -> &LocalCloud {
        self.world.cloud()
    }

    fn parameters(&self) -> &LocalCloud {
        self.world.cloud()
    }

    fn baseline(&self) -> &Self {
        self
    }

    fn wake_ups(&self) -> &LocalCloud {
        self.world.cloud()
    }

    fn clock(&self) -> &LocalCloud {
        self.world.cloud()
    }

    fn announcer(&self) -> &Announcer {
        self.world.announcer()
    }
}

impl Slow {
    /// One account of the settings' first unit, which nobody has seen yet.
    fn with(account: AccountId) -> Self {
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        let settings = Arc::new(spa::settings::load(&home.join("settings.yaml")).settings.unwrap());
        let management = AccountId::from_number(999_999_999_999).unwrap();
        let mut cloud = Cloud::new(management, settings.automation().account_id, Faults::none(), 1);
        let profile = Profile {
            name: "sandbox".into(),
            email: "alice@example.com".into(),
            units: settings.units().next().cloned().into_iter().collect(),
            tags: Tags::new(),
        };
        let member = Member::new(profile, None::<&str>.into());
        cloud.insert_member(account, member);
        let cloud = LocalCloud::in_memory(cloud, settings, "2026-12-01T00:00:00Z".parse().unwrap());
        Self { world: LocalWorld::new(MemoryJournal::new(), cloud), seconds: AtomicI64::new(0) }
    }

    /// Somebody looks after everything, ten minutes later: what was claimed before is nobody's any more.
    fn wake(&self, account: AccountId) {
        let cloud = self.world.cloud();
        cloud.set_now(cloud.now() + TimeDelta::minutes(10));
        run_or_die(compare(&Lifecycle::new(self))).unwrap().unwrap();
        run_or_die(Lifecycle::new(self).wake(account)).unwrap().unwrap();
    }

    fn builds(&self, account: AccountId) -> usize {
        let cloud = self.world.cloud();
        cloud.change(|state| state.member(account).map_or(0, |member| member.builds.len())).unwrap()
    }

    fn requested(&self, account: AccountId) -> bool {
        let records = self.world.journal().history(account, Version::NONE, 1_000);
        let records = run_or_die(records).unwrap().unwrap();
        records.iter().any(|record| matches!(record.fact, Fact::TaskRequested { .. }))
    }
}

#[test]
fn nothing_is_started_when_the_claim_on_it_would_end_in_the_middle() {
    let account = AccountId::from_number(111_122_223_333).unwrap();
    let slow = Slow::with(account);
    slow.seconds.store(110, Ordering::SeqCst);
    for _ in 0..5 {
        slow.wake(account);
    }
    assert!(slow.requested(account), "a preparation is asked for");
    assert_eq!(slow.builds(account), 0, "each time the claim would have ended before the build had begun");
    slow.seconds.store(20, Ordering::SeqCst);
    slow.wake(account);
    assert_eq!(slow.builds(account), 1, "in time");
    slow.wake(account);
    assert_eq!(slow.builds(account), 1, "once");
}
