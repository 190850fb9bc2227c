//! The commands on the real organization (`--on aws`), through the real program, with AWS as others have written it.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../peers/mod.rs"]
mod peers;

mod company;
mod doctor;
mod events;
mod gestures;
mod reading;
mod settings;
mod trouble;
mod verify;
mod window;
