//! The fleet's own journal: maintenance windows, and what concerns no single account.
//!
//! A window is a plan and brakes. The plan is written down first, in pages; then accounts are let in, first
//! a small wave, later as many as may be in flight at once; and when failures leave the usual band, nobody
//! is let in any more. Everything that is needed to go on after a crash stands in the journal.
//!
//! | module | holds |
//! | --- | --- |
//! | [`record`] | the facts that can be recorded |
//! | [`head`] | the journal, folded |
//! | [`opening`] | who asks for a window, and why none is opened |
//! | [`window`] | the window that runs: its plan, its brakes, and what became of accounts |
//! | [`advance`] | what is done next |

mod advance;
mod head;
mod opening;
mod record;
mod window;

pub use advance::Advance;
pub use head::Fleet;
pub use opening::{NotOpened, Occasion};
pub use record::{FleetFact, FleetRecord};
pub use window::{PLAN_PAGE, PastWindow, Settlement, Stage, Stop, Tally, Window, settlement};

#[cfg(test)]
mod tests;
