//! `spa explain`: what the settings say about one account, and which line says it.

use chrono::Utc;
use clap::Args;
use serde::Serialize;
use state_machine::{Account, AccountId, Hold, Standing, Text, Timestamp, UnitId};

use crate::journal::Journal as _;
use crate::local::Station;
use crate::settings::{Explained, Origin, Overruled, Settings, Sourced};
use crate::store::{Open, Store, StoreError};

use super::place::local::done;
use super::{Cell, Context, Exit, Failure, Format, On, Table, Tone, on, time};

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

/// From when on windows are counted, and by whose clock.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "clock", content = "time", rename_all = "snake_case")]
enum Now {
    /// The clock of this machine.
    Machine(Timestamp),
    /// The clock of the organization that the store holds, which may run faster.
    Store(Timestamp),
}

impl Now {
    const fn time(self) -> Timestamp {
        match self {
            Self::Machine(time) | Self::Store(time) => time,
        }
    }
}

/// What is known beside the settings.
#[derive(Debug)]
struct Known {
    units: Units,
    now: Now,
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
    now: Now,
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
    let known = known(account, options, context, &settings)?;
    let units = &known.units;
    let explanation = settings.explain(account, &units.around);
    let resolved = &explanation.resolved;
    let standing = resolved.standing();
    let windows = windows(&settings, standing.value, resolved.hold(), known.now.time());
    let near = match standing.value {
        Standing::Unmanaged => settings.accounts_like(&options.account),
        Standing::Managed | Standing::Protected(_) => Vec::new(),
    };
    let answer = Answer {
        account,
        standing: word(standing.value),
        because: reason(standing.value, units),
        origin: &standing.origin,
        units,
        settings: &explanation.values,
        now: known.now,
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

/// The units around an account, what tells them, and the time there.
fn known(
    account: AccountId,
    options: &Options,
    context: &Context,
    settings: &Settings,
) -> Result<Known, Failure> {
    let machine = Now::Machine(Utc::now().into());
    if let Some(outermost) = options.units.last() {
        let mut around = options.units.clone();
        around.pop();
        around.extend(settings.units_around(outermost));
        return Ok(Known { units: Units { from: UnitsFrom::Option, around }, now: machine });
    }
    if context.on() == On::Aws {
        return Ok(Known { units: units_of(account, &*on::head(account, context)?), now: machine });
    }
    let advice = "with --unit OU, the store is not asked";
    let store = match Store::open(context.store_path(), Open::Existing) {
        Ok(store) => store,
        Err(StoreError::Missing { .. }) => {
            return Ok(Known { units: Units { from: UnitsFrom::NoStore, around: Vec::new() }, now: machine });
        }
        Err(error) => return Err(Failure::from(error).help(advice)),
    };
    let station = Station::new(store);
    let time = station.time().map_err(|error| Failure::from(error).help(advice))?;
    let now = time.map_or(machine, Now::Store);
    let head = done(station.journal().account(account))?;
    let head = head.map_err(|error| Failure::from(error).help(advice))?;
    Ok(Known { units: units_of(account, &head), now })
}

/// The units that the journal saw last.
fn units_of(account: AccountId, head: &Account) -> Units {
    if *head == Account::unseen(account) {
        Units { from: UnitsFrom::NeverSeen, around: Vec::new() }
    } else {
        Units { from: UnitsFrom::Store, around: head.profile().units.to_vec() }
    }
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
            "not known: the journal has never seen the account, and --unit names none".to_owned()
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
    let from = match answer.now {
        Now::Machine(_) => String::new(),
        Now::Store(now) => format!(", from {} on, the time in the store", time::shown(now)),
    };
    let mut lines = vec![format!("windows: {schedule}, in UTC{from}")];
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
