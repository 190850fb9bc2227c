//! Events of tags and accounts: they say where to look.

use crate::account::Custody;
use crate::draft::Draft;
use crate::{Actor, Evidence, Idle, Look, Reading, Standing};

use super::observe::observe;
use super::{Step, Stop, enter, look};

/// The state tag was set, or taken away, says an event.
///
/// An event that tells what was written here a moment ago is what one waited for. Anything else may be old,
/// or not even true any more, so somebody has to look.
pub(super) fn tag_event(draft: &mut Draft<'_>, hint: &Reading, evidence: &Evidence) -> Step {
    let account = &draft.account;
    let ours = account.custody == Custody::Ours
        && account.is_touchable()
        && draft.policy.standing == Standing::Managed;
    if ours && evidence.look.is_none() && *hint == account.tag.reading {
        if account.tag.entered {
            return Err(Idle::AsExpected.into());
        }
        enter::enter(draft);
        return Ok(());
    }
    let look = look(evidence)?;
    let tells_it = matches!(look, Look::Seen(seen) if seen.reading == *hint);
    if tells_it {
        return observe(draft, look);
    }
    // The event is old: whoever made it did not make what the account shows now.
    match draft.attributed_to(Actor::Unknown, |draft| observe(draft, look)) {
        Err(Stop::Idle(Idle::AsExpected)) => Err(Idle::StaleEvent.into()),
        step => step,
    }
}

/// The account was created or moved, its tags were changed, or the reconciler saw a difference.
pub(super) fn changed(draft: &mut Draft<'_>, evidence: &Evidence) -> Step {
    observe(draft, look(evidence)?)
}
