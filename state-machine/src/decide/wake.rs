//! What is due.

use crate::draft::Draft;
use crate::due::Due;
use crate::{Evidence, Fact, Idle, Trouble};

use super::observe::observe;
use super::{Step, build, enter, look};

/// Does the first thing that is due and that is a decision. What is only to be paid is paid without one.
pub(super) fn wake(draft: &mut Draft<'_>, evidence: &Evidence) -> Step {
    for due in draft.account.due(draft.now) {
        match due {
            Due::Pay(_) => {}
            Due::Look => return observe(draft, look(evidence)?),
            Due::LookUp(build) => return build::look_up(draft, &build, evidence),
            Due::TryAgain => return try_again(draft, evidence),
            Due::Resume => return enter::pursue(draft),
        }
    }
    Err(Idle::NothingDue.into())
}

/// The time in quarantine is over: one more try.
pub(super) fn try_again(draft: &mut Draft<'_>, evidence: &Evidence) -> Step {
    let Some(quarantine) = draft.account.quarantine.clone() else { return Err(Idle::NothingDue.into()) };
    match quarantine.because {
        // The effect has its own time, which `TriedAgain` brings forward.
        Trouble::Effect { .. } => {
            draft.record(Fact::TriedAgain);
            Ok(())
        }
        Trouble::Build { .. } | Trouble::NeverOnBoarded => {
            draft.record(Fact::TriedAgain);
            enter::pursue(draft)
        }
        Trouble::UnrecognisedState { text } => {
            let before = draft.account.version();
            let step = observe(draft, look(evidence)?);
            let unchanged = matches!(step, Err(super::Stop::Idle(Idle::AsExpected | Idle::Quarantined(_))));
            if unchanged && draft.account.version() == before {
                super::trouble::quarantine(draft, Trouble::UnrecognisedState { text });
                return Ok(());
            }
            step
        }
    }
}
