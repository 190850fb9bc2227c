//! The local organization that a command looks at or changes, and how it is reached.

use std::collections::BTreeSet;
use std::sync::Arc;

use state_machine::{Account, AccountId, Reading, Timestamp, UnitId, Version};

use crate::cloud::local::{Member, State};
use crate::journal::Journal as _;
use crate::journal::sqlite::SqliteJournal;
use crate::local::{LocalWorld, Lock, Station, run_or_die};
use crate::settings::Settings;
use crate::settings::value::alike;

use super::{Context, Exit, Failure};

/// How many heads or records are read in one go.
const PAGE: usize = 2_000;

/// The organization in the store, at the moment at which a command looks at it.
#[derive(Debug)]
pub struct Place {
    station: Station,
    now: Timestamp,
}

impl Place {
    /// The organization in the store that the context names.
    ///
    /// # Errors
    /// When the store cannot be used, or no organization was founded in it.
    pub fn open(context: &Context) -> Result<Self, Failure> {
        let station = Station::new(context.store()?);
        match station.time()? {
            Some(now) => Ok(Self { station, now }),
            None => Err(nobody(context)),
        }
    }

    /// The organization's time.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The journal.
    pub fn journal(&self) -> SqliteJournal {
        self.station.journal()
    }

    /// The accounts as they really are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn organization(&self, context: &Context) -> Result<State, Failure> {
        self.station.load()?.ok_or_else(|| nobody(context))
    }

    /// The organization, to be read with the means of the lifecycle. Nothing that is done to it is kept.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn look(
        &self,
        settings: &Arc<Settings>,
        context: &Context,
    ) -> Result<LocalWorld<SqliteJournal>, Failure> {
        self.station.look(settings)?.ok_or_else(|| nobody(context))
    }

    /// The organization, to be changed by an operator.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn operate(
        &self,
        settings: &Arc<Settings>,
        context: &Context,
    ) -> Result<LocalWorld<SqliteJournal>, Failure> {
        self.station.operate(settings)?.ok_or_else(|| nobody(context))
    }

    /// Whether it is known that no `spa up` lets the organization live right now.
    pub fn is_asleep(&self) -> bool {
        Lock::is_held(self.station.store().path()) == Some(false)
    }

    /// Every head, by identifier.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn heads(&self) -> Result<Vec<Arc<Account>>, Failure> {
        let journal = self.journal();
        let mut heads: Vec<Arc<Account>> = Vec::new();
        loop {
            let page = done(journal.heads(heads.last().map(|head| head.id()), PAGE))??;
            let full = page.len() == PAGE;
            heads.extend(page);
            if !full {
                return Ok(heads);
            }
        }
    }

    /// The accounts of the organization that have no head among these, which stand by identifier: nothing was
    /// ever recorded of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn without_record(&self, heads: &[Arc<Account>]) -> Result<Vec<(AccountId, Member)>, Failure> {
        let has_head = |id: AccountId| heads.binary_search_by_key(&id, |head| head.id()).is_ok();
        Ok(self.station.members(|id| !has_head(id))?)
    }

    /// Refuses a unit that nobody knows, for a selection that no account fits.
    ///
    /// # Errors
    /// When neither the settings nor the organization know the unit: then those are named that are like it.
    pub fn know_unit(&self, unit: Option<&UnitId>, settings: Option<&Arc<Settings>>) -> Result<(), Failure> {
        let Some(unit) = unit else { return Ok(()) };
        let mut known: BTreeSet<UnitId> = self.station.units()?.into_iter().collect();
        known.extend(settings.iter().flat_map(|settings| settings.units().cloned()));
        let members = self.station.members(|_| true)?;
        known.extend(members.iter().flat_map(|(_, member)| member.profile.units.iter().cloned()));
        if known.contains(unit) {
            return Ok(());
        }
        let message = format!("neither the settings nor the organization know the unit {unit}");
        let failure = Failure::new(Exit::NotFound, message);
        Err(match alike(unit.as_str(), known.iter().map(UnitId::as_str)).as_slice() {
            [] => failure.help("`spa accounts` shows in which units accounts stand"),
            [one] => failure.help(format!("did you mean {one}?")),
            several => failure.help(format!("did you mean one of {}?", several.join(", "))),
        })
    }

    /// One head, of an account that the journal or the organization knows.
    ///
    /// # Errors
    /// When neither knows it: then the nearest one is named.
    pub fn head(&self, id: AccountId, context: &Context) -> Result<Arc<Account>, Failure> {
        let head = done(self.journal().account(id))??;
        if head.version() == Version::NONE {
            let organization = self.organization(context)?;
            if organization.member(id).is_none() {
                let known = self.heads()?.iter().map(|head| head.id()).collect::<Vec<_>>();
                return Err(unknown(id, known.into_iter().chain(organization.members().keys().copied())));
            }
        }
        Ok(head)
    }

    /// Every record of an account, oldest first, as long as `each` wants more.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn records(
        &self,
        id: AccountId,
        mut each: impl FnMut(state_machine::Record) -> bool,
    ) -> Result<(), Failure> {
        let journal = self.journal();
        let mut after = Version::NONE;
        loop {
            let page = done(journal.history(id, after, PAGE))??;
            let Some(last) = page.last().map(|record| record.version) else { return Ok(()) };
            for record in page {
                if !each(record) {
                    return Ok(());
                }
            }
            after = last;
        }
    }
}

fn nobody(context: &Context) -> Failure {
    let message = format!("no organization was founded in {} yet", context.store_path().display());
    Failure::new(Exit::NotFound, message)
        .help("`spa up` founds one; --store FILE or SPA_STORE names another store")
}

/// Nobody knows this account.
pub fn unknown(id: AccountId, known: impl IntoIterator<Item = AccountId>) -> Failure {
    let failure = Failure::new(Exit::NotFound, format!("nobody here knows the account {id}"));
    let text = id.to_string();
    let distance = |other: &AccountId| strsim::damerau_levenshtein(&text, &other.to_string());
    // Further away than this, it is another account and no slip of the finger.
    let nearest =
        known.into_iter().map(|other| (distance(&other), other)).filter(|(away, _)| *away <= 4).min();
    match nearest {
        Some((_, nearest)) => failure.help(format!("did you mean {nearest}?")),
        None => failure.help("`spa accounts` lists those that are known"),
    }
}

/// The outcome of something local, which never waits for anybody.
///
/// # Errors
/// When it waited all the same: a fault of the program.
pub fn done<F: Future>(work: F) -> Result<F::Output, Failure> {
    run_or_die(work).ok_or_else(|| Failure::new(Exit::Failed, "something local did not come to an end"))
}

/// A reading in a word or two, for a column.
pub fn reading(reading: &Reading) -> String {
    match reading {
        Reading::Known(state) => state.to_string(),
        Reading::Untagged => "untagged".to_owned(),
        Reading::Unrecognised(text) => format!("`{text}`?"),
        Reading::Unreadable(_) => "unreadable".to_owned(),
    }
}

/// The key of the tag that names the holder. Without settings it is the one that is built in.
pub fn holder_key(settings: Option<&Arc<Settings>>) -> &str {
    settings.map_or("account-holder", |settings| &settings.tag_keys().holder)
}
