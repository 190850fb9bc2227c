//! What a rule is, and how it says no.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::diagnostic::{Diagnostic, Report, SourceId};
use crate::settings::yaml::{Plain, describe};

/// A type that can be written in one place of the settings.
pub(crate) trait Value: Sized {
    /// What stands in such a place, for "expected …".
    const EXPECTED: &'static str;

    /// The same rule for editors. A schema may allow more than the rule, never less.
    fn schema() -> Schema;

    /// The value, or what is wrong with it.
    fn parse(scalar: Scalar<'_>) -> Result<Self, Problem>;
}

/// What was written: in YAML, or in a cell of a CSV file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scalar<'a> {
    /// The text, without quotes and escapes.
    pub(crate) text: &'a str,
    /// Whether it can only be text: it stood in quotes, or in a cell.
    pub(crate) quoted: bool,
}

/// Why a value is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// What is wrong, understandable without the rest.
    pub(crate) message: String,
    /// The bytes of the text that are wrong, when it is not all of it.
    pub(crate) part: Option<Range<usize>>,
    /// What was probably meant.
    pub(crate) help: Vec<String>,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), part: None, help: Vec::new() }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    pub(crate) fn part(mut self, part: Range<usize>) -> Self {
        self.part = Some(part);
        self
    }

    /// Something of another type stands here.
    pub(crate) fn unexpected(expected: &str, scalar: Scalar<'_>) -> Self {
        Self::new(format!("expected {expected}, found {}", describe(scalar.text, scalar.quoted)))
    }

    /// The diagnostic for text that stands at `span`. A part of it is pointed to when the text stands in
    /// the file as it is; an escape in it would shift everything behind it.
    pub(crate) fn at(self, text: &str, source: SourceId, span: &Range<usize>, report: &Report) -> Diagnostic {
        let written = report.sources().slice(source, span.clone()).unwrap_or_default();
        let shift = match written.find(text) {
            Some(shift) if written.len() <= text.len() + 2 => Some(span.start + shift),
            _ => None,
        };
        let place = match (self.part, shift) {
            (Some(part), Some(shift)) => shift + part.start..shift + part.end,
            _ => span.clone(),
        };
        let diagnostic = Diagnostic::error(self.message).at(source, place, "");
        self.help.into_iter().fold(diagnostic, Diagnostic::help)
    }
}

impl<'a> Scalar<'a> {
    /// What an unquoted text is taken for.
    pub(crate) fn plain(self) -> Plain {
        if self.quoted { Plain::Text } else { Plain::of(self.text) }
    }

    /// The text, unless YAML takes it for a number or a boolean: whoever reads the file next, or with
    /// another loader, would see something else than was written.
    pub(crate) fn as_text(self, expected: &str) -> Result<&'a str, Problem> {
        match self.plain() {
            Plain::Text => Ok(self.text),
            Plain::Null => Err(Problem::unexpected(expected, self)),
            Plain::Number | Plain::Boolean => {
                Err(Problem::unexpected(expected, self).help(format!("write \"{}\"", self.text)))
            }
        }
    }
}

/// A value, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) source: SourceId,
    pub(crate) span: Range<usize>,
}

impl<T> Placed<T> {
    /// A fault at this place.
    pub(crate) fn fault(&self, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic::error(message).at(self.source, self.span.clone(), label)
    }

    /// Another value that stands at the same place.
    pub(crate) fn at<U>(&self, value: U) -> Placed<U> {
        Placed { value, source: self.source, span: self.span.clone() }
    }

    /// A doubt at this place.
    pub(crate) fn doubt(&self, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(message).at(self.source, self.span.clone(), label)
    }
}

/// The schema of a value is that of its rule; the place is not written by anybody.
impl<T: Value> JsonSchema for Placed<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::EXPECTED.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        T::schema()
    }
}

/// The schema of a map whose keys are up to the user.
pub(crate) struct Map<K, V>(PhantomData<(K, V)>);

impl<K: Value, V: Value> JsonSchema for Map<K, V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{} to {}", K::EXPECTED, V::EXPECTED).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "propertyNames": K::schema(), "additionalProperties": V::schema() })
    }
}

/// Text from a file, marked off from the sentence around it, and cut where it is long.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let mut characters = text.chars();
    let start: String =
        characters.by_ref().take(MOST).map(|c| if c.is_control() { '␣' } else { c }).collect();
    let more = if characters.next().is_some() { "…" } else { "" };
    format!("`{start}{more}`")
}
