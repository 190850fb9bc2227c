//! Journal, local cloud and settings, put together.

use std::sync::Arc;

use state_machine::{Account, AccountId, Fleet, FleetRecord, Record, Timestamp, Version};

use crate::cloud::local::LocalCloud;
use crate::cloud::local::calls::Call;
use crate::journal::{AppendError, Journal, JournalError};
use crate::lifecycle::{Announcer, World};

/// One machine.
#[derive(Debug)]
pub struct LocalWorld<J> {
    journal: LocalJournal<J>,
    cloud: Arc<LocalCloud>,
    announcer: Announcer,
}

/// A journal whose calls are counted, that may be watched, and beside whose steps the process may die.
#[derive(Debug)]
pub struct LocalJournal<J> {
    kept: J,
    cloud: Arc<LocalCloud>,
    watcher: Option<Arc<dyn JournalWatcher>>,
}

/// Sees everything that is appended.
pub trait JournalWatcher: Send + Sync + std::fmt::Debug {
    /// Records were appended to the journal of an account.
    fn appended(&self, records: &[Record], account: &Arc<Account>);

    /// Records were appended to the fleet's journal.
    fn appended_fleet(&self, records: &[FleetRecord], fleet: &Fleet);
}

impl<J: Journal> LocalWorld<J> {
    /// A world over this journal and this cloud.
    pub fn new(journal: J, cloud: LocalCloud) -> Self {
        let cloud = Arc::new(cloud);
        let announcer = Announcer::of(cloud.settings());
        let journal = LocalJournal { kept: journal, cloud: Arc::clone(&cloud), watcher: None };
        Self { journal, cloud, announcer }
    }

    /// The same, with a journal that is watched.
    pub fn watched_by(mut self, watcher: Arc<dyn JournalWatcher>) -> Self {
        self.journal.watcher = Some(watcher);
        self
    }

    /// The cloud.
    pub fn cloud(&self) -> &LocalCloud {
        &self.cloud
    }

    /// The journal, without counting.
    pub const fn kept(&self) -> &J {
        &self.journal.kept
    }
}

impl<J: Journal> World for LocalWorld<J> {
    type Journal = LocalJournal<J>;
    type Organization = LocalCloud;
    type Builds = LocalCloud;
    type Bus = LocalCloud;
    type Parameters = LocalCloud;
    type Baseline = LocalCloud;
    type WakeUps = LocalCloud;
    type Clock = LocalCloud;

    fn journal(&self) -> &Self::Journal {
        &self.journal
    }

    fn organization(&self) -> &LocalCloud {
        &self.cloud
    }

    fn builds(&self) -> &LocalCloud {
        &self.cloud
    }

    fn bus(&self) -> &LocalCloud {
        &self.cloud
    }

    fn parameters(&self) -> &LocalCloud {
        &self.cloud
    }

    fn baseline(&self) -> &LocalCloud {
        &self.cloud
    }

    fn wake_ups(&self) -> &LocalCloud {
        &self.cloud
    }

    fn clock(&self) -> &LocalCloud {
        &self.cloud
    }

    fn announcer(&self) -> &Announcer {
        &self.announcer
    }
}

impl<J: Journal> LocalJournal<J> {
    fn count(&self, call: Call) {
        self.cloud.count(call);
    }
}

impl<J: Journal> Journal for LocalJournal<J> {
    async fn account(&self, id: AccountId) -> Result<Arc<Account>, JournalError> {
        self.count(Call::GetItem);
        self.kept.account(id).await
    }

    async fn accounts(&self, ids: &[AccountId]) -> Result<Vec<Arc<Account>>, JournalError> {
        // A hundred items at most come with one answer.
        self.cloud.calls().add(Call::BatchGetItem, ids.len().div_ceil(100) as u64);
        self.kept.accounts(ids).await
    }

    async fn append(
        &self,
        expected: Version,
        records: &[Record],
        account: &Arc<Account>,
    ) -> Result<(), AppendError> {
        self.cloud.step().await;
        self.count(Call::TransactWriteItems);
        self.kept.append(expected, records, account).await?;
        if let Some(watcher) = &self.watcher {
            watcher.appended(records, account);
        }
        self.cloud.step().await;
        Ok(())
    }

    async fn history(
        &self,
        id: AccountId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Record>, JournalError> {
        self.count(Call::Query);
        self.kept.history(id, after, limit).await
    }

    async fn heads(&self, after: Option<AccountId>, limit: usize) -> Result<Vec<Arc<Account>>, JournalError> {
        self.count(Call::Query);
        self.kept.heads(after, limit).await
    }

    async fn due(&self, until: Timestamp, limit: usize) -> Result<Vec<(Timestamp, AccountId)>, JournalError> {
        self.count(Call::Query);
        self.kept.due(until, limit).await
    }

    async fn day(
        &self,
        day: &str,
        after: Option<(AccountId, Version)>,
        limit: usize,
    ) -> Result<Vec<(AccountId, Record)>, JournalError> {
        self.count(Call::Query);
        self.kept.day(day, after, limit).await
    }

    async fn fleet(&self) -> Result<Arc<Fleet>, JournalError> {
        self.count(Call::GetItem);
        self.kept.fleet().await
    }

    async fn append_fleet(
        &self,
        expected: Version,
        records: &[FleetRecord],
        fleet: &Arc<Fleet>,
    ) -> Result<(), AppendError> {
        self.cloud.step().await;
        self.count(Call::TransactWriteItems);
        self.kept.append_fleet(expected, records, fleet).await?;
        if let Some(watcher) = &self.watcher {
            watcher.appended_fleet(records, fleet);
        }
        self.cloud.step().await;
        Ok(())
    }

    async fn fleet_history(&self, after: Version, limit: usize) -> Result<Vec<FleetRecord>, JournalError> {
        self.count(Call::Query);
        self.kept.fleet_history(after, limit).await
    }
}
