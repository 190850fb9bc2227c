//! The world of one account.

use std::sync::Arc;

use chrono::TimeDelta;
use state_machine::{
    Account, AccountId, Actor, Announcement, BuildFinding, BuildId, BuildOutcome, Command, Custody, Decision,
    Due, Effect, Evidence, Failure, FailureKind, Gesture, Happening, Hold, Intent, Look, Need, ObligationId,
    Payment, Policy, Profile, Protection, Reading, Record, Scope, Seen, Standing, State, Status, Tags,
    TaskKind, Timestamp, Token, Trigger, TriggerId, Unreadable, Version, WindowId, Withheld, authorise,
    claim, decide, differs, needs_look,
};

/// Everything there is. Two equal worlds behave equally.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub now: Timestamp,
    pub truth: Truth,
    pub head: Account,
    pub events: Vec<Event>,
    pub processes: Vec<Process>,
    pub faults: Faults,
    pub ledger: Ledger,
    pub broken: Option<Rule>,
    serial: u32,
}

/// Rules that this world watches over by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    OneBuildAtATime,
    NoBuildStartedTwice,
    NoForeignBuild,
    NoPurgeUnlessExpired,
    NoPurgeUnlessOnBoarded,
    NoPurgeUnlessReadable,
    NoPurgeUnlessEnabled,
    NoBuildWhileHeld,
    OwedThenPaid,
    NoTouchUnlessManagedAndActive,
    NoWindowUnlessReleased,
    ReplayIsHead,
    LegalRecords,
    NobodyWaitsForNobody,
}

/// What AWS holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Truth {
    pub reading: Reading,
    pub status: Status,
    pub standing: Standing,
    pub readable: bool,
    pub tags: Tags,
    pub builds: Vec<Build>,
    /// What the settings say beside the standing.
    pub preparation_enabled: bool,
    pub purge_enabled: bool,
    pub settings_hold: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Build {
    pub id: BuildId,
    pub kind: TaskKind,
    pub token: Option<Token>,
    pub since: Timestamp,
    pub outcome: Option<BuildOutcome>,
}

/// What the referee remembers by itself, without asking the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ledger {
    pub on_boarded: bool,
    pub purges: u32,
    pub releases: u32,
}

/// An event on its way. A repeated one keeps its number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event {
    pub number: u32,
    pub kind: EventKind,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// The state tag was set to this text, by us or by hand; `None`: taken away.
    Tag {
        value: Option<String>,
        by_hand: bool,
    },
    BuildEnded(BuildId),
    Moved,
}

/// A process that handles a trigger. It may die at any point.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Process {
    /// Has loaded the head at this version, and looked.
    Deciding { trigger: Trigger, held: Option<(Version, Evidence)> },
    /// Has obligations in hand until then.
    Paying {
        trigger: Trigger,
        queue: Vec<ObligationId>,
        until: Timestamp,
        in_hand: Option<(ObligationId, Effect)>,
        payments: Vec<(ObligationId, Payment)>,
    },
}

/// How many faults and outside happenings are left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Faults {
    pub losses: u8,
    pub repeats: u8,
    pub crashes: u8,
    pub failing_builds: u8,
    pub failing_effects: u8,
    pub hands: u8,
    pub windows: u8,
    pub foreign_builds: u8,
    pub blinds: u8,
    pub delays: u8,
    pub moves: u8,
    pub suspensions: u8,
    pub commands: u8,
    pub holds: u8,
    pub edits: u8,
}

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

pub const MAX_PROCESSES: usize = 2;

impl World {
    pub fn new(reading: Reading, faults: Faults) -> Self {
        let account: AccountId = "777788889999".parse().unwrap();
        let mut tags = Tags::new();
        tags.insert("obsolete", "x");
        Self {
            now: "2026-11-21T18:00:00Z".parse().unwrap(),
            truth: Truth {
                reading,
                status: Status::Active,
                standing: Standing::Managed,
                readable: true,
                tags,
                builds: Vec::new(),
                preparation_enabled: true,
                purge_enabled: true,
                settings_hold: None,
            },
            head: Account::unseen(account),
            events: vec![Event { number: 0, kind: EventKind::Moved }],
            processes: Vec::new(),
            faults,
            ledger: Ledger::default(),
            broken: None,
            serial: 1,
        }
    }

    pub fn policy(&self, policy: &Policy) -> Policy {
        let mut policy = Policy { standing: self.truth.standing, ..policy.clone() };
        policy.preparation.enabled = self.truth.preparation_enabled;
        policy.purge.enabled = self.truth.purge_enabled;
        policy.hold = self.truth.settings_hold.map(|until| Hold { until, reason: "settings".into() });
        policy
    }

    pub fn look(&self) -> Look {
        if !self.truth.readable {
            return Look::Unreadable(Unreadable::Throttled);
        }
        Look::Seen(Box::new(Seen {
            at: self.now,
            described: self.now,
            status: self.truth.status,
            reading: self.truth.reading.clone(),
            profile: Arc::new(Profile {
                name: "alice".into(),
                email: "alice@example.com".into(),
                units: Arc::default(),
                tags: self.truth.tags.clone(),
            }),
        }))
    }

    /// What is known of the account need not be read again, where that is not asked for.
    fn look_at(&self, scope: Scope, policy: &Policy) -> Look {
        let known = self.head.described_at().filter(|at| self.now.since(*at) <= policy.times.described);
        match (scope, known, self.look()) {
            (Scope::Tags | Scope::Index, Some(described), Look::Seen(seen)) => {
                Look::Seen(Box::new(Seen { described, status: self.head.status(), ..*seen }))
            }
            (Scope::Whole | Scope::Tags | Scope::Index, _, look) => look,
        }
    }

    pub fn find(&self, build: &BuildId) -> BuildFinding {
        if !self.truth.readable {
            return BuildFinding::Unreadable(Unreadable::Throttled);
        }
        match self.truth.builds.iter().find(|known| known.id == *build) {
            None => BuildFinding::NotFound,
            Some(Build { outcome: None, .. }) => BuildFinding::InProgress,
            Some(Build { outcome: Some(outcome), .. }) => BuildFinding::Ended(*outcome),
        }
    }

    fn draw(&mut self) -> u32 {
        self.serial += 1;
        self.serial
    }

    fn emit(&mut self, kind: EventKind) {
        let number = self.draw();
        self.events.push(Event { number, kind });
        self.events.sort();
    }

    fn set_tag(&mut self, reading: Reading, by_hand: bool) {
        let value = match &reading {
            Reading::Known(state) => Some(state.to_string()),
            Reading::Unrecognised(text) => Some(text.to_string()),
            Reading::Untagged => None,
            Reading::Unreadable(_) => unreachable!("nobody can set that"),
        };
        self.truth.reading = reading;
        self.emit(EventKind::Tag { value, by_hand });
    }

    fn breaks(&mut self, rule: Rule) {
        self.broken.get_or_insert(rule);
    }

    /// Whether the next step of a process is to carry out an effect, which may fail.
    fn pays_next(process: &Process) -> bool {
        match process {
            Process::Deciding { .. } => false,
            Process::Paying { queue, in_hand, .. } => in_hand.is_some() || !queue.is_empty(),
        }
    }

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

    /// Whether only time can go on: then it passes. Otherwise it passes as a delay of what is under way.
    fn is_waiting(&self, policy: &Policy) -> bool {
        self.events.is_empty()
            && self.processes.is_empty()
            && self.truth.builds.iter().all(|build| build.outcome.is_some())
            && self.head.due(self.now).is_empty()
            && !self.would_sweep(policy)
    }

    /// Whether the reconciler sees a difference.
    pub fn would_sweep(&self, policy: &Policy) -> bool {
        let policy = self.policy(policy);
        self.truth.readable
            && !self.waits_for_settling(&policy)
            && differs(&self.head, &policy, self.truth.status, &self.truth.reading, self.now)
    }

    /// A difference right after an own write: nothing can be concluded before it has settled.
    fn waits_for_settling(&self, policy: &Policy) -> bool {
        self.head.tag().by == Actor::Spa
            && self.head.tag().reading != self.truth.reading
            && self.now < self.head.tag().since + policy.times.settle
    }

    /// Nothing is on its way, nobody is at work, nothing is due, and the reconciler sees nothing.
    pub fn is_quiet(&self, policy: &Policy) -> bool {
        self.events.is_empty()
            && self.processes.is_empty()
            && self.truth.builds.iter().all(|build| build.outcome.is_some())
            && !self.would_sweep(policy)
            && !self.waits_for_settling(policy)
            && self.truth.readable
            && match self.head.next_wake() {
                None => true,
                // What is tried again and again from quarantine has come to rest between two tries.
                Some(wake) => {
                    let between = self.head.quarantine().is_some_and(|past| past.next_try.is_some());
                    between && self.head.task().is_none() && wake > self.now
                }
            }
    }

    /// Where every account must be once it is quiet.
    ///
    /// # Errors
    /// Where it is instead.
    pub fn at_rest(&self) -> Result<(), String> {
        if self.truth.status != Status::Active || self.truth.standing != Standing::Managed {
            return Ok(());
        }
        let head = &self.head;
        if let Some(quarantine) = head.quarantine()
            && quarantine.next_try.is_none()
            && head.state() == Some(State::Released)
        {
            return Err(format!("released, and in quarantine for ever: {head:?}"));
        }
        if let Some(quarantine) = head.quarantine() {
            return match (quarantine.next_try, head.next_wake()) {
                (Some(_), Some(_)) => Ok(()),
                _ => Err(format!("in quarantine without a next try: {head:?}")),
            };
        }
        let released = head.tag().reading == Reading::Known(State::Released)
            && self.truth.reading == head.tag().reading
            && head.tag().entered
            && head.cycle().is_none()
            && head.owed().is_empty()
            && head.task().is_none();
        if released || head.custody() == Custody::Sighted {
            return Ok(());
        }
        Err(format!("neither released nor in quarantine: {head:?}"))
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

    fn decide(&mut self, policy: &Policy, trigger: &Trigger) -> Decision {
        let mut evidence = Evidence::NONE;
        let decision = loop {
            match decide(&self.head, policy, trigger, &evidence, self.now) {
                Decision::Need(Need::Look(scope)) => evidence.look = Some(self.look_at(scope, policy)),
                Decision::Need(Need::Build(build)) => {
                    let finding = self.find(&build);
                    evidence.build = Some((build, finding));
                }
                decision => break decision,
            }
        };
        if let Decision::Append { records, account, .. } = &decision {
            self.append(records, account.as_ref().clone(), &mut |_| {});
            self.processes.extend(self.pay_for(trigger, records));
        }
        decision
    }

    fn begin(&mut self, trigger: Trigger) {
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

    fn step(
        &mut self,
        policy: &Policy,
        place: usize,
        failure: Option<(FailureKind, bool)>,
        journal: &mut dyn FnMut(&[Record]),
    ) {
        let process = self.processes.remove(place);
        let next = match process {
            Process::Deciding { trigger, held } => self.deciding(policy, trigger, held, journal),
            Process::Paying { trigger, queue, until, in_hand, payments } => {
                self.paying(policy, Payer { trigger, queue, until, in_hand, payments }, failure)
            }
        };
        if let Some(next) = next {
            self.processes.insert(place, next);
        }
    }

    /// Loads and looks in one step, decides and appends in the next: what happens in between is a race.
    fn deciding(
        &mut self,
        policy: &Policy,
        trigger: Trigger,
        held: Option<(Version, Evidence)>,
        journal: &mut dyn FnMut(&[Record]),
    ) -> Option<Process> {
        let policy = self.policy(policy);
        let evidence = match held {
            // The journal moved on: what was looked at before counts for nothing.
            Some((version, _)) if version != self.head.version() => {
                return Some(Process::Deciding { trigger, held: None });
            }
            Some((_, evidence)) => evidence,
            None => Evidence::NONE,
        };
        match decide(&self.head, &policy, &trigger, &evidence, self.now) {
            Decision::Need(need) => {
                let evidence = match need {
                    Need::Look(scope) => Evidence { look: Some(self.look_at(scope, &policy)), ..evidence },
                    Need::Build(build) => {
                        let finding = self.find(&build);
                        Evidence { build: Some((build, finding)), ..evidence }
                    }
                };
                Some(Process::Deciding { trigger, held: Some((self.head.version(), evidence)) })
            }
            Decision::Append { records, account, .. } => {
                self.append(&records, account.as_ref().clone(), journal);
                self.pay_for(&trigger, &records)
            }
            Decision::Nothing(_) | Decision::Refuse(_) => self.pay_what_is_due(&policy, &trigger, journal),
        }
    }

    fn append(&mut self, records: &[Record], account: Account, journal: &mut dyn FnMut(&[Record])) {
        let mut replayed = self.head.clone();
        for record in records {
            if replayed.apply(record).is_err() {
                self.breaks(Rule::LegalRecords);
            }
        }
        if replayed != account {
            self.breaks(Rule::ReplayIsHead);
        }
        let builds_known = |build: &BuildId| self.truth.builds.iter().any(|known| known.id == *build);
        if let Some((_, running)) = account.running_build()
            && !builds_known(&running.id)
        {
            self.breaks(Rule::NoForeignBuild);
        }
        let needs_something =
            account.is_touchable() && !(account.state() == Some(State::Released) && account.tag().entered);
        if needs_something && account.next_wake().is_none() {
            self.breaks(Rule::NobodyWaitsForNobody);
        }
        self.head = account;
        journal(records);
    }

    fn pay_for(&self, trigger: &Trigger, records: &[Record]) -> Option<Process> {
        let until = records.iter().filter_map(|record| record.claim).min()?;
        let queue: Vec<_> = self
            .head
            .owed()
            .iter()
            .filter(|owed| {
                records.iter().any(|record| record.version == owed.id.record) && owed.claim.is_some()
            })
            .map(|owed| owed.id)
            .collect();
        let trigger = trigger.clone();
        (!queue.is_empty()).then_some(Process::Paying {
            trigger,
            queue,
            until,
            in_hand: None,
            payments: Vec::new(),
        })
    }

    fn pay_what_is_due(
        &mut self,
        policy: &Policy,
        trigger: &Trigger,
        journal: &mut dyn FnMut(&[Record]),
    ) -> Option<Process> {
        let due = self.head.due(self.now).into_iter().find_map(|due| match due {
            Due::Pay(queue) => Some(queue),
            Due::Look | Due::LookUp(_) | Due::TryAgain | Due::Resume => None,
        })?;
        let (records, account) = claim(&self.head, policy, trigger, &due, self.now)?;
        self.append(&records, account, journal);
        Some(Process::Paying {
            trigger: trigger.clone(),
            queue: due,
            until: self.now + policy.times.claim,
            in_hand: None,
            payments: Vec::new(),
        })
    }

    fn paying(
        &mut self,
        policy: &Policy,
        mut payer: Payer,
        failure: Option<(FailureKind, bool)>,
    ) -> Option<Process> {
        if self.now >= payer.until {
            // Somebody else may have it in hand by now.
            return None;
        }
        if let Some((id, effect)) = payer.in_hand.take() {
            let payment = self.carry_out(id, &effect, failure);
            payer.payments.push((id, payment));
            return Some(payer.go_on());
        }
        let Some(id) = payer.queue.first().copied() else { return Some(payer.go_on()) };
        payer.queue.remove(0);
        let Some(obligation) = self.head.obligation(id).cloned() else { return Some(payer.go_on()) };
        let token = Token::of(self.head.id(), id);
        if let Intent::Announce(announcement) = &obligation.intent {
            let payment = match failure {
                Some((kind, _)) => failed(kind),
                None => Payment::Announced,
            };
            if let Announcement::Exception(exception) = announcement {
                assert!(exception.title.len() <= 100, "{}", exception.title);
            }
            payer.payments.push((id, payment));
            return Some(payer.go_on());
        }
        if obligation.claim != Some(payer.until) {
            // Somebody else has it in hand, or has recorded how it ended.
            return Some(payer.go_on());
        }
        if matches!(obligation.intent, Intent::StartBuild { .. })
            && (obligation.uncertain || obligation.superseded)
        {
            if !self.truth.readable {
                let payment = Payment::Withheld(Withheld::Unreadable(Unreadable::Throttled));
                payer.payments.push((id, payment));
                return Some(payer.go_on());
            }
            if let Some(build) = self.truth.builds.iter().find(|build| build.token == Some(token)) {
                payer.payments.push((id, Payment::BuildStarted(build.id.clone())));
                return Some(payer.go_on());
            }
        }
        if obligation.claim.is_none_or(|claim| claim <= self.now) {
            self.breaks(Rule::OwedThenPaid);
        }
        let policy = self.policy(policy);
        let look =
            needs_look(&self.head, &policy, &obligation, self.now).map(|scope| self.look_at(scope, &policy));
        match authorise(&self.head, &policy, &obligation, look.as_ref(), self.now) {
            Ok(warrant) => {
                let effect = warrant.effect().clone();
                assert_eq!(warrant.token(), token);
                self.referee(&policy, &effect);
                payer.in_hand = Some((id, effect));
                Some(payer.into_process())
            }
            Err(withheld) => {
                payer.payments.push((id, Payment::Withheld(withheld)));
                Some(payer.go_on())
            }
        }
    }

    /// The rules of effects, from what AWS holds at the very moment of the authorisation.
    fn referee(&mut self, policy: &Policy, effect: &Effect) {
        let truth = self.truth.clone();
        // Only a purge must know the status of this moment; see `Times::described` and, for preparations, `Times::fresh`.
        let active = truth.status == Status::Active
            || match effect {
                Effect::StartBuild { task: TaskKind::Purge, .. } => false,
                Effect::StartBuild { task: TaskKind::Preparation, .. } | Effect::WriteTags(_) => {
                    let described = self.head.described_at();
                    described.is_some_and(|at| self.now.since(at) <= policy.times.described)
                }
            };
        let managed = truth.standing == Standing::Managed
            || matches!(effect, Effect::StartBuild { task: TaskKind::Preparation, .. });
        if !active || !managed {
            self.breaks(Rule::NoTouchUnlessManagedAndActive);
        }
        if matches!(effect, Effect::StartBuild { .. }) && policy.hold_at(self.head.hold(), self.now).is_some()
        {
            self.breaks(Rule::NoBuildWhileHeld);
        }
        match effect {
            Effect::StartBuild { task: TaskKind::Purge, .. } => {
                self.ledger.purges += 1;
                if truth.reading != Reading::Known(State::Expired) {
                    self.breaks(Rule::NoPurgeUnlessExpired);
                }
                if !self.ledger.on_boarded {
                    self.breaks(Rule::NoPurgeUnlessOnBoarded);
                }
                if !truth.readable {
                    self.breaks(Rule::NoPurgeUnlessReadable);
                }
                if !policy.purge.enabled {
                    self.breaks(Rule::NoPurgeUnlessEnabled);
                }
            }
            Effect::StartBuild { task: TaskKind::Preparation, .. } => {}
            Effect::WriteTags(write) => {
                let Some(change) = &write.change else { return };
                let window = self.head.cycle().is_some_and(|cycle| cycle.window.is_some());
                if change.to == State::Expired && window && truth.reading != Reading::Known(State::Released) {
                    self.breaks(Rule::NoWindowUnlessReleased);
                }
            }
        }
    }

    fn carry_out(
        &mut self,
        id: ObligationId,
        effect: &Effect,
        failure: Option<(FailureKind, bool)>,
    ) -> Payment {
        if let Some((kind, false)) = failure {
            return failed(kind);
        }
        let payment = match effect {
            Effect::WriteTags(write) => {
                for key in &write.unset {
                    self.truth.tags.remove(key);
                }
                for (key, value) in write.set.iter() {
                    self.truth.tags.insert(Arc::clone(key), Arc::clone(value));
                }
                if let Some(change) = &write.change {
                    if change.to == State::Released {
                        self.ledger.on_boarded = true;
                        self.ledger.releases += 1;
                    }
                    self.set_tag(Reading::Known(change.to), false);
                }
                Payment::TagsWritten
            }
            Effect::StartBuild { task, .. } => Payment::BuildStarted(self.start_build(*task, id)),
        };
        match failure {
            Some((kind, _)) => failed(kind),
            None => payment,
        }
    }

    fn start_build(&mut self, kind: TaskKind, obligation: ObligationId) -> BuildId {
        let token = Token::of(self.head.id(), obligation);
        let known = self.truth.builds.iter().find(|build| build.token == Some(token));
        if let Some(known) = known
            && self.now.since(known.since) < TimeDelta::minutes(5)
        {
            return known.id.clone();
        }
        if known.is_some() {
            self.breaks(Rule::NoBuildStartedTwice);
        }
        if self.truth.builds.iter().any(|build| build.outcome.is_none()) {
            self.breaks(Rule::OneBuildAtATime);
        }
        let number = self.draw();
        let id: BuildId = format!("{}:{number}", kind.project()).parse().unwrap();
        self.truth.builds.push(Build {
            id: id.clone(),
            kind,
            token: Some(token),
            since: self.now,
            outcome: None,
        });
        id
    }

    /// An operator adopts: from then on the account counts as on-boarded.
    pub fn note_adoption(&mut self, records: &[Record]) {
        let adopted = |record: &Record| matches!(&record.fact, state_machine::Fact::Adopted { state } if *state != State::Vanilla);
        if records.iter().any(adopted) {
            self.ledger.on_boarded = true;
        }
    }
}

fn failed(kind: FailureKind) -> Payment {
    Payment::Failed(Failure { kind, message: "test".into() })
}

/// A process that carries out obligations.
struct Payer {
    trigger: Trigger,
    queue: Vec<ObligationId>,
    until: Timestamp,
    in_hand: Option<(ObligationId, Effect)>,
    payments: Vec<(ObligationId, Payment)>,
}

impl Payer {
    fn into_process(self) -> Process {
        let Self { trigger, queue, until, in_hand, payments } = self;
        Process::Paying { trigger, queue, until, in_hand, payments }
    }

    /// The next obligation, or the record of how they ended.
    fn go_on(self) -> Process {
        if self.queue.is_empty() && self.in_hand.is_none() {
            let happening = Happening::Settled(self.payments);
            return Process::Deciding { trigger: Trigger { happening, ..self.trigger }, held: None };
        }
        self.into_process()
    }
}
