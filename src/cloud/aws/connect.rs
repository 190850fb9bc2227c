//! Connections to AWS: one HTTP client for the process, and a ready configuration for each identity.
//!
//! | identity | is | for |
//! | --- | --- | --- |
//! | [`Connections::own`] | the function's own role, in the automation account | bus, parameters, journal, queues |
//! | [`Connections::management`] | the management role | AWS Organizations, and its tags |
//! | [`Connections::member`] | the member role in one account | builds, the baseline |
//!
//! `AWS_ENDPOINT_URL` and its kin aim everything elsewhere; the SDK reads them by itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, ConnectorBuilder, tls};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::identity::SharedIdentityCache;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use state_machine::{AccountId, Text};

use super::credentials::{Role, RoleCredentials};
use super::governor::Governor;
use crate::cloud::partition::{home, partition};
use crate::settings::{ExternalId, Settings};

/// How long it may take to connect. A connection within a region takes milliseconds.
const CONNECT: Duration = Duration::from_secs(2);
/// How long an answer may take, credentials included.
const ATTEMPT: Duration = Duration::from_secs(5);
/// How long a call may take as a whole. The lifecycle begins nothing when less than 15 seconds are left of the
/// claim on it, so a call must have ended by then, whatever became of it.
const OPERATION: Duration = Duration::from_secs(12);
/// New credentials are asked for when the old ones have less than this left, at most: the SDK draws from the half
/// of it to all of it, so that processes do not ask at the same time.
const RENEWED_BEFORE: Duration = Duration::from_mins(5);
/// Configurations of so many accounts are kept, with their credentials.
const MEMBERS: usize = 256;

/// Who acts, and through which roles.
#[derive(Clone, Debug)]
pub struct Roles {
    /// The name of this deployment.
    pub environment: Text,
    /// The function that acts, such as `on-expired-account`; `cli` for the command line.
    pub function: Text,
    /// The region in which the system runs.
    pub region: Text,
    /// The role in the management account (ARN), and that account. None: this process acts as itself.
    pub management: Option<(Text, AccountId)>,
    /// The name of the role in every managed account.
    pub member: Text,
    /// What the trust policies of both may ask for.
    pub external_id: Option<Text>,
    /// Whether sessions carry tags: their trust policies must allow it.
    pub session_tags: bool,
}

impl Roles {
    /// As the settings say.
    pub fn of(settings: &Settings, function: &str) -> Self {
        let automation = settings.automation();
        let management = automation.role_arn_to_manage_accounts.as_ref();
        Self {
            environment: settings.environment_identifier().to_text(),
            function: function.into(),
            region: automation.region.to_text(),
            management: management.and_then(|role| Some((role.to_text(), role.account()?))),
            member: automation.role_name_to_manage_codebuild.to_text(),
            external_id: automation.external_id.as_ref().map(ExternalId::to_text),
            session_tags: automation.session_tags,
        }
    }

    fn role(&self, arn: Text, account: AccountId) -> Role {
        let tags = if self.session_tags {
            vec![
                ("environment".into(), Text::clone(&self.environment)),
                ("account".into(), account.to_string().into()),
                ("function".into(), Text::clone(&self.function)),
            ]
        } else {
            Vec::new()
        };
        let (function, external_id) = (Text::clone(&self.function), self.external_id.clone());
        Role { arn, account, function, external_id, tags }
    }
}

/// Configurations for the clients of the SDK. One for the process; cheap to clone.
#[derive(Clone, Debug)]
pub struct Connections {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    roles: Roles,
    governor: Governor,
    own: SdkConfig,
    /// The management role, in the region in which the system runs.
    manager: SdkConfig,
    members: Mutex<Members>,
}

/// Configurations of the accounts that were asked for last.
#[derive(Debug, Default)]
struct Members {
    configurations: HashMap<AccountId, (u64, SdkConfig)>,
    asked: u64,
}

impl Connections {
    /// Connections of this process: as whom it acts, the SDK finds out from its environment.
    pub async fn open(roles: Roles, governor: Governor) -> Self {
        Self::open_with(Self::defaults(&roles, http_client()), roles, governor).await
    }

    /// Connections as this profile of the configuration files (`~/.aws/config`), and as nobody else: who names a
    /// profile means it, whatever keys the environment holds. The command line of AWS does the same.
    pub async fn open_as(profile: &str, roles: Roles, governor: Governor) -> Self {
        let client = http_client();
        let around = ProviderConfig::without_region()
            .with_region(Some(Region::new(roles.region.to_string())))
            .with_http_client(client.clone());
        let credentials =
            ProfileFileCredentialsProvider::builder().configure(&around).profile_name(profile).build();
        let loader = Self::defaults(&roles, client).profile_name(profile).credentials_provider(credentials);
        Self::open_with(loader, roles, governor).await
    }

    fn defaults(roles: &Roles, client: SharedHttpClient) -> ConfigLoader {
        aws_config::defaults(behaviour())
            .region(Region::new(roles.region.to_string()))
            .http_client(client)
            .timeout_config(timeouts())
            .retry_config(RetryConfig::disabled())
            .identity_cache(identity_cache())
    }

    async fn open_with(loader: ConfigLoader, roles: Roles, governor: Governor) -> Self {
        let own = loader.load().await;
        // What AWS's logs call us, beside the SDK.
        let mut own = own.into_builder();
        own.set_app_name(AppName::new("spa").ok());
        Self::from(own.build(), roles, governor)
    }

    /// Connections on top of this configuration. The HTTP client, the region and the identity of this process are
    /// taken from there.
    pub fn from(own: SdkConfig, roles: Roles, governor: Governor) -> Self {
        let manager = match &roles.management {
            Some((arn, account)) => {
                let role = roles.role(Text::clone(arn), *account);
                acting_as(role, &own, governor.clone())
            }
            None => own.clone(),
        };
        Self { inner: Arc::new(Inner { roles, governor, own, manager, members: Mutex::default() }) }
    }

    /// The governor of all calls.
    pub fn governor(&self) -> Governor {
        self.inner.governor.clone()
    }

    /// The automation account, as the function's own role.
    pub fn own(&self) -> SdkConfig {
        self.inner.own.clone()
    }

    /// The management account, as the management role, where AWS Organizations lives in this partition.
    pub fn management(&self) -> SdkConfig {
        let home = home(&self.inner.roles.region).to_owned();
        self.inner.manager.clone().into_builder().region(Region::new(home)).build()
    }

    /// The same in another region.
    pub fn member_in(&self, account: AccountId, region: &str) -> SdkConfig {
        self.member(account).into_builder().region(Region::new(region.to_owned())).build()
    }

    /// An account of the organization, as the member role, in the region in which the system runs.
    pub fn member(&self, account: AccountId) -> SdkConfig {
        let mut members = self.inner.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.asked += 1;
        let asked = members.asked;
        if let Some((last, configuration)) = members.configurations.get_mut(&account) {
            *last = asked;
            return configuration.clone();
        }
        if members.configurations.len() >= MEMBERS {
            let oldest = members.configurations.iter().min_by_key(|(_, (last, _))| *last);
            if let Some(oldest) = oldest.map(|(account, _)| *account) {
                members.configurations.remove(&oldest);
            }
        }
        let roles = &self.inner.roles;
        let arn = format!("arn:{}:iam::{account}:role/{}", partition(&roles.region), roles.member);
        let role = roles.role(arn.into(), account);
        let configuration = acting_as(role, &self.inner.manager, self.inner.governor.clone());
        members.configurations.insert(account, (asked, configuration.clone()));
        configuration
    }
}

/// The one place that says which behaviour of the SDK is meant; otherwise an update of it could change ours.
pub(super) fn behaviour() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

/// The client that the SDK would make for itself, once for each of its own clients: connections and certificates
/// are shared here.
fn http_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let tls = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
        let mut connector = ConnectorBuilder::default().tls_provider(tls);
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    })
}

/// One for each identity: the SDK's keeps 64 identities at most.
fn identity_cache() -> SharedIdentityCache {
    IdentityCache::lazy().buffer_time(RENEWED_BEFORE).load_timeout(ATTEMPT).build()
}

/// The same configuration, for somebody else.
fn acting_as(role: Role, from: &SdkConfig, governor: Governor) -> SdkConfig {
    let credentials = RoleCredentials::new(role, from, governor);
    from.clone()
        .into_builder()
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .identity_cache(identity_cache())
        .build()
}

#[cfg(test)]
mod tests;
