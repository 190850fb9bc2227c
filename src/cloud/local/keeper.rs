//! Keeps a local organization in a store, so that it survives restarts, and so that several processes may
//! touch it: each change is one transaction that begins by reading what others changed.

use std::cell::Cell;
use std::sync::Mutex;

use rusqlite::{OptionalExtension as _, Transaction, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use state_machine::{AccountId, Timestamp, UnitId};

use crate::store::{Store, StoreError};

use super::clock::Anchor;
use super::faults::Faults;
use super::state::{Delivery, Member, Meta, Place, State, Unit, end};

/// Keeps a local organization in a store.
#[derive(Debug)]
pub struct Keeper {
    store: Store,
    /// The store's version of the data that the state in memory shows.
    seen: Mutex<Cell<i64>>,
}

/// What is written once for the whole organization.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    management_account: AccountId,
    automation_account: AccountId,
    faults: Faults,
    seed: u64,
    drawn: u128,
    meta: Meta,
}

impl Keeper {
    /// A keeper in this store.
    pub const fn new(store: Store) -> Self {
        Self { store, seen: Mutex::new(Cell::new(-1)) }
    }

    /// The organization that the store keeps; `None` when it keeps none yet.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn load(&self) -> Result<Option<State>, StoreError> {
        self.store.read(|store| {
            self.note(store)?;
            load(store)
        })
    }

    /// The time of the organization, without reading the rest; `None` when the store keeps none yet.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn clock(&self) -> Result<Option<Anchor>, StoreError> {
        let head = self.store.read(|store| read::<Head>(store, "organization", "head"))?;
        Ok(head.and_then(|head| head.meta.clock))
    }

    /// The accounts of the organization that are wanted, by identifier. The others are not even parsed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn members(
        &self,
        wanted: impl Fn(AccountId) -> bool,
    ) -> Result<Vec<(AccountId, Member)>, StoreError> {
        self.store.read(|store| {
            let mut query =
                store.prepare_cached("select name from local where kind = 'member' order by name")?;
            let names = query.query_map([], |row| row.get::<_, String>(0))?;
            let mut members = Vec::new();
            for name in names {
                let name = name?;
                let account = parse(&name)?;
                if wanted(account) {
                    members.extend(read::<Member>(store, "member", &name)?.map(|member| (account, member)));
                }
            }
            Ok(members)
        })
    }

    /// The units of the organization, without reading the rest.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn units(&self) -> Result<Vec<UnitId>, StoreError> {
        self.store.read(|store| {
            let mut query =
                store.prepare_cached("select name from local where kind = 'unit' order by name")?;
            let names = query.query_map([], |row| row.get::<_, String>(0))?;
            names.map(|name| parse(&name?)).collect()
        })
    }

    /// Writes an organization into a store, unless it keeps one already: then that one stays.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn create(&self, state: &mut State) -> Result<(), StoreError> {
        self.store.change(|store| {
            if read::<Head>(store, "organization", "head")?.is_none() {
                state.dirty.meta = true;
                write(store, state)?;
            }
            self.note(store)
        })
    }

    /// Changes the organization in one transaction.
    pub(super) fn change<T>(
        &self,
        state: &mut State,
        change: impl FnOnce(&mut State) -> T,
    ) -> Result<T, StoreError> {
        let changed = self.store.change_in_order(|store| {
            if self.is_behind(store)? {
                let fresh = load(store)?;
                *state = fresh.ok_or_else(|| StoreError::Damaged {
                    detail: "the local organization is not in it any more".to_owned(),
                })?;
                self.note(store)?;
            }
            let before = state.random.get_word_pos();
            let outcome = change(state);
            state.dirty.meta |= state.random.get_word_pos() != before;
            write(store, state)?;
            Ok(outcome)
        });
        if changed.is_err() {
            // What is in memory may be ahead of the store now: it is read again before anything else.
            self.seen().set(-1);
        }
        changed
    }

    fn is_behind(&self, store: &Transaction<'_>) -> Result<bool, StoreError> {
        Ok(data_version(store)? != self.seen().get())
    }

    fn note(&self, store: &Transaction<'_>) -> Result<(), StoreError> {
        self.seen().set(data_version(store)?);
        Ok(())
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Cell<i64>> {
        self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Grows whenever another connection has changed the store; own changes do not count.
/// <https://www.sqlite.org/pragma.html#pragma_data_version>
fn data_version(store: &Transaction<'_>) -> Result<i64, StoreError> {
    Ok(store.pragma_query_value(None, "data_version", |row| row.get(0))?)
}

fn load(store: &Transaction<'_>) -> Result<Option<State>, StoreError> {
    let Some(head) = read::<Head>(store, "organization", "head")? else { return Ok(None) };
    let mut state = State::new(head.management_account, head.automation_account, head.faults, head.seed);
    state.random.set_word_pos(head.drawn);
    state.meta = head.meta;
    for (name, unit) in read_all::<Unit>(store, "unit")? {
        state.units.insert(parse(&name)?, unit);
    }
    for (name, member) in read_all::<Member>(store, "member")? {
        let account = parse(&name)?;
        for build in member.running() {
            state.ends.extend(end(account, build));
        }
        state.members.insert(account, member);
    }
    for (name, (at, delivery)) in read_all::<(Timestamp, Delivery)>(store, "delivery")? {
        state.deliveries.insert(Place { at, serial: parse(&name)? }, delivery);
    }
    for (name, at) in read_all::<Timestamp>(store, "wake-up")? {
        let account = parse(&name)?;
        state.wake_ups.insert(account, at);
        state.wakes.insert((at, account));
    }
    Ok(Some(state))
}

/// Writes what was changed.
fn write(store: &Transaction<'_>, state: &mut State) -> Result<(), StoreError> {
    let dirty = std::mem::take(&mut state.dirty);
    for unit in dirty.units {
        put(store, "unit", unit.as_str(), state.units.get(&unit))?;
    }
    for account in dirty.members {
        put(store, "member", &account.to_string(), state.members.get(&account))?;
    }
    for place in dirty.deliveries {
        let delivery = state.deliveries.get(&place).map(|delivery| (place.at, delivery));
        put(store, "delivery", &place.serial.to_string(), delivery)?;
    }
    for account in dirty.wake_ups {
        put(store, "wake-up", &account.to_string(), state.wake_ups.get(&account))?;
    }
    if dirty.meta {
        let head = Head {
            management_account: state.management_account,
            automation_account: state.automation_account,
            faults: state.faults.clone(),
            seed: state.seed,
            drawn: state.random.get_word_pos(),
            meta: state.meta,
        };
        put(store, "organization", "head", Some(&head))?;
    }
    Ok(())
}

/// Writes one thing, or takes it away when there is none.
fn put<T: Serialize>(
    store: &Transaction<'_>,
    kind: &str,
    name: &str,
    thing: Option<T>,
) -> Result<(), StoreError> {
    match thing {
        Some(thing) => {
            let body = serde_json::to_string(&thing)
                .map_err(|source| StoreError::Unreadable { what: format!("{kind} {name}"), source })?;
            store
                .prepare_cached("insert or replace into local (kind, name, body) values (?1, ?2, ?3)")?
                .execute(params![kind, name, body])?;
        }
        None => {
            store
                .prepare_cached("delete from local where kind = ?1 and name = ?2")?
                .execute(params![kind, name])?;
        }
    }
    Ok(())
}

fn read<T: DeserializeOwned>(
    store: &Transaction<'_>,
    kind: &str,
    name: &str,
) -> Result<Option<T>, StoreError> {
    let body: Option<String> = store
        .prepare_cached("select body from local where kind = ?1 and name = ?2")?
        .query_row(params![kind, name], |row| row.get(0))
        .optional()?;
    body.map(|body| decode(kind, name, &body)).transpose()
}

fn read_all<T: DeserializeOwned>(
    store: &Transaction<'_>,
    kind: &str,
) -> Result<Vec<(String, T)>, StoreError> {
    let mut query = store.prepare_cached("select name, body from local where kind = ?1 order by name")?;
    let rows = query.query_map([kind], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|row| {
        let (name, body) = row?;
        let thing = decode(kind, &name, &body)?;
        Ok((name, thing))
    })
    .collect()
}

fn decode<T: DeserializeOwned>(kind: &str, name: &str, body: &str) -> Result<T, StoreError> {
    serde_json::from_str(body)
        .map_err(|source| StoreError::Unreadable { what: format!("{kind} {name}"), source })
}

fn parse<T: std::str::FromStr>(name: &str) -> Result<T, StoreError> {
    name.parse().map_err(|_| StoreError::Damaged { detail: format!("`{name}` is no name") })
}
