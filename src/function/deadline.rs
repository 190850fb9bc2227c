//! How long accounts may still be begun.

use chrono::TimeDelta;
use state_machine::Timestamp;

/// What one account may take, with calls that are repeated.
const ACCOUNT: TimeDelta = TimeDelta::seconds(20);

/// The last instant at which another account is begun, by an invocation that begins now and is ended by Lambda at
/// that deadline. A function that has less than twice that time begins accounts for the first half of it.
///
/// What is begun in time and ended all the same is repaired by the next wake-up, like whatever dies; this only keeps
/// that from being the usual case.
pub fn last_begin(now: Timestamp, deadline: Timestamp) -> Timestamp {
    let time = deadline.since(now).max(TimeDelta::zero());
    now + (time - ACCOUNT).max(time / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_seconds_are_kept_or_half_of_the_time() {
        let now: Timestamp = "2026-11-20T18:00:00Z".parse().unwrap();
        for (time, begins) in [(900, 880), (60, 40), (40, 20), (30, 15), (2, 1), (0, 0), (-5, 0)] {
            let last = last_begin(now, now + TimeDelta::seconds(time));
            assert_eq!(last, now + TimeDelta::seconds(begins), "{time} seconds");
        }
    }
}
