//! Who deploys, into which accounts and regions. Whoever is not who they should be ends it here, before anything is read
//! or touched.

use std::sync::Arc;

use aws_config::{Region, SdkConfig};
use state_machine::{AccountId, Text};

use super::Reach;
use crate::aws::stacks::{Around, Part, Stack, bucket};
use crate::cli::place::Place as _;
use crate::cli::place::aws::{AwsPlace, deployment, failure};
use crate::cli::{Context, Exit, Failure, Subject};
use crate::cloud::aws::artifacts::Artifacts;
use crate::cloud::aws::call::CallError;
use crate::cloud::aws::caller::caller;
use crate::cloud::aws::connect::{Connections, Roles};
use crate::cloud::aws::inspect;
use crate::cloud::aws::stacks::Stacks;
use crate::settings::Settings;

/// Whoever deploys.
#[derive(Debug)]
pub(super) struct Desk {
    /// The automation account, and what is deployed in it.
    pub place: AwsPlace,
    /// What is to be deployed.
    pub settings: Arc<Settings>,
    /// What the settings do not tell.
    pub around: Around,
    /// The management account, where somebody said as whom it is reached.
    management: Option<SdkConfig>,
}

impl Desk {
    /// Finds out who asks, of each account.
    ///
    /// # Errors
    /// When settings cannot be used, or credentials are missing or of another account.
    pub(super) fn open(reach: &Reach, context: &Context) -> Result<Self, Failure> {
        let settings = context.settings()?;
        let place = AwsPlace::open(context)?;
        let governor = place.governor();
        let own = place.own();
        let asked = inspect::organization(&own, &governor);
        let (organization, owner) = place.done(Box::pin(asked))?.map_err(|error| {
            failure(&error, Subject::Caller)
                .about("nobody tells which organization the automation account belongs to")
                .help("needed is organizations:DescribeOrganization, and an organization that the account belongs to")
        })?;
        if let Some(named) = settings.automation().management_account_id.filter(|named| *named != owner) {
            let message = format!(
                "the organization {organization} is owned by {owner}, and settings.yaml says {named}"
            );
            return Err(Failure::new(Exit::Settings, message).help(format!(
                "write automation.management_account_id: \"{owner}\", if that is the right organization"
            )));
        }
        let region = Text::clone(&place.deployment().region);
        let around = Around { region, organization, owner };
        let management = match reach.management_profile.as_deref() {
            Some(profile) => Some(Self::manager(profile, owner, &place, &settings, context)?),
            // In a small organization one account may be both.
            None => (owner == settings.automation().account_id).then(|| place.own()),
        };
        Ok(Self { place, settings, around, management })
    }

    fn manager(
        profile: &str,
        owner: AccountId,
        place: &AwsPlace,
        settings: &Settings,
        context: &Context,
    ) -> Result<SdkConfig, Failure> {
        let (_, roles) = deployment(settings, context)?;
        let roles = Roles { management: None, ..roles };
        let governor = place.governor();
        let found = place.done(Box::pin(async {
            let connections = Connections::open_as(profile, roles, governor.clone()).await;
            let config = connections.management();
            caller(&config, &governor).await.map(|caller| (config, caller))
        }))?;
        let (config, caller) = found.map_err(|error| {
            failure(&error, Subject::Caller).about(&format!("the profile {profile} cannot be used"))
        })?;
        if caller.account == owner {
            return Ok(config);
        }
        let message = format!(
            "the profile {profile} is of the account {} ({}), and the organization is owned by {owner}",
            caller.account, caller.arn
        );
        Err(Failure::new(Exit::Denied, message).help("--management-profile names one of that account"))
    }

    /// The stacks where this one stands; nothing where nobody said how that account is reached.
    pub(super) fn stacks(&self, stack: &Stack) -> Option<Stacks> {
        let config = match stack.part {
            Part::Artifacts | Part::Automation => self.place.own(),
            Part::Management | Part::SignIns => self.management.clone()?,
        };
        let region = Region::new(stack.region.to_string());
        let config = config.into_builder().region(region).build();
        Some(Stacks::new(&config, self.place.governor()))
    }

    /// The bucket that is deployed from.
    pub(super) fn artifacts(&self) -> Artifacts {
        Artifacts::new(&self.place.own(), self.place.governor(), &bucket(&self.settings, &self.around))
    }

    /// Does work to its end; `what` could not be done, otherwise.
    ///
    /// # Errors
    /// What AWS said.
    pub(super) fn done<T>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, Failure> {
        let ended = self.place.done(Box::pin(work))?;
        ended.map_err(|error| {
            let failure = Failure::of(Failure::exit_of_service(error.kind), &error).about(what);
            match failure.exit() {
                Exit::Denied => failure.help(format!(
                    "allow {} to whoever deploys; README.md lists all rights",
                    error.operation
                )),
                Exit::Unavailable => failure.help("nothing is lost; the same command again goes on"),
                _ => failure,
            }
        })
    }
}
