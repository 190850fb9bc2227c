//! What keeps an account from going on by itself: who has to look, and at what.

use chrono::TimeDelta;
use state_machine::{Account, Custody, Standing, Timestamp};

use super::time;

/// How long something may be due before somebody has to look: many times the reconciler's round.
const LATE: TimeDelta = TimeDelta::hours(1);

/// Why somebody has to look at an account that does not go on by itself; `None` when it does.
pub fn stuck(account: &Account, now: Timestamp) -> Option<String> {
    told(account, now, |instant| time::distance(instant, now))
}

/// The same for programs, which do not know what the time was: `in 5m` says nothing to them.
pub fn stuck_at(account: &Account, now: Timestamp) -> Option<String> {
    told(account, now, |instant| format!("at {}", time::shown(instant)))
}

fn told(account: &Account, now: Timestamp, next: impl Fn(Timestamp) -> String) -> Option<String> {
    if account.custody() != Custody::Ours || account.standing() != Standing::Managed {
        return None;
    }
    if let Some(quarantine) = account.quarantine() {
        return Some(match quarantine.next_try {
            Some(instant) => format!("in quarantine, next try {}", next(instant)),
            None => "in quarantine, a try is running".to_owned(),
        });
    }
    if account.is_stalled() {
        return Some("nothing is begun, owed or waited for".to_owned());
    }
    if let Some((kind, build)) = account.running_build()
        && (build.overdue || build.deadline < now)
    {
        return Some(format!("the {kind} build is overdue since {}", time::shown(build.deadline)));
    }
    match account.next_wake() {
        Some(wake) if wake + LATE < now => {
            Some(format!("something is due since {}, and nobody came", time::shown(wake)))
        }
        Some(_) | None => None,
    }
}
