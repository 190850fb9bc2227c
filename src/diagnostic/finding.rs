//! One thing that is wrong, or doubtful, with the places it is about.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use super::SourceId;

/// Whether the file can be used all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, and somebody should look.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One fault or doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the file can be used all the same.
    pub severity: Severity,
    /// What is wrong, understandable without the rest.
    pub message: String,
    /// Where. The first primary one gives the place of the whole.
    pub labels: Vec<Label>,
    /// What was probably meant, or what to do.
    pub help: Vec<String>,
}

/// A place that a diagnostic points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The file.
    pub source: SourceId,
    /// The bytes. They mean nothing in a file that could not be read.
    pub span: Range<usize>,
    /// What is to be seen there; may be empty.
    pub text: String,
    /// Whether the fault is here, and not merely something that explains it.
    pub primary: bool,
}

impl Diagnostic {
    /// A fault.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// A doubt.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self { severity, message: message.into(), labels: Vec::new(), help: Vec::new() }
    }

    /// Says where it is.
    pub fn at(self, source: SourceId, span: Range<usize>, text: impl Into<String>) -> Self {
        self.label(source, span, text, true)
    }

    /// Points to something that explains it.
    pub fn because_of(self, source: SourceId, span: Range<usize>, text: impl Into<String>) -> Self {
        self.label(source, span, text, false)
    }

    fn label(mut self, source: SourceId, span: Range<usize>, text: impl Into<String>, primary: bool) -> Self {
        self.labels.push(Label { source, span, text: text.into(), primary });
        self
    }

    /// Says what was probably meant, or what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// The label that gives the place of the whole.
    pub(super) fn main_label(&self) -> Option<&Label> {
        self.labels.iter().find(|label| label.primary).or(self.labels.first())
    }
}
