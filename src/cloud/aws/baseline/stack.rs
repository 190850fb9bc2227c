//! The stack in an account, as `DescribeStacks` shows it.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::primitives::DateTime;
use aws_sdk_cloudformation::types::{self, StackDriftStatus, StackStatus};
use state_machine::Timestamp;

use super::wanted::TOPIC_HANDLING;

/// The name of the stack.
pub const STACK: &str = "SpaBaseline";

/// The tag that holds the content hash.
pub const HASH_TAG: &str = "spa-baseline";

/// The stack, as far as it matters.
#[derive(Clone, Debug)]
pub(super) struct Stack {
    pub(super) condition: Condition,
    /// CloudFormation's word for the condition.
    pub(super) status: String,
    /// The content hash that its tag says.
    pub(super) hash: Option<String>,
    /// Its parameters, without the one that differs from account to account.
    pub(super) parameters: BTreeMap<String, String>,
    /// Whether it makes the alert topic or keeps one.
    pub(super) topic: Option<String>,
    /// When it was made or last updated.
    pub(super) changed: Option<Timestamp>,
    /// Whether resources were found to differ from the template.
    pub(super) drifted: bool,
    /// When somebody last looked whether they do.
    pub(super) checked: Option<Timestamp>,
}

/// What can be done with a stack. CloudFormation's words for it:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// It is gone.
    Gone,
    /// It stands, and can be changed.
    Standing,
    /// It stands; what an update left over is being taken away.
    CleaningUp,
    /// It stands as it was before an update that failed.
    NotUpdated,
    /// It is being changed.
    Moving,
    /// It could not be made, and can only be taken away.
    NotMade,
    /// Neither new nor old: it can only be taken away.
    Broken,
    /// It could not be taken away.
    NotRemoved,
    /// Somebody made a change set and did not execute it; nothing stands yet.
    Reviewed,
    /// A word that is not known here.
    Unknown,
}

impl Stack {
    pub(super) fn of(stack: &types::Stack) -> Self {
        // One that is empty may come without a value.
        let told = |parameter: &types::Parameter| {
            let value = parameter.parameter_value().unwrap_or_default();
            Some((parameter.parameter_key()?.to_owned(), value.to_owned()))
        };
        let mut parameters: BTreeMap<String, String> = stack.parameters().iter().filter_map(told).collect();
        let topic = parameters.remove(TOPIC_HANDLING);
        let hash = stack.tags().iter().find(|tag| tag.key() == Some(HASH_TAG)).and_then(types::Tag::value);
        let drift = stack.drift_information();
        Self {
            condition: stack.stack_status().map_or(Condition::Unknown, condition),
            status: stack.stack_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            hash: hash.map(str::to_owned),
            parameters,
            topic,
            changed: instant(stack.last_updated_time().or(stack.creation_time())),
            drifted: drift.and_then(|drift| drift.stack_drift_status()) == Some(&StackDriftStatus::Drifted),
            checked: instant(drift.and_then(|drift| drift.last_check_timestamp())),
        }
    }
}

fn instant(told: Option<&DateTime>) -> Option<Timestamp> {
    Timestamp::from_millis(told?.to_millis().ok()?).ok()
}

pub(super) fn condition(status: &StackStatus) -> Condition {
    match status {
        StackStatus::DeleteComplete => Condition::Gone,
        StackStatus::CreateComplete
        | StackStatus::UpdateComplete
        | StackStatus::ImportComplete
        | StackStatus::ImportRollbackComplete => Condition::Standing,
        StackStatus::UpdateCompleteCleanupInProgress => Condition::CleaningUp,
        StackStatus::UpdateRollbackComplete => Condition::NotUpdated,
        StackStatus::CreateInProgress
        | StackStatus::DeleteInProgress
        | StackStatus::ImportInProgress
        | StackStatus::ImportRollbackInProgress
        | StackStatus::RollbackInProgress
        | StackStatus::UpdateInProgress
        | StackStatus::UpdateRollbackCompleteCleanupInProgress
        | StackStatus::UpdateRollbackInProgress => Condition::Moving,
        StackStatus::CreateFailed | StackStatus::RollbackComplete | StackStatus::RollbackFailed => {
            Condition::NotMade
        }
        StackStatus::ImportRollbackFailed | StackStatus::UpdateFailed | StackStatus::UpdateRollbackFailed => {
            Condition::Broken
        }
        StackStatus::DeleteFailed => Condition::NotRemoved,
        StackStatus::ReviewInProgress => Condition::Reviewed,
        _ => Condition::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_a_stack_has_a_meaning() {
        // The SDK lists what AWS's model has: a new word fails here.
        for status in StackStatus::values() {
            assert_ne!(condition(&StackStatus::from(*status)), Condition::Unknown, "{status}");
        }
        assert_eq!(condition(&StackStatus::from("PONDERING")), Condition::Unknown);
    }
}
