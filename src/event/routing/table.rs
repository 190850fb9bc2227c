//! Which function handles an event, as code.

use state_machine::{BuildId, State, TaskKind, Text};

use super::Handler;
use crate::event::{
    Body, BuildEvent, BuildStatus, CreationOutcome, Event, News, OrganizationEvent, Schedule,
};

/// Where an event goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// To this function.
    To(Handler),
    /// To none.
    Nowhere(NotRouted),
}

/// Why no function handles an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRouted {
    /// Tags changed, and the state is not among them. The reconciler compares the rest.
    #[error("the state is not among the tags that changed")]
    OtherTags,
    /// The account that was asked for has no identifier yet.
    #[error("the account has no identifier yet; CreateAccountResult will tell it")]
    AccountExpected,
    /// The account that was asked for does not exist.
    #[error("AWS could not create the account: {reason}")]
    AccountNotCreated {
        /// AWS's word for the reason.
        reason: Text,
    },
    /// The build runs.
    #[error("the build {build} is in progress; its end matters")]
    BuildInProgress {
        /// The build.
        build: BuildId,
    },
    /// The build is of a project that this system did not make.
    #[error("the project `{project}` is not of this system")]
    OtherProject {
        /// The project.
        project: Text,
    },
    /// The rule is not one of this system.
    #[error("the rule `{rule}` wakes no function of this system")]
    OtherSchedule {
        /// The rule.
        rule: Text,
    },
}

impl Route {
    /// The function, when there is one.
    pub const fn handler(&self) -> Option<Handler> {
        match self {
            Self::To(handler) => Some(*handler),
            Self::Nowhere(_) => None,
        }
    }
}

/// Which function handles the event. `state_key` is the key of the tag that holds the state.
pub fn route(event: &Event, state_key: &str) -> Route {
    match &event.body {
        Body::Organization(event) => organization(event, state_key),
        Body::Build(event) => build(event),
        Body::SignIn(_) => Route::To(Handler::OnConsoleLogin),
        Body::Alert(_) => Route::To(Handler::OnAlert),
        Body::Schedule(schedule) => match schedule {
            Schedule::MaintenanceWindow => Route::To(Handler::OnMaintenanceWindow),
            Schedule::WakeUp => Route::To(Handler::OnWakeUp),
            Schedule::Reconcile | Schedule::Compare => Route::To(Handler::OnReconcile),
            Schedule::Other(rule) => Route::Nowhere(NotRouted::OtherSchedule { rule: Text::clone(rule) }),
        },
        Body::WakeUp(_) => Route::To(Handler::OnWakeUp),
        Body::Own(event) => Route::To(match event.news {
            News::Account(_) => Handler::OnAccountEvent,
            News::Activity(_) => Handler::OnActivity,
            News::Exception(_) => Handler::OnException,
            News::Chat(_) => Handler::ToMicrosoftTeams,
        }),
    }
}

fn organization(event: &OrganizationEvent, state_key: &str) -> Route {
    match event {
        OrganizationEvent::TagResource(event) => match event.tags.get(state_key) {
            None => Route::Nowhere(NotRouted::OtherTags),
            Some(value) => Route::To(match value.parse() {
                Ok(State::Vanilla) => Handler::OnVanillaAccount,
                Ok(State::Assigned) => Handler::OnAssignedAccount,
                Ok(State::Released) => Handler::OnReleasedAccount,
                Ok(State::Expired) => Handler::OnExpiredAccount,
                // No transition follows from such a value, but somebody must record and say it.
                Err(_) => Handler::OnReconcile,
            }),
        },
        // Without its state the account looks as if it had just arrived.
        OrganizationEvent::UntagResource(event) if event.keys.iter().any(|key| &**key == state_key) => {
            Route::To(Handler::OnVanillaAccount)
        }
        OrganizationEvent::UntagResource(_) => Route::Nowhere(NotRouted::OtherTags),
        OrganizationEvent::MoveAccount(_) => Route::To(Handler::OnVanillaAccount),
        OrganizationEvent::CreateAccount(_) => Route::Nowhere(NotRouted::AccountExpected),
        OrganizationEvent::CreateAccountResult(event) => match &event.outcome {
            CreationOutcome::Succeeded { .. } => Route::To(Handler::OnVanillaAccount),
            CreationOutcome::Failed { reason } => {
                Route::Nowhere(NotRouted::AccountNotCreated { reason: Text::clone(reason) })
            }
        },
    }
}

/// The end of a build goes on whatever the outcome: a failure that nobody hears of leaves the account waiting.
fn build(event: &BuildEvent) -> Route {
    let project = event.build.project();
    let Some(kind) = TaskKind::ALL.into_iter().find(|kind| kind.project() == project) else {
        return Route::Nowhere(NotRouted::OtherProject { project: project.into() });
    };
    match (event.status, kind) {
        (BuildStatus::InProgress, _) => {
            Route::Nowhere(NotRouted::BuildInProgress { build: event.build.clone() })
        }
        (_, TaskKind::Preparation) => Route::To(Handler::OnPreparedAccount),
        (_, TaskKind::Purge) => Route::To(Handler::OnPurgedAccount),
    }
}
