//! `spa accounts`: the fleet in a table.

use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use state_machine::{
    Account, AccountId, Custody, Hold, Reading, Standing, State, Status, TaskKind, Text, Timestamp, UnitId,
};

use crate::cloud::Listed;
use crate::settings::Settings;

use super::place::{Place, holder_key, reading};
use super::selection::{Filter, Sieve};
use super::{Cell, Context, Exit, Failure, Format, Table, Tone, explain, time, trouble};

/// Which accounts are shown.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    filter: Filter,
}

/// An account for programs: every instant as it is, none of them relative to a time that is not said.
#[derive(Debug, Serialize)]
struct Row {
    account: AccountId,
    name: Text,
    /// What the tag says, when that is a state.
    state: Option<State>,
    /// What the tag says, whatever it is; `None` when nobody knows.
    tag: Option<Reading>,
    since: Option<Timestamp>,
    holder: Option<Text>,
    unit: Option<UnitId>,
    custody: Custody,
    /// In one word; `None` without settings, for an account of which nothing was ever recorded.
    #[serde(serialize_with = "in_a_word")]
    standing: Option<Standing>,
    status: Status,
    task: Option<String>,
    next_wake: Option<Timestamp>,
    quarantine: Option<Quarantine>,
    hold: Option<Hold>,
    stuck: Option<String>,
    cycles: u32,
    version: u64,
}

/// A quarantine for programs.
#[derive(Debug, Serialize)]
struct Quarantine {
    because: String,
    since: Timestamp,
    /// `None` while a try runs.
    next_try: Option<Timestamp>,
}

#[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "this is how serde asks")]
fn in_a_word<S: serde::Serializer>(standing: &Option<Standing>, to: S) -> Result<S::Ok, S::Error> {
    standing.map(explain::word).serialize(to)
}

/// Prints the accounts that the journal knows, and those of the organization of which it knows nothing.
///
/// # Errors
/// When the organization or its journal cannot be read.
pub fn run<P: Place>(options: &Options, context: &Context) -> Result<Exit, Failure> {
    let place = P::open(context)?;
    let settings = context.settings_if_usable(
        "holders are read from the tag account-holder, and holds of the settings are not known",
    );
    let now = place.now();
    let screen = context.screen();
    let sieve = Sieve::new(&options.filter, settings.as_ref(), now);
    let key = holder_key(settings.as_ref());
    let heads = place.heads()?;
    let unseen = place.without_record(&heads)?;
    let known = heads.len() + unseen.len();
    // A person reads how far away the next try is, a program when it is.
    let stuck = match screen.format() {
        Format::Table => trouble::stuck,
        Format::Json | Format::Csv => trouble::stuck_at,
    };
    let recorded = heads
        .iter()
        .filter(|head| sieve.takes(head))
        .map(|head| Row { stuck: stuck(head, now), ..recorded(head, key, &sieve) });
    let never = unseen.iter().filter(|member| sieve.takes_unseen(member));
    let never = never.map(|member| never_recorded(member, key, &sieve, settings.as_ref()));
    let mut rows: Vec<Row> = recorded.chain(never).collect();
    rows.sort_by_key(|row| row.account);
    if rows.is_empty() {
        place.know_unit(options.filter.unit(), settings.as_ref())?;
    }
    let table = match screen.format() {
        Format::Table => for_people(&rows, now),
        Format::Csv => for_spreadsheets(&rows),
        Format::Json => Table::default(),
    };
    screen.rows(&table, &rows)?;
    if rows.len() < known {
        screen.note(&format!("{} of {known} accounts", rows.len()));
    }
    Ok(Exit::Success)
}

fn recorded(head: &Account, key: &str, sieve: &Sieve<'_>) -> Row {
    let units = &head.profile().units;
    let is_seen = head.custody() != Custody::Unseen;
    Row {
        account: head.id(),
        name: Text::clone(&head.profile().name),
        state: head.state(),
        tag: is_seen.then(|| head.tag().reading.clone()),
        since: is_seen.then_some(head.tag().since),
        holder: head.holder(key).cloned(),
        unit: units.first().cloned(),
        custody: head.custody(),
        standing: Some(head.standing()),
        status: head.status(),
        task: doing(head),
        next_wake: head.next_wake(),
        quarantine: head.quarantine().map(|quarantine| Quarantine {
            because: quarantine.because.to_string(),
            since: quarantine.since,
            next_try: quarantine.next_try,
        }),
        hold: sieve.hold(head),
        stuck: None,
        cycles: head.cycles(),
        version: head.version().number(),
    }
}

/// What the organization tells of an account that the journal does not know.
fn never_recorded(member: &Listed, key: &str, sieve: &Sieve<'_>, settings: Option<&Arc<Settings>>) -> Row {
    let profile = &member.profile;
    let id = member.account;
    let standing = settings.map(|settings| settings.resolve(id, &profile.units).policy().standing);
    let tag = member.reading.clone();
    Row {
        account: id,
        name: Text::clone(&profile.name),
        state: tag.known(),
        tag: Some(tag),
        since: None,
        holder: profile.tags.get(key).cloned(),
        unit: profile.units.first().cloned(),
        custody: Custody::Unseen,
        standing,
        status: member.status,
        task: None,
        next_wake: None,
        quarantine: None,
        hold: sieve.hold_of_unseen(member),
        stuck: None,
        cycles: 0,
        version: 0,
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

/// The state as a column shows it; an account that is not ours is said to be so elsewhere.
fn state(row: &Row) -> String {
    row.tag.as_ref().map_or_else(|| "unknown".to_owned(), reading)
}

fn for_people(rows: &[Row], now: Timestamp) -> Table {
    let mut table = Table::new(["account", "state", "since", "holder", "unit", "doing", "next", "note"]);
    for row in rows {
        let tone = match row.state {
            Some(State::Released) => Tone::Good,
            Some(State::Vanilla | State::Assigned | State::Expired) => Tone::Plain,
            None => Tone::Doubtful,
        };
        let next = row.next_wake.map(|wake| time::distance(wake, now));
        table.row([
            row.account.to_string().into(),
            Cell::toned(state(row), tone),
            row.since.map(time::shown).unwrap_or_default().into(),
            row.holder.as_deref().unwrap_or_default().into(),
            row.unit.as_ref().map(ToString::to_string).unwrap_or_default().into(),
            row.task.clone().unwrap_or_default().into(),
            next.unwrap_or_default().into(),
            note(row),
        ]);
    }
    table
}

fn note(row: &Row) -> Cell {
    if let Some(stuck) = &row.stuck {
        return Cell::toned(stuck.clone(), Tone::Bad);
    }
    if let Some(hold) = &row.hold {
        return Cell::toned(format!("held until {}", time::shown(hold.until)), Tone::Doubtful);
    }
    if row.status != Status::Active {
        return Cell::toned(row.status.as_str(), Tone::Faint);
    }
    match (row.standing, row.custody) {
        (Some(Standing::Unmanaged), _) => Cell::toned("not managed", Tone::Faint),
        (Some(Standing::Protected(_)), _) => Cell::toned("protected", Tone::Faint),
        (Some(Standing::Managed) | None, Custody::Unseen) => Cell::toned("never seen", Tone::Doubtful),
        (Some(Standing::Managed) | None, Custody::Sighted) => {
            Cell::toned("waits to be adopted", Tone::Doubtful)
        }
        (Some(Standing::Managed) | None, Custody::Ours) => Cell::from(""),
    }
}

/// All of it, a column for each thing.
fn for_spreadsheets(rows: &[Row]) -> Table {
    let mut table = Table::new([
        "account",
        "name",
        "state",
        "since",
        "holder",
        "unit",
        "custody",
        "standing",
        "status",
        "doing",
        "next_wake",
        "quarantined_since",
        "quarantine_next_try",
        "quarantine_because",
        "held_until",
        "held_because",
        "stuck",
        "cycles",
    ]);
    let instant = |instant: Option<Timestamp>| instant.map(time::shown).unwrap_or_default();
    for row in rows {
        let (quarantine, hold) = (row.quarantine.as_ref(), row.hold.as_ref());
        let custody = match row.custody {
            Custody::Unseen => "unseen",
            Custody::Sighted => "sighted",
            Custody::Ours => "ours",
        };
        table.row([
            row.account.to_string().into(),
            row.name.to_string().into(),
            state(row).into(),
            instant(row.since).into(),
            row.holder.as_deref().unwrap_or_default().into(),
            row.unit.as_ref().map(ToString::to_string).unwrap_or_default().into(),
            custody.into(),
            row.standing.map(explain::word).unwrap_or_default().into(),
            row.status.as_str().into(),
            row.task.clone().unwrap_or_default().into(),
            instant(row.next_wake).into(),
            instant(quarantine.map(|quarantine| quarantine.since)).into(),
            instant(quarantine.and_then(|quarantine| quarantine.next_try)).into(),
            quarantine.map(|quarantine| quarantine.because.clone()).unwrap_or_default().into(),
            instant(hold.map(|hold| hold.until)).into(),
            hold.map(|hold| hold.reason.to_string()).unwrap_or_default().into(),
            row.stuck.clone().unwrap_or_default().into(),
            row.cycles.to_string().into(),
        ]);
    }
    table
}
