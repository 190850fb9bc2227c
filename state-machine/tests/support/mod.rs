//! A world of one account for tests: a tag, builds, events on their way, and processes that may die at any
//! point. It plays AWS; what decides is the crate under test.
//!
//! The same world is walked at random (`rules.rs`) and exhaustively (`model.rs`).

pub mod policy;
pub mod world;
