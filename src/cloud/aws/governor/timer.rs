//! The time that the governor goes by: tokio's, or in tests one that nobody has to wait for.

use std::pin::Pin;

use super::gate::Instant;

/// Tells the time, and sleeps.
pub(super) trait Timer: Send + Sync {
    /// How long it runs.
    fn now(&self) -> Instant;

    /// Ends at this instant, or soon after.
    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// tokio's time. It stands still and jumps where tokio's does.
pub(super) struct Tokio {
    began: tokio::time::Instant,
}

impl Tokio {
    /// Begins now.
    pub(super) fn begin() -> Self {
        Self { began: tokio::time::Instant::now() }
    }
}

impl Timer for Tokio {
    fn now(&self) -> Instant {
        self.began.elapsed()
    }

    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        // tokio counts in milliseconds, and rounds up.
        Box::pin(tokio::time::sleep_until(self.began + at))
    }
}
