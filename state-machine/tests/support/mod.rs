//! A world of one account for tests: a tag, builds, events on their way, and processes that may die at any
//! point. It plays AWS; what decides is the crate under test.
//!
//! The same world is walked at random (`rules/`), exhaustively (`model.rs`), by hand (`gestures.rs`), and from
//! every situation with every trigger, for the page of this crate (`readme.rs`).

pub mod policy;
pub mod scene;
pub mod world;
