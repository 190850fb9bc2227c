//! All that deploying would change: the stacks, the program, the settings.

use std::path::Path;

use super::desk::Desk;
use super::package::{PARAMETER, Package};
use super::part::{Part, State};
use crate::aws::stacks::{self, Stack};
use crate::cli::{Exit, Failure, settings};
use crate::cloud::aws::stacks::standing::{Condition, Standing};

/// What a plan is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drawn {
    /// Somebody looks at it: change sets are thrown away.
    ToLook,
    /// It is carried out: change sets are kept.
    ToDo,
}

/// What deploying would change.
#[derive(Debug)]
pub(super) struct Plan {
    /// The stacks, in the order in which they are made.
    pub parts: Vec<Part>,
    /// What the functions shall run.
    pub package: Package,
    /// Whether that lies in the bucket already.
    pub uploaded: bool,
    /// What changes in the parameters, and for which accounts.
    pub settings: settings::Plan,
}

impl Plan {
    /// Compares what stands with what the settings ask for.
    ///
    /// # Errors
    /// When there is no package, a setting is missing, or AWS does not tell.
    pub(super) fn draw(desk: &Desk, package: Option<&Path>, drawn: Drawn) -> Result<Self, Failure> {
        let deployed = deployed(desk)?;
        let package = Package::find(package, deployed.as_deref())?;
        let wanted = stacks::wanted(&desk.settings, &desk.around, &package.key).map_err(missing)?;
        let settings = settings::Plan::of_file(&desk.place, &desk.settings)?;
        let mut parts: Vec<Part> = Vec::new();
        for stack in wanted {
            let bucket = parts.first().is_some_and(|artifacts| !artifacts.is_new());
            let drawn_part = Part::draw(desk, stack, bucket)?;
            if drawn == Drawn::ToLook {
                forget(desk, &drawn_part)?;
            }
            parts.push(drawn_part);
        }
        let bucket = parts.first().is_some_and(|artifacts| !artifacts.is_new());
        let what = "nobody tells whether the program is in the bucket";
        let uploaded = bucket && desk.done(what, desk.artifacts().has(&package.key))?;
        Ok(Self { parts, package, uploaded, settings })
    }

    /// Whether nothing is to be done here.
    pub(super) fn is_empty(&self) -> bool {
        let idle = self.parts.iter().all(|part| !part.is_to_do());
        idle && self.settings.is_empty() && (self.uploaded || self.package.file.is_none())
    }

    /// The first stack with which somebody has to help.
    pub(super) fn obstacle(&self) -> Option<Failure> {
        self.parts.iter().find_map(|part| match &part.state {
            State::Blocked(why, help) => {
                let message = format!("{} cannot be changed: {why}", part.stack.name);
                Some(Failure::new(Exit::Refused, message).help(help))
            }
            State::Same | State::Changes(..) | State::Whole(_) | State::Elsewhere | State::Moving => None,
        })
    }

    /// Throws away what was made to find out.
    ///
    /// # Errors
    /// When CloudFormation refuses.
    pub(super) fn discard(&self, desk: &Desk) -> Result<(), Failure> {
        self.parts.iter().try_for_each(|part| forget(desk, part))
    }
}

/// A setting that has to be there.
fn missing(setting: &'static str) -> Failure {
    Failure::new(Exit::Settings, format!("the settings have no {setting}")).help(
        "whoever assumes the management role says it; it is no secret, and any text of your own will do",
    )
}

/// The program that is deployed.
fn deployed(desk: &Desk) -> Result<Option<String>, Failure> {
    let left = stacks::left_behind(&desk.settings, &desk.around);
    let Some(stack) = left.into_iter().find(|stack| stack.part == stacks::Part::Automation) else {
        return Ok(None);
    };
    let standing = standing(desk, &stack)?.filter(|standing| standing.condition() != Condition::Empty);
    Ok(standing.and_then(|standing| standing.parameters.get(PARAMETER).cloned()))
}

/// A stack as it stands; nothing also where it is out of reach.
///
/// # Errors
/// When AWS does not tell.
pub(super) fn standing(desk: &Desk, stack: &Stack) -> Result<Option<Standing>, Failure> {
    let Some(stacks) = desk.stacks(stack) else { return Ok(None) };
    let what = format!("the stack {} cannot be looked at", stack.name);
    desk.done(&what, stacks.look(&stack.name))
}

/// Throws away a change set, and the empty stack that CloudFormation made to keep it.
fn forget(desk: &Desk, part: &Part) -> Result<(), Failure> {
    let (Some(arn), Some(stacks)) = (part.change_set(), desk.stacks(&part.stack)) else { return Ok(()) };
    let name = &part.stack.name;
    desk.done(&format!("a change set of {name} cannot be thrown away"), stacks.discard(arn))?;
    if !part.is_new() {
        return Ok(());
    }
    let empty = standing(desk, &part.stack)?.filter(|standing| standing.condition() == Condition::Empty);
    match empty {
        Some(_) => desk.done(&format!("the empty stack {name} cannot be taken away"), stacks.delete(name)),
        None => Ok(()),
    }
}
