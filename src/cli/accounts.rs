//! `spa accounts`: the fleet in a table.

use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use state_machine::{
    Account, AccountId, Custody, Reading, Standing, State, Status, TaskKind, Text, Timestamp, UnitId,
};

use super::place::{Place, holder_key, reading};
use super::selection::{Filter, Sieve};
use super::{Cell, Context, Exit, Failure, Table, Tone, time, trouble};

/// Which accounts are shown.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    filter: Filter,
}

/// An account for programs.
#[derive(Debug, Serialize)]
struct Row {
    account: AccountId,
    name: Text,
    /// What the tag says, when that is a state.
    state: Option<State>,
    /// What the tag says, whatever it is.
    tag: Reading,
    since: Option<Timestamp>,
    holder: Option<Text>,
    unit: Option<UnitId>,
    task: Option<String>,
    next_wake: Option<Timestamp>,
    quarantined_until: Option<Timestamp>,
    held_until: Option<Timestamp>,
    stuck: Option<String>,
    cycles: u32,
    version: u64,
}

/// Prints the accounts that the journal knows.
///
/// # Errors
/// When the store cannot be read.
pub fn run(options: &Options, context: &Context) -> Result<Exit, Failure> {
    let place = Place::open(context)?;
    let settings = context.settings_if_usable(
        "holders are read from the tag account-holder, and holds of the settings are not known",
    );
    let now = place.now();
    let sieve = Sieve::new(&options.filter, settings.as_ref(), now);
    let key = holder_key(settings.as_ref());
    let heads = place.heads()?;
    let known = heads.len();
    let shown: Vec<Arc<Account>> = heads.into_iter().filter(|head| sieve.takes(head)).collect();
    let rows: Vec<Row> = shown.iter().map(|head| row(head, key, &sieve, now)).collect();
    let mut table = Table::new(["account", "state", "since", "holder", "unit", "doing", "next", "note"]);
    for (row, head) in rows.iter().zip(&shown) {
        table.row(cells(row, head, now));
    }
    context.screen().rows(&table, &rows)?;
    let left_out = known - rows.len();
    if left_out > 0 {
        context.screen().note(&format!("{} of {known} accounts", rows.len()));
    }
    Ok(Exit::Success)
}

fn row(head: &Account, key: &str, sieve: &Sieve<'_>, now: Timestamp) -> Row {
    let quarantine = head.quarantine();
    Row {
        account: head.id(),
        name: Text::clone(&head.profile().name),
        state: head.state(),
        tag: head.tag().reading.clone(),
        since: (head.custody() != Custody::Unseen).then_some(head.tag().since),
        holder: head.holder(key).cloned(),
        unit: head.profile().units.first().cloned(),
        task: doing(head),
        next_wake: head.next_wake(),
        quarantined_until: quarantine.and_then(|quarantine| quarantine.next_try),
        held_until: sieve.hold(head).map(|hold| hold.until),
        stuck: trouble::stuck(head, now),
        cycles: head.cycles(),
        version: head.version().number(),
    }
}

/// The state as the column shows it; an account that is not ours is said to be so in the last column.
fn state(head: &Account) -> String {
    match head.custody() {
        Custody::Unseen => "unknown".to_owned(),
        Custody::Sighted | Custody::Ours => reading(&head.tag().reading),
    }
}

/// What is being done with it.
pub(super) fn doing(head: &Account) -> Option<String> {
    let task = head.task()?;
    let word = match task.kind {
        TaskKind::Preparation => "preparation",
        TaskKind::Purge => "purge",
    };
    let attempt = if task.attempt > 1 { format!(", attempt {}", task.attempt) } else { String::new() };
    let waits = if task.build.is_none() { ", not started" } else { "" };
    Some(format!("{word}{attempt}{waits}"))
}

fn cells(row: &Row, head: &Account, now: Timestamp) -> [Cell; 8] {
    let instant = |instant: Option<Timestamp>| instant.map(time::shown).unwrap_or_default();
    let tone = match head.state() {
        Some(State::Released) => Tone::Good,
        Some(State::Vanilla | State::Assigned | State::Expired) => Tone::Plain,
        None => Tone::Doubtful,
    };
    let next = row.next_wake.map(|wake| time::distance(wake, now)).unwrap_or_default();
    [
        row.account.to_string().into(),
        Cell::toned(state(head), tone),
        instant(row.since).into(),
        row.holder.as_deref().unwrap_or_default().into(),
        row.unit.as_ref().map(ToString::to_string).unwrap_or_default().into(),
        row.task.clone().unwrap_or_default().into(),
        next.into(),
        note(row, head),
    ]
}

fn note(row: &Row, head: &Account) -> Cell {
    if let Some(stuck) = &row.stuck {
        return Cell::toned(stuck.clone(), Tone::Bad);
    }
    if let Some(until) = row.held_until {
        return Cell::toned(format!("held until {}", time::shown(until)), Tone::Doubtful);
    }
    if head.status() != Status::Active {
        return Cell::toned(head.status().as_str(), Tone::Faint);
    }
    match (head.standing(), head.custody()) {
        (Standing::Managed, Custody::Sighted) => Cell::toned("waits to be adopted", Tone::Doubtful),
        (Standing::Managed, Custody::Ours | Custody::Unseen) => Cell::from(""),
        (Standing::Unmanaged, _) => Cell::toned("not managed", Tone::Faint),
        (Standing::Protected(_), _) => Cell::toned("protected", Tone::Faint),
    }
}
