//! Who asks for a window, and why none is opened.
//!
//! EventBridge delivers a firing of the schedule at least once, and late when it must try again: for up to a
//! day. A second delivery may come when the window that the first one opened has closed already, and would
//! purge everybody once more. So a firing is known by its time, whatever event brings it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Text, Timestamp, TriggerId, WindowId};

use super::Fleet;

/// What a window is opened for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Occasion {
    /// The maintenance schedule fired.
    Schedule {
        /// When it fired, as the event says: the same in every delivery of the event.
        fired: Timestamp,
    },
    /// An operator asked for one.
    Command {
        /// Why.
        reason: Text,
    },
}

/// Why no window was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotOpened {
    /// One is open already.
    Open {
        /// Which one.
        window: WindowId,
    },
    /// The same firing, or the same command, came before.
    Repeated,
    /// The schedule fired before the last window was opened, or before a firing that was answered: the event
    /// was long on its way.
    Late {
        /// When the schedule fired.
        fired: Timestamp,
    },
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { window } => write!(f, "the window of {window} is open already"),
            Self::Repeated => f.write_str("the same request came before"),
            Self::Late { fired } => {
                write!(f, "the schedule fired at {fired}, before the last window was opened")
            }
        }
    }
}

impl Fleet {
    /// Why no window may be opened on this occasion; `None`: one may. `trigger` names the event or the
    /// command that asks.
    pub fn not_opened(&self, occasion: &Occasion, trigger: Option<TriggerId>) -> Option<NotOpened> {
        if trigger.is_some_and(|trigger| self.was_asked_by(trigger)) {
            return Some(NotOpened::Repeated);
        }
        match occasion {
            Occasion::Schedule { fired } if self.has_answered(*fired) => return Some(NotOpened::Repeated),
            Occasion::Schedule { fired } if self.answers_from().is_some_and(|from| *fired < from) => {
                return Some(NotOpened::Late { fired: *fired });
            }
            Occasion::Schedule { .. } | Occasion::Command { .. } => {}
        }
        self.window().map(|window| NotOpened::Open { window: window.id })
    }
}
