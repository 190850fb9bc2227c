//! The sections of a settings file: what each may hold, what it means, and what counts when it is left out.
//!
//! - [`reader`]: reads one section, and reports every key that nobody asked for
//! - one file a section: the type that the rest of the program sees. Its documentation is also what editors
//!   show, through the JSON Schema that is derived from it.

mod automation;
mod deployment;
mod features;
mod item;
mod lifecycle;
mod limits;
mod maintenance;
mod metering;
mod reader;
mod reporting;
mod worker;

pub use automation::Automation;
pub use deployment::Deployment;
pub use features::{Document, Features};
pub use lifecycle::Lifecycle;
pub use limits::{Limits, Rate};
pub use maintenance::Maintenance;
pub use metering::Metering;
pub use reporting::Reporting;
pub use worker::Worker;

pub(crate) use automation::Guard;
pub(crate) use item::{
    AccountItem, Attempts, Deadline, Item, Level, TaskItem, UnitItem, check_reserved, check_variable,
};
pub(crate) use lifecycle::pauses_of_seconds;
pub(crate) use reader::Section;
#[cfg(test)]
pub(crate) use reader::asked;
