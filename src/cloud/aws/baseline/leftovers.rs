//! What lies in an account before its baseline does: from the Python predecessor, from a stack that could not be taken
//! away as a whole, or by the holder's hand.
//!
//! CloudFormation makes nothing under a name that is taken, and cannot import projects or rules by name
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html>: their
//! identifiers are read-only). So projects and rules under our names are taken away first: nothing in them is worth
//! keeping. The alert topic is: people have subscribed to it.

use aws_config::SdkConfig;
use state_machine::{AccountId, TaskKind};

use crate::cloud::aws::call::CallError;
use crate::cloud::aws::governor::{Governor, Lane};
use crate::event::ALERT_TOPIC;

/// The stack makes the alert topic.
pub(super) const CREATE: &str = "create";

/// The stack keeps the alert topic that is there.
const KEEP: &str = "keep";

/// The rules that forward events, as the predecessor names them, too.
const RULES: [&str; 2] = ["SpaEventsRuleForCodebuild", "SpaEventsRuleForConsoleLogin"];

/// Takes away what is in the way, and answers what the stack shall do about the alert topic.
pub(super) async fn clear(
    config: &SdkConfig,
    governor: &Governor,
    account: AccountId,
) -> Result<&'static str, CallError> {
    let projects = aws_sdk_codebuild::Client::new(config);
    for task in TaskKind::ALL {
        // It is no error when there is none.
        let request = projects.delete_project().name(task.project());
        let operation = "codebuild:DeleteProject";
        governor.call(Lane::Builds, operation, Some(account), || request.clone().send()).await?;
    }
    let events = aws_sdk_eventbridge::Client::new(config);
    for rule in RULES {
        clear_rule(&events, governor, account, rule).await?;
    }
    topic(config, governor, account).await
}

async fn clear_rule(
    client: &aws_sdk_eventbridge::Client,
    governor: &Governor,
    account: AccountId,
    rule: &str,
) -> Result<(), CallError> {
    let request = client.list_targets_by_rule().rule(rule);
    let operation = "events:ListTargetsByRule";
    let listed = governor.call(Lane::Other, operation, Some(account), || request.clone().send()).await;
    let targets: Vec<String> = match listed {
        // A rule has five targets at most; there is no second page.
        Ok(listed) => listed.targets().iter().map(|target| target.id().to_owned()).collect(),
        Err(error) if error.is("ResourceNotFoundException") => return Ok(()),
        Err(error) => return Err(error),
    };
    if !targets.is_empty() {
        let request = client.remove_targets().rule(rule).set_ids(Some(targets));
        let operation = "events:RemoveTargets";
        governor.call(Lane::Other, operation, Some(account), || request.clone().send()).await?;
    }
    let request = client.delete_rule().name(rule);
    governor.call(Lane::Other, "events:DeleteRule", Some(account), || request.clone().send()).await?;
    Ok(())
}

/// The topics of the predecessor and of earlier baselines carry tags, and what carries tags is listed. One that a holder
/// made without any is not seen; then the stack cannot be made, and its reason says so.
async fn topic(
    config: &SdkConfig,
    governor: &Governor,
    account: AccountId,
) -> Result<&'static str, CallError> {
    let client = aws_sdk_resourcegroupstagging::Client::new(config);
    let mut page = None;
    // An account with more topics than that has another way of working than ours.
    for _ in 0..20 {
        let request = client.get_resources().resource_type_filters("sns:topic").set_pagination_token(page);
        let operation = "tag:GetResources";
        let listed = governor.call(Lane::Other, operation, Some(account), || request.clone().send()).await?;
        let named = |arn: &str| arn.rsplit(':').next() == Some(ALERT_TOPIC);
        if listed.resource_tag_mapping_list().iter().filter_map(|one| one.resource_arn()).any(named) {
            return Ok(KEEP);
        }
        page = listed.pagination_token.filter(|token| !token.is_empty());
        if page.is_none() {
            break;
        }
    }
    Ok(CREATE)
}
