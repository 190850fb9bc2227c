//! The one loop that AWS and the local machine run: decide, append, carry out, wake again.
//!
//! | module | does |
//! | --- | --- |
//! | [`handle`] | one trigger of one account, from load to the next wake-up |
//! | [`pay`] | carries out what is owed |
//! | [`announce`] | what announcements look like on the bus |
//! | [`reconcile`] | compares the organization with the journal, and wakes what is due |
//! | [`window`] | opens maintenance windows, and looks after them |
//!
//! What a process is killed in the middle of is found by the next wake-up: an obligation stands in the
//! journal before it is carried out, with a claim that runs out.

mod announce;
mod handle;
mod pay;
mod reconcile;
mod window;

pub use announce::Announcer;
pub use handle::{Handled, Outcome};
pub use reconcile::{Comparison, Woken, compare, wake_due};
pub use window::{Plan, Planned, advance_window, open_window, plan_window};

use state_machine::{AccountId, Timestamp};

use crate::cloud::{Baseline, Builds, Bus, Clock, Organization, Parameters, WakeUps};
use crate::journal::{AppendError, Journal, JournalError};

/// Everything that the lifecycle touches. One type a world.
pub trait World: Send + Sync {
    /// Where facts are kept.
    type Journal: Journal;
    /// The accounts.
    type Organization: Organization;
    /// Builds in the accounts.
    type Builds: Builds;
    /// Where announcements go.
    type Bus: Bus;
    /// What the settings say.
    type Parameters: Parameters;
    /// What must stand in an account.
    type Baseline: Baseline;
    /// Calls that come back later.
    type WakeUps: WakeUps;
    /// The time.
    type Clock: Clock;

    /// Where facts are kept.
    fn journal(&self) -> &Self::Journal;
    /// The accounts.
    fn organization(&self) -> &Self::Organization;
    /// Builds in the accounts.
    fn builds(&self) -> &Self::Builds;
    /// Where announcements go.
    fn bus(&self) -> &Self::Bus;
    /// What the settings say.
    fn parameters(&self) -> &Self::Parameters;
    /// What must stand in an account.
    fn baseline(&self) -> &Self::Baseline;
    /// Calls that come back later.
    fn wake_ups(&self) -> &Self::WakeUps;
    /// The time.
    fn clock(&self) -> &Self::Clock;
    /// How our own events are labelled.
    fn announcer(&self) -> &Announcer;
}

/// The lifecycle, over a world.
#[derive(Clone, Copy, Debug)]
pub struct Lifecycle<'w, W> {
    world: &'w W,
    until: Option<Timestamp>,
}

impl<'w, W: World> Lifecycle<'w, W> {
    /// The lifecycle over this world.
    pub const fn new(world: &'w W) -> Self {
        Self { world, until: None }
    }

    /// The same, for a process that may be ended soon after this instant: who goes through many accounts begins
    /// none after it. What is left over stays due, and the next run finds it.
    pub const fn until(self, instant: Timestamp) -> Self {
        Self { until: Some(instant), ..self }
    }

    /// Whether another account may be begun.
    pub fn may_begin(&self) -> bool {
        self.until.is_none_or(|until| self.world.clock().now() < until)
    }

    /// The world.
    pub const fn world(&self) -> &'w W {
        self.world
    }
}

/// Why a trigger could not be handled. Whoever delivered it delivers it again.
#[derive(Debug, thiserror::Error)]
pub enum LifecycleError {
    /// The journal could not be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Others changed the account again and again.
    #[error("account {account} was changed by others {times} times in a row")]
    Contended {
        /// Which account.
        account: AccountId,
        /// How often.
        times: u32,
    },
    /// The fleet's journal was changed by others again and again.
    #[error("the fleet's journal was changed by others {times} times in a row")]
    FleetContended {
        /// How often.
        times: u32,
    },
    /// The organization could not be listed.
    #[error("the organization could not be listed: {0}")]
    Unlisted(state_machine::Unreadable),
    /// The settings could not be read.
    #[error("the settings could not be read: {0}")]
    NoSettings(state_machine::Unreadable),
    /// An account was decided on again and again without coming to an end. This is a fault of the program.
    #[error("account {account} did not come to an end after {steps} steps")]
    Endless {
        /// Which account.
        account: AccountId,
        /// How many steps.
        steps: u32,
    },
}

/// Splits a lost race from a failure.
fn lost_race(appended: Result<(), AppendError>) -> Result<bool, JournalError> {
    match appended {
        Ok(()) => Ok(false),
        Err(AppendError::Conflict { .. }) => Ok(true),
        Err(AppendError::Failed(error)) => Err(error),
    }
}
