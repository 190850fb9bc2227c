//! Lines into cells that know where they stand.

use std::ops::Range;

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

/// The records of a CSV text, one after the other. Blank lines are none.
pub(crate) struct Records<'a> {
    text: &'a str,
    /// Where the next cell starts.
    at: usize,
    reader: Reader,
    buffer: Vec<u8>,
}

/// One cell of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// What it says, without quotes and without blanks around it.
    pub(crate) text: String,
    /// Where it stands, quotes included, blanks around it not.
    pub(crate) span: Range<usize>,
    /// Whether a quote is opened in it and never closed: then it swallows the rest of the file.
    pub(crate) unclosed: bool,
}

/// What stands between the cells of a text: commas, or the semicolons that Excel writes in half of the world.
/// The heading tells: no heading that is known holds either of them.
pub(crate) fn separator(text: &str) -> u8 {
    let heading = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut quoted = false;
    let (mut commas, mut semicolons) = (0_usize, 0_usize);
    for byte in heading.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => commas += 1,
            b';' if !quoted => semicolons += 1,
            _ => {}
        }
    }
    if semicolons > commas { b';' } else { b',' }
}

impl<'a> Records<'a> {
    pub(crate) fn new(text: &'a str, separator: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(separator).build();
        Self { text, at: 0, reader, buffer: vec![0; 256] }
    }

    /// The next record, its cells put into `fields`: at most `most` of them. Gives the number of cells that
    /// it has, and nothing at the end of the text.
    pub(crate) fn next_into(&mut self, fields: &mut Vec<Field>, most: usize) -> Option<usize> {
        fields.clear();
        let mut count = 0;
        loop {
            let (field, end) = self.field(count == 0)?;
            count += 1;
            if fields.len() < most {
                fields.push(field);
            }
            if end {
                return Some(count);
            }
        }
    }

    /// The next cell, and whether it is the last one of its record.
    fn field(&mut self, first: bool) -> Option<(Field, bool)> {
        let start = self.at;
        let mut written = 0;
        loop {
            let input = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let (result, taken, put) = self.reader.read_field(input, &mut self.buffer[written..]);
            self.at += taken;
            written += put;
            match result {
                ReadFieldResult::OutputFull => self.buffer.resize(self.buffer.len() * 2, 0),
                // The text ends without a line break: the reader is told so by an empty input.
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::End => return None,
                ReadFieldResult::Field { record_end } => {
                    return Some((self.place(start..self.at, written, first), record_end));
                }
            }
        }
    }

    fn place(&self, taken: Range<usize>, written: usize, first: bool) -> Field {
        let content = String::from_utf8_lossy(&self.buffer[..written]);
        let taken_text = self.text.get(taken.clone()).unwrap_or_default();
        // What was taken for the first cell may start with line breaks; what was taken for any cell ends with
        // a separator or a line break.
        let blank = |c: char| if first { c.is_whitespace() } else { matches!(c, ' ' | '\t') };
        let raw = taken_text.trim_start_matches(blank);
        let start = taken.start + taken_text.len() - raw.len();
        let raw = if content.is_empty() || raw.starts_with('"') {
            raw.trim_end_matches(['\r', '\n', ',', ';']).trim_end()
        } else {
            &raw[..content.trim().len().min(raw.len())]
        };
        let unclosed = raw.starts_with('"') && raw.bytes().filter(|byte| *byte == b'"').count() % 2 == 1;
        Field { text: content.trim().to_owned(), span: start..start + raw.len(), unclosed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<Vec<(String, String)>> {
        let mut records = Records::new(text, separator(text));
        let mut fields = Vec::new();
        let mut all = Vec::new();
        while records.next_into(&mut fields, 100).is_some() {
            all.push(fields.iter().map(|f| (f.text.clone(), text[f.span.clone()].to_owned())).collect());
        }
        all
    }

    #[test]
    fn cells_know_where_they_stand() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let text = "A, B ,C\r\n\r\n1,\"x, \"\"y\"\"\" , é \n\n2,,\"\"";
        assert_eq!(
            cells(text),
            vec![
                vec![pair("A", "A"), pair("B", "B"), pair("C", "C")],
                vec![pair("1", "1"), pair("x, \"y\"", "\"x, \"\"y\"\"\""), pair("é", "é")],
                vec![pair("2", "2"), pair("", ""), pair("", "\"\"")],
            ]
        );
        assert_eq!(cells("A;B\n1;2,5\n")[1], [pair("1", "1"), pair("2,5", "2,5")]);
        assert_eq!(cells("\n\n").len(), 0);
    }

    #[test]
    fn an_empty_cell_stands_on_its_own_line() {
        let text = "A,B\r\n1,\r\n,2\r\n";
        let mut records = Records::new(text, b',');
        let mut fields = Vec::new();
        let mut starts = Vec::new();
        while records.next_into(&mut fields, 9).is_some() {
            starts.extend(fields.iter().map(|field| field.span.start));
        }
        assert_eq!(starts, [0, 2, 5, 7, 9, 10]);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_noticed() {
        let text = "A,B\n1,\"x\n2,y\n";
        let mut records = Records::new(text, b',');
        let mut fields = Vec::new();
        records.next_into(&mut fields, 9);
        assert_eq!(records.next_into(&mut fields, 9), Some(2));
        assert!(fields[1].unclosed);
    }
}
