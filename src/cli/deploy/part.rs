//! One stack: as it stands, and what would change.

use std::time::Duration;

use super::desk::Desk;
use crate::aws::stacks::{Stack, bucket, template};
use crate::cli::place::Place as _;
use crate::cli::{Exit, Failure};
use crate::cloud::aws::artifacts::digest;
use crate::cloud::aws::call::CallError;
use crate::cloud::aws::stacks::change::{Change, ChangeSet, Outcome};
use crate::cloud::aws::stacks::standing::{Condition, Standing};
use crate::cloud::aws::stacks::{INLINE, LARGEST, Order, Stacks, Template};
use crate::cloud::partition::domain;
use state_machine::FailureKind;

/// How often it is asked whether a change set is made, with a pause that doubles from an eighth of a second: a minute.
const LOOKS: u32 = 9;

/// A stack, and what would change.
#[derive(Debug)]
pub(super) struct Part {
    /// As it shall be.
    pub stack: Stack,
    /// As it stands.
    pub standing: Option<Standing>,
    /// What lies between.
    pub state: State,
}

/// What lies between a stack as it stands and as it shall be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing.
    Same,
    /// This is what CloudFormation would do, and the change set (ARN) that says so.
    Changes(Vec<Change>, String),
    /// It would be made as a whole. CloudFormation cannot be asked before there is a bucket that holds its template, or
    /// before the remains of a first try are gone.
    Whole(Vec<Change>),
    /// It stands in an account of which nobody said how it is reached.
    Elsewhere,
    /// It is being changed at this moment.
    Moving,
    /// Somebody has to help first: why, and how.
    Blocked(String, String),
}

impl Part {
    /// Compares a stack with what stands. `bucket`: whether there is one already that templates can be put into.
    ///
    /// # Errors
    /// When AWS does not tell.
    pub(super) fn draw(desk: &Desk, stack: Stack, bucket: bool) -> Result<Self, Failure> {
        let Some(stacks) = desk.stacks(&stack) else {
            return Ok(Self { stack, standing: None, state: State::Elsewhere });
        };
        let what = format!("the stack {} cannot be looked at", stack.name);
        let standing = desk.done(&what, stacks.look(&stack.name))?;
        let state = match standing.as_ref().map(Standing::condition) {
            Some(Condition::Moving) => State::Moving,
            Some(Condition::Stuck | Condition::NotRemoved) => blocked(&stack, standing.as_ref()),
            Some(Condition::NotMade) => State::Whole(whole(&stack)?),
            Some(Condition::Settled) if is_same(desk, &stacks, &stack, standing.as_ref())? => State::Same,
            Some(Condition::Settled | Condition::Empty) | None => {
                let is_new = !matches!(standing.as_ref().map(Standing::condition), Some(Condition::Settled));
                compared(desk, &stacks, &stack, is_new, bucket)?
            }
        };
        Ok(Self { stack, standing, state })
    }

    /// Whether something is to be done here, and can be.
    pub(super) fn is_to_do(&self) -> bool {
        matches!(self.state, State::Changes(..) | State::Whole(_))
    }

    /// The change set that was made to find out.
    pub(super) fn change_set(&self) -> Option<&str> {
        match &self.state {
            State::Changes(_, arn) => Some(arn),
            State::Same | State::Whole(_) | State::Elsewhere | State::Moving | State::Blocked(..) => None,
        }
    }

    /// Whether there is no stack yet that could be changed.
    pub(super) fn is_new(&self) -> bool {
        !matches!(
            self.standing.as_ref().map(Standing::condition),
            Some(Condition::Settled | Condition::Moving)
        )
    }
}

/// Whether a stack was made from the same template, filled in with the same, and carries the same tags. It costs nothing but
/// reading, and so a deployment that changes nothing writes nothing.
fn is_same(
    desk: &Desk,
    stacks: &Stacks,
    stack: &Stack,
    standing: Option<&Standing>,
) -> Result<bool, Failure> {
    let Some(standing) = standing else { return Ok(false) };
    let defaults = template::defaults(stack.template).map_err(|error| Failure::of(Exit::Failed, &error))?;
    let mut filled: std::collections::BTreeMap<String, String> =
        defaults.into_iter().filter_map(|(name, default)| Some((name, default?))).collect();
    filled.extend(stack.parameters.clone());
    if standing.parameters != filled || standing.tags != stack.tags {
        return Ok(false);
    }
    let what = format!("the template of {} cannot be read", stack.name);
    let text = desk.done(&what, stacks.template(&stack.name))?;
    Ok(text.trim() == stack.template.trim())
}

/// All of a stack that is not there. What depends on a condition is left to CloudFormation.
fn whole(stack: &Stack) -> Result<Vec<Change>, Failure> {
    let resources = template::resources(stack.template).map_err(|error| Failure::of(Exit::Failed, &error))?;
    let change = |resource: template::Resource| Change {
        action: if resource.condition.is_some() { "Maybe" } else { "Add" }.to_owned(),
        resource: resource.name,
        kind: resource.kind,
        replacement: None,
        properties: Vec::new(),
    };
    Ok(resources.into_iter().map(change).collect())
}

/// Asks CloudFormation.
fn compared(
    desk: &Desk,
    stacks: &Stacks,
    stack: &Stack,
    is_new: bool,
    bucket: bool,
) -> Result<State, Failure> {
    let Some(template) = placed(desk, stack, bucket)? else { return Ok(State::Whole(whole(stack)?)) };
    let made_of = format!("{}\n{:?}\n{:?}", stack.template, stack.parameters, stack.tags);
    let name = format!("spa-{:.32}", digest(made_of.as_bytes()));
    let order = Order {
        stack: &stack.name,
        name: &name,
        is_new,
        template,
        parameters: &stack.parameters,
        tags: &stack.tags,
    };
    // A second one, when the first was left over from another time and is of no use any more.
    for _ in 0..2 {
        let change = match desk.place.done(Box::pin(asked(stacks, &order)))? {
            Ok(change) => change,
            Err(error) if error.kind == FailureKind::Rejected => {
                return Ok(refused(stack, &error.to_string()));
            }
            Err(error) => {
                let what = format!("CloudFormation does not say what would change in {}", stack.name);
                return desk.done(&what, async { Err(error) });
            }
        };
        let ChangeSet { arn, outcome, changes } = change;
        let what = format!("a change set of {} cannot be thrown away", stack.name);
        match outcome {
            Outcome::Ready => return Ok(State::Changes(changes, arn)),
            Outcome::Stale => desk.done(&what, stacks.discard(&arn))?,
            Outcome::Nothing => {
                desk.done(&what, stacks.discard(&arn))?;
                return Ok(State::Same);
            }
            Outcome::Refused(reason) => {
                desk.done(&what, stacks.discard(&arn))?;
                return Ok(refused(stack, &reason));
            }
            Outcome::Waits => {
                let message =
                    format!("CloudFormation is still finding out what would change in {}", stack.name);
                return Err(Failure::new(Exit::Unavailable, message).help("the same command again goes on"));
            }
        }
    }
    let message = format!("somebody else changes {} at the same time", stack.name);
    Err(Failure::new(Exit::Unavailable, message).help("try again when they are done"))
}

/// Has a change set made, and waits until it is.
async fn asked(stacks: &Stacks, order: &Order<'_>) -> Result<ChangeSet, CallError> {
    let arn = stacks.ask(order).await?;
    let mut pause = Duration::from_millis(125);
    for _ in 0..LOOKS {
        let change = stacks.change(&arn).await?;
        if change.outcome != Outcome::Waits {
            return Ok(change);
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    stacks.change(&arn).await
}

/// How CloudFormation takes a template of some size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    /// In the request.
    Small,
    /// From a bucket.
    Large,
    /// Not at all.
    TooLarge,
}

impl Size {
    const fn of(bytes: usize) -> Self {
        match bytes {
            0..=INLINE => Self::Small,
            _ if bytes <= LARGEST => Self::Large,
            _ => Self::TooLarge,
        }
    }
}

/// Where CloudFormation finds the template; nothing where it has to be in a bucket that is not there yet.
fn placed<'a>(desk: &Desk, stack: &'a Stack, ready: bool) -> Result<Option<Template<'a>>, Failure> {
    let text = stack.template;
    match Size::of(text.len()) {
        Size::Small => return Ok(Some(Template::Text(text))),
        Size::Large => {}
        Size::TooLarge => {
            let message = format!(
                "{} has {} bytes, and CloudFormation takes {LARGEST}, also from a bucket",
                stack.file,
                text.len()
            );
            return Err(
                Failure::new(Exit::Failed, message).help("part of it has to become a stack of its own")
            );
        }
    }
    if !ready {
        return Ok(None);
    }
    let key = format!("templates/{}.yaml", digest(text.as_bytes()));
    let artifacts = desk.artifacts();
    let what = format!("{} cannot be put into the bucket", stack.file);
    if !desk.done(&what, artifacts.has(&key))? {
        desk.done(&what, artifacts.put(&key, text.into()))?;
    }
    let (bucket, region) = (bucket(&desk.settings, &desk.around), &desk.around.region);
    Ok(Some(Template::Url(format!("https://{bucket}.s3.{region}.{}/{key}", domain(region)))))
}

/// CloudFormation takes neither template nor parameters.
fn refused(stack: &Stack, reason: &str) -> State {
    let help = if reason.contains("Unrecognized resource types") {
        format!(
            "the region {} has not every service that is needed; automation.region names another",
            stack.region
        )
    } else {
        "`spa validate` and the parameters of the template tell what is allowed".to_owned()
    };
    State::Blocked(format!("CloudFormation takes it so not: {reason}"), help)
}

/// A stack that nobody can change as it is, with what helps.
fn blocked(stack: &Stack, standing: Option<&Standing>) -> State {
    let Stack { name, region, .. } = stack;
    let status = standing.map(|standing| standing.status.as_str()).unwrap_or_default();
    let reason = standing.and_then(|standing| standing.reason.as_deref()).unwrap_or("no reason is told");
    let help = match status {
        "UPDATE_ROLLBACK_FAILED" => {
            format!(
                "`aws cloudformation continue-update-rollback --stack-name {name} --region {region}`, then again"
            )
        }
        "DELETE_FAILED" => format!(
            "`aws cloudformation delete-stack --stack-name {name} --region {region}` once what keeps it is out of the way"
        ),
        _ => format!(
            "`aws cloudformation describe-stack-events --stack-name {name} --region {region}` tells more"
        ),
    };
    State::Blocked(format!("the stack is {status}: {reason}"), help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack() -> Stack {
        Stack {
            part: crate::aws::stacks::Part::Automation,
            name: "Spa".to_owned(),
            account: "111122223333".parse().unwrap(),
            region: "eu-west-1".into(),
            file: "infra/automation-account.yaml",
            template: "",
            parameters: std::collections::BTreeMap::new(),
            tags: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn a_template_goes_where_its_size_allows() {
        let sizes = [1, 51_200, 51_201, 1_000_000, 1_000_001].map(Size::of);
        assert_eq!(sizes, [Size::Small, Size::Small, Size::Large, Size::Large, Size::TooLarge]);
    }

    #[test]
    fn a_region_without_a_service_is_told_as_such() {
        let reason = "Template format error: Unrecognized resource types: [AWS::SSMIncidents::ResponsePlan]";
        let State::Blocked(why, help) = refused(&stack(), reason) else { panic!("it is not blocked") };
        assert!(why.contains(reason), "{why}");
        assert!(help.contains("the region eu-west-1 has not every service"), "{help}");
        let State::Blocked(_, help) = refused(&stack(), "Parameter CodeKey failed") else { panic!() };
        assert!(!help.contains("region"), "{help}");
    }

    #[test]
    fn each_state_that_needs_somebody_has_its_remedy() {
        for (status, expected) in [
            ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name Spa --region eu-west-1"),
            ("DELETE_FAILED", "delete-stack --stack-name Spa --region eu-west-1"),
            ("UPDATE_FAILED", "describe-stack-events --stack-name Spa --region eu-west-1"),
        ] {
            let standing = Standing {
                arn: String::new(),
                status: status.to_owned(),
                reason: None,
                parameters: std::collections::BTreeMap::new(),
                tags: std::collections::BTreeMap::new(),
            };
            let State::Blocked(why, help) = blocked(&stack(), Some(&standing)) else { panic!("{status}") };
            assert!(why.contains(status) && help.contains(expected), "{why}: {help}");
        }
    }
}
