//! A journal whose calls go to one connection after another, as if every one came from another process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use spa::journal::sqlite::SqliteJournal;
use spa::journal::{AppendError, Journal, JournalError};
use spa::store::{Open, Store};
use state_machine::{Account, AccountId, Fleet, FleetRecord, Record, Timestamp, Version};
use tempfile::TempDir;

pub struct Several<J> {
    journals: Vec<J>,
    calls: AtomicUsize,
}

/// A file, opened three times.
pub fn several() -> (Several<SqliteJournal>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let open = || SqliteJournal::new(Store::open(&folder.path().join("spa.db"), Open::OrCreate).unwrap());
    let journals = (0..3).map(|_| open()).collect();
    (Several::of(journals), folder)
}

impl<J> Several<J> {
    /// These, which share what they keep.
    pub const fn of(journals: Vec<J>) -> Self {
        Self { journals, calls: AtomicUsize::new(0) }
    }

    fn one(&self) -> &J {
        &self.journals[self.calls.fetch_add(1, Ordering::SeqCst) % self.journals.len()]
    }
}

impl<J: Journal> Journal for Several<J> {
    async fn account(&self, id: AccountId) -> Result<Arc<Account>, JournalError> {
        self.one().account(id).await
    }

    async fn append(
        &self,
        expected: Version,
        records: &[Record],
        account: &Arc<Account>,
    ) -> Result<(), AppendError> {
        self.one().append(expected, records, account).await
    }

    async fn history(
        &self,
        id: AccountId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Record>, JournalError> {
        self.one().history(id, after, limit).await
    }

    async fn heads(&self, after: Option<AccountId>, limit: usize) -> Result<Vec<Arc<Account>>, JournalError> {
        self.one().heads(after, limit).await
    }

    async fn due(&self, until: Timestamp, limit: usize) -> Result<Vec<(Timestamp, AccountId)>, JournalError> {
        self.one().due(until, limit).await
    }

    async fn day(
        &self,
        day: &str,
        after: Option<(AccountId, Version)>,
        limit: usize,
    ) -> Result<Vec<(AccountId, Record)>, JournalError> {
        self.one().day(day, after, limit).await
    }

    async fn fleet(&self) -> Result<Arc<Fleet>, JournalError> {
        self.one().fleet().await
    }

    async fn append_fleet(
        &self,
        expected: Version,
        records: &[FleetRecord],
        fleet: &Arc<Fleet>,
    ) -> Result<(), AppendError> {
        self.one().append_fleet(expected, records, fleet).await
    }

    async fn fleet_history(&self, after: Version, limit: usize) -> Result<Vec<FleetRecord>, JournalError> {
        self.one().fleet_history(after, limit).await
    }
}
