//! The journal: every fact, in order, for ever; and the head of each account beside it.
//!
//! | module | keeps it in |
//! | --- | --- |
//! | [`memory`] | memory, for simulations |
//! | [`sqlite`] | one file that people can open |
//! | `dynamodb` | a table of Amazon DynamoDB (with the feature `aws`) |
//!
//! Every journal passes the same test-suite (`tests/journal/suite.rs`).

#[cfg(feature = "aws")]
pub mod dynamodb;
pub mod memory;
mod packed;
pub mod sqlite;

use std::future::Future;
use std::sync::Arc;

use state_machine::{Account, AccountId, FailureKind, Fleet, FleetRecord, Record, Timestamp, Version};

/// Where records are kept, with these promises:
///
/// - Records are appended at a version, all of them or none; if the journal has moved on, none.
/// - The head is written in the same step: one read loads an account, whatever its age.
/// - What was appended is there after a crash, and is never changed or taken away.
pub trait Journal: Send + Sync {
    /// The head of an account; an account without records is [`Account::unseen`].
    ///
    /// # Errors
    /// When it could not be read.
    fn account(&self, id: AccountId) -> impl Future<Output = Result<Arc<Account>, JournalError>> + Send;

    /// Appends records to an account's journal that stands at `expected`, and writes the head that they make.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] when the journal stands at another version: load and decide again.
    /// [`JournalError::OutOfOrder`] when the records do not lead from there to that head.
    fn append(
        &self,
        expected: Version,
        records: &[Record],
        account: &Arc<Account>,
    ) -> impl Future<Output = Result<(), AppendError>> + Send;

    /// Records of an account after a version, oldest first, at most so many.
    ///
    /// # Errors
    /// When they could not be read.
    fn history(
        &self,
        id: AccountId,
        after: Version,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Record>, JournalError>> + Send;

    /// Heads of accounts after an account, by identifier, at most so many.
    ///
    /// # Errors
    /// When they could not be read.
    fn heads(
        &self,
        after: Option<AccountId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Arc<Account>>, JournalError>> + Send;

    /// The heads of these accounts, in their order, as [`Journal::account`] gives them one by one.
    ///
    /// # Errors
    /// When one of them could not be read.
    fn accounts(
        &self,
        ids: &[AccountId],
    ) -> impl Future<Output = Result<Vec<Arc<Account>>, JournalError>> + Send {
        async move {
            let mut heads = Vec::with_capacity(ids.len());
            for id in ids {
                heads.push(self.account(*id).await?);
            }
            Ok(heads)
        }
    }

    /// Accounts whose next wake-up is at or before an instant, earliest first, at most so many.
    ///
    /// # Errors
    /// When they could not be read.
    fn due(
        &self,
        until: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(Timestamp, AccountId)>, JournalError>> + Send;

    /// Records of a UTC day (`2026-11-21`) after a place, by account and version, at most so many.
    ///
    /// # Errors
    /// When they could not be read.
    fn day(
        &self,
        day: &str,
        after: Option<(AccountId, Version)>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(AccountId, Record)>, JournalError>> + Send;

    /// The head of the fleet's own journal.
    ///
    /// # Errors
    /// When it could not be read.
    fn fleet(&self) -> impl Future<Output = Result<Arc<Fleet>, JournalError>> + Send;

    /// Appends records to the fleet's own journal.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] when the journal stands at another version: load and decide again.
    /// [`JournalError::OutOfOrder`] when the records do not lead from there to that head.
    fn append_fleet(
        &self,
        expected: Version,
        records: &[FleetRecord],
        fleet: &Arc<Fleet>,
    ) -> impl Future<Output = Result<(), AppendError>> + Send;

    /// Records of the fleet's own journal after a version, oldest first, at most so many.
    ///
    /// # Errors
    /// When they could not be read.
    fn fleet_history(
        &self,
        after: Version,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<FleetRecord>, JournalError>> + Send;
}

/// Why a journal could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The store that keeps it failed.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// A record or a head that does not parse.
    #[error("{what} in the journal could not be read")]
    Unreadable {
        /// What it was.
        what: String,
        /// How it failed.
        #[source]
        source: Source,
    },
    /// The service that keeps it refused, or did not answer.
    #[error("the journal could not be reached: {message}")]
    Service {
        /// What it means: whether to try again, or to ask somebody.
        kind: FailureKind,
        /// What was asked, and what came back.
        message: String,
    },
    /// More at once than the store takes. Nothing was written; this is a fault of the program.
    #[error("{records} records with {bytes} bytes are more than the journal can take in one append")]
    TooLarge {
        /// How many records were to be appended.
        records: usize,
        /// How much they and the head take.
        bytes: usize,
    },
    /// Records that do not follow one another from the expected version to the head: with them, the head
    /// would not be what a replay gives. This is a fault of the program.
    #[error("the records to append do not lead from version {expected} to version {head}")]
    OutOfOrder {
        /// The version that was decided on.
        expected: Version,
        /// The version of the head that was to be written.
        head: Version,
    },
}

/// The error of whatever lies below.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why records were not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The journal has moved on, or never was there.
    #[error("the journal stands at another version than {expected}")]
    Conflict {
        /// The version that was decided on.
        expected: Version,
    },
    /// The journal could not be written.
    #[error(transparent)]
    Failed(#[from] JournalError),
}

impl From<crate::store::StoreError> for AppendError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Refuses records that do not lead from one version to the other. Every journal asks this before it writes.
fn in_order(
    expected: Version,
    records: impl IntoIterator<Item = Version>,
    head: Version,
) -> Result<(), JournalError> {
    let mut last = expected;
    for version in records {
        if version != last.next() {
            return Err(JournalError::OutOfOrder { expected, head });
        }
        last = version;
    }
    // Nothing to append is no append: a head without its records could never be told again.
    if last == head && head != expected { Ok(()) } else { Err(JournalError::OutOfOrder { expected, head }) }
}
