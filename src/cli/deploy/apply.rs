//! A plan, carried out.
//!
//! Where no settings are deployed yet, they are written before anything can read them; otherwise after the program, which
//! has to understand them.

use state_machine::FailureKind;

use super::ApplyOptions;
use super::desk::Desk;
use super::part::{Part, State};
use super::plan::{Drawn, Plan, standing};
use super::progress::{self, Ended, Watch};
use super::shown;
use crate::aws::stacks::{self, Part as Which, Stack};
use crate::cli::interrupt::Interrupt;
use crate::cli::place::Place as _;
use crate::cli::{Context, Exit, Failure, doctor, settings};
use crate::cloud::aws::stacks::Stacks;
use crate::cloud::aws::stacks::standing::{Condition, Standing};

/// How often a change is asked for again of which nobody knows whether it began.
const TRIES: usize = 3;

/// Deploys.
///
/// # Errors
/// When nobody agrees, somebody has to help first, or something could not be done.
pub(super) fn run(options: &ApplyOptions, context: &Context) -> Result<Exit, Failure> {
    let desk = Desk::open(&options.source.reach, context)?;
    let interrupt = Interrupt::listen()?;
    let hands = Hands { desk: &desk, interrupt: &interrupt, context };
    if let Some(exit) = hands.wait_for_others()? {
        return Ok(exit);
    }
    let plan = Plan::draw(&desk, options.source.package.as_deref(), Drawn::ToDo)?;
    if let Some(obstacle) = plan.obstacle() {
        plan.discard(&desk)?;
        return Err(obstacle);
    }
    if !plan.is_empty() {
        let agreed = agree(&plan, &desk, options, context);
        if agreed.is_err() {
            plan.discard(&desk)?;
        }
        agreed?;
    }
    let exit = hands.carry_out(plan)?;
    if exit != Exit::Success {
        return Ok(exit);
    }
    context.screen().note("everything stands; looking whether it works:");
    doctor::run(&doctor::Options::default(), context)
}

/// Shows a plan to whoever is to agree, and asks.
fn agree(plan: &Plan, desk: &Desk, options: &ApplyOptions, context: &Context) -> Result<(), Failure> {
    settings::refuse_another_number(&plan.settings, options.consent)?;
    context.screen().note(&shown::text(plan, desk));
    settings::agree(&plan.settings, options.consent, "deploy this", context)
}

/// Whoever does it.
struct Hands<'a> {
    desk: &'a Desk,
    interrupt: &'a Interrupt,
    context: &'a Context,
}

impl Hands<'_> {
    /// Waits for what an earlier deployment has begun, or somebody else.
    fn wait_for_others(&self) -> Result<Option<Exit>, Failure> {
        for stack in stacks::left_behind(&self.desk.settings, &self.desk.around) {
            let Some(stacks) = self.desk.stacks(&stack) else { continue };
            let moving =
                standing(self.desk, &stack)?.filter(|standing| standing.condition() == Condition::Moving);
            let Some(moving) = moving else { continue };
            self.context.screen().note(&format!("{} is {}; waiting for it", stack.name, moving.status));
            let mut watch = Watch::begin(self.desk, &stacks, &stack, self.interrupt, self.context)?;
            if let Ended::Interrupted = watch.wait(Some(&moving.arn))? {
                return Ok(Some(progress::goes_on(&stack, self.context)));
            }
        }
        Ok(None)
    }

    fn carry_out(&self, plan: Plan) -> Result<Exit, Failure> {
        if plan.is_empty() {
            self.context.screen().note("nothing changes");
        }
        let Plan { parts, package, mut uploaded, settings } = plan;
        let mut written = settings.is_empty();
        for part in parts {
            if self.interrupt.is_asked() {
                self.context.screen().warn("stopped; the same command again does the rest");
                return Ok(Exit::Interrupted);
            }
            let which = part.stack.part;
            if which == Which::Automation && settings.is_first() && !written {
                // Nothing reads them yet.
                let exit = settings::write(&settings, &self.desk.place, self.context)?;
                if exit != Exit::Success {
                    return Ok(exit);
                }
                written = true;
            }
            if let Some(exit) = self.settle(part)? {
                return Ok(exit);
            }
            if which == Which::Artifacts && !uploaded {
                if let Some((path, content)) = &package.file {
                    let what = format!("{} cannot be uploaded", path.display());
                    self.desk.done(&what, self.desk.artifacts().put(&package.key, content.clone()))?;
                    self.context.screen().note(&format!("{} is in the bucket", package.key));
                }
                uploaded = true;
            }
        }
        if written {
            return Ok(Exit::Success);
        }
        settings::write(&settings, &self.desk.place, self.context)
    }

    /// Makes a stack what it shall be. Answers how it ended, when that was not well.
    fn settle(&self, mut part: Part) -> Result<Option<Exit>, Failure> {
        let Some(stacks) = self.desk.stacks(&part.stack) else {
            let command = shown::command(&part.stack);
            let name = &part.stack.name;
            self.context.screen().warn(&format!(
                "{name} was left out: --management-profile NAME makes it, or with credentials of {}:\n  {command}",
                part.stack.account
            ));
            return Ok(None);
        };
        if part.standing.as_ref().map(Standing::condition) == Some(Condition::NotMade)
            && let Some(exit) = self.take_away(&stacks, &part.stack, part.standing.as_ref())?
        {
            return Ok(Some(exit));
        }
        if let State::Whole(_) = part.state {
            part = Part::draw(self.desk, part.stack, true)?;
        }
        for _ in 0..TRIES {
            let arn = match &part.state {
                State::Changes(_, arn) => arn.clone(),
                State::Same | State::Elsewhere => return Ok(None),
                State::Blocked(why, help) => {
                    let message = format!("{} cannot be changed: {why}", part.stack.name);
                    return Err(Failure::new(Exit::Refused, message).help(help));
                }
                State::Whole(_) | State::Moving => {
                    let message = format!("somebody else changes {} at the same time", part.stack.name);
                    return Err(
                        Failure::new(Exit::Unavailable, message).help("the same command again goes on")
                    );
                }
            };
            let mut watch = Watch::begin(self.desk, &stacks, &part.stack, self.interrupt, self.context)?;
            let begun = self.desk.place.done(Box::pin(stacks.execute(&arn)))?;
            // Of a call without an answer nobody knows whether it came to be. The stack tells.
            let known = !matches!(&begun, Err(error) if error.kind == FailureKind::Unavailable);
            if known {
                let what = format!("the change of {} cannot be begun", part.stack.name);
                self.desk.done(&what, async { begun })?;
            }
            let (standing, causes) = match watch.wait(None)? {
                Ended::Rests(standing, causes) => (standing, causes),
                Ended::Interrupted => return Ok(Some(progress::goes_on(&part.stack, self.context))),
            };
            match standing {
                Some(standing) if standing.condition() != Condition::Settled && known => {
                    return Err(progress::failed(&part.stack, &standing.status, &causes));
                }
                Some(standing) if standing.was_taken_back() && known => {
                    return Err(progress::failed(&part.stack, &standing.status, &causes));
                }
                Some(_) if known => return Ok(None),
                Some(_) | None => part = Part::draw(self.desk, part.stack, true)?,
            }
        }
        let message = format!("nobody knows whether {} was changed", part.stack.name);
        Err(Failure::new(Exit::Unavailable, message).help("the same command again looks, and goes on"))
    }

    /// Takes away what is left of a stack that could not be made: nothing in it is in use.
    fn take_away(
        &self,
        stacks: &Stacks,
        stack: &Stack,
        standing: Option<&Standing>,
    ) -> Result<Option<Exit>, Failure> {
        let arn = standing.map(|standing| standing.arn.as_str());
        let mut watch = Watch::begin(self.desk, stacks, stack, self.interrupt, self.context)?;
        let what = format!("what is left of {} cannot be taken away", stack.name);
        self.desk.done(&what, stacks.delete(&stack.name))?;
        match watch.wait(arn)? {
            Ended::Rests(None, _) => Ok(None),
            Ended::Rests(Some(standing), causes) => Err(progress::failed(stack, &standing.status, &causes)),
            Ended::Interrupted => Ok(Some(progress::goes_on(stack, self.context))),
        }
    }
}
