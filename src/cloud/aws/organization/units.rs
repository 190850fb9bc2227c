//! What is remembered of the tree of units.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use state_machine::{Timestamp, UnitId};

/// How long the unit above a unit is remembered. AWS has a call that moves accounts (`MoveAccount`) and none that
/// moves units, so it might be for ever; an hour is enough to save the calls.
const REMEMBERED: TimeDelta = TimeDelta::hours(1);

/// How many units are remembered. An organization has 2,000 at most:
/// <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>.
const MOST: usize = 4000;

/// What stands above something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parent {
    /// The root of the organization.
    Root,
    /// A unit.
    Unit(UnitId),
}

/// What stands above each unit that was met lately.
#[derive(Debug, Default)]
pub(super) struct Parents {
    known: BTreeMap<UnitId, (Parent, Timestamp)>,
}

impl Parents {
    /// What stands above the unit, if it was read in the last hour. When the clock was set back, nothing is
    /// remembered.
    pub(super) fn get(&self, unit: &UnitId, now: Timestamp) -> Option<Parent> {
        let (parent, at) = self.known.get(unit)?;
        let age = now.since(*at);
        (TimeDelta::zero() <= age && age < REMEMBERED).then(|| parent.clone())
    }

    /// Remembers what stands above the unit.
    pub(super) fn put(&mut self, unit: UnitId, parent: Parent, now: Timestamp) {
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(unit, (parent, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_remembered_for_an_hour_and_there_are_not_too_many() {
        let at = |minutes| Timestamp::default() + TimeDelta::minutes(minutes);
        let unit = |number: usize| format!("ou-ab12-{number:08}").parse::<UnitId>().unwrap();
        let mut parents = Parents::default();
        parents.put(unit(1), Parent::Unit(unit(2)), at(100));
        for (minutes, known) in [(99, false), (100, true), (159, true), (160, false)] {
            assert_eq!(parents.get(&unit(1), at(minutes)).is_some(), known, "{minutes}");
        }
        assert_eq!(parents.get(&unit(2), at(100)), None);
        for number in 0..10 * MOST {
            parents.put(unit(number), Parent::Root, at(100));
            assert!(parents.known.len() <= MOST);
        }
    }
}
