//! Commands that look at a store or change it, through the real program: what people read, and what scripts
//! rely on.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod advice;
mod doctor;
mod estimate;
mod events;
mod format;
mod gestures;
mod hostile;
mod on;
mod reading;
mod support;
mod together;
