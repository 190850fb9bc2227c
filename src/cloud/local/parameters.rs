//! Parameter Store on one machine: it holds what settings.yaml says.

use std::sync::Arc;

use state_machine::{AccountId, Brakes, Failure, FailureKind, Policy, Profile, TaskKind, UnitId, Unreadable};

use crate::cloud::configured::{FleetSettings, build_order};
use crate::cloud::order::Surroundings;
use crate::cloud::{BuildOrder, Parameters};

use super::calls::Call;
use super::{Course, LocalCloud, failure, message, store_failed};

impl Parameters for LocalCloud {
    type Fleet = FleetSettings;

    async fn fleet(&self) -> Result<Self::Fleet, Unreadable> {
        self.get_parameters()?;
        Ok(FleetSettings::new(Arc::clone(&self.settings)))
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
        let around = Surroundings {
            environment: &self.trust.environment,
            automation_account: self.trust.automation_account,
            region: &self.region,
            holder_key: &self.settings.tag_keys().holder,
        };
        Ok(build_order(&self.settings, &around, account, profile, task))
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
