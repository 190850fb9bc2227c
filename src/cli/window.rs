//! `spa window`: what the next maintenance window would do, and one that is opened now.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde::Serialize;
use state_machine::{Account, AccountId, Actor, Brakes, Occasion, Text, Timestamp, UnitId};

use crate::cloud::Parameters as _;
use crate::journal::Journal as _;
use crate::lifecycle::{Lifecycle, LifecycleError, Plan, World as _, open_window, plan_window};
use crate::settings::Settings;

use super::account::reason;
use super::place::Place;
use super::{Cell, Context, Exit, Failure, Table, Tone, time, touched};

/// What is asked.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Shows which accounts the next window would take, in which order, and why it would leave out the others.
    Plan(PlanOptions),
    /// Opens a window now.
    Open(OpenOptions),
}

/// When.
#[derive(Debug, Args)]
struct PlanOptions {
    /// For a window that is opened now, not for the next one of the schedule.
    #[arg(long)]
    now: bool,
}

/// Why.
#[derive(Debug, Args)]
struct OpenOptions {
    /// Why. It is recorded.
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: Text,
    /// Who asks, when it is not the user of this machine; on AWS, beside the caller. It is recorded.
    #[arg(long = "as", value_name = "NAME", value_parser = reason)]
    by: Option<Text>,
    /// Shows the plan, and opens nothing.
    #[arg(long)]
    dry_run: bool,
    /// Does not ask for a confirmation.
    #[arg(long, short)]
    yes: bool,
}

/// Answers.
///
/// # Errors
/// When the store or the settings cannot be used, or what is asked for is refused.
pub fn run<P: Place>(options: &Options, context: &Context) -> Result<Exit, Failure> {
    let place = P::open(context)?;
    let settings = context.settings()?;
    match &options.question {
        Question::Plan(options) => {
            let next = settings.schedule().and_then(|schedule| schedule.next_after(place.now(), place.now()));
            let at = if options.now { None } else { next };
            if at.is_none() && !options.now {
                context
                    .screen()
                    .warn("the settings name no maintenance window; shown is one that is opened now");
            }
            show(&place, &settings, at.unwrap_or_else(|| place.now()), context)
        }
        Question::Open(options) if options.dry_run => show(&place, &settings, place.now(), context),
        Question::Open(options) => open(options, &place, &settings, context),
    }
}

/// A plan for programs.
#[derive(Debug, Serialize)]
struct Shown {
    /// When the window would be opened.
    at: Timestamp,
    /// How many accounts may be in flight at the same time.
    in_flight: u32,
    /// How many go first.
    first_wave: u32,
    accounts: Vec<Row>,
}

/// An account of a plan.
#[derive(Debug, Serialize)]
struct Row {
    account: AccountId,
    name: Text,
    unit: Option<UnitId>,
    /// Its place among those that are taken, from one.
    place: Option<usize>,
    /// `first` or `later`.
    wave: Option<&'static str>,
    /// Why it would be left out.
    left_out: Option<String>,
    last_maintained: Option<Timestamp>,
}

/// The plan of a window at this instant. Until then much may change; it is a rehearsal.
fn plan(place: &impl Place, settings: &Arc<Settings>, at: Timestamp) -> Result<(Plan, Brakes), Failure> {
    let world = place.look(settings, at)?;
    let plan = place.done(plan_window(&Lifecycle::new(&world)))??;
    let brakes = place.done(world.parameters().brakes())?.map_err(LifecycleError::NoSettings)?;
    Ok((plan, brakes))
}

fn show(
    place: &impl Place,
    settings: &Arc<Settings>,
    at: Timestamp,
    context: &Context,
) -> Result<Exit, Failure> {
    let (plan, brakes) = plan(place, settings, at)?;
    let first = usize::try_from(brakes.first_wave.min(brakes.in_flight)).unwrap_or(usize::MAX);
    let mut taken = 0;
    let mut rows = Vec::new();
    let mut table = Table::new(["account", "window", "unit", "last cycle", "why"]);
    for planned in &plan.accounts {
        let head: &Account = &planned.account;
        let last = head.last_cycle().map(|past| past.ended);
        let unit = head.profile().units.first().cloned();
        let left_out = planned.left_out.as_ref().map(ToString::to_string);
        let (place, wave) = if left_out.is_none() {
            taken += 1;
            (Some(taken), Some(if taken <= first { "first" } else { "later" }))
        } else {
            (None, None)
        };
        let (word, tone) = match wave {
            Some("first") => ("in, first wave", Tone::Good),
            Some(_) => ("in", Tone::Good),
            None => ("out", Tone::Doubtful),
        };
        table.row([
            head.id().to_string().into(),
            Cell::toned(word, tone),
            unit.as_ref().map(ToString::to_string).unwrap_or_default().into(),
            last.map(time::shown).unwrap_or_default().into(),
            left_out
                .clone()
                .unwrap_or_else(|| "released, on-boarded, and nothing keeps it back".to_owned())
                .into(),
        ]);
        let name = Text::clone(&head.profile().name);
        rows.push(Row { account: head.id(), name, unit, place, wave, left_out, last_maintained: last });
    }
    let left_out = rows.len() - taken;
    let shown = Shown { at, in_flight: brakes.in_flight, first_wave: brakes.first_wave, accounts: rows };
    let screen = context.screen();
    screen.rows(&table, &shown)?;
    let distance = time::distance(at, place.now());
    screen.note(&format!(
        "a window at {} ({distance}) would take {taken} accounts, {} first and at most {} at the same time; \
         {left_out} are left out",
        time::shown(at),
        first.min(taken),
        brakes.in_flight
    ));
    if let Some(window) = place.done(place.journal().fleet())??.window() {
        screen.note(&format!(
            "a window is open since {}: {} of {} accounts had their turn, {} are in it now",
            window.id,
            window.turns,
            window.planned,
            window.in_flight.len()
        ));
    }
    Ok(Exit::Success)
}

fn open<P: Place>(
    options: &OpenOptions,
    place: &P,
    settings: &Arc<Settings>,
    context: &Context,
) -> Result<Exit, Failure> {
    let screen = context.screen();
    if !options.yes {
        let (plan, _) = plan(place, settings, place.now())?;
        let accounts = plan.taken().count();
        if P::ASKS {
            let taken = plan.accounts.iter().filter(|planned| planned.left_out.is_none());
            touched::tell(taken.map(|planned| &*planned.account), settings, place, context);
        }
        screen.confirm(&format!("open a window: {accounts} accounts are purged and prepared"))?;
    }
    let world = place.operate(settings)?;
    let by = Actor::Principal(place.operator(options.by.as_ref()));
    let occasion = Occasion::Command { reason: Text::clone(&options.reason) };
    match place.done(open_window(&Lifecycle::new(&world), &occasion, by, None))?? {
        Ok(window) => {
            place.window_opened(&world)?;
            let planned = place.done(place.journal().fleet())??.window().map_or(0, |window| window.planned);
            match screen.format() {
                super::Format::Json => {
                    screen.json(&serde_json::json!({ "window": window, "accounts": planned }))?;
                }
                super::Format::Table | super::Format::Csv => {
                    screen.text(&format!("the window of {window} was opened for {planned} accounts"))?;
                }
            }
            if let Some(wakes) = place.sleeps() {
                screen.note(&format!("accounts are let in when the organization lives: {wakes}"));
            }
            Ok(Exit::Success)
        }
        Err(because) => Err(Failure::new(Exit::Refused, format!("no window was opened: {because}"))),
    }
}
