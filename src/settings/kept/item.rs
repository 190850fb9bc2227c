//! What is said of accounts, as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use state_machine::{Hold, Pauses, TaskKind, Text};

use crate::settings::csv::{Column, Row};
use crate::settings::origin::Sourced;
use crate::settings::section::{Item, TaskItem};
use crate::settings::value::period::spoken;

/// An item, as a parameter keeps it: what the files say, in the words of the files. Rows of CSV files are folded into
/// the item of their account, because they count as if they stood there.
#[derive(Clone, Default, Serialize)]
pub(crate) struct KeptItem<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    account_tags: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unset_tags: Option<&'a [Text]>,
    #[serde(skip_serializing_if = "KeptTask::is_silent")]
    preparation: KeptTask<'a>,
    #[serde(skip_serializing_if = "KeptTask::is_silent")]
    purge: KeptTask<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<KeptHold<'a>>,
}

#[derive(Clone, Default, Serialize)]
struct KeptTask<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    feature: Option<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    variables: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pauses: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<String>,
}

#[derive(Clone, Serialize)]
struct KeptHold<'a> {
    until: String,
    reason: &'a str,
}

impl<'a> KeptItem<'a> {
    /// What this says by itself.
    pub(crate) fn of(identifier: Option<String>, item: &'a Item) -> Self {
        // Whoever adds a field to an item decides here how it is kept.
        let Item { note, account_tags, unset_tags, preparation, purge, hold } = item;
        Self {
            identifier,
            parent: None,
            note: note.as_ref().map(|note| &*note.value),
            account_tags: texts(account_tags),
            unset_tags: unset_tags.as_ref().map(|unset| &*unset.value),
            preparation: KeptTask::of(preparation),
            purge: KeptTask::of(purge),
            hold: hold.as_ref().map(|hold| KeptHold::of(&hold.value)),
        }
    }

    /// An account of which nothing is said but that it is there.
    pub(crate) fn named(identifier: String) -> Self {
        Self { identifier: Some(identifier), ..Self::default() }
    }

    /// The same, in a unit.
    pub(crate) fn within(self, parent: Option<&'a str>) -> Self {
        Self { parent, ..self }
    }

    /// Lays a row of a CSV file over it.
    pub(crate) fn lay(&mut self, columns: &'a [Column], row: &'a Row) {
        for cell in &row.cells {
            let value = &cell.value;
            match columns.get(usize::from(cell.column)) {
                Some(Column::Note) => self.note = Some(value),
                Some(Column::Tag(key)) => {
                    self.account_tags.insert(key, value);
                }
                Some(Column::Variable(kind, name)) => {
                    let task = match kind {
                        TaskKind::Preparation => &mut self.preparation,
                        TaskKind::Purge => &mut self.purge,
                    };
                    task.variables.insert(name, value);
                }
                Some(Column::Account | Column::Unknown) | None => {}
            }
        }
    }

    /// As a parameter keeps it.
    pub(crate) fn json(&self) -> String {
        super::json(self)
    }
}

impl<'a> KeptTask<'a> {
    fn of(task: &'a TaskItem) -> Self {
        let TaskItem { feature, variables, attempts, pauses, deadline } = task;
        Self {
            feature: feature.as_ref().map(|feature| if feature.value { "enabled" } else { "disabled" }),
            variables: texts(variables),
            attempts: attempts.as_ref().map(|attempts| attempts.value.get()),
            pauses: pauses.as_ref().map(|pauses| spoken_all(&pauses.value)),
            deadline: deadline.as_ref().map(|deadline| spoken(deadline.value)),
        }
    }

    fn is_silent(&self) -> bool {
        let Self { feature, variables, attempts, pauses, deadline } = self;
        feature.is_none()
            && variables.is_empty()
            && attempts.is_none()
            && pauses.is_none()
            && deadline.is_none()
    }
}

impl<'a> KeptHold<'a> {
    fn of(hold: &'a Hold) -> Self {
        let Hold { until, reason } = hold;
        Self { until: until.to_string(), reason }
    }
}

fn spoken_all(pauses: &Pauses) -> Vec<String> {
    pauses.as_slice().iter().map(|pause| spoken(*pause)).collect()
}

fn texts(map: &BTreeMap<Text, Sourced<Text>>) -> BTreeMap<&str, &str> {
    map.iter().map(|(key, value)| (&**key, &*value.value)).collect()
}
