//! Processes that decide, append and carry out, a step at a time. Each may die between two steps.

use state_machine::{
    Account, Announcement, BuildId, Decision, Due, Effect, Evidence, FailureKind, Happening, Intent, Need,
    ObligationId, Payment, Policy, Record, Started, State, Timestamp, Token, Trigger, Unreadable, Version,
    Withheld, authorise, claim, decide, needs_look,
};

use super::effect::failed;
use super::{Process, Rule, World};

impl World {
    pub(super) fn decide(&mut self, policy: &Policy, trigger: &Trigger) -> Decision {
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

    /// Whether the next step of a process is to carry out an effect, which may fail.
    pub(super) fn pays_next(process: &Process) -> bool {
        match process {
            Process::Deciding { .. } => false,
            Process::Paying { queue, in_hand, .. } => in_hand.is_some() || !queue.is_empty(),
        }
    }

    pub(super) fn step(
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
                payer.payments.push((id, Payment::BuildStarted(Started::alone(build.id.clone()))));
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
