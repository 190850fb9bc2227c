//! What is too large for the parameters of Systems Manager that keep it on AWS.
//!
//! An item is kept as the predecessor kept it: one parameter for each account and each unit, in JSON, merged
//! with the defaults. A parameter holds 4 KB, or 8 KB in the advanced tier:
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Serialize;
use serde_json::ser::PrettyFormatter;
use state_machine::{AccountId, TaskKind, Text};

use super::Whole;
use crate::diagnostic::{Diagnostic, Report, SourceId};
use crate::settings::csv::{Column, Row, Table};
use crate::settings::files::PARAMETER;
use crate::settings::origin::Sourced;
use crate::settings::section::{Item, TaskItem};

/// What a parameter holds in the standard tier, in bytes. The advanced tier is charged for.
const STANDARD: usize = 4 * 1024;

/// An item as it is kept.
#[derive(Clone, Default, Serialize)]
struct Kept<'a> {
    identifier: String,
    note: &'a str,
    account_tags: BTreeMap<&'a str, &'a str>,
    unset_tags: Vec<&'a str>,
    preparation: KeptTask<'a>,
    purge: KeptTask<'a>,
}

#[derive(Clone, Default, Serialize)]
struct KeptTask<'a> {
    feature: &'a str,
    variables: BTreeMap<&'a str, &'a str>,
}

pub(super) fn check(whole: &Whole<'_>, report: &mut Report) {
    let mut defaults = Kept::default();
    defaults.lay(&whole.file.defaults);
    let allowance = defaults.size();
    if allowance > PARAMETER {
        // Then every item is too large, and it is said once.
        tell(allowance, whole.source, whole.root.key_span("defaults").unwrap_or(0..0), report);
        return;
    }
    for unit in &whole.file.organizational_units {
        let mut kept = Kept { identifier: unit.identifier.value.to_string(), ..defaults.clone() };
        kept.lay(&unit.item);
        tell(kept.size(), whole.source, unit.identifier.span.clone(), report);
    }
    let accounts: BTreeMap<AccountId, _> =
        whole.file.accounts.iter().map(|account| (account.identifier.value, account)).collect();
    let rows = rows_that_matter(whole, allowance, &accounts.keys().copied().collect::<Vec<_>>());
    for account in &whole.file.accounts {
        let mut kept = Kept { identifier: account.identifier.value.to_string(), ..defaults.clone() };
        kept.lay(&account.item);
        for (table, row) in rows.get(&account.identifier.value).into_iter().flatten() {
            kept.lay_row(table, row);
        }
        tell(kept.size(), whole.source, account.identifier.span.clone(), report);
    }
    for (account, rows) in rows.iter().filter(|(account, _)| !accounts.contains_key(account)) {
        let mut kept = Kept { identifier: account.to_string(), ..defaults.clone() };
        for (table, row) in rows {
            kept.lay_row(table, row);
        }
        if let Some((table, row)) = rows.first() {
            let start = row.offset as usize;
            tell(kept.size(), table.source, start..start + 12, report);
        }
    }
}

/// The rows of CSV files that may make an item too large. There may be millions of rows, and hardly ever one of
/// those: what a row adds at most is cheaply told.
fn rows_that_matter<'a>(
    whole: &Whole<'a>,
    defaults: usize,
    listed: &[AccountId],
) -> BTreeMap<AccountId, Vec<(&'a Table, &'a Row)>> {
    let names: Vec<usize> = whole
        .tables
        .iter()
        .map(|table| table.columns.iter().map(|column| 32 + escaped(name(column))).sum())
        .collect();
    let widest: usize = names.iter().sum();
    let several = whole.tables.len();
    let rows = || whole.tables.iter().flat_map(|table| table.rows.iter().map(move |row| (table, row)));
    let may_be_large = |row: &Row| {
        let cells: usize = row.cells.iter().map(|cell| escaped(&cell.value)).sum();
        // No row of the account in another file adds more than the largest one.
        defaults + widest + cells * several > STANDARD
    };
    let large = rows().map(|(_, row)| row).filter(|row| may_be_large(row)).map(|row| row.account);
    let matter: BTreeSet<AccountId> = large.chain(listed.iter().copied()).collect();
    let mut found: BTreeMap<AccountId, Vec<(&Table, &Row)>> = BTreeMap::new();
    for (table, row) in rows().filter(|(_, row)| matter.contains(&row.account)) {
        found.entry(row.account).or_default().push((table, row));
    }
    found
}

fn name(column: &Column) -> &str {
    match column {
        Column::Tag(name) | Column::Variable(_, name) => name,
        Column::Account | Column::Note | Column::Unknown => "",
    }
}

/// How many bytes a text takes in JSON at most: a control character takes six.
fn escaped(text: &str) -> usize {
    text.bytes()
        .map(|byte| {
            if byte < 0x20 {
                6
            } else if matches!(byte, b'"' | b'\\') {
                2
            } else {
                1
            }
        })
        .sum()
}

fn tell(size: usize, source: SourceId, span: Range<usize>, report: &mut Report) {
    if size > PARAMETER {
        let message = format!(
            "merged with the defaults this has {size} bytes, and a parameter of Systems Manager holds {PARAMETER}"
        );
        report.push(Diagnostic::error(message).at(source, span, "").help("shorten values, or say less here"));
    } else if size > STANDARD {
        let message = format!(
            "merged with the defaults this has {size} bytes: above {STANDARD} AWS charges for the parameter"
        );
        report.push(Diagnostic::warning(message).at(source, span, ""));
    }
}

impl<'a> Kept<'a> {
    fn lay(&mut self, item: &'a Item) {
        if let Some(note) = &item.note {
            self.note = &note.value;
        }
        self.account_tags.extend(texts(&item.account_tags));
        if let Some(unset) = &item.unset_tags {
            self.unset_tags = unset.value.iter().map(|key| &**key).collect();
        }
        self.preparation.lay(&item.preparation);
        self.purge.lay(&item.purge);
    }

    fn lay_row(&mut self, table: &'a Table, row: &'a Row) {
        for cell in &row.cells {
            let value = &cell.value;
            match table.columns.get(usize::from(cell.column)) {
                Some(Column::Note) => self.note = value,
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

    /// How many bytes it takes, indented by four as the predecessor wrote it.
    fn size(&self) -> usize {
        let mut json = Vec::new();
        let formatter = PrettyFormatter::with_indent(b"    ");
        let mut serializer = serde_json::Serializer::with_formatter(&mut json, formatter);
        // Text always becomes JSON, and memory always takes it.
        if self.serialize(&mut serializer).is_err() {
            return usize::MAX;
        }
        json.len()
    }
}

impl<'a> KeptTask<'a> {
    fn lay(&mut self, task: &'a TaskItem) {
        if let Some(feature) = &task.feature {
            self.feature = if feature.value { "enabled" } else { "disabled" };
        }
        self.variables.extend(texts(&task.variables));
    }
}

fn texts(map: &BTreeMap<Text, Sourced<Text>>) -> impl Iterator<Item = (&str, &str)> {
    map.iter().map(|(key, value)| (&**key, &*value.value))
}
