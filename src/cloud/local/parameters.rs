//! Parameter Store on one machine: it holds what settings.yaml says.

use std::collections::BTreeMap;
use std::sync::Arc;

use state_machine::{
    AccountId, Brakes, Failure, FailureKind, Policy, Profile, TaskKind, Text, UnitId, Unreadable,
};

use crate::cloud::order::{self, Surroundings};
use crate::cloud::{BuildOrder, FleetPolicies, Parameters};
use crate::settings::Settings;

use super::calls::Call;
use super::{Course, LocalCloud, failure, message, store_failed};

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

impl Parameters for LocalCloud {
    type Fleet = FleetSettings;

    async fn fleet(&self) -> Result<Self::Fleet, Unreadable> {
        self.get_parameters()?;
        Ok(FleetSettings { settings: Arc::clone(&self.settings), shared: BTreeMap::new() })
    }

    async fn policy(&self, account: AccountId, units: &[UnitId]) -> Result<Arc<Policy>, Unreadable> {
        self.get_parameters()?;
        Ok(Arc::clone(self.settings.resolve(account, units).policy()))
    }

    async fn brakes(&self) -> Result<Brakes, Unreadable> {
        self.get_parameters()?;
        Ok(self.settings.brakes())
    }

    async fn build_order(
        &self,
        account: AccountId,
        profile: &Profile,
        task: TaskKind,
    ) -> Result<BuildOrder, Failure> {
        let course = self.change(|state| self.course(state, Call::GetParameters, false));
        match course.map_err(|error| store_failed(&error))? {
            Course::Normal => {}
            Course::Refused(kind) => return Err(failure(kind, message(kind))),
            Course::Unanswered => {
                return Err(failure(FailureKind::Unreadable, message(FailureKind::Unavailable)));
            }
        }
        let worker = self.settings.worker();
        let buildspec = match task {
            TaskKind::Preparation => &worker.preparation_buildspec_template_file.text,
            TaskKind::Purge => &worker.purge_buildspec_template_file.text,
        };
        let around = Surroundings {
            environment: &self.trust.environment,
            automation_account: self.trust.automation_account,
            region: &self.region,
            holder_key: &self.settings.tag_keys().holder,
        };
        let mut variables: BTreeMap<Text, Text> =
            order::variables(&around, account, profile, task).into_iter().collect();
        let resolved = self.settings.resolve(account, &profile.units);
        let said = resolved.task(task).variables.iter();
        variables.extend(said.map(|(name, value)| (Text::clone(name), Text::clone(&value.value))));
        Ok(BuildOrder { buildspec: Text::clone(buildspec), variables: variables.into_iter().collect() })
    }
}

impl LocalCloud {
    /// Settings are asked for at every decision, so where nothing goes wrong nobody opens a store for it.
    fn get_parameters(&self) -> Result<(), Unreadable> {
        if !self.faulty {
            self.count(Call::GetParameters);
            return Ok(());
        }
        let course = self.change(|state| self.course(state, Call::GetParameters, false));
        match course {
            Ok(Course::Normal) => Ok(()),
            Ok(Course::Refused(FailureKind::Throttled)) => Err(Unreadable::Throttled),
            Ok(Course::Refused(_) | Course::Unanswered) => Err(Unreadable::Failed),
            Err(error) => {
                store_failed(&error);
                Err(Unreadable::Failed)
            }
        }
    }
}
