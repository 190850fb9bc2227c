//! settings.yaml from the outside: files in, settings or diagnostics out.

#![allow(
    clippy::format_collect,
    clippy::format_push_string,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, also where they are helpers"
)]

mod contradictions;
mod csv_files;
mod examples;
mod faults;
mod hostile;
mod inheritance;
mod kept;
mod limits;
mod rules;
mod schema;
mod support;
