//! One account in a world that is driven by hand, for tests that tell a story.

use state_machine::{BuildOutcome, Decision, Effect, FailureKind, Gesture, Policy, Reading, State, TaskKind};

use super::policy::policy;
use super::world::{Action, Faults, Process, World};

/// The world, and what drives it.
#[derive(Clone)]
pub struct Scene {
    pub world: World,
    pub policy: Policy,
}

impl Scene {
    /// An account that was on-boarded without faults.
    pub fn released() -> Self {
        let mut scene = Self { world: World::new(Reading::Untagged, Faults::default()), policy: policy() };
        scene.calm();
        assert_eq!(scene.world.head.state(), Some(State::Released));
        scene.world.faults =
            Faults { crashes: 9, failing_builds: 9, failing_effects: 9, windows: 9, ..Faults::default() };
        scene
    }

    /// Whose purge is owed and failed for want of a free build, so that nobody has it in hand.
    pub fn expired_and_waiting() -> Self {
        let mut scene = Self::released();
        scene.ask(Gesture::Expire);
        scene.work();
        scene.hear();
        scene.step_until_paying_a_build();
        scene.act(&Action::FailStep(0, FailureKind::LimitReached, false));
        scene.work();
        assert_eq!(scene.world.head.task().map(|task| task.kind), Some(TaskKind::Purge));
        scene
    }

    pub fn act(&mut self, action: &Action) {
        self.world.act(&self.policy, action, &mut |_| {});
        assert_eq!(self.world.broken, None);
    }

    pub fn ask(&mut self, gesture: Gesture) -> Decision {
        self.world.ask(&self.policy, gesture)
    }

    /// Processes work until none is left.
    pub fn work(&mut self) {
        while !self.world.processes.is_empty() {
            self.act(&Action::Step(0));
        }
    }

    /// Every event arrives; nothing that follows is done yet.
    pub fn hear(&mut self) {
        while !self.world.events.is_empty() {
            self.act(&Action::Deliver(0));
        }
    }

    pub fn step_until_paying_a_build(&mut self) {
        loop {
            if let Some(Process::Paying { in_hand: Some((_, effect)), .. }) = self.world.processes.first()
                && matches!(effect, Effect::StartBuild { .. })
            {
                return;
            }
            assert!(!self.world.processes.is_empty(), "nobody starts a build: {:?}", self.world.head);
            self.act(&Action::Step(0));
        }
    }

    pub fn calm(&mut self) {
        for _ in 0..1_000 {
            if self.world.is_quiet(&self.policy) {
                self.world.at_rest().unwrap();
                return;
            }
            let actions = self.world.actions(&self.policy, &[]);
            let quiet = |action: &&Action| {
                matches!(
                    action,
                    Action::Deliver(_) | Action::Step(_) | Action::Wake | Action::Sweep | Action::See
                ) || matches!(action, Action::EndBuild(_, BuildOutcome::Succeeded))
            };
            let action = actions.iter().find(quiet).cloned().unwrap_or(Action::Tick);
            self.act(&action);
        }
        panic!("never quiet: {:?}", self.world.head);
    }

    pub fn no_purge(&self) {
        let purges = self.world.truth.builds.iter().filter(|build| build.kind == TaskKind::Purge).count();
        assert_eq!(purges, 0, "a purge was started");
    }
}
