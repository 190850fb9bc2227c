//! Which accounts have a parameter of their own: a hint in the general one.
//!
//! Most accounts have none, and to find that out costs a call at every event. Whoever knows the general parameter asks
//! for the account's own only where the hint names it.
//!
//! **No hint, no shortcut.** A deployment of an earlier version has no hint, and one with too many accounts has no room
//! for it; then every account is asked for, as ever. So it is where the hint cannot be read. A hint is as old as the
//! general parameter, which counts for a minute after it was read, as every value does.

use std::collections::BTreeSet;

use serde::Deserialize;
use state_machine::{AccountId, Text};

use super::{ADVANCED, STANDARD};

/// The member of the general parameter that holds the hint. No section of a file is called so.
pub(super) const MEMBER: &str = "accounts_with_settings";

/// The accounts that have parameters of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAccounts(BTreeSet<AccountId>);

impl OwnAccounts {
    /// What the general parameter says; `None`: nothing, so that every account is to be asked for.
    pub fn of_general(value: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct General {
            accounts_with_settings: String,
        }
        let general: General = serde_json::from_str(value).ok()?;
        let accounts = general.accounts_with_settings.split_whitespace().map(str::parse);
        accounts.collect::<Result<_, _>>().ok().map(Self)
    }

    /// All of them.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.0.iter().copied()
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether the account has a parameter of its own.
    pub fn has(&self, account: AccountId) -> bool {
        self.0.contains(&account)
    }
}

/// The general parameter with the hint in it, where there is room: the hint makes no parameter dearer.
pub(super) fn told(general: &Text, accounts: impl Iterator<Item = AccountId>) -> Text {
    let accounts: Vec<String> = accounts.map(|account| account.to_string()).collect();
    let Some(members) = general.strip_suffix("\n}") else { return Text::clone(general) };
    let told = format!("{members},\n    \"{MEMBER}\": \"{}\"\n}}", accounts.join(" "));
    let room = if general.len() > STANDARD { ADVANCED } else { STANDARD };
    if told.len() > room { Text::clone(general) } else { told.into() }
}

/// A general parameter without the hint that was told in it.
pub fn untold(general: &Text) -> Text {
    let Some(at) = general.rfind(&format!(",\n    \"{MEMBER}\": \"")) else { return Text::clone(general) };
    format!("{}\n}}", &general[..at]).into()
}

/// A general parameter whose hint names these accounts and no others. An older one must not be used as it was: whoever
/// is not named is not asked for, and has settings all the same.
pub fn retold(general: &Text, accounts: impl Iterator<Item = AccountId>) -> Text {
    told(&untold(general), accounts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: u64) -> AccountId {
        AccountId::from_number(number).unwrap()
    }

    #[test]
    fn the_hint_names_whom_it_was_told_and_nobody_else() {
        let general = Text::from("{\n    \"automation\": {}\n}");
        for count in [0, 1, 200] {
            let value = told(&general, (1..=count).map(account));
            let hint = OwnAccounts::of_general(&value).unwrap();
            assert!((1..=count).all(|number| hint.has(account(number))));
            assert!(!hint.has(account(count + 1)));
        }
    }

    #[test]
    fn a_hint_is_told_anew() {
        let general = Text::from("{\n    \"automation\": {}\n}");
        let first = told(&general, [account(1)].into_iter());
        assert_eq!(untold(&first), general);
        assert_eq!(untold(&general), general);
        let hint = OwnAccounts::of_general(&retold(&first, [account(2)].into_iter())).unwrap();
        assert!(hint.has(account(2)) && !hint.has(account(1)));
        // Settings without sections are no settings, and yet nothing must be lost of them.
        let hint = OwnAccounts::of_general(&retold(&Text::from("{}"), [account(2)].into_iter()));
        assert!(hint.is_none_or(|hint| hint.has(account(2))));
    }

    #[test]
    fn where_there_is_no_room_there_is_no_hint() {
        for (size, accounts, hinted) in
            [(100, 300, true), (100, 310, false), (5_000, 230, true), (5_000, 310, false)]
        {
            let general = Text::from(format!("{{\n    \"x\": \"{}\"\n}}", "x".repeat(size)));
            let value = told(&general, (1..=accounts).map(account));
            assert_eq!(OwnAccounts::of_general(&value).is_some(), hinted, "{size} {accounts}");
            assert_eq!(value.len() > STANDARD, general.len() > STANDARD);
            assert!(value.len() <= ADVANCED);
        }
    }

    #[test]
    fn what_is_no_hint_spares_nobody() {
        for value in [
            "{}",
            "no JSON",
            "{\"accounts_with_settings\": null}",
            "{\"accounts_with_settings\": [\"111122223333\"]}",
            "{\"accounts_with_settings\": \"111122223333 somebody\"}",
        ] {
            assert_eq!(OwnAccounts::of_general(value), None, "{value}");
        }
    }
}
