//! `spa explain`: what the settings say about one account, and which line says it.

use std::sync::Arc;

use chrono::Utc;
use clap::Args;
use serde::Serialize;
use state_machine::{Account, AccountId, Hold, Standing, Text, Timestamp, UnitId};

use crate::journal::Journal as _;
use crate::journal::sqlite::SqliteJournal;
use crate::settings::{Explained, Origin, Overruled, Settings, Sourced};
use crate::store::Store;

use super::{Cell, Context, Exit, Failure, Format, Table, Tone};

/// How many maintenance windows are told.
const WINDOWS: usize = 5;

/// About which account, and where it lies.
#[derive(Debug, Args)]
pub struct Options {
    /// The account: twelve digits.
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// The organizational unit that holds the account; several times: the nearest first. The parents that the
    /// settings tell are added. By default, the units as the store last saw them.
    #[arg(long = "unit", value_name = "OU")]
    units: Vec<UnitId>,
}

/// What is known about the place of an account.
#[derive(Debug, Serialize)]
struct Units {
    /// What told them.
    from: UnitsFrom,
    /// The units, the nearest first.
    around: Vec<UnitId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum UnitsFrom {
    /// The command line.
    Option,
    /// The journal: what was seen when somebody last looked.
    Store,
    /// Nothing: there is no store.
    NoStore,
    /// Nothing: the store has never seen the account.
    NeverSeen,
}

/// The answer, for programs.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    account: AccountId,
    standing: &'static str,
    because: String,
    origin: &'a Origin,
    units: &'a Units,
    settings: &'a [Explained],
    windows: &'a [Window],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    did_you_mean: Vec<AccountId>,
}

/// A maintenance window that is to come.
#[derive(Clone, Copy, Debug, Serialize)]
struct Window {
    opens: Timestamp,
    /// Whether a hold of the settings keeps the account out of it.
    held: bool,
}

/// Tells what counts for an account.
///
/// # Errors
/// When the text names no account, the settings or the store cannot be used, or standard output cannot be
/// written.
pub fn run(options: &Options, context: &Context) -> Result<Exit, Failure> {
    let settings = context.settings()?;
    let account = account(&options.account, &settings)?;
    let units = units(account, options, context, &settings)?;
    let explanation = settings.explain(account, &units.around);
    let resolved = &explanation.resolved;
    let standing = resolved.standing();
    let windows = windows(&settings, standing.value, resolved.hold(), Timestamp::from(Utc::now()));
    let near = match standing.value {
        Standing::Unmanaged => settings.accounts_like(&options.account),
        Standing::Managed | Standing::Protected(_) => Vec::new(),
    };
    let answer = Answer {
        account,
        standing: word(standing.value),
        because: reason(standing.value, &units),
        origin: &standing.origin,
        units: &units,
        settings: &explanation.values,
        windows: &windows,
        did_you_mean: near,
    };
    let screen = context.screen();
    match screen.format() {
        Format::Table => screen.text(&for_people(&answer, &settings))?,
        Format::Json | Format::Csv => screen.rows(&rows(&answer), &answer)?,
    }
    Ok(if standing.value == Standing::Unmanaged { Exit::NotFound } else { Exit::Success })
}

/// The account that a text names.
fn account(text: &str, settings: &Settings) -> Result<AccountId, Failure> {
    text.parse().map_err(|error: state_machine::InvalidAccountId| {
        let failure = Failure::of(Exit::Usage, &error);
        did_you_mean(&settings.accounts_like(text)).into_iter().fold(failure, Failure::help)
    })
}

fn did_you_mean(accounts: &[AccountId]) -> Option<String> {
    let accounts: Vec<String> = accounts.iter().map(ToString::to_string).collect();
    match accounts.as_slice() {
        [] => None,
        [one] => Some(format!("did you mean {one}?")),
        several => Some(format!("did you mean one of {}?", several.join(", "))),
    }
}

/// The units around an account, and what tells them.
fn units(
    account: AccountId,
    options: &Options,
    context: &Context,
    settings: &Settings,
) -> Result<Units, Failure> {
    if let Some(outermost) = options.units.last() {
        let mut around = options.units.clone();
        around.pop();
        around.extend(settings.units_around(outermost));
        return Ok(Units { from: UnitsFrom::Option, around });
    }
    if !context.store_path().exists() {
        return Ok(Units { from: UnitsFrom::NoStore, around: Vec::new() });
    }
    let advice = "with --unit OU, the store is not asked";
    let store = context.store().map_err(|failure| failure.help(advice))?;
    let head = head(store, account).map_err(|failure| failure.help(advice))?;
    if *head == Account::unseen(account) {
        return Ok(Units { from: UnitsFrom::NeverSeen, around: Vec::new() });
    }
    Ok(Units { from: UnitsFrom::Store, around: head.profile().units.clone() })
}

fn head(store: Store, account: AccountId) -> Result<Arc<Account>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|error| Failure::of(Exit::Failed, &error))?;
    Ok(runtime.block_on(SqliteJournal::new(store).account(account))?)
}

/// The next windows; none for an account that no window may touch.
fn windows(
    settings: &Settings,
    standing: Standing,
    hold: Option<&Sourced<Hold>>,
    now: Timestamp,
) -> Vec<Window> {
    let Some(schedule) = settings.schedule().filter(|_| standing == Standing::Managed) else {
        return Vec::new();
    };
    std::iter::successors(schedule.next_after(now, now), |run| schedule.next_after(*run, now))
        .take(WINDOWS)
        .map(|opens| Window { opens, held: hold.is_some_and(|hold| opens < hold.value.until) })
        .collect()
}

/// The standing in one word.
pub(super) const fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Managed => "managed",
        Standing::Unmanaged => "unmanaged",
        Standing::Protected(_) => "protected",
    }
}

/// Why the account stands as it does. Without its units, nobody can say that it is not managed.
fn reason(standing: Standing, units: &Units) -> String {
    match (standing, units.from) {
        (Standing::Unmanaged, UnitsFrom::NoStore | UnitsFrom::NeverSeen) => {
            "no setting names it; whether it lies in a managed unit is not known here".to_owned()
        }
        (Standing::Managed | Standing::Protected(_) | Standing::Unmanaged, _) => standing.to_string(),
    }
}

fn for_people(answer: &Answer<'_>, settings: &Settings) -> String {
    let origin = match answer.origin {
        Origin::BuiltIn => String::new(),
        origin => format!(" ({origin})"),
    };
    let mut lines = vec![
        format!("{}: {}{origin}", answer.account, answer.because),
        format!("units: {}", units_for_people(answer.units, settings)),
    ];
    lines.extend(did_you_mean(&answer.did_you_mean));
    if answer.standing == "unmanaged" {
        lines.push("nothing is done to it; what would count for it, if it were managed:".to_owned());
    }
    lines.push(String::new());
    let mut table = Table::new(["setting", "value", "from", "instead of"]);
    for Explained { entry, instead_of } in answer.settings {
        let tone = if entry.origin == Origin::BuiltIn { Tone::Faint } else { Tone::Plain };
        // What is built in is replaced nearly everywhere, and says nothing about the file.
        let written = instead_of.iter().filter(|other| other.origin != Origin::BuiltIn);
        let others: Vec<String> = written.map(overruled).collect();
        table.row([
            entry.path.clone().into(),
            Cell::toned(entry.value.clone(), tone),
            Cell::toned(entry.origin.to_string(), tone),
            if others.is_empty() { "".into() } else { Cell::toned(others.join("; "), Tone::Faint) },
        ]);
    }
    lines.extend([table.render(None), String::new()]);
    lines.extend(windows_for_people(answer, settings));
    lines.join("\n")
}

fn overruled(other: &Overruled) -> String {
    format!("{} ({})", other.value, other.origin)
}

fn units_for_people(units: &Units, settings: &Settings) -> String {
    let named: Vec<String> = units
        .around
        .iter()
        .map(|unit| match settings.unit_note(unit) {
            Some(note) => format!("{unit} ({note})"),
            None if settings.units().any(|listed| listed == unit) => unit.to_string(),
            None => format!("{unit} (not in the settings)"),
        })
        .collect();
    let list = if named.is_empty() { "none".to_owned() } else { named.join(" in ") };
    match units.from {
        UnitsFrom::Option => format!("{list}, as --unit says"),
        UnitsFrom::Store => format!("{list}, as the store last saw it"),
        UnitsFrom::NoStore => "not known: there is no store, and --unit names none".to_owned(),
        UnitsFrom::NeverSeen => {
            "not known: the store has never seen the account, and --unit names none".to_owned()
        }
    }
}

fn windows_for_people(answer: &Answer<'_>, settings: &Settings) -> Vec<String> {
    let Some(schedule) = settings.schedule() else {
        return vec!["windows: none, there is no maintenance_window_expression".to_owned()];
    };
    if answer.standing != "managed" {
        return vec!["windows: none of them touches this account".to_owned()];
    }
    if answer.windows.is_empty() {
        return vec![format!("windows: {schedule} never comes again")];
    }
    let mut lines = vec![format!("windows: {schedule}, in UTC")];
    lines.extend(answer.windows.iter().map(|window| {
        let held = if window.held { "  left out: held" } else { "" };
        format!("  {}{held}", window.opens.to_utc().format("%a %Y-%m-%d %H:%M"))
    }));
    lines
}

/// One value a row, for spreadsheets: the account itself first, the windows last.
fn rows(answer: &Answer<'_>) -> Table {
    let mut table =
        Table::new(["account", "setting", "value", "from", "unit", "file", "line", "column", "instead_of"]);
    let mut row = |setting: &str, value: &str, origin: &Origin, instead_of: String| {
        let unit = if let Origin::Unit(unit, _) = origin { unit.to_string() } else { String::new() };
        let (file, line, column) = match origin.place() {
            Some(place) => (Text::clone(&place.file), place.line.to_string(), place.column.to_string()),
            None => (Text::from(""), String::new(), String::new()),
        };
        table.row(
            [
                &answer.account.to_string(),
                setting,
                value,
                origin.name(),
                &unit,
                &*file,
                &line,
                &column,
                &instead_of,
            ]
            .map(Cell::from),
        );
    };
    row("standing", answer.standing, answer.origin, String::new());
    for Explained { entry, instead_of } in answer.settings {
        let others: Vec<String> = instead_of.iter().map(overruled).collect();
        row(&entry.path, &entry.value, &entry.origin, others.join("; "));
    }
    for window in answer.windows {
        let note = if window.held { "held" } else { "" };
        row("window", &window.opens.to_string(), &Origin::BuiltIn, note.to_owned());
    }
    table
}
