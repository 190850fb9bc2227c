//! What is too large for the parameters of Systems Manager that keep it on AWS.
//!
//! There is one parameter for each account and each unit, one for the defaults, and one for everything about the
//! system as a whole. They hold 4 KB, or 8 KB in the advanced tier.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use state_machine::AccountId;

use super::Whole;
use crate::diagnostic::{Diagnostic, Report, SourceId};
use crate::settings::csv::{Column, Row, Table};
use crate::settings::kept::{ADVANCED, KeptItem, STANDARD};

/// What the JSON of an item takes beside its texts, at most.
const FRAME: usize = 400;

pub(super) fn check(whole: &Whole<'_>, report: &mut Report) {
    // What is wrong may be large, and shall not be told twice.
    if !report.has_errors() {
        let what = "the sections about the system as a whole have";
        tell(what, whole.general.len(), whole.source, 0..0, report);
    }
    let defaults = KeptItem::of(None, &whole.file.defaults).json().len();
    let span = whole.root.key_span("defaults").unwrap_or(0..0);
    tell("the defaults have", defaults, whole.source, span, report);
    for unit in &whole.file.organizational_units {
        let parent = unit.parent.as_ref().map(|parent| parent.value.as_str());
        let kept = KeptItem::of(Some(unit.identifier.value.to_string()), &unit.item).within(parent);
        tell(ITEM, kept.json().len(), whole.source, unit.identifier.span.clone(), report);
    }
    let accounts: BTreeMap<AccountId, _> =
        whole.file.accounts.iter().map(|account| (account.identifier.value, account)).collect();
    let rows = rows_that_matter(whole, &accounts.keys().copied().collect::<Vec<_>>());
    for account in &whole.file.accounts {
        let id = account.identifier.value;
        let mut kept = KeptItem::of(Some(id.to_string()), &account.item);
        for (table, row) in rows.get(&id).into_iter().flatten() {
            kept.lay(&table.columns, row);
        }
        tell(ITEM, kept.json().len(), whole.source, account.identifier.span.clone(), report);
    }
    for (account, rows) in rows.iter().filter(|(account, _)| !accounts.contains_key(account)) {
        let mut kept = KeptItem::named(account.to_string());
        for (table, row) in rows {
            kept.lay(&table.columns, row);
        }
        if let Some((table, row)) = rows.first() {
            let start = row.offset as usize;
            tell(ITEM, kept.json().len(), table.source, start..start + 12, report);
        }
    }
}

/// The rows of CSV files that may make an item too large. There may be millions of rows, and hardly ever one of
/// those: what a row adds at most is cheaply told.
fn rows_that_matter<'a>(
    whole: &Whole<'a>,
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
        FRAME + widest + cells * several > STANDARD
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

/// What is too large, where it is an item.
const ITEM: &str = "this has";

fn tell(what: &str, size: usize, source: SourceId, span: Range<usize>, report: &mut Report) {
    if size > ADVANCED {
        let message = format!("{what} {size} bytes, and a parameter of Systems Manager holds {ADVANCED}");
        report.push(Diagnostic::error(message).at(source, span, "").help("shorten values, or say less here"));
    } else if size > STANDARD {
        let message = format!("{what} {size} bytes: above {STANDARD} AWS charges for the parameter");
        report.push(Diagnostic::warning(message).at(source, span, ""));
    }
}
