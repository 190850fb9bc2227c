//! What is deployed, looked at and never changed: for whoever checks a deployment.

pub mod rules;
pub mod stack;

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_sqs::types::QueueAttributeName;
use state_machine::{AccountId, FailureKind, Text, UnitId};

use super::call::CallError;
use super::governor::{Governor, Lane};
use super::pages::Pages;

const DESCRIBE_ORGANIZATION: &str = "organizations:DescribeOrganization";
const LIST_SERVICE_ACCESS: &str = "organizations:ListAWSServiceAccessForOrganization";
const LIST_PARENTS: &str = "organizations:ListParents";
const GET_PARAMETERS_BY_PATH: &str = "ssm:GetParametersByPath";
const GET_QUEUE_ATTRIBUTES: &str = "sqs:GetQueueAttributes";
const GET_QUEUE_URL: &str = "sqs:GetQueueUrl";
const LIST_QUEUES: &str = "sqs:ListQueues";

/// The organization that this account belongs to, and the account that owns it. Every account of an organization may ask:
/// <https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html>.
///
/// # Errors
/// When it belongs to none (`Missing`), or nobody knows.
pub async fn organization(config: &SdkConfig, governor: &Governor) -> Result<(Text, AccountId), CallError> {
    let request = aws_sdk_organizations::Client::new(config).describe_organization();
    let answer =
        governor.call(Lane::Organizations, DESCRIBE_ORGANIZATION, None, || request.clone().send()).await?;
    let told = answer.organization();
    let identifier = told.and_then(|told| told.id()).unwrap_or_default();
    let owner = told.and_then(|told| told.master_account_id()).unwrap_or_default().parse();
    match owner {
        Ok(owner) if !identifier.is_empty() => Ok((identifier.into(), owner)),
        _ => Err(CallError::odd(DESCRIBE_ORGANIZATION, "it tells neither identifier nor owner")),
    }
}

/// Whether the organization has such a unit: it stands in something, then.
///
/// # Errors
/// When nobody knows.
pub async fn has_unit(config: &SdkConfig, governor: &Governor, unit: &UnitId) -> Result<bool, CallError> {
    let request = aws_sdk_organizations::Client::new(config).list_parents().child_id(unit.as_str());
    match governor.call(Lane::Organizations, LIST_PARENTS, None, || request.clone().send()).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind == FailureKind::Missing => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the organization trusts a service, by its principal: such a service may act in all of its accounts.
///
/// # Errors
/// When any page could not be read.
pub async fn trusts(config: &SdkConfig, governor: &Governor, service: &str) -> Result<bool, CallError> {
    let client = aws_sdk_organizations::Client::new(config);
    let (mut pages, mut token) = (Pages::default(), None);
    loop {
        let request = client.list_aws_service_access_for_organization().set_next_token(token);
        let call = || request.clone().send();
        let answer = governor.call(Lane::Organizations, LIST_SERVICE_ACCESS, None, call).await?;
        if answer.enabled_service_principals().iter().any(|one| one.service_principal() == Some(service)) {
            return Ok(true);
        }
        token = pages.next(LIST_SERVICE_ACCESS, answer.next_token)?;
        if token.is_none() {
            return Ok(false);
        }
    }
}

/// Every parameter below a path, with what it holds.
///
/// # Errors
/// When any page could not be read.
pub async fn parameters(
    config: &SdkConfig,
    governor: &Governor,
    path: &str,
) -> Result<BTreeMap<Text, Text>, CallError> {
    let client = aws_sdk_ssm::Client::new(config);
    let (mut found, mut pages, mut token) = (BTreeMap::new(), Pages::default(), None);
    loop {
        let request =
            client.get_parameters_by_path().path(path).recursive(true).max_results(10).set_next_token(token);
        let call = || request.clone().send();
        let answer = governor.call(Lane::Parameters, GET_PARAMETERS_BY_PATH, None, call).await?;
        for parameter in answer.parameters() {
            let (name, value) = (parameter.name().unwrap_or_default(), parameter.value().unwrap_or_default());
            found.insert(name.into(), value.into());
        }
        token = pages.next(GET_PARAMETERS_BY_PATH, answer.next_token)?;
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// About how many messages wait to be fetched.
    pub waiting: u64,
    /// About how many were fetched and are not done.
    pub in_flight: u64,
    /// About how many are held back.
    pub delayed: u64,
    /// The queue (ARN) for messages that failed too often.
    pub dead_letters: Option<Text>,
}

/// A queue, by its URL.
///
/// # Errors
/// When there is no such queue (`Missing`), or it could not be asked.
pub async fn queue(config: &SdkConfig, governor: &Governor, url: &str) -> Result<Queue, CallError> {
    let client = aws_sdk_sqs::Client::new(config);
    let request = client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
    let answer = governor.call(Lane::Other, GET_QUEUE_ATTRIBUTES, None, || request.clone().send()).await?;
    let attributes = answer.attributes.unwrap_or_default();
    let number = |name: &QueueAttributeName| {
        let text = attributes.get(name).map(String::as_str).unwrap_or_default();
        text.parse::<u64>().map_err(|_| {
            CallError::odd(GET_QUEUE_ATTRIBUTES, format!("{name} is `{text}`, which is no number"))
        })
    };
    let policy = attributes.get(&QueueAttributeName::RedrivePolicy).filter(|policy| !policy.is_empty());
    let dead_letters = match policy {
        None => None,
        Some(policy) => Some(target(policy).ok_or_else(|| {
            CallError::odd(GET_QUEUE_ATTRIBUTES, format!("its redrive policy names no queue: {policy}"))
        })?),
    };
    Ok(Queue {
        waiting: number(&QueueAttributeName::ApproximateNumberOfMessages)?,
        in_flight: number(&QueueAttributeName::ApproximateNumberOfMessagesNotVisible)?,
        delayed: number(&QueueAttributeName::ApproximateNumberOfMessagesDelayed)?,
        dead_letters,
    })
}

fn target(policy: &str) -> Option<Text> {
    let policy: serde_json::Value = serde_json::from_str(policy).ok()?;
    Some(policy.get("deadLetterTargetArn")?.as_str()?.into())
}

/// The URL of a queue, by its ARN.
///
/// # Errors
/// When there is no such queue (`Missing`), or it could not be asked.
pub async fn queue_url(config: &SdkConfig, governor: &Governor, arn: &str) -> Result<Text, CallError> {
    // arn:aws:sqs:eu-west-1:111122223333:SpaDeadLetters
    let (account, name) = match arn.split(':').collect::<Vec<_>>().as_slice() {
        [_, _, _, _, account, name] => (*account, *name),
        _ => return Err(CallError::odd(GET_QUEUE_URL, format!("`{arn}` is no queue"))),
    };
    let client = aws_sdk_sqs::Client::new(config);
    let request = client.get_queue_url().queue_name(name).queue_owner_aws_account_id(account);
    let answer = governor.call(Lane::Other, GET_QUEUE_URL, None, || request.clone().send()).await?;
    Ok(answer.queue_url().unwrap_or_default().into())
}

/// The URLs of all queues whose names begin so.
///
/// # Errors
/// When any page could not be read.
pub async fn queues(config: &SdkConfig, governor: &Governor, prefix: &str) -> Result<Vec<Text>, CallError> {
    let client = aws_sdk_sqs::Client::new(config);
    let (mut found, mut pages, mut token) = (Vec::new(), Pages::default(), None);
    loop {
        // Without a number, SQS gives no token.
        let request = client.list_queues().queue_name_prefix(prefix).max_results(1_000).set_next_token(token);
        let answer = governor.call(Lane::Other, LIST_QUEUES, None, || request.clone().send()).await?;
        found.extend(answer.queue_urls().iter().map(|url| Text::from(url.as_str())));
        token = pages.next(LIST_QUEUES, answer.next_token)?;
        if token.is_none() {
            return Ok(found);
        }
    }
}
