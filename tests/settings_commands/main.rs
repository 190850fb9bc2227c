//! `spa validate`, `spa explain`, `spa schema` and `spa buildspec`, through the real program.

#![allow(
    clippy::format_collect,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, also where they are helpers"
)]

mod bad_input;
mod buildspec_check;
mod buildspec_run;
mod explain;
mod schema;
mod support;
mod validate;
