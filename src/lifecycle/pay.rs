//! Carries out what is owed: each obligation once, with its token, while the claim on it lasts.

use chrono::TimeDelta;
use state_machine::{
    Account, AccountId, Announcement, Effect, Failure, FailureKind, Intent, Look, Obligation, ObligationId,
    Payment, Policy, Profile, Record, TaskKind, Timestamp, Token, Warrant, Withheld, authorise, needs_look,
};
use std::sync::Arc;

use crate::cloud::{Baseline as _, Builds as _, Bus as _, Clock as _, Organization as _, Parameters as _};
use crate::event::OwnEvent;
use crate::journal::Journal as _;

use super::{Lifecycle, World};

/// No effect is begun when the claim ends sooner than this: it must be over before somebody else may begin.
/// Every call to AWS is given less time than this.
const MARGIN: TimeDelta = TimeDelta::seconds(15);

/// Obligations that are in this process's hand, and until when.
#[derive(Debug)]
pub(super) struct Queue {
    obligations: Vec<ObligationId>,
    until: Timestamp,
}

impl Queue {
    /// What these records made us owe, and put in our hand.
    pub(super) fn of_records(account: &Account, records: &[Record], now: Timestamp) -> Option<Self> {
        let until = records.iter().filter_map(|record| record.claim).min()?;
        let first = records.first()?.version;
        let obligations: Vec<_> = account
            .owed()
            .iter()
            .filter(|owed| owed.id.record >= first && owed.claim.is_some() && owed.not_before <= now)
            .map(|owed| owed.id)
            .collect();
        (!obligations.is_empty()).then_some(Self { obligations, until })
    }

    /// What was claimed by these records.
    pub(super) fn of_claim(records: &[Record], obligations: Vec<ObligationId>) -> Option<Self> {
        let until = records.iter().filter_map(|record| record.claim).min()?;
        Some(Self { obligations, until })
    }
}

impl<W: World> Lifecycle<'_, W> {
    /// Carries out the obligations of the queue; tells how each attempt ended.
    pub(super) async fn pay(&self, account: &Account, queue: Queue) -> Vec<(ObligationId, Payment)> {
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
            let Some(account) = self.still_in_hand(account, obligation.id, &queue).await else { continue };
            let Some(obligation) = account.obligation(obligation.id) else { continue };
            let payment = self.carry_out(&account, obligation).await;
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

    /// Carries out one obligation that touches the account, if it may be.
    async fn carry_out(&self, account: &Account, obligation: &Obligation) -> Payment {
        if let Intent::StartBuild { task, .. } = obligation.intent
            && (obligation.uncertain || obligation.superseded)
        {
            // Somebody may have started it and not come to record it.
            let token = Token::of(account.id(), obligation.id);
            match self.world.builds().find(account.id(), task, token).await {
                Ok(Some(build)) => return Payment::BuildStarted(build),
                Ok(None) => {}
                Err(cause) => return Payment::Withheld(Withheld::Unreadable(cause)),
            }
        }
        match self.authorised(account, obligation).await {
            Ok((warrant, profile)) => self.effect(account.id(), &profile, warrant).await,
            Err(withheld) => Payment::Withheld(withheld),
        }
    }

    /// The warrant for an obligation, from a look that is as fresh as it must be, and the account as that look
    /// shows it: what a build is started with must come from the same units as the right to start it.
    async fn authorised(
        &self,
        account: &Account,
        obligation: &Obligation,
    ) -> Result<(Warrant, Arc<Profile>), Withheld> {
        let known = self.policy_of(account, None).await?;
        let look = if needs_look(account, &known, obligation, self.world.clock().now()) {
            Some(self.world.organization().look(account.id()).await)
        } else {
            None
        };
        let policy = match &look {
            Some(look) => self.policy_of(account, Some(look)).await?,
            None => known,
        };
        let now = self.world.clock().now();
        let warrant = authorise(account, &policy, obligation, look.as_ref(), now)?;
        let profile = match look {
            Some(Look::Seen(seen)) => seen.profile,
            Some(Look::NotFound | Look::Unreadable(_)) | None => Arc::new(account.profile().clone()),
        };
        Ok((warrant, profile))
    }

    async fn policy_of(&self, account: &Account, look: Option<&Look>) -> Result<Arc<Policy>, Withheld> {
        let units = match look {
            Some(Look::Seen(seen)) => &seen.profile.units,
            Some(Look::NotFound | Look::Unreadable(_)) | None => &account.profile().units,
        };
        self.world.parameters().policy(account.id(), units).await.map_err(Withheld::Unreadable)
    }

    async fn effect(&self, account: AccountId, profile: &Profile, warrant: Warrant) -> Payment {
        match warrant.effect() {
            Effect::WriteTags(_) => match self.world.organization().write_tags(warrant).await {
                Ok(()) => Payment::TagsWritten,
                Err(failure) => Payment::Failed(failure),
            },
            Effect::StartBuild { task, .. } => {
                let task = *task;
                self.start_build(account, profile, warrant, task).await
            }
        }
    }

    async fn start_build(
        &self,
        account: AccountId,
        profile: &Profile,
        warrant: Warrant,
        task: TaskKind,
    ) -> Payment {
        let order = match self.world.parameters().build_order(account, profile, task).await {
            Ok(order) => order,
            Err(failure) => return Payment::Failed(failure),
        };
        // Before a purge too: an adopted account has no baseline yet, and a holder may have taken it away.
        if let Err(failure) = self.world.baseline().ensure(account).await {
            return Payment::Failed(certain(failure));
        }
        match self.world.builds().start(warrant, &order).await {
            Ok(build) => Payment::BuildStarted(build),
            Err(failure) => Payment::Failed(failure),
        }
    }
}

/// The baseline failed, so no build was started, whatever became of the baseline.
fn certain(failure: Failure) -> Failure {
    if failure.kind.is_uncertain() {
        return Failure { kind: FailureKind::Unreadable, ..failure };
    }
    failure
}
