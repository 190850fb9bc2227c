//! What entering a state asks for.

use crate::account::Custody;
use crate::draft::Draft;
use crate::{
    AccountLabel, Announcement, CycleEnd, CycleKind, Fact, Idle, Intent, Reading, Relief, State, StateChange,
    TagWrite, Tags, TaskKind, Trouble,
};

use super::{Step, trouble};

/// Begins what the tag asks for, now that it is known to say so.
pub(super) fn enter(draft: &mut Draft<'_>) {
    match draft.account.tag.reading.clone() {
        Reading::Untagged => begin_on_boarding(draft),
        Reading::Known(State::Vanilla) => {
            draft.record(Fact::Entered { state: State::Vanilla });
            begin_on_boarding(draft);
        }
        Reading::Known(State::Assigned) => {
            begin_cycle_unless_one_runs(draft, None);
            draft.record_owing(
                Fact::Entered { state: State::Assigned },
                [announce(AccountLabel::AssignedAccount)],
            );
            let _ = pursue(draft);
        }
        Reading::Known(State::Released) => released(draft),
        Reading::Known(State::Expired) => {
            begin_cycle_unless_one_runs(draft, Some(CycleKind::Maintenance));
            draft.record_owing(
                Fact::Entered { state: State::Expired },
                [announce(AccountLabel::ExpiredAccount)],
            );
            let _ = pursue(draft);
        }
        Reading::Unrecognised(text) => {
            trouble::quarantine(draft, Trouble::UnrecognisedState { text });
        }
        // A belief is never unreadable: what could not be read is not believed.
        Reading::Unreadable(_) => {}
    }
}

/// On-boarding: take obsolete tags away, and set the wanted ones, the holder and `assigned` in one call.
pub(super) fn begin_on_boarding(draft: &mut Draft<'_>) {
    if draft.account.cycle.is_some() {
        draft.record(Fact::CycleEnded { end: CycleEnd::Interrupted });
    }
    let profile = &draft.account.profile;
    let mut set = draft.policy.account_tags.clone();
    let holder = &draft.policy.keys.holder;
    if profile.tags.get(holder).is_none_or(|tag| tag.is_empty()) {
        set.insert(holder.clone(), profile.email.clone());
    }
    let unset = draft.policy.unset_tags.iter();
    let unset =
        unset.filter(|key| profile.tags.get(key).is_some() && set.get(key).is_none()).cloned().collect();
    let change = StateChange { from: draft.account.tag.reading.clone(), to: State::Assigned };
    let write = TagWrite { change: Some(change), set: profile.tags.missing(&set), unset };
    draft.record_owing(
        Fact::CycleBegan { cycle: CycleKind::OnBoarding, window: None },
        [announce(AccountLabel::CreatedAccount), Intent::WriteTags(Box::new(write))],
    );
}

/// A state that was set by hand may find no cycle, or one of another kind.
fn begin_cycle_unless_one_runs(draft: &mut Draft<'_>, wanted: Option<CycleKind>) {
    let running = draft.account.cycle.map(|cycle| cycle.kind);
    let first = match draft.account.on_boarded {
        None => CycleKind::OnBoarding,
        Some(_) => CycleKind::Maintenance,
    };
    let cycle = wanted.unwrap_or(first);
    match running {
        Some(running) if wanted.is_none_or(|wanted| wanted == running) => return,
        Some(_) => draft.record(Fact::CycleEnded { end: CycleEnd::Interrupted }),
        None => {}
    }
    draft.record(Fact::CycleBegan { cycle, window: None });
}

/// The account is in the hands of its holder. A cycle that still runs went all the way: whoever changes the
/// state by hand or by command ends it before.
fn released(draft: &mut Draft<'_>) {
    let announce = announce(AccountLabel::ReleasedAccount);
    let Some(cycle) = draft.account.cycle else {
        draft.record_owing(Fact::Entered { state: State::Released }, [announce]);
        return;
    };
    let activity = Announcement::Activity { cycle: cycle.kind, began: cycle.began, ended: draft.now };
    draft.record_owing(Fact::Entered { state: State::Released }, [announce, Intent::Announce(activity)]);
    draft.record(Fact::CycleEnded { end: CycleEnd::Completed });
}

/// Begins what the state that was entered asks for, unless it is begun, or must wait. Safe to call at any
/// time: it looks at what is so, not at what happened.
pub(super) fn pursue(draft: &mut Draft<'_>) -> Step {
    let account = &draft.account;
    if account.custody != Custody::Ours {
        return Err(Idle::AwaitsAdoption.into());
    }
    if let Some(quarantine) = &account.quarantine
        && quarantine.next_try.is_some()
    {
        return Err(Idle::Quarantined(quarantine.next_try).into());
    }
    let changing = |intent: &Intent| match intent {
        Intent::WriteTags(write) => write.change.is_some(),
        Intent::StartBuild { .. } => true,
        Intent::Announce(_) => false,
    };
    if account.task.is_some() || account.owed.iter().any(|owed| changing(&owed.intent)) {
        return Err(Idle::InProgress.into());
    }
    if !account.tag.entered {
        return Err(Idle::InProgress.into());
    }
    let kind = match account.tag.reading {
        Reading::Known(State::Assigned) => TaskKind::Preparation,
        Reading::Known(State::Expired) => TaskKind::Purge,
        // On-boarding is begun by its own write; if that is not owed, nobody decided on it yet.
        Reading::Known(State::Vanilla) | Reading::Untagged => {
            begin_on_boarding(draft);
            return Ok(());
        }
        Reading::Unrecognised(ref text) => {
            let text = text.clone();
            if account.quarantine.is_none() {
                trouble::quarantine(draft, Trouble::UnrecognisedState { text });
            }
            return Ok(());
        }
        Reading::Known(State::Released) | Reading::Unreadable(_) => return Err(Idle::AsExpected.into()),
    };
    if kind == TaskKind::Purge && account.on_boarded.is_none() {
        trouble::quarantine(draft, Trouble::NeverOnBoarded);
        return Ok(());
    }
    refresh_tags(draft);
    if !draft.policy.task(kind).enabled {
        skip(draft, kind);
        return Ok(());
    }
    if let Some(hold) = draft.policy.hold_at(draft.account.hold.as_ref(), draft.now) {
        let until = hold.until;
        if draft.account.deferred != Some(until) {
            draft.record(Fact::Deferred { until });
        }
        return Err(Idle::Held(until).into());
    }
    request(draft, kind, 1);
    Ok(())
}

/// A changed setting reaches the tags of an account whenever it is prepared.
fn refresh_tags(draft: &mut Draft<'_>) {
    if draft.account.tag.reading != Reading::Known(State::Assigned) {
        return;
    }
    let set = draft.account.profile.tags.missing(&draft.policy.account_tags);
    let refreshing = draft.account.owed.iter().any(|owed| matches!(owed.intent, Intent::WriteTags(_)));
    if !set.is_empty() && !refreshing {
        let write = TagWrite { change: None, set, unset: Vec::new() };
        draft.record_owing(Fact::TagsDiffer, [Intent::WriteTags(Box::new(write))]);
    }
}

/// A task that is disabled: the account goes straight on. What it was in quarantine for is not wanted any
/// more; an effect that failed has its own way out.
pub(super) fn skip(draft: &mut Draft<'_>, kind: TaskKind) {
    draft.record_owing(Fact::TaskSkipped { task: kind }, [advance(kind)]);
    let moot = draft.account.quarantine.as_ref().is_some_and(|quarantine| match &quarantine.because {
        Trouble::Build { .. } | Trouble::NeverOnBoarded | Trouble::UnrecognisedState { .. } => true,
        Trouble::Effect { .. } => false,
    });
    if moot {
        draft.record(Fact::QuarantineLeft { because: Relief::Moot });
    }
}

/// Asks for a build.
pub(super) fn request(draft: &mut Draft<'_>, kind: TaskKind, attempt: u8) {
    draft.record_owing(
        Fact::TaskRequested { task: kind, attempt },
        [Intent::StartBuild { task: kind, attempt }],
    );
}

/// The tag change that follows a task.
pub(super) fn advance(kind: TaskKind) -> Intent {
    let change = StateChange { from: Reading::Known(kind.state()), to: kind.next_state() };
    Intent::WriteTags(Box::new(TagWrite { change: Some(change), set: Tags::new(), unset: Vec::new() }))
}

pub(super) fn announce(label: AccountLabel) -> Intent {
    Intent::Announce(Announcement::Account(label))
}
