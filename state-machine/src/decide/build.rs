//! Ends of builds.
//!
//! The account in which a build runs belongs to its holder, so an event about a build is only a hint: what
//! counts is what CodeBuild says of the one build that the journal names.

use chrono::TimeDelta;

use crate::draft::Draft;
use crate::{
    AccountLabel, BuildFinding, BuildId, BuildOutcome, Evidence, Fact, Idle, Ignored, Intent, Need, Relief,
    Task, TaskKind, Trouble,
};

use super::{Step, Stop, enter, trouble};

/// A build ended, says an event.
pub(super) fn build_event(draft: &mut Draft<'_>, build: &BuildId, evidence: &Evidence) -> Step {
    let account = &draft.account;
    if account.running_build().is_some_and(|(_, running)| running.id == *build) {
        return look_up(draft, build, evidence);
    }
    if account.had_build(build) {
        return Err(Idle::AlreadySettled.into());
    }
    let starting = |intent: &Intent| matches!(intent, Intent::StartBuild { .. });
    if account.owed.iter().any(|owed| starting(&owed.intent) && (owed.claim.is_some() || owed.uncertain)) {
        return Err(Idle::BuildNotRecordedYet.into());
    }
    if account.custody == crate::Custody::Unseen {
        // An account without a journal does not get one from a build that nobody here started.
        return Err(Idle::Standing(draft.policy.standing).into());
    }
    draft.record(Fact::Ignored { because: Ignored::ForeignBuild { build: build.clone() } });
    Ok(())
}

/// Settles the build that the journal names from what CodeBuild says of it.
pub(super) fn look_up(draft: &mut Draft<'_>, build: &BuildId, evidence: &Evidence) -> Step {
    let finding = match &evidence.build {
        Some((found, finding)) if found == build => *finding,
        Some(_) | None => return Err(Stop::Need(Need::Build(build.clone()))),
    };
    match finding {
        BuildFinding::InProgress => in_progress(draft, build),
        BuildFinding::Unreadable(cause) => Err(Idle::Unreadable(cause).into()),
        BuildFinding::NotFound => {
            ended(draft, build, BuildOutcome::Lost);
            Ok(())
        }
        BuildFinding::Ended(outcome) => {
            ended(draft, build, outcome);
            Ok(())
        }
    }
}

fn in_progress(draft: &mut Draft<'_>, build: &BuildId) -> Step {
    let now = draft.now;
    let Some((task, running)) = draft.account.running_build() else {
        return Err(Idle::AlreadySettled.into());
    };
    let build = build.clone();
    let look_up = now + pause(now.since(running.since), draft.policy.times.look_up);
    if now >= running.deadline && !running.overdue {
        let exception = trouble::overdue(draft, task, running);
        draft.record_owing(Fact::BuildOverdue { build, look_up }, [exception]);
        return Ok(());
    }
    if now >= running.look_up {
        // What is due must not stay due: the head would say for hours that somebody should have come, and
        // the accounts that somebody should come to would stand behind it in every queue.
        let look_up = if running.overdue { look_up } else { look_up.min(running.deadline) };
        draft.record(Fact::BuildLookedUp { build, look_up });
    }
    Err(Idle::BuildRuns.into())
}

/// How long until a build that has run for so long is looked up again: the longer it has run, the longer it may
/// still run. A build whose end nobody heard of is found when it has run half as long again, and within the
/// hour.
fn pause(elapsed: TimeDelta, least: TimeDelta) -> TimeDelta {
    (elapsed / 2).clamp(least, TimeDelta::hours(1).max(least))
}

/// The build of the journal has ended.
fn ended(draft: &mut Draft<'_>, build: &BuildId, outcome: BuildOutcome) {
    let Some(Task { kind, attempt, superseded, .. }) = draft.account.task.clone() else { return };
    let fact = Fact::BuildEnded { build: build.clone(), outcome };
    if superseded {
        draft.record(fact);
        // What the account needs now could not begin while the build ran.
        let _ = enter::pursue(draft);
        return;
    }
    match outcome {
        BuildOutcome::Succeeded => succeeded(draft, kind, fact),
        BuildOutcome::Failed
        | BuildOutcome::Stopped
        | BuildOutcome::TimedOut
        | BuildOutcome::Fault
        | BuildOutcome::Lost => {
            draft.record(fact);
            failed(draft, kind, attempt, outcome, build);
        }
    }
}

fn succeeded(draft: &mut Draft<'_>, kind: TaskKind, fact: Fact) {
    let label = match kind {
        TaskKind::Preparation => AccountLabel::PreparedAccount,
        TaskKind::Purge => AccountLabel::PurgedAccount,
    };
    draft.record_owing(fact, [enter::announce(label), enter::advance(kind)]);
    if let Some(quarantine) = &draft.account.quarantine {
        match quarantine.because {
            Trouble::Build { .. } | Trouble::NeverOnBoarded | Trouble::UnrecognisedState { .. } => {
                draft.record(Fact::QuarantineLeft { because: Relief::Recovered });
            }
            // It has its own way out: its effect.
            Trouble::Effect { .. } => {}
        }
    }
}

fn failed(draft: &mut Draft<'_>, kind: TaskKind, attempt: u8, outcome: BuildOutcome, build: &BuildId) {
    let policy = draft.policy.task(kind);
    // A try out of quarantine has one attempt.
    let attempts = if draft.account.quarantine.is_some() { 1 } else { policy.attempts.get() };
    if attempt >= attempts {
        trouble::quarantine(draft, Trouble::Build { task: kind, outcome, build: build.clone() });
        return;
    }
    let pause = policy.pauses.after(u32::from(attempt), draft.account.id);
    let attempt = attempt.saturating_add(1);
    draft.record_owing_later(
        Fact::TaskRequested { task: kind, attempt },
        Intent::StartBuild { task: kind, attempt },
        draft.now + pause,
    );
}
