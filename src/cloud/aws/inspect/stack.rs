//! A stack of CloudFormation, and whether somebody changed what is in it by hand.

use aws_config::SdkConfig;
use aws_sdk_cloudformation::types::StackDriftStatus;
use state_machine::{Text, Timestamp};

use crate::cloud::aws::call::CallError;
use crate::cloud::aws::governor::{Governor, Lane};

const DESCRIBE_STACKS: &str = "cloudformation:DescribeStacks";

/// A stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Its status, in CloudFormation's words.
    pub status: Text,
    /// What the last look for drift found.
    pub drift: Drift,
}

/// Whether something is not as the template says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drift {
    /// Nobody has looked, or it cannot be told.
    Unknown,
    /// Everything was as the template says.
    None(Option<Timestamp>),
    /// Something was not.
    Some(Option<Timestamp>),
}

/// A stack, by its name; `None`: there is no such stack.
///
/// # Errors
/// When nobody knows.
pub async fn stack(config: &SdkConfig, governor: &Governor, name: &str) -> Result<Option<Stack>, CallError> {
    let request = aws_sdk_cloudformation::Client::new(config).describe_stacks().stack_name(name);
    let answer = match governor.call(Lane::Other, DESCRIBE_STACKS, None, || request.clone().send()).await {
        Ok(answer) => answer,
        // CloudFormation has no code of its own for it.
        Err(error) if error.is("ValidationError") && error.message.contains("does not exist") => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    Ok(answer.stacks().first().map(|stack| {
        let drift = stack.drift_information();
        let at = drift
            .and_then(|drift| drift.last_check_timestamp())
            .and_then(|at| Timestamp::from_millis(at.to_millis().ok()?).ok());
        Stack {
            status: stack.stack_status().map_or("unknown", |status| status.as_str()).into(),
            drift: match drift.and_then(|drift| drift.stack_drift_status()) {
                Some(StackDriftStatus::InSync) => Drift::None(at),
                Some(StackDriftStatus::Drifted) => Drift::Some(at),
                _ => Drift::Unknown,
            },
        }
    }))
}
