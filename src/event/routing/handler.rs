//! The functions that handle events.

use std::fmt;
use std::str::FromStr;

/// A function that handles events. One Lambda function each, all from the same binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Handler {
    /// An account may have to be on-boarded.
    OnVanillaAccount,
    /// An account is to be prepared.
    OnAssignedAccount,
    /// A preparation ended, well or not.
    OnPreparedAccount,
    /// An account is in the hands of its holder.
    OnReleasedAccount,
    /// An account is to be purged.
    OnExpiredAccount,
    /// A purge ended, well or not.
    OnPurgedAccount,
    /// It is time for maintenance.
    OnMaintenanceWindow,
    /// It is time to look whether something is due.
    OnWakeUp,
    /// It is time to compare what is with what should be.
    OnReconcile,
    /// An account went a step further: reports and metrics count it.
    OnAccountEvent,
    /// Something went wrong: an incident is made of it.
    OnException,
    /// A budget raised an alert.
    OnAlert,
    /// Somebody signed in to the console.
    OnConsoleLogin,
    /// Something was done that reports count.
    OnActivity,
    /// The chat shall know.
    ToMicrosoftTeams,
}

/// What a handler has to do for no account in particular.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chore {
    /// Open a maintenance window.
    Window,
    /// Wake what is due.
    WakeUp,
    /// Wake what is due, look after the window, and compare.
    Reconcile,
}

/// The text is the name of no function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no function of this system; they are named like on-vanilla-account")]
pub struct UnknownHandler(pub String);

impl Handler {
    /// Every one of them.
    pub const ALL: [Self; 15] = [
        Self::OnVanillaAccount,
        Self::OnAssignedAccount,
        Self::OnPreparedAccount,
        Self::OnReleasedAccount,
        Self::OnExpiredAccount,
        Self::OnPurgedAccount,
        Self::OnMaintenanceWindow,
        Self::OnWakeUp,
        Self::OnReconcile,
        Self::OnAccountEvent,
        Self::OnException,
        Self::OnAlert,
        Self::OnConsoleLogin,
        Self::OnActivity,
        Self::ToMicrosoftTeams,
    ];

    /// What it does when no event names an account; `None`: without such an event it does nothing.
    pub const fn chore(self) -> Option<Chore> {
        match self {
            Self::OnMaintenanceWindow => Some(Chore::Window),
            Self::OnWakeUp => Some(Chore::WakeUp),
            Self::OnReconcile => Some(Chore::Reconcile),
            Self::OnVanillaAccount
            | Self::OnAssignedAccount
            | Self::OnPreparedAccount
            | Self::OnReleasedAccount
            | Self::OnExpiredAccount
            | Self::OnPurgedAccount
            | Self::OnAccountEvent
            | Self::OnException
            | Self::OnAlert
            | Self::OnConsoleLogin
            | Self::OnActivity
            | Self::ToMicrosoftTeams => None,
        }
    }

    /// The name by which the binary is told which function it is.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnVanillaAccount => "on-vanilla-account",
            Self::OnAssignedAccount => "on-assigned-account",
            Self::OnPreparedAccount => "on-prepared-account",
            Self::OnReleasedAccount => "on-released-account",
            Self::OnExpiredAccount => "on-expired-account",
            Self::OnPurgedAccount => "on-purged-account",
            Self::OnMaintenanceWindow => "on-maintenance-window",
            Self::OnWakeUp => "on-wake-up",
            Self::OnReconcile => "on-reconcile",
            Self::OnAccountEvent => "on-account-event",
            Self::OnException => "on-exception",
            Self::OnAlert => "on-alert",
            Self::OnConsoleLogin => "on-console-login",
            Self::OnActivity => "on-activity",
            Self::ToMicrosoftTeams => "to-microsoft-teams",
        }
    }
}

impl fmt::Display for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Handler {
    type Err = UnknownHandler;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|handler| handler.name() == text)
            .ok_or_else(|| UnknownHandler(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_variants_in_kebab_case() {
        for handler in Handler::ALL {
            let kebab = format!("{handler:?}").chars().fold(String::new(), |mut name, character| {
                if character.is_uppercase() && !name.is_empty() {
                    name.push('-');
                }
                name.push(character.to_ascii_lowercase());
                name
            });
            assert_eq!(handler.name(), kebab);
            assert_eq!(handler.name().parse(), Ok(handler));
        }
        assert!("OnVanillaAccount".parse::<Handler>().is_err());
    }
}
