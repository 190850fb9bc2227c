//! From a file to settings, or to everything that is wrong with it.

use std::path::Path;

use state_machine::Timestamp;

use super::Settings;
use super::csv::{self, Table};
use super::file::File;
use super::files::{ALL_CSV_LIMIT, CSV_LIMIT, Files, Unreadable, read_settings};
use super::kept;
use super::whole::Whole;
use super::yaml;
use crate::diagnostic::{Diagnostic, Report, SourceId};

/// What came of loading.
#[derive(Debug)]
pub struct Loaded {
    /// The settings; nothing when there was any error.
    pub settings: Option<Settings>,
    /// What was found.
    pub report: Report,
    /// Whether there is no such file. One that may not be looked at is not missing.
    pub missing: bool,
}

/// Loads a settings file, with the CSV files, buildspecs and documents that it names. What comes of it depends on
/// these files alone.
pub fn load(path: &Path) -> Loaded {
    load_from(path, None)
}

/// Loads a settings file as [`load`] does, and looks at the clock as well: warns of what has ended, such as a
/// hold or the last year of a schedule.
pub fn load_at(path: &Path, now: Timestamp) -> Loaded {
    load_from(path, Some(now))
}

fn load_from(path: &Path, now: Option<Timestamp>) -> Loaded {
    let mut report = Report::new();
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    match read_settings(path, &mut report) {
        Ok((source, text)) => {
            finish(assemble(source, &text, &Files::Folder(folder), now, &mut report), report)
        }
        Err(unreadable) => {
            Loaded { missing: matches!(unreadable, Unreadable::Missing), ..finish(None, report) }
        }
    }
}

/// Loads settings from memory; the files that they name are looked for from `folder`.
pub fn load_text(name: &str, text: &str, folder: &Path) -> Loaded {
    let mut report = Report::new();
    let source = report.add_source(name, text);
    let settings = assemble(source, text, &Files::Folder(folder.to_owned()), None, &mut report);
    finish(settings, report)
}

pub(super) fn finish(settings: Option<Settings>, mut report: Report) -> Loaded {
    report.sort();
    Loaded { settings: settings.filter(|_| !report.has_errors()), report, missing: false }
}

pub(super) fn assemble(
    source: SourceId,
    text: &str,
    files: &Files,
    now: Option<Timestamp>,
    report: &mut Report,
) -> Option<Settings> {
    let faults = report.errors();
    let Some(root) = yaml::parse(source, text, report).filter(|root| !root.is_null()) else {
        if report.errors() == faults {
            let fault = Diagnostic::error("the file is empty").at(source, 0..0, "");
            report.push(fault.help("the smallest settings have the sections `automation` and `worker`"));
        }
        return None;
    };
    let file = File::read(source, &root, files, report);
    let tables = tables(&file, files, report);
    let general = kept::general(&root);
    Whole { file: &file, tables: &tables, source, root: &root, general: &general, now }.check(report);
    Settings::build(file, tables, general.into(), report)
}

/// What the CSV files say, in their order.
fn tables(file: &File, files: &Files, report: &mut Report) -> Vec<Table> {
    // All of them are kept in memory, so together they have a limit as well. Above it, none is read.
    let mut size = 0;
    for named in &file.csv_files {
        size += files.size_beside(named);
        if size > ALL_CSV_LIMIT {
            let message = format!("with this one, the CSV files have more than {} MiB", ALL_CSV_LIMIT >> 20);
            report.push(named.fault(message, "none of them was read"));
            return Vec::new();
        }
    }
    let read = |named| {
        let found = files.beside(named, CSV_LIMIT, report)?;
        let table = report.add_source(found.path.display().to_string(), found.text.as_str());
        Some(csv::read(table, &found.text, &file.keys, csv::MOST_ROWS, report))
    };
    file.csv_files.iter().filter_map(read).collect()
}
