//! What a command looks at or changes: an organization, its journal, and how both are reached.
//!
//! Commands are written once, over [`Place`]; which place is meant says `--on`.
//!
//! | module | is |
//! | --- | --- |
//! | [`local`] | the organization in a store on this machine |
//! | `aws` | the real one, in builds that reach it |

#[cfg(feature = "aws")]
pub mod aws;
pub mod local;

use std::collections::BTreeSet;
use std::sync::Arc;

use state_machine::{Account, AccountId, Custody, Reading, Record, Status, Text, Timestamp, UnitId, Version};

use crate::cloud::Listed;
use crate::handler::{Dispatched, Handlers};
use crate::journal::Journal;
use crate::lifecycle::World;
use crate::settings::Settings;
use crate::settings::value::alike;

use super::{Context, Exit, Failure};

/// How many heads or records are read in one go.
const PAGE: usize = 2_000;

/// An organization, at the moment at which a command looks at it.
pub trait Place: Sized {
    /// Where its facts are kept.
    type Journal: Journal;
    /// All of it, for the lifecycle.
    type World: World;

    /// Whether nothing is touched before somebody has seen what, and has agreed.
    const ASKS: bool;

    /// The place that the context names.
    ///
    /// # Errors
    /// When it cannot be reached.
    fn open(context: &Context) -> Result<Self, Failure>;

    /// Its time.
    fn now(&self) -> Timestamp;

    /// Its journal.
    fn journal(&self) -> &Self::Journal;

    /// Does work to its end.
    ///
    /// # Errors
    /// When it cannot come to an end.
    fn done<F: Future>(&self, work: F) -> Result<F::Output, Failure>;

    /// The accounts as they really are, by identifier.
    ///
    /// # Errors
    /// When the organization cannot be read.
    fn members(&self) -> Result<Vec<Listed>, Failure>;

    /// One account as it really is; `None` when the organization has no such account.
    ///
    /// # Errors
    /// When the organization cannot be read.
    fn member(&self, id: AccountId) -> Result<Option<Listed>, Failure>;

    /// The accounts of the organization that have no head among these, which stand by identifier: nothing was
    /// ever recorded of them.
    ///
    /// # Errors
    /// When the organization cannot be read.
    fn without_record(&self, heads: &[Arc<Account>]) -> Result<Vec<Listed>, Failure>;

    /// Whether the organization has the account of this head, as far as it takes to ask something of it: whatever
    /// is asked is decided on a look of its own.
    ///
    /// # Errors
    /// When the organization cannot be read.
    fn has(&self, head: &Account) -> Result<bool, Failure>;

    /// Units of the organization, also such in which no account stands, where they are told for free.
    ///
    /// # Errors
    /// When the organization cannot be read.
    fn units(&self) -> Result<Vec<UnitId>, Failure>;

    /// The world at this instant, to be read with the means of the lifecycle. Nothing is changed through it.
    ///
    /// # Errors
    /// When the organization cannot be read.
    fn look(&self, settings: &Arc<Settings>, at: Timestamp) -> Result<Self::World, Failure>;

    /// The world, to be changed by an operator.
    ///
    /// # Errors
    /// When the organization cannot be read.
    fn operate(&self, settings: &Arc<Settings>) -> Result<Self::World, Failure>;

    /// The handlers of its events.
    fn handlers<'w>(&self, world: &'w Self::World) -> Handlers<'w, Self::World>;

    /// Sees to what follows from an event that was handled.
    ///
    /// # Errors
    /// When that cannot be kept.
    fn note(&self, world: &Self::World, dispatched: &Dispatched) -> Result<(), Failure>;

    /// Sees to a window that was just opened.
    ///
    /// # Errors
    /// When that cannot be kept.
    fn window_opened(&self, world: &Self::World) -> Result<(), Failure>;

    /// Who asks, where somebody gives this name, or none.
    fn operator(&self, name: Option<&Text>) -> Text;

    /// What lets it live, when nobody does at the moment.
    fn sleeps(&self) -> Option<&'static str>;

    /// What finds an account of which nothing was recorded yet.
    fn finder(&self) -> &'static str;

    /// The place in words, for somebody who is to agree.
    fn named(&self) -> String;

    /// Every head, by identifier.
    ///
    /// # Errors
    /// When the journal cannot be read.
    fn heads(&self) -> Result<Vec<Arc<Account>>, Failure> {
        let mut heads: Vec<Arc<Account>> = Vec::new();
        loop {
            let page = self.done(self.journal().heads(heads.last().map(|head| head.id()), PAGE))??;
            let full = page.len() == PAGE;
            heads.extend(page);
            if !full {
                return Ok(heads);
            }
        }
    }

    /// Refuses a unit that nobody knows, for a selection that no account fits.
    ///
    /// # Errors
    /// When neither the settings nor the organization know the unit: then those are named that are like it.
    fn know_unit(&self, unit: Option<&UnitId>, settings: Option<&Arc<Settings>>) -> Result<(), Failure> {
        let Some(unit) = unit else { return Ok(()) };
        let mut known: BTreeSet<UnitId> = self.units()?.into_iter().collect();
        known.extend(settings.iter().flat_map(|settings| settings.units().cloned()));
        let members = self.members()?;
        known.extend(members.iter().flat_map(|member| member.profile.units.iter().cloned()));
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
    fn head(&self, id: AccountId) -> Result<Arc<Account>, Failure> {
        let head = self.done(self.journal().account(id))??;
        if head.version() == Version::NONE && self.member(id)?.is_none() {
            let heads = self.heads()?;
            let members = self.members()?;
            let known = heads.iter().map(|head| head.id());
            return Err(unknown(id, known.chain(members.iter().map(|member| member.account))));
        }
        Ok(head)
    }

    /// Heads of accounts that the organization has.
    ///
    /// # Errors
    /// When it does not have one of them: then the nearest one is named.
    fn heads_of(&self, ids: &[AccountId]) -> Result<Vec<Arc<Account>>, Failure> {
        let heads = self.done(self.journal().accounts(ids))??;
        for head in &heads {
            if !self.has(head)? {
                return Err(unknown(head.id(), self.members()?.iter().map(|member| member.account)));
            }
        }
        Ok(heads)
    }

    /// Every record of an account, oldest first, as long as `each` wants more.
    ///
    /// # Errors
    /// When the journal cannot be read.
    fn records(&self, id: AccountId, mut each: impl FnMut(Record) -> bool) -> Result<(), Failure> {
        let mut after = Version::NONE;
        loop {
            let page = self.done(self.journal().history(id, after, PAGE))??;
            let Some(last) = page.last().map(|record| record.version) else { return Ok(()) };
            let full = page.len() == PAGE;
            for record in page {
                if !each(record) {
                    return Ok(());
                }
            }
            if !full {
                return Ok(());
            }
            after = last;
        }
    }
}

/// Whether a head tells by itself that the organization has the account.
#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only what is far away is not asked"))]
fn is_recorded(head: &Account) -> bool {
    head.custody() != Custody::Unseen && head.status() != Status::Gone
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
