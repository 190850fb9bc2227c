//! Records of the fleet's journal.

use std::collections::BTreeMap;

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
}
