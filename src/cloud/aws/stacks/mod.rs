//! CloudFormation: the stacks of a deployment, changed by change sets, for whoever deploys.
//!
//! A change set is CloudFormation's own answer to what would happen. It is made, read to its last page, and then executed
//! or thrown away. Its name is drawn from what it was made of, so that whoever comes back after an interruption finds it.
//!
//! | module | holds |
//! | --- | --- |
//! | [`change`] | a change set: what it would do |
//! | [`standing`] | a stack, as it stands, and what can be done with it |

pub mod change;
pub mod standing;

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{
    Capability, ChangeSetStatus, ChangeSetType, ExecutionStatus, Parameter, Tag, TemplateStage,
};

use self::change::{Change, ChangeSet, Outcome};
use self::standing::{Event, Standing};
use super::call::CallError;
use super::governor::{Governor, Lane};
use super::pages::Pages;

const CREATE_CHANGE_SET: &str = "cloudformation:CreateChangeSet";
const DELETE_CHANGE_SET: &str = "cloudformation:DeleteChangeSet";
const DELETE_STACK: &str = "cloudformation:DeleteStack";
const DESCRIBE_CHANGE_SET: &str = "cloudformation:DescribeChangeSet";
const DESCRIBE_STACK_EVENTS: &str = "cloudformation:DescribeStackEvents";
const DESCRIBE_STACK_RESOURCE: &str = "cloudformation:DescribeStackResource";
const DESCRIBE_STACKS: &str = "cloudformation:DescribeStacks";
const EXECUTE_CHANGE_SET: &str = "cloudformation:ExecuteChangeSet";
const GET_TEMPLATE: &str = "cloudformation:GetTemplate";

/// How large a template may be that stands in the request itself, and one that is fetched from a bucket, in bytes:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>.
pub const INLINE: usize = 51_200;
/// See [`INLINE`].
pub const LARGEST: usize = 1_000_000;

/// The stacks of one account in one region.
#[derive(Clone, Debug)]
pub struct Stacks {
    client: Client,
    governor: Governor,
}

/// Where CloudFormation finds a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Template<'a> {
    /// In the request.
    Text(&'a str),
    /// In a bucket, at this URL.
    Url(String),
}

/// What a stack shall be made of.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// The stack.
    pub stack: &'a str,
    /// The change set.
    pub name: &'a str,
    /// Whether there is no stack of that name yet.
    pub is_new: bool,
    /// Its template.
    pub template: Template<'a>,
    /// What the template is filled in with.
    pub parameters: &'a BTreeMap<String, String>,
    /// Tags of the stack, which CloudFormation gives to everything in it.
    pub tags: &'a BTreeMap<String, String>,
}

impl Stacks {
    /// Those that this configuration reaches.
    pub fn new(config: &SdkConfig, governor: Governor) -> Self {
        Self { client: Client::new(config), governor }
    }

    /// A stack as it stands; `None` when there is none of that name.
    ///
    /// # Errors
    /// When nobody knows.
    pub async fn look(&self, stack: &str) -> Result<Option<Standing>, CallError> {
        let request = self.client.describe_stacks().stack_name(stack);
        match self.governor.call(Lane::Other, DESCRIBE_STACKS, None, || request.clone().send()).await {
            Ok(answer) => Ok(answer.stacks().first().map(Standing::of).filter(|stack| !stack.is_gone())),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The template that a stack was made from, as it was sent.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn template(&self, stack: &str) -> Result<String, CallError> {
        let request = self.client.get_template().stack_name(stack).template_stage(TemplateStage::Original);
        let answer = self.governor.call(Lane::Other, GET_TEMPLATE, None, || request.clone().send()).await?;
        answer.template_body.ok_or_else(|| CallError::odd(GET_TEMPLATE, "it tells no template"))
    }

    /// Asks for a change set, and answers its ARN. One of that name that nobody executed is taken as it is: its name tells
    /// what it was made of.
    ///
    /// # Errors
    /// When CloudFormation refuses.
    pub async fn ask(&self, order: &Order<'_>) -> Result<String, CallError> {
        let kind = if order.is_new { ChangeSetType::Create } else { ChangeSetType::Update };
        let filled = order
            .parameters
            .iter()
            .map(|(name, value)| Parameter::builder().parameter_key(name).parameter_value(value).build());
        let tags = order.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        let mut request = self
            .client
            .create_change_set()
            .stack_name(order.stack)
            .change_set_name(order.name)
            .change_set_type(kind)
            .set_parameters(Some(filled.collect()))
            .set_tags(Some(tags.collect()))
            .capabilities(Capability::CapabilityNamedIam);
        request = match &order.template {
            Template::Text(text) => request.template_body(*text),
            Template::Url(url) => request.template_url(url),
        };
        let asked = self.governor.call(Lane::Other, CREATE_CHANGE_SET, None, || request.clone().send()).await;
        match asked {
            Ok(answer) => {
                answer.id.ok_or_else(|| CallError::odd(CREATE_CHANGE_SET, "it tells no identifier"))
            }
            Err(error) if error.is("AlreadyExistsException") => self.identifier(order).await,
            Err(error) => Err(error),
        }
    }

    async fn identifier(&self, order: &Order<'_>) -> Result<String, CallError> {
        let request = self.client.describe_change_set().stack_name(order.stack).change_set_name(order.name);
        let answer =
            self.governor.call(Lane::Other, DESCRIBE_CHANGE_SET, None, || request.clone().send()).await?;
        answer.change_set_id.ok_or_else(|| CallError::odd(DESCRIBE_CHANGE_SET, "it tells no identifier"))
    }

    /// A change set (ARN), as far as it is made, with all pages of what it would do.
    ///
    /// # Errors
    /// When any page cannot be read.
    pub async fn change(&self, arn: &str) -> Result<ChangeSet, CallError> {
        let (mut changes, mut pages, mut token) = (Vec::new(), Pages::default(), None);
        loop {
            let request = self.client.describe_change_set().change_set_name(arn).set_next_token(token);
            let answer =
                self.governor.call(Lane::Other, DESCRIBE_CHANGE_SET, None, || request.clone().send()).await?;
            changes.extend(answer.changes().iter().filter_map(Change::of));
            let reason = answer.status_reason.clone().unwrap_or_default();
            let outcome = match (answer.status(), answer.execution_status()) {
                (Some(ChangeSetStatus::CreateComplete), Some(ExecutionStatus::Available)) => Outcome::Ready,
                (Some(ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress), _) => {
                    Outcome::Waits
                }
                (Some(ChangeSetStatus::Failed), _) if changes_nothing(&reason) => Outcome::Nothing,
                (Some(ChangeSetStatus::Failed), _) => Outcome::Refused(reason),
                _ => Outcome::Stale,
            };
            token = pages.next(DESCRIBE_CHANGE_SET, answer.next_token)?;
            if token.is_none() {
                return Ok(ChangeSet { arn: arn.to_owned(), outcome, changes });
            }
        }
    }

    /// Throws a change set (ARN) away.
    ///
    /// # Errors
    /// When CloudFormation refuses.
    pub async fn discard(&self, arn: &str) -> Result<(), CallError> {
        let request = self.client.delete_change_set().change_set_name(arn);
        self.governor.call(Lane::Other, DELETE_CHANGE_SET, None, || request.clone().send()).await.map(|_| ())
    }

    /// Begins to do what a change set (ARN) says.
    ///
    /// # Errors
    /// When CloudFormation refuses, or nobody knows whether it began.
    pub async fn execute(&self, arn: &str) -> Result<(), CallError> {
        let request = self.client.execute_change_set().change_set_name(arn);
        self.governor.call(Lane::Other, EXECUTE_CHANGE_SET, None, || request.clone().send()).await.map(|_| ())
    }

    /// What happened to a stack (its ARN) since that event, oldest first.
    ///
    /// # Errors
    /// When any page cannot be read.
    pub async fn events(&self, stack: &str, since: Option<&str>) -> Result<Vec<Event>, CallError> {
        let (mut events, mut pages, mut token) = (Vec::new(), Pages::default(), None);
        'pages: loop {
            let request = self.client.describe_stack_events().stack_name(stack).set_next_token(token);
            let asked =
                self.governor.call(Lane::Other, DESCRIBE_STACK_EVENTS, None, || request.clone().send()).await;
            let answer = match asked {
                Ok(answer) => answer,
                Err(error) if is_absent(&error) => break,
                Err(error) => return Err(error),
            };
            // Newest first.
            for event in answer.stack_events().iter().map(Event::of) {
                if since.is_some_and(|since| since == event.identifier) {
                    break 'pages;
                }
                events.push(event);
            }
            token = pages.next(DESCRIBE_STACK_EVENTS, answer.next_token)?;
            if token.is_none() {
                break;
            }
        }
        events.reverse();
        Ok(events)
    }

    /// What CloudFormation has made of a resource of a stack; `None` when the stack has no such resource.
    ///
    /// # Errors
    /// When nobody knows.
    pub async fn physical(&self, stack: &str, resource: &str) -> Result<Option<String>, CallError> {
        let request = self.client.describe_stack_resource().stack_name(stack).logical_resource_id(resource);
        match self.governor.call(Lane::Other, DESCRIBE_STACK_RESOURCE, None, || request.clone().send()).await
        {
            Ok(answer) => {
                let detail = answer.stack_resource_detail();
                Ok(detail.and_then(|detail| detail.physical_resource_id()).map(str::to_owned))
            }
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Begins to take a stack away.
    ///
    /// # Errors
    /// When CloudFormation refuses.
    pub async fn delete(&self, stack: &str) -> Result<(), CallError> {
        let request = self.client.delete_stack().stack_name(stack);
        self.governor.call(Lane::Other, DELETE_STACK, None, || request.clone().send()).await.map(|_| ())
    }
}

/// That is how CloudFormation says "not found".
fn is_absent(error: &CallError) -> bool {
    error.is("ValidationError") && error.message.contains("does not exist")
}

/// There is no code for it: <https://repost.aws/knowledge-center/cloudformation-error-no-updates>.
fn changes_nothing(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}
