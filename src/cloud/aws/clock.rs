//! The time of the machine.

use state_machine::Timestamp;

use crate::cloud::Clock;

/// The machine's clock. On Lambda, AWS keeps it in step:
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html>.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        chrono::Utc::now().into()
    }
}
