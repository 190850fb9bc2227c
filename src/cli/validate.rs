//! `spa validate`: everything that is wrong with the settings, at once.

use std::path::PathBuf;

use chrono::Utc;
use clap::Args;
use state_machine::Timestamp;

use crate::diagnostic::ReportView;
use crate::settings;

use super::{Context, Exit, Failure, Format, Table, buildspec};

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
    let mut loaded = settings::load_at(path, Timestamp::from(Utc::now()));
    let screen = context.screen();
    if let Some(settings) = &loaded.settings {
        let provided = buildspec::provided(Some(settings));
        for buildspec in settings.worker().buildspecs() {
            let name = buildspec.path().display().to_string();
            if let Err(because) = buildspec::look(&name, &buildspec.text, &provided, &mut loaded.report) {
                screen.warn(&format!("{name}: nobody has looked at the shell in it: {because}"));
            }
        }
        loaded.report.sort();
    }
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
        Some(_) if loaded.report.has_errors() => Exit::Settings,
        Some(_) => Exit::Success,
        None if loaded.missing => Exit::NotFound,
        None => Exit::Settings,
    })
}

/// One finding a row, for spreadsheets.
pub(super) fn rows(report: &ReportView) -> Table {
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
