//! SQS: calls that come back later.

use aws_sdk_sqs::Client;
use chrono::TimeDelta;
use state_machine::{AccountId, Failure, Text, Timestamp};

use super::governor::{Governor, Lane};
use crate::cloud::Clock;
use crate::event::{Trust, WakeUp, emit};

/// The longest that SQS holds a message back:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-timers.html>.
const LONGEST: TimeDelta = TimeDelta::minutes(15);

/// The queue of wake-ups.
///
/// What is due within a quarter of an hour gets a message. What is due later gets none: the head says when, the journal
/// finds it by that (the function `on-wake-up` asks it every few minutes), and a message that comes too early would
/// only be sent again. Minutes do not matter to what waits for longer than that.
#[derive(Clone, Debug)]
pub struct WakeUps<C> {
    client: Client,
    governor: Governor,
    trust: Trust,
    queue: Text,
    clock: C,
}

impl<C: Clock> WakeUps<C> {
    /// The queue at this address (its URL): a standard one, for others hold back all messages alike.
    pub const fn new(client: Client, governor: Governor, trust: Trust, queue: Text, clock: C) -> Self {
        Self { client, governor, trust, queue, clock }
    }
}

impl<C: Clock> crate::cloud::WakeUps for WakeUps<C> {
    async fn ask(&self, account: AccountId, at: Timestamp) -> Result<(), Failure> {
        let Some(seconds) = delay(self.clock.now(), at) else { return Ok(()) };
        let body = emit::wake_up(&WakeUp { account, at }, &self.trust);
        let request =
            self.client.send_message().queue_url(&*self.queue).delay_seconds(seconds).message_body(body);
        let operation = "sqs:SendMessage";
        let sent = self.governor.call(Lane::Other, operation, Some(account), || request.clone().send());
        sent.await.map(|_| ()).map_err(|error| error.failure())
    }
}

/// How many seconds the message is held back: until the instant has passed, and not a moment before, for then nothing
/// would be due. `None` when SQS holds nothing back for so long.
fn delay(now: Timestamp, at: Timestamp) -> Option<i32> {
    let wait = at.since(now).max(TimeDelta::zero());
    if wait > LONGEST {
        return None;
    }
    let whole = wait.num_seconds() + i64::from(wait.subsec_nanos() > 0);
    i32::try_from(whole).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_never_early_and_never_held_back_for_too_long() {
        let now: Timestamp = "2026-11-20T18:00:00Z".parse().unwrap();
        for (millis, seconds) in [
            (-3_600_000, Some(0)),
            (0, Some(0)),
            (1, Some(1)),
            (999, Some(1)),
            (1_000, Some(1)),
            (60_001, Some(61)),
            (900_000, Some(900)),
            (900_001, None),
            (i64::from(u32::MAX) * 1_000, None),
        ] {
            assert_eq!(delay(now, now + TimeDelta::milliseconds(millis)), seconds, "{millis}");
        }
    }
}
