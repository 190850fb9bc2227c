//! The system, taken away: the functions first, which would put baselines back; then the baselines, while there is still a
//! role that reaches them; and that role last.
//!
//! Each step looks what is still there, so the same command again does the rest. Journal and reports outlive their stack,
//! and are deleted only when somebody asks for it by name.

use serde::Serialize;
use state_machine::Text;

use super::DestroyOptions;
use super::baselines::{Baseline, Baselines};
use super::desk::Desk;
use super::plan::standing;
use super::progress::{self, Ended, Watch};
use crate::aws::stacks::{self, Part as Which, Stack};
use crate::cli::interrupt::Interrupt;
use crate::cli::place::Place as _;
use crate::cli::{Context, Exit, Failure, Table};
use crate::cloud::aws::artifacts::Artifacts;
use crate::cloud::aws::parameters::TOGETHER;
use crate::cloud::aws::stacks::standing::{Condition, Standing};
use crate::journal::dynamodb::{inspect, table};

/// What the template calls the bucket with the reports.
const REPORTS: &str = "ReportBucket";

/// Something that goes, or stays.
#[derive(Debug, Serialize)]
struct Row {
    what: String,
    r#where: String,
    fate: &'static str,
}

/// What there is.
struct Found {
    stacks: Vec<(Stack, Standing)>,
    /// Stacks in an account of which nobody said how it is reached.
    elsewhere: Vec<Stack>,
    baselines: Baselines,
    parameters: Vec<Text>,
    table: Option<Text>,
    reports: Option<String>,
}

/// Takes everything away.
///
/// # Errors
/// When nobody agrees, or something cannot be taken away.
pub(super) fn run(options: &DestroyOptions, context: &Context) -> Result<Exit, Failure> {
    let desk = Desk::open(&options.reach, context)?;
    let found = find(&desk)?;
    let rows = rows(&found, &desk, options.delete_facts);
    let mut shown = Table::new(["fate", "what", "where"]);
    for row in &rows {
        shown.row([row.fate.into(), row.what.clone().into(), row.r#where.clone().into()]);
    }
    context.screen().rows(&shown, &rows)?;
    if options.dry_run {
        return Ok(Exit::Success);
    }
    agree(&desk, options, context)?;
    let interrupt = Interrupt::listen()?;
    let hands = Hands { desk: &desk, interrupt: &interrupt, context };
    if let Some(exit) = hands.take_away(found, options.delete_facts)? {
        return Ok(exit);
    }
    context.screen().note("done; what stays is listed above");
    Ok(Exit::Success)
}

/// The name of the environment is typed, or given: no key that is pressed out of habit.
fn agree(desk: &Desk, options: &DestroyOptions, context: &Context) -> Result<(), Failure> {
    let name = desk.settings.environment_identifier().as_str();
    let facts = if options.delete_facts { ", its journal and its reports" } else { "" };
    let what = format!("this takes the system {name}{facts} away, and the baselines of all managed accounts");
    let typed = match &options.confirm {
        Some(confirm) => confirm.clone(),
        None if !context.screen().is_interactive() => {
            return Err(
                Failure::new(Exit::Refused, what).help(format!("--confirm {name} says that this is meant"))
            );
        }
        None => context.screen().typed(&format!("{what}. Type {name} to go on:"))?,
    };
    if typed == name {
        return Ok(());
    }
    Err(Failure::new(Exit::Refused, format!("`{typed}` is not {name}; nothing was taken away")))
}

fn find(desk: &Desk) -> Result<Found, Failure> {
    let (mut there, mut elsewhere) = (Vec::new(), Vec::new());
    for stack in stacks::left_behind(&desk.settings, &desk.around) {
        if desk.stacks(&stack).is_none() {
            elsewhere.push(stack);
        } else if let Some(standing) = standing(desk, &stack)? {
            there.push((stack, standing));
        }
    }
    let role = there.iter().any(|(stack, _)| stack.part == Which::Management)
        || elsewhere.iter().any(|stack| stack.part == Which::Management);
    // Without the role nobody reaches the accounts, and it goes last: then it is done there.
    let baselines = if role { Baselines::find(desk)? } else { Baselines::default() };
    let keeper = desk.place.keeper();
    let standing = desk.done("the parameters cannot be read", keeper.standing())?;
    let parameters = standing.into_keys().filter(|name| keeper.names().owns(name)).collect();
    let name = &desk.place.deployment().table;
    let client = aws_sdk_dynamodb::Client::new(&desk.place.own());
    let governor = desk.place.governor();
    let table = match desk.place.done(Box::pin(inspect::shape(&client, &governor, name)))? {
        Ok(_) => Some(Text::clone(name)),
        Err(error) if Failure::exit_of_service(error.kind) == Exit::NotFound => None,
        Err(error) => return desk.done("the journal cannot be looked at", async { Err(error) }),
    };
    let automation = there.iter().find(|(stack, _)| stack.part == Which::Automation);
    let reports = match automation.and_then(|(stack, _)| Some((stack, desk.stacks(stack)?))) {
        Some((stack, stacks)) => {
            desk.done("nobody tells where the reports are", stacks.physical(&stack.name, REPORTS))?
        }
        None => None,
    };
    Ok(Found { stacks: there, elsewhere, baselines, parameters, table, reports })
}

fn rows(found: &Found, desk: &Desk, delete_facts: bool) -> Vec<Row> {
    let row = |fate, what: String, r#where: String| Row { what, r#where, fate };
    let automation = format!("{} in {}", desk.settings.automation().account_id, desk.around.region);
    let mut rows = Vec::new();
    for Baseline { account, standing, .. } in &found.baselines.found {
        rows.push(row("goes", format!("baseline ({})", standing.status), account.to_string()));
    }
    for (account, why) in &found.baselines.unseen {
        rows.push(row("not looked at", format!("baseline: {why}"), account.to_string()));
    }
    for (stack, standing) in found.stacks.iter().rev() {
        let place = format!("{} in {}", stack.account, stack.region);
        rows.push(row("goes", format!("stack {} ({})", stack.name, standing.status), place));
    }
    for stack in &found.elsewhere {
        let place = format!("{} in {}: --management-profile NAME reaches it", stack.account, stack.region);
        rows.push(row("not looked at", format!("stack {}", stack.name), place));
    }
    if !found.parameters.is_empty() {
        let path = desk.place.deployment().names.path();
        rows.push(row(
            "goes",
            format!("{} parameters below {path}", found.parameters.len()),
            automation.clone(),
        ));
    }
    let facts = if delete_facts { "goes" } else { "stays" };
    if let Some(table) = &found.table {
        rows.push(row(facts, format!("journal: table {table}"), automation.clone()));
    }
    if let Some(reports) = &found.reports {
        rows.push(row(facts, format!("reports: bucket {reports}"), automation));
    }
    if !found.baselines.found.is_empty() {
        let what = "logs of builds, and the alert topic with its subscriptions".to_owned();
        rows.push(row("stays", what, "in each managed account".to_owned()));
    }
    rows
}

/// Whoever does it.
struct Hands<'a> {
    desk: &'a Desk,
    interrupt: &'a Interrupt,
    context: &'a Context,
}

impl Hands<'_> {
    fn take_away(&self, found: Found, delete_facts: bool) -> Result<Option<Exit>, Failure> {
        let Found { stacks, baselines, parameters, table, reports, .. } = found;
        let (management, own): (Vec<_>, Vec<_>) =
            stacks.into_iter().rev().partition(|(stack, _)| stack.part == Which::Management);
        let (bucket, own): (Vec<_>, Vec<_>) =
            own.into_iter().partition(|(stack, _)| stack.part == Which::Artifacts);
        for (stack, standing) in &own {
            if let Some(exit) = self.stack(stack, standing)? {
                return Ok(Some(exit));
            }
        }
        if let Some(exit) = self.baselines(&baselines.found)? {
            return Ok(Some(exit));
        }
        for names in parameters.chunks(TOGETHER) {
            self.desk.done("parameters cannot be deleted", self.desk.place.keeper().delete(names))?;
        }
        if delete_facts {
            self.facts(table.as_ref(), reports.as_deref())?;
        }
        for (stack, standing) in &bucket {
            let emptied = self.desk.done("the bucket cannot be emptied", self.desk.artifacts().empty())?;
            self.context.screen().note(&format!("{emptied} versions of programs and templates deleted"));
            if let Some(exit) = self.stack(stack, standing)? {
                return Ok(Some(exit));
            }
        }
        for (stack, standing) in &management {
            if let Some(exit) = self.stack(stack, standing)? {
                return Ok(Some(exit));
            }
        }
        Ok(None)
    }

    fn stack(&self, stack: &Stack, standing: &Standing) -> Result<Option<Exit>, Failure> {
        if self.interrupt.is_asked() {
            self.context.screen().warn("stopped; the same command again does the rest");
            return Ok(Some(Exit::Interrupted));
        }
        let Some(stacks) = self.desk.stacks(stack) else { return Ok(None) };
        let mut watch = Watch::begin(self.desk, &stacks, stack, self.interrupt, self.context)?;
        // What is being changed cannot be taken away before it rests.
        if standing.condition() == Condition::Moving
            && let Ended::Interrupted = watch.wait(Some(&standing.arn))?
        {
            return Ok(Some(progress::goes_on(stack, self.context)));
        }
        let what = format!("{} cannot be taken away", stack.name);
        self.desk.done(&what, stacks.delete(&stack.name))?;
        match watch.wait(Some(&standing.arn))? {
            Ended::Rests(None, _) => {
                self.context.screen().note(&format!("{} is gone", stack.name));
                Ok(None)
            }
            Ended::Rests(Some(standing), causes) => Err(progress::failed(stack, &standing.status, &causes)),
            Ended::Interrupted => Ok(Some(progress::goes_on(stack, self.context))),
        }
    }

    /// All are begun before any is waited for.
    fn baselines(&self, baselines: &[Baseline]) -> Result<Option<Exit>, Failure> {
        for Baseline { account, stacks, standing } in baselines {
            let what = format!("the baseline of {account} cannot be taken away");
            self.desk.done(&what, stacks.delete(&standing.arn))?;
        }
        for Baseline { account, stacks, standing } in baselines {
            let stack = Stack {
                part: Which::Automation,
                name: standing.arn.clone(),
                account: *account,
                region: Text::clone(&self.desk.around.region),
                file: "infra/member-account.yaml",
                template: "",
                parameters: standing.parameters.clone(),
                tags: standing.tags.clone(),
            };
            let mut watch = Watch::begin(self.desk, stacks, &stack, self.interrupt, self.context)?;
            match watch.wait(Some(&standing.arn))? {
                Ended::Rests(None, _) => {
                    self.context.screen().note(&format!("the baseline of {account} is gone"));
                }
                Ended::Rests(Some(standing), causes) => {
                    return Err(progress::failed(&stack, &standing.status, &causes));
                }
                Ended::Interrupted => return Ok(Some(progress::goes_on(&stack, self.context))),
            }
        }
        Ok(None)
    }

    fn facts(&self, name: Option<&Text>, reports: Option<&str>) -> Result<(), Failure> {
        let (own, governor) = (self.desk.place.own(), self.desk.place.governor());
        if let Some(name) = name {
            let client = aws_sdk_dynamodb::Client::new(&own);
            self.desk.done("the journal cannot be deleted", table::delete(&client, &governor, name))?;
            self.context.screen().note(&format!("the table {name} is deleted"));
        }
        match reports {
            Some(name) => {
                let bucket = Artifacts::new(&own, governor, name);
                self.desk.done("the reports cannot be deleted", async {
                    bucket.empty().await?;
                    bucket.remove().await
                })?;
                self.context.screen().note(&format!("the bucket {name} is deleted"));
            }
            None => self.context.screen().warn(
                "nobody tells any more where the reports were: their stack is gone. `aws s3 ls` shows what is left",
            ),
        }
        Ok(())
    }
}
