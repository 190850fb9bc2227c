//! Records of the fleet's journal.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AccountId, Brakes, Cause, Text, Timestamp, Version, WindowId};

use super::{NotOpened, Settlement, Stop};

/// One immutable fact of the fleet's journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetRecord {
    /// Its place in the journal; the first is 1.
    pub version: Version,
    /// When it was decided.
    pub at: Timestamp,
    /// What led to it.
    pub cause: Cause,
    /// The fact.
    pub fact: FleetFact,
}

/// What can be true of the fleet from now on. The journal's format: only added to, at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FleetFact {
    /// A window was opened.
    WindowOpened {
        /// Its name.
        window: WindowId,
        /// Its brakes.
        brakes: Brakes,
        /// How many accounts the plan holds.
        planned: u32,
        /// How many accounts were left out of it, by reason.
        left_out: BTreeMap<Text, u32>,
    },
    /// A page of its plan, in the order in which accounts have their turn.
    WindowPlanned {
        /// The accounts.
        accounts: Vec<AccountId>,
    },
    /// Accounts had their turn, or came back.
    WindowAdvanced {
        /// Accounts that are let in.
        admitted: Vec<AccountId>,
        /// Accounts that are back.
        settled: Vec<(AccountId, Settlement)>,
    },
    /// The first wave is back without unusual failures.
    FirstWaveBack,
    /// Nobody is let in any more.
    WindowStopped {
        /// Why.
        because: Stop,
    },
    /// That was announced.
    WindowStopAnnounced,
    /// The window closed.
    WindowClosed,
    /// A window was asked for while one was open.
    WindowNotOpened,
    /// An event was refused.
    EventRefused {
        /// A short word for the reason.
        code: Text,
        /// The reason, for people.
        message: Text,
        /// The beginning of the event.
        excerpt: Text,
    },
    /// The schedule fired, and this is its answer: what follows is a window, or none because one is open.
    ScheduleFired {
        /// When it fired, as the event says.
        fired: Timestamp,
    },
    /// A window was asked for by a request that came before, or that came too late: none is opened.
    RequestIgnored {
        /// Why.
        because: NotOpened,
    },
    /// An operator asked for a window, and this is the answer: what follows is a window, or none because one
    /// is open.
    WindowCommanded {
        /// Why.
        reason: Text,
    },
}

impl FleetFact {
    /// A stable word for the kind of fact: the tag of its shape in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::WindowOpened { .. } => "window_opened",
            Self::WindowPlanned { .. } => "window_planned",
            Self::WindowAdvanced { .. } => "window_advanced",
            Self::FirstWaveBack => "first_wave_back",
            Self::WindowStopped { .. } => "window_stopped",
            Self::WindowStopAnnounced => "window_stop_announced",
            Self::WindowClosed => "window_closed",
            Self::WindowNotOpened => "window_not_opened",
            Self::EventRefused { .. } => "event_refused",
            Self::ScheduleFired { .. } => "schedule_fired",
            Self::RequestIgnored { .. } => "request_ignored",
            Self::WindowCommanded { .. } => "window_commanded",
        }
    }
}

impl fmt::Display for FleetFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WindowOpened { window, planned, left_out, .. } => {
                let others: u32 = left_out.values().sum();
                write!(f, "the window of {window} was opened: {planned} accounts, {others} left out")
            }
            Self::WindowPlanned { accounts } => write!(f, "a page of the plan: {} accounts", accounts.len()),
            Self::WindowAdvanced { admitted, settled } => {
                write!(f, "{} accounts let in, {} settled", admitted.len(), settled.len())
            }
            Self::FirstWaveBack => f.write_str("the first wave is back"),
            Self::WindowStopped { because: Stop::Failures { failed, of } } => {
                write!(f, "nobody is let in any more: {failed} of {of} accounts met a failed build")
            }
            Self::WindowStopped { because: Stop::TimeIsUp } => {
                f.write_str("nobody is let in any more: the time is up")
            }
            Self::WindowStopAnnounced => f.write_str("the stop was announced"),
            Self::WindowClosed => f.write_str("the window closed"),
            Self::WindowNotOpened => f.write_str("no window was opened: one is open"),
            Self::EventRefused { code, message, .. } => write!(f, "an event was refused ({code}): {message}"),
            Self::ScheduleFired { fired } => write!(f, "the schedule fired at {fired}"),
            Self::RequestIgnored { because } => write!(f, "no window was opened: {because}"),
            Self::WindowCommanded { reason } => write!(f, "an operator asked for a window: {reason}"),
        }
    }
}
