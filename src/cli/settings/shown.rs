//! A plan for people and programs.

use std::collections::BTreeMap;

use serde::Serialize;
use state_machine::{AccountId, Text};

use super::affected::{Affected, Purge, UnitOn};
use super::plan::Plan;
use super::words::{self, Change};
use crate::cli::place::Place;
use crate::cli::{Cell, Context, Failure, Format, Table, Tone, table};
use crate::settings::Subject;

/// How many rows of a table people read.
const ROWS: usize = 100;

/// How many accounts stand by name in one row.
const NAMED: usize = 3;

/// The same, as it is written.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    environment: &'a str,
    parameters: Vec<Row<'a>>,
    unchanged: usize,
    /// What stands below the path under names that are not ours.
    left_alone: Vec<&'a Text>,
    accounts: &'a [Affected],
    units_on: &'a [UnitOn],
    /// The number of accounts of which more is purged than before, as `--purge-on` takes it.
    purge_on: usize,
    doubts: &'a [String],
}

/// A parameter that changes.
#[derive(Debug, Serialize)]
struct Row<'a> {
    parameter: &'a Text,
    change: &'static str,
    affects: String,
    changes: Vec<Change>,
}

/// Prints a plan as data.
///
/// # Errors
/// When standard output cannot be written.
pub(super) fn print(plan: &Plan, place: &impl Place, context: &Context) -> Result<(), Failure> {
    let screen = context.screen();
    match screen.format() {
        Format::Table => screen.text(&text(plan, place)),
        Format::Json | Format::Csv => screen.rows(&csv(&rows(plan)), &shown(plan)),
    }
}

/// A plan for programs.
pub(in crate::cli) fn shown(plan: &Plan) -> impl Serialize + '_ {
    Shown {
        environment: plan.keeper.names().environment(),
        parameters: rows(plan),
        unchanged: plan.difference.equal.len(),
        left_alone: plan.difference.foreign.iter().collect(),
        accounts: &plan.effects.accounts,
        units_on: &plan.effects.units_on,
        purge_on: plan.effects.purge_on().count(),
        doubts: &plan.doubts,
    }
}

fn rows(plan: &Plan) -> Vec<Row<'_>> {
    let names = plan.keeper.names();
    let difference = &plan.difference;
    let row = |parameter, change, before, after| Row {
        parameter,
        change,
        affects: affects(plan, parameter),
        changes: words::of_parameter(names, parameter, before, after),
    };
    let missing = difference.missing.iter().map(|(name, is)| row(name, "added", None, Some(&is.value)));
    let different =
        difference.different.iter().map(|(name, (was, is))| row(name, "changed", Some(was), Some(&is.value)));
    let left_over = difference.left_over.iter().map(|(name, was)| row(name, "removed", Some(was), None));
    missing.chain(different).chain(left_over).collect()
}

/// Whom a parameter is about.
fn affects(plan: &Plan, name: &str) -> String {
    let number = |count: usize| if count == 1 { "1 account".to_owned() } else { format!("{count} accounts") };
    let affected = &plan.effects.accounts;
    match plan.keeper.names().subject(name) {
        Some(Subject::Account(account)) => {
            number(affected.iter().filter(|one| one.account == account).count())
        }
        Some(Subject::Unit(unit)) => number(affected.iter().filter(|one| one.units.contains(&unit)).count()),
        Some(Subject::Defaults) => number(affected.len()),
        Some(Subject::General) => "the system".to_owned(),
        Some(Subject::Buildspec(task)) => format!("every {task}"),
        None => "holders".to_owned(),
    }
}

/// A plan for people.
pub(in crate::cli) fn text(plan: &Plan, place: &impl Place) -> String {
    let rows = rows(plan);
    let mut parts: Vec<String> = plan.doubts.iter().map(|doubt| format!("note: {doubt}")).collect();
    if !rows.is_empty() {
        parts.push(of_parameters(&rows));
    }
    if !plan.effects.accounts.is_empty() {
        parts.push(of_accounts(&plan.effects.accounts));
    }
    let dangers = dangers(plan);
    if !dangers.is_empty() {
        parts.push(dangers);
    }
    let count = |change| rows.iter().filter(|row| row.change == change).count();
    let mut sum = format!(
        "{}: {} added, {} changed, {} removed, {} unchanged",
        place.named(),
        count("added"),
        count("changed"),
        count("removed"),
        plan.difference.equal.len()
    );
    if !plan.difference.foreign.is_empty() {
        let names: Vec<&str> = plan.difference.foreign.iter().map(|name| &**name).collect();
        sum.push_str("; not ours and left alone: ");
        sum.push_str(&names.join(", "));
    }
    parts.push(sum);
    parts.join("\n\n")
}

fn of_parameters(rows: &[Row<'_>]) -> String {
    let mut table = Table::new(["change", "parameter", "affects", "what"]);
    for row in rows.iter().take(ROWS) {
        let tone = if row.change == "removed" { Tone::Doubtful } else { Tone::Plain };
        table.row([
            Cell::toned(row.change, tone),
            row.parameter.to_string().into(),
            row.affects.clone().into(),
            words::told(&row.changes).into(),
        ]);
    }
    more(table.render(table::terminal_width()), rows.len(), "parameters")
}

/// Accounts for which the same changes, in one row.
fn of_accounts(accounts: &[Affected]) -> String {
    let mut groups: BTreeMap<(bool, String, (Purge, Purge)), Vec<AccountId>> = BTreeMap::new();
    for affected in accounts {
        // What is dangerous stands first.
        let calm = affected.purge.1 <= affected.purge.0;
        let key = (calm, words::told(&affected.changes), affected.purge);
        groups.entry(key).or_default().push(affected.account);
    }
    let all = groups.len();
    let mut table = Table::new(["accounts", "purge", "what changes for them"]);
    for ((_, what, purge), accounts) in groups.into_iter().take(ROWS) {
        let mut named: Vec<String> = accounts.iter().take(NAMED).map(ToString::to_string).collect();
        if accounts.len() > NAMED {
            named.push(format!("and {} more", accounts.len() - NAMED));
        }
        table.row([named.join(" ").into(), of_purge(purge), what.into()]);
    }
    more(table.render(table::terminal_width()), all, "kinds of changes")
}

fn more(text: String, all: usize, what: &str) -> String {
    if all <= ROWS {
        return text;
    }
    format!("{text}\nand {} more {what}; --output json has all of them", all - ROWS)
}

fn of_purge((before, after): (Purge, Purge)) -> Cell {
    match (before, after) {
        _ if after > before => Cell::toned(format!("PURGE ON ({after})"), Tone::Bad),
        _ if after < before => Cell::toned(format!("{before} -> {after}"), Tone::Good),
        _ => after.to_string().into(),
    }
}

/// What somebody must have seen before agreeing.
pub(super) fn dangers(plan: &Plan) -> String {
    let mut table = Table::new(["danger", "where", "purge until now", "from now on"]);
    let tone = |purge: Purge| {
        Cell::toned(purge.to_string(), if purge == Purge::Forced { Tone::Bad } else { Tone::Doubtful })
    };
    for UnitOn { unit, purge } in &plan.effects.units_on {
        let what = Cell::toned("PURGE ON", Tone::Bad);
        table.row([
            what,
            format!("whatever stands in {unit}").into(),
            purge.0.to_string().into(),
            tone(purge.1),
        ]);
    }
    for affected in plan.effects.purge_on().take(ROWS) {
        let (before, after) = affected.purge;
        let what = Cell::toned("PURGE ON", Tone::Bad);
        table.row([what, affected.account.to_string().into(), before.to_string().into(), tone(after)]);
    }
    if table.is_empty() {
        return String::new();
    }
    more(table.render(table::terminal_width()), plan.effects.purge_on().count(), "accounts")
}

fn csv(rows: &[Row<'_>]) -> Table {
    let mut table = Table::new(["change", "parameter", "affects", "setting", "from", "to"]);
    for row in rows {
        for change in &row.changes {
            table.row([
                row.change.into(),
                row.parameter.to_string().into(),
                row.affects.clone().into(),
                change.path.clone().into(),
                change.from.clone().unwrap_or_default().into(),
                change.to.clone().unwrap_or_default().into(),
            ]);
        }
    }
    table
}
