//! What counts for one account, and where each value comes from.

use std::collections::BTreeMap;
use std::num::NonZeroU8;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::TimeDelta;
use serde::Serialize;
use state_machine::{AccountId, Hold, Pauses, Policy, Standing, TaskKind, TaskPolicy, Text, UnitId};

use super::checked::{Columns, Settings};
use super::csv::{Column, Row};
use super::origin::{Origin, Sourced};
use super::section::{Item, TaskItem};
use super::value::period::spoken;
use crate::diagnostic::Place;

/// Resolved accounts that are remembered at most. An organization has fewer.
const REMEMBERED: usize = 100_000;

/// How often a build is started when nobody says otherwise.
const ATTEMPTS: NonZeroU8 = NonZeroU8::MIN.saturating_add(2);

/// A build may wait and run for 8 hours before CodeBuild ends it by itself.
const DEADLINE: TimeDelta = TimeDelta::hours(9);

/// What counts for one account. Cheap to clone and to pass on.
#[derive(Clone, Debug)]
pub struct Resolved {
    account: AccountId,
    merged: Arc<Merged>,
}

/// One kind of build, as it counts for an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedTask {
    /// Whether there is such a build at all.
    pub enabled: Sourced<bool>,
    /// What the build finds in its environment.
    pub variables: BTreeMap<Text, Sourced<Text>>,
    /// How often a build that fails is started again, the first time included.
    pub attempts: Sourced<NonZeroU8>,
    /// How long to wait after the first build that fails, the second, and so on.
    pub pauses: Sourced<Pauses>,
    /// After how long a build that has not ended is overdue.
    pub deadline: Sourced<TimeDelta>,
}

/// One value that counts for an account, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its name, such as `preparation.variables.BUDGET_AMOUNT`.
    pub path: String,
    /// The value.
    pub value: String,
    /// What said it.
    pub origin: Origin,
}

/// Everything said, merged. Accounts of the same units share one.
#[derive(Debug)]
struct Merged {
    standing: Sourced<Standing>,
    values: Values,
    policy: Arc<Policy>,
}

/// What was resolved before. It only saves time: settings do not change once they are loaded.
#[derive(Debug, Default)]
pub(super) struct Cache(RwLock<BTreeMap<Option<AccountId>, ByUnits>>);

/// By the units around the account, the nearest first, as the account tells them: whoever asks allocates nothing.
type ByUnits = BTreeMap<Box<[UnitId]>, Arc<Merged>>;

impl Settings {
    /// What counts for an account that lies in these units, the nearest first, the units around it after it.
    /// An account outside of all units has none.
    pub fn resolve(&self, account: AccountId, units: &[UnitId]) -> Resolved {
        let key = self.speaks_of(account).then_some(account);
        if let Some(merged) = self.cache.get(key, units) {
            return Resolved { account, merged };
        }
        let merged = Arc::new(self.merge(account, &self.listed(units)));
        self.cache.put(key, units, Arc::clone(&merged));
        Resolved { account, merged }
    }

    /// Whether something is said of this very account, and not only of units.
    pub fn speaks_of(&self, account: AccountId) -> bool {
        self.accounts.contains_key(&account) || self.protected.contains_key(&account)
    }

    fn merge(&self, account: AccountId, listed: &[u32]) -> Merged {
        let mut values = self.built_in();
        self.lay_all(account, listed, &mut values, |_| ());
        let units = listed.iter().filter_map(|unit| self.units.get(*unit as usize));
        let named = self.accounts.get(&account).and_then(|own| own.origin(&self.tables));
        let origin = named.or_else(|| units.last().map(|unit| unit.origin.clone()));
        let standing = match (self.protected.get(&account), origin) {
            (Some(why), _) => Sourced { value: Standing::Protected(why.value), origin: why.origin.clone() },
            (None, Some(origin)) => Sourced { value: Standing::Managed, origin },
            (None, None) => Sourced::built_in(Standing::Unmanaged),
        };
        let policy = Arc::new(values.policy(standing.value, self));
        Merged { standing, values, policy }
    }

    /// What counts when no file says anything.
    pub(super) fn built_in(&self) -> Values {
        Values::built_in(&self.task_pauses)
    }

    /// Lays everything that is said about an account over the values, the nearest last. `after` sees what
    /// counts after each layer.
    pub(super) fn lay_all(
        &self,
        account: AccountId,
        listed: &[u32],
        values: &mut Values,
        mut after: impl FnMut(&Values),
    ) {
        let mut lay = |item: &Item| {
            values.lay(item);
            after(values);
        };
        lay(&self.defaults);
        for unit in listed.iter().filter_map(|unit| self.units.get(*unit as usize)) {
            lay(&unit.item);
        }
        let Some(own) = self.accounts.get(&account) else { return };
        if let Some(item) = &own.item {
            lay(&item.1);
        }
        for (table, row) in &own.rows {
            if let Some(table) = self.tables.get(usize::from(*table)) {
                values.lay_row(table, row);
                after(values);
            }
        }
    }

    /// The listed ones among the units around an account, the outermost first.
    pub(super) fn listed(&self, units: &[UnitId]) -> Vec<u32> {
        units.iter().rev().filter_map(|unit| self.unit_places.get(unit).copied()).collect()
    }
}

impl Cache {
    fn get(&self, account: Option<AccountId>, units: &[UnitId]) -> Option<Arc<Merged>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&account)?.get(units).cloned()
    }

    fn put(&self, account: Option<AccountId>, units: &[UnitId], merged: Arc<Merged>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.entry(account).or_default().insert(units.into(), merged);
    }
}

/// What was said so far; the next layer wins.
#[derive(Clone, Debug)]
pub(super) struct Values {
    note: Option<Sourced<Text>>,
    account_tags: BTreeMap<Text, Sourced<Text>>,
    unset_tags: Sourced<Arc<[Text]>>,
    preparation: ResolvedTask,
    purge: ResolvedTask,
    hold: Option<Sourced<Hold>>,
}

impl Values {
    /// What counts when nobody says anything: nothing is built, and a purge deletes nothing.
    fn built_in(pauses: &Pauses) -> Self {
        Self {
            note: None,
            account_tags: BTreeMap::new(),
            unset_tags: Sourced::built_in(Arc::from([])),
            preparation: ResolvedTask::built_in("BUDGET_AMOUNT", "200", pauses),
            purge: ResolvedTask::built_in("PURGE_MODE", "--dry-run", pauses),
            hold: None,
        }
    }

    fn lay(&mut self, item: &Item) {
        replace_option(&mut self.note, item.note.as_ref());
        self.account_tags.extend(item.account_tags.clone());
        replace(&mut self.unset_tags, item.unset_tags.as_ref());
        self.preparation.lay(&item.preparation);
        self.purge.lay(&item.purge);
        replace_option(&mut self.hold, item.hold.as_ref());
    }

    fn lay_row(&mut self, table: &Columns, row: &Row) {
        for cell in &row.cells {
            let place = Place { file: Text::clone(&table.file), line: cell.line, column: cell.character };
            let value = Sourced { value: Text::clone(&cell.value), origin: Origin::Csv(place) };
            match table.columns.get(usize::from(cell.column)) {
                Some(Column::Note) => self.note = Some(value),
                Some(Column::Tag(key)) => {
                    self.account_tags.insert(Text::clone(key), value);
                }
                Some(Column::Variable(kind, name)) => {
                    let task = match kind {
                        TaskKind::Preparation => &mut self.preparation,
                        TaskKind::Purge => &mut self.purge,
                    };
                    task.variables.insert(Text::clone(name), value);
                }
                Some(Column::Account | Column::Unknown) | None => {}
            }
        }
    }

    fn policy(&self, standing: Standing, settings: &Settings) -> Policy {
        Policy {
            standing,
            keys: settings.keys.clone(),
            account_tags: self
                .account_tags
                .iter()
                .map(|(key, value)| (Text::clone(key), Text::clone(&value.value)))
                .collect(),
            unset_tags: self.unset_tags.value.to_vec(),
            preparation: self.preparation.policy(),
            purge: self.purge.policy(),
            hold: self.hold.as_ref().map(|hold| hold.value.clone()),
            effects: settings.lifecycle().effects(),
            quarantine: settings.lifecycle().quarantine_pauses.clone(),
            times: settings.lifecycle().times(settings.maintenance().grace),
        }
    }

    /// All of them, with what said them.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let mut list = Vec::new();
        list.extend(self.note.iter().map(|note| entry("note", &*note.value, &note.origin)));
        for (key, value) in &self.account_tags {
            list.push(entry(format!("account_tags.{key}"), &*value.value, &value.origin));
        }
        let unset = format!("[{}]", self.unset_tags.value.join(", "));
        list.push(entry("unset_tags", unset, &self.unset_tags.origin));
        self.preparation.entries(TaskKind::Preparation, &mut list);
        self.purge.entries(TaskKind::Purge, &mut list);
        if let Some(hold) = &self.hold {
            list.push(entry("hold.until", hold.value.until.to_string(), &hold.origin));
            list.push(entry("hold.reason", &*hold.value.reason, &hold.origin));
        }
        list
    }
}

fn replace<T: Clone>(value: &mut T, said: Option<&T>) {
    if let Some(said) = said {
        value.clone_from(said);
    }
}

fn replace_option<T: Clone>(value: &mut Option<T>, said: Option<&T>) {
    if let Some(said) = said {
        *value = Some(said.clone());
    }
}

impl ResolvedTask {
    fn built_in(variable: &str, value: &str, pauses: &Pauses) -> Self {
        Self {
            enabled: Sourced::built_in(false),
            variables: BTreeMap::from([(variable.into(), Sourced::built_in(value.into()))]),
            attempts: Sourced::built_in(ATTEMPTS),
            pauses: Sourced::built_in(pauses.clone()),
            deadline: Sourced::built_in(DEADLINE),
        }
    }

    fn lay(&mut self, task: &TaskItem) {
        replace(&mut self.enabled, task.feature.as_ref());
        self.variables.extend(task.variables.clone());
        replace(&mut self.attempts, task.attempts.as_ref());
        replace(&mut self.pauses, task.pauses.as_ref());
        replace(&mut self.deadline, task.deadline.as_ref());
    }

    fn policy(&self) -> TaskPolicy {
        TaskPolicy {
            enabled: self.enabled.value,
            attempts: self.attempts.value,
            pauses: self.pauses.value.clone(),
            deadline: self.deadline.value,
        }
    }

    fn entries(&self, kind: TaskKind, list: &mut Vec<Entry>) {
        let feature = if self.enabled.value { "enabled" } else { "disabled" };
        list.push(entry(format!("{kind}.feature"), feature, &self.enabled.origin));
        for (name, value) in &self.variables {
            list.push(entry(format!("{kind}.variables.{name}"), &*value.value, &value.origin));
        }
        list.push(entry(format!("{kind}.attempts"), self.attempts.value.to_string(), &self.attempts.origin));
        let pauses: Vec<_> = self.pauses.value.as_slice().iter().map(|pause| spoken(*pause)).collect();
        list.push(entry(format!("{kind}.pauses"), format!("[{}]", pauses.join(", ")), &self.pauses.origin));
        list.push(entry(format!("{kind}.deadline"), spoken(self.deadline.value), &self.deadline.origin));
    }
}

fn entry(path: impl Into<String>, value: impl Into<String>, origin: &Origin) -> Entry {
    Entry { path: path.into(), value: value.into(), origin: origin.clone() }
}

impl Resolved {
    /// The account.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Whether the account may be touched, and what says so.
    pub fn standing(&self) -> &Sourced<Standing> {
        &self.merged.standing
    }

    /// The remark for people.
    pub fn note(&self) -> Option<&Sourced<Text>> {
        self.merged.values.note.as_ref()
    }

    /// Tags that the account shall carry.
    pub fn account_tags(&self) -> &BTreeMap<Text, Sourced<Text>> {
        &self.merged.values.account_tags
    }

    /// Keys of tags that on-boarding takes away.
    pub fn unset_tags(&self) -> &Sourced<Arc<[Text]>> {
        &self.merged.values.unset_tags
    }

    /// What happens before the holder may use the account.
    pub fn preparation(&self) -> &ResolvedTask {
        &self.merged.values.preparation
    }

    /// What happens when maintenance has expired the account.
    pub fn purge(&self) -> &ResolvedTask {
        &self.merged.values.purge
    }

    /// One of the two.
    pub fn task(&self, kind: TaskKind) -> &ResolvedTask {
        match kind {
            TaskKind::Preparation => self.preparation(),
            TaskKind::Purge => self.purge(),
        }
    }

    /// The hold that stands in the settings, ended or not.
    pub fn hold(&self) -> Option<&Sourced<Hold>> {
        self.merged.values.hold.as_ref()
    }

    /// What decisions need of all this. It was made once, and is shared.
    pub fn policy(&self) -> &Arc<Policy> {
        &self.merged.policy
    }

    /// Everything that counts for the account, with what said it.
    pub fn entries(&self) -> Vec<Entry> {
        self.merged.values.entries()
    }
}
