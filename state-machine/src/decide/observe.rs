//! What a look at the account means, whatever led to the look.
//!
//! This is what makes lost, repeated and reordered events harmless: an event only says where to look, and
//! what follows depends on what the look shows and what the journal holds.

use std::sync::Arc;

use crate::account::Custody;
use crate::draft::Draft;
use crate::{
    Fact, Idle, Intent, Look, ObligationId, Reading, Relief, Seen, Standing, State, Status, Timestamp,
};

use super::{Step, Stop, enter, seen, trouble};

/// What [`notice`] found in an account that may be touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noticed {
    /// The tag says what the journal says.
    Same,
    /// The tag says something else, and that is recorded.
    Changed,
}

/// Records what differs from the journal, and begins what follows from it.
///
/// Stops with [`Idle::AsExpected`] when the account is as the journal says.
pub(super) fn observe(draft: &mut Draft<'_>, look: &Look) -> Step {
    let noticed = notice(draft, look)?;
    begin(draft, noticed)
}

/// Records what differs from the journal, and begins nothing yet: whoever asked for the look may want
/// something else than what the state asks for.
///
/// Stops where the account is not to be touched, or is left alone until it is adopted.
pub(super) fn notice(draft: &mut Draft<'_>, look: &Look) -> Result<Noticed, Stop> {
    let Some(seen) = seen(look)? else { return Err(gone(draft)) };
    touchable(draft, seen)?;
    match draft.account.custody {
        Custody::Unseen => first_sight(draft, seen),
        Custody::Sighted => second_sight(draft, seen),
        Custody::Ours => compare(draft, seen),
    }
}

/// Begins what follows from what was noticed.
pub(super) fn begin(draft: &mut Draft<'_>, noticed: Noticed) -> Step {
    if noticed == Noticed::Same && draft.account.tag.entered {
        return resume(draft);
    }
    enter::enter(draft);
    Ok(())
}

/// The organization has no such account.
fn gone(draft: &mut Draft<'_>) -> Stop {
    let known = draft.account.custody != Custody::Unseen;
    if known && draft.account.status != Status::Gone {
        draft.record(Fact::StatusChanged { status: Status::Gone });
    }
    Idle::NotActive(Status::Gone).into()
}

/// Records who the account is and how it stands; stops unless it may be touched.
///
/// Of an account that was never seen and may not be touched, nothing is recorded: it has no journal here.
fn touchable(draft: &mut Draft<'_>, seen: &Seen) -> Step {
    let known = draft.account.custody != Custody::Unseen;
    let standing = draft.policy.standing;
    if !known {
        if standing != Standing::Managed {
            return Err(Idle::Standing(standing).into());
        }
        if seen.status != Status::Active {
            return Err(Idle::NotActive(seen.status).into());
        }
    }
    draft.looked(seen.described);
    if draft.account.profile != seen.profile {
        draft.record(Fact::Described(Box::new(seen.profile.as_ref().clone())));
    }
    if !Arc::ptr_eq(&draft.account.profile, &seen.profile) {
        // It is the same by now. Kept once, it is also seen at once to be the same.
        draft.account.to_mut().profile = Arc::clone(&seen.profile);
    }
    if draft.account.status != seen.status {
        draft.record(Fact::StatusChanged { status: seen.status });
    }
    if known && draft.account.standing != standing {
        draft.record(match standing {
            Standing::Managed => Fact::Joined,
            Standing::Unmanaged | Standing::Protected(_) => Fact::Left { standing },
        });
    }
    if standing != Standing::Managed {
        return Err(Idle::Standing(standing).into());
    }
    if seen.status != Status::Active {
        return Err(Idle::NotActive(seen.status).into());
    }
    Ok(())
}

/// Seen for the first time. An account that carries a state has a past that the journal does not know: it is
/// left alone until it is adopted.
fn first_sight(draft: &mut Draft<'_>, seen: &Seen) -> Result<Noticed, Stop> {
    match &seen.reading {
        Reading::Untagged => {
            draft.record(Fact::Enrolled);
            Ok(Noticed::Changed)
        }
        Reading::Known(_) | Reading::Unrecognised(_) => {
            draft.record(Fact::Sighted { reading: seen.reading.clone() });
            Err(Idle::AwaitsAdoption.into())
        }
        Reading::Unreadable(cause) => Err(Idle::Unreadable(*cause).into()),
    }
}

/// Seen again, and not adopted. Setting the tag to vanilla by hand, or taking it away, asks for on-boarding:
/// it is as explicit as the command, and leads to no purge by itself.
fn second_sight(draft: &mut Draft<'_>, seen: &Seen) -> Result<Noticed, Stop> {
    if seen.reading == draft.account.tag.reading {
        return Err(Idle::AwaitsAdoption.into());
    }
    match &seen.reading {
        Reading::Untagged | Reading::Known(State::Vanilla) => {
            draft.record(Fact::Enrolled);
            draft.record(Fact::StateFound { reading: seen.reading.clone() });
            Ok(Noticed::Changed)
        }
        Reading::Known(State::Assigned | State::Released | State::Expired) | Reading::Unrecognised(_) => {
            draft.record(Fact::Sighted { reading: seen.reading.clone() });
            Err(Idle::AwaitsAdoption.into())
        }
        Reading::Unreadable(cause) => Err(Idle::Unreadable(*cause).into()),
    }
}

/// Compares the tag of an account of ours with the journal.
fn compare(draft: &mut Draft<'_>, seen: &Seen) -> Result<Noticed, Stop> {
    if seen.reading == draft.account.tag.reading {
        return Ok(Noticed::Same);
    }
    if let Some(paid) = written_and_not_recorded(draft, &seen.reading) {
        let look = draft.now + draft.policy.times.event;
        draft.record(Fact::TagsWritten { paid, look });
        trouble::relieve(draft, paid, Relief::Recovered);
        return Ok(Noticed::Changed);
    }
    if let Some(until) = draft.account.settling_until(draft.policy, draft.now) {
        return Err(Idle::Settling(until).into());
    }
    // Somebody changed the tag by hand: a supported gesture. What ran before is given up.
    overrule(draft);
    draft.record(Fact::StateFound { reading: seen.reading.clone() });
    Ok(Noticed::Changed)
}

/// The account is as its journal says. If it was left alone meanwhile (it was suspended, say, or another
/// unit held it), what its state asks for may still be to do.
fn resume(draft: &mut Draft<'_>) -> Step {
    let before = draft.account.version;
    let step = enter::pursue(draft);
    if draft.account.version == before {
        return Err(match step {
            Err(Stop::Idle(Idle::Held(until))) => Idle::Held(until),
            Err(Stop::Idle(Idle::Quarantined(next))) => Idle::Quarantined(next),
            Ok(()) | Err(_) => Idle::AsExpected,
        }
        .into());
    }
    step
}

/// A tag change of ours that shows in the account, and that nobody came to record.
fn written_and_not_recorded(draft: &Draft<'_>, reading: &Reading) -> Option<ObligationId> {
    let written = |intent: &Intent| match intent {
        Intent::WriteTags(write) => {
            write.change.as_ref().is_some_and(|change| *reading == Reading::Known(change.to))
        }
        Intent::StartBuild { .. } | Intent::Announce(_) => false,
    };
    let handled = |owed: &&crate::Obligation| owed.claim.is_some() || owed.uncertain;
    let owed = draft.account.owed.iter().filter(handled);
    owed.filter(|owed| !owed.superseded).find(|owed| written(&owed.intent)).map(|owed| owed.id)
}

/// Gives up what the earlier state asked for.
pub(super) fn overrule(draft: &mut Draft<'_>) {
    if draft.account.quarantine.is_some() {
        draft.record(Fact::QuarantineLeft { because: Relief::Overruled });
    }
    if draft.account.cycle.is_some() {
        draft.record(Fact::CycleEnded { end: crate::CycleEnd::Interrupted });
    }
}

/// When somebody looks if no event of an own tag change has come.
pub(super) fn look_at(draft: &Draft<'_>) -> Timestamp {
    draft.now + draft.policy.times.event
}
