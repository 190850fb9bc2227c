//! What the exit status tells. Scripts rely on it: a number is never given another meaning.

use std::fmt::Write as _;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// It did what it was asked.
    Success,
    /// It looked, and found something: accounts that need somebody, a rule that was broken, a check that is not good, a
    /// build that failed.
    Found,
    /// The command line itself is wrong.
    Usage,
    /// The settings may not be read, or cannot be used.
    Settings,
    /// What was asked for is refused: by the rules, or by the person who was asked to confirm.
    Refused,
    /// There is no such account, unit, store, table or file. What is there and may not be read is not meant.
    NotFound,
    /// The store cannot be used: may not be read, locked, read-only, damaged, or from a newer version.
    Store,
    /// Of several accounts, some could not be served; each is named.
    Partly,
    /// Input may not be read, or is not what it should be: events, an export of an organization.
    Input,
    /// AWS does not let us: credentials are missing, expired or of another account, or a role or right is missing.
    Denied,
    /// AWS did not answer, or has no time for us now.
    Unavailable,
    /// A fault of the program or of the machine.
    Failed,
    /// Somebody stopped it (Ctrl-C).
    Interrupted,
}

impl Exit {
    /// Every way to end.
    pub const ALL: [Self; 13] = [
        Self::Success,
        Self::Found,
        Self::Usage,
        Self::Settings,
        Self::Refused,
        Self::NotFound,
        Self::Store,
        Self::Partly,
        Self::Input,
        Self::Denied,
        Self::Unavailable,
        Self::Failed,
        Self::Interrupted,
    ];

    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Found => 1,
            Self::Usage => 2,
            Self::Settings => 3,
            Self::Refused => 4,
            Self::NotFound => 5,
            Self::Store => 6,
            Self::Partly => 7,
            Self::Input => 8,
            Self::Denied => 9,
            Self::Unavailable => 10,
            // As `sysexits.h` has it: internal software error.
            Self::Failed => 70,
            // As shells report a process that SIGINT ended.
            Self::Interrupted => 130,
        }
    }

    /// What it means, in a line.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "done",
            Self::Found => {
                "something was found: accounts that need somebody, a broken rule, a bad check, a failed build"
            }
            Self::Usage => "the command line is wrong",
            Self::Settings => "the settings may not be read, or cannot be used",
            Self::Refused => "refused, by the rules or by whoever was asked to confirm",
            Self::NotFound => "no such account, unit, store, table or file",
            Self::Store => {
                "the store may not be read, or is locked, read-only, damaged, or from a newer version"
            }
            Self::Partly => "some of several accounts could not be served; each is named",
            Self::Input => {
                "input may not be read, or is not what it should be: events, an export of an organization"
            }
            Self::Denied => {
                "AWS does not let us: credentials, role or right are missing, expired or of another account"
            }
            Self::Unavailable => "AWS did not answer, or has no time for us now: try again later",
            Self::Failed => "a fault of the program or of the machine",
            Self::Interrupted => "interrupted",
        }
    }

    /// The table for `--help`.
    pub fn help() -> String {
        let mut help = String::from("Exit status:");
        for exit in Self::ALL {
            // Writing to a String cannot fail.
            let _ = write!(help, "\n  {:>3}  {}", exit.code(), exit.meaning());
        }
        help
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_means_two_things() {
        let codes: std::collections::BTreeSet<u8> = Exit::ALL.into_iter().map(Exit::code).collect();
        assert_eq!(codes.len(), Exit::ALL.len());
    }
}
