//! Which accounts a maintenance window takes.

use crate::account::Custody;
use crate::draft::Draft;
use crate::{
    Account, CycleKind, Evidence, Fact, Idle, Intent, LeftOut, Look, Policy, Reading, Scope, Standing, State,
    StateChange, Status, TagWrite, Tags, Timestamp, WindowId,
};

use super::observe::observe;
use super::{Step, look_at};

/// Puts the account into maintenance, if the look shows that it may be.
pub(super) fn window(draft: &mut Draft<'_>, window: WindowId, evidence: &Evidence) -> Step {
    // Before it is expired, its tags themselves are read ([`crate::needs_look`]).
    let look = look_at(evidence, Scope::Index)?;
    // What the look shows is recorded first, whatever it is; then the head tells whether the account may go.
    let _ = observe(draft, look);
    let account = &draft.account;
    // A later window may have taken it as well: then this one is over.
    if account.cycle.is_none() && account.last_window >= Some(window) {
        return Err(Idle::LeftOut(LeftOut::Done).into());
    }
    if let Err(reason) = eligible(account, draft.policy, look, draft.now) {
        return Err(Idle::LeftOut(reason).into());
    }
    let change = StateChange { from: Reading::Known(State::Released), to: State::Expired };
    let write = TagWrite { change: Some(change), set: Tags::new(), unset: Vec::new() };
    draft.record_owing(
        Fact::CycleBegan { cycle: CycleKind::Maintenance, window: Some(window) },
        [Intent::WriteTags(Box::new(write))],
    );
    Ok(())
}

/// Whether a maintenance window may take the account. Only a tag that was read, and that says `released`,
/// lets it: unknown is never released.
///
/// # Errors
/// Why the window leaves it out.
pub fn eligible(account: &Account, policy: &Policy, look: &Look, now: Timestamp) -> Result<(), LeftOut> {
    let seen = match look {
        Look::Seen(seen) => seen,
        Look::NotFound => return Err(LeftOut::NotActive(Status::Gone)),
        Look::Unreadable(cause) => return Err(LeftOut::Unreadable(*cause)),
    };
    if policy.standing != Standing::Managed {
        return Err(LeftOut::Standing(policy.standing));
    }
    if seen.status != Status::Active {
        return Err(LeftOut::NotActive(seen.status));
    }
    match account.custody {
        Custody::Unseen => return Err(LeftOut::Unseen),
        Custody::Sighted => return Err(LeftOut::AwaitsAdoption),
        Custody::Ours => {}
    }
    match &seen.reading {
        Reading::Known(State::Released) => {}
        Reading::Unreadable(cause) => return Err(LeftOut::Unreadable(*cause)),
        reading @ (Reading::Known(State::Vanilla | State::Assigned | State::Expired)
        | Reading::Untagged
        | Reading::Unrecognised(_)) => return Err(LeftOut::NotReleased(reading.clone())),
    }
    if account.tag.reading != seen.reading {
        return Err(LeftOut::NotReleased(account.tag.reading.clone()));
    }
    if let Some(quarantine) = &account.quarantine {
        return Err(LeftOut::Quarantined(quarantine.next_try));
    }
    if account.cycle.is_some() || account.has_state_change_owed() || !account.tag.entered {
        return Err(LeftOut::InCycle);
    }
    if let Some(task) = &account.task {
        return Err(LeftOut::BuildRuns(task.kind));
    }
    if account.on_boarded.is_none() {
        return Err(LeftOut::NeverOnBoarded);
    }
    if let Some(hold) = policy.hold_at(account.hold.as_ref(), now) {
        return Err(LeftOut::Held(hold.until));
    }
    match account.managed_since.map(|since| since + policy.times.grace) {
        Some(until) if until > now => Err(LeftOut::Grace(until)),
        Some(_) | None => Ok(()),
    }
}
