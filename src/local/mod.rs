//! One machine: an organization that lives without AWS.
//!
//! | module | does |
//! | --- | --- |
//! | [`world`] | puts journal, local cloud and settings together |
//! | [`found`] | makes an organization, from settings or from an export of a real one |
//! | [`engine`] | does what comes next: events, ends of builds, wake-ups, schedules |
//! | [`station`] | an organization in a store, over restarts and among processes |
//! | [`lock`] | sees to it that one process lets it live |
//! | [`mischief`] | plays people who interfere |
//!
//! `spa simulate` lets the engine run in virtual time, `spa up` in real or accelerated time.

pub mod engine;
pub mod found;
pub mod lock;
pub mod mischief;
pub mod station;
pub mod world;

pub use engine::{Done, Engine, EngineError, Item, run_or_die};
pub use lock::{Lock, LockError};
pub use station::{Founding, Station};
pub use world::{JournalWatcher, LocalWorld};
