//! What counts for one account, and what it counts instead of.

use serde::Serialize;
use state_machine::{AccountId, UnitId};

use super::origin::Origin;
use super::resolve::{Entry, Resolved, Values};
use super::{Settings, value};

/// What counts for one account.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// What counts.
    pub resolved: Resolved,
    /// Each value, in the order of a settings file.
    pub values: Vec<Explained>,
}

/// One value that counts for an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// What counts.
    #[serde(flatten)]
    pub entry: Entry,
    /// What was said less near to the account, the nearest first. The same value may stand there as well.
    pub instead_of: Vec<Overruled>,
}

/// A value that something nearer to the account has replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overruled {
    /// The value.
    pub value: String,
    /// What said it.
    pub origin: Origin,
}

impl Settings {
    /// What counts for an account that lies in these units, the nearest first, and what is said elsewhere.
    pub fn explain(&self, account: AccountId, units: &[UnitId]) -> Explanation {
        let mut values = self.built_in();
        let mut explained: Vec<Explained> = Vec::new();
        note(&mut explained, &values);
        self.lay_all(account, &self.listed(units), &mut values, |values| note(&mut explained, values));
        // The order of the last layer is that of a file; keys that came in late stand in their place.
        let order: Vec<String> = values.entries().into_iter().map(|entry| entry.path).collect();
        explained.sort_by_key(|value| order.iter().position(|path| *path == value.entry.path));
        Explanation { resolved: self.resolve(account, units), values: explained }
    }

    /// Accounts that the settings name and that look like this text, the likeliest first.
    pub fn accounts_like(&self, text: &str) -> Vec<AccountId> {
        let named: Vec<String> = self
            .accounts()
            .chain(self.protected_accounts().map(|(account, _)| account))
            .map(|account| account.to_string())
            .collect();
        let mut alike = value::alike(text, named.iter().map(String::as_str));
        alike.dedup();
        alike.into_iter().filter_map(|account| account.parse().ok()).collect()
    }
}

/// Notes what a layer has changed.
fn note(explained: &mut Vec<Explained>, values: &Values) {
    for entry in values.entries() {
        match explained.iter_mut().find(|known| known.entry.path == entry.path) {
            Some(known) if known.entry.origin != entry.origin => {
                let before = std::mem::replace(&mut known.entry, entry);
                let overruled = Overruled { value: before.value, origin: before.origin };
                known.instead_of.insert(0, overruled);
            }
            Some(_) => {}
            None => explained.push(Explained { entry, instead_of: Vec::new() }),
        }
    }
}
