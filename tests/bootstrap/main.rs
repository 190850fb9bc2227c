//! The program of the Lambda functions, under the Runtime API, with AWS on the loopback.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../fixtures/events/mod.rs"]
mod fixtures;
#[path = "../peers/mod.rs"]
mod peers;

mod company;
mod embedded;
mod ends;
mod faults;
mod http;
mod init;
mod process;
mod proxy;
mod runtime_api;
mod samples;
