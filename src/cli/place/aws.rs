//! The real organization.
//!
//! Who asks is asked of STS first, once for each command: so credentials that are missing, expired or of another
//! account end it before anything else is read or touched.

use std::sync::Arc;

use aws_config::SdkConfig;
use state_machine::{Account, AccountId, Seen, Text, Timestamp, UnitId};

use super::{Place, is_recorded};
use crate::aws::variables::Reader;
use crate::aws::{AwsWorld, Deployment, naming};
use crate::cli::{Context, Exit, Failure, Subject};
use crate::cloud::aws::call::CallError;
use crate::cloud::aws::caller::{Caller, caller};
use crate::cloud::aws::clock::SystemClock;
use crate::cloud::aws::connect::{Connections, Roles};
use crate::cloud::aws::governor::Governor;
use crate::cloud::aws::organization::Unseen;
use crate::cloud::aws::parameters::Keeper;
use crate::cloud::{Clock, Listed};
use crate::handler::{Dispatched, Handlers};
use crate::journal::dynamodb::DynamoJournal;
use crate::lifecycle::{Lifecycle, World as _, advance_window};
use crate::settings::Settings;

/// What CloudTrail of the roles' accounts shows as the one who came.
const FUNCTION: &str = "cli";

/// The real organization, at the moment at which a command looks at it.
#[derive(Debug)]
pub struct AwsPlace {
    runtime: tokio::runtime::Runtime,
    deployment: Deployment,
    connections: Connections,
    caller: Caller,
    world: AwsWorld<PlaceClock>,
    now: Timestamp,
}

/// The time of the machine, or one instant, to ask what would be then.
#[derive(Clone, Copy, Debug)]
pub struct PlaceClock(Option<Timestamp>);

impl Clock for PlaceClock {
    fn now(&self) -> Timestamp {
        self.0.unwrap_or_else(|| SystemClock.now())
    }
}

/// Where the deployment is that the settings name, and as whom it is reached.
///
/// # Errors
/// When settings and environment do not tell.
pub fn deployment(settings: &Settings, context: &Context) -> Result<(Deployment, Roles), Failure> {
    let region = context.region().map_or_else(|| settings.automation().region.to_text(), Text::from);
    let named = naming::variables(settings, &region);
    let assumed =
        |name: &str| named.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string());
    // What somebody has just said counts most.
    let said =
        |name: &str| if name == "AUTOMATION_REGION" && context.region().is_some() { None } else { set(name) };
    let mut reader = Reader::new(|name: &str| said(name).or_else(|| assumed(name)));
    match reader.deployment(FUNCTION) {
        Some(deployment) if reader.is_content() => Ok(deployment),
        Some(_) | None => {
            let message = "the settings and the environment do not tell where the deployment is";
            Err(Failure::of(Exit::Settings, &reader.into_errors())
                .about(message)
                .help("automation.role_arn_to_manage_accounts names the role that manages accounts"))
        }
    }
}

/// What the environment says, where it says something.
fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A call that failed, as a person reads it.
pub fn failure(error: &CallError, subject: Subject) -> Failure {
    Failure::of(Failure::exit_of_service(error.kind), error).on(subject)
}

/// Connections as whom the context names.
pub async fn connect(context: &Context, roles: Roles, governor: &Governor) -> Connections {
    match context.profile() {
        Some(profile) => Connections::open_as(profile, roles, governor.clone()).await,
        None => Connections::open(roles, governor.clone()).await,
    }
}

impl AwsPlace {
    /// The parameters of its settings, to be written.
    pub fn keeper(&self) -> Keeper {
        let client = aws_sdk_ssm::Client::new(&self.connections.own());
        Keeper::new(client, self.connections.governor(), self.deployment.names.clone())
    }

    /// The automation account, as whoever asks.
    pub fn own(&self) -> SdkConfig {
        self.connections.own()
    }

    /// An account of the organization, through the roles.
    pub fn member_account(&self, account: AccountId) -> SdkConfig {
        self.connections.member(account)
    }

    /// The governor of all calls.
    pub fn governor(&self) -> Governor {
        self.connections.governor()
    }

    /// Where the deployment is.
    pub const fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    fn world(&self, clock: PlaceClock) -> AwsWorld<PlaceClock> {
        AwsWorld::new(&self.deployment, &self.connections, clock)
    }
}

impl Place for AwsPlace {
    type Journal = DynamoJournal;
    type World = AwsWorld<PlaceClock>;

    const ASKS: bool = true;

    fn open(context: &Context) -> Result<Self, Failure> {
        let settings = context.settings_quietly()?;
        let (deployment, roles) = deployment(&settings, context)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::of(Exit::Failed, &error))?;
        let (connections, caller) = runtime.block_on(Box::pin(async {
            let governor = Governor::new(settings.automation().limits.clone());
            let connections = connect(context, roles, &governor).await;
            let caller = caller(&connections.own(), &governor).await;
            caller.map(|caller| (connections, caller)).map_err(|error| failure(&error, Subject::Caller))
        }))?;
        let wanted = deployment.trust.automation_account;
        if caller.account != wanted {
            let message = format!(
                "these credentials are of the account {} ({}), and the system runs in {wanted}",
                caller.account, caller.arn
            );
            return Err(Failure::new(Exit::Denied, message).help(
                "--profile NAME or AWS_PROFILE chooses others; automation.account_id names the account",
            ));
        }
        let world = AwsWorld::new(&deployment, &connections, PlaceClock(None));
        Ok(Self { runtime, deployment, connections, caller, world, now: SystemClock.now() })
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn journal(&self) -> &DynamoJournal {
        self.world.journal()
    }

    fn done<F: Future>(&self, work: F) -> Result<F::Output, Failure> {
        Ok(self.runtime.block_on(work))
    }

    fn members(&self) -> Result<Vec<Listed>, Failure> {
        let listed = self.done(self.world.organization().fleet())?;
        listed.map_err(|error| {
            failure(&error, Subject::Organization).about("the accounts of the organization cannot be listed")
        })
    }

    fn member(&self, id: AccountId) -> Result<Option<Listed>, Failure> {
        match self.done(self.world.organization().seen(id))? {
            Ok(Seen { status, reading, profile, .. }) => {
                Ok(Some(Listed { account: id, status, reading, profile }))
            }
            Err(Unseen::NotFound) => Ok(None),
            Err(Unseen::Unreadable(error)) => {
                let what = format!("the account {id} cannot be read");
                Err(failure(&error, Subject::Organization).about(&what))
            }
        }
    }

    fn without_record(&self, heads: &[Arc<Account>]) -> Result<Vec<Listed>, Failure> {
        let has_head = |id: AccountId| heads.binary_search_by_key(&id, |head| head.id()).is_ok();
        let mut members = self.members()?;
        members.retain(|member| !has_head(member.account));
        Ok(members)
    }

    fn has(&self, head: &Account) -> Result<bool, Failure> {
        Ok(is_recorded(head) || self.member(head.id())?.is_some())
    }

    fn units(&self) -> Result<Vec<UnitId>, Failure> {
        Ok(Vec::new())
    }

    fn look(&self, _settings: &Arc<Settings>, at: Timestamp) -> Result<Self::World, Failure> {
        Ok(self.world(PlaceClock(Some(at))))
    }

    fn operate(&self, _settings: &Arc<Settings>) -> Result<Self::World, Failure> {
        Ok(self.world(PlaceClock(None)))
    }

    fn handlers<'w>(&self, world: &'w Self::World) -> Handlers<'w, Self::World> {
        let Deployment { trust, state_key, .. } = &self.deployment;
        Handlers::new(Lifecycle::new(world), trust.clone(), Text::clone(state_key))
    }

    fn note(&self, world: &Self::World, dispatched: &Dispatched) -> Result<(), Failure> {
        if matches!(dispatched, Dispatched::WindowOpened(Ok(_))) { self.window_opened(world) } else { Ok(()) }
    }

    /// The first wave goes at once, as when a function opens a window; the functions look after the rest.
    fn window_opened(&self, world: &Self::World) -> Result<(), Failure> {
        if let Err(error) = self.done(advance_window(&Lifecycle::new(world)))? {
            tracing::warn!(%error, "the window is open; the functions let its accounts in");
        }
        Ok(())
    }

    /// A name that somebody gives stands beside the one that AWS knows, never in its place.
    fn operator(&self, name: Option<&Text>) -> Text {
        let arn = &self.caller.arn;
        name.map_or_else(|| Text::clone(arn), |name| format!("{name} ({arn})").into())
    }

    fn sleeps(&self) -> Option<&'static str> {
        None
    }

    fn finder(&self) -> &'static str {
        "the next comparison of the functions finds it"
    }

    fn named(&self) -> String {
        let Deployment { trust, region, .. } = &self.deployment;
        format!("the real organization of {} ({} in {region})", trust.environment, trust.automation_account)
    }
}

/// Says where it was asked, what of that was assumed, and what to do.
pub fn explain(failure: Failure, context: &Context) -> Failure {
    let Some(settings) = context.loaded() else { return failure };
    let Ok((deployment, roles)) = deployment(settings, context) else { return failure };
    let Deployment { table, region, trust, .. } = &deployment;
    let account = trust.automation_account;
    let source = |name: &'static str, otherwise: &str| {
        if set(name).is_some() { format!("{name} names it") } else { otherwise.to_owned() }
    };
    match (failure.subject(), failure.exit()) {
        (Some(Subject::Journal), Exit::NotFound) => failure
            .help(format!(
                "the journal was looked for in the table {table}, in {region} of the account {account}: {}",
                source("JOURNAL_TABLE", "assumed from environment_identifier; JOURNAL_TABLE names another")
            ))
            .help("is the system deployed, and in that region? --region or automation.region names another"),
        (Some(Subject::Journal), Exit::Denied) => failure.help(format!(
            "needed are dynamodb:GetItem, BatchGetItem and Query on the table {table} and its indexes, and for \
             gestures TransactWriteItems"
        )),
        (Some(Subject::Organization), Exit::Denied) => match &roles.management {
            Some((role, _)) => failure.help(format!(
                "accounts are read as the role {role} ({}): it must exist, and trust the caller \
                 (OperatorArns of infra/management-account.yaml)",
                source(
                    "ROLE_ARN_TO_MANAGE_ACCOUNTS",
                    match settings.automation().role_arn_to_manage_accounts {
                        Some(_) => "role_arn_to_manage_accounts names it",
                        None => "assumed; automation.role_arn_to_manage_accounts names another",
                    }
                )
            )),
            None => failure,
        },
        (Some(Subject::Settings), Exit::Denied) => failure.help(format!(
            "needed are ssm:GetParameters and GetParametersByPath below {} in {region} of the account {account}; for \
             `spa settings` also GetParameterHistory, PutParameter, AddTagsToResource and DeleteParameters there, and \
             DescribeParameters",
            deployment.names.path()
        )),
        (Some(Subject::Settings), Exit::Failed) => failure.help(format!(
            "the deployed settings stand in the parameters below {} in {region} of the account {account}",
            deployment.names.path()
        )),
        (Some(Subject::Caller), Exit::Denied) => failure.about("AWS does not know who asks").help(
            "`aws sso login`, or fresh keys in the environment; --profile NAME or AWS_PROFILE chooses who asks",
        ),
        (_, Exit::Unavailable) => {
            failure.help(format!("asked were the services of AWS in {region}; nothing is wrong with the command"))
        }
        _ => failure,
    }
}
