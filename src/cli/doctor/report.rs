//! What people, programs and spreadsheets read of a checkup.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::checkup::{Check, Checkup, Outcome};
use crate::cli::{Context, Exit, Failure, Format, Table};

/// One check, for programs.
#[derive(Debug, Serialize)]
struct Row<'a> {
    check: &'a str,
    outcome: Outcome,
    evidence: &'a str,
    remedy: Option<&'a str>,
}

/// Prints it. The exit status says whether anything is bad, or could not be looked at.
///
/// # Errors
/// When standard output cannot be written.
pub fn print(checkup: &Checkup, context: &Context) -> Result<Exit, Failure> {
    let checks = checkup.checks();
    match context.screen().format() {
        Format::Table => context.screen().text(&text(checks))?,
        Format::Json | Format::Csv => {
            let mut table = Table::new(["check", "outcome", "evidence", "remedy"]);
            let rows: Vec<Row<'_>> = checks.iter().map(row).collect();
            for row in &rows {
                let cells = [row.check, row.outcome.word(), row.evidence, row.remedy.unwrap_or_default()];
                table.row(cells.map(Into::into));
            }
            context.screen().rows(&table, &rows)?;
        }
    }
    let count = |outcome: Outcome| checks.iter().filter(|check| check.finding.outcome() == outcome).count();
    let counted = [Outcome::Good, Outcome::Warning, Outcome::Bad, Outcome::NotLookedAt]
        .map(|outcome| (count(outcome), outcome.word()));
    let told: Vec<String> = counted
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    context.screen().note(&format!("{} checks: {}", checks.len(), told.join(", ")));
    let found = count(Outcome::Bad) + count(Outcome::NotLookedAt) > 0;
    Ok(if found { Exit::Found } else { Exit::Success })
}

fn row(check: &Check) -> Row<'_> {
    let finding = &check.finding;
    Row {
        check: check.name,
        outcome: finding.outcome(),
        evidence: finding.evidence(),
        remedy: finding.remedy(),
    }
}

/// A line for each check, and one below it that says what to do. The mark repeats the word, and so does the colour.
fn text(checks: &[Check]) -> String {
    let widest = checks.iter().map(|check| check.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for Check { name, finding } in checks {
        let (mark, color) = match finding.outcome() {
            Outcome::Good => ('✓', AnsiColor::Green.on_default()),
            Outcome::Warning => ('!', AnsiColor::Yellow.on_default()),
            Outcome::Bad => ('✗', AnsiColor::Red.on_default()),
            Outcome::NotLookedAt => ('-', Style::new().dimmed()),
        };
        let (word, evidence) = (finding.outcome().word(), plain(finding.evidence()));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{color}{mark} {word:<13}{color:#}  {name:<widest$}  {evidence}");
        if let Some(remedy) = finding.remedy() {
            let _ = writeln!(text, "{:19}help: {}", "", plain(remedy));
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// What others have written may hold whatever a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
