//! A piece of the text that remembers where it was cut out, so that every refusal can point at its cause.

use std::ops::Range;

use super::ScheduleError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part<'text> {
    start: usize,
    pub(super) text: &'text str,
}

impl<'text> Part<'text> {
    pub(super) const fn whole(text: &'text str) -> Self {
        Self { start: 0, text }
    }

    pub(super) fn span(self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// Both parts and all that lies between them, when they come in this order.
    pub(super) fn span_to(self, last: Self) -> Range<usize> {
        self.start..last.span().end
    }

    pub(super) fn refuse(self, message: impl Into<String>) -> ScheduleError {
        ScheduleError::new(self.span(), message)
    }

    /// What stands before and after the first `separator`.
    pub(super) fn split_once(self, separator: char) -> Option<(Self, Self)> {
        let (before, after) = self.text.split_once(separator)?;
        let after_start = self.start + before.len() + separator.len_utf8();
        Some((Self { text: before, ..self }, Self { start: after_start, text: after }))
    }

    /// The pieces between separators; there is always at least one, and any may be empty.
    pub(super) fn split(self, separator: char) -> impl Iterator<Item = Self> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let current = rest?;
            let (item, after) =
                current.split_once(separator).map_or((current, None), |(item, after)| (item, Some(after)));
            rest = after;
            Some(item)
        })
    }

    /// The pieces between runs of spaces and tabs; none is empty.
    pub(super) fn words(self) -> impl Iterator<Item = Self> {
        self.split(' ').flat_map(|piece| piece.split('\t')).filter(|word| !word.text.is_empty())
    }

    /// The part without the letter at its end, which may be written small.
    pub(super) fn strip_last_letter(self, letter: char) -> Option<Self> {
        let text = self.text.strip_suffix([letter.to_ascii_uppercase(), letter.to_ascii_lowercase()])?;
        Some(Self { text, ..self })
    }

    /// The white space that the part begins with, else the one that it ends with.
    pub(super) fn outer_space(self) -> Option<Self> {
        let trimmed = self.text.trim_start();
        let leading = self.text.len() - trimmed.len();
        let kept = trimmed.trim_end().len();
        if leading > 0 {
            Some(Self { text: self.text.get(..leading)?, ..self })
        } else if kept < trimmed.len() {
            Some(Self { start: self.start + kept, text: self.text.get(kept..)? })
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_knows_its_place() {
        let text = "a,é,,b  c\td";
        for part in Part::whole(text).split(',').chain(Part::whole(text).words()) {
            assert_eq!(&text[part.span()], part.text);
        }
        let pieces = |parts: Vec<Part<'static>>| parts.iter().map(|part| part.text).collect::<Vec<_>>();
        assert_eq!(pieces(Part::whole(text).split(',').collect()), ["a", "é", "", "b  c\td"]);
        assert_eq!(pieces(Part::whole(text).words().collect()), ["a,é,,b", "c", "d"]);
    }

    #[test]
    fn outer_space_is_found_on_either_side() {
        let cases =
            [("  a b", Some(0..2)), ("a b \t", Some(3..5)), ("a b", None), ("", None), (" ", Some(0..1))];
        for (text, expected) in cases {
            assert_eq!(Part::whole(text).outer_space().map(Part::span), expected, "{text:?}");
        }
    }
}
