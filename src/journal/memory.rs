//! A journal in memory.
//!
//! Records are kept as bytes, as any store keeps them: a simulation notices what cannot be stored, and a year
//! of ten thousand accounts fits into memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use state_machine::{Account, AccountId, Fleet, FleetRecord, Record, Timestamp, Version};

use super::packed::{Actors, Packed};
use super::{AppendError, Journal, JournalError, in_order};

/// A journal that ends with the process.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    accounts: BTreeMap<AccountId, Stream>,
    actors: Actors,
    fleet: FleetStream,
    /// Next wake-ups, earliest first.
    wakes: BTreeSet<(Timestamp, AccountId)>,
}

/// The journal of one account: its head, and its records as bytes.
#[derive(Debug, Default)]
struct Stream {
    head: Option<Arc<Account>>,
    /// When the head says that something is due next.
    wake: Option<Timestamp>,
    records: Packed,
}

/// The fleet's journal: its head, and each record as bytes. A window reads its plan a page at a time, so a
/// record is found by its version.
#[derive(Debug, Default)]
struct FleetStream {
    head: Option<Arc<Fleet>>,
    records: Vec<Box<[u8]>>,
}

fn unreadable(error: postcard::Error) -> JournalError {
    JournalError::Unreadable { what: "a record".to_owned(), source: error.into() }
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes the records take, without the heads.
    pub fn record_bytes(&self) -> usize {
        let kept = self.kept();
        kept.accounts.values().map(|stream| stream.records.len()).sum()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Every change below is made of steps that cannot panic, so a poisoned lock holds a whole journal.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for MemoryJournal {
    async fn account(&self, id: AccountId) -> Result<Arc<Account>, JournalError> {
        let kept = self.kept();
        let head = kept.accounts.get(&id).and_then(|stream| stream.head.clone());
        Ok(head.unwrap_or_else(|| Arc::new(Account::unseen(id))))
    }

    async fn append(
        &self,
        expected: Version,
        records: &[Record],
        account: &Arc<Account>,
    ) -> Result<(), AppendError> {
        in_order(expected, records.iter().map(|record| record.version), account.version())?;
        let mut kept = self.kept();
        let Kept { accounts, actors, wakes, .. } = &mut *kept;
        let stream = accounts.entry(account.id()).or_default();
        let version = stream.head.as_ref().map_or(Version::NONE, |head| head.version());
        if version != expected {
            return Err(AppendError::Conflict { expected });
        }
        stream.records.push(records, actors).map_err(unreadable)?;
        let after = account.next_wake();
        let before = std::mem::replace(&mut stream.wake, after);
        if before != after {
            before.map(|wake| wakes.remove(&(wake, account.id())));
            after.map(|wake| wakes.insert((wake, account.id())));
        }
        stream.head = Some(Arc::clone(account));
        Ok(())
    }

    async fn history(
        &self,
        id: AccountId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Record>, JournalError> {
        let kept = self.kept();
        let Some(stream) = kept.accounts.get(&id) else { return Ok(Vec::new()) };
        let wanted = |record: &Record| record.version > after;
        stream.records.read(&kept.actors, wanted, limit).map_err(unreadable)
    }

    async fn heads(&self, after: Option<AccountId>, limit: usize) -> Result<Vec<Arc<Account>>, JournalError> {
        use std::ops::Bound::{Excluded, Unbounded};
        let kept = self.kept();
        let start = after.map_or(Unbounded, Excluded);
        let streams = kept.accounts.range((start, Unbounded));
        let mut heads = Vec::with_capacity(limit.min(kept.accounts.len()));
        heads.extend(streams.filter_map(|(_, stream)| stream.head.clone()).take(limit));
        Ok(heads)
    }

    async fn accounts(&self, ids: &[AccountId]) -> Result<Vec<Arc<Account>>, JournalError> {
        let kept = self.kept();
        let head = |id: &AccountId| kept.accounts.get(id).and_then(|stream| stream.head.clone());
        Ok(ids.iter().map(|id| head(id).unwrap_or_else(|| Arc::new(Account::unseen(*id)))).collect())
    }

    async fn due(&self, until: Timestamp, limit: usize) -> Result<Vec<(Timestamp, AccountId)>, JournalError> {
        let kept = self.kept();
        Ok(kept.wakes.iter().take_while(|(wake, _)| *wake <= until).take(limit).copied().collect())
    }

    async fn day(
        &self,
        day: &str,
        after: Option<(AccountId, Version)>,
        limit: usize,
    ) -> Result<Vec<(AccountId, Record)>, JournalError> {
        let kept = self.kept();
        let mut found = Vec::new();
        for (&id, stream) in &kept.accounts {
            let wanted = |record: &Record| {
                record.at.day() == day && after.is_none_or(|after| (id, record.version) > after)
            };
            let records =
                stream.records.read(&kept.actors, wanted, limit - found.len()).map_err(unreadable)?;
            found.extend(records.into_iter().map(|record| (id, record)));
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }

    async fn fleet(&self) -> Result<Arc<Fleet>, JournalError> {
        Ok(self.kept().fleet.head.clone().unwrap_or_default())
    }

    async fn append_fleet(
        &self,
        expected: Version,
        records: &[FleetRecord],
        fleet: &Arc<Fleet>,
    ) -> Result<(), AppendError> {
        in_order(expected, records.iter().map(|record| record.version), fleet.version())?;
        let mut kept = self.kept();
        let version = kept.fleet.head.as_ref().map_or(Version::NONE, |head| head.version());
        if version != expected {
            return Err(AppendError::Conflict { expected });
        }
        let bytes = records.iter().map(|record| postcard::to_stdvec(record).map(Vec::into_boxed_slice));
        let bytes = bytes.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
        kept.fleet.records.extend(bytes);
        kept.fleet.head = Some(Arc::clone(fleet));
        Ok(())
    }

    async fn fleet_history(&self, after: Version, limit: usize) -> Result<Vec<FleetRecord>, JournalError> {
        let kept = self.kept();
        let first = usize::try_from(after.number()).unwrap_or(usize::MAX);
        let records = kept.fleet.records.iter().skip(first).take(limit);
        records.map(|bytes| postcard::from_bytes(bytes).map_err(unreadable)).collect()
    }
}
