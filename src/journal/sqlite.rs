//! A journal in a [`Store`].

use std::sync::Arc;

use rusqlite::{OptionalExtension as _, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use state_machine::{Account, AccountId, Fleet, FleetRecord, Record, Timestamp, Version};

use crate::store::{Store, StoreError};

use super::{AppendError, Journal, JournalError, in_order};

/// A journal in a store.
#[derive(Clone, Debug)]
pub struct SqliteJournal {
    store: Store,
}

impl SqliteJournal {
    /// The journal that this store keeps.
    pub const fn new(store: Store) -> Self {
        Self { store }
    }
}

impl Journal for SqliteJournal {
    async fn account(&self, id: AccountId) -> Result<Arc<Account>, JournalError> {
        self.store.read(|store| {
            let head = store
                .prepare_cached("select head from heads where account = ?1")
                .and_then(|mut query| query.query_row([id.to_string()], text).optional())
                .map_err(StoreError::from)?;
            match head {
                Some(head) => parse(&head, || format!("the head of account {id}")).map(Arc::new),
                None => Ok(Arc::new(Account::unseen(id))),
            }
        })
    }

    async fn append(
        &self,
        expected: Version,
        records: &[Record],
        account: &Arc<Account>,
    ) -> Result<(), AppendError> {
        in_order(expected, records.iter().map(|record| record.version), account.version())?;
        let id = account.id().to_string();
        let head = encode(account.as_ref())?;
        let rows = records.iter().map(Row::of_record).collect::<Result<Vec<_>, _>>()?;
        self.store.change(|store| {
            let written = if expected == Version::NONE {
                store
                    .prepare_cached(
                        "insert into heads (account, version, next_wake, head) values (?1, ?2, ?3, ?4)
                         on conflict do nothing",
                    )
                    .and_then(|mut insert| {
                        insert.execute(params![id, number(account.version()), wake(account), head])
                    })
            } else {
                store
                    .prepare_cached(
                        "update heads set version = ?2, next_wake = ?3, head = ?4
                         where account = ?1 and version = ?5",
                    )
                    .and_then(|mut update| {
                        update.execute(params![
                            id,
                            number(account.version()),
                            wake(account),
                            head,
                            number(expected)
                        ])
                    })
            };
            if written.map_err(StoreError::from)? == 0 {
                return Err(AppendError::Conflict { expected });
            }
            let sql = "insert into records (account, version, at, day, body) values (?1, ?2, ?3, ?4, ?5)";
            let mut insert = store.prepare_cached(sql).map_err(StoreError::from)?;
            for row in &rows {
                insert
                    .execute(params![id, row.version, row.at, row.day, row.body])
                    .map_err(StoreError::from)?;
            }
            Ok(())
        })
    }

    async fn history(
        &self,
        id: AccountId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Record>, JournalError> {
        let sql = "select body from records where account = ?1 and version > ?2 order by version limit ?3";
        let what = || format!("a record of account {id}");
        self.store.read(|store| list(store, sql, params![id.to_string(), number(after), bound(limit)], what))
    }

    async fn heads(&self, after: Option<AccountId>, limit: usize) -> Result<Vec<Arc<Account>>, JournalError> {
        let sql = "select head from heads where account > ?1 order by account limit ?2";
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        self.store.read(|store| {
            list(store, sql, params![after, bound(limit)], || "the head of an account".to_owned())
        })
    }

    async fn due(&self, until: Timestamp, limit: usize) -> Result<Vec<(Timestamp, AccountId)>, JournalError> {
        let sql = "select next_wake, account from heads where next_wake <= ?1
                   order by next_wake, account limit ?2";
        self.store.read(|store| {
            let mut query = store.prepare_cached(sql).map_err(StoreError::from)?;
            let rows = query
                .query_map(params![until.as_millis(), bound(limit)], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
                })
                .map_err(StoreError::from)?;
            rows.map(|row| {
                let (wake, account) = row.map_err(StoreError::from)?;
                let damaged = |detail: String| StoreError::Damaged { detail };
                let wake = Timestamp::from_millis(wake).map_err(|error| damaged(error.to_string()))?;
                let account = account
                    .parse()
                    .map_err(|error: state_machine::InvalidAccountId| damaged(error.to_string()))?;
                Ok((wake, account))
            })
            .collect()
        })
    }

    async fn day(
        &self,
        day: &str,
        after: Option<(AccountId, Version)>,
        limit: usize,
    ) -> Result<Vec<(AccountId, Record)>, JournalError> {
        let sql = "select account, body from records
                   where day = ?1 and (account, version) > (?2, ?3)
                   order by account, version limit ?4";
        let (account, version) = match after {
            Some((account, version)) => (account.to_string(), version),
            None => (String::new(), Version::NONE),
        };
        self.store.read(|store| {
            let mut query = store.prepare_cached(sql).map_err(StoreError::from)?;
            let rows = query
                .query_map(params![day, account, number(version), bound(limit)], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
                })
                .map_err(StoreError::from)?;
            rows.map(|row| {
                let (account, body) = row.map_err(StoreError::from)?;
                let record = parse(&body, || format!("a record of account {account}"))?;
                let account = account.parse().map_err(|error: state_machine::InvalidAccountId| {
                    StoreError::Damaged { detail: error.to_string() }
                })?;
                Ok((account, record))
            })
            .collect()
        })
    }

    async fn fleet(&self) -> Result<Arc<Fleet>, JournalError> {
        self.store.read(|store| {
            let head = store
                .prepare_cached("select head from fleet")
                .and_then(|mut query| query.query_row([], text).optional())
                .map_err(StoreError::from)?;
            match head {
                Some(head) => parse(&head, || "the fleet's head".to_owned()).map(Arc::new),
                None => Ok(Arc::default()),
            }
        })
    }

    async fn append_fleet(
        &self,
        expected: Version,
        records: &[FleetRecord],
        fleet: &Arc<Fleet>,
    ) -> Result<(), AppendError> {
        in_order(expected, records.iter().map(|record| record.version), fleet.version())?;
        let head = encode(fleet.as_ref())?;
        let rows = records.iter().map(Row::of_fleet_record).collect::<Result<Vec<_>, _>>()?;
        self.store.change(|store| {
            let version = store
                .prepare_cached("select version from fleet")
                .and_then(|mut query| query.query_row([], |row| row.get::<_, i64>(0)).optional())
                .map_err(StoreError::from)?;
            if version.unwrap_or(0) != number(expected) {
                return Err(AppendError::Conflict { expected });
            }
            store
                .prepare_cached("insert or replace into fleet (only_row, version, head) values (1, ?1, ?2)")
                .and_then(|mut insert| insert.execute(params![number(fleet.version()), head]))
                .map_err(StoreError::from)?;
            let sql = "insert into fleet_records (version, at, day, body) values (?1, ?2, ?3, ?4)";
            let mut insert = store.prepare_cached(sql).map_err(StoreError::from)?;
            for row in &rows {
                insert.execute(params![row.version, row.at, row.day, row.body]).map_err(StoreError::from)?;
            }
            Ok(())
        })
    }

    async fn fleet_history(&self, after: Version, limit: usize) -> Result<Vec<FleetRecord>, JournalError> {
        let sql = "select body from fleet_records where version > ?1 order by version limit ?2";
        let what = || "a record of the fleet".to_owned();
        self.store.read(|store| list(store, sql, params![number(after), bound(limit)], what))
    }
}

/// A record, ready to be written.
struct Row {
    version: i64,
    at: i64,
    day: String,
    body: String,
}

impl Row {
    fn of_record(record: &Record) -> Result<Self, JournalError> {
        Self::new(record.version, record.at, record)
    }

    fn of_fleet_record(record: &FleetRecord) -> Result<Self, JournalError> {
        Self::new(record.version, record.at, record)
    }

    fn new(version: Version, at: Timestamp, body: &impl Serialize) -> Result<Self, JournalError> {
        Ok(Self { version: number(version), at: at.as_millis(), day: at.day(), body: encode(body)? })
    }
}

fn list<T: DeserializeOwned>(
    store: &Transaction<'_>,
    sql: &str,
    parameters: impl rusqlite::Params,
    what: impl Fn() -> String,
) -> Result<Vec<T>, JournalError> {
    let mut query = store.prepare_cached(sql).map_err(StoreError::from)?;
    let mut rows = query.query(parameters).map_err(StoreError::from)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(StoreError::from)? {
        let body = row.get_ref(0).map_err(StoreError::from)?;
        let body = body.as_str().map_err(|error| StoreError::Damaged { detail: error.to_string() })?;
        found.push(parse(body, &what)?);
    }
    Ok(found)
}

fn text(row: &rusqlite::Row<'_>) -> rusqlite::Result<String> {
    row.get(0)
}

fn encode(value: &impl Serialize) -> Result<String, JournalError> {
    serde_json::to_string(value)
        .map_err(|source| JournalError::Unreadable { what: "a record".to_owned(), source: source.into() })
}

fn parse<T: DeserializeOwned>(body: &str, what: impl Fn() -> String) -> Result<T, JournalError> {
    serde_json::from_str(body)
        .map_err(|source| JournalError::Unreadable { what: what(), source: source.into() })
}

fn number(version: Version) -> i64 {
    i64::try_from(version.number()).unwrap_or(i64::MAX)
}

fn bound(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn wake(account: &Account) -> Option<i64> {
    account.next_wake().map(Timestamp::as_millis)
}
