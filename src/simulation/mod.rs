//! An organization lives through weeks in seconds: virtual time, drawn faults, and a referee.
//!
//! | module | does |
//! | --- | --- |
//! | [`run`] | lets time pass, from one thing that happens to the next |
//! | [`many`] | does that for many seeds |
//! | [`referee`] | watches the ten rules from outside |
//! | [`statistics`] | takes figures from the records |
//! | [`report`] | what people read in the end |
//! | [`mod@shrink`] | looks for a shorter way to a rule that was broken |
//!
//! Nothing here reads a clock or draws a number that does not come from the seed: the same scenario gives
//! the same report, to the byte.

pub mod many;
pub mod referee;
pub mod report;
pub mod run;
pub mod shrink;
pub mod statistics;

pub use many::{BrokenSeed, Many, simulate_many};
pub use referee::{Breach, Rule};
pub use report::Report;
pub use run::{Progress, Scenario, Simulated, SimulationError, simulate};
pub use shrink::{Shrunk, shrink};
