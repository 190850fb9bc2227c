//! Simulations, from the command line and from within.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod command;
mod export;
mod golden;
mod interrupt;
mod referee;
mod seeds;
mod support;
