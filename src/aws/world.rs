//! Journal, organization, builds and the rest, over the connections of one process.

use std::sync::Arc;

use state_machine::Text;

use crate::cloud::Clock;
use crate::cloud::aws::baseline::{self, Blueprint};
use crate::cloud::aws::builds::{Builds, Starter};
use crate::cloud::aws::bus::Bus;
use crate::cloud::aws::clock::SystemClock;
use crate::cloud::aws::connect::Connections;
use crate::cloud::aws::governor::Governor;
use crate::cloud::aws::organization::Organization;
use crate::cloud::aws::parameters::{Parameters, Place};
use crate::cloud::aws::wake_ups::WakeUps;
use crate::cloud::partition::partition;
use crate::event::Trust;
use crate::journal::dynamodb::DynamoJournal;
use crate::lifecycle::{Announcer, World};
use crate::settings::Names;

/// Where everything of a deployment is.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// Whom it believes: its name, its account, and the one that owns the organization.
    pub trust: Trust,
    /// What its parameters are called.
    pub names: Names,
    /// The region in which it runs.
    pub region: Text,
    /// The key of the tag that holds the state.
    pub state_key: Text,
    /// The key of the tag that names the cost center; `None`: the usual one.
    pub cost_center_key: Option<Text>,
    /// The table that holds the journal.
    pub table: Text,
    /// The bus that announcements go to, by name or ARN.
    pub bus: Text,
    /// The queue that wake-ups go through, by URL.
    pub wake_up_queue: Text,
    /// The role in every managed account that starts builds, by name.
    pub member_role: Text,
    /// What stands in every managed account.
    pub baseline: Baseline,
}

/// Who looks after what stands in managed accounts.
#[derive(Clone, Debug)]
pub enum Baseline {
    /// This system, by this blueprint.
    Ours(Blueprint),
    /// A `StackSet`, which somebody else deploys.
    StackSet,
}

/// A deployment on AWS. The clock is the machine's, except where a test has its own.
#[derive(Debug)]
pub struct AwsWorld<C = SystemClock> {
    journal: DynamoJournal,
    organization: Organization,
    builds: Builds<Connections, C>,
    bus: Bus,
    parameters: Parameters,
    baseline: baseline::Baseline<Connections, C>,
    wake_ups: WakeUps<C>,
    clock: C,
    announcer: Announcer,
    governor: Governor,
}

impl<C: Clock + Clone + 'static> AwsWorld<C> {
    /// The deployment, over these connections. No call is made before something is asked for.
    pub fn new(deployment: &Deployment, connections: &Connections, clock: C) -> Self {
        let (own, management) = (connections.own(), connections.management());
        let governor = connections.governor();
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let place = Place {
            names: deployment.names.clone(),
            automation_account: deployment.trust.automation_account,
            region: Text::clone(&deployment.region),
        };
        let members = connections.clone();
        let baseline = match &deployment.baseline {
            Baseline::Ours(blueprint) => {
                baseline::Baseline::new(members.clone(), governor.clone(), blueprint.clone(), clock.clone())
            }
            Baseline::StackSet => {
                baseline::Baseline::of_stack_set(members.clone(), governor.clone(), clock.clone())
            }
        };
        let starter = Starter::new(&deployment.member_role);
        let organization = Organization::new(
            aws_sdk_organizations::Client::new(&management),
            aws_sdk_resourcegroupstagging::Client::new(&management),
            governor.clone(),
            Arc::clone(&shared),
            Text::clone(&deployment.state_key),
        );
        let organization = match &deployment.baseline {
            Baseline::Ours(blueprint) => organization.named(
                partition(&deployment.region),
                deployment.trust.management_account,
                &blueprint.organization,
            ),
            Baseline::StackSet => organization,
        };
        Self {
            journal: DynamoJournal::new(
                aws_sdk_dynamodb::Client::new(&own),
                governor.clone(),
                &*deployment.table,
            ),
            organization,
            builds: Builds::new(members, governor.clone(), starter, clock.clone()).with(baseline.clone()),
            bus: Bus::new(
                aws_sdk_eventbridge::Client::new(&own),
                governor.clone(),
                deployment.trust.clone(),
                Text::clone(&deployment.bus),
            ),
            parameters: Parameters::new(aws_sdk_ssm::Client::new(&own), governor.clone(), shared, place),
            baseline,
            wake_ups: WakeUps::new(
                aws_sdk_sqs::Client::new(&own),
                governor.clone(),
                deployment.trust.clone(),
                Text::clone(&deployment.wake_up_queue),
                clock.clone(),
            ),
            clock,
            announcer: Announcer::with_cost_center(deployment.cost_center_key.as_deref()),
            governor,
        }
    }

    /// What every call went through.
    pub const fn governor(&self) -> &Governor {
        &self.governor
    }
}

impl<C: Clock + Clone + 'static> World for AwsWorld<C> {
    type Journal = DynamoJournal;
    type Organization = Organization;
    type Builds = Builds<Connections, C>;
    type Bus = Bus;
    type Parameters = Parameters;
    type Baseline = baseline::Baseline<Connections, C>;
    type WakeUps = WakeUps<C>;
    type Clock = C;

    fn journal(&self) -> &Self::Journal {
        &self.journal
    }

    fn organization(&self) -> &Self::Organization {
        &self.organization
    }

    fn builds(&self) -> &Self::Builds {
        &self.builds
    }

    fn bus(&self) -> &Self::Bus {
        &self.bus
    }

    fn parameters(&self) -> &Self::Parameters {
        &self.parameters
    }

    fn baseline(&self) -> &Self::Baseline {
        &self.baseline
    }

    fn wake_ups(&self) -> &Self::WakeUps {
        &self.wake_ups
    }

    fn clock(&self) -> &Self::Clock {
        &self.clock
    }

    fn announcer(&self) -> &Announcer {
        &self.announcer
    }
}
