//! Why a text is no schedule, said so that its writer can put it right.

use std::ops::Range;

/// A text that EventBridge would not take as a schedule.
///
/// As text it is the message alone; who shows it decides how to point at the span and where to put the hint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScheduleError {
    /// The wrong part, in bytes of the text. Always inside the text and on character boundaries; empty at a
    /// place where something is missing.
    pub span: Range<usize>,
    /// What is wrong with it, without an ending full stop.
    pub message: String,
    /// What was probably meant, where that can be said. Every schedule it quotes is a valid one.
    pub hint: Option<String>,
}

impl ScheduleError {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a hint unless a closer look has already left one.
    pub(super) fn or_hint(self, hint: impl FnOnce() -> Option<String>) -> Self {
        Self { hint: self.hint.or_else(hint), ..self }
    }
}
