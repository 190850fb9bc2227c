//! The settings, in Parameter Store of Systems Manager.
//!
//! | module | holds |
//! | --- | --- |
//! | `keeper` | writing them, for people |
//! | `memory` | what was read in the last minute |
//! | `read` | the calls |
//!
//! How parameters are called, and what stands in them, is told in [`crate::settings::Names`].

mod keeper;
mod memory;
mod read;

use std::fmt;
use std::sync::{Arc, Mutex};

use aws_sdk_ssm as ssm;
use state_machine::{
    AccountId, Brakes, Failure, FailureKind, Policy, Profile, TaskKind, Text, UnitId, Unreadable,
};

use super::call::CallError;
use super::governor::Governor;
use crate::cloud::configured::{FleetSettings, build_order};
use crate::cloud::order::Surroundings;
use crate::cloud::{self, BuildOrder, Clock};
use crate::settings::{Names, Settings};
pub use keeper::{Described, Keeper, Standing, TOGETHER, Version};
use memory::Memory;

/// The settings of one environment. Cheap to clone; the clones share what is remembered.
///
/// A value counts for a minute after it was read. So a changed setting reaches every warm function within a minute,
/// and an event seldom needs more than one call.
#[derive(Clone)]
pub struct Parameters {
    client: ssm::Client,
    governor: Governor,
    clock: Arc<dyn Clock>,
    place: Arc<Place>,
    memory: Arc<Mutex<Memory>>,
}

/// Where this system runs.
#[derive(Clone, Debug)]
pub struct Place {
    /// What parameters of its environment are called.
    pub names: Names,
    /// The account in which it runs.
    pub automation_account: AccountId,
    /// The region in which it runs; builds run there too.
    pub region: Text,
}

/// Why there are no settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoSettings {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// What stands in the parameters are no settings: somebody has changed them by hand, or never put them there.
    #[error("the parameters of {environment} are no settings: {findings}")]
    Faulty {
        /// The environment.
        environment: Text,
        /// What is wrong, in the words in which a file is told what is wrong with it.
        findings: String,
    },
}

impl NoSettings {
    /// Why nothing was read. That nobody speaks of an account is no reason: then there are settings.
    const fn unreadable(&self) -> Unreadable {
        match self {
            Self::Call(error) => error.unreadable(),
            Self::Faulty { .. } => Unreadable::Failed,
        }
    }
}

impl Parameters {
    /// The settings behind this client, which acts in the account and region of the system.
    pub fn new(client: ssm::Client, governor: Governor, clock: Arc<dyn Clock>, place: Place) -> Self {
        Self { client, governor, clock, place: Arc::new(place), memory: Arc::default() }
    }

    /// The settings as far as they are about no account in particular.
    ///
    /// # Errors
    /// When they could not be read.
    pub async fn general(&self) -> Result<Arc<Settings>, Unreadable> {
        self.settings(None, &self.place.names.of_everybody()).await.map_err(|error| told(&error))
    }

    async fn about(&self, account: AccountId, units: &[UnitId]) -> Result<Arc<Settings>, NoSettings> {
        self.settings(Some(account), &self.place.names.of_account(account, units)).await
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parameters").field("place", &self.place).finish_non_exhaustive()
    }
}

impl cloud::Parameters for Parameters {
    type Fleet = FleetSettings;

    async fn fleet(&self) -> Result<Self::Fleet, Unreadable> {
        let settings = self.whole().await.map_err(|error| told(&error))?;
        Ok(FleetSettings::new(Arc::new(settings)))
    }

    async fn policy(&self, account: AccountId, units: &[UnitId]) -> Result<Arc<Policy>, Unreadable> {
        let settings = self.about(account, units).await.map_err(|error| told(&error))?;
        Ok(Arc::clone(settings.resolve(account, units).policy()))
    }

    async fn brakes(&self) -> Result<Brakes, Unreadable> {
        Ok(self.general().await?.brakes())
    }

    async fn build_order(
        &self,
        account: AccountId,
        profile: &Profile,
        task: TaskKind,
    ) -> Result<BuildOrder, Failure> {
        let settings = self.about(account, &profile.units).await.map_err(|error| {
            told(&error);
            failure(&error)
        })?;
        let around = Surroundings {
            environment: self.place.names.environment(),
            automation_account: self.place.automation_account,
            region: &self.place.region,
            holder_key: &settings.tag_keys().holder,
        };
        Ok(build_order(&settings, &around, account, profile, task))
    }
}

/// The build was not attempted, so whatever kept the settings from being read, it may be tried again.
fn failure(error: &NoSettings) -> Failure {
    let kind = match error {
        NoSettings::Call(error) => match error.kind {
            FailureKind::Throttled | FailureKind::Busy | FailureKind::Denied => error.kind,
            FailureKind::LimitReached
            | FailureKind::Unavailable
            | FailureKind::Unreadable
            | FailureKind::Missing
            | FailureKind::Rejected => FailureKind::Unreadable,
        },
        NoSettings::Faulty { .. } => FailureKind::Unreadable,
    };
    Failure { kind, message: error.to_string().into() }
}

fn told(error: &NoSettings) -> Unreadable {
    tracing::warn!(%error, "the settings cannot be read");
    error.unreadable()
}
