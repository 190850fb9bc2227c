//! What operators may ask for, of one account or of many: `adopt`, `vanilla`, `release`, `expire`, `hold`,
//! `unhold`, `retry`. Every gesture has a reason, and is recorded with who asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use clap::Args;
use serde::Serialize;
use state_machine::{
    Account, AccountId, Actor, Command, Gesture, Happening, Idle, Refusal, Standing, Text, Timestamp, Trigger,
};

use crate::cli::interrupt::Interrupt;
use crate::cli::place::Place;
use crate::cli::selection::{Filter, Sieve};
use crate::cli::{Cell, Context, Exit, Failure, Table, Tone, time, touched};
use crate::lifecycle::{Lifecycle, Outcome};
use crate::settings::Settings;

/// Which accounts, and why.
#[derive(Debug, Args)]
pub struct Options {
    /// The accounts: twelve digits each.
    #[arg(value_name = "ACCOUNT")]
    accounts: Vec<AccountId>,
    /// Why. It is recorded.
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: Text,
    /// Who asks, when it is not the user of this machine; on AWS, beside the caller. It is recorded.
    #[arg(long = "as", value_name = "NAME", value_parser = reason)]
    by: Option<Text>,
    /// All managed accounts.
    #[arg(long, conflicts_with = "accounts", help_heading = "Which accounts")]
    all: bool,
    #[command(flatten)]
    filter: Filter,
    /// Tells what would come of it for each account as things are now, and asks nothing.
    #[arg(long)]
    dry_run: bool,
    /// Does not ask for a confirmation.
    #[arg(long, short)]
    yes: bool,
}

/// Which accounts, why, and until when.
#[derive(Debug, Args)]
pub struct HoldOptions {
    #[command(flatten)]
    common: Options,
    /// The last day of the hold (2026-12-31), or the instant at which it ends (2026-12-31T18:00:00Z).
    #[arg(long, value_name = "DATE", value_parser = time::until, required_unless_present = "lasts")]
    until: Option<Timestamp>,
    /// How long, such as 7d.
    #[arg(long = "for", id = "lasts", value_name = "PERIOD", value_parser = time::period, conflicts_with = "until")]
    lasts: Option<TimeDelta>,
}

/// Text that says something.
pub fn reason(text: &str) -> Result<Text, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("it must say something".to_owned()),
        1..=500 => Ok(text.into()),
        _ => Err("at most 500 characters are kept".to_owned()),
    }
}

/// Asks for a hold.
pub fn hold<P: Place>(options: &HoldOptions, context: &Context) -> Result<Exit, Failure> {
    let place = P::open(context)?;
    let settings = context.settings()?;
    let now = place.now();
    let until = options.until.or_else(|| options.lasts.map(|lasts| now + lasts)).unwrap_or(now);
    let longest = settings.lifecycle().longest_hold;
    if until > now + longest {
        let message = format!(
            "a hold until {} would last longer than the settings allow: {} (lifecycle.longest_hold)",
            time::shown(until),
            time::rough(longest)
        );
        let most = time::exact(longest);
        let help = match time::last_whole_day(now, now + longest) {
            Some(day) => format!("at most `--until {day}`, or `--for {most}`"),
            None => format!("at most `--for {most}`"),
        };
        return Err(Failure::new(Exit::Refused, message).help(help));
    }
    ask(&Gesture::Hold(until), &options.common, context, &place, &settings)
}

/// Asks for anything else.
pub fn run<P: Place>(gesture: &Gesture, options: &Options, context: &Context) -> Result<Exit, Failure> {
    let place = P::open(context)?;
    let settings = context.settings()?;
    ask(gesture, options, context, &place, &settings)
}

/// What came of a gesture, for one account.
#[derive(Debug, Serialize)]
struct Answer {
    account: AccountId,
    outcome: &'static str,
    text: String,
}

fn ask<P: Place>(
    gesture: &Gesture,
    options: &Options,
    context: &Context,
    place: &P,
    settings: &Arc<Settings>,
) -> Result<Exit, Failure> {
    let accounts = select(options, place, settings)?;
    if accounts.is_empty() {
        place.know_unit(options.filter.unit(), Some(settings))?;
        return Err(Failure::new(Exit::NotFound, "no account fits the selection")
            .help("`spa accounts` with the same switches shows what there is"));
    }
    let by = Actor::Principal(place.operator(options.by.as_ref()));
    let command = Command { gesture: gesture.clone(), reason: Text::clone(&options.reason) };
    if options.dry_run {
        return rehearse(place, settings, &accounts, &by, &command, context);
    }
    if (P::ASKS || options.accounts.is_empty()) && !options.yes {
        if P::ASKS {
            touched::tell(accounts.iter().map(|head| &**head), settings, place, context);
        }
        context.screen().confirm(&format!("{gesture}: {}", number(accounts.len())))?;
    }
    // From here on Ctrl-C ends it between two accounts, and what was done until then is told.
    let interrupt = Interrupt::listen()?;
    let world = place.operate(settings)?;
    let mut answers = Vec::with_capacity(accounts.len());
    let mut last = None;
    for head in &accounts {
        if interrupt.is_asked() {
            break;
        }
        let (answer, failure) = one(place, &world, head.id(), &by, &command);
        last = failure.or(last);
        answers.push(answer);
    }
    print(&answers, context)?;
    let follows = !matches!(gesture, Gesture::Hold(_));
    if let Some(wakes) = place.sleeps()
        && follows
        && answers.iter().any(|answer| answer.outcome == "done")
    {
        let note = format!("what follows from it happens when the organization lives: {wakes}");
        context.screen().note(&note);
    }
    if answers.len() < accounts.len() {
        let (asked, all) = (answers.len(), number(accounts.len()));
        context.screen().warn(&format!("stopped after {asked} of {all}: the others were not asked"));
        return Ok(Exit::Interrupted);
    }
    let refused = answers.iter().filter(|answer| answer.outcome == "refused").count();
    let failed = answers.iter().filter(|answer| answer.outcome == "failed").count();
    Ok(match (refused + failed, answers.len()) {
        (0, _) => Exit::Success,
        (_, 1) => last.unwrap_or(Exit::Failed),
        _ => Exit::Partly,
    })
}

/// The accounts that are meant, by identifier.
fn select(
    options: &Options,
    place: &impl Place,
    settings: &Arc<Settings>,
) -> Result<Vec<Arc<Account>>, Failure> {
    if !options.accounts.is_empty() {
        if !options.filter.is_empty() {
            return Err(Failure::new(Exit::Usage, "name accounts, or select them, but not both"));
        }
        let mut named = options.accounts.clone();
        named.sort_unstable();
        named.dedup();
        // All are known before anything is asked of the first one.
        return place.heads_of(&named);
    }
    if options.filter.is_empty() && !options.all {
        return Err(Failure::new(Exit::Usage, "no account is named, and none selected")
            .help("name accounts, or select them with --unit, --state and the like, or with --all"));
    }
    let sieve = Sieve::new(&options.filter, Some(settings), place.now());
    let managed = |head: &Account| head.standing() == Standing::Managed;
    let heads = place.heads()?.into_iter();
    Ok(heads.filter(|head| managed(head) && sieve.takes(head)).collect())
}

/// Tells what would come of it for each account, as things are now.
fn rehearse(
    place: &impl Place,
    settings: &Arc<Settings>,
    accounts: &[Arc<Account>],
    by: &Actor,
    command: &Command,
    context: &Context,
) -> Result<Exit, Failure> {
    let world = place.look(settings, place.now())?;
    let mut answers = Vec::with_capacity(accounts.len());
    let mut counts = BTreeMap::new();
    for head in accounts {
        let outcome = place.done(Lifecycle::new(&world).rehearse(head.id(), &trigger(by, command)))??;
        let (outcome, text) = told(&outcome, command);
        let outcome = match outcome {
            "done" => "would be done",
            "refused" => "would be refused",
            "failed" => "would fail",
            other => other,
        };
        *counts.entry(outcome).or_insert(0) += 1;
        let text = match outcome {
            "would be done" => format!("{text}; now it has {}", head.tag().reading),
            _ => text,
        };
        answers.push(Answer { account: head.id(), outcome, text });
    }
    print(&answers, context)?;
    let counts: Vec<String> = counts.iter().map(|(outcome, number)| format!("{number} {outcome}")).collect();
    let all = number(accounts.len());
    context.screen().note(&format!("{all}: {}; nothing was asked", counts.join(", ")));
    Ok(Exit::Success)
}

fn trigger(by: &Actor, command: &Command) -> Trigger {
    Trigger { id: None, by: by.clone(), happening: Happening::Command(command.clone()) }
}

/// An outcome in a word, and the rest of it.
fn told(outcome: &Outcome, command: &Command) -> (&'static str, String) {
    match outcome {
        Outcome::Recorded(None) => ("done", command.gesture.to_string()),
        Outcome::Recorded(Some(idle)) | Outcome::Nothing(idle @ Idle::AlreadySo) => {
            ("nothing to do", idle.to_string())
        }
        Outcome::Nothing(idle) => ("failed", idle.to_string()),
        Outcome::Refused(refusal @ Refusal::Unreadable(_)) => ("failed", refusal.to_string()),
        Outcome::Refused(refusal) => ("refused", refusal.to_string()),
    }
}

fn number(accounts: usize) -> String {
    if accounts == 1 { "1 account".to_owned() } else { format!("{accounts} accounts") }
}

/// The user of this machine, by name.
pub fn user_of_this_machine() -> Text {
    let spoken = ["USER", "LOGNAME", "USERNAME"].into_iter().filter_map(|key| std::env::var(key).ok());
    // What the system says of the process counts before what the environment says.
    let mut names = user_of_the_process().into_iter().chain(spoken);
    names.find(|name| !name.trim().is_empty()).unwrap_or_else(|| "an operator".to_owned()).into()
}

/// The name of the user who runs this process, where the system tells it in files.
fn user_of_the_process() -> Option<String> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt as _;
        let user = std::fs::metadata("/proc/self").ok()?.uid().to_string();
        let users = std::fs::read_to_string("/etc/passwd").ok()?;
        users.lines().find_map(|line| {
            // name:password:number:…
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)? == user).then(|| name.to_owned())
        })
    }
    #[cfg(not(target_os = "linux"))]
    None
}

fn one<P: Place>(
    place: &P,
    world: &P::World,
    account: AccountId,
    by: &Actor,
    command: &Command,
) -> (Answer, Option<Exit>) {
    let answer = |outcome, text: String| Answer { account, outcome, text };
    match place.done(Lifecycle::new(world).handle(account, &trigger(by, command))) {
        Ok(Ok(handled)) => {
            let (outcome, text) = told(&handled.outcome, command);
            (answer(outcome, text), matches!(outcome, "failed" | "refused").then(|| exit(&handled.outcome)))
        }
        Ok(Err(error)) => {
            let failure = Failure::from(error);
            (answer("failed", failure.message().to_owned()), Some(failure.exit()))
        }
        Err(failure) => (answer("failed", failure.message().to_owned()), Some(failure.exit())),
    }
}

/// Asks something of one account, as whoever runs this.
///
/// # Errors
/// When it was refused, or could not be done.
#[cfg(feature = "aws")]
pub fn ask_one<P: Place>(
    place: &P,
    world: &P::World,
    account: AccountId,
    gesture: Gesture,
    reason: &str,
) -> Result<(), Failure> {
    let by = Actor::Principal(place.operator(None));
    let (answer, exit) = one(place, world, account, &by, &Command { gesture, reason: reason.into() });
    exit.map_or(Ok(()), |exit| Err(Failure::new(exit, format!("{account}: {}", answer.text))))
}

/// What kept a gesture from being decided on, for scripts. That an account could not be read is no rule.
const fn exit(outcome: &Outcome) -> Exit {
    match outcome {
        Outcome::Nothing(Idle::Unreadable(cause))
        | Outcome::Recorded(Some(Idle::Unreadable(cause)))
        | Outcome::Refused(Refusal::Unreadable(cause)) => Failure::exit_of_unreadable(*cause),
        Outcome::Nothing(_) | Outcome::Recorded(_) => Exit::Failed,
        Outcome::Refused(_) => Exit::Refused,
    }
}

fn print(answers: &[Answer], context: &Context) -> Result<(), Failure> {
    let mut table = Table::new(["account", "outcome", "what"]);
    for answer in answers {
        let tone = match answer.outcome {
            "done" | "would be done" => Tone::Good,
            "refused" | "failed" | "would be refused" | "would fail" => Tone::Bad,
            _ => Tone::Plain,
        };
        table.row([
            answer.account.to_string().into(),
            Cell::toned(answer.outcome, tone),
            answer.text.clone().into(),
        ]);
    }
    context.screen().rows(&table, &answers)
}
