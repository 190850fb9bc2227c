//! `spa validate`, `spa explain` and `spa schema`, through the real program.

#![allow(
    clippy::format_collect,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, also where they are helpers"
)]

mod bad_input;
mod explain;
mod schema;
mod support;
mod validate;
