//! How calls reach a member account.

use aws_config::SdkConfig;
use state_machine::AccountId;

use super::connect::Connections;

/// Knows with which credentials, in which region and over which HTTP client a member account is reached.
///
/// It answers at once: credentials are fetched by the first call that needs them.
pub trait Members: Send + Sync {
    /// The configuration for calls into this account.
    fn config(&self, account: AccountId) -> SdkConfig;
}

impl<F: Fn(AccountId) -> SdkConfig + Send + Sync> Members for F {
    fn config(&self, account: AccountId) -> SdkConfig {
        self(account)
    }
}

impl Members for Connections {
    fn config(&self, account: AccountId) -> SdkConfig {
        self.member(account)
    }
}
