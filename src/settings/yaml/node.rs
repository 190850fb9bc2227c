//! The tree.

use std::ops::Range;
use std::rc::Rc;

use state_machine::Text;

use super::Plain;

/// A value, and the bytes of the file in which it stands.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) kind: Kind,
}

/// What a value is. Values are shared where the file shares them (`*alias`), never copied.
#[derive(Debug)]
pub(crate) enum Kind {
    /// The text as written, without quotes and escapes. Unquoted text may mean a number, see [`Plain`].
    Scalar { text: Text, quoted: bool },
    /// A list.
    Sequence(Vec<Rc<Node>>),
    /// A map; no key stands in it twice.
    Mapping(Vec<Pair>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) key: Key,
    pub(crate) value: Rc<Node>,
}

/// A key, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) text: Text,
    pub(crate) quoted: bool,
    pub(crate) span: Range<usize>,
}

impl Node {
    /// Whether nothing was written: `key:`, `key: ~` or `key: null`. It says the same as leaving out the key.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, quoted: false } if Plain::of(text) == Plain::Null)
    }

    /// Where a key of this map stands.
    pub(crate) fn key_span(&self, key: &str) -> Option<Range<usize>> {
        let Kind::Mapping(pairs) = &self.kind else { return None };
        pairs.iter().find(|pair| &*pair.key.text == key).map(|pair| pair.key.span.clone())
    }

    /// What stands here, for "found …".
    pub(crate) fn describe(&self) -> String {
        match &self.kind {
            Kind::Sequence(_) => "a list".to_owned(),
            Kind::Mapping(_) => "a map of keys and values".to_owned(),
            Kind::Scalar { text, quoted } => describe(text, *quoted),
        }
    }
}

/// What a scalar is, for "found …".
pub(crate) fn describe(text: &str, quoted: bool) -> String {
    let what = match if quoted { Plain::Text } else { Plain::of(text) } {
        Plain::Null => return "nothing".to_owned(),
        Plain::Boolean => "boolean",
        Plain::Number => "number",
        Plain::Text => "text",
    };
    format!("the {what} {}", crate::settings::value::shown(text))
}
