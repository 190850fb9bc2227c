//! The names of our own events. They are those of the Python predecessor: people subscribed rules to them.

use std::fmt;
use std::str::FromStr;

/// What one of our own events is about; the member `detail-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// An account went a step further.
    Account(AccountLabel),
    /// Something was done for an account that is worth counting.
    Activity(ActivityLabel),
    /// Something went wrong.
    Exception(ExceptionLabel),
    /// `MessageToMicrosoftTeams`: a message for the chat.
    MessageToMicrosoftTeams,
}

/// The text is no label of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no event of this system")]
pub struct UnknownLabel(pub String);

/// An enumeration of labels, with the texts that they have in events.
macro_rules! labels {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(
                #[doc = concat!("`", $text, "`:")]
                $(#[$doc])*
                $variant,
            )*
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The text that it has in events.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            fn named(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownLabel;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::named(text).ok_or_else(|| UnknownLabel(text.to_owned()))
            }
        }
    };
}

labels! {
    /// An account went a step further, or a build in it reports.
    AccountLabel {
        /// the account was taken over and given to its holder.
        Created = "CreatedAccount",
        /// the account waits for its preparation.
        Assigned = "AssignedAccount",
        /// the preparation succeeded.
        Prepared = "PreparedAccount",
        /// the account is in the hands of its holder.
        Released = "ReleasedAccount",
        /// the account waits for its purge.
        Expired = "ExpiredAccount",
        /// the purge succeeded.
        Purged = "PurgedAccount",
        /// the end of the log of a preparation, sent by the build itself.
        PreparationReport = "PreparationReport",
        /// the end of the log of a purge, sent by the build itself.
        PurgeReport = "PurgeReport",
    }
}

labels! {
    /// Something was done for an account that is worth counting.
    ActivityLabel {
        /// a holder signed in to the console.
        ConsoleLogin = "ConsoleLoginEvent",
        /// an account went through its maintenance.
        SuccessfulMaintenance = "SuccessfulMaintenanceEvent",
        /// an account was on-boarded.
        SuccessfulOnBoarding = "SuccessfulOnBoardingEvent",
    }
}

labels! {
    /// Something went wrong.
    ExceptionLabel {
        /// a budget raised an alert.
        BudgetAlert = "BudgetAlertException",
        /// somebody signed in as a user of IAM.
        ConsoleLoginWithIamUser = "ConsoleLoginWithIamUserException",
        /// somebody signed in as root user.
        ConsoleLoginWithRoot = "ConsoleLoginWithRootException",
        /// a build failed.
        FailedCodebuild = "FailedCodebuildException",
        /// a maintenance did not come to its end.
        FailedMaintenance = "FailedMaintenanceException",
        /// an on-boarding did not come to its end.
        FailedOnBoarding = "FailedOnBoardingException",
        /// anything else.
        Generic = "GenericException",
    }
}

impl AccountLabel {
    /// Whether a build inside a member account may send it, about that account.
    pub const fn is_report(self) -> bool {
        matches!(self, Self::PreparationReport | Self::PurgeReport)
    }
}

impl Label {
    /// The text that it has in events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account(label) => label.as_str(),
            Self::Activity(label) => label.as_str(),
            Self::Exception(label) => label.as_str(),
            Self::MessageToMicrosoftTeams => "MessageToMicrosoftTeams",
        }
    }

    /// Whether a build inside a member account may send it, about that account.
    pub const fn is_report(self) -> bool {
        matches!(self, Self::Account(label) if label.is_report())
    }
}

impl FromStr for Label {
    type Err = UnknownLabel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == Self::MessageToMicrosoftTeams.as_str() {
            return Ok(Self::MessageToMicrosoftTeams);
        }
        AccountLabel::named(text)
            .map(Self::Account)
            .or_else(|| ActivityLabel::named(text).map(Self::Activity))
            .or_else(|| ExceptionLabel::named(text).map(Self::Exception))
            .ok_or_else(|| UnknownLabel(text.to_owned()))
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_is_read_back() {
        let accounts = AccountLabel::ALL.iter().map(|&label| Label::Account(label));
        let activities = ActivityLabel::ALL.iter().map(|&label| Label::Activity(label));
        let exceptions = ExceptionLabel::ALL.iter().map(|&label| Label::Exception(label));
        let labels: Vec<_> =
            accounts.chain(activities).chain(exceptions).chain([Label::MessageToMicrosoftTeams]).collect();
        assert_eq!(labels.len(), 8 + 3 + 7 + 1);
        for label in labels {
            assert_eq!(label.as_str().parse(), Ok(label));
        }
        assert!("createdaccount".parse::<Label>().is_err());
        assert_eq!("PurgedAccount".parse(), Ok(AccountLabel::Purged));
    }
}
