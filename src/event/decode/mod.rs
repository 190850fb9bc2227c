//! From bytes to events: what arrives, in whatever wrapping, is unwrapped, checked and typed.

mod delivery;
mod json;
mod queue;
mod whole;

pub(super) use json::{Borrowed, Part};
pub(super) use queue::Carrier;
pub(super) use whole::{Outer, Shape};

pub use delivery::{DELIVERY_LIMIT, Delivery, EVENT_LIMIT, decode, receive};
pub use queue::Message;
