//! Maintenance windows: a plan first, then accounts a few at a time, with brakes.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use state_machine::{
    Account, AccountId, Actor, Cause, Failure, FleetFact, Happening, LeftOut, Look, NotOpened, Occasion,
    Origin, Seen, Settlement, Stage, Standing, Status, Stop, Text, Timestamp, Trigger, TriggerId, Version,
    Window, WindowId, eligible, settlement,
};

use crate::cloud::{Bus as _, Clock as _, FleetPolicies as _, Listed, Organization as _, Parameters as _};
use crate::journal::Journal as _;

use super::{Announcer, Lifecycle, LifecycleError, World, lost_race, reconcile};

/// How often a lost race for the fleet's journal is run again.
const RACES: u32 = 16;

/// How often a window is looked after when nothing else is known.
const TICK: TimeDelta = TimeDelta::minutes(2);

/// What a window would do.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Accounts that it would take, in this order, and accounts that it would leave out.
    pub accounts: Vec<Planned>,
}

/// One account of a plan.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its head.
    pub account: Arc<Account>,
    /// Why the window would leave it out; `None`: it would take it.
    pub left_out: Option<LeftOut>,
}

impl Plan {
    /// The accounts that the window would take, in order.
    pub fn taken(&self) -> impl Iterator<Item = AccountId> {
        self.accounts.iter().filter(|planned| planned.left_out.is_none()).map(|planned| planned.account.id())
    }

    /// How many accounts the window would leave out, by reason.
    pub fn left_out(&self) -> BTreeMap<Text, u32> {
        let mut reasons = BTreeMap::new();
        for reason in self.accounts.iter().filter_map(|planned| planned.left_out.as_ref()) {
            *reasons.entry(Text::from(reason.word())).or_insert(0) += 1;
        }
        reasons
    }
}

/// What a window would do if it were opened now. Changes nothing.
///
/// The account that has waited longest comes first, so that nobody starves when a window closes before its
/// end.
///
/// # Errors
/// When the organization or the journal cannot be read.
pub async fn plan_window<W: World>(lifecycle: &Lifecycle<'_, W>) -> Result<Plan, LifecycleError> {
    let world = lifecycle.world();
    let listed = reconcile::list(world).await?;
    let heads = reconcile::heads(world.journal()).await?;
    let mut heads: BTreeMap<_, _> = heads.into_iter().map(|head| (head.id(), head)).collect();
    let mut policies = world.parameters().fleet().await.map_err(LifecycleError::NoSettings)?;
    let mut plan = Plan::default();
    let now = world.clock().now();
    for listed in listed {
        let account =
            heads.remove(&listed.account).unwrap_or_else(|| Arc::new(Account::unseen(listed.account)));
        let policy = policies.policy(account.id(), &listed.profile.units);
        if policy.standing == Standing::Unmanaged {
            continue;
        }
        let left_out = eligible(&account, &policy, &as_seen(listed, now), now).err();
        plan.accounts.push(Planned { account, left_out });
    }
    let gone = heads.into_values().filter(|account| account.standing() == Standing::Managed);
    plan.accounts.extend(gone.map(|account| {
        let left_out = Some(LeftOut::NotActive(Status::Gone));
        Planned { account, left_out }
    }));
    plan.accounts.sort_by_key(|planned| {
        let waits_since = planned.account.last_cycle().map(|past| past.ended);
        (planned.left_out.is_some(), waits_since, planned.account.id())
    });
    Ok(plan)
}

fn as_seen(listed: Listed, at: Timestamp) -> Look {
    let Listed { status, reading, profile, .. } = listed;
    Look::Seen(Box::new(Seen { at, described: at, status, reading, profile }))
}

/// Opens a window, unless one is open, or the same request came before, or it comes too late: that is
/// recorded, and told.
///
/// `trigger` names the event or the command that asks; give it whenever there is one.
///
/// # Errors
/// When the organization or the journal cannot be read or written.
pub async fn open_window<W: World>(
    lifecycle: &Lifecycle<'_, W>,
    occasion: &Occasion,
    by: Actor,
    trigger: Option<TriggerId>,
) -> Result<Result<WindowId, NotOpened>, LifecycleError> {
    let world = lifecycle.world();
    let origin = match occasion {
        Occasion::Schedule { .. } => Origin::Window,
        Occasion::Command { .. } => Origin::Command,
    };
    let cause = Cause { origin, by, trigger };
    for _ in 0..RACES {
        let fleet = world.journal().fleet().await?;
        let plan = match fleet.not_opened(occasion, trigger) {
            Some(_) => Plan::default(),
            None => plan_window(lifecycle).await?,
        };
        let accounts: Vec<_> = plan.taken().collect();
        let now = world.clock().now();
        let brakes = world.parameters().brakes().await.map_err(LifecycleError::NoSettings)?;
        let (window, advance) = fleet.open(&cause, occasion, &brakes, &accounts, plan.left_out(), now);
        let appended = world.journal().append_fleet(fleet.version(), &advance.records, &advance.fleet).await;
        if !lost_race(appended)? {
            return Ok(window);
        }
    }
    Err(LifecycleError::FleetContended { times: RACES })
}

/// Looks after the window that runs: notes who is back, lets others in, stops or closes it. Returns when to
/// come back; `None` when no window runs.
///
/// # Errors
/// When the journal cannot be read or written.
pub async fn advance_window<W: World>(
    lifecycle: &Lifecycle<'_, W>,
) -> Result<Option<Timestamp>, LifecycleError> {
    let world = lifecycle.world();
    let cause = Cause { origin: Origin::WakeUp, by: Actor::Spa, trigger: None };
    for _ in 0..RACES {
        let fleet = world.journal().fleet().await?;
        let Some(window) = fleet.window() else { return Ok(None) };
        let id = window.id;
        let now = world.clock().now();
        let advance = if let Stage::Stopped { because, announced: false } = window.stage {
            if let Err(failure) = announce_stop(world, window, because).await {
                tracing::warn!(window = %id, %failure, "the stop is not announced yet");
                return Ok(Some(now + TICK));
            }
            Some(fleet.announced(&cause, now))
        } else {
            let Some(settlements) = settlements(lifecycle, window).await? else {
                tracing::warn!(window = %id, "the time is up; the window is looked after later");
                return Ok(Some(now + TICK));
            };
            // Where nobody has room, nobody need know who would be next.
            let settled = fleet.advance(&cause, &settlements, &[], now);
            let after = settled.as_ref().map_or(Some(window), |settled| settled.fleet.window());
            if after.is_some_and(|window| window.wanted() > 0) {
                let next = next_accounts(world, window).await?;
                fleet.advance(&cause, &settlements, &next, now)
            } else {
                settled
            }
        };
        let Some(advance) = advance else { return Ok(Some(now + TICK)) };
        let appended = world.journal().append_fleet(fleet.version(), &advance.records, &advance.fleet).await;
        if lost_race(appended)? {
            continue;
        }
        if lifecycle.may_begin() {
            admit(lifecycle, id, &advance.admitted).await;
        }
        return Ok(advance.fleet.next_wake().map(|wake| wake.max(now)));
    }
    Err(LifecycleError::FleetContended { times: RACES })
}

/// Hands accounts to the window that let them in: heads and tags are read in one go. Whoever cannot be handed over now is
/// handed over by the next look after the window.
async fn admit<W: World>(lifecycle: &Lifecycle<'_, W>, window: WindowId, admitted: &[AccountId]) {
    if admitted.is_empty() {
        return;
    }
    let world = lifecycle.world();
    let heads = match world.journal().accounts(admitted).await {
        Ok(heads) => heads,
        Err(error) => {
            tracing::warn!(%window, %error, "nobody is handed to the window yet");
            return;
        }
    };
    world.organization().prefetch(admitted).await;
    for head in heads {
        let account = head.id();
        if !lifecycle.may_begin() {
            tracing::warn!(%account, "the time is up; handed to its window later");
            continue;
        }
        if let Err(error) = lifecycle.handle_known(head, &trigger(account, window)).await {
            tracing::warn!(%account, %error, "not handed to its window yet");
        }
    }
}

/// What became of the accounts in flight; `None`: the time was up before all of them were asked for.
async fn settlements<W: World>(
    lifecycle: &Lifecycle<'_, W>,
    window: &Window,
) -> Result<Option<BTreeMap<AccountId, Settlement>>, LifecycleError> {
    let mut settlements = BTreeMap::new();
    let in_flight: Vec<_> = window.in_flight.iter().copied().collect();
    let heads = lifecycle.world().journal().accounts(&in_flight).await?;
    for (id, account) in in_flight.into_iter().zip(heads) {
        let settled = match settlement(&account, window.id) {
            Some(settled) => settled,
            None if lifecycle.may_begin() => hand_over(lifecycle, window, id).await,
            None => return Ok(None),
        };
        settlements.insert(id, settled);
    }
    Ok(Some(settlements))
}

/// The account was let in, and whoever let it in did not come to hand it over.
async fn hand_over<W: World>(lifecycle: &Lifecycle<'_, W>, window: &Window, id: AccountId) -> Settlement {
    let later = match window.stage {
        Stage::FirstWave | Stage::Open => Settlement::InFlight { troubled: false },
        // A window that lets nobody in any more waits for nobody who was not taken.
        Stage::Stopped { .. } => Settlement::LeftOut,
    };
    match lifecycle.handle(id, &trigger(id, window.id)).await {
        Ok(handled) => match settlement(&handled.account, window.id) {
            Some(settled) => settled,
            None if handled.outcome.try_again() => later,
            None => Settlement::LeftOut,
        },
        Err(error) => {
            tracing::warn!(account = %id, %error, "not handed to its window yet");
            later
        }
    }
}

/// The next accounts of the plan, as many as may ever be let in at once.
async fn next_accounts<W: World>(world: &W, window: &Window) -> Result<Vec<AccountId>, LifecycleError> {
    let wanted = usize::try_from(window.brakes.in_flight).unwrap_or(usize::MAX);
    let Some((page, place)) = window.next_page() else { return Ok(Vec::new()) };
    let pages = window.pages.iter().skip_while(|version| **version != page);
    let mut accounts = Vec::new();
    for (index, &version) in pages.enumerate() {
        let before = Version::new(version.number().saturating_sub(1));
        let records = world.journal().fleet_history(before, 1).await?;
        let Some(FleetFact::WindowPlanned { accounts: planned }) = records.into_iter().next().map(|r| r.fact)
        else {
            continue;
        };
        accounts.extend(planned.into_iter().skip(if index == 0 { place } else { 0 }));
        if accounts.len() >= wanted {
            break;
        }
    }
    accounts.truncate(wanted);
    Ok(accounts)
}

/// A window hands an account over once, however often it tries.
fn trigger(account: AccountId, window: WindowId) -> Trigger {
    let id = Some(TriggerId::from_text(&format!("window {window} {account}")));
    Trigger { id, by: Actor::Aws, happening: Happening::Window(window) }
}

async fn announce_stop<W: World>(world: &W, window: &Window, because: Stop) -> Result<(), Failure> {
    let event = Announcer::window_stopped(window, because);
    world.bus().put(vec![event]).await.into_iter().collect()
}
