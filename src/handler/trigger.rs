//! What an event means for the lifecycle of an account.

use state_machine::{AccountId, Actor, Happening, Reading, Trigger};

use crate::event::{Body, CreationOutcome, Event, OrganizationEvent};

use super::actor;

/// The account that an event concerns, and what it says of it; `None` when the lifecycle of no account
/// depends on it.
pub(super) fn of_event(event: &Event, state_key: &str) -> Option<(AccountId, Trigger)> {
    let (account, by, happening) = match &event.body {
        Body::Organization(body) => organization(body, state_key)?,
        Body::Build(build) => {
            let happening = Happening::BuildEvent(build.build.clone());
            (event.envelope.account, Actor::Aws, happening)
        }
        Body::SignIn(_) | Body::Alert(_) | Body::Schedule(_) | Body::Own(_) | Body::WakeUp(_) => return None,
    };
    Some((account, Trigger { id: Some(event.envelope.id), by, happening }))
}

fn organization(event: &OrganizationEvent, state_key: &str) -> Option<(AccountId, Actor, Happening)> {
    match event {
        OrganizationEvent::TagResource(event) => {
            let value = event.tags.get(state_key)?;
            let happening = Happening::TagEvent(Reading::of_tag(Some(value)));
            Some((event.account, actor(&event.actor), happening))
        }
        OrganizationEvent::UntagResource(event) => {
            let taken = event.keys.iter().any(|key| **key == *state_key);
            taken.then(|| (event.account, actor(&event.actor), Happening::TagEvent(Reading::Untagged)))
        }
        OrganizationEvent::MoveAccount(event) => {
            Some((event.account, actor(&event.actor), Happening::Changed))
        }
        OrganizationEvent::CreateAccountResult(event) => match &event.outcome {
            CreationOutcome::Succeeded { account } => Some((*account, Actor::Aws, Happening::Changed)),
            CreationOutcome::Failed { .. } => None,
        },
        OrganizationEvent::CreateAccount(_) => None,
    }
}
