//! What the rows of a CSV file say.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use state_machine::{AccountId, TagKeys, Text};

use super::heading::{self, Column, MOST_COLUMNS};
use super::record::{Field, Records, separator};
use crate::diagnostic::{Diagnostic, Place, Report, SourceId};
use crate::settings::section::check_variable;
use crate::settings::value::tag::TagValue;
use crate::settings::value::variable::VariableValue;
use crate::settings::value::{Placed, Problem, Scalar, Value};

/// More rows than this are not read.
pub(crate) const MOST_ROWS: usize = 1_000_000;

/// What a CSV file says. Rows hold no more than they must: there may be many.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) source: SourceId,
    /// Where the headings stand.
    pub(crate) heading: Range<usize>,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
}

/// What a row says about its account.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) account: AccountId,
    /// Where the account stands.
    pub(crate) offset: u32,
    pub(crate) line: u32,
    pub(crate) character: u32,
    /// The cells that say something, the account left out.
    pub(crate) cells: Box<[Cell]>,
}

/// A cell that says something.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) column: u16,
    pub(crate) line: u32,
    pub(crate) character: u32,
    pub(crate) value: Text,
}

/// Reads the rows of a CSV file, at most `most` of them. A row with a fault gives nothing at all.
pub(crate) fn read(source: SourceId, text: &str, keys: &TagKeys, most: usize, report: &mut Report) -> Table {
    let mut table = Table { source, heading: 0..0, columns: Vec::new(), rows: Vec::new() };
    let mut records = Records::new(text, separator(text));
    let mut fields = Vec::new();
    let Some(columns) = records.next_into(&mut fields, MOST_COLUMNS) else {
        let fault = Diagnostic::error("the file is empty").at(source, 0..0, "");
        report.push(fault.help("the first line holds the headings; one of them is `Account`"));
        return table;
    };
    table.heading = span_of(&fields);
    let heading = table.heading.clone();
    if columns > MOST_COLUMNS {
        let message = format!("there are more than {MOST_COLUMNS} columns");
        report.push(Diagnostic::error(message).at(source, heading, ""));
        return table;
    }
    table.columns = heading::read(&fields, source, keys, report);
    if !table.columns.contains(&Column::Account) {
        let fault = Diagnostic::error("no column tells the account");
        report.push(fault.at(source, heading, "expected `Account` among these"));
        return table;
    }
    let mut reader =
        Reader { source, columns: &table.columns, seen: HashMap::new(), texts: HashSet::new(), report };
    let mut rows = 0;
    while let Some(count) = records.next_into(&mut fields, columns) {
        rows += 1;
        if rows > most {
            let fault = Diagnostic::error(format!("there are more than {most} rows"));
            reader.report.push(fault.at(source, span_of(&fields), "too many with this one"));
            break;
        }
        table.rows.extend(reader.row(&fields, count));
    }
    table
}

fn span_of(fields: &[Field]) -> Range<usize> {
    match (fields.first(), fields.last()) {
        (Some(first), Some(last)) => first.span.start..last.span.end,
        _ => 0..0,
    }
}

struct Reader<'a> {
    source: SourceId,
    columns: &'a [Column],
    /// Where each account stands.
    seen: HashMap<AccountId, Range<usize>>,
    /// Values that stand in many rows are kept once.
    texts: HashSet<Text>,
    report: &'a mut Report,
}

impl Reader<'_> {
    fn row(&mut self, fields: &[Field], count: usize) -> Option<Row> {
        // Spreadsheets leave lines of separators behind.
        if fields.iter().all(|field| field.text.is_empty()) && count <= self.columns.len() {
            return None;
        }
        if let Some(field) = fields.iter().find(|field| field.unclosed) {
            let start = field.span.start;
            let fault = Diagnostic::error("a quote is opened and never closed");
            self.report.push(fault.at(self.source, start..start + 1, "here"));
            return None;
        }
        if count != self.columns.len() {
            let cells = |number| if number == 1 { "1 cell".to_owned() } else { format!("{number} cells") };
            let message =
                format!("this row has {}, and the heading has {}", cells(count), self.columns.len());
            let fault = Diagnostic::error(message).at(self.source, span_of(fields), "");
            self.report.push(fault.help("a cell with a separator in it is written in quotes"));
            return None;
        }
        let faults = self.report.errors();
        let mut account = None;
        let mut cells = Vec::with_capacity(fields.len());
        for (index, (column, field)) in self.columns.iter().zip(fields).enumerate() {
            match column {
                Column::Account => account = self.account(field),
                _ if field.text.is_empty() => {}
                Column::Unknown => {}
                Column::Note | Column::Tag(_) | Column::Variable(..) => {
                    cells.extend(self.cell(index, column, field));
                }
            }
        }
        let account = account?;
        if let Some(first) = self.seen.get(&account.value) {
            let fault = account
                .fault(format!("the account {} stands here twice", account.value), "again")
                .because_of(self.source, first.clone(), "first here");
            self.report.push(fault);
            return None;
        }
        self.seen.insert(account.value, account.span.clone());
        let place = self.place(account.span.start);
        let row = Row {
            account: account.value,
            offset: u32::try_from(account.span.start).ok()?,
            line: place.line,
            character: place.column,
            cells: cells.into(),
        };
        (self.report.errors() == faults).then_some(row)
    }

    fn account(&mut self, field: &Field) -> Option<Placed<AccountId>> {
        let problem = match AccountId::parse(Scalar { text: &field.text, quoted: true }) {
            Ok(value) => return Some(Placed { value, source: self.source, span: field.span.clone() }),
            Err(_) if field.text.is_empty() => Problem::new("this row names no account"),
            Err(problem) if field.text.contains("E+") => {
                problem.help("a spreadsheet has shortened the number: format the column as text")
            }
            Err(problem)
                if field.text.len() == 11 && field.text.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                problem.help(format!("if a spreadsheet dropped the zero in front, write 0{}", field.text))
            }
            Err(problem) => problem,
        };
        let fault = problem.at(&field.text, self.source, &field.span, self.report);
        self.report.push(fault);
        None
    }

    fn cell(&mut self, index: usize, column: &Column, field: &Field) -> Option<Cell> {
        let scalar = Scalar { text: &field.text, quoted: true };
        let checked = match column {
            Column::Tag(_) => TagValue::parse(scalar).map(|_| ()),
            Column::Variable(..) => VariableValue::parse(scalar).map(|_| ()),
            Column::Account | Column::Note | Column::Unknown => Ok(()),
        };
        if let Err(problem) = checked {
            let fault = problem.at(&field.text, self.source, &field.span, self.report);
            self.report.push(fault);
            return None;
        }
        if let Column::Variable(_, name) = column {
            let placed = Placed { value: (), source: self.source, span: field.span.clone() };
            check_variable(name, &field.text, &placed, self.report);
        }
        let place = self.place(field.span.start);
        let value = self.shared(&field.text);
        Some(Cell { column: u16::try_from(index).ok()?, line: place.line, character: place.column, value })
    }

    fn shared(&mut self, text: &str) -> Text {
        if let Some(text) = self.texts.get(text) {
            return Text::clone(text);
        }
        let text = Text::from(text);
        self.texts.insert(Text::clone(&text));
        text
    }

    fn place(&self, offset: usize) -> Place {
        let place = self.report.sources().place(self.source, offset);
        place.unwrap_or_else(|| Place { file: Text::from(""), line: 0, column: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_with_a_fault_gives_nothing() {
        let text = "Account,Tag: a,Tag: b\n111122223333,x,y#\n222233334444,x\n333344445555,x,y\n";
        let mut report = Report::new();
        let source = report.add_source("a.csv", text);
        let keys = TagKeys { state: "state".into(), holder: "holder".into() };
        let table = read(source, text, &keys, 9, &mut report);
        assert_eq!(report.errors(), 2);
        let accounts: Vec<_> = table.rows.iter().map(|row| row.account.to_string()).collect();
        assert_eq!(accounts, ["333344445555"]);
    }

    #[test]
    fn rows_beyond_the_limit_are_not_read() {
        let text = "Account\n111122223333\n222233334444\n333344445555\n444455556666\n";
        let read_most = |most| {
            let mut report = Report::new();
            let source = report.add_source("a.csv", text);
            let keys = TagKeys { state: "state".into(), holder: "holder".into() };
            let table = read(source, text, &keys, most, &mut report);
            (table.rows.len(), report.diagnostics().first().map(|finding| finding.message.clone()))
        };
        assert_eq!(read_most(4), (4, None));
        assert_eq!(read_most(3), (3, Some("there are more than 3 rows".to_owned())));
    }
}
