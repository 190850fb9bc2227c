//! Gestures of operators.
//!
//! Every gesture rests on a fresh look: what it finds is recorded first, as if the operator had only looked.

use crate::account::Custody;
use crate::draft::Draft;
use crate::{
    Actor, Command, CycleKind, Evidence, Fact, Gesture, Hold, Idle, Intent, Look, Reading, Refusal, Standing,
    State, StateChange, Status, TagWrite, Tags,
};

use super::observe::{observe, overrule};
use super::{Step, Stop, enter, look, wake};

/// Does what an operator asks for, or says why not.
pub(super) fn command(draft: &mut Draft<'_>, command: &Command, evidence: &Evidence) -> Step {
    let look = look(evidence)?;
    let reading = admit(draft, look)?;
    let step = draft.attributed_to(Actor::Unknown, |draft| observe(draft, look));
    if let Err(Stop::Idle(Idle::Settling(until))) = step {
        return Err(Refusal::Settling(until).into());
    }
    match &command.gesture {
        Gesture::Adopt => adopt(draft, command, &reading),
        Gesture::Vanilla => set_state(draft, command, &reading, State::Vanilla),
        Gesture::Release => set_state(draft, command, &reading, State::Released),
        Gesture::Expire => expire(draft, command, &reading),
        Gesture::Hold(until) => {
            if *until <= draft.now {
                return Err(Refusal::HoldHasPassed(*until).into());
            }
            accept(draft, command);
            draft.record(Fact::Held { until: *until, reason: command.reason.clone() });
            Ok(())
        }
        Gesture::Unhold => unhold(draft, command),
        Gesture::Retry => retry(draft, command, evidence),
    }
}

/// An account that may not be touched is not touched by an operator either.
fn admit(draft: &Draft<'_>, look: &Look) -> Result<Reading, Stop> {
    let seen = match look {
        Look::Seen(seen) => seen,
        Look::NotFound => return Err(Refusal::NotActive(Status::Gone).into()),
        Look::Unreadable(cause) => return Err(Refusal::Unreadable(*cause).into()),
    };
    if draft.policy.standing != Standing::Managed {
        return Err(Refusal::Standing(draft.policy.standing).into());
    }
    if seen.status != Status::Active {
        return Err(Refusal::NotActive(seen.status).into());
    }
    match &seen.reading {
        Reading::Unreadable(cause) => Err(Refusal::Unreadable(*cause).into()),
        reading @ (Reading::Known(_) | Reading::Untagged | Reading::Unrecognised(_)) => Ok(reading.clone()),
    }
}

fn accept(draft: &mut Draft<'_>, command: &Command) {
    draft.record(Fact::Commanded(Box::new(command.clone())));
}

fn adopt(draft: &mut Draft<'_>, command: &Command, reading: &Reading) -> Step {
    if draft.account.custody == Custody::Ours {
        return Err(Idle::AlreadySo.into());
    }
    let state = match reading {
        Reading::Known(State::Expired) => return Err(Refusal::AdoptExpired.into()),
        Reading::Known(state @ (State::Vanilla | State::Assigned | State::Released)) => *state,
        Reading::Untagged | Reading::Unrecognised(_) | Reading::Unreadable(_) => {
            return Err(Refusal::NothingToAdopt(reading.clone()).into());
        }
    };
    accept(draft, command);
    draft.record(Fact::Adopted { state });
    enter::enter(draft);
    Ok(())
}

/// Sets the tag to vanilla or released; what ran before is given up.
fn set_state(draft: &mut Draft<'_>, command: &Command, reading: &Reading, to: State) -> Step {
    let on_boards = to == State::Vanilla;
    if draft.account.custody != Custody::Ours && !on_boards {
        return Err(Refusal::AwaitsAdoption.into());
    }
    not_held(draft)?;
    not_busy(draft)?;
    if *reading == Reading::Known(to) && draft.account.custody == Custody::Ours {
        return Err(Idle::AlreadySo.into());
    }
    accept(draft, command);
    if draft.account.custody != Custody::Ours {
        draft.record(Fact::Enrolled);
        if *reading == Reading::Known(State::Vanilla) {
            draft.record(Fact::StateFound { reading: reading.clone() });
            enter::enter(draft);
            return Ok(());
        }
    }
    overrule(draft);
    draft.record_owing(Fact::StateOrdered { state: to }, [order(reading, to)]);
    Ok(())
}

/// Puts the account into maintenance at once. It ends in a purge, so everything must be known and right.
fn expire(draft: &mut Draft<'_>, command: &Command, reading: &Reading) -> Step {
    if draft.account.custody != Custody::Ours {
        return Err(Refusal::AwaitsAdoption.into());
    }
    if draft.account.on_boarded.is_none() {
        return Err(Refusal::NeverOnBoarded.into());
    }
    not_held(draft)?;
    not_busy(draft)?;
    match reading {
        Reading::Known(State::Released | State::Assigned) => {}
        Reading::Known(State::Expired) => return Err(Idle::AlreadySo.into()),
        Reading::Known(State::Vanilla)
        | Reading::Untagged
        | Reading::Unrecognised(_)
        | Reading::Unreadable(_) => {
            let gesture = Gesture::Expire;
            return Err(Refusal::WrongState { gesture, reading: reading.clone() }.into());
        }
    }
    accept(draft, command);
    overrule(draft);
    draft.record(Fact::CycleBegan { cycle: CycleKind::Maintenance, window: None });
    draft.record_owing(Fact::StateOrdered { state: State::Expired }, [order(reading, State::Expired)]);
    Ok(())
}

fn unhold(draft: &mut Draft<'_>, command: &Command) -> Step {
    let now = draft.now;
    let journal = draft.account.hold.as_ref().filter(|hold| hold.until > now);
    if journal.is_none() {
        return Err(match draft.policy.hold_at(None, now) {
            Some(Hold { until, reason }) => {
                Refusal::HeldBySettings { until: *until, reason: reason.clone() }.into()
            }
            None => Refusal::NotHeld.into(),
        });
    }
    accept(draft, command);
    draft.record(Fact::Unheld);
    // What waited for the end of the hold goes on; if nothing did, that is fine too.
    let _ = enter::pursue(draft);
    Ok(())
}

fn retry(draft: &mut Draft<'_>, command: &Command, evidence: &Evidence) -> Step {
    if draft.account.quarantine.is_none() {
        return Err(Refusal::NotQuarantined.into());
    }
    accept(draft, command);
    wake::try_again(draft, evidence)
}

fn not_held(draft: &Draft<'_>) -> Step {
    match draft.policy.hold_at(draft.account.hold.as_ref(), draft.now) {
        Some(Hold { until, reason }) => Err(Refusal::Held { until: *until, reason: reason.clone() }.into()),
        None => Ok(()),
    }
}

/// A state is not changed by command under a build that runs or may run, nor under a change of state.
fn not_busy(draft: &Draft<'_>) -> Step {
    if let Some(task) = &draft.account.task {
        let handled = |owed: &crate::Obligation| owed.claim.is_some() || owed.uncertain;
        let starting = draft
            .account
            .owed
            .iter()
            .any(|owed| matches!(owed.intent, Intent::StartBuild { .. }) && handled(owed));
        if task.build.is_some() || starting {
            return Err(Refusal::BuildInProgress { task: task.kind }.into());
        }
    }
    for owed in &draft.account.owed {
        if let Intent::WriteTags(write) = &owed.intent
            && let Some(change) = &write.change
            && (owed.claim.is_some() || owed.uncertain)
        {
            return Err(Refusal::Transition(change.to).into());
        }
    }
    Ok(())
}

fn order(from: &Reading, to: State) -> Intent {
    let change = StateChange { from: from.clone(), to };
    Intent::WriteTags(Box::new(TagWrite { change: Some(change), set: Tags::new(), unset: Vec::new() }))
}
