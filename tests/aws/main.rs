//! The adapters for AWS, through the real SDK over HTTP: against AWS as other people have built it, and against what it
//! answered once where they have not.

#![cfg(feature = "aws")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod baseline;
mod builds;
mod bus;
mod organization;
mod owed;
mod parameters;
#[path = "../peers/mod.rs"]
mod peers;
mod scripted;
mod wake_ups;
mod wire;

use peers::founding::block_on;
use spa::cloud::Clock;
use spa::cloud::aws::governor::Governor;
use spa::event::Trust;
use spa::settings::{Limits, Rate};
use state_machine::{AccountId, Timestamp};

/// A clock that stands still.
#[derive(Clone, Copy, Debug)]
struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// A governor that sends every call once: what is refused is to be seen at once.
fn once() -> Governor {
    let swift = Rate { start: 60_000, least: 60_000, most: 60_000 };
    Governor::new(Limits { attempts: 1, builds: swift, ..Limits::default() })
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

fn trust() -> Trust {
    Trust {
        environment: "SpaDemo".into(),
        automation_account: account("123456789012"),
        management_account: account("210987654321"),
    }
}
