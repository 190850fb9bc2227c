//! Making an organization: from settings alone, or from an export of a real one.

mod draw;
mod export;

pub use draw::{Drawn, draw};
pub use export::{Export, ExportError, read_export};

use state_machine::{AccountId, Profile, Protection, Status, Text, UnitId};

use crate::cloud::local::{Member, State};
use crate::settings::Settings;

/// An account that has not come into the organization yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// Which account.
    pub account: AccountId,
    /// Its name.
    pub name: Text,
    /// E-mail address of its root user.
    pub email: Text,
    /// The unit that it is for; `None`: the root.
    pub unit: Option<UnitId>,
    /// Whether it is in use.
    pub status: Status,
    /// Its tags, the one of the state among them.
    pub tags: state_machine::Tags,
}

impl Newcomer {
    /// The account as a member of the organization that stands in this unit.
    pub fn member(&self, state: &mut State, unit: Option<&UnitId>, state_key: &str) -> Member {
        let mut tags = self.tags.clone();
        let state_tag = tags.remove(state_key);
        let units = state.path(unit);
        let (name, email) = (Text::clone(&self.name), Text::clone(&self.email));
        let profile = Profile { name, email, units, tags };
        Member { status: self.status, ..Member::new(profile, state_tag.into()) }
    }
}

/// The management account of the settings; where they do not tell it, one that nobody has.
pub fn management_account(settings: &Settings) -> AccountId {
    let named = settings
        .protected_accounts()
        .find(|(_, why)| why.value == Protection::ManagementAccount)
        .map(|(account, _)| account);
    named.or(AccountId::from_number(999_999_999_999)).unwrap_or(settings.automation().account_id)
}
