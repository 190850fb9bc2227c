//! The organization in a store on this machine.

use std::path::PathBuf;
use std::sync::Arc;

use state_machine::{Account, AccountId, Text, Timestamp, UnitId};

use super::Place;
use crate::cli::account::user_of_this_machine;
use crate::cli::{Context, Exit, Failure};
use crate::cloud::Listed;
use crate::cloud::local::Member;
use crate::handler::{Dispatched, Handlers};
use crate::journal::sqlite::SqliteJournal;
use crate::local::{Engine, LocalWorld, Lock, Station, run_or_die};
use crate::settings::Settings;

/// The organization in a store, at the moment at which a command looks at it.
#[derive(Debug)]
pub struct LocalPlace {
    station: Station,
    journal: SqliteJournal,
    now: Timestamp,
    path: PathBuf,
}

impl LocalPlace {
    fn nobody(path: &std::path::Path) -> Failure {
        let message = format!("no organization was founded in {} yet", path.display());
        Failure::new(Exit::NotFound, message)
            .help("`spa up` founds one; --store FILE or SPA_STORE names another store")
    }
}

/// The outcome of something local, which never waits for anybody.
///
/// # Errors
/// When it waited all the same: a fault of the program.
pub fn done<F: Future>(work: F) -> Result<F::Output, Failure> {
    run_or_die(work).ok_or_else(|| Failure::new(Exit::Failed, "something local did not come to an end"))
}

fn listed((account, member): (AccountId, Member)) -> Listed {
    Listed { account, status: member.status, reading: member.reading(), profile: member.profile }
}

impl Place for LocalPlace {
    type Journal = SqliteJournal;
    type World = LocalWorld<SqliteJournal>;

    const ASKS: bool = false;

    fn open(context: &Context) -> Result<Self, Failure> {
        let station = Station::new(context.store()?);
        let path = context.store_path().to_owned();
        match station.time()? {
            Some(now) => Ok(Self { journal: station.journal(), station, now, path }),
            None => Err(Self::nobody(&path)),
        }
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn journal(&self) -> &SqliteJournal {
        &self.journal
    }

    fn done<F: Future>(&self, work: F) -> Result<F::Output, Failure> {
        done(work)
    }

    fn members(&self) -> Result<Vec<Listed>, Failure> {
        Ok(self.station.members(|_| true)?.into_iter().map(listed).collect())
    }

    fn member(&self, id: AccountId) -> Result<Option<Listed>, Failure> {
        Ok(self.station.members(|other| other == id)?.into_iter().next().map(listed))
    }

    fn without_record(&self, heads: &[Arc<Account>]) -> Result<Vec<Listed>, Failure> {
        let has_head = |id: AccountId| heads.binary_search_by_key(&id, |head| head.id()).is_ok();
        Ok(self.station.members(|id| !has_head(id))?.into_iter().map(listed).collect())
    }

    fn has(&self, head: &Account) -> Result<bool, Failure> {
        Ok(self.member(head.id())?.is_some())
    }

    fn units(&self) -> Result<Vec<UnitId>, Failure> {
        Ok(self.station.units()?)
    }

    fn look(&self, settings: &Arc<Settings>, at: Timestamp) -> Result<Self::World, Failure> {
        let world = self.station.look(settings)?.ok_or_else(|| Self::nobody(&self.path))?;
        world.cloud().set_now(at);
        Ok(world)
    }

    fn operate(&self, settings: &Arc<Settings>) -> Result<Self::World, Failure> {
        self.station.operate(settings)?.ok_or_else(|| Self::nobody(&self.path))
    }

    fn handlers<'w>(&self, world: &'w Self::World) -> Handlers<'w, Self::World> {
        Engine::new(world).handlers()
    }

    fn note(&self, world: &Self::World, dispatched: &Dispatched) -> Result<(), Failure> {
        Ok(Engine::new(world).note(dispatched)?)
    }

    fn window_opened(&self, world: &Self::World) -> Result<(), Failure> {
        let now = self.now;
        Ok(world.cloud().change(|state| state.meta_mut().window_wake = Some(now))?)
    }

    fn operator(&self, name: Option<&Text>) -> Text {
        name.cloned().unwrap_or_else(user_of_this_machine)
    }

    fn sleeps(&self) -> Option<&'static str> {
        // Where that is not known, nothing is said.
        (Lock::is_held(self.station.store().path()) == Some(false)).then_some("spa up")
    }

    fn finder(&self) -> &'static str {
        "the next comparison finds it, when the organization lives: spa up"
    }

    fn named(&self) -> String {
        format!("the organization in {}", self.path.display())
    }
}
