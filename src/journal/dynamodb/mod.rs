//! A journal in one table of Amazon DynamoDB.
//!
//! | module | is |
//! | --- | --- |
//! | [`table`] | what the table is made of: keys, attributes, indexes, limits |
//! | [`inspect`] | whether a table is made so, and how it is protected |
//! | [`protect`] | protects a table that a template did not |
//! | `key` | where an item stands, so that it is found and sorts |
//! | `item` | heads and records as items, and back |
//! | `append` | one conditional transaction, and what its refusal means |
//! | `read` | heads and records, page by page |
//!
//! **One look sees whole appends.** A head is read consistently. A query beside a transaction may see some of its
//! items and not others: only each item by itself is read committed
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation>).
//! So records are read as far as the head counts them, and what the head counts must be there.
//!
//! **Indexes lag**, usually by less than a second; they cannot be read consistently. A head that has just come may
//! be missing in [`Journal::heads`] (the ones that are listed are read consistently), a wake-up may still be due
//! though it was served, or be due a little later, and a record may be missing in its day. Nothing rests on them:
//! who is woken reads the head and decides on it, and the reconciler comes again.

mod append;
pub mod inspect;
mod item;
mod key;
pub mod protect;
mod read;
pub mod table;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::Client;
use state_machine::{Account, AccountId, Fleet, FleetRecord, Record, Timestamp, Version};
use uuid::Uuid;

use self::key::Stream;
use super::{AppendError, Journal, JournalError, in_order};
use crate::cloud::aws::call::CallError;
use crate::cloud::aws::governor::Governor;

/// A journal in a table that is shaped as [`table`] says.
#[derive(Debug)]
pub struct DynamoJournal {
    client: Client,
    governor: Governor,
    table: String,
    /// Names this process among all; each append adds a number.
    writer: Uuid,
    appends: AtomicU64,
}

impl DynamoJournal {
    /// The journal in the table of this name.
    pub fn new(client: Client, governor: Governor, table: impl Into<String>) -> Self {
        // The standard library seeds these from the system, as hard to guess as two numbers of 64 bits.
        let random = || RandomState::new().hash_one("writer");
        let writer = Uuid::from_u64_pair(random(), random());
        Self { client, governor, table: table.into(), writer, appends: AtomicU64::new(0) }
    }

    /// What names one append and no other, in this process or another, now or ever.
    ///
    /// It is not made of what is appended: that two writers have decided alike does not mean that both have
    /// written, and the one that came second has lost.
    fn ticket(&self) -> String {
        let number = self.appends.fetch_add(1, Ordering::Relaxed);
        Uuid::new_v5(&self.writer, &number.to_be_bytes()).to_string()
    }
}

impl Journal for DynamoJournal {
    async fn account(&self, id: AccountId) -> Result<Arc<Account>, JournalError> {
        let head = self.head(Stream::Account(id)).await?;
        Ok(head.map_or_else(|| Arc::new(Account::unseen(id)), Arc::new))
    }

    async fn append(
        &self,
        expected: Version,
        records: &[Record],
        account: &Arc<Account>,
    ) -> Result<(), AppendError> {
        in_order(expected, records.iter().map(|record| record.version), account.version())?;
        let head = item::head_of_account(account, self.ticket())?;
        self.write(expected, head, records).await
    }

    async fn history(
        &self,
        id: AccountId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Record>, JournalError> {
        self.records(Stream::Account(id), after, limit).await
    }

    async fn heads(&self, after: Option<AccountId>, limit: usize) -> Result<Vec<Arc<Account>>, JournalError> {
        self.heads_after(after, limit).await
    }

    async fn accounts(&self, ids: &[AccountId]) -> Result<Vec<Arc<Account>>, JournalError> {
        self.heads_in_order(ids).await
    }

    async fn due(&self, until: Timestamp, limit: usize) -> Result<Vec<(Timestamp, AccountId)>, JournalError> {
        self.due_until(until, limit).await
    }

    async fn day(
        &self,
        day: &str,
        after: Option<(AccountId, Version)>,
        limit: usize,
    ) -> Result<Vec<(AccountId, Record)>, JournalError> {
        self.records_of_day(day, after, limit).await
    }

    async fn fleet(&self) -> Result<Arc<Fleet>, JournalError> {
        let head = self.head(Stream::Fleet).await?;
        Ok(head.map_or_else(Arc::default, Arc::new))
    }

    async fn append_fleet(
        &self,
        expected: Version,
        records: &[FleetRecord],
        fleet: &Arc<Fleet>,
    ) -> Result<(), AppendError> {
        in_order(expected, records.iter().map(|record| record.version), fleet.version())?;
        let head = item::head_of_fleet(fleet, self.ticket())?;
        self.write(expected, head, records).await
    }

    async fn fleet_history(&self, after: Version, limit: usize) -> Result<Vec<FleetRecord>, JournalError> {
        self.records(Stream::Fleet, after, limit).await
    }
}

impl From<CallError> for JournalError {
    fn from(error: CallError) -> Self {
        Self::Service { kind: error.kind, message: error.to_string() }
    }
}

impl From<CallError> for AppendError {
    fn from(error: CallError) -> Self {
        Self::Failed(error.into())
    }
}
