//! Everything that was found in some files, in their order.

use serde::Serialize;
use state_machine::Text;

use super::{Diagnostic, Place, Severity, SourceId, Sources};

/// How many findings are printed. Whoever has more repairs these first.
pub const PRINTED: usize = 100;

/// How many findings are kept. A file of a million rows may be wrong in every one of them; it must not
/// take the memory of a million messages to say so.
const KEPT: usize = 10_000;

/// Everything that was found in some files.
#[derive(Clone, Debug, Default)]
pub struct Report {
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
}

impl Report {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file that was read; labels refer to it.
    pub fn add_source(&mut self, name: impl Into<Text>, text: impl Into<Text>) -> SourceId {
        self.sources.add(name, text)
    }

    /// Adds a file that could not be read, so that labels can name it.
    pub fn add_unreadable(&mut self, name: impl Into<Text>) -> SourceId {
        self.sources.add_unreadable(name)
    }

    /// Adds a finding. After 10,000 of them only the count goes on.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        match diagnostic.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        if self.diagnostics.len() < KEPT {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Adds a fault that is costly to put into words: that is done only as long as findings are kept.
    pub fn push_error_with(&mut self, diagnostic: impl FnOnce() -> Diagnostic) {
        if self.diagnostics.len() < KEPT {
            self.push(diagnostic());
        } else {
            self.errors += 1;
        }
    }

    /// Puts the findings into the order of the files, and drops those that say the same of the same place:
    /// a value that stands in the file once and is used twice (a YAML alias) is wrong once.
    pub fn sort(&mut self) {
        let place = |finding: &Diagnostic| finding.main_label().map(|label| (label.source, label.span.start));
        self.diagnostics.sort_by_key(place);
        let mut kept: Vec<Diagnostic> = Vec::with_capacity(self.diagnostics.len());
        for finding in std::mem::take(&mut self.diagnostics) {
            let same_place = kept.iter().rev().take_while(|other| place(other) == place(&finding));
            if same_place.into_iter().any(|other| *other == finding) {
                match finding.severity {
                    Severity::Error => self.errors -= 1,
                    Severity::Warning => self.warnings -= 1,
                }
            } else {
                kept.push(finding);
            }
        }
        self.diagnostics = kept;
    }

    /// The files.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The findings, at most 10,000.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// How many faults there are.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// How many doubts there are.
    pub fn warnings(&self) -> usize {
        self.warnings
    }

    /// Whether the files cannot be used.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.errors + self.warnings == 0
    }

    /// How many there are, in words: `2 errors, 1 warning`.
    pub fn summary(&self) -> String {
        let counted = |number: usize, word: &str| match number {
            0 => None,
            1 => Some(format!("1 {word}")),
            _ => Some(format!("{number} {word}s")),
        };
        let parts: Vec<_> =
            counted(self.errors, "error").into_iter().chain(counted(self.warnings, "warning")).collect();
        if parts.is_empty() { "no errors, no warnings".to_owned() } else { parts.join(", ") }
    }

    /// For people: file, line and column, the line itself with a caret, what was probably meant.
    pub fn render(&self, color: bool) -> String {
        super::render::report(self, color)
    }

    /// For programs.
    pub fn view(&self) -> ReportView {
        ReportView {
            errors: self.errors,
            warnings: self.warnings,
            diagnostics: self.diagnostics.iter().map(|finding| self.view_of(finding)).collect(),
        }
    }

    fn view_of(&self, finding: &Diagnostic) -> View {
        let main = finding.main_label();
        let place = main.and_then(|label| self.sources.place(label.source, label.span.start));
        let related = finding.labels.iter().filter(|label| Some(*label) != main).filter_map(|label| {
            let place = self.sources.place(label.source, label.span.start)?;
            Some(RelatedView { place, text: label.text.clone() })
        });
        View {
            severity: finding.severity,
            message: finding.message.clone(),
            file: main.map(|label| Text::clone(self.sources.name(label.source))),
            line: place.as_ref().map(|place| place.line),
            column: place.as_ref().map(|place| place.column),
            label: main.map(|label| label.text.clone()).filter(|text| !text.is_empty()),
            related: related.collect(),
            help: finding.help.clone(),
        }
    }
}

/// A report as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportView {
    /// How many faults there are.
    pub errors: usize,
    /// How many doubts there are.
    pub warnings: usize,
    /// The findings, at most 10,000.
    pub diagnostics: Vec<View>,
}

/// A finding as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct View {
    /// Whether the file can be used all the same.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// The file, as the user named it.
    pub file: Option<Text>,
    /// The line; the first one is 1. Nothing when the file could not be read.
    pub line: Option<u32>,
    /// The character in the line; the first one is 1.
    pub column: Option<u32>,
    /// What is to be seen there.
    pub label: Option<String>,
    /// Other places that explain it.
    pub related: Vec<RelatedView>,
    /// What was probably meant, or what to do.
    pub help: Vec<String>,
}

/// A place that explains a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RelatedView {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// What is to be seen there.
    pub text: String,
}
