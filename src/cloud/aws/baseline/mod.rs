//! The baseline of a member account: one CloudFormation stack, made from `infra/member-account.yaml`.
//!
//! One read tells whether it is there and up to date: the stack's tag holds the hash of template and parameters
//! ([`Blueprint::hash`]). Whatever takes CloudFormation minutes is begun and not waited for: the answer is a failure of
//! the kind `Busy` ("another request is in progress", which is so), after which the lifecycle comes back with growing
//! pauses, and at last puts the account into quarantine. So every wait has an end, and its reason stands in the journal.
//!
//! **Holders are administrators, and may change anything of it.** What follows:
//!
//! - The stack is gone: it is put there again.
//! - A project is gone: the start of a build says so, and [`Baseline::replace`] puts everything there anew.
//! - Resources were changed (a role, a rule, an image): CloudFormation finds out when it is asked to
//!   (`DetectStackDrift`), which takes a minute. It is asked once a cycle and not waited for; the answer stands in the
//!   one read of the next time. Then the stack is taken away and put there anew: an update would leave alone what the
//!   template did not change, and cannot bring back what is gone.
//! - The template was changed under our tag: it is read and compared whenever the stack was changed since it was last
//!   read. What was read is kept in the journal, where holders cannot reach, as the stack's content hash and the time of
//!   its last change, which nobody changes a template without.
//!
//! Nothing in the stack is worth keeping but logs and the alert topic with its subscriptions, and those outlive it.

mod leftovers;
mod stack;
mod step;
mod wanted;

pub use stack::{HASH_TAG, STACK};
pub use wanted::{Architecture, Blueprint, TEMPLATE};

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{
    Capability, DeletionMode, Parameter, ResourceStatus, StackResourceDriftStatus, Tag, TemplateStage,
};
use chrono::TimeDelta;
use state_machine::{AccountId, Failure, FailureKind, Text};

use super::call::CallError;
use super::governor::{Governor, Lane};
use super::members::Members;
use crate::cloud::Clock;
use stack::{Condition, Stack};
use step::{Step, mark, next};
use wanted::TOPIC_HANDLING;

/// A baseline in which something is missing, and that was put there so lately, is not put there anew: it would not help.
const REST: TimeDelta = TimeDelta::hours(1);

/// The baseline of member accounts.
#[derive(Clone, Debug)]
pub struct Baseline<M, C> {
    members: M,
    governor: Governor,
    /// `None`: somebody else looks after it, such as a `StackSet`.
    blueprint: Option<Blueprint>,
    clock: C,
}

impl<M: Members, C: Clock> Baseline<M, C> {
    /// The baseline that this blueprint describes, in the accounts that `members` reaches.
    pub const fn new(members: M, governor: Governor, blueprint: Blueprint, clock: C) -> Self {
        Self { members, governor, blueprint: Some(blueprint), clock }
    }

    /// A baseline that a `StackSet` deploys: nothing is put anywhere from here. Where it is missing, no build can be
    /// started, and that is said.
    pub const fn of_stack_set(members: M, governor: Governor, clock: C) -> Self {
        Self { members, governor, blueprint: None, clock }
    }

    /// Takes the baseline away, so that the next [`ensure`](crate::cloud::Baseline::ensure) puts it there anew, because
    /// something of it is missing. Answers the failure of whoever missed it: `missing`, when putting it there anew would
    /// not help.
    pub async fn replace(&self, account: AccountId, missing: Failure) -> Failure {
        if self.blueprint.is_none() {
            return missing;
        }
        let client = self.client(account);
        let stack = match self.describe(&client, account).await {
            Ok(Some(stack)) => stack,
            Ok(None) => return busy("the baseline is gone, and will be put there"),
            Err(error) => return error.failure(),
        };
        match stack.condition {
            Condition::Standing | Condition::NotUpdated => {}
            Condition::Gone | Condition::Moving | Condition::CleaningUp => {
                return busy("the baseline of the account is being changed");
            }
            Condition::NotMade
            | Condition::Broken
            | Condition::NotRemoved
            | Condition::Reviewed
            | Condition::Unknown => return missing,
        }
        if stack.changed.is_some_and(|changed| self.clock.now().since(changed) < REST) {
            return missing;
        }
        match self.delete(&client, account, None).await {
            Ok(()) => busy(&format!("the baseline is put into the account anew: {}", missing.message)),
            Err(error) => trouble(&error),
        }
    }

    fn client(&self, account: AccountId) -> Client {
        Client::new(&self.members.config(account))
    }

    async fn describe(&self, client: &Client, account: AccountId) -> Result<Option<Stack>, CallError> {
        let request = client.describe_stacks().stack_name(STACK);
        let operation = "cloudformation:DescribeStacks";
        let described = self.governor.call(Lane::Other, operation, Some(account), || request.clone().send());
        match described.await {
            Ok(answer) => Ok(answer.stacks().first().map(Stack::of)),
            // That is how CloudFormation says "not found".
            Err(error) if error.is("ValidationError") && error.message.contains("does not exist") => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn create(
        &self,
        client: &Client,
        account: AccountId,
        blueprint: &Blueprint,
    ) -> Result<(), CallError> {
        let config = self.members.config(account);
        let topic = leftovers::clear(&config, &self.governor, account).await?;
        let request = client
            .create_stack()
            .stack_name(STACK)
            .template_body(TEMPLATE)
            .set_parameters(Some(parameters(blueprint, topic)))
            .set_tags(Some(tags(blueprint)))
            .capabilities(Capability::CapabilityIam);
        let operation = "cloudformation:CreateStack";
        let created = self.governor.call(Lane::Other, operation, Some(account), || request.clone().send());
        created.await.map(|_| ())
    }

    /// Whether there was anything to update.
    async fn update(
        &self,
        client: &Client,
        account: AccountId,
        blueprint: &Blueprint,
        topic: &str,
    ) -> Result<bool, CallError> {
        let request = client
            .update_stack()
            .stack_name(STACK)
            .template_body(TEMPLATE)
            .set_parameters(Some(parameters(blueprint, topic)))
            .set_tags(Some(tags(blueprint)))
            .capabilities(Capability::CapabilityIam);
        let operation = "cloudformation:UpdateStack";
        let updated = self.governor.call(Lane::Other, operation, Some(account), || request.clone().send());
        match updated.await {
            Ok(_) => Ok(true),
            Err(error) if error.message.contains("No updates are to be performed") => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn delete(
        &self,
        client: &Client,
        account: AccountId,
        mode: Option<DeletionMode>,
    ) -> Result<(), CallError> {
        let request = client.delete_stack().stack_name(STACK).set_deletion_mode(mode);
        let operation = "cloudformation:DeleteStack";
        let deleted = self.governor.call(Lane::Other, operation, Some(account), || request.clone().send());
        deleted.await.map(|_| ())
    }

    /// Asks CloudFormation to find out whether resources differ. What cannot be asked today is asked the next time:
    /// nobody waits for it.
    async fn look_for_changes(&self, client: &Client, account: AccountId) {
        let request = client.detect_stack_drift().stack_name(STACK);
        let operation = "cloudformation:DetectStackDrift";
        let asked = self.governor.call(Lane::Other, operation, Some(account), || request.clone().send());
        if let Err(error) = asked.await {
            tracing::warn!(%account, %error, "nobody knows whether the baseline was changed by hand");
        }
    }

    /// Whether the template of the stack is ours; `None` when nobody can tell.
    async fn is_ours(&self, client: &Client, account: AccountId) -> Option<bool> {
        let request = client.get_template().stack_name(STACK).template_stage(TemplateStage::Original);
        let operation = "cloudformation:GetTemplate";
        let read = self.governor.call(Lane::Other, operation, Some(account), || request.clone().send());
        match read.await {
            Ok(answer) => {
                let ours = answer.template_body().map(|body| body.trim() == TEMPLATE.trim());
                if ours.is_none() {
                    tracing::warn!(%account, "CloudFormation tells no template of the baseline");
                }
                ours
            }
            Err(error) => {
                tracing::warn!(%account, %error, "nobody knows whether the template was changed by hand");
                None
            }
        }
    }

    /// Which resources differ from the template, for people, or that nobody can tell.
    async fn differences(&self, client: &Client, account: AccountId) -> String {
        let request = client
            .describe_stack_resource_drifts()
            .stack_name(STACK)
            .stack_resource_drift_status_filters(StackResourceDriftStatus::Modified)
            .stack_resource_drift_status_filters(StackResourceDriftStatus::Deleted);
        let operation = "cloudformation:DescribeStackResourceDrifts";
        let read = self.governor.call(Lane::Other, operation, Some(account), || request.clone().send());
        let answer = match read.await {
            Ok(answer) => answer,
            Err(error) => return format!("what differs cannot be read: {error}"),
        };
        let told: Vec<String> = answer
            .stack_resource_drifts()
            .iter()
            .filter_map(|drift| {
                let status = drift.stack_resource_drift_status()?.as_str().to_ascii_lowercase();
                Some(format!("{} was {status}", drift.logical_resource_id()?))
            })
            .collect();
        told.join(", ")
    }

    /// Why making or updating failed, in the words of the service that refused; what failed because of that is left
    /// out.
    async fn reason(&self, client: &Client, account: AccountId) -> String {
        let request = client.describe_stack_events().stack_name(STACK);
        let operation = "cloudformation:DescribeStackEvents";
        let read = self.governor.call(Lane::Other, operation, Some(account), || request.clone().send());
        let answer = match read.await {
            Ok(answer) => answer,
            Err(error) => return format!("its reason cannot be read: {error}"),
        };
        // Newest first: the oldest failure of the newest attempt is the cause.
        let newest = answer.stack_events().iter().take_while(|event| {
            let begins = matches!(
                event.resource_status(),
                Some(ResourceStatus::CreateInProgress | ResourceStatus::UpdateInProgress)
            );
            !(begins && event.logical_resource_id() == Some(STACK))
        });
        let cause = newest
            .filter(|event| {
                matches!(
                    event.resource_status(),
                    Some(ResourceStatus::CreateFailed | ResourceStatus::UpdateFailed)
                ) && event.resource_status_reason() != Some("Resource creation cancelled")
            })
            .last();
        cause.map_or_else(
            || "no reason is told".to_owned(),
            |event| {
                let resource = event.logical_resource_id().unwrap_or_default();
                format!("{resource}: {}", event.resource_status_reason().unwrap_or_default())
            },
        )
    }

    async fn act(
        &self,
        account: AccountId,
        stack: Option<&Stack>,
        blueprint: &Blueprint,
        known: Option<&Text>,
    ) -> Result<Option<Text>, Failure> {
        let client = &self.client(account);
        let topic = stack.and_then(|stack| stack.topic.as_deref()).unwrap_or(leftovers::CREATE);
        let told = |error: CallError| trouble(&error);
        let status = stack.map(|stack| stack.status.as_str()).unwrap_or_default();
        match next(stack, blueprint, known, self.clock.now()) {
            Step::Done => Ok(None),
            Step::LookBehind { resources, template } => {
                if resources {
                    self.look_for_changes(client, account).await;
                }
                if !template {
                    return Ok(None);
                }
                match self.is_ours(client, account).await {
                    Some(true) => Ok(stack.and_then(|stack| mark(stack, blueprint))),
                    Some(false) => {
                        self.update(client, account, blueprint, topic).await.map_err(told)?;
                        Err(busy(
                            "somebody changed the template of the baseline; it is put right, which takes minutes",
                        ))
                    }
                    // It is read the next time.
                    None => Ok(None),
                }
            }
            Step::Create => {
                self.create(client, account, blueprint).await.map_err(told)?;
                Err(busy("the baseline is put into the account, which takes minutes"))
            }
            Step::Update => {
                if self.update(client, account, blueprint, topic).await.map_err(told)? {
                    return Err(busy("the baseline is brought up to date, which takes minutes"));
                }
                Ok(None)
            }
            Step::Replace => {
                let differences = self.differences(client, account).await;
                tracing::warn!(%account, differences, "the baseline was changed by hand, and is put there anew");
                self.delete(client, account, None).await.map_err(told)?;
                Err(busy(&format!("the baseline was changed by hand, and is put there anew: {differences}")))
            }
            Step::RemoveNotMade => {
                let reason = self.reason(client, account).await;
                self.delete(client, account, None).await.map_err(told)?;
                Err(missing(&format!("the baseline could not be put into the account: {reason}")))
            }
            Step::TellFailure => {
                let reason = self.reason(client, account).await;
                Err(missing(&format!("the baseline could not be brought up to date: {reason}")))
            }
            Step::RemoveBroken => {
                self.delete(client, account, None).await.map_err(told)?;
                Err(busy(&format!("the baseline is broken ({status}), and is put there anew")))
            }
            Step::Abandon => {
                let mode = Some(DeletionMode::ForceDeleteStack);
                self.delete(client, account, mode).await.map_err(told)?;
                Err(busy("the baseline cannot be taken away as a whole, and is put there anew"))
            }
            Step::Wait => Err(busy(&format!("the baseline of the account is being changed ({status})"))),
            Step::WaitForReview => Err(busy(&format!(
                "somebody made a change set for the stack {STACK}: execute it, or delete the stack"
            ))),
            Step::Puzzled => Err(Failure {
                kind: FailureKind::Unreadable,
                message: format!("the stack {STACK} is {status}, a word that is not known here").into(),
            }),
        }
    }
}

impl<M: Members, C: Clock> crate::cloud::Baseline for Baseline<M, C> {
    async fn ensure(&self, account: AccountId, known: Option<&Text>) -> Result<Option<Text>, Failure> {
        let Some(blueprint) = &self.blueprint else { return Ok(None) };
        let described = self.describe(&self.client(account), account).await;
        let stack = described.map_err(|error| error.failure())?;
        self.act(account, stack.as_ref(), blueprint, known).await
    }
}

/// What kind of failure a refused change of the stack is.
fn trouble(error: &CallError) -> Failure {
    let failure = error.failure();
    let kind = if error.is("AlreadyExistsException") || error.message.contains("_IN_PROGRESS") {
        // Somebody else was faster.
        FailureKind::Busy
    } else if error.message.contains("TerminationProtection") || error.is("LimitExceededException") {
        // Only somebody with rights in the account can help.
        FailureKind::Denied
    } else {
        failure.kind
    };
    Failure { kind, ..failure }
}

fn busy(message: &str) -> Failure {
    Failure { kind: FailureKind::Busy, message: message.into() }
}

fn missing(message: &str) -> Failure {
    Failure { kind: FailureKind::Missing, message: message.into() }
}

fn parameters(blueprint: &Blueprint, topic: &str) -> Vec<Parameter> {
    let all = blueprint.parameters().into_iter().chain([(TOPIC_HANDLING, topic.to_owned())]);
    all.map(|(name, value)| Parameter::builder().parameter_key(name).parameter_value(value).build()).collect()
}

/// CloudFormation gives them to everything in the stack.
fn tags(blueprint: &Blueprint) -> Vec<Tag> {
    [
        (HASH_TAG, blueprint.hash()),
        ("environment", blueprint.environment.to_string()),
        ("origin", "SustainablePersonalAccounts".to_owned()),
    ]
    .map(|(key, value)| Tag::builder().key(key).value(value).build())
    .into()
}
