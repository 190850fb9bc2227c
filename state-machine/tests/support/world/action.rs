//! What can happen, and what then happens.

use chrono::TimeDelta;
use state_machine::{
    Actor, BuildOutcome, Command, Decision, FailureKind, Gesture, Happening, Policy, Protection, Reading,
    Record, Standing, Status, Timestamp, Trigger, TriggerId, WindowId,
};

use super::{Event, EventKind, Process, World};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Deliver(usize),
    Lose(usize),
    Repeat(usize),
    Step(usize),
    FailStep(usize, FailureKind, bool),
    Crash(usize),
    EndBuild(usize, BuildOutcome),
    HandSet(Option<String>),
    ForeignBuild,
    Blind,
    See,
    Move(Standing),
    Suspend(Status),
    Window,
    Command(Gesture),
    Edit(Edit),
    Wake,
    Sweep,
    Tick,
}

/// A change of the settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Edit {
    Preparation(bool),
    Purge(bool),
    Hold(Option<Timestamp>),
    /// Whether it stands under `protected_accounts`.
    Protected(bool),
}

/// How long holds last, those in the settings and those that somebody asks for: longer than any other wait
/// but the last ones of a quarantine.
const HOLD: TimeDelta = TimeDelta::hours(30);

const MAX_PROCESSES: usize = 2;

impl World {
    /// Everything that can happen now.
    pub fn actions(&self, policy: &Policy, with_states: &[Option<&str>]) -> Vec<Action> {
        let mut actions = Vec::new();
        let room = self.processes.len() < MAX_PROCESSES;
        for place in 0..self.events.len() {
            if room {
                actions.push(Action::Deliver(place));
            }
            if self.faults.losses > 0 {
                actions.push(Action::Lose(place));
            }
            if self.faults.repeats > 0 {
                actions.push(Action::Repeat(place));
            }
        }
        for (place, process) in self.processes.iter().enumerate() {
            actions.push(Action::Step(place));
            if self.faults.crashes > 0 {
                actions.push(Action::Crash(place));
            }
            if self.faults.failing_effects > 0 && Self::pays_next(process) {
                actions.push(Action::FailStep(place, FailureKind::Throttled, false));
                actions.push(Action::FailStep(place, FailureKind::Unavailable, true));
                actions.push(Action::FailStep(place, FailureKind::Denied, false));
            }
        }
        for (place, build) in self.truth.builds.iter().enumerate() {
            if build.outcome.is_none() {
                actions.push(Action::EndBuild(place, BuildOutcome::Succeeded));
                if self.faults.failing_builds > 0 {
                    actions.push(Action::EndBuild(place, BuildOutcome::Failed));
                }
            }
        }
        if self.faults.hands > 0 {
            for state in with_states {
                actions.push(Action::HandSet(state.map(str::to_owned)));
            }
        }
        if self.faults.foreign_builds > 0 {
            actions.push(Action::ForeignBuild);
        }
        if self.faults.moves > 0 {
            actions.push(Action::Move(match self.truth.standing {
                Standing::Managed => Standing::Unmanaged,
                Standing::Unmanaged | Standing::Protected(_) => Standing::Managed,
            }));
        }
        if self.faults.suspensions > 0 {
            actions.push(Action::Suspend(match self.truth.status {
                Status::Active => Status::Suspended,
                _ => Status::Active,
            }));
        }
        if self.faults.edits > 0 {
            let hold = self.truth.settings_hold.is_none().then(|| self.now + HOLD);
            actions.push(Action::Edit(Edit::Preparation(!self.truth.preparation_enabled)));
            actions.push(Action::Edit(Edit::Purge(!self.truth.purge_enabled)));
            actions.push(Action::Edit(Edit::Hold(hold)));
            actions.push(Action::Edit(Edit::Protected(self.truth.standing == Standing::Managed)));
        }
        if self.truth.readable && self.faults.blinds > 0 {
            actions.push(Action::Blind);
        }
        if !self.truth.readable {
            actions.push(Action::See);
        }
        if room {
            if self.faults.windows > 0 {
                actions.push(Action::Window);
            }
            if self.faults.commands > 0 {
                for gesture in
                    [Gesture::Adopt, Gesture::Vanilla, Gesture::Release, Gesture::Expire, Gesture::Retry]
                {
                    actions.push(Action::Command(gesture));
                }
            }
            if self.faults.holds > 0 {
                let shorter = self.now + HOLD / 2;
                for gesture in [Gesture::Hold(self.now + HOLD), Gesture::Hold(shorter), Gesture::Unhold] {
                    actions.push(Action::Command(gesture));
                }
            }
            if !self.head.due(self.now).is_empty() {
                actions.push(Action::Wake);
            }
            if self.would_sweep(policy) {
                actions.push(Action::Sweep);
            }
        }
        let can_pass =
            self.head.next_wake().is_some_and(|wake| wake > self.now) || self.waits_for_settling(policy);
        if can_pass && (self.faults.delays > 0 || self.is_waiting(policy)) {
            actions.push(Action::Tick);
        }
        actions
    }

    /// Does one thing. Records that were appended are handed to `journal`.
    pub fn act(&mut self, policy: &Policy, action: &Action, journal: &mut dyn FnMut(&[Record])) {
        match action {
            Action::Deliver(place) => {
                let event = self.events.remove(*place);
                let trigger = Self::trigger(&event);
                self.begin(trigger);
            }
            Action::Lose(place) => {
                self.faults.losses -= 1;
                self.events.remove(*place);
            }
            Action::Repeat(place) => {
                self.faults.repeats -= 1;
                let event = self.events[*place].clone();
                self.events.insert(*place, event);
            }
            Action::Step(place) => self.step(policy, *place, None, journal),
            Action::FailStep(place, kind, happens) => {
                self.faults.failing_effects -= 1;
                self.step(policy, *place, Some((*kind, *happens)), journal);
            }
            Action::Crash(place) => {
                self.faults.crashes -= 1;
                self.processes.remove(*place);
            }
            Action::EndBuild(place, outcome) => {
                if *outcome != BuildOutcome::Succeeded {
                    self.faults.failing_builds -= 1;
                }
                self.truth.builds[*place].outcome = Some(*outcome);
                let id = self.truth.builds[*place].id.clone();
                self.emit(EventKind::BuildEnded(id));
            }
            Action::HandSet(value) => {
                self.faults.hands -= 1;
                self.set_tag(Reading::of_tag(value.as_deref()), true);
            }
            Action::ForeignBuild => {
                self.faults.foreign_builds -= 1;
                self.emit(EventKind::BuildEnded("SpaProjectForAccountPurge:forged".parse().unwrap()));
            }
            Action::Blind => {
                self.faults.blinds -= 1;
                self.truth.readable = false;
            }
            Action::See => self.truth.readable = true,
            Action::Move(standing) => {
                self.faults.moves -= 1;
                self.truth.standing = *standing;
                self.emit(EventKind::Moved);
            }
            Action::Suspend(status) => {
                self.faults.suspensions -= 1;
                self.truth.status = *status;
            }
            Action::Window => {
                self.faults.windows -= 1;
                let number = self.draw();
                let window = WindowId(self.now + TimeDelta::milliseconds(i64::from(number)));
                let id = Some(TriggerId::from_text(&format!("window {window}")));
                self.begin(Trigger { id, by: Actor::Aws, happening: Happening::Window(window) });
            }
            Action::Edit(edit) => {
                self.faults.edits -= 1;
                match edit {
                    Edit::Preparation(enabled) => self.truth.preparation_enabled = *enabled,
                    Edit::Purge(enabled) => self.truth.purge_enabled = *enabled,
                    Edit::Hold(until) => self.truth.settings_hold = *until,
                    Edit::Protected(true) => self.truth.standing = Standing::Protected(Protection::Listed),
                    Edit::Protected(false) => self.truth.standing = Standing::Managed,
                }
            }
            Action::Command(gesture) => {
                match gesture {
                    Gesture::Hold(_) | Gesture::Unhold => self.faults.holds -= 1,
                    Gesture::Adopt
                    | Gesture::Vanilla
                    | Gesture::Release
                    | Gesture::Expire
                    | Gesture::Retry => self.faults.commands -= 1,
                }
                let number = self.draw();
                let id = Some(TriggerId::from_text(&format!("command {number}")));
                let command = Command { gesture: gesture.clone(), reason: "test".into() };
                let by = Actor::Principal("operator".into());
                self.begin(Trigger { id, by, happening: Happening::Command(command) });
            }
            Action::Wake => self.begin(Trigger::WAKE),
            Action::Sweep => self.begin(Trigger::DIFFERENCE),
            Action::Tick => {
                if !self.is_waiting(policy) {
                    self.faults.delays -= 1;
                }
                let settled =
                    self.waits_for_settling(policy).then(|| self.head.tag().since + policy.times.settle);
                let wake = self.head.next_wake().filter(|wake| *wake > self.now);
                if let Some(instant) = [settled, wake].into_iter().flatten().min() {
                    self.now = instant;
                }
            }
        }
    }

    /// An operator asks for something, and is answered at once. What then is to be carried out is in the hand
    /// of a new process.
    pub fn ask(&mut self, policy: &Policy, gesture: Gesture) -> Decision {
        let policy = self.policy(policy);
        let number = self.draw();
        let id = Some(TriggerId::from_text(&format!("command {number}")));
        let command = Command { gesture, reason: "test".into() };
        let trigger =
            Trigger { id, by: Actor::Principal("operator".into()), happening: Happening::Command(command) };
        self.decide(&policy, &trigger)
    }

    /// A trigger comes, and is decided on and appended at once, with all the evidence that it takes. What then
    /// is to be carried out is in the hand of a new process.
    pub fn take(&mut self, policy: &Policy, trigger: &Trigger) -> Decision {
        let policy = self.policy(policy);
        self.decide(&policy, trigger)
    }

    pub(super) fn begin(&mut self, trigger: Trigger) {
        self.processes.push(Process::Deciding { trigger, held: None });
    }

    pub fn trigger(event: &Event) -> Trigger {
        let id = Some(TriggerId::from_text(&format!("event {}", event.number)));
        let (by, happening) = match &event.kind {
            EventKind::Tag { value, by_hand } => {
                let by = if *by_hand { Actor::Principal("somebody".into()) } else { Actor::Spa };
                (by, Happening::TagEvent(Reading::of_tag(value.as_deref())))
            }
            EventKind::BuildEnded(build) => (Actor::Aws, Happening::BuildEvent(build.clone())),
            EventKind::Moved => (Actor::Principal("somebody".into()), Happening::Changed),
        };
        Trigger { id, by, happening }
    }
}
