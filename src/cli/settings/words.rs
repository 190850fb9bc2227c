//! What differs between two values, in words.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use state_machine::Text;

use crate::settings::{Names, OwnAccounts, Subject};

/// How much of a value is shown to people.
const SHOWN: usize = 60;

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Change {
    /// What it is about, such as `purge.feature`.
    pub path: String,
    /// What was said of it, where something was.
    pub from: Option<String>,
    /// What is said of it, where something is.
    pub to: Option<String>,
}

impl Change {
    /// For people, in one line.
    pub(super) fn told(&self) -> String {
        let Self { path, from, to } = self;
        match (from, to) {
            (Some(from), Some(to)) => format!("{path}: {} -> {}", short(from), short(to)),
            (None, Some(to)) => format!("{path}: {}", short(to)),
            (Some(from), None) => format!("{path}: no longer {}", short(from)),
            (None, None) => path.clone(),
        }
    }
}

/// Several changes, for people.
pub(super) fn told(changes: &[Change]) -> String {
    changes.iter().map(Change::told).collect::<Vec<_>>().join("; ")
}

fn short(value: &str) -> String {
    let line: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= SHOWN {
        return line;
    }
    line.chars().take(SHOWN - 3).chain("...".chars()).collect()
}

/// What differs between two lists of values by their names.
pub(super) fn between(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<Change> {
    let gone = before.keys().filter(|path| !after.contains_key(*path));
    let mut changes: Vec<Change> = after
        .iter()
        .filter(|(path, value)| before.get(*path) != Some(value))
        .map(|(path, to)| Change {
            path: path.clone(),
            from: before.get(path).cloned(),
            to: Some(to.clone()),
        })
        .chain(gone.map(|path| Change { path: path.clone(), from: before.get(path).cloned(), to: None }))
        .collect();
    changes.sort();
    changes
}

/// What differs between two values of a parameter.
pub(super) fn of_parameter(
    names: &Names,
    name: &str,
    before: Option<&Text>,
    after: Option<&Text>,
) -> Vec<Change> {
    let subject = names.subject(name);
    let values = |value: Option<&Text>| value.map(|value| flat(subject.as_ref(), value)).unwrap_or_default();
    between(&values(before), &values(after))
}

/// A value as names and texts. A buildspec or document is one text, too long to be shown.
fn flat(subject: Option<&Subject>, value: &str) -> BTreeMap<String, String> {
    let items = matches!(
        subject,
        Some(Subject::General | Subject::Defaults | Subject::Unit(_) | Subject::Account(_))
    );
    let mut all = BTreeMap::new();
    match serde_json::from_str::<Value>(value) {
        Ok(tree) if items => put(String::new(), &tree, &mut all),
        Ok(_) | Err(_) => {
            let lines = value.lines().count();
            all.insert(
                "text".to_owned(),
                format!("{lines} lines, {} bytes, {:08x}", value.len(), fingerprint(value)),
            );
        }
    }
    all.remove("identifier");
    if let Some(own) = (subject == Some(&Subject::General)).then(|| OwnAccounts::of_general(value)).flatten()
    {
        all.insert("accounts_with_settings".to_owned(), format!("{} accounts", own.count()));
    }
    all
}

/// So that two texts of the same length are not shown as if nothing had changed (FNV-1a).
fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn put(path: String, value: &Value, all: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                put(path, value, all);
            }
        }
        Value::String(text) => {
            all.insert(path, text.clone());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            all.insert(path, value.to_string());
        }
    }
}
