//! What the reconciler compares.

use crate::{Account, Custody, Reading, Standing, State, Status};

/// Whether an account, as a listing of the organization shows it, differs from its journal, so that somebody
/// should look at it.
///
/// A listing may lag behind and may leave out what was never tagged, so a difference is a hint like any
/// other: the decision rests on the look that follows ([`crate::Trigger::DIFFERENCE`]).
pub fn differs(account: &Account, standing: Standing, status: Status, reading: &Reading) -> bool {
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
    *reading != account.tag.reading || account.is_stalled()
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
            && self.quarantine.is_none()
            && !self.has_state_change_owed()
    }
}
