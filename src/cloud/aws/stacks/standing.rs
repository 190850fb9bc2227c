//! A stack as it stands, and what can be done with it.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types;

/// A stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How it is called for good, also when it is gone.
    pub arn: String,
    /// CloudFormation's word for how it is.
    pub status: String,
    /// Why it is so, where CloudFormation says it.
    pub reason: Option<String>,
    /// What its template is filled in with.
    pub parameters: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// What can be done with a stack. CloudFormation's words for it:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It can be changed.
    Settled,
    /// Somebody has asked for a change set, and nothing stands yet.
    Empty,
    /// It is being changed or taken away.
    Moving,
    /// It could not be made, and can only be taken away. Nothing of it is in use.
    NotMade,
    /// Taking it back to what it was has failed: somebody has to help.
    Stuck,
    /// It could not be taken away as a whole.
    NotRemoved,
}

impl Standing {
    pub(super) fn of(stack: &types::Stack) -> Self {
        // One that is empty may come without a value.
        let told = |parameter: &types::Parameter| {
            let value = parameter.parameter_value().unwrap_or_default();
            Some((parameter.parameter_key()?.to_owned(), value.to_owned()))
        };
        let tag = |tag: &types::Tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned()));
        Self {
            arn: stack.stack_id().unwrap_or_default().to_owned(),
            status: stack.stack_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            reason: stack.stack_status_reason().map(str::to_owned),
            parameters: stack.parameters().iter().filter_map(told).collect(),
            tags: stack.tags().iter().filter_map(tag).collect(),
        }
    }

    /// Whether only its memory is left.
    pub(super) fn is_gone(&self) -> bool {
        self.status == "DELETE_COMPLETE"
    }

    /// What can be done with it. A word that is not known here is one for people.
    pub fn condition(&self) -> Condition {
        condition(&self.status)
    }

    /// Whether the last change of it did not come to be: it stands as it was before.
    pub fn was_taken_back(&self) -> bool {
        matches!(
            self.status.as_str(),
            "UPDATE_ROLLBACK_COMPLETE"
                | "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
                | "IMPORT_ROLLBACK_COMPLETE"
        )
    }
}

fn condition(status: &str) -> Condition {
    match status {
        "REVIEW_IN_PROGRESS" => Condition::Empty,
        "CREATE_FAILED" | "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" => Condition::NotMade,
        "DELETE_FAILED" => Condition::NotRemoved,
        "CREATE_COMPLETE"
        | "UPDATE_COMPLETE"
        | "UPDATE_ROLLBACK_COMPLETE"
        | "IMPORT_COMPLETE"
        | "IMPORT_ROLLBACK_COMPLETE" => Condition::Settled,
        _ if status.ends_with("_IN_PROGRESS") => Condition::Moving,
        _ => Condition::Stuck,
    }
}

/// Something that happened to a stack, or to a resource of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// No other event is called so.
    pub identifier: String,
    /// The resource, as the template calls it.
    pub resource: String,
    /// Its type.
    pub kind: String,
    /// CloudFormation's word for how it is now.
    pub status: String,
    /// Why, where CloudFormation says it.
    pub reason: Option<String>,
}

impl Event {
    pub(super) fn of(event: &types::StackEvent) -> Self {
        Self {
            identifier: event.event_id().unwrap_or_default().to_owned(),
            resource: event.logical_resource_id().unwrap_or_default().to_owned(),
            kind: event.resource_type().unwrap_or_default().to_owned(),
            status: event.resource_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            reason: event.resource_status_reason().map(str::to_owned),
        }
    }

    /// Whether something went wrong, and not only because something else did.
    pub fn is_cause(&self) -> bool {
        let cancelled = self.reason.as_deref().is_some_and(|reason| reason.contains("cancelled"));
        self.status.ends_with("_FAILED") && !cancelled
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::StackStatus;

    use super::*;

    #[test]
    fn every_status_of_a_stack_has_a_condition() {
        let of = |wanted: Condition| {
            let all = StackStatus::values().iter().filter(|status| condition(status) == wanted);
            all.copied().collect::<Vec<_>>().join(" ")
        };
        // The SDK lists what AWS's model has: a new word falls among these.
        // A look tells of no stack that is gone.
        let stuck = of(Condition::Stuck).replace("DELETE_COMPLETE ", "");
        assert_eq!(stuck, "IMPORT_ROLLBACK_FAILED UPDATE_FAILED UPDATE_ROLLBACK_FAILED");
        assert_eq!(of(Condition::Empty), "REVIEW_IN_PROGRESS");
        assert_eq!(of(Condition::NotMade), "CREATE_FAILED ROLLBACK_COMPLETE ROLLBACK_FAILED");
        assert_eq!(of(Condition::NotRemoved), "DELETE_FAILED");
        assert_eq!(condition("PONDERING"), Condition::Stuck);
    }
}
