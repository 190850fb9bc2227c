//! Failures: again later, or quarantine.

use crate::draft::Draft;
use crate::{
    Announcement, CycleEnd, CycleKind, Exception, ExceptionLabel, Fact, Failure, Intent, Obligation,
    ObligationId, Owner, Reading, Relief, RunningBuild, State, TaskKind, Timestamp, Trouble, Verdict,
    Withheld,
};

use super::{Step, enter};

/// A side effect failed: it is tried again, at growing distance, and in the end from quarantine.
pub(super) fn failed(draft: &mut Draft<'_>, obligation: &Obligation, failure: &Failure) -> Step {
    let unpaid = obligation.id;
    if obligation.superseded && !obligation.uncertain && !failure.kind.is_uncertain() {
        drop_effect(draft, unpaid, Withheld::Superseded);
        return enter::pursue(draft);
    }
    let failures = obligation.failures.saturating_add(1);
    let attempts = match failure.kind.verdict() {
        Verdict::TryAgain => u32::from(draft.policy.effects.attempts.get()),
        Verdict::GiveUp | Verdict::Attention => 1,
    };
    // Every try out of quarantine has all its attempts: a service that is busy just then, once, must not cost
    // another week.
    let gives_up = failures.is_multiple_of(attempts);
    let pause = if gives_up {
        draft.policy.quarantine.after(earlier_quarantines(draft, unpaid) + 1, draft.account.id)
    } else {
        draft.policy.effects.pauses.after(failures % attempts, draft.account.id)
    };
    let again = draft.now + pause;
    let (kind, message) = (failure.kind, failure.message.clone());
    draft.record(Fact::EffectFailed { unpaid, kind, message: message.clone(), again });
    if gives_up && !in_other_trouble(draft, unpaid) {
        quarantine_until(draft, Trouble::Effect { obligation: unpaid, kind, message }, again);
    }
    Ok(())
}

/// An effect is not wanted any more.
pub(super) fn drop_effect(draft: &mut Draft<'_>, dropped: ObligationId, because: Withheld) {
    draft.record(Fact::EffectDropped { dropped, because });
    relieve(draft, dropped, Relief::Moot);
    let account = &draft.account;
    let released = account.tag.reading == Reading::Known(State::Released) && account.tag.entered;
    if released && account.cycle.is_some() && !account.has_state_change_owed() {
        // A cycle that never left released.
        draft.record(Fact::CycleEnded { end: CycleEnd::Interrupted });
    }
}

/// The account leaves quarantine when what it was there for is settled.
pub(super) fn relieve(draft: &mut Draft<'_>, settled: ObligationId, because: Relief) {
    let failed = match draft.account.quarantine.as_ref().map(|quarantine| &quarantine.because) {
        Some(Trouble::Effect { obligation, .. }) => *obligation == settled,
        Some(Trouble::Build { .. } | Trouble::NeverOnBoarded | Trouble::UnrecognisedState { .. }) | None => {
            false
        }
    };
    if failed {
        draft.record(Fact::QuarantineLeft { because });
        // What waited for the way out goes on; if nothing did, that is fine too.
        let _ = enter::pursue(draft);
    }
}

/// How often this effect has led to quarantine in a row.
fn earlier_quarantines(draft: &Draft<'_>, effect: ObligationId) -> u32 {
    match &draft.account.quarantine {
        Some(quarantine) if !in_other_trouble(draft, effect) => quarantine.tries,
        Some(_) | None => 0,
    }
}

/// Whether the account is in quarantine for something else than this effect: that stays, and the effect is
/// tried again at its own time.
fn in_other_trouble(draft: &Draft<'_>, effect: ObligationId) -> bool {
    draft.account.quarantine.as_ref().is_some_and(|quarantine| match &quarantine.because {
        Trouble::Effect { obligation, .. } => *obligation != effect,
        Trouble::Build { .. } | Trouble::NeverOnBoarded | Trouble::UnrecognisedState { .. } => true,
    })
}

/// Puts the account into quarantine. Each time in a row, the next try is farther away.
pub(super) fn quarantine(draft: &mut Draft<'_>, because: Trouble) {
    let tries = draft.account.quarantine.as_ref().map_or(0, |quarantine| quarantine.tries);
    let next_try = draft.now + draft.policy.quarantine.after(tries.saturating_add(1), draft.account.id);
    quarantine_until(draft, because, next_try);
}

/// Puts the account into quarantine, with an owner and a next try, and says so.
fn quarantine_until(draft: &mut Draft<'_>, because: Trouble, next_try: Timestamp) {
    let owner = owner(&because);
    let exception = exception(draft, &because, owner, next_try);
    let fact = Fact::Quarantined { because, owner, next_try };
    match exception {
        Some(exception) => draft.record_owing(fact, [exception]),
        None => draft.record(fact),
    }
}

const fn owner(because: &Trouble) -> Owner {
    match because {
        Trouble::Build { .. } => Owner::Sre,
        Trouble::Effect { kind, .. } => match kind.verdict() {
            Verdict::TryAgain | Verdict::GiveUp => Owner::Sre,
            Verdict::Attention => Owner::DevOps,
        },
        Trouble::NeverOnBoarded | Trouble::UnrecognisedState { .. } => Owner::Operator,
    }
}

/// The exception to raise; none when it is an exception that could not be raised: that would not go out
/// either, and the quarantine shows it.
fn exception(draft: &Draft<'_>, because: &Trouble, owner: Owner, next_try: Timestamp) -> Option<Intent> {
    let account = &draft.account;
    let label = match because {
        Trouble::Build { .. } => ExceptionLabel::FailedCodebuildException,
        Trouble::Effect { obligation, .. } => {
            let intent = &account.obligation(*obligation)?.intent;
            if matches!(intent, Intent::Announce(Announcement::Exception(_))) {
                return None;
            }
            cycle_label(draft)
        }
        Trouble::NeverOnBoarded | Trouble::UnrecognisedState { .. } => cycle_label(draft),
    };
    let doing = match because {
        Trouble::Build { task, .. } => format!("{task} failed"),
        Trouble::Effect { obligation, .. } => match account.obligation(*obligation) {
            Some(obligation) => format!("could not {}", obligation.intent),
            None => "a side effect failed".to_owned(),
        },
        Trouble::NeverOnBoarded => "expired, and never on-boarded".to_owned(),
        Trouble::UnrecognisedState { .. } => "state tag not recognised".to_owned(),
    };
    let tries = account.quarantine.as_ref().map_or(0, |quarantine| quarantine.tries).saturating_add(1);
    let message = format!(
        "Account {id} is in quarantine: {because}.\nThis is for: {owner}. Time in quarantine number {tries}; \
         next try at {next_try}.\nTo see why: spa account why {id}. To try again now: spa account retry {id}.",
        id = account.id,
    );
    Some(raise(label, format!("Account {}: {doing}", account.id), message))
}

/// The exception of a build that should have ended long ago.
pub(super) fn overdue(draft: &Draft<'_>, task: TaskKind, build: &RunningBuild) -> Intent {
    let id = draft.account.id;
    let message = format!(
        "The {task} build {} of account {id} was started at {} and should have ended at {}.\n\
         CodeBuild says that it still waits or runs. It is looked up until it ends.",
        build.id, build.since, build.deadline
    );
    raise(cycle_label(draft), format!("Account {id}: {task} is overdue"), message)
}

fn cycle_label(draft: &Draft<'_>) -> ExceptionLabel {
    match draft.account.cycle.map(|cycle| cycle.kind) {
        Some(CycleKind::OnBoarding) => ExceptionLabel::FailedOnBoardingException,
        Some(CycleKind::Maintenance) => ExceptionLabel::FailedMaintenanceException,
        None => ExceptionLabel::GenericException,
    }
}

fn raise(label: ExceptionLabel, title: String, message: String) -> Intent {
    let exception = Exception { label, title: title.into(), message: message.into() };
    Intent::Announce(Announcement::Exception(Box::new(exception)))
}
