//! The beginning of an input, short enough to be kept beside the reason for which it was refused.

use std::fmt;

use state_machine::Text;

/// At most 300 characters of an input that was refused, printable on one line.
///
/// The rest of the input is not kept: it may be large, and may hold what belongs to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt(Text);

impl Excerpt {
    /// How many characters an excerpt may have.
    pub const LIMIT: usize = 300;

    /// The beginning of `input`. Bytes that are no UTF-8 become `�`, control characters become blanks.
    pub fn of(input: &[u8]) -> Self {
        // A character has at most four bytes, so one more character than the limit is surely in here.
        let head = &input[..input.len().min((Self::LIMIT + 1) * 4)];
        Self(shortened(&String::from_utf8_lossy(head), Self::LIMIT).into())
    }

    /// The excerpt as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// At most `limit` characters of `text`, the last one an ellipsis where something was cut off, without
/// control characters: what outsiders wrote must neither flood a log nor steer a terminal.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    let printable = |character: char| if character.is_control() { ' ' } else { character };
    match text.char_indices().nth(limit) {
        None => text.chars().map(printable).collect(),
        Some(_) => text.chars().take(limit - 1).map(printable).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_ends_between_characters() {
        assert_eq!(Excerpt::of(b"short").as_str(), "short");
        for filling in ["a", "é", "€", "😀"] {
            for length in [299, 300, 301, 5000] {
                let excerpt = Excerpt::of(filling.repeat(length).as_bytes());
                assert_eq!(excerpt.as_str().chars().count(), length.min(300), "{filling} {length}");
                assert_eq!(excerpt.as_str().ends_with('…'), length > 300, "{filling} {length}");
            }
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_blanked() {
        assert_eq!(Excerpt::of(b"a\x1b[2Jb\0c\nd").as_str(), "a [2Jb c d");
        assert_eq!(Excerpt::of(b"\xff\xfe").as_str(), "��");
    }
}
