//! The ten rules, one property each: against random runs of one account with faults, and of a fleet's windows.
//!
//! Each rule is judged from outside: by what the world holds at that moment, and by books that this test keeps
//! itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod brakes;
mod purge;
#[expect(dead_code, reason = "the world is shared; each test needs a part of it")]
#[path = "../support/mod.rs"]
mod support;

use std::fmt::Write as _;

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use state_machine::{
    Account, Decision, Evidence, IllegalRecord, Intent, Look, Obligation, ObligationId, Policy, Protection,
    Reading, Record, Seen, Standing, State, StateChange, Status, TagWrite, Tags, TaskKind, Trigger,
    Unreadable, Version, authorise, decide, eligible,
};
use support::policy::policy;
use support::world::{Action, Faults, Rule, World};

const HANDS: [Option<&str>; 6] =
    [Some("vanilla"), Some("assigned"), Some("released"), Some("expired"), Some("Released"), None];

/// A run: the world, every record of its journal, and what happened, for people.
struct Run {
    world: World,
    records: Vec<Record>,
    story: String,
    /// The rules of the world that this run is to be judged by.
    watched: &'static [Rule],
}

impl Run {
    fn new(reading: Reading, faults: Faults, watched: &'static [Rule]) -> Self {
        Self { world: World::new(reading, faults), records: Vec::new(), story: String::new(), watched }
    }

    /// Walks the world by these choices; `each` sees it after every step.
    fn walk(&mut self, policy: &Policy, choices: &[u16], mut each: impl FnMut(&Self)) {
        for choice in choices {
            let actions = self.world.actions(policy, &HANDS);
            let Some(action) = actions.get(usize::from(*choice) % actions.len().max(1)) else { break };
            self.step(policy, action);
            each(self);
        }
    }

    fn step(&mut self, policy: &Policy, action: &Action) {
        writeln!(self.story, "{} {action:?}", self.world.now).unwrap();
        let mut fresh = Vec::new();
        self.world.act(policy, action, &mut |appended| fresh.extend_from_slice(appended));
        for record in &fresh {
            let owes: Vec<_> = record.owes.iter().map(|owes| owes.intent.to_string()).collect();
            writeln!(self.story, "    {} {} {owes:?}", record.version, record.fact).unwrap();
        }
        self.world.note_adoption(&fresh);
        self.records.append(&mut fresh);
        if let Some(rule) = self.world.broken.take() {
            assert!(!self.watched.contains(&rule), "{rule:?}\n{}", self.story);
        }
    }

    /// The faults are over: whatever was lost stays lost.
    fn calm(&mut self, policy: &Policy) {
        self.world.faults = Faults::default();
        writeln!(self.story, "--- the faults are over").unwrap();
        for _ in 0..2_000 {
            if self.world.is_quiet(policy) {
                return;
            }
            let actions = self.world.actions(policy, &HANDS);
            // Time passes only when nothing else can happen.
            let action = actions.iter().find(|action| **action != Action::Tick).or(actions.first());
            let Some(action) = action.cloned() else {
                panic!("not quiet, and nothing can happen: {}", self.story)
            };
            self.step(policy, &action);
        }
        panic!("never quiet: {}", self.story);
    }
}

fn heavy() -> Faults {
    Faults {
        losses: 6,
        repeats: 6,
        crashes: 6,
        failing_builds: 4,
        failing_effects: 5,
        hands: 5,
        windows: 5,
        foreign_builds: 3,
        blinds: 3,
        delays: 30,
        moves: 4,
        suspensions: 4,
        commands: 5,
        holds: 4,
        edits: 6,
    }
}

/// Runs that once failed are kept beside this file and come first. `PROPTEST_CASES` asks for more runs.
fn config(cases: u32) -> ProptestConfig {
    let cases =
        if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { cases };
    let regressions = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rules/regressions.txt");
    ProptestConfig {
        cases,
        max_shrink_iters: 20_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(regressions))),
        ..ProptestConfig::default()
    }
}

fn readings() -> impl Strategy<Value = Reading> {
    prop_oneof![
        4 => Just(Reading::Untagged),
        1 => Just(Reading::Known(State::Vanilla)),
        1 => Just(Reading::Known(State::Assigned)),
        1 => Just(Reading::Known(State::Released)),
        1 => Just(Reading::Known(State::Expired)),
        1 => Just(Reading::Unrecognised("Released".into())),
    ]
}

/// What a look may show.
fn looks() -> impl Strategy<Value = Look> {
    let statuses = prop_oneof![
        4 => Just(Status::Active),
        1 => Just(Status::PendingActivation),
        1 => Just(Status::Suspended),
        1 => Just(Status::PendingClosure),
        1 => Just(Status::Closed),
    ];
    let unreadable =
        prop_oneof![Just(Unreadable::Throttled), Just(Unreadable::Denied), Just(Unreadable::Failed)];
    let tags = prop_oneof![4 => readings(), 1 => unreadable.clone().prop_map(Reading::Unreadable)];
    prop_oneof![
        8 => (statuses, tags).prop_map(|(status, reading)| {
            Look::Seen(Box::new(Seen { at: start(), described: start(), status, reading, profile: <_>::default() }))
        }),
        1 => Just(Look::NotFound),
        1 => unreadable.prop_map(Look::Unreadable),
    ]
}

fn start() -> state_machine::Timestamp {
    World::new(Reading::Untagged, Faults::default()).now
}

/// How settings may stand to an account.
fn standings() -> impl Strategy<Value = Standing> {
    prop_oneof![
        4 => Just(Standing::Managed),
        1 => Just(Standing::Unmanaged),
        1 => Just(Standing::Protected(Protection::ManagementAccount)),
        1 => Just(Standing::Protected(Protection::AutomationAccount)),
        1 => Just(Standing::Protected(Protection::Listed)),
    ]
}

/// Settings of every kind, over those of the tests.
fn policies() -> impl Strategy<Value = Policy> {
    (standings(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(standing, preparation, purge, held)| {
            let mut policy = Policy { standing, ..policy() };
            policy.preparation.enabled = preparation;
            policy.purge.enabled = purge;
            let until = start() + TimeDelta::days(90);
            policy.hold = held.then(|| state_machine::Hold { until, reason: "settings".into() });
            policy
        },
    )
}

fn owed(intent: Intent) -> Obligation {
    let id = ObligationId { record: Version::new(1), place: 0 };
    let not_before = start();
    Obligation { id, intent, not_before, claim: None, failures: 0, uncertain: false, superseded: false }
}

/// The head of a run that was walked like this.
fn head(reading: Reading, choices: &[u16]) -> World {
    let mut run = Run::new(reading, heavy(), &[]);
    run.walk(&policy(), choices, |_| {});
    run.world
}

fn choices(most: usize) -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 0..most)
}

proptest! {
    #![proptest_config(config(1_500))]

    /// Whatever an account went through, and whatever a look shows: a window takes it only on a tag that was
    /// read and says released, and the tag that it writes is written only over that.
    #[test]
    fn rule_1_only_a_tag_that_reads_released_lets_a_window_in(
        reading in readings(), choices in choices(250), look in looks(), settings in policies(),
    ) {
        let mut run = Run::new(reading, heavy(), &[Rule::NoWindowUnlessReleased]);
        run.walk(&policy(), &choices, |_| {});
        let world = run.world;
        if eligible(&world.head, &settings, &look, world.now).is_ok() {
            let Look::Seen(seen) = &look else { panic!("nothing was seen: {look:?}") };
            prop_assert_eq!(&seen.reading, &Reading::Known(State::Released));
            prop_assert_eq!((seen.status, settings.standing), (Status::Active, Standing::Managed));
        }
        let from = Reading::Known(State::Released);
        let change = Some(StateChange { from: from.clone(), to: State::Expired });
        let expire = owed(Intent::WriteTags(Box::new(TagWrite { change, set: Tags::new(), unset: Vec::new() })));
        if authorise(&world.head, &settings, &expire, Some(&look), world.now).is_ok() {
            let Look::Seen(seen) = &look else { panic!("nothing was seen: {look:?}") };
            prop_assert_eq!(&seen.reading, &from, "it is written over something else");
        }
    }

    /// The right to purge is given only where the tag was read and says expired, the settings enable it, the
    /// account is neither protected nor held, and the journal shows that it was on-boarded.
    #[test]
    fn rule_2_a_purge_starts_only_where_everything_says_so(
        reading in readings(), choices in choices(250), look in looks(), settings in policies(),
    ) {
        let watched = &[
            Rule::NoPurgeUnlessExpired,
            Rule::NoPurgeUnlessOnBoarded,
            Rule::NoPurgeUnlessReadable,
            Rule::NoPurgeUnlessEnabled,
            Rule::NoBuildWhileHeld,
        ];
        let mut run = Run::new(reading, heavy(), watched);
        run.walk(&policy(), &choices, |_| {});
        let World { head, now, ledger, .. } = run.world;
        let purge = owed(Intent::StartBuild { task: TaskKind::Purge, attempt: 1 });
        prop_assert!(authorise(&head, &settings, &purge, None, now).is_err(), "without a look");
        if let Look::Seen(seen) = &look {
            let partial = Seen { described: seen.at - TimeDelta::seconds(1), ..Seen::clone(seen) };
            let partial = Look::Seen(Box::new(partial));
            prop_assert!(authorise(&head, &settings, &purge, Some(&partial), now).is_err(), "of its tags only");
        }
        if authorise(&head, &settings, &purge, Some(&look), now).is_ok() {
            let Look::Seen(seen) = &look else { panic!("nothing was seen: {look:?}") };
            prop_assert_eq!(&seen.reading, &Reading::Known(State::Expired));
            prop_assert_eq!((seen.status, settings.standing), (Status::Active, Standing::Managed));
            prop_assert!(settings.purge.enabled && settings.hold.is_none());
            prop_assert!(ledger.on_boarded && head.on_boarded().is_some());
            prop_assert!(head.running_build().is_none());
        }
    }

    #[test]
    fn rule_3_one_build_at_a_time_and_only_ours_counts(reading in readings(), choices in choices(250)) {
        let watched = &[Rule::OneBuildAtATime, Rule::NoForeignBuild, Rule::NoBuildStartedTwice];
        let faults = Faults { foreign_builds: 20, failing_builds: 20, crashes: 12, ..heavy() };
        let mut run = Run::new(reading, faults, watched);
        run.walk(&policy(), &choices, |_| {});
        run.calm(&policy());
    }

    /// Whatever was lost, repeated or late, and even when somebody set the tag last and no event ever told: in
    /// the end the journal says what the tag says, and the account is where it must be.
    #[test]
    fn rule_4_whatever_events_do_the_account_comes_to_rest(
        reading in readings(), choices in choices(250), untold in prop::option::of(0..HANDS.len()),
    ) {
        let faults = Faults { losses: 20, repeats: 20, delays: 40, ..heavy() };
        let mut run = Run::new(reading, faults, &[]);
        run.walk(&policy(), &choices, |_| {});
        if let Some(hand) = untold {
            run.world.truth.reading = Reading::of_tag(HANDS[hand]);
            writeln!(run.story, "untold: {:?}", HANDS[hand]).unwrap();
        }
        run.calm(&policy());
        let rest = run.world.at_rest();
        prop_assert!(rest.is_ok(), "{}\n{}", rest.unwrap_err(), run.story);
        let World { head, truth, .. } = &run.world;
        if truth.status == Status::Active && truth.standing == Standing::Managed {
            prop_assert_eq!(&head.tag().reading, &truth.reading, "{}", run.story);
        }
    }

    #[test]
    fn rule_5_no_account_waits_for_nobody(reading in readings(), choices in choices(250)) {
        let faults = Faults { failing_effects: 30, failing_builds: 12, crashes: 12, ..heavy() };
        let mut run = Run::new(reading, faults, &[Rule::NobodyWaitsForNobody]);
        run.walk(&policy(), &choices, |run| {
            let head = &run.world.head;
            let troubled = head.quarantine().is_some() && head.is_touchable();
            assert!(!troubled || head.next_wake().is_some(), "in quarantine for ever: {}", run.story);
            assert!(head.owed().is_empty() || !head.is_touchable() || head.next_wake().is_some());
        });
        run.calm(&policy());
    }

    /// A record that was decided on at an older version is refused, and leaves the head as it was: those of the
    /// journal, and those of whoever lost a race.
    #[test]
    fn rule_6_a_record_of_an_older_version_is_refused(
        reading in readings(), choices in choices(120), later in 0_u64..40,
    ) {
        let mut run = Run::new(reading, heavy(), &[Rule::LegalRecords]);
        let mut late: Option<(Version, Vec<Record>)> = None;
        let policy = policy();
        run.walk(&policy, &choices, |run| {
            let World { head, now, .. } = &run.world;
            if late.is_none() {
                let evidence = Evidence::look(run.world.look());
                let settings = run.world.policy(&policy);
                let decision = decide(head, &settings, &Trigger::DIFFERENCE, &evidence, *now);
                if let Decision::Append { records, .. } = decision {
                    late = Some((head.version(), records));
                }
            }
            let Some((version, records)) = &late else { return };
            if head.version() > *version {
                let mut loser = head.clone();
                let refused = loser.apply(&records[0]);
                let out_of_order =
                    IllegalRecord::OutOfOrder { head: head.version(), found: records[0].version };
                assert_eq!(refused, Err(out_of_order));
                assert_eq!(loser, *head, "a refused record leaves no trace");
                late = None;
            }
        });
        let head = run.world.head;
        for record in &run.records {
            let mut again = head.clone();
            prop_assert!(again.apply(record).is_err(), "a record comes twice");
            let beyond = Version::new(head.version().number() + 2 + later);
            let gap = Record { version: beyond, ..record.clone() };
            prop_assert!(again.apply(&gap).is_err(), "records are missing");
            prop_assert_eq!(&again, &head);
        }
    }

    /// Whoever carries an effect out has it in hand, by a record; and a build is never started twice for one
    /// obligation, wherever processes die. Claims last for longer here than AWS keeps a token.
    #[test]
    fn rule_7_an_effect_is_owed_and_in_hand_before_it_happens(reading in readings(), choices in choices(250)) {
        let mut policy = policy();
        policy.times.claim = TimeDelta::minutes(6);
        let faults = Faults { crashes: 30, failing_effects: 12, ..heavy() };
        let mut run = Run::new(reading, faults, &[Rule::OwedThenPaid, Rule::NoBuildStartedTwice]);
        run.walk(&policy, &choices, |_| {});
        run.calm(&policy);
        let outstanding = run.world.head.is_touchable() && run.world.head.quarantine().is_none();
        prop_assert!(!outstanding || run.world.head.owed().is_empty(), "{}", run.story);
    }

    /// No right is given for an account that is not managed, protected, or not in use.
    #[test]
    fn rule_8_the_untouchable_is_not_touched(
        reading in readings(), choices in choices(250), look in looks(), settings in policies(),
    ) {
        let faults = Faults { moves: 12, suspensions: 12, ..heavy() };
        let mut run = Run::new(reading.clone(), faults, &[Rule::NoTouchUnlessManagedAndActive]);
        run.walk(&policy(), &choices, |_| {});
        let World { head, now, .. } = head(reading, &choices);
        let active = matches!(&look, Look::Seen(seen) if seen.status == Status::Active);
        if active && settings.standing == Standing::Managed && head.is_touchable() {
            return Ok(());
        }
        let refresh = TagWrite { change: None, set: Tags::new(), unset: Vec::new() };
        for intent in [
            Intent::WriteTags(Box::new(refresh)),
            Intent::StartBuild { task: TaskKind::Preparation, attempt: 1 },
            Intent::StartBuild { task: TaskKind::Purge, attempt: 1 },
        ] {
            let right = authorise(&head, &settings, &owed(intent), Some(&look), now);
            prop_assert!(right.is_err(), "{right:?}");
        }
    }
}

proptest! {
    #![proptest_config(config(300))]

    /// The whole journal, written down and read again, is replayed from its beginning after every step.
    #[test]
    fn rule_10_replay_is_head_after_every_step(reading in readings(), choices in choices(250)) {
        let mut run = Run::new(reading, heavy(), &[Rule::ReplayIsHead, Rule::LegalRecords]);
        let unseen = Account::unseen(run.world.head.id());
        let mut kept: Vec<String> = Vec::new();
        run.walk(&policy(), &choices, |run| {
            let fresh = run.records.iter().skip(kept.len()).map(|record| serde_json::to_string(record).unwrap());
            let fresh: Vec<String> = fresh.collect();
            if fresh.is_empty() {
                return;
            }
            kept.extend(fresh);
            let mut replayed = unseen.clone();
            for record in &kept {
                replayed.apply(&serde_json::from_str(record).unwrap()).unwrap();
            }
            assert_eq!(replayed, run.world.head, "{}", run.story);
        });
        run.calm(&policy());
        let replayed = run.records.iter().try_fold(unseen, |mut head, record| {
            head.apply(record).map(|()| head)
        });
        prop_assert_eq!(replayed, Ok(run.world.head));
    }
}
