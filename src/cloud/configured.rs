//! What [`super::Parameters`] gives, out of settings: the same on AWS and on one machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use state_machine::{AccountId, Policy, Profile, TaskKind, Text, UnitId};

use super::order::{self, Surroundings};
use super::{BuildOrder, FleetPolicies};
use crate::settings::Settings;

/// The settings for a whole fleet. What counts for all accounts of some units that have no settings of their own
/// is looked up once, and found again by the place of the list of units, which these accounts share.
#[derive(Debug)]
pub struct FleetSettings {
    settings: Arc<Settings>,
    shared: BTreeMap<usize, (Arc<[UnitId]>, Arc<Policy>)>,
}

/// How many lists of units are remembered. Where accounts do not share them, as when they were just read from a
/// store, remembering is no use.
const LISTS_OF_UNITS: usize = 256;

impl FleetSettings {
    /// These settings, for everybody.
    pub const fn new(settings: Arc<Settings>) -> Self {
        Self { settings, shared: BTreeMap::new() }
    }
}

impl FleetPolicies for FleetSettings {
    fn policy(&mut self, account: AccountId, units: &Arc<[UnitId]>) -> Arc<Policy> {
        if self.settings.speaks_of(account) {
            return Arc::clone(self.settings.resolve(account, units).policy());
        }
        let place = units.as_ptr().addr();
        if let Some((_, policy)) = self.shared.get(&place) {
            return Arc::clone(policy);
        }
        let policy = Arc::clone(self.settings.resolve(account, units).policy());
        if self.shared.len() >= LISTS_OF_UNITS {
            self.shared.clear();
        }
        // As long as it is kept here, no other list can stand at its place.
        self.shared.insert(place, (Arc::clone(units), Arc::clone(&policy)));
        policy
    }
}

/// What a build is started with: what every build finds in its environment, and over it what the settings say.
pub fn build_order(
    settings: &Settings,
    around: &Surroundings<'_>,
    account: AccountId,
    profile: &Profile,
    task: TaskKind,
) -> BuildOrder {
    let worker = settings.worker();
    let buildspec = match task {
        TaskKind::Preparation => &worker.preparation_buildspec_template_file.text,
        TaskKind::Purge => &worker.purge_buildspec_template_file.text,
    };
    let mut variables: BTreeMap<Text, Text> =
        order::variables(around, account, profile, task).into_iter().collect();
    let resolved = settings.resolve(account, &profile.units);
    let said = resolved.task(task).variables.iter();
    variables.extend(said.map(|(name, value)| (Text::clone(name), Text::clone(&value.value))));
    BuildOrder { buildspec: Text::clone(buildspec), variables: variables.into_iter().collect() }
}
