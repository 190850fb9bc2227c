//! From a file to settings, or to everything that is wrong with it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use state_machine::tags::TAGS_PER_ACCOUNT;
use state_machine::{AccountId, Standing, Text};

use super::Settings;
use super::csv::{self, Column, Row, Table};
use super::file::File;
use super::files::{CSV_LIMIT, Files, read_settings};
use super::section::Guard;
use super::value::Placed;
use super::yaml::{self, Node};
use crate::diagnostic::{Diagnostic, Report, SourceId};

/// What came of loading.
#[derive(Debug)]
pub struct Loaded {
    /// The settings; nothing when there was any error.
    pub settings: Option<Settings>,
    /// What was found.
    pub report: Report,
}

/// Loads a settings file, with the CSV files, buildspecs and documents that it names.
pub fn load(path: &Path) -> Loaded {
    let mut report = Report::new();
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let settings = read_settings(path, &mut report)
        .and_then(|(source, text)| assemble(source, &text, folder, &mut report));
    finish(settings, report)
}

/// Loads settings from memory; the files that they name are looked for from `folder`.
pub fn load_text(name: &str, text: &str, folder: &Path) -> Loaded {
    let mut report = Report::new();
    let source = report.add_source(name, text);
    let settings = assemble(source, text, folder.to_owned(), &mut report);
    finish(settings, report)
}

fn finish(settings: Option<Settings>, mut report: Report) -> Loaded {
    report.sort();
    Loaded { settings: settings.filter(|_| !report.has_errors()), report }
}

fn assemble(source: SourceId, text: &str, folder: PathBuf, report: &mut Report) -> Option<Settings> {
    let faults = report.errors();
    let Some(root) = yaml::parse(source, text, report).filter(|root| !root.is_null()) else {
        if report.errors() == faults {
            let fault = Diagnostic::error("the file is empty").at(source, 0..0, "");
            report.push(fault.help("the smallest settings have the sections `automation` and `worker`"));
        }
        return None;
    };
    let files = Files { folder };
    let file = File::read(source, &root, &files, report);
    let tables: Vec<Table> = file
        .csv_files
        .iter()
        .filter_map(|named| {
            let found = files.beside(named, CSV_LIMIT, report)?;
            let table = report.add_source(found.path.display().to_string(), found.text.as_str());
            Some(csv::read(table, &found.text, &file.keys, csv::MOST_ROWS, report))
        })
        .collect();
    warn_without_window(&file, source, &root, report);
    warn_of_protected(&file, &tables, report);
    check_tag_limit(&file, &tables, source, &root, report);
    Settings::build(file, tables, report)
}

/// Without a schedule the system runs, and never maintains anything: too quiet to leave unsaid.
fn warn_without_window(file: &File, source: SourceId, root: &Node, report: &mut Report) {
    if file.automation.as_ref().is_some_and(|automation| automation.maintenance_window_expression.is_none()) {
        let place = root.key_span("automation").unwrap_or(0..0);
        let doubt = Diagnostic::warning("no maintenance window will ever open")
            .at(source, place, "maintenance_window_expression is missing here")
            .help("write, for example: maintenance_window_expression: \"cron(0 18 ? * SAT *)\"");
        report.push(doubt);
    }
}

/// An account that is listed and protected is not a fault: the protection counts. People should know.
fn warn_of_protected(file: &File, tables: &[Table], report: &mut Report) {
    // With several reasons to protect an account, the first one is told.
    let guards: HashMap<AccountId, &Guard> =
        file.protected_accounts.iter().rev().map(|guard| (guard.account.value, guard)).collect();
    let items = file.accounts.iter().map(|item| item.identifier.clone());
    let rows = tables.iter().flat_map(|table| {
        let place = |row: &Row| row.offset as usize..row.offset as usize + 12;
        table.rows.iter().map(move |row| Placed {
            value: row.account,
            source: table.source,
            span: place(row),
        })
    });
    let mut told = HashSet::new();
    for account in items.chain(rows) {
        if let Some(guard) = guards.get(&account.value).filter(|_| told.insert(account.value)) {
            let standing = Standing::Protected(guard.protection);
            let doubt = account
                .doubt(
                    format!("the account {} is never touched", account.value),
                    "what is said here has no effect",
                )
                .because_of(guard.account.source, guard.account.span.clone(), standing.to_string());
            report.push(doubt);
        }
    }
}

/// AWS keeps 50 tags an account, and two of them are the state and the holder. Counted is what stands in one
/// item together with the defaults; which units hold one another is known to AWS alone.
fn check_tag_limit(file: &File, tables: &[Table], source: SourceId, root: &Node, report: &mut Report) {
    const MOST: usize = TAGS_PER_ACCOUNT - 2;
    let defaults = &file.defaults.account_tags;
    let with_defaults = |own: &mut dyn Iterator<Item = &Text>| {
        defaults.len() + own.filter(|key| !defaults.contains_key(*key)).count()
    };
    let message = |count: usize| {
        format!(
            "{count} tags and those of state and holder are more than the {TAGS_PER_ACCOUNT} that AWS keeps"
        )
    };
    if defaults.len() > MOST {
        let place = root.key_span("defaults").unwrap_or(0..0);
        report.push(Diagnostic::error(message(defaults.len())).at(source, place, "too many tags in here"));
        return;
    }
    let units = file.organizational_units.iter().map(|unit| (&unit.identifier.span, &unit.item));
    let accounts = file.accounts.iter().map(|account| (&account.identifier.span, &account.item));
    for (span, item) in units.chain(accounts) {
        let count = with_defaults(&mut item.account_tags.keys());
        if count > MOST {
            report.push(Diagnostic::error(message(count)).at(source, span.clone(), "with the defaults"));
        }
    }
    for table in tables {
        let mut keys = table.columns.iter().filter_map(|column| match column {
            Column::Tag(key) => Some(key),
            _ => None,
        });
        let count = with_defaults(&mut keys);
        if count > MOST {
            let fault = Diagnostic::error(message(count));
            report.push(fault.at(table.source, table.heading.clone(), "with the defaults"));
        }
    }
}
