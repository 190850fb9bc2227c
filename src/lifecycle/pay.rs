//! Carries out what is owed: each obligation once, with its token, while the claim on it lasts.

use chrono::TimeDelta;
use state_machine::{
    Account, Announcement, Effect, Failure, FailureKind, Intent, Look, Obligation, ObligationId, Payment,
    Policy, Profile, Record, Scope, Started, TaskKind, Text, Timestamp, Token, Warrant, Withheld, authorise,
    needs_look,
};
use std::sync::Arc;

use crate::cloud::{
    Baseline as _, BuildOrder, Builds as _, Bus as _, Clock as _, Known, Organization as _, Parameters as _,
};
use crate::event::OwnEvent;
use crate::journal::Journal as _;

use super::{Lifecycle, World};

/// No effect is begun when the claim ends sooner than this: it must be over before somebody else may begin.
/// Every call to AWS is given less time than this.
const MARGIN: TimeDelta = TimeDelta::seconds(15);

/// A head that was appended no longer ago than this need not be read again before a tag is written or a preparation is
/// started.
const YOUNG: TimeDelta = TimeDelta::seconds(2);

/// What may be done, and the account as the look for it shows it.
#[derive(Debug)]
struct Authorised {
    warrant: Warrant,
    profile: Arc<Profile>,
    /// When status, name and units were read for it, where they are as the journal has them.
    described: Option<Timestamp>,
}

/// Obligations that are in this process's hand, since when and until when.
#[derive(Debug)]
pub(super) struct Queue {
    obligations: Vec<ObligationId>,
    since: Timestamp,
    until: Timestamp,
}

impl Queue {
    /// What these records made us owe, and put in our hand.
    pub(super) fn of_records(account: &Account, records: &[Record], now: Timestamp) -> Option<Self> {
        let until = records.iter().filter_map(|record| record.claim).min()?;
        let first = records.first()?;
        let obligations: Vec<_> = account
            .owed()
            .iter()
            .filter(|owed| owed.id.record >= first.version && owed.claim.is_some() && owed.not_before <= now)
            .map(|owed| owed.id)
            .collect();
        (!obligations.is_empty()).then_some(Self { obligations, since: first.at, until })
    }

    /// What was claimed by these records.
    pub(super) fn of_claim(records: &[Record], obligations: Vec<ObligationId>) -> Option<Self> {
        let until = records.iter().filter_map(|record| record.claim).min()?;
        Some(Self { obligations, since: records.first()?.at, until })
    }
}

impl<W: World> Lifecycle<'_, W> {
    /// Carries out the obligations of the queue; tells how each attempt ended.
    pub(super) async fn pay(&self, account: &Arc<Account>, queue: Queue) -> Vec<(ObligationId, Payment)> {
        let mut payments = Vec::with_capacity(queue.obligations.len());
        let obligations = queue.obligations.iter().filter_map(|id| account.obligation(*id));
        let (announcements, effects): (Vec<_>, Vec<_>) =
            obligations.partition(|owed| matches!(owed.intent, Intent::Announce(_)));
        if self.has_time(&queue) {
            self.announce(account, &announcements, &mut payments).await;
        }
        for obligation in effects {
            if !self.has_time(&queue) {
                break;
            }
            // Since this was taken in hand, somebody may have asked to leave the account alone, or changed its
            // state: what counts is what the journal says now.
            let head = match obligation.intent {
                // Nobody asks not to have a tag written or an account prepared, and a head that was appended a moment
                // ago is as good. Before a purge it is read, however young it is.
                Intent::WriteTags(_) | Intent::StartBuild { task: TaskKind::Preparation, .. }
                    if self.world.clock().now() - YOUNG <= queue.since =>
                {
                    Some(Arc::clone(account))
                }
                Intent::WriteTags(_) | Intent::StartBuild { .. } | Intent::Announce(_) => {
                    self.still_in_hand(account, obligation.id, &queue).await
                }
            };
            let Some(head) = head else { continue };
            let Some(obligation) = head.obligation(obligation.id) else { continue };
            let Some(payment) = self.carry_out(&head, obligation, &queue).await else { break };
            payments.push((obligation.id, payment));
        }
        payments
    }

    /// The head of now, if this obligation is still in this process's hand; if it cannot be read, nobody knows,
    /// and the claim runs out.
    async fn still_in_hand(
        &self,
        account: &Account,
        obligation: ObligationId,
        queue: &Queue,
    ) -> Option<Arc<Account>> {
        match self.world.journal().account(account.id()).await {
            Ok(head) => {
                let claim = head.obligation(obligation).and_then(|owed| owed.claim);
                (claim == Some(queue.until)).then_some(head)
            }
            Err(error) => {
                tracing::warn!(account = %account.id(), %error, "not carried out; its claim runs out");
                None
            }
        }
    }

    fn has_time(&self, queue: &Queue) -> bool {
        self.world.clock().now() + MARGIN < queue.until
    }

    async fn announce(
        &self,
        account: &Account,
        obligations: &[&Obligation],
        payments: &mut Vec<(ObligationId, Payment)>,
    ) {
        let events: Vec<OwnEvent> = obligations
            .iter()
            .filter_map(|owed| match &owed.intent {
                Intent::Announce(announcement) => Some(self.event(account, announcement, owed.id)),
                Intent::WriteTags(_) | Intent::StartBuild { .. } => None,
            })
            .collect();
        if events.is_empty() {
            return;
        }
        let answers = self.world.bus().put(events).await;
        for (owed, answer) in obligations.iter().zip(answers) {
            payments.push((owed.id, answer.map_or_else(Payment::Failed, |()| Payment::Announced)));
        }
    }

    fn event(&self, account: &Account, announcement: &Announcement, id: ObligationId) -> OwnEvent {
        let token = Token::of(account.id(), id);
        self.world.announcer().event(account, announcement, token)
    }

    /// Carries out one obligation that touches the account, if it may be; `None` when looking and preparing took
    /// so long that the claim would end in the middle. Then it runs out, and whoever comes next carries it out.
    async fn carry_out(&self, account: &Account, obligation: &Obligation, queue: &Queue) -> Option<Payment> {
        if let Intent::StartBuild { task, .. } = obligation.intent
            && (obligation.uncertain || obligation.superseded)
        {
            // Somebody may have started it and not come to record it.
            let token = Token::of(account.id(), obligation.id);
            match self.world.builds().find(account.id(), task, token).await {
                Ok(Some(build)) => return Some(Payment::BuildStarted(Started::alone(build))),
                Ok(None) => {}
                Err(cause) => return Some(Payment::Withheld(Withheld::Unreadable(cause))),
            }
        }
        let Authorised { warrant, profile, described } = match self.authorised(account, obligation).await {
            Ok(authorised) => authorised,
            Err(withheld) => return Some(Payment::Withheld(withheld)),
        };
        match warrant.effect() {
            Effect::WriteTags(_) => {
                if !self.has_time(queue) {
                    return None;
                }
                let written = self.world.organization().write_tags(warrant).await;
                Some(written.map_or_else(Payment::Failed, |()| Payment::TagsWritten))
            }
            Effect::StartBuild { task, .. } => {
                let task = *task;
                // A preparation brings the baseline up to date. A purge finds it where one was built before, and what
                // is missing all the same is put there before the next attempt.
                let ensures =
                    task == TaskKind::Preparation || !account.has_built() || obligation.failures > 0;
                let (order, baseline) = match self.prepare(account, &profile, task, ensures).await {
                    Ok(prepared) => prepared,
                    Err(failure) => return Some(Payment::Failed(failure)),
                };
                if !self.has_time(queue) {
                    return None;
                }
                Some(match self.world.builds().start(warrant, &order).await {
                    Ok(build) => Payment::BuildStarted(Started { build, described, baseline }),
                    Err(failure) if !ensures && failure.kind == FailureKind::Missing => {
                        Payment::Failed(Failure { kind: FailureKind::Unreadable, ..failure })
                    }
                    Err(failure) => Payment::Failed(failure),
                })
            }
        }
    }

    /// The warrant for an obligation, from a look that is as fresh as it must be, and the account as that look
    /// shows it: what a build is started with must come from the same units as the right to start it.
    async fn authorised(&self, account: &Account, obligation: &Obligation) -> Result<Authorised, Withheld> {
        let known = self.policy_of(account, None).await?;
        let look = match needs_look(account, &known, obligation, self.world.clock().now()) {
            Some(scope) => Some(self.look(account, scope, &known).await),
            None => None,
        };
        let policy = match &look {
            Some(look) => self.policy_of(account, Some(look)).await?,
            None => known,
        };
        let now = self.world.clock().now();
        let warrant = authorise(account, &policy, obligation, look.as_ref(), now)?;
        Ok(match look {
            Some(Look::Seen(seen)) => {
                let as_known = seen.status == account.status() && seen.profile == *account.profile();
                let described = as_known.then_some(seen.described);
                Authorised { warrant, profile: seen.profile, described }
            }
            Some(Look::NotFound | Look::Unreadable(_)) | None => {
                Authorised { warrant, profile: Arc::clone(account.profile()), described: None }
            }
        })
    }

    /// Looks at the account, and reads so much of it.
    pub(super) async fn look(&self, account: &Account, scope: Scope, policy: &Policy) -> Look {
        let since = self.world.clock().now() - policy.times.described;
        let known = Known { head: account, since };
        self.world.organization().look(account.id(), scope, known).await
    }

    async fn policy_of(&self, account: &Account, look: Option<&Look>) -> Result<Arc<Policy>, Withheld> {
        let units = match look {
            Some(Look::Seen(seen)) => &seen.profile.units,
            Some(Look::NotFound | Look::Unreadable(_)) | None => &account.profile().units,
        };
        self.world.parameters().policy(account.id(), units).await.map_err(Withheld::Unreadable)
    }

    /// What a build needs before it is started: what it is started with, and the baseline where that is asked for.
    async fn prepare(
        &self,
        account: &Account,
        profile: &Profile,
        task: TaskKind,
        ensures: bool,
    ) -> Result<(BuildOrder, Option<Text>), Failure> {
        let order = self.world.parameters().build_order(account.id(), profile, task).await?;
        if !ensures {
            return Ok((order, None));
        }
        let found = self.world.baseline().ensure(account.id(), account.baseline()).await.map_err(certain)?;
        Ok((order, found))
    }
}

/// The baseline failed, so no build was started, whatever became of the baseline.
fn certain(failure: Failure) -> Failure {
    if failure.kind.is_uncertain() {
        return Failure { kind: FailureKind::Unreadable, ..failure };
    }
    failure
}
