//! Drives one test account through a whole cycle on the real system, and times each step. What an account is put through is
//! a purge, so it has to be named as a test account in the settings, and somebody has to agree.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde::Serialize;
use state_machine::{
    Account, AccountId, Custody, CycleEnd, Fact, Gesture, Reading, Record, Standing, State, Timestamp,
    Version,
};

use super::VerifyOptions;
use crate::cli::account::ask_one;
use crate::cli::interrupt::Interrupt;
use crate::cli::place::Place as _;
use crate::cli::place::aws::AwsPlace;
use crate::cli::{Context, Exit, Failure, Table, time, touched};
use crate::journal::Journal as _;

/// How many records are read with each look. A whole cycle leaves about twenty.
const PAGE: usize = 200;

/// Between two looks into the journal, at first and at last.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// How soon Ctrl-C is noticed.
const SLICE: Duration = Duration::from_millis(200);

/// A step of the cycle.
#[derive(Debug, Serialize)]
struct Step {
    #[serde(rename = "step")]
    what: String,
    at: Timestamp,
    /// Since the step before.
    seconds: i64,
}

/// How it ended.
enum End {
    Cycled,
    Broken,
    Quarantined,
    Late,
    Interrupted,
}

/// Drives the account through.
///
/// # Errors
/// When it is no test account, is not released, nobody agrees, or the journal cannot be read.
pub(super) fn run(options: &VerifyOptions, context: &Context) -> Result<Exit, Failure> {
    let settings = context.settings()?;
    let account = options.account;
    if !settings.deployment().test_accounts.contains(&account) {
        let message = format!("{account} is not named as a test account, and a cycle purges it");
        return Err(Failure::new(Exit::Refused, message).help(
            "deployment.test_accounts in settings.yaml names accounts in which nothing is worth keeping",
        ));
    }
    let place = AwsPlace::open(context)?;
    let head = place.head(account)?;
    refuse_others(&head)?;
    if !options.yes {
        touched::tell(std::iter::once(&*head), &settings, &place, context);
        context.screen().confirm(&format!("expire, purge and prepare {account}"))?;
    }
    let interrupt = Interrupt::listen()?;
    let begun = place.now();
    let world = place.operate(&settings)?;
    ask_one(&place, &world, account, Gesture::Expire, "spa deploy verify")?;
    let mut watch = Watch { place: &place, account, interrupt: &interrupt, context, steps: Vec::new() };
    let end = watch.follow(head.version(), begun, options.within)?;
    let steps = watch.steps;
    let mut table = Table::new(["step", "at", "seconds"]).right([2]);
    for Step { what, at, seconds } in &steps {
        table.row([what.clone().into(), time::shown(*at).into(), seconds.to_string().into()]);
    }
    context.screen().rows(&table, &steps)?;
    let screen = context.screen();
    Ok(match end {
        End::Cycled => {
            let whole = steps.last().map_or(TimeDelta::zero(), |last| last.at.since(begun));
            screen.note(&format!("{account} went through a whole cycle in {} s", whole.num_seconds()));
            Exit::Success
        }
        End::Broken => {
            screen.warn(&format!("somebody else changed the state of {account} meanwhile: nothing is known"));
            Exit::Found
        }
        End::Quarantined => {
            screen.warn(&format!("{account} is in quarantine; `spa account why {account}` tells why"));
            Exit::Found
        }
        End::Late => {
            let within = time::rough(options.within);
            screen.warn(&format!(
                "not done after {within}; `spa account why {account}` tells what it waits for"
            ));
            Exit::Found
        }
        End::Interrupted => {
            screen.warn(&format!("stopped; {account} goes on by itself"));
            Exit::Interrupted
        }
    })
}

/// Only an account that rests, released and ours, is driven through.
fn refuse_others(head: &Account) -> Result<(), Failure> {
    let id = head.id();
    let refused =
        |why: &str| Err(Failure::new(Exit::Refused, format!("{id} {why}; a cycle begins at released")));
    match (head.standing(), head.custody(), &head.tag().reading) {
        (Standing::Managed, Custody::Ours, Reading::Known(State::Released)) => Ok(()),
        (Standing::Managed, Custody::Ours, Reading::Known(state)) => refused(&format!("is {state}")),
        (Standing::Managed, Custody::Ours, _) => refused("has no state that is known"),
        (Standing::Managed, _, _) => refused("is not taken over yet (`spa account adopt`)"),
        _ => refused("is not managed"),
    }
}

/// Whoever looks into the journal until it is done.
struct Watch<'a> {
    place: &'a AwsPlace,
    account: AccountId,
    interrupt: &'a Interrupt,
    context: &'a Context,
    steps: Vec<Step>,
}

impl Watch<'_> {
    fn follow(&mut self, mut after: Version, begun: Timestamp, within: TimeDelta) -> Result<End, Failure> {
        let deadline = Instant::now() + within.to_std().unwrap_or(Duration::ZERO);
        let (mut last, mut pause) = (begun, PAUSES.0);
        loop {
            let journal = self.place.journal();
            let records = self.place.done(journal.history(self.account, after, PAGE))??;
            for record in &records {
                after = record.version;
                if let Some(what) = step(record) {
                    let seconds = record.at.since(last).num_seconds();
                    last = record.at;
                    self.context.screen().note(&format!("{}  {what} ({seconds} s)", time::shown(record.at)));
                    self.steps.push(Step { what, at: record.at, seconds });
                }
                match &record.fact {
                    Fact::CycleEnded { end: CycleEnd::Completed } => return Ok(End::Cycled),
                    Fact::CycleEnded { end: CycleEnd::Interrupted } => return Ok(End::Broken),
                    Fact::Quarantined { .. } => return Ok(End::Quarantined),
                    _ => {}
                }
            }
            let next = Instant::now() + pause;
            while Instant::now() < next {
                if self.interrupt.is_asked() {
                    return Ok(End::Interrupted);
                }
                if Instant::now() >= deadline {
                    return Ok(End::Late);
                }
                self.place.done(async { tokio::time::sleep(SLICE).await })?;
            }
            pause = (pause * 3 / 2).min(PAUSES.1);
        }
    }
}

/// What a record says of the way through the cycle.
fn step(record: &Record) -> Option<String> {
    Some(match &record.fact {
        Fact::CycleBegan { .. } => "the cycle began".to_owned(),
        Fact::Entered { state } => format!("{state}"),
        Fact::TaskSkipped { task } => format!("{task} is disabled in the settings"),
        Fact::TaskRequested { task, attempt } => format!("{task} wanted, attempt {attempt}"),
        Fact::BuildStarted { build, .. } => format!("build {build} started"),
        Fact::BuildEnded { build, outcome } => format!("build {build} {outcome}"),
        Fact::Quarantined { .. } => "quarantine".to_owned(),
        Fact::CycleEnded { .. } => "the cycle ended".to_owned(),
        _ => return None,
    })
}
