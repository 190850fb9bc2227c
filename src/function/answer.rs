//! What Lambda is answered, and what counts as a failure.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use state_machine::Text;

use crate::event::Refusal;
use crate::handler::Dispatched;
use crate::lifecycle::LifecycleError;

/// What an invocation that did not fail is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What came of it, for whoever invoked the function by hand. Nobody else reads it.
    Done(String),
    /// The messages of a batch that are to be delivered again; all others are done.
    ///
    /// The queue's mapping must have `ReportBatchItemFailures`, see
    /// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>. A message without an identifier
    /// is named by an empty one, which makes Lambda deliver the whole batch again; nothing is done twice by that.
    Failed(Vec<Text>),
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Item<'a> {
            item_identifier: &'a str,
        }

        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Done(outcome) => map.serialize_entry("outcome", outcome)?,
            Self::Failed(messages) => {
                let items: Vec<_> =
                    messages.iter().map(|message| Item { item_identifier: message }).collect();
                map.serialize_entry("batchItemFailures", &items)?;
            }
        }
        map.end()
    }
}

/// Why an invocation fails. Lambda tries an event twice more, then puts it where the function's failures go:
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// The journal failed, or others were faster too often.
    #[error(transparent)]
    Lifecycle(#[from] LifecycleError),
    /// Something that the decision needs could not be read.
    #[error("{0}")]
    Unreadable(String),
    /// Nobody can read the event. Trying again does not help; it lies whole among the failures then, where a
    /// person finds it.
    #[error("refused ({}): the event cannot be read", .0.code())]
    Malformed(Refusal),
}

impl FunctionError {
    /// The type that Lambda shows, and alarms tell failures by.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Lifecycle(error) => match error {
                LifecycleError::Journal(_) => "JournalFailed",
                LifecycleError::Contended { .. } | LifecycleError::FleetContended { .. } => "Contended",
                LifecycleError::Unlisted(_) => "OrganizationUnreadable",
                LifecycleError::NoSettings(_) => "SettingsUnreadable",
                LifecycleError::Endless { .. } => "Endless",
            },
            Self::Unreadable(_) => "Unreadable",
            Self::Malformed(_) => "MalformedEvent",
        }
    }
}

/// What Lambda is told of what came of an invocation.
///
/// # Errors
/// When the event is to be delivered again, or is to lie among the failures.
pub fn answer(dispatched: Dispatched) -> Result<Answer, FunctionError> {
    match dispatched {
        Dispatched::Batch(_) => Ok(Answer::Failed(dispatched.failed_messages())),
        Dispatched::Refused(refusal) if refusal.is_malformed() => Err(FunctionError::Malformed(refusal)),
        done if done.try_again() => Err(FunctionError::Unreadable(done.to_string())),
        done => Ok(Answer::Done(done.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handler::Answered;

    #[test]
    fn lambda_is_told_in_its_own_words() {
        let batch = Dispatched::Batch(vec![
            Answered { id: "a".into(), outcome: Err("the journal failed".to_owned()) },
            Answered { id: "b".into(), outcome: Ok(Dispatched::Refused(Refusal::SignInFailed)) },
            Answered { id: "c".into(), outcome: Ok(Dispatched::Refused(Refusal::UnknownShape)) },
        ]);
        let told = serde_json::to_string(&answer(batch).unwrap()).unwrap();
        assert_eq!(told, r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"c"}]}"#);
        let none = serde_json::to_string(&answer(Dispatched::Batch(Vec::new())).unwrap()).unwrap();
        assert_eq!(none, r#"{"batchItemFailures":[]}"#);
        let foreign = answer(Dispatched::Refused(Refusal::SignInFailed)).unwrap();
        let told = serde_json::to_string(&foreign).unwrap();
        assert_eq!(told, r#"{"outcome":"refused (sign-in-failed): somebody failed to sign in"}"#);
        let malformed = answer(Dispatched::Refused(Refusal::UnknownShape)).unwrap_err();
        assert_eq!(malformed.name(), "MalformedEvent");
        assert_eq!(malformed.to_string(), "refused (unknown-shape): the event cannot be read");
    }
}
