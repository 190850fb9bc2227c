//! Waiting for what functions do.

use std::time::{Duration, Instant};

use crate::ministack::MiniStack;

/// How long a chain of functions may take, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_mins(1);

/// Asks whenever an invocation or a deployment has come to its end, until there is an answer.
pub async fn until<T>(peer: &MiniStack, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    let mut ended = peer.ended(None);
    loop {
        // What ends while somebody asks is asked for again.
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} did not come within {PATIENCE:?}");
        ended = peer.ended(Some(ended));
    }
}
