//! What every company of the tests begins with: an organization, units, and the settings where functions read them.

#![allow(dead_code, reason = "each test binary uses its part of it")]

use aws_config::SdkConfig;
use aws_sdk_organizations::Client as Organizations;
use aws_sdk_ssm::types::{ParameterTier, ParameterType};
use spa::settings::{Settings, Tier};

/// Runs a future on this thread, as each test does.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// An organization that was founded a moment ago.
pub struct Founded {
    pub organizations: Organizations,
    /// Its identifier.
    pub id: String,
    /// The identifier of its root.
    pub root: String,
}

/// Founds an organization that the account of this configuration owns.
pub async fn organization(config: &SdkConfig) -> Founded {
    Organizations::new(config).create_organization().send().await.unwrap();
    founded(config).await
}

/// The organization that the account of this configuration owns.
pub async fn founded(config: &SdkConfig) -> Founded {
    let organizations = Organizations::new(config);
    let described = organizations.describe_organization().send().await.unwrap();
    let id = described.organization.unwrap().id.unwrap();
    let roots = organizations.list_roots().send().await.unwrap();
    let root = roots.roots()[0].id().unwrap().to_owned();
    Founded { organizations, id, root }
}

impl Founded {
    /// Makes a unit below the root; answers its identifier.
    pub async fn unit(&self, name: &str) -> String {
        let unit = self.organizations.create_organizational_unit().parent_id(&self.root).name(name);
        unit.send().await.unwrap().organizational_unit.unwrap().id.unwrap()
    }

    /// Moves an account from the root into a unit.
    pub async fn move_into(&self, account: &str, unit: &str) {
        let moved = self.organizations.move_account().account_id(account).source_parent_id(&self.root);
        moved.destination_parent_id(unit).send().await.unwrap();
    }
}

/// Puts settings where the functions of the account of this configuration read them.
pub async fn put_settings(config: &SdkConfig, settings: &Settings) {
    let ssm = aws_sdk_ssm::Client::new(config);
    for (name, parameter) in settings.parameters() {
        let tier = match parameter.tier {
            Tier::Standard => ParameterTier::Standard,
            Tier::Advanced => ParameterTier::Advanced,
        };
        let request = ssm.put_parameter().name(&*name).value(&*parameter.value);
        request.r#type(ParameterType::String).tier(tier).send().await.unwrap();
    }
}
