//! Files as the user named them, and places in them.

use std::fmt;
use std::ops::Range;

use serde::Serialize;
use state_machine::Text;

/// A file among the [`Sources`] that handed it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

/// The files that diagnostics speak of.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

#[derive(Clone, Debug)]
struct Source {
    /// As the user gave it: what is printed must be what can be opened.
    name: Text,
    /// Nothing, when the file could not be read.
    text: Option<Text>,
    /// Where each line starts, in bytes. Found once, so that a place costs a binary search.
    lines: Vec<u32>,
    /// How many characters stand before each [`STRIDE`]th byte: a file may be one line of megabytes.
    characters: Vec<u32>,
}

/// The distance in bytes between two counts of characters.
const STRIDE: usize = 1024;

/// A place that a person can go to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// The file.
    pub file: Text,
    /// The line; the first one is 1.
    pub line: u32,
    /// The character in the line; the first one is 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Sources {
    /// Adds a file that was read.
    pub fn add(&mut self, name: impl Into<Text>, text: impl Into<Text>) -> SourceId {
        let text = text.into();
        let after_break = text.bytes().zip(1..).filter(|(byte, _)| *byte == b'\n').map(|(_, next)| next);
        let lines = std::iter::once(0).chain(after_break).collect();
        let mut characters = vec![0];
        for bytes in text.as_bytes().chunks(STRIDE) {
            let before = characters.last().copied().unwrap_or(0);
            characters.push(before + count_characters(bytes));
        }
        self.push(Source { name: name.into(), text: Some(text), lines, characters })
    }

    /// Adds a file that could not be read: it has a name, and no places in it.
    pub fn add_unreadable(&mut self, name: impl Into<Text>) -> SourceId {
        self.push(Source { name: name.into(), text: None, lines: Vec::new(), characters: Vec::new() })
    }

    fn push(&mut self, source: Source) -> SourceId {
        let id = SourceId(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        self.0.push(source);
        id
    }

    /// The name of a file.
    pub fn name(&self, source: SourceId) -> &Text {
        static NONE: std::sync::LazyLock<Text> = std::sync::LazyLock::new(|| Text::from(""));
        self.get(source).map_or(&NONE, |source| &source.name)
    }

    /// What stands in a file; nothing when it could not be read.
    pub fn text(&self, source: SourceId) -> Option<&Text> {
        self.get(source)?.text.as_ref()
    }

    /// What stands at these bytes of a file.
    pub fn slice(&self, source: SourceId, span: Range<usize>) -> Option<&str> {
        self.text(source)?.get(span)
    }

    /// The line and the column of a byte; nothing when the file could not be read.
    pub fn place(&self, source: SourceId, offset: usize) -> Option<Place> {
        let file = self.get(source)?;
        let line = self.line_of(source, offset);
        let start = *file.lines.get(line)? as usize;
        let column = file.characters_between(start, offset)?;
        Some(Place { file: Text::clone(&file.name), line: one_based(line), column: column + 1 })
    }

    /// The number of the line, from zero, in which a byte stands.
    pub(super) fn line_of(&self, source: SourceId, offset: usize) -> usize {
        let lines = self.get(source).map_or(&[][..], |source| &source.lines);
        lines.partition_point(|&start| start as usize <= offset).saturating_sub(1)
    }

    /// Where a line, counted from zero, starts and ends; the line break is left out.
    pub(super) fn line_span(&self, source: SourceId, line: usize) -> Range<usize> {
        let Some(Source { text: Some(text), lines, .. }) = self.get(source) else { return 0..0 };
        let end = text.len();
        let start = lines.get(line).map_or(end, |&start| start as usize);
        let next = lines.get(line + 1).map_or(end, |&start| start as usize);
        let content = text.get(start..next).unwrap_or_default().trim_end_matches(['\n', '\r']);
        start..start + content.len()
    }

    fn get(&self, source: SourceId) -> Option<&Source> {
        self.0.get(source.0 as usize)
    }
}

impl Source {
    /// How many characters start between two bytes.
    fn characters_between(&self, start: usize, end: usize) -> Option<u32> {
        let bytes = self.text.as_ref()?.as_bytes();
        let end = end.min(bytes.len());
        // Most lines are short. A table of a million rows asks for millions of places.
        if end.saturating_sub(start) < STRIDE {
            return Some(count_characters(bytes.get(start..end)?));
        }
        Some(self.characters_before(end)?.saturating_sub(self.characters_before(start)?))
    }

    /// How many characters start before a byte.
    fn characters_before(&self, offset: usize) -> Option<u32> {
        let bytes = self.text.as_ref()?.as_bytes();
        let offset = offset.min(bytes.len());
        let stride = offset / STRIDE;
        let counted = self.characters.get(stride).copied().unwrap_or(0);
        Some(counted + count_characters(bytes.get(stride * STRIDE..offset)?))
    }
}

/// How many characters of a UTF-8 text start in these bytes: all bytes but the continuations.
fn count_characters(bytes: &[u8]) -> u32 {
    let starts = bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count();
    u32::try_from(starts).unwrap_or(u32::MAX)
}

fn one_based(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let mut sources = Sources::default();
        let text = "a: é\r\nb: x\n";
        let id = sources.add("s.yaml", text);
        for (offset, line, column) in
            [(0, 1, 1), (3, 1, 4), (5, 1, 5), (7, 2, 1), (10, 2, 4), (12, 3, 1), (99, 3, 1)]
        {
            let place = sources.place(id, offset).unwrap();
            assert_eq!((place.line, place.column), (line, column), "{offset}");
        }
        assert_eq!(sources.line_span(id, 0), 0..5);
        assert_eq!(sources.line_span(id, 2), 12..12);
        assert_eq!(sources.place(id, 7).unwrap().to_string(), "s.yaml:2:1");
    }

    #[test]
    fn columns_are_right_far_into_a_line() {
        let text = format!("first\n{}", "aé".repeat(5000));
        let mut sources = Sources::default();
        let id = sources.add("s.yaml", text.as_str());
        for (offset, _) in text.char_indices().skip(6).step_by(97) {
            let counted = text[6..offset].chars().count() + 1;
            assert_eq!(sources.place(id, offset).unwrap().column as usize, counted);
        }
        assert_eq!(sources.place(id, text.len()).unwrap().column, 10_001);
    }

    #[test]
    fn a_file_that_could_not_be_read_has_no_places() {
        let mut sources = Sources::default();
        let id = sources.add_unreadable("gone.yaml");
        assert_eq!(&**sources.name(id), "gone.yaml");
        assert_eq!(sources.place(id, 0), None);
    }
}
