//! `spa events`: real events, handled as a function handles them, and those that were refused.

use std::io::Read as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;
use state_machine::{Actor, Cause, FleetFact, Text, Timestamp, Version};

use crate::event::{Handler, read_events};
use crate::handler::{Addressee, Dispatched, Handlers};
use crate::journal::Journal as _;
use crate::lifecycle::{LifecycleError, World};

use super::place::Place;
use super::{Cell, Context, Exit, Failure, Table, Tone, time};

/// How many bytes of events are read: more than anybody sends by hand.
const LIMIT: u64 = 256 * 1024 * 1024;

/// How many records are read in one go.
const PAGE: usize = 2_000;

/// What is asked.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Handles events as the functions do: what EventBridge, SQS or a person hands to them.
    Send(SendOptions),
    /// Shows events that were refused: when, why, and how they began.
    Refused(RefusedOptions),
}

/// What is sent.
#[derive(Debug, Args)]
struct SendOptions {
    /// One event, a list, or events one after the other, in JSON; - is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The function that inputs are for which do not say so, such as on-reconcile for `{}`.
    #[arg(long, value_name = "NAME")]
    function: Option<Handler>,
    /// Tells whom each event is for, and handles none.
    #[arg(long)]
    dry_run: bool,
    /// Does not ask for a confirmation.
    #[arg(long, short)]
    yes: bool,
}

/// Which ones are shown.
#[derive(Debug, Args)]
struct RefusedOptions {
    /// Only what was refused at this instant or day, or later.
    #[arg(long, value_name = "INSTANT", value_parser = time::instant)]
    since: Option<Timestamp>,
    /// Only the last so many.
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

/// Answers.
///
/// # Errors
/// When the store, the settings or the file cannot be used.
pub fn run<P: Place>(options: &Options, context: &Context) -> Result<Exit, Failure> {
    match &options.question {
        Question::Send(options) => send::<P>(options, context),
        Question::Refused(options) => refused::<P>(options, context),
    }
}

/// What came of one event.
#[derive(Debug, Serialize)]
struct Answer {
    /// The line of the input on which it begins.
    line: usize,
    /// Its place in a batch, from one.
    message: Option<usize>,
    /// `handled`, `nowhere`, `refused` or `failed`.
    outcome: &'static str,
    /// What came of it, or why nothing did.
    text: String,
}

fn send<P: Place>(options: &SendOptions, context: &Context) -> Result<Exit, Failure> {
    let input = read(options)?;
    let place = P::open(context)?;
    let settings = context.settings()?;
    let world =
        if options.dry_run { place.look(&settings, place.now())? } else { place.operate(&settings)? };
    let handlers = place.handlers(&world);
    if options.dry_run || (P::ASKS && !options.yes) {
        let sent = foresee(&input, options, &handlers, context)?;
        if options.dry_run {
            return Ok(Exit::Success);
        }
        let events = if sent == 1 { "1 event is".to_owned() } else { format!("{sent} events are") };
        context.screen().confirm(&format!("{events} handled in {}", place.named()))?;
    }
    let mut answers = Vec::new();
    let lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
    for item in read_events(&input) {
        let handled = match &item.outcome {
            Ok(text) => dispatch(&place, &handlers, text, options.function)?,
            // Lines that are no JSON leave a record, too.
            Err(refusal) => {
                let line = lines.get(item.line - 1).copied().unwrap_or_default();
                place.done(handlers.refuse(refusal.clone(), line, None))?
            }
        };
        if let Ok(dispatched) = &handled {
            place.note(&world, dispatched)?;
        }
        answer(item.line, handled.map_err(|error| error.to_string()), &mut answers);
    }
    if answers.is_empty() {
        return Err(no_event(options));
    }
    let mut table = Table::new(["line", "message", "outcome", "what"]).right([0, 1]);
    for answer in &answers {
        let tone = match answer.outcome {
            "refused" | "failed" => Tone::Bad,
            _ => Tone::Plain,
        };
        let message = answer.message.map(|message| message.to_string()).unwrap_or_default();
        let cells = [answer.line.to_string().into(), message.into(), Cell::toned(answer.outcome, tone)];
        table.row(cells.into_iter().chain([answer.text.clone().into()]));
    }
    context.screen().rows(&table, &answers)?;
    let any = |outcome: &str| answers.iter().any(|answer| answer.outcome == outcome);
    Ok(if any("failed") {
        Exit::Failed
    } else if any("refused") {
        Exit::Input
    } else {
        Exit::Success
    })
}

fn read(options: &SendOptions) -> Result<Vec<u8>, Failure> {
    let name = options.file.display();
    let unreadable = |error: std::io::Error| {
        let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Input };
        Failure::new(exit, format!("{name} cannot be read: {error}"))
    };
    let mut input = Vec::new();
    if options.file.as_os_str() == "-" {
        std::io::stdin().lock().take(LIMIT + 1).read_to_end(&mut input).map_err(unreadable)?;
    } else {
        let file = std::fs::File::open(&options.file).map_err(unreadable)?;
        file.take(LIMIT + 1).read_to_end(&mut input).map_err(unreadable)?;
    }
    if input.len() as u64 > LIMIT {
        return Err(Failure::new(
            Exit::Input,
            format!("{name} has more than {LIMIT} bytes: send it in pieces"),
        ));
    }
    Ok(input)
}

fn no_event(options: &SendOptions) -> Failure {
    Failure::new(Exit::Input, format!("there is no event in {}", options.file.display()))
}

/// Tells whom each event is for. Returns how many there are.
fn foresee<W: World>(
    input: &[u8],
    options: &SendOptions,
    handlers: &Handlers<'_, W>,
    context: &Context,
) -> Result<usize, Failure> {
    let mut table = Table::new(["line", "for", "account"]).right([0]);
    let mut sent = 0;
    for item in read_events(input) {
        let texts = match &item.outcome {
            Ok(text) => handlers.addressees(text.as_bytes(), options.function),
            Err(refusal) => vec![Addressee { what: refusal.to_string(), account: None }],
        };
        for Addressee { what, account } in texts {
            sent += 1;
            let account = account.map(|account| account.to_string()).unwrap_or_default();
            table.row([item.line.to_string().into(), what.into(), account.into()]);
        }
    }
    if sent == 0 {
        return Err(no_event(options));
    }
    context.screen().note(&table.render(super::table::terminal_width()));
    Ok(sent)
}

fn dispatch<P: Place>(
    place: &P,
    handlers: &Handlers<'_, P::World>,
    text: &str,
    function: Option<Handler>,
) -> Result<Result<Dispatched, LifecycleError>, Failure> {
    let by = || Actor::Principal(place.operator(None));
    match (handlers.invocation(text.as_bytes()), function) {
        (Some(input), Some(function)) => place.done(handlers.invoke(function, input, by())),
        (Some(_) | None, _) => place.done(handlers.dispatch(text.as_bytes(), true)),
    }
}

fn answer(line: usize, handled: Result<Dispatched, String>, answers: &mut Vec<Answer>) {
    let one = |message, handled: Result<Dispatched, String>| {
        let outcome = match &handled {
            Err(_) => "failed",
            Ok(dispatched) if dispatched.try_again() => "failed",
            Ok(Dispatched::Refused(_)) => "refused",
            Ok(Dispatched::NotRouted(_) | Dispatched::Invoked(_)) => "nowhere",
            Ok(_) => "handled",
        };
        let text = handled.map_or_else(|error| error, |dispatched| dispatched.to_string());
        Answer { line, message, outcome, text }
    };
    match handled {
        Ok(Dispatched::Batch(messages)) => {
            let numbered = messages.into_iter().enumerate();
            answers.extend(numbered.map(|(place, message)| one(Some(place + 1), message.outcome)));
        }
        handled => answers.push(one(None, handled)),
    }
}

/// An event that was refused.
#[derive(Debug, Serialize)]
struct RefusedEvent {
    version: Version,
    at: Timestamp,
    cause: Cause,
    code: Text,
    message: Text,
    excerpt: Text,
}

fn refused<P: Place>(options: &RefusedOptions, context: &Context) -> Result<Exit, Failure> {
    let place = P::open(context)?;
    let mut found = std::collections::VecDeque::new();
    let limit = options.limit.unwrap_or(usize::MAX);
    let mut after = Version::NONE;
    loop {
        let page = place.done(place.journal().fleet_history(after, PAGE))??;
        let Some(last) = page.last().map(|record| record.version) else { break };
        for record in page {
            let FleetFact::EventRefused { code, message, excerpt } = record.fact else { continue };
            if options.since.is_some_and(|since| record.at < since) {
                continue;
            }
            let (version, at, cause) = (record.version, record.at, record.cause);
            found.push_back(RefusedEvent { version, at, cause, code, message, excerpt });
            if found.len() > limit {
                found.pop_front();
            }
        }
        after = last;
    }
    let mut table = Table::new(["at", "code", "why", "how it began"]);
    for event in &found {
        table.row([
            time::shown(event.at).into(),
            event.code.to_string().into(),
            event.message.to_string().into(),
            event.excerpt.to_string().into(),
        ]);
    }
    context.screen().rows(&table, &found)?;
    Ok(Exit::Success)
}
