//! AWS Organizations, and its tags.
//!
//! | module | holds |
//! | --- | --- |
//! | `account` | an account as the service describes it |
//! | `fleet` | all accounts at once, in pages |
//! | `glance` | one account of which most is known: its tags |
//! | `look` | one account: what it is, its tags, its units |
//! | `memory` | what the last listing showed |
//! | `units` | what is remembered of the tree of units |
//! | `write` | tags, written as a warrant allows |

mod account;
mod fleet;
mod glance;
mod look;
mod memory;
mod units;
mod write;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_organizations as organizations;
use aws_sdk_resourcegroupstagging as tagging;
use state_machine::{AccountId, Failure, Look, Scope, Text, Unreadable, Warrant};

use super::call::CallError;
use super::governor::Governor;
use crate::cloud::{self, Clock, Known, Listed};

pub use account::Described;
use memory::Memory;
use units::Parents;

/// The accounts of a company, in AWS Organizations. Cheap to clone; the clones share what is remembered.
#[derive(Clone)]
pub struct Organization {
    organizations: organizations::Client,
    tagging: tagging::Client,
    governor: Governor,
    clock: Arc<dyn Clock>,
    /// The key of the tag that holds the state.
    state_key: Text,
    parents: Arc<Mutex<Parents>>,
    memory: Arc<Mutex<Memory>>,
}

impl Organization {
    /// An organization behind these clients. Both act as the role in the management account. The tagging API
    /// shows accounts in one region only (us-east-1 in the partition `aws`), for which the caller has made the
    /// client. `state_key` is the key of the tag that holds the state.
    pub fn new(
        organizations: organizations::Client,
        tagging: tagging::Client,
        governor: Governor,
        clock: Arc<dyn Clock>,
        state_key: Text,
    ) -> Self {
        Self {
            organizations,
            tagging,
            governor,
            clock,
            state_key,
            parents: Arc::default(),
            memory: Arc::default(),
        }
    }
}

impl Organization {
    /// The same, told the identifier of the organization and the account that owns it: AWS names accounts by them, and
    /// nobody has to ask for one to learn how.
    #[must_use]
    pub fn named(self, partition: &str, owner: AccountId, organization: &str) -> Self {
        self.memory()
            .learn(&format!("arn:{partition}:organizations::{owner}:account/{organization}/{owner}"));
        self
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // What stands in it is replaced as a whole, so a panic beside it leaves nothing half done.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Organization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Organization").field("state_key", &self.state_key).finish_non_exhaustive()
    }
}

impl cloud::Organization for Organization {
    async fn look(&self, account: AccountId, scope: Scope, known: Known<'_>) -> Look {
        let description = self.memory().description(account, &known);
        match (scope, description) {
            (Scope::Tags | Scope::Index, Some(description)) => self.glance(account, scope, description).await,
            (Scope::Whole | Scope::Tags | Scope::Index, _) => self.read(account).await,
        }
    }

    async fn prefetch(&self, accounts: &[AccountId]) {
        self.read_index(accounts).await;
    }

    async fn list(&self) -> Result<Vec<Listed>, Unreadable> {
        let at = self.clock.now();
        let listed = self.fleet().await.map_err(|error| {
            tracing::warn!(%error, "the organization cannot be listed");
            error.unreadable()
        })?;
        self.memory().listed(at, &listed);
        Ok(listed)
    }

    async fn write_tags(&self, warrant: Warrant) -> Result<(), Failure> {
        self.write(&warrant).await
    }
}

/// Why a part of an account could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unseen {
    /// The service answered that the organization has no such account.
    #[error("the organization has no such account")]
    NotFound,
    /// The service did not answer, refused, or answered something that nobody understands.
    #[error(transparent)]
    Unreadable(#[from] CallError),
}

impl Unseen {
    /// A failed call, where this code of the service means that there is no such account.
    fn of(error: CallError, not_found: &str) -> Self {
        if error.is(not_found) { Self::NotFound } else { Self::Unreadable(error) }
    }
}
