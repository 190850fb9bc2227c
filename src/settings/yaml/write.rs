//! From the tree back to YAML, to show what to write instead.

use super::{Kind, Node, Pair};

/// More lines than this do not fit into a message.
const MOST_LINES: usize = 60;

/// Appends the pairs, one a line, at this indentation. Each line starts with a line break.
pub(crate) fn write(pairs: &[Pair], indent: usize, text: &mut String) {
    for pair in pairs {
        if text.lines().count() >= MOST_LINES {
            text.push_str("\n…");
            return;
        }
        line(indent, &scalar(&pair.key.text, pair.key.quoted), ":", text);
        value(&pair.value, indent + 2, text);
    }
}

fn value(node: &Node, indent: usize, text: &mut String) {
    match &node.kind {
        Kind::Scalar { text: written, quoted } => {
            text.push(' ');
            text.push_str(&scalar(written, *quoted));
        }
        Kind::Mapping(pairs) if pairs.is_empty() => text.push_str(" {}"),
        Kind::Mapping(pairs) => write(pairs, indent, text),
        Kind::Sequence(items) if items.is_empty() => text.push_str(" []"),
        Kind::Sequence(items) => {
            for item in items {
                line(indent, "-", "", text);
                value(item, indent + 2, text);
            }
        }
    }
}

fn line(indent: usize, start: &str, end: &str, text: &mut String) {
    text.push('\n');
    text.extend(std::iter::repeat_n(' ', indent));
    text.push_str(start);
    text.push_str(end);
}

/// Plain where it was plain, so that a number stays a number; else quoted as JSON, which YAML contains.
fn scalar(text: &str, quoted: bool) -> String {
    let simple = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '@');
    let needs_quotes = quoted
        && (super::Plain::of(text) != super::Plain::Text
            || !text.starts_with(simple)
            || !text.chars().all(|c| simple(c) || matches!(c, '-' | ' ' | '+' | '='))
            || text.ends_with(' '));
    if needs_quotes { serde_json::Value::from(text).to_string() } else { text.to_owned() }
}
