//! An organization drawn by chance, for settings.

use chrono::TimeDelta;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use state_machine::{AccountId, Status, Tags, Text, UnitId};

use crate::cloud::local::{State, Unit};
use crate::settings::Settings;

use super::Newcomer;

/// Accounts that will come, and when, counted from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The accounts, in the order in which they come.
    pub newcomers: Vec<(TimeDelta, Newcomer)>,
}

/// Accounts come within this time: nobody creates two hundred at once.
const ARRIVAL: i64 = 6 * 3_600;

/// Draws accounts for the units of the settings, evenly, after those that the settings name one by one. Puts
/// the units into the organization.
pub fn draw(state: &mut State, settings: &Settings, accounts: usize, seed: u64) -> Drawn {
    found_units(state, settings);
    // Another stream than that of the faults: more faults must not mean other accounts.
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(1);
    let units: Vec<UnitId> = settings.units().cloned().collect();
    let reserved = [state.management_account, state.automation_account];
    let mut named = settings.accounts().filter(|account| !reserved.contains(account));
    let mut taken: std::collections::BTreeSet<AccountId> = settings.accounts().chain(reserved).collect();
    let mut newcomers = Vec::with_capacity(accounts);
    for number in 0..accounts {
        let account = match named.next() {
            Some(account) => account,
            None => draw_account(&mut random, &mut taken),
        };
        let unit = (!units.is_empty()).then(|| units[number % units.len()].clone());
        let holder = format!("{}.{}", GIVEN[random.random_range(0..GIVEN.len())], number + 1);
        let newcomer = Newcomer {
            account,
            name: Text::from(format!("sandbox of {holder}")),
            email: Text::from(format!("{holder}@example.com")),
            unit,
            status: Status::Active,
            tags: Tags::new(),
        };
        let after = TimeDelta::seconds(random.random_range(0..ARRIVAL));
        newcomers.push((after, newcomer));
    }
    newcomers.sort_by_key(|(after, newcomer)| (*after, newcomer.account));
    Drawn { newcomers }
}

/// Units of the settings; one that stands below another in the settings stands below it here.
pub(super) fn found_units(state: &mut State, settings: &Settings) {
    for unit in settings.units() {
        if state.units.contains_key(unit) {
            continue;
        }
        let name = settings.unit_note(unit).cloned().unwrap_or_else(|| Text::from(unit.as_str()));
        let parent = settings.unit_parent(unit).cloned();
        state.insert_unit(unit.clone(), Unit { name, parent });
    }
}

fn draw_account(random: &mut ChaCha8Rng, taken: &mut std::collections::BTreeSet<AccountId>) -> AccountId {
    loop {
        let number = random.random_range(100_000_000_000..999_999_999_999);
        if let Some(account) = AccountId::from_number(number)
            && taken.insert(account)
        {
            return account;
        }
    }
}

/// Given names, so that tables read like those of a company.
const GIVEN: [&str; 24] = [
    "ada",
    "alan",
    "barbara",
    "claude",
    "dorothy",
    "edsger",
    "frances",
    "grace",
    "hedy",
    "ivan",
    "jean",
    "katherine",
    "leslie",
    "margaret",
    "niklaus",
    "ole",
    "peter",
    "radia",
    "shafi",
    "tony",
    "ursula",
    "vint",
    "whitfield",
    "yvonne",
];
