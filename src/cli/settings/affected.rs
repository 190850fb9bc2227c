//! Which accounts a change of the settings affects, and how.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use state_machine::{AccountId, Standing, UnitId};

use super::words::{self, Change};
use crate::settings::{Resolved, Settings};

/// What windows do to an account, or to whatever stands in a unit. The larger, the more is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purge {
    /// Nothing.
    Off,
    /// They tell what they would delete.
    DryRun,
    /// They delete.
    Forced,
}

impl fmt::Display for Purge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::DryRun => "dry run",
            Self::Forced => "forced",
        })
    }
}

impl Purge {
    fn of(resolved: &Resolved) -> Self {
        let purge = resolved.purge();
        if resolved.standing().value != Standing::Managed || !purge.enabled.value {
            return Self::Off;
        }
        match purge.variables.get("PURGE_MODE") {
            Some(mode) if &*mode.value == "--dry-run" => Self::DryRun,
            // What a buildspec does when nobody says anything is not known here.
            Some(_) | None => Self::Forced,
        }
    }
}

/// An account for which something changes.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Affected {
    pub account: AccountId,
    /// The units around it, the nearest first, as the journal saw them last.
    pub units: Arc<[UnitId]>,
    pub changes: Vec<Change>,
    /// What windows did to it, and will do.
    pub purge: (Purge, Purge),
}

/// A unit in which the purge of whatever stands there is switched on.
#[derive(Clone, Debug, Serialize)]
pub(super) struct UnitOn {
    pub unit: UnitId,
    pub purge: (Purge, Purge),
}

/// All that follows from a change, as far as accounts are known.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Effects {
    pub accounts: Vec<Affected>,
    /// Also such in which nobody is known to stand.
    pub units_on: Vec<UnitOn>,
}

impl Effects {
    /// Compares what counts for these accounts. `before`: nothing, where there were no settings that could be used.
    pub(super) fn between(
        before: Option<&Settings>,
        after: &Settings,
        known: &BTreeMap<AccountId, Arc<[UnitId]>>,
    ) -> Self {
        let mut effects = Self::default();
        for (account, units) in known {
            let was = before.map(|before| before.resolve(*account, units));
            let is = after.resolve(*account, units);
            let changes = words::between(&was.as_ref().map(values).unwrap_or_default(), &values(&is));
            let purge = (was.as_ref().map_or(Purge::Off, Purge::of), Purge::of(&is));
            if !changes.is_empty() || purge.0 != purge.1 {
                effects.accounts.push(Affected {
                    account: *account,
                    units: Arc::clone(units),
                    changes,
                    purge,
                });
            }
        }
        // An account of which nobody speaks, in each unit.
        let anybody = AccountId::from_number(0);
        for (unit, anybody) in after.units().filter_map(|unit| Some((unit, anybody?))) {
            let was = before
                .map_or(Purge::Off, |before| Purge::of(&before.resolve(anybody, &before.units_around(unit))));
            let purge = (was, Purge::of(&after.resolve(anybody, &after.units_around(unit))));
            if purge.1 > purge.0 {
                effects.units_on.push(UnitOn { unit: unit.clone(), purge });
            }
        }
        effects
    }

    /// The accounts of which more is purged than before.
    pub(super) fn purge_on(&self) -> impl Iterator<Item = &Affected> {
        self.accounts.iter().filter(|affected| affected.purge.1 > affected.purge.0)
    }

    /// Whether more is purged than before, of accounts that are known or of those that will be.
    pub(super) fn is_dangerous(&self) -> bool {
        self.purge_on().next().is_some() || !self.units_on.is_empty()
    }
}

/// What counts for an account, by name.
fn values(resolved: &Resolved) -> BTreeMap<String, String> {
    // What is not managed is not touched, whatever would count for it.
    if resolved.standing().value == Standing::Unmanaged {
        return BTreeMap::from([("standing".to_owned(), "not managed".to_owned())]);
    }
    let standing = match resolved.standing().value {
        Standing::Protected(_) => "protected",
        Standing::Managed | Standing::Unmanaged => "managed",
    };
    let entries = resolved.entries().into_iter().map(|entry| (entry.path, entry.value));
    entries.chain([("standing".to_owned(), standing.to_owned())]).collect()
}
