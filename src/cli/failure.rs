//! An error as a person reads it.

use std::error::Error;

use state_machine::{FailureKind, Unreadable as Unread};

use crate::journal::JournalError;
use crate::lifecycle::LifecycleError;
use crate::local::EngineError;
use crate::local::found::ExportError;
use crate::settings::Unreadable;
use crate::simulation::SimulationError;
use crate::store::StoreError;

use super::Exit;

/// Why a command could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    exit: Exit,
    message: String,
    causes: Vec<String>,
    help: Vec<String>,
    subject: Option<Subject>,
}

/// What a failure is about, for whoever knows where that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The journal.
    Journal,
    /// The accounts of the organization.
    Organization,
    /// The settings, as far as they are kept where the accounts are.
    Settings,
    /// As whom this process acts.
    Caller,
}

impl Failure {
    /// A failure with this status and message.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), causes: Vec::new(), help: Vec::new(), subject: None }
    }

    /// A failure that an error led to, with everything that lies below it.
    pub fn of(exit: Exit, error: &dyn Error) -> Self {
        let mut failure = Self::new(exit, error.to_string());
        let mut below = error.source();
        while let Some(cause) = below {
            let text = cause.to_string();
            // An error that repeats what lies below it would be read twice.
            if failure.causes.last().unwrap_or(&failure.message) != &text {
                failure.causes.push(text);
            }
            below = cause.source();
        }
        failure
    }

    /// Says what could not be done; what was the message so far becomes its cause.
    #[must_use]
    pub fn about(mut self, what: &str) -> Self {
        let cause = std::mem::replace(&mut self.message, what.to_owned());
        self.causes.insert(0, cause);
        self
    }

    /// Standard output was closed by whoever read it: `spa accounts | head`. There is nobody left to tell.
    pub(super) fn closed() -> Self {
        Self::new(Exit::Success, "")
    }

    /// Says what was probably meant, or what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Says what it is about.
    #[must_use]
    pub fn on(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    /// What it is about, where somebody said so.
    pub const fn subject(&self) -> Option<Subject> {
        self.subject
    }

    /// The status for something that could not be read.
    pub const fn exit_of_unreadable(cause: Unread) -> Exit {
        match cause {
            Unread::Throttled => Exit::Unavailable,
            Unread::Denied => Exit::Denied,
            Unread::Failed => Exit::Failed,
        }
    }

    /// The status for a service that did not do what it was asked.
    pub const fn exit_of_service(kind: FailureKind) -> Exit {
        match kind {
            FailureKind::Missing => Exit::NotFound,
            FailureKind::Denied => Exit::Denied,
            FailureKind::Throttled
            | FailureKind::Busy
            | FailureKind::LimitReached
            | FailureKind::Unavailable
            | FailureKind::Unreadable => Exit::Unavailable,
            FailureKind::Rejected => Exit::Failed,
        }
    }

    /// The status that the process ends with.
    pub const fn exit(&self) -> Exit {
        self.exit
    }

    /// What went wrong, in one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What led to it, nearest first.
    pub fn causes(&self) -> &[String] {
        &self.causes
    }

    /// What to do.
    pub fn advice(&self) -> &[String] {
        &self.help
    }
}

const fn store_exit(error: &StoreError) -> Exit {
    match error {
        StoreError::Missing { .. } | StoreError::Empty { .. } => Exit::NotFound,
        StoreError::Locked
        | StoreError::ReadOnly
        | StoreError::NotOpened { .. }
        | StoreError::Newer { .. }
        | StoreError::NotAStore { .. }
        | StoreError::Damaged { .. }
        | StoreError::Full
        | StoreError::Unreadable { .. } => Exit::Store,
        StoreError::Failed(_) => Exit::Failed,
    }
}

const fn journal_exit(error: &JournalError) -> Exit {
    match error {
        JournalError::Store(error) => store_exit(error),
        JournalError::Service { kind, .. } => Failure::exit_of_service(*kind),
        JournalError::Unreadable { .. } => Exit::Store,
        JournalError::OutOfOrder { .. } | JournalError::TooLarge { .. } => Exit::Failed,
    }
}

const fn lifecycle_exit(error: &LifecycleError) -> Exit {
    match error {
        LifecycleError::Journal(error) => journal_exit(error),
        LifecycleError::Unlisted(cause) | LifecycleError::NoSettings(cause) => {
            Failure::exit_of_unreadable(*cause)
        }
        LifecycleError::Contended { .. }
        | LifecycleError::FleetContended { .. }
        | LifecycleError::Endless { .. } => Exit::Failed,
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let failure = Self::of(store_exit(&error), &error);
        match error {
            StoreError::Missing { .. } | StoreError::Empty { .. } => {
                failure.help("`spa up` makes one; --store FILE or SPA_STORE names another")
            }
            _ => failure,
        }
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Store(error) => error.into(),
            JournalError::Service { .. } => Self::of(journal_exit(&error), &error).on(Subject::Journal),
            JournalError::Unreadable { .. }
            | JournalError::TooLarge { .. }
            | JournalError::OutOfOrder { .. } => Self::of(journal_exit(&error), &error),
        }
    }
}

impl From<LifecycleError> for Failure {
    fn from(error: LifecycleError) -> Self {
        match error {
            LifecycleError::Journal(error) => error.into(),
            LifecycleError::Unlisted(_) => Self::of(lifecycle_exit(&error), &error).on(Subject::Organization),
            LifecycleError::NoSettings(_) => Self::of(lifecycle_exit(&error), &error).on(Subject::Settings),
            LifecycleError::Contended { .. }
            | LifecycleError::FleetContended { .. }
            | LifecycleError::Endless { .. } => Self::of(lifecycle_exit(&error), &error),
        }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Store(error) => error.into(),
            EngineError::Lifecycle(error) => error.into(),
        }
    }
}

impl From<SimulationError> for Failure {
    fn from(error: SimulationError) -> Self {
        match error {
            SimulationError::Engine(error) => error.into(),
            SimulationError::Lifecycle(error) => error.into(),
            SimulationError::Journal(error) => error.into(),
            SimulationError::Store(error) => error.into(),
        }
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        let unreadable = match &error {
            ExportError::File { unreadable, .. } => Some(unreadable),
            ExportError::Shape { .. }
            | ExportError::Twice { .. }
            | ExportError::OnePage { .. }
            | ExportError::Empty { .. } => None,
        };
        let missing = matches!(unreadable, Some(Unreadable::Missing));
        let failure = Self::of(if missing { Exit::NotFound } else { Exit::Input }, &error);
        unreadable.and_then(Unreadable::help).into_iter().fold(failure, Self::help)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_once() {
        let error = ExportError::File { path: "accounts.json".to_owned(), unreadable: Unreadable::Missing };
        let failure = Failure::from(error);
        assert_eq!(failure.exit(), Exit::NotFound);
        assert_eq!(failure.message(), "accounts.json cannot be read");
        assert_eq!(failure.causes(), ["the file does not exist"]);
    }
}
