//! Folding records into the head.

use std::sync::Arc;

use crate::account::{Belief, Custody, Cycle, PastCycle, Quarantine};
use crate::{
    Account, Actor, BuildOutcome, CycleEnd, CycleKind, Fact, Hold, Intent, Obligation, ObligationId, Reading,
    Record, RunningBuild, Standing, State, Task, TaskKind, Timestamp, Trouble, Version,
};

/// How many triggers an account remembers, to notice a second delivery. EventBridge and SQS repeat a
/// delivery within minutes; a cycle has about a dozen events.
const RECENT_TRIGGERS: usize = 16;

/// How many builds an account remembers, to tell a late second delivery from a foreign build.
const PAST_BUILDS: usize = 4;

/// A record does not follow on the head that it was applied to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IllegalRecord {
    /// Records are missing, or one comes twice.
    #[error("record {found} does not follow on version {head}")]
    OutOfOrder {
        /// The version of the head.
        head: Version,
        /// The version of the record.
        found: Version,
    },
    /// The record settles something that is not owed.
    #[error("record {record} settles {obligation}, which is not owed")]
    NotOwed {
        /// The record.
        record: Version,
        /// What it settles.
        obligation: ObligationId,
    },
    /// The record speaks of a build that does not run.
    #[error("record {record} speaks of a build that does not run")]
    NoSuchBuild {
        /// The record.
        record: Version,
    },
}

impl Account {
    /// Folds one more record in.
    ///
    /// # Errors
    /// When the record does not follow on this head. The head is then as it was.
    pub fn apply(&mut self, record: &Record) -> Result<(), IllegalRecord> {
        if record.version != self.version.next() {
            return Err(IllegalRecord::OutOfOrder { head: self.version, found: record.version });
        }
        for &obligation in settled_by(&record.fact) {
            if self.obligation(obligation).is_none() {
                return Err(IllegalRecord::NotOwed { record: record.version, obligation });
            }
        }
        if let Fact::BuildEnded { build, .. }
        | Fact::BuildLookedUp { build, .. }
        | Fact::BuildOverdue { build, .. } = &record.fact
            && self.running_build().is_none_or(|(_, running)| running.id != *build)
        {
            return Err(IllegalRecord::NoSuchBuild { record: record.version });
        }
        self.fold(record);
        Ok(())
    }

    /// Folds a record in that is known to follow.
    pub(crate) fn fold(&mut self, record: &Record) {
        self.version = record.version;
        if record.looked {
            self.looked_at = Some(record.at);
            self.described = record.described;
        }
        if let Some(trigger) = record.cause.trigger
            && !self.has_seen(trigger)
        {
            if self.recent.len() == RECENT_TRIGGERS {
                self.recent.remove(0);
            }
            self.recent.push(trigger);
        }
        self.fold_fact(record);
        for (place, owes) in record.owes.iter().enumerate() {
            // What is to wait is in nobody's hand: whoever decided on it will not be there any more.
            let claim = if owes.not_before > record.at { None } else { record.claim };
            self.owed.push(Obligation {
                id: ObligationId { record: record.version, place: u8::try_from(place).unwrap_or(u8::MAX) },
                intent: owes.intent.clone(),
                not_before: owes.not_before,
                claim,
                failures: 0,
                uncertain: false,
                superseded: false,
            });
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm a fact: the table of what each one means")]
    fn fold_fact(&mut self, record: &Record) {
        let at = record.at;
        match &record.fact {
            Fact::Sighted { reading } => {
                self.custody = Custody::Sighted;
                self.standing = Standing::Managed;
                self.managed_since.get_or_insert(at);
                self.believe(reading.clone(), record);
                self.tag.entered = true;
            }
            Fact::Enrolled => {
                if self.custody == Custody::Unseen {
                    self.believe(Reading::Untagged, record);
                }
                self.custody = Custody::Ours;
                self.standing = Standing::Managed;
                self.managed_since.get_or_insert(at);
            }
            Fact::Adopted { state } => {
                self.custody = Custody::Ours;
                // From now on windows may take it, so their grace counts from now on.
                self.managed_since = Some(at);
                self.on_boarded = (*state != State::Vanilla).then_some(at);
                self.believe(Reading::Known(*state), record);
            }
            Fact::Described(profile) => self.profile = Arc::new(profile.as_ref().clone()),
            Fact::StatusChanged { status } => self.status = *status,
            Fact::Left { standing } => {
                self.standing = *standing;
                self.managed_since = None;
            }
            Fact::Joined => {
                self.standing = Standing::Managed;
                self.managed_since = Some(at);
            }
            Fact::StateFound { reading } => {
                self.believe(reading.clone(), record);
                self.supersede(at);
            }
            Fact::StateOrdered { .. } => self.supersede(at),
            Fact::CycleBegan { cycle, window } => {
                self.cycle = Some(Cycle { kind: *cycle, began: at, window: *window, failed_builds: 0 });
                self.last_window = self.last_window.max(*window);
            }
            Fact::CycleEnded { end } => self.end_cycle(*end, record),
            Fact::TagsWritten { paid, look } => {
                if let Some(obligation) = self.take(*paid) {
                    self.tags_written(&obligation, record, *look);
                }
            }
            Fact::Entered { .. } => {
                self.tag.entered = true;
                self.tag.look = None;
            }
            Fact::TaskRequested { task, attempt } => {
                self.deferred = None;
                self.task = Some(Task {
                    kind: *task,
                    attempt: *attempt,
                    requested: record.version,
                    build: None,
                    superseded: false,
                });
            }
            Fact::TaskSkipped { .. } => {
                self.deferred = None;
                self.task = None;
            }
            Fact::BuildStarted { paid, build, look_up, deadline, baseline } => {
                if baseline.is_some() {
                    self.baseline.clone_from(baseline);
                }
                if let Some(obligation) = self.take(*paid) {
                    let running = RunningBuild {
                        id: build.clone(),
                        since: at,
                        deadline: *deadline,
                        look_up: *look_up,
                        overdue: false,
                    };
                    self.build_started(&obligation, running, record.version);
                }
            }
            Fact::BuildEnded { build, outcome } => {
                self.task = None;
                if self.past_builds.len() == PAST_BUILDS {
                    self.past_builds.remove(0);
                }
                self.past_builds.push(build.clone());
                if *outcome != BuildOutcome::Succeeded
                    && let Some(cycle) = &mut self.cycle
                {
                    cycle.failed_builds += 1;
                }
            }
            Fact::BuildLookedUp { look_up, .. } => {
                if let Some(build) = self.task.as_mut().and_then(|task| task.build.as_mut()) {
                    build.look_up = *look_up;
                }
            }
            Fact::BuildOverdue { look_up, .. } => {
                if let Some(build) = self.task.as_mut().and_then(|task| task.build.as_mut()) {
                    build.overdue = true;
                    build.look_up = *look_up;
                }
            }
            Fact::Announced { paid } => {
                for &obligation in paid {
                    self.take(obligation);
                }
            }
            Fact::EffectFailed { unpaid, kind, again, .. } => {
                if let Some(obligation) = self.owed.iter_mut().find(|owed| owed.id == *unpaid) {
                    obligation.failures += 1;
                    obligation.not_before = *again;
                    obligation.claim = None;
                    obligation.uncertain |= kind.is_uncertain();
                }
                if let Some(quarantine) = &mut self.quarantine
                    && matches!(&quarantine.because, Trouble::Effect { obligation, .. } if obligation == unpaid)
                {
                    // The try is not over: it goes on then.
                    quarantine.next_try = Some(*again);
                }
            }
            Fact::EffectDropped { dropped, .. } => {
                if let Some(obligation) = self.take(*dropped)
                    && matches!(obligation.intent, Intent::StartBuild { .. })
                {
                    self.task = None;
                }
            }
            Fact::Claimed { obligations } => {
                for obligation in &mut self.owed {
                    if obligations.contains(&obligation.id) {
                        // Somebody had it in hand and did not say how it ended.
                        obligation.uncertain |= obligation.claim.is_some();
                        obligation.claim = record.claim;
                    }
                }
            }
            Fact::Deferred { until } => self.deferred = Some(*until),
            Fact::Quarantined { because, owner, next_try } => {
                let (since, tries) =
                    self.quarantine.as_ref().map_or((at, 0), |past| (past.since, past.tries));
                self.quarantine = Some(Quarantine {
                    because: because.clone(),
                    since,
                    owner: *owner,
                    tries: tries.saturating_add(1),
                    next_try: Some(*next_try),
                });
            }
            Fact::TriedAgain => {
                if let Some(quarantine) = &mut self.quarantine {
                    quarantine.next_try = None;
                    if let Trouble::Effect { obligation, .. } = &quarantine.because {
                        let failed = self.owed.iter_mut().find(|owed| owed.id == *obligation);
                        if let Some(failed) = failed {
                            failed.not_before = at;
                        }
                    }
                }
            }
            Fact::QuarantineLeft { .. } => self.quarantine = None,
            Fact::Held { until, reason } => {
                self.hold = Some(Hold { until: *until, reason: reason.clone() });
            }
            Fact::Unheld => {
                self.hold = None;
                self.deferred = None;
            }
            Fact::TagsDiffer | Fact::Commanded(_) | Fact::Ignored { .. } => {}
        }
    }

    /// Takes over what somebody else made the tag say. Only a state has something to enter.
    fn believe(&mut self, reading: Reading, record: &Record) {
        let by = match &record.cause.by {
            // Who looks is not who wrote.
            Actor::Spa | Actor::Aws | Actor::Unknown => Actor::Unknown,
            Actor::Principal(name) => Actor::Principal(name.clone()),
        };
        let entered = reading.known().is_none();
        self.tag = Belief { reading, since: record.at, by, entered, look: None };
    }

    /// The world moved on. What nobody ever had in hand is not owed any more. What somebody had in hand may
    /// have happened, so it stays until that is known.
    fn supersede(&mut self, at: Timestamp) {
        self.deferred = None;
        self.owed.retain_mut(|obligation| match obligation.intent {
            Intent::Announce(_) => true,
            Intent::WriteTags(_) | Intent::StartBuild { .. } => {
                obligation.superseded = true;
                // However long it was to wait for another try: whether it happened is to be known now.
                obligation.not_before = obligation.not_before.min(at);
                obligation.claim.is_some() || obligation.uncertain
            }
        });
        let starting = self.owed.iter().any(|owed| matches!(owed.intent, Intent::StartBuild { .. }));
        match &mut self.task {
            Some(task) if task.build.is_some() || starting => task.superseded = true,
            Some(_) => self.task = None,
            None => {}
        }
    }

    fn end_cycle(&mut self, end: CycleEnd, record: &Record) {
        let Some(cycle) = self.cycle.take() else { return };
        match end {
            CycleEnd::Completed => {
                self.cycles = self.cycles.saturating_add(1);
                if cycle.kind == CycleKind::OnBoarding {
                    self.on_boarded.get_or_insert(record.at);
                }
            }
            CycleEnd::Interrupted => {}
        }
        self.last_cycle = Some(PastCycle { cycle, ended: record.at, end });
    }

    fn tags_written(&mut self, obligation: &Obligation, record: &Record, look: Timestamp) {
        let Intent::WriteTags(write) = &obligation.intent else { return };
        let tags = &self.profile.tags;
        let changes = write.unset.iter().any(|key| tags.get(key).is_some())
            || write.set.iter().any(|(key, value)| tags.get(key) != Some(value));
        // A write of the state alone leaves the profile as it is, and shared.
        if changes {
            let profile = Arc::make_mut(&mut self.profile);
            for key in &write.unset {
                profile.tags.remove(key);
            }
            for (key, value) in write.set.iter() {
                profile.tags.insert(key.clone(), value.clone());
            }
        }
        if let Some(change) = &write.change {
            self.tag = Belief {
                reading: Reading::Known(change.to),
                since: record.at,
                by: Actor::Spa,
                entered: false,
                look: Some(look),
            };
        }
    }

    fn build_started(&mut self, obligation: &Obligation, running: RunningBuild, record: Version) {
        let Intent::StartBuild { task: kind, attempt } = obligation.intent else { return };
        let task = self.task.get_or_insert_with(|| superseded_task(kind, attempt, record));
        task.superseded |= obligation.superseded;
        task.build = Some(running);
    }

    fn take(&mut self, id: ObligationId) -> Option<Obligation> {
        let place = self.owed.iter().position(|owed| owed.id == id)?;
        Some(self.owed.remove(place))
    }
}

/// A build runs that nothing waits for any more: it still has to end before another one may start.
const fn superseded_task(kind: TaskKind, attempt: u8, requested: Version) -> Task {
    Task { kind, attempt, requested, build: None, superseded: true }
}

/// The obligations that a fact settles or speaks of: they must be owed.
fn settled_by(fact: &Fact) -> &[ObligationId] {
    match fact {
        Fact::TagsWritten { paid, .. } | Fact::BuildStarted { paid, .. } => std::slice::from_ref(paid),
        Fact::EffectFailed { unpaid, .. } => std::slice::from_ref(unpaid),
        Fact::EffectDropped { dropped, .. } => std::slice::from_ref(dropped),
        Fact::Announced { paid } => paid,
        Fact::Claimed { obligations } => obligations,
        Fact::Sighted { .. }
        | Fact::Enrolled
        | Fact::Adopted { .. }
        | Fact::Described(_)
        | Fact::StatusChanged { .. }
        | Fact::Left { .. }
        | Fact::Joined
        | Fact::StateFound { .. }
        | Fact::CycleBegan { .. }
        | Fact::CycleEnded { .. }
        | Fact::TagsDiffer
        | Fact::StateOrdered { .. }
        | Fact::Entered { .. }
        | Fact::TaskRequested { .. }
        | Fact::TaskSkipped { .. }
        | Fact::BuildEnded { .. }
        | Fact::BuildLookedUp { .. }
        | Fact::BuildOverdue { .. }
        | Fact::Deferred { .. }
        | Fact::Quarantined { .. }
        | Fact::TriedAgain
        | Fact::QuarantineLeft { .. }
        | Fact::Held { .. }
        | Fact::Unheld
        | Fact::Commanded(_)
        | Fact::Ignored { .. } => &[],
    }
}
