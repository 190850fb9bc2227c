//! A plan, carried out.
//!
//! **What two people who write at the same time may rely on.** Before each ten writes the versions are compared with
//! those of the plan: what somebody else has written since then is not overwritten, and ends it. A parameter that is
//! made is never made over another one. Between that look and the write of an existing parameter there is a second or
//! two in which somebody else's write is overwritten; the number of the version tells so at once, it ends there, and the
//! other value stands in the history.

use std::collections::BTreeMap;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use state_machine::{FailureKind, Text};

use super::Consent;
use super::consent;
use super::plan::Plan;
use crate::cli::interrupt::Interrupt;
use crate::cli::place::Place as _;
use crate::cli::place::aws::{AwsPlace, failure};
use crate::cli::{Context, Exit, Failure, Format, Subject, time};
use crate::cloud::aws::call::CallError;
use crate::cloud::aws::parameters::{Described, TOGETHER};
use crate::settings::{Step, Tier};

/// How often a write that came too fast is asked for again, beside what the governor does by itself: it learns the
/// rate from the first refusals.
const PATIENCE: u32 = 5;

/// What came of it.
#[derive(Debug, Default, Serialize)]
struct Done {
    added: usize,
    changed: usize,
    removed: usize,
    unchanged: usize,
    /// What was not done any more.
    left: usize,
}

/// Why it ended before everything was written.
enum End {
    Asked,
    Failed(Failure),
}

/// Shows a plan, asks, and writes what changes.
///
/// # Errors
/// When nobody agrees, or something cannot be written.
pub(super) fn carry_out(
    plan: &Plan,
    consent: Consent,
    place: &AwsPlace,
    context: &Context,
) -> Result<Exit, Failure> {
    let mut done = Done { unchanged: plan.difference.equal.len(), ..Done::default() };
    for doubt in &plan.doubts {
        context.screen().warn(doubt);
    }
    if plan.difference.is_empty() {
        told(&done, context)?;
        return Ok(Exit::Success);
    }
    consent::ask(plan, consent, place, context)?;
    let end = perform(plan, place, &mut done)?;
    told(&done, context)?;
    ended(end, context)
}

/// Writes what changes, where somebody has agreed already, and tells it beside the data.
///
/// # Errors
/// When something cannot be written.
pub(in crate::cli) fn write(plan: &Plan, place: &AwsPlace, context: &Context) -> Result<Exit, Failure> {
    let mut done = Done { unchanged: plan.difference.equal.len(), ..Done::default() };
    let end = perform(plan, place, &mut done)?;
    context.screen().note(&format!("parameters: {}", words(&done)));
    ended(end, context)
}

/// Does the steps of a plan, until somebody asks for an end or one of them fails.
fn perform(plan: &Plan, place: &AwsPlace, done: &mut Done) -> Result<Option<End>, Failure> {
    let steps = plan.difference.steps(plan.keeper.names());
    // From here on Ctrl-C ends it between two parameters.
    let interrupt = Interrupt::listen()?;
    let bar = bar(steps.len());
    let mut end = None;
    for steps in steps.chunks(TOGETHER) {
        if let Err(reason) = together(steps, plan, place, &interrupt, done, &bar) {
            end = Some(reason);
            break;
        }
    }
    bar.finish_and_clear();
    done.left = steps.len() - done.added - done.changed - done.removed;
    Ok(end)
}

fn ended(end: Option<End>, context: &Context) -> Result<Exit, Failure> {
    match end {
        None => {
            context.screen().note("functions read it within a minute");
            Ok(Exit::Success)
        }
        Some(End::Asked) => {
            context.screen().warn("stopped; the same command again does the rest");
            Ok(Exit::Interrupted)
        }
        // Somebody has to look first.
        Some(End::Failed(failure)) if failure.exit() == Exit::Refused => Err(failure),
        Some(End::Failed(failure)) => Err(failure.help("the same command again does the rest")),
    }
}

fn bar(steps: usize) -> ProgressBar {
    // It draws on standard error, and only where that is a terminal.
    let bar = ProgressBar::new(u64::try_from(steps).unwrap_or(u64::MAX));
    let style = ProgressStyle::with_template("{pos} of {len} parameters {wide_bar} {msg}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn together(
    steps: &[Step],
    plan: &Plan,
    place: &AwsPlace,
    interrupt: &Interrupt,
    done: &mut Done,
    bar: &ProgressBar,
) -> Result<(), End> {
    if interrupt.is_asked() {
        return Err(End::Asked);
    }
    let described = unmoved(steps, plan, place)?;
    let mut deleted = Vec::new();
    for step in steps {
        if interrupt.is_asked() {
            return Err(End::Asked);
        }
        bar.set_message(step.name().to_string());
        if !matches!(step, Step::Delete(_)) {
            delete(&mut deleted, plan, place, done)?;
        }
        match step {
            Step::Create(name, parameter) => {
                let made = again(place, || plan.keeper.create(name, parameter))?;
                made.map_err(|error| {
                    if error.is("ParameterAlreadyExists") {
                        moved(name, None)
                    } else {
                        not_written(name, &error)
                    }
                })?;
                done.added += 1;
            }
            Step::Overwrite(name, parameter) => {
                let tier = described.get(name).map_or(Tier::Standard, |described| described.tier);
                let version = again(place, || plan.keeper.overwrite(name, parameter, tier))?;
                let version = version.map_err(|error| not_written(name, &error))?;
                done.changed += 1;
                let expected = plan.standing.get(name).map_or(0, |standing| standing.version) + 1;
                if version != expected {
                    return Err(overwritten(name, version));
                }
            }
            Step::Delete(name) => deleted.push(Text::clone(name)),
        }
        bar.inc(1);
    }
    delete(&mut deleted, plan, place, done)?;
    Ok(())
}

/// Deletes together what is to be deleted next.
fn delete(names: &mut Vec<Text>, plan: &Plan, place: &AwsPlace, done: &mut Done) -> Result<(), End> {
    if names.is_empty() {
        return Ok(());
    }
    let gone = again(place, || plan.keeper.delete(names))?;
    gone.map_err(|error| not_written(&names.join(", "), &error))?;
    done.removed += names.len();
    names.clear();
    Ok(())
}

/// What AWS tells of those that are there already; they must stand as they were planned on.
fn unmoved(steps: &[Step], plan: &Plan, place: &AwsPlace) -> Result<BTreeMap<Text, Described>, End> {
    let stand: Vec<Text> = steps
        .iter()
        .filter(|step| !matches!(step, Step::Create(..)))
        .map(|step| Text::clone(step.name()))
        .collect();
    if stand.is_empty() {
        return Ok(BTreeMap::new());
    }
    let described = again(place, || plan.keeper.described(&stand))?;
    let described = described.map_err(|error| End::Failed(failure(&error, Subject::Settings)))?;
    for name in &stand {
        let planned = plan.standing.get(name).map(|standing| standing.version);
        let now = described.get(name);
        if now.map(|described| described.version) != planned {
            return Err(moved(name, now));
        }
    }
    Ok(described)
}

/// Asks again, a few times, what AWS had no time for: nothing was done then.
fn again<T, F: Future<Output = Result<T, CallError>>>(
    place: &AwsPlace,
    what: impl Fn() -> F,
) -> Result<Result<T, CallError>, End> {
    let mut tried = 1;
    loop {
        match place.done(what()).map_err(End::Failed)? {
            Err(error) if error.kind == FailureKind::Throttled && tried < PATIENCE => tried += 1,
            outcome => return Ok(outcome),
        }
    }
}

fn not_written(name: &str, error: &CallError) -> End {
    End::Failed(failure(error, Subject::Settings).about(&format!("{name} was not written")))
}

fn moved(name: &str, now: Option<&Described>) -> End {
    let who = now.map(|now| {
        let at = now.at.map(|at| format!(" at {}", time::shown(at))).unwrap_or_default();
        format!(": version {} by {}{at}", now.version, now.by)
    });
    let message = format!("{name} was changed by somebody else meanwhile{}", who.unwrap_or_default());
    End::Failed(Failure::new(Exit::Refused, message).help("`spa settings plan` shows what it means now"))
}

fn overwritten(name: &str, version: i64) -> End {
    let message =
        format!("{name} was written by somebody else at the same moment: ours is version {version} now");
    let help = format!("`spa settings history {name}` shows what they wrote");
    End::Failed(Failure::new(Exit::Refused, message).help(help))
}

fn told(done: &Done, context: &Context) -> Result<(), Failure> {
    let screen = context.screen();
    match screen.format() {
        Format::Json => screen.json(done),
        Format::Table | Format::Csv => screen.text(&words(done)),
    }
}

fn words(done: &Done) -> String {
    let Done { added, changed, removed, unchanged, left } = done;
    let left = if *left == 0 { String::new() } else { format!(", {left} not done") };
    format!("{added} added, {changed} changed, {removed} removed, {unchanged} unchanged{left}")
}
