//! Gestures of operators.
//!
//! Every gesture rests on a fresh look: what it finds is recorded first.

use crate::account::Custody;
use crate::draft::Draft;
use crate::{
    Actor, Command, CycleKind, Evidence, Fact, Gesture, Hold, Idle, Intent, Look, Obligation, Reading,
    Refusal, Standing, State, StateChange, Status, TagWrite, Tags, Timestamp,
};

use super::observe::{Noticed, begin, notice, overrule};
use super::{Step, Stop, enter, look, wake};

/// Does what an operator asks for, or says why not.
pub(super) fn command(draft: &mut Draft<'_>, command: &Command, evidence: &Evidence) -> Step {
    let look = look(evidence)?;
    let reading = admit(draft, look)?;
    match &command.gesture {
        Gesture::Vanilla => {
            change_state(draft, look, |draft| set_state(draft, command, &reading, State::Vanilla))
        }
        Gesture::Release => {
            change_state(draft, look, |draft| set_state(draft, command, &reading, State::Released))
        }
        Gesture::Expire => change_state(draft, look, |draft| expire(draft, command, &reading)),
        Gesture::Adopt => beside(draft, look, |draft| adopt(draft, command, &reading)),
        Gesture::Hold(until) => beside(draft, look, |draft| hold(draft, command, *until)),
        Gesture::Unhold => beside(draft, look, |draft| unhold(draft, command)),
        Gesture::Retry => beside(draft, look, |draft| retry(draft, command, evidence)),
    }
}

/// A gesture that leaves the state as it is: what the look shows counts first, as if somebody had only looked.
fn beside(draft: &mut Draft<'_>, look: &Look, gesture: impl FnOnce(&mut Draft<'_>) -> Step) -> Step {
    let noticed = draft.attributed_to(Actor::Unknown, |draft| notice(draft, look));
    not_settling(&noticed)?;
    if let Ok(noticed) = noticed {
        go_on(draft, noticed);
    }
    gesture(draft)
}

/// A gesture that sets the state. What the state of now asks for is not begun before: an account that was
/// found expired, and is to be released, is not to be purged first.
fn change_state(draft: &mut Draft<'_>, look: &Look, gesture: impl FnOnce(&mut Draft<'_>) -> Step) -> Step {
    let noticed = draft.attributed_to(Actor::Unknown, |draft| notice(draft, look));
    not_settling(&noticed)?;
    let step = gesture(draft);
    if let (Err(Stop::Idle(Idle::AlreadySo)), Ok(noticed)) = (&step, noticed) {
        // Then what was noticed counts as if somebody had only looked.
        go_on(draft, noticed);
    }
    step
}

/// Begins what the state asks for, and the operator did not. Nobody knows who changed the tag; what follows
/// from it is begun by the program itself, and by no stranger.
fn go_on(draft: &mut Draft<'_>, noticed: Noticed) {
    let _ = draft.attributed_to(Actor::Spa, |draft| begin(draft, noticed));
}

fn not_settling<T>(step: &Result<T, Stop>) -> Step {
    match step {
        Err(Stop::Idle(Idle::Settling(until))) => Err(Refusal::Settling(*until).into()),
        Ok(_) | Err(_) => Ok(()),
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
        return adopt_as_it_is(draft, command, reading);
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

/// An account of ours that was given to its holder before it was on-boarded: no window takes it, and nothing
/// is under way that would change that. An operator can say that it counts as on-boarded from now on, as of
/// any account that came with a state. The tag was read just now, and nothing else may be about to happen.
fn adopt_as_it_is(draft: &mut Draft<'_>, command: &Command, reading: &Reading) -> Step {
    if draft.account.on_boarded.is_some() {
        return Err(Idle::AlreadySo.into());
    }
    match reading {
        Reading::Known(State::Released) => {}
        Reading::Known(State::Expired) => return Err(Refusal::AdoptExpired.into()),
        // Its on-boarding is under way, or waits.
        Reading::Known(State::Vanilla | State::Assigned) | Reading::Untagged => {
            return Err(Idle::AlreadySo.into());
        }
        Reading::Unrecognised(_) | Reading::Unreadable(_) => {
            return Err(Refusal::NothingToAdopt(reading.clone()).into());
        }
    }
    not_busy(draft)?;
    let account = &draft.account;
    let settled = account.tag.reading == *reading
        && account.tag.entered
        && account.task.is_none()
        && account.cycle.is_none()
        && account.quarantine.is_none()
        && !account.has_state_change_owed();
    if !settled {
        return Err(Refusal::AdoptUnsettled.into());
    }
    accept(draft, command);
    draft.record(Fact::Adopted { state: State::Released });
    enter::enter(draft);
    Ok(())
}

/// Sets the tag to vanilla or released; what ran before is given up.
///
/// A hold keeps an account from being prepared or purged. It does not keep it from its holder: an account
/// that waits, expired, for the end of a hold can be released.
fn set_state(draft: &mut Draft<'_>, command: &Command, reading: &Reading, to: State) -> Step {
    let on_boards = to == State::Vanilla;
    if draft.account.custody != Custody::Ours && !on_boards {
        return Err(Refusal::AwaitsAdoption.into());
    }
    if on_boards {
        not_held(draft)?;
    } else if *reading == Reading::Untagged {
        // Nobody prepared it, and nobody knows its holder: it is on-boarded first.
        let gesture = Gesture::Release;
        return Err(Refusal::WrongState { gesture, reading: reading.clone() }.into());
    }
    not_busy(draft)?;
    if *reading == Reading::Known(to) && draft.account.custody == Custody::Ours {
        return take_back(draft, command, to);
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

/// The tag says so already. A change that is owed, and that nobody has in hand, is taken back: it was
/// ordered, or a window wants it, and it could not be written yet.
fn take_back(draft: &mut Draft<'_>, command: &Command, state: State) -> Step {
    let changes = draft.account.owed.iter().filter(|owed| !owed.superseded).find_map(changes_state_to);
    match (state, changes) {
        // On-boarding is what vanilla asks for.
        (_, None) | (State::Vanilla, Some(State::Assigned)) => Err(Idle::AlreadySo.into()),
        (State::Released, Some(_)) => {
            accept(draft, command);
            overrule(draft);
            draft.record(Fact::StateOrdered { state });
            Ok(())
        }
        (State::Vanilla | State::Assigned | State::Expired, Some(to)) => Err(Refusal::Transition(to).into()),
    }
}

/// The state that the obligation leads to, when it changes the state.
fn changes_state_to(owed: &Obligation) -> Option<State> {
    match &owed.intent {
        Intent::WriteTags(write) => write.change.as_ref().map(|change| change.to),
        Intent::StartBuild { .. } | Intent::Announce(_) => None,
    }
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
        Reading::Known(State::Expired) => {
            let changes =
                draft.account.owed.iter().filter(|owed| !owed.superseded).find_map(changes_state_to);
            return Err(match changes {
                Some(to @ (State::Released | State::Vanilla)) => Refusal::Transition(to).into(),
                Some(State::Assigned | State::Expired) | None => Idle::AlreadySo.into(),
            });
        }
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

fn hold(draft: &mut Draft<'_>, command: &Command, until: Timestamp) -> Step {
    if until <= draft.now {
        return Err(Refusal::HoldHasPassed(until).into());
    }
    accept(draft, command);
    draft.record(Fact::Held { until, reason: command.reason.clone() });
    if draft.account.deferred.is_some() {
        // What waits for the end of a hold waits for the end of this one from now on.
        let _ = enter::pursue(draft);
    }
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
    let journal = draft.account.hold.as_ref();
    let Some(hold) = draft.policy.hold_at(journal, draft.now) else { return Ok(()) };
    let Hold { until, reason } = hold.clone();
    if journal == Some(hold) {
        return Err(Refusal::Held { until, reason }.into());
    }
    Err(Refusal::HeldBySettings { until, reason }.into())
}

/// A state is not changed by command under a build that runs or may run, nor under a change of state. What
/// waits, and nobody has in hand, is no obstacle: it is given up.
fn not_busy(draft: &Draft<'_>) -> Step {
    if let Some((task, _)) = draft.account.running_build() {
        return Err(Refusal::BuildInProgress { task }.into());
    }
    for owed in &draft.account.owed {
        let in_hand = owed.claim.is_some_and(|claim| claim > draft.now);
        let unknown = owed.claim.is_some() || owed.uncertain;
        let again = owed.due();
        let refusal = match (&owed.intent, changes_state_to(owed)) {
            _ if !in_hand && !unknown => continue,
            (Intent::StartBuild { task, .. }, _) if in_hand => Refusal::BuildStarting { task: *task },
            (Intent::StartBuild { task, .. }, _) => Refusal::BuildUncertain { task: *task, again },
            (Intent::WriteTags(_), Some(to)) if in_hand => Refusal::Transition(to),
            (Intent::WriteTags(_), Some(to)) => Refusal::TransitionUncertain { to, again },
            (Intent::WriteTags(_) | Intent::Announce(_), _) => continue,
        };
        return Err(refusal.into());
    }
    Ok(())
}

fn order(from: &Reading, to: State) -> Intent {
    let change = StateChange { from: from.clone(), to };
    Intent::WriteTags(Box::new(TagWrite { change: Some(change), set: Tags::new(), unset: Vec::new() }))
}
