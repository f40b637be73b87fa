//! [`Stop`]: ends a run early.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Ends a run early. The run starts no further tenant, and finishes running ones. A tenant that
/// waits for another run stops waiting.
///
/// Share it by reference, for example with a handler for Ctrl-C.
#[derive(Debug, Default)]
pub struct Stop {
    is_requested: AtomicBool,
    requested: Notify,
}

impl Stop {
    /// A value that never requests a stop.
    pub(crate) fn never() -> &'static Self {
        static NEVER: Stop = Stop {
            is_requested: AtomicBool::new(false),
            requested: Notify::const_new(),
        };
        &NEVER
    }

    /// Asks the run to end.
    pub fn request(&self) {
        self.is_requested.store(true, Ordering::Relaxed);
        self.requested.notify_waiters();
    }

    /// Whether the end was requested.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.is_requested.load(Ordering::Relaxed)
    }

    /// Waits until the stop is requested.
    pub(super) async fn requested(&self) {
        let mut requested = pin!(self.requested.notified());
        // It hears of what is asked from here on, and of what was before, the flag tells.
        requested.as_mut().enable();
        if !self.is_requested() {
            requested.await;
        }
    }
}
