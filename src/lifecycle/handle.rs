//! One trigger of one account: load, decide, append, carry out, and when to come back.

use std::sync::Arc;

use chrono::TimeDelta;
use state_machine::{
    Account, AccountId, Decision, Due, Evidence, Happening, Idle, Look, Need, ObligationId, Record, Refusal,
    Timestamp, Trigger, Unreadable, claim, decide,
};

use crate::cloud::{Builds as _, Clock as _, Parameters as _, WakeUps as _};
use crate::journal::Journal as _;

use super::pay::Queue;
use super::{Lifecycle, LifecycleError, World, lost_race};

/// How often a lost race is run again before the trigger is handed back. Each loss means that somebody else
/// has come further, so this many in a row mean that something is wrong.
const RACES: u32 = 16;

/// How many decisions one trigger may lead to: a task that is disabled, a tag, the next state, and so on.
const STEPS: u32 = 16;

/// When something was due and could not be done, it is tried again after this time at the earliest.
const PAUSE: TimeDelta = TimeDelta::minutes(1);

/// What came of a trigger.
#[derive(Clone, Debug)]
pub struct Handled {
    /// The head of the account afterwards.
    pub account: Arc<Account>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Records were appended; when that was only what was noticed on the way, why no more followed.
    Recorded(Option<Idle>),
    /// Nothing was to be recorded, and why.
    Nothing(Idle),
    /// An operator's gesture was refused.
    Refused(Refusal),
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Recorded(None) => f.write_str("recorded"),
            Self::Recorded(Some(idle)) => write!(f, "recorded; then {idle}"),
            Self::Nothing(idle) => write!(f, "nothing to do: {idle}"),
            Self::Refused(refusal) => write!(f, "refused: {refusal}"),
        }
    }
}

impl Outcome {
    /// Whether the trigger is to be delivered again: something could not be read, or cannot be told yet from what we
    /// wrote ourselves a moment ago. Somebody may have changed the tag right after us, and no other event will say so.
    pub const fn try_again(&self) -> bool {
        match self {
            Self::Nothing(idle) | Self::Recorded(Some(idle)) => {
                matches!(idle, Idle::Unreadable(_) | Idle::Settling(_))
            }
            Self::Recorded(None) | Self::Refused(_) => false,
        }
    }
}

/// A decision that was made and, where it says so, appended.
enum Decided {
    Appended { account: Arc<Account>, queue: Option<Queue>, because: Option<Idle> },
    Nothing { account: Arc<Account>, idle: Idle },
    Refused { account: Arc<Account>, refusal: Refusal },
}

impl<W: World> Lifecycle<'_, W> {
    /// Handles one trigger of one account, and carries out what follows from it.
    ///
    /// # Errors
    /// When the journal failed, or others were faster too often: deliver the trigger again.
    pub async fn handle(&self, id: AccountId, trigger: &Trigger) -> Result<Handled, LifecycleError> {
        let handled = self.work(id, trigger, None).await?;
        self.ask_for_wake_up(&handled.account).await;
        Ok(handled)
    }

    /// The same for an account whose head was read a moment ago, among others. If somebody else has come further
    /// since, the journal refuses what is decided on it, and the head is read again.
    ///
    /// # Errors
    /// When the journal failed, or others were faster too often: deliver the trigger again.
    pub async fn handle_known(
        &self,
        head: Arc<Account>,
        trigger: &Trigger,
    ) -> Result<Handled, LifecycleError> {
        let handled = self.work(head.id(), trigger, Some(head)).await?;
        self.ask_for_wake_up(&handled.account).await;
        Ok(handled)
    }

    /// What would come of a trigger, if it came now: looked at and decided as ever, and nothing is recorded or
    /// carried out.
    ///
    /// # Errors
    /// When the journal failed.
    pub async fn rehearse(&self, id: AccountId, trigger: &Trigger) -> Result<Outcome, LifecycleError> {
        let account = self.world.journal().account(id).await?;
        Ok(match self.decide_at(&account, trigger).await.0 {
            Decision::Append { because, .. } => Outcome::Recorded(because),
            Decision::Nothing(idle) => Outcome::Nothing(idle),
            Decision::Refuse(refusal) => Outcome::Refused(refusal),
            // `decide_at` answers every need.
            Decision::Need(_) => Outcome::Nothing(Idle::Unreadable(Unreadable::Failed)),
        })
    }

    /// Does everything that is due for an account.
    ///
    /// # Errors
    /// When the journal failed, or others were faster too often: wake the account again.
    pub async fn wake(&self, id: AccountId) -> Result<Handled, LifecycleError> {
        let mut first = None;
        for _ in 0..STEPS {
            let handled = self.work(id, &Trigger::WAKE, None).await?;
            let done = !matches!(handled.outcome, Outcome::Recorded(_));
            let account = Arc::clone(&handled.account);
            let first = first.get_or_insert(handled.outcome);
            if done {
                self.ask_for_wake_up(&account).await;
                return Ok(Handled { account, outcome: first.clone() });
            }
        }
        Err(LifecycleError::Endless { account: id, steps: STEPS })
    }

    /// Handles a trigger, then the outcomes of what it made us carry out, until nothing is in hand any more.
    async fn work(
        &self,
        id: AccountId,
        trigger: &Trigger,
        mut known: Option<Arc<Account>>,
    ) -> Result<Handled, LifecycleError> {
        let mut outcome = None;
        let mut trigger = trigger.clone();
        for _ in 0..STEPS {
            let (account, queue, step) = match self.decide(id, known, &trigger).await? {
                Decided::Appended { account, queue, because } => (account, queue, Outcome::Recorded(because)),
                Decided::Nothing { account, idle } => (account, None, Outcome::Nothing(idle)),
                Decided::Refused { account, refusal } => (account, None, Outcome::Refused(refusal)),
            };
            // Something may be due all the same: somebody recorded it and did not come to carry it out.
            let (account, queue) = match queue {
                Some(queue) => (account, Some(queue)),
                None => self.take_in_hand(account, &trigger).await?,
            };
            let outcome = outcome.get_or_insert(step);
            let Some(queue) = queue else { return Ok(Handled { account, outcome: outcome.clone() }) };
            let payments = self.pay(&account, queue).await;
            if payments.is_empty() {
                return Ok(Handled { account, outcome: outcome.clone() });
            }
            trigger.happening = Happening::Settled(payments);
            // What was in this process's hand in that head is settled on it. If somebody else has come further
            // since, the journal refuses the append, and the head is read again.
            known = Some(account);
        }
        Err(LifecycleError::Endless { account: id, steps: STEPS })
    }

    /// Decides, with as much evidence as that takes, and appends. A lost race is run again from the start, on
    /// the head of then: evidence that is older than the head counts for nothing.
    async fn decide(
        &self,
        id: AccountId,
        mut known: Option<Arc<Account>>,
        trigger: &Trigger,
    ) -> Result<Decided, LifecycleError> {
        for _ in 0..RACES {
            let account = match known.take() {
                Some(account) => account,
                None => self.world.journal().account(id).await?,
            };
            let (decision, now) = self.decide_at(&account, trigger).await;
            match decision {
                Decision::Append { records, account: next, because } => {
                    let appended = self.world.journal().append(account.version(), &records, &next).await;
                    if lost_race(appended)? {
                        continue;
                    }
                    log(id, &records);
                    let queue = Queue::of_records(&next, &records, now);
                    return Ok(Decided::Appended { account: next, queue, because });
                }
                Decision::Nothing(idle) => return Ok(Decided::Nothing { account, idle }),
                Decision::Refuse(refusal) => return Ok(Decided::Refused { account, refusal }),
                // `decide_at` answers every need.
                Decision::Need(_) => {}
            }
        }
        Err(LifecycleError::Contended { account: id, times: RACES })
    }

    /// Decides on this head, looking at what the decision needs.
    async fn decide_at(&self, account: &Account, trigger: &Trigger) -> (Decision, Timestamp) {
        let id = account.id();
        let mut evidence = Evidence::NONE;
        loop {
            let units = match &evidence.look {
                Some(Look::Seen(seen)) => &seen.profile.units,
                Some(Look::NotFound | Look::Unreadable(_)) | None => &account.profile().units,
            };
            let now = self.world.clock().now();
            let policy = match self.world.parameters().policy(id, units).await {
                Ok(policy) => policy,
                Err(cause) => return (Decision::Nothing(Idle::Unreadable(cause)), now),
            };
            match decide(account, &policy, trigger, &evidence, now) {
                Decision::Need(Need::Look(scope)) if evidence.look.is_none() => {
                    evidence.look = Some(self.look(account, scope, &policy).await);
                }
                Decision::Need(Need::Build(build)) if evidence.build.is_none() => {
                    let finding = self.world.builds().look_up(id, &build).await;
                    evidence.build = Some((build, finding));
                }
                // Asking twice for the same would be a fault of the decision; it must not become a loop.
                Decision::Need(_) => return (Decision::Nothing(Idle::Unreadable(Unreadable::Failed)), now),
                decision @ (Decision::Append { .. } | Decision::Nothing(_) | Decision::Refuse(_)) => {
                    return (decision, now);
                }
            }
        }
    }

    /// Claims what is due and in nobody's hand.
    async fn take_in_hand(
        &self,
        mut account: Arc<Account>,
        trigger: &Trigger,
    ) -> Result<(Arc<Account>, Option<Queue>), LifecycleError> {
        let id = account.id();
        for _ in 0..RACES {
            let now = self.world.clock().now();
            let Some(due) = payable(&account, now) else { return Ok((account, None)) };
            let Ok(policy) = self.world.parameters().policy(id, &account.profile().units).await else {
                // Without settings nothing may be done; the next wake-up asks again.
                return Ok((account, None));
            };
            let Some((records, next)) = claim(&account, &policy, trigger, &due, now) else {
                return Ok((account, None));
            };
            let next = Arc::new(next);
            let appended = self.world.journal().append(account.version(), &records, &next).await;
            if lost_race(appended)? {
                account = self.world.journal().account(id).await?;
                continue;
            }
            log(id, &records);
            let queue = Queue::of_claim(&records, due);
            return Ok((next, queue));
        }
        Err(LifecycleError::Contended { account: id, times: RACES })
    }

    /// Asks to be called when something is due that nothing else will bring about. If the call cannot be placed,
    /// the reconciler finds the account by its head; so it does where an event never comes that should have come.
    async fn ask_for_wake_up(&self, account: &Account) {
        let Some(wake) = account.next_call() else { return };
        let now = self.world.clock().now();
        // What is due and could not be done is tried again soon.
        let at = if wake > now { wake } else { now + PAUSE };
        if let Err(failure) = self.world.wake_ups().ask(account.id(), at).await {
            tracing::warn!(account = %account.id(), %failure, "wake-up not placed; the reconciler will find it");
        }
    }
}

fn payable(account: &Account, now: Timestamp) -> Option<Vec<ObligationId>> {
    account.due(now).into_iter().find_map(|due| match due {
        Due::Pay(queue) => Some(queue),
        Due::Look | Due::LookUp(_) | Due::TryAgain | Due::Resume => None,
    })
}

/// One line a record. No tags and no e-mails: facts name accounts, builds and times.
fn log(account: AccountId, records: &[Record]) {
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    for record in records {
        let trigger = record.cause.trigger.map(|trigger| trigger.to_string());
        tracing::info!(
            %account,
            version = %record.version,
            origin = %record.cause.origin,
            trigger,
            fact = record.fact.name(),
        );
    }
}
