//! One machine: an organization that lives without AWS.
//!
//! | module | does |
//! | --- | --- |
//! | [`world`] | puts journal, local cloud and settings together |
//! | [`found`] | makes an organization, from settings or from an export of a real one |
//! | [`engine`] | does what comes next: events, ends of builds, wake-ups, schedules |
//! | [`mischief`] | plays people who interfere |
//!
//! `spa simulate` lets the engine run in virtual time, `spa up` in real or accelerated time.

pub mod engine;
pub mod found;
pub mod mischief;
pub mod world;

pub use engine::{Done, Engine, EngineError, Item};
pub use world::{JournalWatcher, LocalWorld};
