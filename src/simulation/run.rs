//! Lets time pass, from one thing that happens to the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use state_machine::{
    AccountId, Actor, Command, FleetRecord, Gesture, Happening, Record, Timestamp, Trigger, TriggerId,
    UnitId, Version,
};

use crate::cloud::local::faults::{Fault, Faults};
use crate::cloud::local::{LocalCloud, State};
use crate::journal::Journal as _;
use crate::journal::memory::MemoryJournal;
use crate::lifecycle::LifecycleError;
use crate::local::engine::EngineError;
use crate::local::found::{Export, Newcomer, draw, management_account};
use crate::local::mischief::{self, Undo};
use crate::local::{Done, Engine, Item, LocalWorld};
use crate::settings::Settings;
use crate::store::StoreError;

pub use crate::local::run_or_die;

use super::referee::{Books, Breach, CALM, RECOVERY, Referee};

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// How many accounts are drawn; an organization from a file has its own.
    pub accounts: usize,
    /// How many days pass.
    pub days: u32,
    /// Where chance starts from.
    pub seed: u64,
    /// What goes wrong, and how often.
    pub faults: Faults,
    /// The first instant.
    pub start: Timestamp,
    /// An organization from a file.
    pub organization: Option<Arc<Export>>,
    /// Whether accounts that carry a state at the start are adopted.
    pub adopt: bool,
    /// Whether the referee watches. Without it, a run is only good for measuring.
    pub watched: bool,
}

/// How far a simulation is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Days that have passed.
    pub days: u32,
    /// Days in all.
    pub of: u32,
    /// How many records were appended.
    pub records: u64,
}

/// A simulation that has come to its end, or to a rule that was broken.
#[derive(Debug)]
pub struct Simulated {
    /// What was simulated.
    pub scenario: Scenario,
    /// The world as it was in the end.
    pub world: LocalWorld<MemoryJournal>,
    /// What the referee saw.
    pub referee: Arc<Referee>,
    /// How often each fault struck.
    pub struck: BTreeMap<Fault, u64>,
    /// How often the process died.
    pub deaths: u64,
    /// How many events were delivered in vain too often.
    pub dead_letters: u64,
    /// When it ended, without the time that it took to come to rest.
    pub ended: Timestamp,
    /// Whether somebody stopped it before its time.
    pub interrupted: bool,
}

/// How a stretch of time ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// It went by.
    InTime,
    /// A rule was broken.
    Broken,
    /// Somebody stopped it.
    Interrupted,
}

/// Why a simulation could not be run.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// The machine stopped.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The lifecycle failed.
    #[error(transparent)]
    Lifecycle(#[from] LifecycleError),
    /// The journal could not be read.
    #[error(transparent)]
    Journal(#[from] crate::journal::JournalError),
    /// The local organization could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Something that people do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Doing {
    /// The account is created; it stands in the root until it is moved.
    Create(usize),
    /// The account is moved to its unit.
    Settle(AccountId, Option<UnitId>),
    /// Chance strikes.
    Mischief,
    /// What chance did is undone.
    Undo(Undo),
}

struct Run<'s> {
    scenario: &'s Scenario,
    settings: &'s Arc<Settings>,
    world: LocalWorld<MemoryJournal>,
    referee: Arc<Referee>,
    newcomers: Vec<(TimeDelta, Newcomer)>,
    doings: BTreeMap<(Timestamp, u64), Doing>,
    done: u64,
    deaths: u64,
}

/// Simulates a scenario. `progress` is told how far it is, every simulated day and more often; when it
/// answers `false`, the simulation ends there and shows what it has seen so far.
///
/// # Errors
/// When the program, and not a rule, failed.
pub fn simulate(
    settings: &Arc<Settings>,
    scenario: &Scenario,
    progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<Simulated, SimulationError> {
    let mut run = Run::new(settings, scenario)?;
    let end = scenario.start + TimeDelta::days(i64::from(scenario.days));
    let ended = run.live(end, progress)?;
    if ended == Ended::InTime && scenario.watched {
        return run.come_to_rest(end, progress);
    }
    run.finish(end, ended)
}

impl<'s> Run<'s> {
    fn new(settings: &'s Arc<Settings>, scenario: &'s Scenario) -> Result<Self, SimulationError> {
        let mut state = State::new(
            management_account(settings),
            settings.automation().account_id,
            scenario.faults.clone(),
            scenario.seed,
        );
        let newcomers = match &scenario.organization {
            Some(export) => {
                export.settle(&mut state, settings);
                Vec::new()
            }
            None => draw(&mut state, settings, scenario.accounts, scenario.seed).newcomers,
        };
        let referee = Arc::new(Referee::new(Arc::clone(settings)));
        let mut cloud = LocalCloud::in_memory(state, Arc::clone(settings), scenario.start);
        if scenario.watched {
            cloud = cloud.watched_by(Arc::clone(&referee) as _);
        }
        let mut world = LocalWorld::new(MemoryJournal::new(), cloud);
        if scenario.watched {
            world = world.watched_by(Arc::clone(&referee) as _);
        }
        let mut run = Self {
            scenario,
            settings,
            world,
            referee,
            newcomers,
            doings: BTreeMap::new(),
            done: 0,
            deaths: 0,
        };
        for place in 0..run.newcomers.len() {
            run.plan(scenario.start + run.newcomers[place].0, Doing::Create(place));
        }
        run.plan(scenario.start + mischief::EVERY, Doing::Mischief);
        run.engine().start()?;
        if scenario.adopt {
            run.adopt()?;
        }
        Ok(run)
    }

    fn engine(&self) -> Engine<'_, MemoryJournal> {
        Engine::new(&self.world)
    }

    fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.referee.books()
    }

    fn plan(&mut self, at: Timestamp, doing: Doing) {
        self.done += 1;
        self.doings.insert((at, self.done), doing);
    }

    /// The faults are over: everything must come to rest, and is looked at then.
    fn come_to_rest(
        mut self,
        end: Timestamp,
        progress: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<Simulated, SimulationError> {
        let referee = Arc::clone(&self.referee);
        self.calm_down()?;
        let mut ended = self.live(end + CALM, progress)?;
        if ended == Ended::InTime {
            let now = self.world.cloud().time();
            let late = self.world.cloud().change(|state| referee.final_check(state.members(), now))?;
            if !late.is_empty() && self.books().breach.is_none() {
                ended = self.live(now + RECOVERY, progress)?;
                let now = self.world.cloud().time();
                self.world.cloud().change(|state| referee.last_check(&late, state.members(), now))?;
            }
        }
        self.finish(end, ended)
    }

    /// Lives until an instant, or until a rule is broken.
    fn live(
        &mut self,
        until: Timestamp,
        progress: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<Ended, SimulationError> {
        let mut day = 0;
        for step in 1_u64.. {
            let next = self.engine().next()?;
            let doing = self.doings.first_key_value().map(|(at, _)| at.0);
            let at = match (next, doing) {
                (Some((at, _)), Some(doing)) => at.min(doing),
                (Some((at, _)), None) => at,
                (None, Some(doing)) => doing,
                (None, None) => break,
            };
            if at > until {
                break;
            }
            self.world.cloud().set_now(at);
            if doing.is_some_and(|doing| doing <= at) {
                self.people_act()?;
            } else if let Some((_, item)) = next {
                self.machine_acts(item)?;
            }
            if self.scenario.watched && self.books().breach.is_some() {
                return Ok(Ended::Broken);
            }
            let today = u32::try_from(at.since(self.scenario.start).num_days()).unwrap_or(0);
            if today > day || step % TOLD_EVERY == 0 {
                day = today;
                if !self.tell(today.min(self.scenario.days), progress) {
                    return Ok(Ended::Interrupted);
                }
            }
        }
        self.world.cloud().set_now(until);
        Ok(Ended::InTime)
    }

    fn tell(&self, days: u32, progress: &mut dyn FnMut(Progress) -> bool) -> bool {
        let records = self.books().statistics.records;
        progress(Progress { days, of: self.scenario.days, records })
    }

    fn machine_acts(&mut self, item: Item) -> Result<(), SimulationError> {
        let engine = Engine::new(&self.world);
        if let Some(done) = run_or_die(engine.run(item)) {
            if let Done::Dead(why) = done? {
                tracing::debug!(%why, "dead letter");
            }
        } else {
            engine.after_crash(item)?;
            self.deaths += 1;
        }
        Ok(())
    }

    fn people_act(&mut self) -> Result<(), SimulationError> {
        let Some(((now, _), doing)) = self.doings.pop_first() else { return Ok(()) };
        match doing {
            Doing::Create(place) => {
                let newcomer = self.newcomers[place].1.clone();
                let minutes = self.world.cloud().change(|state| {
                    let member = newcomer.member(state, None, &self.settings.tag_keys().state);
                    state.insert_member(newcomer.account, member);
                    self.world.cloud().emit_created(state, newcomer.account);
                    state.pick(10)
                })?;
                let at = now + TimeDelta::minutes(i64::try_from(minutes).unwrap_or(0) + 1);
                self.plan(at, Doing::Settle(newcomer.account, newcomer.unit));
            }
            Doing::Settle(account, unit) => {
                self.referee.note_change(account, now);
                let cloud = self.world.cloud();
                cloud.change(|state| cloud.move_account(state, account, unit.as_ref(), FACTORY))?;
            }
            Doing::Mischief => {
                let cloud = self.world.cloud();
                let mischief = cloud.change(|state| mischief::strike(cloud, state, now))?;
                for account in mischief.changed {
                    self.referee.note_change(account, now);
                }
                for (at, undo) in mischief.undo {
                    self.plan(at, Doing::Undo(undo));
                }
                self.plan(now + mischief::EVERY, Doing::Mischief);
            }
            Doing::Undo(undo) => self.undo(&undo, now)?,
        }
        Ok(())
    }

    fn undo(&self, undo: &Undo, now: Timestamp) -> Result<(), SimulationError> {
        let cloud = self.world.cloud();
        let account = cloud.change(|state| mischief::undo(cloud, state, undo))?;
        self.referee.note_change(account, now);
        Ok(())
    }

    /// The faults are over: what was lost stays lost, what was moved away comes back, and no other window
    /// opens.
    fn calm_down(&mut self) -> Result<(), SimulationError> {
        let now = self.world.cloud().time();
        for (_, doing) in std::mem::take(&mut self.doings) {
            if let Doing::Undo(undo) = doing {
                self.undo(&undo, now)?;
            }
        }
        self.world.cloud().change(|state| {
            state.faults = Faults::none();
            state.meta_mut().next_window = None;
        })?;
        Ok(())
    }

    /// An operator adopts every account that carries a state.
    fn adopt(&mut self) -> Result<(), SimulationError> {
        let accounts = self.world.cloud().change(|state| {
            let tagged = state.members().iter().filter(|(_, member)| member.state_tag.text().is_some());
            tagged.map(|(account, _)| *account).collect::<Vec<_>>()
        })?;
        for account in accounts {
            let command = Command { gesture: Gesture::Adopt, reason: "rehearsal".into() };
            let trigger = Trigger {
                id: Some(TriggerId::from_text(&format!("adopt {account}"))),
                by: Actor::Principal("spa simulate".into()),
                happening: Happening::Command(command),
            };
            if let Some(handled) = run_or_die(self.engine().lifecycle().handle(account, &trigger)) {
                handled?;
            }
        }
        Ok(())
    }

    fn finish(self, end: Timestamp, ended: Ended) -> Result<Simulated, SimulationError> {
        let now = self.world.cloud().time();
        let (struck, dead_letters) =
            self.world.cloud().change(|state| (state.struck().clone(), state.meta().dead_letters))?;
        Ok(Simulated {
            scenario: self.scenario.clone(),
            world: self.world,
            referee: self.referee,
            struck,
            deaths: self.deaths,
            dead_letters,
            ended: end.min(now),
            interrupted: ended == Ended::Interrupted,
        })
    }
}

impl Simulated {
    /// The first breach of a rule.
    pub fn breach(&self) -> Option<Breach> {
        self.referee.books().breach.clone()
    }

    /// Every record of the fleet's journal, in order.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn fleet_history(&self) -> Result<Vec<FleetRecord>, SimulationError> {
        let history = self.world.kept().fleet_history(Version::NONE, usize::MAX);
        Ok(run_or_die(history).unwrap_or(Ok(Vec::new()))?)
    }

    /// Every record of an account, in order.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn history(&self, account: AccountId) -> Result<Vec<Record>, SimulationError> {
        let history = self.world.kept().history(account, Version::NONE, usize::MAX);
        Ok(run_or_die(history).unwrap_or(Ok(Vec::new()))?)
    }
}

/// After how many steps whoever watches is told again, whatever the calendar says: so that Ctrl-C is heard.
const TOLD_EVERY: u64 = 1_024;

/// Account Factory creates accounts.
const FACTORY: &str = "arn:aws:sts::444455556666:assumed-role/AWSControlTowerExecution/account-factory";
