//! Where the bytes of a command stand in the file.

use std::ops::Range;

use super::script::Command;

/// Where the lines of a command start: in the command, and in the file.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    whole: Range<usize>,
    starts: Vec<(usize, usize)>,
}

impl<'a> Lines<'a> {
    /// Looks for the lines of a command in the file, one below the other, as `|` and one line of text have them. YAML
    /// can write text in ways that look different; then a place is that of the whole command.
    pub fn of(command: &'a Command, file: &str) -> Self {
        let mut starts = Vec::new();
        let (mut from, mut at) = (command.span.start, 0);
        for line in command.text.split('\n') {
            let content = line.trim_end_matches('\r');
            if !content.trim().is_empty() {
                let Some(found) = file.get(from..).and_then(|rest| rest.find(content)) else {
                    starts.clear();
                    break;
                };
                starts.push((at, from + found));
                from += found + content.len();
            }
            at += line.len() + 1;
        }
        Self { text: &command.text, whole: command.span.clone(), starts }
    }

    /// The place of some bytes of the command; of those on the first line, where they are several.
    pub fn place(&self, span: Range<usize>) -> Range<usize> {
        let line = self.starts.partition_point(|(at, _)| *at <= span.start);
        let Some((at, start)) = line.checked_sub(1).and_then(|line| self.starts.get(line)) else {
            return self.whole.start..self.whole.start;
        };
        let line_end = self
            .text
            .get(span.start..)
            .and_then(|rest| rest.find('\n'))
            .map_or(self.text.len(), |end| span.start + end);
        let end = span.end.clamp(span.start, line_end.max(span.start));
        start + (span.start - at)..start + (end - at)
    }

    /// The place of a line of the command, counted from zero.
    pub fn line(&self, number: usize) -> Range<usize> {
        let start: usize = self.text.split('\n').take(number).map(|line| line.len() + 1).sum();
        let line = self.text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        let blanks = line.len() - line.trim_start().len();
        self.place(start + blanks..start + line.trim_end().len())
    }
}
