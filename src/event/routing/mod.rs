//! Which function handles an event, told twice: as code, and as the patterns of EventBridge's rules.
//!
//! The code decides for the local organization and for `spa events send`; on AWS the patterns decide. Tests
//! hold the two together.

mod handler;
mod pattern;
mod table;

pub use handler::{Chore, Handler, UnknownHandler};
pub use pattern::patterns;
pub use table::{NotRouted, Route, route};
