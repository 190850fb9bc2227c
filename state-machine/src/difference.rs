//! What the reconciler compares.

use crate::{Account, Custody, Policy, Reading, Standing, State, Status, Timestamp, Trouble};

/// Whether an account, as a listing of the organization shows it, differs from its journal, so that somebody
/// should look at it.
///
/// A listing may lag behind and may leave out what was never tagged, so a difference is a hint like any
/// other: the decision rests on the look that follows ([`crate::Trigger::DIFFERENCE`]).
pub fn differs(
    account: &Account,
    policy: &Policy,
    status: Status,
    reading: &Reading,
    now: Timestamp,
) -> bool {
    let standing = policy.standing;
    match account.custody {
        Custody::Unseen => return standing == Standing::Managed && status == Status::Active,
        Custody::Sighted | Custody::Ours => {}
    }
    if standing != account.standing || status != account.status {
        return true;
    }
    if standing != Standing::Managed || status != Status::Active {
        return false;
    }
    *reading != account.tag.reading || account.is_stalled() || account.waits_too_long(policy, now)
}

impl Account {
    /// Whether the account is in a state that asks for something, and nothing is begun, owed, or waited for.
    /// No decision leaves it so; the reconciler looks all the same.
    pub fn is_stalled(&self) -> bool {
        let asks = match self.tag.reading {
            Reading::Known(State::Vanilla | State::Assigned | State::Expired)
            | Reading::Untagged
            | Reading::Unrecognised(_) => true,
            Reading::Known(State::Released) | Reading::Unreadable(_) => false,
        };
        asks && self.is_touchable()
            && self.tag.entered
            && self.task.is_none()
            && self.deferred.is_none()
            && !self.is_waiting_in_quarantine()
            && !self.has_state_change_owed()
    }

    /// Whether somebody comes for it, in quarantine.
    fn is_waiting_in_quarantine(&self) -> bool {
        self.quarantine.as_ref().is_some_and(|quarantine| {
            quarantine.next_try.is_some() || matches!(quarantine.because, Trouble::Effect { .. })
        })
    }

    /// Whether it waits for the end of a hold that is not there any more: the settings held it, and were
    /// changed.
    fn waits_too_long(&self, policy: &Policy, now: Timestamp) -> bool {
        let Some(until) = self.deferred else { return false };
        let held = policy.hold_at(self.hold.as_ref(), now).map(|hold| hold.until);
        !self.is_waiting_in_quarantine() && held.is_none_or(|held| held < until)
    }
}
