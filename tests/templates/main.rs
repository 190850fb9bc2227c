//! The templates of `infra/` say the same as the code: which function is woken by what, what its environment holds, and
//! what its role may do.
//!
//! `tests/templates.py` holds them against other people's programs, and CloudFormation's own schemas.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod environment;
mod estimate;
#[path = "../fixtures/events/mod.rs"]
mod fixtures;
mod kept;
mod queues;
mod rights;
mod rules;
mod template;
