//! `spa buildspec check`: what is wrong with a buildspec, or doubtful, before anybody runs it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::cloud::order;
use crate::diagnostic::{Diagnostic, Report, ReportView};
use crate::settings::{self, Looked, Settings};

use super::super::validate::rows;
use super::super::{Context, Exit, Failure, Format};

/// What is to be looked at.
#[derive(Debug, Args)]
pub struct Options {
    /// The buildspecs.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// A variable that builds find in their environment, beside those of CodeBuild, of spa and of the settings.
    #[arg(long = "variable", value_name = "NAME")]
    variables: Vec<String>,
}

/// What was found, for programs.
#[derive(Debug, Serialize)]
struct Answer {
    #[serde(flatten)]
    report: ReportView,
    /// Files in which nobody looked at the shell.
    shell_not_looked_at: Vec<NotLooked>,
}

#[derive(Debug, Serialize)]
struct NotLooked {
    file: String,
    because: String,
}

/// Looks at buildspecs.
///
/// # Errors
/// When standard output cannot be written. Files that cannot be read are findings.
pub fn run(options: &Options, context: &Context) -> Result<Exit, Failure> {
    let settings = settings::load(context.settings_path()).settings;
    let mut provided = provided(settings.as_ref());
    provided.extend(options.variables.iter().cloned());
    let mut report = Report::new();
    let mut not_looked = Vec::new();
    let mut unreadable = None;
    for path in &options.files {
        let file = path.display().to_string();
        match settings::read_buildspec(path) {
            Ok(text) => {
                let looked = look(&file, &text, &provided, &mut report);
                not_looked.extend(looked.err().map(|because| NotLooked { file, because }));
            }
            Err(error) => {
                let source = report.add_unreadable(file);
                report.push(Diagnostic::error(error.to_string()).at(source, 0..0, ""));
                let missing = matches!(error, settings::Unreadable::Missing);
                unreadable.get_or_insert(if missing { Exit::NotFound } else { Exit::Input });
            }
        }
    }
    report.sort();
    let screen = context.screen();
    for not in &not_looked {
        screen.warn(&format!("{}: nobody has looked at the shell in it: {}", not.file, not.because));
    }
    let found = !report.is_empty();
    match screen.format() {
        Format::Json | Format::Csv => {
            let answer = Answer { report: report.view(), shell_not_looked_at: not_looked };
            screen.rows(&rows(&answer.report), &answer)?;
        }
        Format::Table if found => screen.text(report.render(screen.colors_data()).trim_end())?,
        Format::Table => {
            let names: Vec<String> =
                options.files.iter().map(|path| format!("{}: fine", path.display())).collect();
            screen.text(&names.join("\n"))?;
        }
    }
    Ok(unreadable.unwrap_or(if found { Exit::Found } else { Exit::Success }))
}

/// Looks at one buildspec.
///
/// # Errors
/// Why nobody looked at the shell in it; the rest was looked at.
pub fn look(name: &str, text: &str, provided: &BTreeSet<String>, report: &mut Report) -> Result<(), String> {
    let source = report.add_source(name, text);
    match settings::check_buildspec(source, text, provided, report) {
        Looked::AtAll => Ok(()),
        Looked::NotAtShell(because) => Err(because),
    }
}

/// The variables that builds find in their environment, by what spa and the settings say.
pub fn provided(settings: Option<&Settings>) -> BTreeSet<String> {
    let said = settings.into_iter().flat_map(Settings::variable_names).map(|name| &**name);
    order::NAMES.iter().copied().chain(said).map(str::to_owned).collect()
}
