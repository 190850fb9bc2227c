//! May this side effect be carried out now?
//!
//! Nothing touches an account without a [`Warrant`], and only [`authorise`] gives one.

use crate::{
    Account, AccountId, Intent, Look, Obligation, ObligationId, Policy, Reading, Scope, Seen, Standing,
    State, Status, TagWrite, TaskKind, Timestamp, Token, Withheld,
};

/// The right to carry out one obligation once, now. It cannot be made in any other way than by asking
/// [`authorise`], it cannot be copied, and carrying out takes it.
#[derive(Debug)]
#[must_use = "a warrant is there to be used at once"]
pub struct Warrant {
    account: AccountId,
    obligation: ObligationId,
    effect: Effect,
}

/// What a warrant allows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// These tags may be written.
    WriteTags(TagWrite),
    /// A build may be started.
    StartBuild {
        /// What it does.
        task: TaskKind,
        /// Which attempt it is.
        attempt: u8,
    },
}

impl Warrant {
    /// The account that may be touched.
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// What makes it owed.
    pub const fn obligation(&self) -> ObligationId {
        self.obligation
    }

    /// What may be done.
    pub const fn effect(&self) -> &Effect {
        &self.effect
    }

    /// The idempotency token to do it with.
    pub fn token(&self) -> Token {
        Token::of(self.account, self.obligation)
    }
}

/// How much of the account must be looked at just now before an obligation is carried out; `None`: nothing, since
/// the last look is recent enough for it.
///
/// - A purge, and whatever may have been carried out already, needs a look at everything.
/// - A tag is written after a look at the tags, however recent the decision is: somebody may have set it since.
///   Expiring an account leads to a purge and reads the tags themselves; all else asks their index.
/// - A preparation may rest on a look of a little while ago ([`crate::Times::fresh`]).
///
/// Where status, name and units were read too long ago ([`crate::Times::described`]), everything is read.
pub fn needs_look(
    account: &Account,
    policy: &Policy,
    obligation: &Obligation,
    now: Timestamp,
) -> Option<Scope> {
    let described = account.described_at().is_some_and(|at| now.since(at) <= policy.times.described);
    let at_least = |scope| Some(if described { scope } else { Scope::Whole });
    match &obligation.intent {
        Intent::Announce(_) => None,
        Intent::StartBuild { task: TaskKind::Purge, .. } => Some(Scope::Whole),
        Intent::StartBuild { .. } | Intent::WriteTags(_) if obligation.uncertain => Some(Scope::Whole),
        Intent::StartBuild { task: TaskKind::Preparation, .. } => {
            let fresh = account.looked_at.is_some_and(|at| now.since(at) <= policy.times.fresh);
            if fresh && described { None } else { at_least(Scope::Index) }
        }
        Intent::WriteTags(write) => match write.change.as_ref().map(|change| change.to) {
            Some(State::Expired) => at_least(Scope::Tags),
            Some(State::Vanilla | State::Assigned | State::Released) | None => at_least(Scope::Index),
        },
    }
}

/// Decides whether an obligation may be carried out now.
///
/// `look` is the look at the account that was made for it; `None` only where [`needs_look`] says that none
/// is needed. `policy` must have been resolved for the units that this look shows.
///
/// # Errors
/// The reason for which it must not be carried out; give it to [`crate::decide()`] as
/// [`crate::Payment::Withheld`], with the look as evidence.
pub fn authorise(
    account: &Account,
    policy: &Policy,
    obligation: &Obligation,
    look: Option<&Look>,
    now: Timestamp,
) -> Result<Warrant, Withheld> {
    if obligation.superseded {
        return Err(Withheld::Superseded);
    }
    let seen = match look {
        Some(Look::Seen(seen)) => Some(seen.as_ref()),
        Some(Look::NotFound) => return Err(Withheld::NotActive(Status::Gone)),
        Some(Look::Unreadable(cause)) => return Err(Withheld::Unreadable(*cause)),
        None if needs_look(account, policy, obligation, now).is_some() => {
            return Err(Withheld::Unreadable(crate::Unreadable::Failed));
        }
        None => None,
    };
    if let Some(seen) = seen
        && seen.status != Status::Active
    {
        return Err(Withheld::NotActive(seen.status));
    }
    for standing in [policy.standing, account.standing] {
        if standing != Standing::Managed {
            return Err(Withheld::Standing(standing));
        }
    }
    if !account.is_touchable() {
        return Err(Withheld::NotActive(account.status));
    }
    let effect = match &obligation.intent {
        Intent::WriteTags(write) => write_tags(account, policy, write, seen, now)?,
        // What was read of the account before its tags were is no ground to delete anything.
        Intent::StartBuild { task: TaskKind::Purge, .. }
            if seen.is_some_and(|seen| seen.described < seen.at) =>
        {
            return Err(Withheld::Unreadable(crate::Unreadable::Failed));
        }
        Intent::StartBuild { task, attempt } => {
            start_build(account, policy, *task, seen, now)?;
            Effect::StartBuild { task: *task, attempt: *attempt }
        }
        Intent::Announce(_) => return Err(Withheld::Superseded),
    };
    Ok(Warrant { account: account.id, obligation: obligation.id, effect })
}

fn write_tags(
    account: &Account,
    policy: &Policy,
    write: &TagWrite,
    seen: Option<&Seen>,
    now: Timestamp,
) -> Result<Effect, Withheld> {
    let Some(seen) = seen else { return Err(Withheld::Unreadable(crate::Unreadable::Failed)) };
    let Some(change) = &write.change else { return Ok(Effect::WriteTags(write.clone())) };
    if seen.reading == Reading::Known(change.to) && change.from != seen.reading {
        return Err(Withheld::AlreadyWritten);
    }
    believe(account, policy, &change.from, seen, now)?;
    Ok(Effect::WriteTags(write.clone()))
}

fn start_build(
    account: &Account,
    policy: &Policy,
    task: TaskKind,
    seen: Option<&Seen>,
    now: Timestamp,
) -> Result<(), Withheld> {
    if account.running_build().is_some() {
        return Err(Withheld::Superseded);
    }
    let expected = Reading::Known(task.state());
    match (task, seen) {
        (_, Some(seen)) => believe(account, policy, &expected, seen, now)?,
        (TaskKind::Preparation, None) if account.tag.reading == expected => {}
        (TaskKind::Preparation, None) => return Err(Withheld::TagDiffers),
        (TaskKind::Purge, None) => return Err(Withheld::Unreadable(crate::Unreadable::Failed)),
    }
    if !policy.task(task).enabled {
        return Err(Withheld::Disabled);
    }
    if task == TaskKind::Purge && account.on_boarded.is_none() {
        return Err(Withheld::NeverOnBoarded);
    }
    match policy.hold_at(account.hold.as_ref(), now) {
        Some(hold) => Err(Withheld::Held(hold.until)),
        None => Ok(()),
    }
}

/// The tag must say what the effect relies on. Shortly after an own write, AWS may still show what stood
/// there before; then one waits instead of concluding.
fn believe(
    account: &Account,
    policy: &Policy,
    expected: &Reading,
    seen: &Seen,
    now: Timestamp,
) -> Result<(), Withheld> {
    if seen.reading == *expected {
        return Ok(());
    }
    if let Reading::Unreadable(cause) = seen.reading {
        return Err(Withheld::Unreadable(cause));
    }
    match account.settling_until(policy, now) {
        Some(until) if account.tag.reading == *expected => Err(Withheld::Settling(until)),
        Some(_) | None => Err(Withheld::TagDiffers),
    }
}

impl Account {
    /// Until when a reading that shows something else than the journal is not believed, because the tag was
    /// written here a moment ago.
    pub(crate) fn settling_until(&self, policy: &Policy, now: Timestamp) -> Option<Timestamp> {
        let written_here = self.tag.by == crate::Actor::Spa;
        let until = self.tag.since + policy.times.settle;
        (written_here && now < until).then_some(until)
    }
}
