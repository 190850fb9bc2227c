//! The time of an organization that a store keeps.
//!
//! Several processes look at one organization: `spa up`, which lets it live, perhaps a thousand times faster than
//! the world; an operator's gesture; a command that reads. Some of them are killed, and for days there may be
//! none. All must agree on the time, and it must never run backwards: records are dated with it. So the time is
//! no property of a process. It stands in the store, as an [`Anchor`]: at that real instant the organization's
//! time was this, and since then it has gone at that speed.
//!
//! Accelerated time has a horizon: the next thing that is to happen. Whoever accelerates sleeps until then, does
//! it, and moves the horizon. Behind the horizon time goes on at real speed. That is what keeps three things true:
//!
//! - Nothing happens late because the process was slow. A busy process slows accelerated time down; claims do
//!   not run out, and builds do not become overdue, while it works.
//! - When the process is killed, nobody has to notice: time reaches the horizon, and from there goes on at real
//!   speed, which is right for an organization that nobody looks after. No lock or lease has to be asked.
//! - Every process computes the same time from the same anchor, without talking to the others.
//!
//! Whoever changes anything moves the anchor to its own present first. So when the machine's clock is set back,
//! the organization's time stands still once, and goes on.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use state_machine::Timestamp;

/// What the organization's time was at a real instant, and how it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The organization's time at that instant.
    pub time: Timestamp,
    /// The instant, on the clock of the machine.
    pub real: Timestamp,
    /// How many times faster than real time it goes, up to the horizon.
    pub speed: u32,
    /// The organization's time up to which it is accelerated.
    pub horizon: Timestamp,
}

impl Anchor {
    /// Time that begins at this instant, at real speed.
    pub const fn new(time: Timestamp, real: Timestamp) -> Self {
        Self { time, real, speed: 1, horizon: time }
    }

    /// The organization's time at a real instant. It never decreases as real time goes on, and never lies
    /// before the anchor.
    pub fn at(&self, real: Timestamp) -> Timestamp {
        let passed = millis(real.since(self.real));
        let ahead = millis(self.horizon.since(self.time));
        let speed = i64::from(self.speed.max(1));
        let fast = passed.saturating_mul(speed);
        let gone = if fast <= ahead { fast } else { ahead.saturating_add(passed - ahead / speed) };
        self.time + TimeDelta::try_milliseconds(gone).unwrap_or(TimeDelta::MAX)
    }

    /// The same time, anchored at this real instant; from here on it goes at that speed up to that horizon.
    pub fn moved(&self, real: Timestamp, speed: u32, horizon: Timestamp) -> Self {
        let time = self.at(real);
        Self { time, real, speed: speed.max(1), horizon: horizon.max(time) }
    }

    /// How long to wait, in real time, until the organization's time reaches an instant; zero when it has.
    pub fn wait(&self, real: Timestamp, until: Timestamp) -> TimeDelta {
        let left = millis(until.since(self.at(real)));
        let fast = millis(self.horizon.since(self.at(real))).min(left);
        let speed = i64::from(self.speed.max(1));
        TimeDelta::try_milliseconds((fast + speed - 1) / speed + (left - fast)).unwrap_or(TimeDelta::MAX)
    }
}

/// Whole milliseconds, none of them negative.
fn millis(delta: TimeDelta) -> i64 {
    delta.num_milliseconds().max(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn time_is_accelerated_up_to_the_horizon_and_real_behind_it() {
        let anchor = Anchor { time: at(1_000), real: at(500_000), speed: 60, horizon: at(61_000) };
        assert_eq!(anchor.at(at(500_000)), at(1_000));
        assert_eq!(anchor.at(at(500_500)), at(31_000));
        assert_eq!(anchor.at(at(501_000)), at(61_000));
        assert_eq!(anchor.at(at(501_001)), at(61_001));
        assert_eq!(anchor.at(at(600_000)), at(160_000));
        assert_eq!(anchor.at(at(0)), at(1_000), "the machine's clock was set back");
    }

    #[test]
    fn a_wait_is_as_long_as_the_time_takes() {
        let anchor = Anchor { time: at(0), real: at(0), speed: 60, horizon: at(60_000) };
        assert_eq!(anchor.wait(at(0), at(60_000)), TimeDelta::seconds(1));
        assert_eq!(anchor.wait(at(0), at(61_000)), TimeDelta::seconds(2));
        assert_eq!(anchor.wait(at(0), at(1)), TimeDelta::milliseconds(1), "not too early");
        assert_eq!(anchor.wait(at(5_000), at(60_000)), TimeDelta::zero());
    }

    proptest! {
        /// However it is moved, and whatever the machine's clock does: time does not run backwards, and moving
        /// the anchor is not a jump.
        #[test]
        fn time_never_runs_backwards(
            speed in 1..5_000_u32,
            moves in prop::collection::vec((-5_000_i64..100_000, 0..5_000_u32, -1_000..10_000_000_i64), 1..20),
        ) {
            let mut anchor = Anchor::new(at(0), at(0)).moved(at(0), speed, at(1_000_000));
            let (mut real, mut last) = (0, at(0));
            for (step, speed, ahead) in moves {
                real += step;
                let before = anchor.at(at(real));
                anchor = anchor.moved(at(real), speed, before + TimeDelta::milliseconds(ahead));
                prop_assert_eq!(anchor.at(at(real)), before);
                prop_assert!(before >= last);
                last = before;
                let wait = anchor.wait(at(real), anchor.horizon);
                prop_assert!(anchor.at(at(real) + wait) >= anchor.horizon);
            }
        }
    }
}
