//! What the columns of a CSV file mean.

use state_machine::{TagKeys, TaskKind, Text};

use super::record::Field;
use crate::diagnostic::{Diagnostic, Report, SourceId};
use crate::settings::section::check_reserved;
use crate::settings::value::tag::TagKey;
use crate::settings::value::variable::VariableName;
use crate::settings::value::{Placed, Problem, Scalar, Value, nearest, shown};

/// More columns than this are no table of accounts.
pub(crate) const MOST_COLUMNS: usize = 1000;

/// What a column means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// The account that a row is about.
    Account,
    /// A remark for people.
    Note,
    /// A tag.
    Tag(Text),
    /// A variable of a build.
    Variable(TaskKind, Text),
    /// Nothing that is known; it was reported.
    Unknown,
}

/// Headings that stand alone, and those that a name follows.
const ALONE: [&str; 2] = ["Account", "Note"];
const NAMED: [&str; 4] = ["Tag", "Preparation", "Prepare", "Purge"];

/// What the columns mean; faults are reported, and each column keeps its place.
pub(crate) fn read(fields: &[Field], source: SourceId, keys: &TagKeys, report: &mut Report) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::with_capacity(fields.len());
    for field in fields {
        let column = match column(&field.text) {
            Ok(column) => column,
            Err(problem) => {
                let fault = problem.at(&field.text, source, &field.span, report);
                report.push(fault);
                Column::Unknown
            }
        };
        if let Column::Tag(key) = &column {
            let key = Placed { value: TagKey::built_in(key), source, span: field.span.clone() };
            check_reserved(&key, keys, report);
        }
        if let Some(first) = columns.iter().position(|other| *other == column && column != Column::Unknown) {
            let fault = Diagnostic::error(format!("the column {} stands here twice", shown(&field.text)))
                .at(source, field.span.clone(), "again")
                .because_of(source, fields[first].span.clone(), "first here");
            report.push(fault);
        }
        columns.push(column);
    }
    columns
}

fn column(heading: &str) -> Result<Column, Problem> {
    match heading {
        "Account" => return Ok(Column::Account),
        "Note" => return Ok(Column::Note),
        "" => return Err(Problem::new("a column has no heading").help("give it one, or remove the column")),
        _ => {}
    }
    let Some((kind, name)) = heading.split_once(':') else { return Err(unknown(heading)) };
    let (kind, name) = (kind.trim_end(), name.trim());
    let name = Scalar { text: name, quoted: true };
    let column = match kind {
        "Tag" => TagKey::parse(name).map(|key| Column::Tag(key.to_text())),
        "Preparation" | "Prepare" => variable(TaskKind::Preparation, name),
        "Purge" => variable(TaskKind::Purge, name),
        _ => return Err(unknown(heading)),
    };
    // The place of a fault in the name is not its place in the heading.
    column.map_err(|problem| Problem { part: None, ..problem })
}

fn variable(kind: TaskKind, name: Scalar<'_>) -> Result<Column, Problem> {
    VariableName::parse(name).map(|name| Column::Variable(kind, name.to_text()))
}

fn unknown(heading: &str) -> Problem {
    let problem = Problem::new(format!("unknown heading {}", shown(heading)));
    let (kind, name) = heading.split_once(':').unwrap_or((heading, ""));
    let name = name.trim();
    if let Some(kind) = nearest(kind.trim(), &NAMED).filter(|_| !name.is_empty()) {
        return problem.help(format!("did you mean `{kind}: {name}`?"));
    }
    if let Some(alone) = nearest(heading.trim(), &ALONE) {
        return problem.help(format!("did you mean `{alone}`?"));
    }
    problem
        .help("known are `Account`, `Note`, `Tag: <key>`, `Preparation: <VARIABLE>` and `Purge: <VARIABLE>`")
}
