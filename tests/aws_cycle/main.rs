//! A whole organization on AWS as other people have written it: from its first day through a maintenance window, with
//! every call counted on the wire.

#![cfg(feature = "aws")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bad_input;
mod company;
#[path = "../fixtures/events/mod.rs"]
mod fixtures;
mod fleet;
mod functions;
mod life;
mod measured;
#[path = "../peers/mod.rs"]
mod peers;
mod rights;
mod steady;
mod table;
mod told;
mod trouble;
mod two_environments;
mod wire;

use peers::founding::block_on;
use state_machine::Timestamp;

/// A Saturday, long after whatever day it is: the peer writes its own time into what it makes, and that is then old.
fn start() -> Timestamp {
    "2060-01-03T09:00:00Z".parse().unwrap()
}
