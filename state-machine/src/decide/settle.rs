//! Side effects that were carried out, or were not.

use crate::draft::Draft;
use crate::{
    Evidence, Fact, Failure, FailureKind, Idle, Ignored, Intent, Obligation, ObligationId, Payment, Relief,
    Started, Trouble, Unreadable, Withheld,
};

use super::observe::{look_at, observe};
use super::{Step, Stop, enter, look, seen, trouble};

/// Records how the attempts to carry out obligations ended.
///
/// A look in the evidence must be younger than the attempts.
pub(super) fn settle(
    draft: &mut Draft<'_>,
    settled: &[(ObligationId, Payment)],
    evidence: &Evidence,
) -> Step {
    announced(draft, settled);
    let mut step = Ok(());
    for (id, payment) in settled {
        let Some(obligation) = draft.account.obligation(*id).cloned() else {
            unknown(draft, payment);
            continue;
        };
        step = match payment {
            Payment::Announced => Ok(()),
            Payment::TagsWritten => tags_written(draft, &obligation, evidence),
            Payment::BuildStarted(started) => {
                build_started(draft, &obligation, started);
                Ok(())
            }
            Payment::Withheld(reason) => withheld(draft, &obligation, *reason, evidence),
            Payment::Failed(failure) => trouble::failed(draft, &obligation, failure),
        };
        if matches!(step, Err(super::Stop::Need(_))) {
            return step;
        }
    }
    step
}

/// Events that went out together are recorded together.
fn announced(draft: &mut Draft<'_>, settled: &[(ObligationId, Payment)]) {
    let paid: Vec<ObligationId> = settled
        .iter()
        .filter(|(id, payment)| *payment == Payment::Announced && draft.account.obligation(*id).is_some())
        .map(|(id, _)| *id)
        .collect();
    if !paid.is_empty() {
        draft.record(Fact::Announced { paid: paid.clone() });
        for id in paid {
            trouble::relieve(draft, id, Relief::Recovered);
        }
    }
}

/// The obligation is not owed any more: somebody else has recorded how it ended.
fn unknown(draft: &mut Draft<'_>, payment: &Payment) {
    let Payment::BuildStarted(Started { build, .. }) = payment else { return };
    let running = draft.account.running_build().is_some_and(|(_, running)| running.id == *build);
    if !running && !draft.account.had_build(build) {
        draft.record(Fact::Ignored { because: Ignored::ForeignBuild { build: build.clone() } });
    }
}

fn tags_written(draft: &mut Draft<'_>, obligation: &Obligation, evidence: &Evidence) -> Step {
    let paid = obligation.id;
    let event = look_at(draft);
    if obligation.superseded {
        // Somebody changed the tag meanwhile, and whether before or after the write only a look can tell.
        let look = look(evidence)?;
        draft.record(Fact::TagsWritten { paid, look: event });
        return observe(draft, look);
    }
    // Tags are only written after a look ([`crate::needs_look`]).
    if let Some(described) = draft.account.described_at() {
        draft.looked(described);
    }
    draft.record(Fact::TagsWritten { paid, look: event });
    trouble::relieve(draft, paid, Relief::Recovered);
    Ok(())
}

fn build_started(draft: &mut Draft<'_>, obligation: &Obligation, started: &Started) {
    let Intent::StartBuild { task, .. } = obligation.intent else { return };
    let Started { build, described, baseline } = started.clone();
    let look_up = draft.now + draft.policy.times.look_up;
    let deadline = draft.now + draft.policy.task(task).deadline;
    if let Some(described) = described {
        draft.looked(described);
    }
    draft.record(Fact::BuildStarted { paid: obligation.id, build, look_up, deadline, baseline });
    trouble::relieve(draft, obligation.id, Relief::Recovered);
}

fn withheld(draft: &mut Draft<'_>, obligation: &Obligation, reason: Withheld, evidence: &Evidence) -> Step {
    let dropped = obligation.id;
    match reason {
        Withheld::Unreadable(cause) => {
            let kind = match cause {
                Unreadable::Denied => FailureKind::Denied,
                Unreadable::Throttled | Unreadable::Failed => FailureKind::Unreadable,
            };
            trouble::failed(draft, obligation, &Failure { kind, message: cause.to_string().into() })
        }
        Withheld::Settling(until) => {
            draft.record(Fact::EffectFailed {
                unpaid: dropped,
                kind: FailureKind::Unreadable,
                message: reason.to_string().into(),
                again: until,
            });
            Ok(())
        }
        Withheld::AlreadyWritten => tags_written(draft, obligation, evidence),
        Withheld::Held(until) => {
            trouble::drop_effect(draft, dropped, reason);
            draft.record(Fact::Deferred { until });
            Ok(())
        }
        Withheld::Disabled => {
            trouble::drop_effect(draft, dropped, reason);
            if let Intent::StartBuild { task, .. } = obligation.intent {
                enter::skip(draft, task);
            }
            Ok(())
        }
        Withheld::NeverOnBoarded => {
            trouble::drop_effect(draft, dropped, reason);
            trouble::quarantine(draft, Trouble::NeverOnBoarded);
            Ok(())
        }
        Withheld::Superseded => {
            trouble::drop_effect(draft, dropped, reason);
            enter::pursue(draft)
        }
        Withheld::NotActive(_) | Withheld::Standing(_) | Withheld::TagDiffers => {
            let look = look(evidence)?;
            if let Err(Stop::Idle(Idle::Unreadable(cause))) = seen(look) {
                // What is dropped must be replaced by what the account needs now, and nobody can tell.
                return withheld(draft, obligation, Withheld::Unreadable(cause), evidence);
            }
            trouble::drop_effect(draft, dropped, reason);
            observe(draft, look)
        }
    }
}
