//! Rules of a bus, and who may put events on it.

use aws_config::SdkConfig;
use serde_json::Value;
use state_machine::{FailureKind, Text};

use crate::cloud::aws::call::CallError;
use crate::cloud::aws::governor::{Governor, Lane};

const DESCRIBE_RULE: &str = "events:DescribeRule";
const LIST_TARGETS: &str = "events:ListTargetsByRule";
const DESCRIBE_EVENT_BUS: &str = "events:DescribeEventBus";

/// A rule of the default bus.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Whether it is at work.
    pub enabled: bool,
    /// What it takes; null where that is no JSON, or the rule is a schedule.
    pub pattern: Value,
    /// Where it sends what it takes. AWS allows five.
    pub targets: Vec<Target>,
}

/// Where a rule sends what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What it is.
    pub arn: Text,
    /// The queue (ARN) for what it does not take.
    pub dead_letters: Option<Text>,
}

/// A rule, by its name; `None`: there is no such rule.
///
/// # Errors
/// When nobody knows.
pub async fn rule(config: &SdkConfig, governor: &Governor, name: &str) -> Result<Option<Rule>, CallError> {
    let client = aws_sdk_eventbridge::Client::new(config);
    let request = client.describe_rule().name(name);
    let described = governor.call(Lane::Other, DESCRIBE_RULE, None, || request.clone().send()).await;
    let described = match described {
        Ok(described) => described,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let request = client.list_targets_by_rule().rule(name);
    let listed = governor.call(Lane::Other, LIST_TARGETS, None, || request.clone().send()).await?;
    let target = |target: &aws_sdk_eventbridge::types::Target| Target {
        arn: target.arn().into(),
        dead_letters: target.dead_letter_config().and_then(|queue| queue.arn()).map(Text::from),
    };
    Ok(Some(Rule {
        enabled: described.state().is_some_and(|state| state.as_str().starts_with("ENABLED")),
        pattern: described
            .event_pattern()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default(),
        targets: listed.targets().iter().map(target).collect(),
    }))
}

/// The policy of a bus, by the name or ARN of the bus; the inner `None`: it has none, and only its own account may put
/// events; the outer one: there is no such bus.
///
/// # Errors
/// When nobody knows.
pub async fn bus_policy(
    config: &SdkConfig,
    governor: &Governor,
    bus: &str,
) -> Result<Option<Option<Value>>, CallError> {
    let request = aws_sdk_eventbridge::Client::new(config).describe_event_bus().name(bus);
    match governor.call(Lane::Other, DESCRIBE_EVENT_BUS, None, || request.clone().send()).await {
        Ok(bus) => match bus.policy().filter(|policy| !policy.is_empty()).map(serde_json::from_str) {
            None => Ok(Some(None)),
            Some(Ok(policy)) => Ok(Some(Some(policy))),
            Some(Err(error)) => {
                Err(CallError::odd(DESCRIBE_EVENT_BUS, format!("its policy is no JSON: {error}")))
            }
        },
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_missing(error: &CallError) -> bool {
    error.kind == FailureKind::Missing || error.is("ResourceNotFoundException")
}
