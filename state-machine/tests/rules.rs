//! The ten rules, against random runs of one account with faults.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use state_machine::{Account, Policy, Reading, Record, State};
use support::policy::policy;
use support::world::{Action, Faults, World};

const HANDS: [Option<&str>; 6] =
    [Some("vanilla"), Some("assigned"), Some("released"), Some("expired"), Some("Released"), None];

/// A run: the world, every record of its journal, and what happened, for people.
struct Run {
    world: World,
    records: Vec<Record>,
    story: String,
}

impl Run {
    /// Walks the world by these choices; then without faults until it is quiet.
    fn walk(reading: Reading, faults: Faults, policy: &Policy, choices: &[u16]) -> Self {
        let mut run = Self { world: World::new(reading, faults), records: Vec::new(), story: String::new() };
        for choice in choices {
            let actions = run.world.actions(policy, &HANDS);
            let Some(action) = actions.get(usize::from(*choice) % actions.len().max(1)) else { break };
            run.step(policy, action);
        }
        run.calm(policy);
        run
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
        assert_eq!(self.world.broken, None, "{}", self.story);
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
    }
}

/// Runs that once failed are kept beside this file and come first. `PROPTEST_CASES` asks for more runs.
fn config(cases: u32) -> ProptestConfig {
    let cases =
        if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { cases };
    let regressions = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rules.proptest-regressions");
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

proptest! {
    #![proptest_config(config(4_000))]

    #[test]
    fn every_run_obeys_the_rules_and_comes_to_rest(
        reading in readings(),
        choices in prop::collection::vec(any::<u16>(), 0..250),
    ) {
        let policy = policy();
        let run = Run::walk(reading, heavy(), &policy, &choices);
        let rest = run.world.at_rest();
        prop_assert!(rest.is_ok(), "{}\n{}", rest.unwrap_err(), run.story);
        let mut replayed = Account::unseen(run.world.head.id());
        for record in &run.records {
            replayed.apply(record).unwrap();
        }
        prop_assert_eq!(replayed, run.world.head);
    }
}
