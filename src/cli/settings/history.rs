//! What was changed, when, and by whom.

use serde::Serialize;
use state_machine::{Text, Timestamp};

use super::words::{self, Change};
use super::{HistoryOptions, named};
use crate::cli::place::Place as _;
use crate::cli::place::aws::{AwsPlace, failure};
use crate::cli::{Context, Exit, Failure, Subject, Table, time};
use crate::cloud::aws::parameters::{Keeper, Version};

/// One version of one parameter.
#[derive(Debug, Serialize)]
struct Row {
    parameter: Text,
    version: i64,
    at: Option<Timestamp>,
    by: Text,
    /// What is different from the version before it; nothing where that one is not kept any more.
    changes: Option<Vec<Change>>,
}

/// Shows the versions of one parameter, or the last one of each of those that were changed last.
///
/// # Errors
/// When they cannot be read, or there is no such parameter.
pub(super) fn show(options: &HistoryOptions, place: &AwsPlace, context: &Context) -> Result<Exit, Failure> {
    let keeper = place.keeper();
    let mut rows = Vec::new();
    if let Some(name) = &options.name {
        let name = named::parameter(name, keeper.names())?;
        rows = versions(place, &keeper, &name)?;
    } else {
        // The list tells who and when, fifty with each call; what was changed is asked for those that are shown.
        let all = place.done(keeper.all_described())?.map_err(|error| failure(&error, Subject::Settings))?;
        let mut last: Vec<_> = all.into_iter().filter(|(name, _)| keeper.names().owns(name)).collect();
        last.sort_by(|(one, a), (other, b)| (b.at, one).cmp(&(a.at, other)));
        for (name, _) in last.into_iter().take(options.last) {
            // One that was deleted a moment ago has no history.
            rows.extend(read(place, &keeper, &name)?.and_then(|all| told(&keeper, &name, &all).pop()));
        }
    }
    let mut table = Table::new(["parameter", "version", "at", "by", "what"]).right([1]);
    for row in &rows {
        table.row([
            row.parameter.to_string().into(),
            row.version.to_string().into(),
            row.at.map(time::shown).unwrap_or_default().into(),
            row.by.to_string().into(),
            row.changes.as_deref().map_or_else(|| "not kept any more".to_owned(), words::told).into(),
        ]);
    }
    context.screen().rows(&table, &rows)?;
    Ok(Exit::Success)
}

fn versions(place: &AwsPlace, keeper: &Keeper, name: &Text) -> Result<Vec<Row>, Failure> {
    let all = read(place, keeper, name)?.ok_or_else(|| missing(name))?;
    let mut rows = told(keeper, name, &all);
    rows.reverse();
    Ok(rows)
}

/// There is no such parameter.
pub(super) fn missing(name: &str) -> Failure {
    Failure::new(Exit::NotFound, format!("there is no parameter {name}"))
        .help("`spa settings history` lists them; of one that was deleted AWS keeps nothing")
}

/// All versions that are kept, the oldest first.
pub(super) fn read(place: &AwsPlace, keeper: &Keeper, name: &Text) -> Result<Option<Vec<Version>>, Failure> {
    place.done(keeper.history(name))?.map_err(|error| failure(&error, Subject::Settings))
}

/// Each version with what it changed, the oldest first.
fn told(keeper: &Keeper, name: &Text, all: &[Version]) -> Vec<Row> {
    let mut before: Option<&Text> = None;
    let mut rows = Vec::with_capacity(all.len());
    for version in all {
        let known = before.is_some() || version.described.version == 1;
        let changes = known.then(|| words::of_parameter(keeper.names(), name, before, Some(&version.value)));
        let described = &version.described;
        let (parameter, by) = (Text::clone(name), Text::clone(&described.by));
        rows.push(Row { parameter, version: described.version, at: described.at, by, changes });
        before = Some(&version.value);
    }
    rows
}
