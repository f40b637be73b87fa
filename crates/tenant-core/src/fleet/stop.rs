//! [`Stop`]: ends a run early.

use std::sync::atomic::{AtomicBool, Ordering};

/// Ends a run early: no further tenant is begun, those under way finish.
///
/// Cheap to share by reference, for example with a handler of Ctrl-C.
#[derive(Debug, Default)]
pub struct Stop(AtomicBool);

impl Stop {
    /// One that nobody requests.
    pub(crate) fn never() -> &'static Self {
        static NEVER: Stop = Stop(AtomicBool::new(false));
        &NEVER
    }

    /// Asks the run to end.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody has asked.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
