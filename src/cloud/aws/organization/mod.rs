//! AWS Organizations, and its tags.
//!
//! | module | holds |
//! | --- | --- |
//! | `account` | an account as the service describes it |
//! | `fleet` | all accounts at once, in pages |
//! | `look` | one account: what it is, its tags, its units |
//! | `units` | what is remembered of the tree of units |
//! | `write` | tags, written as a warrant allows |

mod account;
mod fleet;
mod look;
mod units;
mod write;

use std::fmt;
use std::sync::{Arc, Mutex};

use aws_sdk_organizations as organizations;
use aws_sdk_resourcegroupstagging as tagging;
use state_machine::{AccountId, Failure, Look, Text, Unreadable, Warrant};

use super::call::CallError;
use super::governor::Governor;
use crate::cloud::{self, Clock, Listed};

pub use account::Described;
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
        Self { organizations, tagging, governor, clock, state_key, parents: Arc::default() }
    }
}

impl fmt::Debug for Organization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Organization").field("state_key", &self.state_key).finish_non_exhaustive()
    }
}

impl cloud::Organization for Organization {
    async fn look(&self, account: AccountId) -> Look {
        self.read(account).await
    }

    async fn list(&self) -> Result<Vec<Listed>, Unreadable> {
        self.fleet().await.map_err(|error| {
            tracing::warn!(%error, "the organization cannot be listed");
            error.unreadable()
        })
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
