//! Waiting for another run on the same schema.
//!
//! The schema's lock is asked for again and again, with nothing open in between: a
//! session that waits inside a transaction would hold up every `CREATE INDEX
//! CONCURRENTLY` in the database.

use std::time::{Duration, Instant};

use super::attempt::jittered;
use super::lock_holders::holders_of_schema;
use super::work::Work;
use crate::name::Schema;
use crate::report::Waiting;
use crate::{Error, events};

/// The first pause, which becomes longer each time.
const FIRST: Duration = Duration::from_millis(50);

/// The longest pause, half as much again included.
const LONGEST: Duration = Duration::from_secs(1);

/// After how long it is told who is waited for: most runs take less.
const TELL_AFTER: Duration = Duration::from_secs(1);

/// A wait for one's turn on a schema.
pub(super) struct Turn<'a> {
    work: Work<'a>,
    started: Instant,
    pause: Duration,
    is_told: bool,
}

impl<'a> Turn<'a> {
    pub(super) fn new(work: Work<'a>) -> Self {
        Self {
            work,
            started: Instant::now(),
            pause: FIRST,
            is_told: false,
        }
    }

    /// Another run holds the lock of `busy`: waits for a moment before it is asked for
    /// again.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] once that took as long as the settings say, or nobody wants to
    /// wait any more.
    pub(super) async fn comes_after(&mut self, busy: Schema<'_>) -> Result<(), Error> {
        let limit = self.work.settings.wait;
        let waited = self.started.elapsed();
        if self.pause == FIRST {
            events::waiting(busy, &[]);
        }
        let left = limit.saturating_sub(waited);
        if left.is_zero() {
            return Err(self.busy(busy).await);
        }
        if !self.is_told && waited >= TELL_AFTER {
            self.is_told = true;
            self.tell(busy).await;
        }
        let pause = jittered(self.pause).min(left);
        self.pause = self.pause.mul_f64(1.5).min(LONGEST.div_f64(1.5));
        if self.work.session.wait(pause).await {
            return Ok(());
        }
        Err(self.busy(busy).await)
    }

    async fn tell(&self, busy: Schema<'_>) {
        let holders = holders_of_schema(self.work, busy).await;
        events::waiting(busy, &holders);
        if let Some(listener) = self.work.listener {
            listener(&Waiting {
                schema: busy.to_string(),
                waited: self.started.elapsed(),
                limit: self.work.settings.wait,
                holders: &holders,
            });
        }
    }

    async fn busy(&self, busy: Schema<'_>) -> Error {
        Error::Busy {
            schema: busy.to_string(),
            waited: self.started.elapsed(),
            holders: holders_of_schema(self.work, busy).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_never_longer_than_it_may_be() {
        for _ in 0..1_000 {
            assert!(jittered(LONGEST.div_f64(1.5)) <= LONGEST);
        }
    }
}
