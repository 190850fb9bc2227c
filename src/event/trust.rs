//! Who may say what.

use state_machine::{AccountId, Text};

/// What decides whether a sender may say what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The name of this deployment, `Spa` by default. Several may live in one organization.
    pub environment: Text,
    /// The account that this system runs in: the only one whose own events count.
    pub automation_account: AccountId,
    /// The account that owns the organization: the only one that tells about it.
    pub management_account: AccountId,
}

impl Trust {
    /// Whether a queue of this name is the one that budget alerts go to.
    ///
    /// SNS writes to it on behalf of many accounts, so nothing but alerts is read from it.
    pub(super) fn is_alert_queue(&self, name: &str) -> bool {
        name.strip_prefix(&*self.environment) == Some("Alerts")
    }

    /// Whether a queue of this name is the one that we send wake-ups to ourselves through.
    pub(super) fn is_wake_up_queue(&self, name: &str) -> bool {
        name.strip_prefix(&*self.environment) == Some("WakeUps")
    }
}
