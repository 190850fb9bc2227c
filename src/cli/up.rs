//! `spa up`: keeps a local organization alive, in real or in accelerated time.
//!
//! It prints a line for each event that matters, as data: what this process does. Everything else works beside
//! it: gestures and reading commands open the same store. A gesture of another process is told by that process;
//! here stands what follows from it.
//!
//! Faults of the organization happen here as in a simulation. People who interfere (`hand`, `foreign`, `move`,
//! `suspend`) are played by `spa simulate` only: here the people are real.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use clap::Args;
use serde::Serialize;
use state_machine::{Account, AccountId, Fact, Fleet, FleetFact, FleetRecord, Record, Timestamp, Version};

use crate::cloud::local::faults::{Fault, Faults};
use crate::journal::sqlite::SqliteJournal;
use crate::local::found::read_export;
use crate::local::station::{pace, rest, wall};
use crate::local::{
    Done, Engine, Founding, JournalWatcher, LocalWorld, Lock, LockError, Station, run_or_die,
};
use crate::settings::Settings;
use crate::store::{Open, Store};

use super::{Context, Exit, Failure, Format, Screen, time};

/// How long, in real time, something that another process did may go unnoticed.
const GLANCE: Duration = Duration::from_millis(200);

/// How many accounts an organization has unless told otherwise.
const ACCOUNTS: u32 = 200;

/// How the organization lives, and what it is founded with.
#[derive(Debug, Args)]
pub struct Options {
    /// How many times faster than real time it lives.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    speed: u32,
    /// Ends by itself after this much of the organization's time, such as 12h or 30d.
    #[arg(long = "for", value_name = "PERIOD", value_parser = time::period)]
    lasts: Option<TimeDelta>,
    /// How many accounts are drawn when the organization is founded [default: 200].
    #[arg(long, value_name = "NUMBER", conflicts_with = "organization", help_heading = "Founding",
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    accounts: Option<u32>,
    /// Where chance starts from when the organization is founded [default: 1].
    #[arg(long, value_name = "NUMBER", help_heading = "Founding")]
    seed: Option<u64>,
    /// What goes wrong in the organization that is founded: none, light, heavy, or a kind and a rate such as
    /// loss=2%. May be given several times [default: none].
    #[arg(long, value_name = "FAULTS", help_heading = "Founding")]
    faults: Vec<String>,
    /// Founds the organization that stands in this file, as `aws organizations list-accounts` prints it.
    #[arg(long, value_name = "FILE", help_heading = "Founding")]
    organization: Option<std::path::PathBuf>,
    /// The first instant of the organization that is founded [default: now].
    #[arg(long, value_name = "INSTANT", value_parser = time::instant, help_heading = "Founding")]
    start: Option<Timestamp>,
}

/// Lets the organization live until somebody stops it.
///
/// # Errors
/// When the settings or the store cannot be used, or another process lets it live already.
pub fn run(options: &Options, context: &Context) -> Result<Exit, Failure> {
    let settings = context.settings()?;
    let founding = founding(options, *context.screen())?;
    let store = Store::open(context.store_path(), Open::OrCreate)?;
    let _lock = Lock::take(context.store_path()).map_err(|error| locked(&error))?;
    let station = Station::new(store);
    found(&station, &settings, &founding, options, *context.screen())?;
    let Some(cloud) = station.live(&settings)? else {
        return Err(Failure::new(Exit::Failed, "the organization that was founded is not there"));
    };
    let teller = Arc::new(Teller::new(*context.screen()));
    let world = LocalWorld::new(station.journal(), cloud).watched_by(Arc::clone(&teller) as _);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::of(Exit::Failed, &error))?;
    let outcome = runtime.block_on(live(&world, options, &teller));
    // However it ended: from here on nobody accelerates time.
    world.cloud().change(rest)?;
    outcome
}

fn locked(error: &LockError) -> Failure {
    match error {
        LockError::Held { .. } => Failure::of(Exit::Store, error).help(
            "one is enough: gestures and all other commands work beside it; --store FILE names another",
        ),
        LockError::Failed { .. } => Failure::of(Exit::Store, error),
    }
}

fn founding(options: &Options, screen: Screen) -> Result<Founding, Failure> {
    let mut faults = Faults::none();
    for switch in &options.faults {
        faults = faults
            .switch(switch)
            .map_err(|error| Failure::new(Exit::Usage, format!("--faults {switch}: {error}")))?;
    }
    let people = [Fault::Hand, Fault::Foreign, Fault::Move, Fault::Suspend];
    for fault in people {
        // `light` and `heavy` name all kinds; who asks for one by name expects it.
        if options.faults.iter().any(|switch| switch.starts_with(&format!("{}=", fault.as_str()))) {
            screen.warn(&format!(
                "`{}` is played by `spa simulate` only: here the people are real",
                fault.as_str()
            ));
        }
    }
    let export = options.organization.as_deref().map(read_export).transpose()?;
    Ok(Founding {
        accounts: usize::try_from(options.accounts.unwrap_or(ACCOUNTS)).unwrap_or(usize::MAX),
        seed: options.seed.unwrap_or(1),
        faults,
        start: options.start.unwrap_or_else(wall),
        export,
    })
}

/// Founds the organization where there is none; says that switches for founding came too late where there is.
fn found(
    station: &Station,
    settings: &Arc<Settings>,
    founding: &Founding,
    options: &Options,
    screen: Screen,
) -> Result<(), Failure> {
    if station.time()?.is_none() {
        if let (Some(export), Some(path)) = (&founding.export, &options.organization) {
            for doubt in export.doubts(settings) {
                screen.warn(&format!("{}: {doubt}", path.display()));
            }
        }
        station.found(settings, founding)?;
        return Ok(());
    }
    let too_late = [
        ("--accounts", options.accounts.is_some()),
        ("--seed", options.seed.is_some()),
        ("--faults", !options.faults.is_empty()),
        ("--organization", options.organization.is_some()),
        ("--start", options.start.is_some()),
    ];
    let given: Vec<_> = too_late.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    if !given.is_empty() {
        screen.warn(&format!(
            "the store holds an organization already, and {} count only when one is founded",
            given.join(", ")
        ));
    }
    Ok(())
}

/// One thing after the other, each at its time.
async fn live(
    world: &LocalWorld<SqliteJournal>,
    options: &Options,
    teller: &Teller,
) -> Result<Exit, Failure> {
    let mut stop = Stop::new()?;
    let cloud = world.cloud();
    let engine = Engine::new(world);
    engine.start()?;
    let end = options.lasts.map(|lasts| cloud.time() + lasts);
    teller.begin(cloud.time(), options.speed, cloud.change(|state| state.members().len())?)?;
    loop {
        let next = engine.next()?;
        let at = [next.map(|(at, _)| at), end].into_iter().flatten().min();
        let wait = cloud.change(|state| pace(state, options.speed, at))?;
        if wait > TimeDelta::zero() {
            let wait = wait.to_std().unwrap_or(GLANCE).min(GLANCE);
            if stop.within(wait).await {
                return teller.end(cloud.time(), "stopped");
            }
            continue;
        }
        if end.is_some_and(|end| end <= cloud.time() && next.is_none_or(|(at, _)| at > end)) {
            return teller.end(cloud.time(), "the time is over");
        }
        if let Some((_, item)) = next {
            match run_or_die(engine.run(item)) {
                Some(Ok(done)) => teller.done(cloud.time(), &done),
                Some(Err(error)) => return Err(error.into()),
                None => {
                    engine.after_crash(item)?;
                    teller.say(cloud.time(), None, None, "died", "the process dies, and begins again");
                }
            }
        }
        teller.check()?;
        if stop.within(Duration::ZERO).await {
            return teller.end(cloud.time(), "stopped");
        }
    }
}

/// Ctrl-C, and what a service manager sends.
struct Stop {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    #[cfg(unix)]
    fn new() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(|error| Failure::of(Exit::Failed, &error));
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "as on other systems")]
    fn new() -> Result<Self, Failure> {
        Ok(Self {})
    }

    /// Waits that long; tells whether somebody stopped it meanwhile.
    #[cfg(unix)]
    async fn within(&mut self, wait: Duration) -> bool {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => true,
            _ = self.interrupt.recv() => true,
            () = pause(wait) => false,
        }
    }

    #[cfg(not(unix))]
    async fn within(&mut self, wait: Duration) -> bool {
        tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => true,
            () = pause(wait) => false,
        }
    }
}

/// Waits; not to wait at all takes no timer, which would come with the next tick of the clock.
async fn pause(wait: Duration) {
    if wait.is_zero() {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(wait).await;
    }
}

/// Tells what happens, a line each.
#[derive(Debug)]
struct Teller {
    screen: Screen,
    /// Why nothing can be told any more.
    failure: Mutex<Option<Failure>>,
}

/// A line for programs.
#[derive(Serialize)]
struct Line<'a> {
    at: Timestamp,
    account: Option<AccountId>,
    version: Option<Version>,
    event: &'a str,
    text: &'a str,
}

impl Teller {
    const fn new(screen: Screen) -> Self {
        Self { screen, failure: Mutex::new(None) }
    }

    fn begin(&self, now: Timestamp, speed: u32, accounts: usize) -> Result<(), Failure> {
        if self.screen.format() == Format::Csv {
            self.print("at,account,version,event,text\r\n");
        }
        let pace = if speed == 1 {
            "in real time".to_owned()
        } else {
            format!("{speed} times faster than real time")
        };
        self.say(now, None, None, "begins", &format!("{accounts} accounts, {pace}; Ctrl-C ends"));
        self.check()
    }

    fn end(&self, now: Timestamp, why: &str) -> Result<Exit, Failure> {
        self.say(now, None, None, "ends", why);
        self.check()?;
        Ok(Exit::Success)
    }

    fn done(&self, now: Timestamp, done: &Done) {
        match done {
            Done::Dead(why) => {
                let text = format!("an event was delivered in vain too often: {why}");
                self.say(now, None, None, "dead_letter", &text);
            }
            Done::Postponed(why) => tracing::info!(%why, "postponed"),
            Done::Delivered(dispatched) => tracing::debug!(%dispatched, "delivered"),
            Done::Quiet => {}
        }
    }

    fn say(
        &self,
        at: Timestamp,
        account: Option<AccountId>,
        version: Option<Version>,
        event: &str,
        text: &str,
    ) {
        let line = match self.screen.format() {
            Format::Table => {
                let account = account.map_or_else(|| "-".to_owned(), |account| account.to_string());
                // What outsiders wrote must not steer a terminal.
                let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
                format!("{}  {account:12}  {text}\n", time::shown(at))
            }
            Format::Json => match serde_json::to_string(&Line { at, account, version, event, text }) {
                Ok(line) => format!("{line}\n"),
                Err(error) => return self.fail(Failure::of(Exit::Failed, &error)),
            },
            Format::Csv => {
                let account = account.map(|account| account.to_string()).unwrap_or_default();
                let version = version.map(|version| version.to_string()).unwrap_or_default();
                super::table::csv_line([at.to_string().as_str(), &account, &version, event, text])
            }
        };
        self.print(&line);
    }

    fn print(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            self.fail(if error.kind() == std::io::ErrorKind::BrokenPipe {
                Failure::closed()
            } else {
                Failure::of(Exit::Failed, &error)
            });
        }
    }

    fn fail(&self, failure: Failure) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
    }

    /// Whether everything could be told so far.
    fn check(&self) -> Result<(), Failure> {
        match &*self.failure.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(failure) => Err(failure.clone()),
            None => Ok(()),
        }
    }
}

impl JournalWatcher for Teller {
    fn appended(&self, records: &[Record], account: &Arc<Account>) {
        for record in records.iter().filter(|record| matters(&record.fact)) {
            let text = record.fact.to_string();
            self.say(record.at, Some(account.id()), Some(record.version), record.fact.name(), &text);
        }
    }

    fn appended_fleet(&self, records: &[FleetRecord], _fleet: &Fleet) {
        for record in records.iter().filter(|record| matters_to_the_fleet(&record.fact)) {
            let text = record.fact.to_string();
            self.say(record.at, None, Some(record.version), record.fact.name(), &text);
        }
    }
}

/// Whether somebody who watches wants to know. The rest is in the history of the account.
const fn matters(fact: &Fact) -> bool {
    match fact {
        Fact::Sighted { .. }
        | Fact::Enrolled
        | Fact::Adopted { .. }
        | Fact::StatusChanged { .. }
        | Fact::Left { .. }
        | Fact::Joined
        | Fact::StateFound { .. }
        | Fact::CycleBegan { .. }
        | Fact::CycleEnded { .. }
        | Fact::Entered { .. }
        | Fact::BuildStarted { .. }
        | Fact::BuildEnded { .. }
        | Fact::BuildOverdue { .. }
        | Fact::EffectFailed { .. }
        | Fact::Deferred { .. }
        | Fact::Quarantined { .. }
        | Fact::TriedAgain
        | Fact::QuarantineLeft { .. }
        | Fact::Held { .. }
        | Fact::Unheld
        | Fact::Commanded(_)
        | Fact::Ignored { .. } => true,
        Fact::Described(_)
        | Fact::TagsDiffer
        | Fact::StateOrdered { .. }
        | Fact::TagsWritten { .. }
        | Fact::TaskRequested { .. }
        | Fact::TaskSkipped { .. }
        | Fact::Announced { .. }
        | Fact::BuildLookedUp { .. }
        | Fact::EffectDropped { .. }
        | Fact::Claimed { .. } => false,
    }
}

/// Whether somebody who watches wants to know of the fleet.
const fn matters_to_the_fleet(fact: &FleetFact) -> bool {
    match fact {
        FleetFact::WindowOpened { .. }
        | FleetFact::FirstWaveBack
        | FleetFact::WindowStopped { .. }
        | FleetFact::WindowClosed
        | FleetFact::WindowNotOpened
        | FleetFact::EventRefused { .. }
        | FleetFact::RequestIgnored { .. }
        | FleetFact::WindowCommanded { .. } => true,
        FleetFact::ScheduleFired { .. }
        | FleetFact::WindowPlanned { .. }
        | FleetFact::WindowAdvanced { .. }
        | FleetFact::WindowStopAnnounced => false,
    }
}
