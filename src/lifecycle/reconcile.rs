//! The reconciler: compares the organization with the journal, and wakes what is due.
//!
//! It is started by a schedule and takes no input. What it sees is a hint like any event: each account that
//! differs is looked at afresh, and decided on by the same functions. It rarely tries twice; its next run is
//! the next try. So an event that is lost costs time, and nothing else.

use std::sync::Arc;

use state_machine::{
    Account, AccountId, Custody, Reading, Standing, Status, Times, Timestamp, Trigger, differs,
};

use crate::cloud::{Clock as _, FleetPolicies, Listed, Organization as _, Parameters as _};
use crate::journal::{Journal, JournalError};

use super::{Lifecycle, LifecycleError, World};

/// How many heads are read in one go.
const BATCH: usize = 500;

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// How many accounts the organization listed.
    pub listed: usize,
    /// Accounts that differed from their journal and were looked at.
    pub different: Vec<AccountId>,
    /// Accounts that could not be handled this time, and why. The next comparison finds them again.
    pub failed: Vec<(AccountId, String)>,
    /// How many accounts differ and were not looked at, because the time was up. The next comparison finds them
    /// again.
    pub left: usize,
}

/// What came of waking what is due.
#[derive(Debug, Default)]
pub struct Woken {
    /// Accounts that could not be woken, and why. They stay due.
    pub failed: Vec<(AccountId, LifecycleError)>,
    /// How many accounts were not begun, because the time was up. They stay due.
    pub left: usize,
}

/// Wakes every account at which something is due, at most so many, as long as there is time.
///
/// # Errors
/// When the journal cannot tell what is due.
pub async fn wake_due<W: World>(lifecycle: &Lifecycle<'_, W>, limit: usize) -> Result<Woken, LifecycleError> {
    let world = lifecycle.world();
    let due = world.journal().due(world.clock().now(), limit).await?;
    let mut woken = Woken { failed: Vec::new(), left: due.len() };
    for (_, account) in due {
        if !lifecycle.may_begin() {
            tracing::warn!(left = woken.left, "the time is up; what is left stays due");
            break;
        }
        woken.left -= 1;
        if let Err(error) = lifecycle.wake(account).await {
            tracing::warn!(%account, %error, "not woken; it stays due");
            woken.failed.push((account, error));
        }
    }
    Ok(woken)
}

/// Compares every account of the organization with its journal, and looks at those that differ.
///
/// # Errors
/// When the organization cannot be listed to its end, or the journal cannot be read: an incomplete list is
/// no reason to believe that an account is gone.
pub async fn compare<W: World>(lifecycle: &Lifecycle<'_, W>) -> Result<Comparison, LifecycleError> {
    let world = lifecycle.world();
    let listed = list(world).await?;
    let mut policies = world.parameters().fleet().await.map_err(LifecycleError::NoSettings)?;
    let now = world.clock().now();
    let mut comparison = Comparison { listed: listed.len(), ..Comparison::default() };
    let (mut rest, mut after) = (listed.as_slice(), None);
    loop {
        let heads = world.journal().heads(after, BATCH).await?;
        after = heads.last().map(|head| head.id()).filter(|_| heads.len() == BATCH);
        // Beside the last head of all stand all accounts that are left.
        let beside = after.map_or(rest.len(), |last| rest.partition_point(|listed| listed.account <= last));
        let (listed, later) = rest.split_at(beside);
        comparison.different.extend(different(&mut policies, &heads, listed, now));
        if after.is_none() {
            break;
        }
        rest = later;
    }
    for (looked_at, &account) in comparison.different.iter().enumerate() {
        if !lifecycle.may_begin() {
            comparison.left = comparison.different.len() - looked_at;
            tracing::warn!(left = comparison.left, "the time is up; the next comparison looks at the rest");
            break;
        }
        if let Err(error) = lifecycle.handle(account, &Trigger::DIFFERENCE).await {
            tracing::warn!(%account, %error, "not looked at; the next comparison will");
            comparison.failed.push((account, error.to_string()));
        }
    }
    Ok(comparison)
}

/// Every account of the organization, by identifier.
pub(super) async fn list<W: World>(world: &W) -> Result<Vec<Listed>, LifecycleError> {
    let mut accounts = world.organization().list().await.map_err(LifecycleError::Unlisted)?;
    accounts.sort_by_key(|listed| listed.account);
    Ok(accounts)
}

/// Every head of the journal, by identifier.
pub(super) async fn heads<J: Journal>(journal: &J) -> Result<Vec<Arc<Account>>, JournalError> {
    let mut heads: Vec<Arc<Account>> = Vec::new();
    loop {
        let after = heads.last().map(|head| head.id());
        let found = journal.heads(after, BATCH).await?;
        let full = found.len() == BATCH;
        heads.extend(found);
        if !full {
            return Ok(heads);
        }
    }
}

/// Goes through both lists side by side; both are ordered by identifier.
fn different(
    policies: &mut impl FleetPolicies,
    heads: &[Arc<Account>],
    listed: &[Listed],
    now: Timestamp,
) -> Vec<AccountId> {
    let mut different = Vec::new();
    let (mut heads, mut listed) = (heads.iter().peekable(), listed.iter().peekable());
    loop {
        let next = match (heads.peek(), listed.peek()) {
            (None, None) => return different,
            (Some(head), None) => head.id(),
            (None, Some(listed)) => listed.account,
            (Some(head), Some(listed)) => head.id().min(listed.account),
        };
        let head = heads.next_if(|head| head.id() == next);
        let listed = listed.next_if(|listed| listed.account == next);
        if differs_now(policies, next, head, listed, now) {
            different.push(next);
        }
    }
}

fn differs_now(
    policies: &mut impl FleetPolicies,
    id: AccountId,
    head: Option<&Arc<Account>>,
    listed: Option<&Listed>,
    now: Timestamp,
) -> bool {
    let Some(listed) = listed else {
        return head.is_some_and(|head| head.custody() != Custody::Unseen && head.status() != Status::Gone);
    };
    let policy = policies.policy(id, &listed.profile.units);
    let Some(head) = head else {
        return differs(&Account::unseen(id), &policy, listed.status, &listed.reading, now);
    };
    let settles = settles(head, &policy.times, &listed.reading, now);
    !settles
        && (differs(head, &policy, listed.status, &listed.reading, now)
            || is_described_otherwise(head, listed))
}

/// Name, holder, other tags or units changed. No handler hears of other tags, and the event of a move may be lost;
/// what is known of an account that is not touched here is nobody's business.
fn is_described_otherwise(head: &Account, listed: &Listed) -> bool {
    let touchable = head.standing() == Standing::Managed && head.status() == Status::Active;
    let same = Arc::ptr_eq(head.profile(), &listed.profile);
    touchable && !same && *head.profile() != listed.profile
}

/// A listing lags behind: shortly after an own tag change, a difference means nothing.
fn settles(head: &Account, times: &Times, reading: &Reading, now: Timestamp) -> bool {
    *reading != head.tag().reading && now < head.tag().since + times.event
}
