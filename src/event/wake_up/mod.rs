//! A message to ourselves: an account wants to be woken.
//!
//! It lies in a queue of its own, where SQS holds it back until the instant has come
//! (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-timers.html>). Only our own
//! functions may write to that queue, nothing else is read from it, and nowhere else is such a message believed.
//! Even so it says only where to look: what is due stands in the head.

mod decode;
pub(super) mod emit;

use state_machine::{AccountId, Timestamp};

pub(super) use decode::decode;

/// An account wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WakeUp {
    /// Which one.
    pub account: AccountId,
    /// When something is due there.
    pub at: Timestamp,
}
