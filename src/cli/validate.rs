//! `spa validate`: everything that is wrong with the settings, at once.

use std::path::PathBuf;

use chrono::Utc;
use clap::Args;
use state_machine::Timestamp;

use crate::diagnostic::ReportView;
use crate::settings;

use super::{Context, Exit, Failure, Format, Table};

/// What is to be checked.
#[derive(Debug, Args)]
pub struct Options {
    /// The settings file; by default the one that --settings names.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Checks a settings file and the files that it names.
///
/// # Errors
/// When standard output cannot be written. Faults of the settings are data here.
pub fn run(options: &Options, context: &Context) -> Result<Exit, Failure> {
    let path = options.file.as_deref().unwrap_or(context.settings_path());
    let loaded = settings::load_at(path, Timestamp::from(Utc::now()));
    let screen = context.screen();
    match screen.format() {
        Format::Json | Format::Csv => {
            let view = loaded.report.view();
            screen.rows(&rows(&view), &view)?;
        }
        Format::Table => {
            let report = loaded.report.render(screen.colors_data());
            let report = if report.is_empty() { format!("{}: fine", path.display()) } else { report };
            screen.text(report.trim_end())?;
        }
    }
    Ok(match loaded.settings {
        Some(_) => Exit::Success,
        None if loaded.missing => Exit::NotFound,
        None => Exit::Settings,
    })
}

/// One finding a row, for spreadsheets.
fn rows(report: &ReportView) -> Table {
    let mut table = Table::new(["severity", "file", "line", "column", "message", "label", "help"]);
    for finding in &report.diagnostics {
        let number = |number: Option<u32>| number.map_or_else(String::new, |number| number.to_string());
        table.row([
            finding.severity.to_string().into(),
            finding.file.as_deref().unwrap_or_default().into(),
            number(finding.line).into(),
            number(finding.column).into(),
            finding.message.clone().into(),
            finding.label.clone().unwrap_or_default().into(),
            finding.help.join("; ").into(),
        ]);
    }
    table
}
