//! Waiting for something to happen, with a limit.

use std::time::{Duration, Instant};

/// Far beyond what anything here takes, also on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Asks again and again until the answer is yes.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < LIMIT, "it never happened that {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
