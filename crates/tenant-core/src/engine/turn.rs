//! Waiting for another run on the same schema, or on what tenants share.
//!
//! The lock is asked for again and again, with nothing open in between: a
//! session that waits inside a transaction would hold up every `CREATE INDEX
//! CONCURRENTLY` in the database.

use std::fmt;
use std::time::{Duration, Instant};

use super::attempt::jittered;
use super::lock::{lock_key, turn_key};
use super::lock_holders::holders_of;
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

/// What another run works on.
#[derive(Clone, Copy)]
pub(super) enum Busy<'a> {
    /// A schema.
    Schema(Schema<'a>),
    /// A table outside the tenants' schemas, which migrations of several tenants lock.
    Shared,
}

impl Busy<'_> {
    /// The number of its lock.
    fn key(self) -> String {
        match self {
            Self::Schema(schema) => lock_key(schema),
            Self::Shared => turn_key(),
        }
    }
}

impl fmt::Display for Busy<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schema(schema) => schema.fmt(formatter),
            Self::Shared => formatter.write_str("a table that tenants share"),
        }
    }
}

/// A wait for one's turn.
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
    /// [`Error::Busy`] once that has taken as long as the settings say, or the run is to stop
    /// waiting.
    pub(super) async fn comes_after(&mut self, busy: Busy<'_>) -> Result<(), Error> {
        let limit = self.work.settings.wait;
        let waited = self.started.elapsed();
        if self.pause == FIRST {
            events::waiting(self.work.schema, &[]);
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

    async fn tell(&self, busy: Busy<'_>) {
        let holders = holders_of(self.work, &busy.key()).await;
        events::waiting(self.work.schema, &holders);
        if let Some(listener) = self.work.listener {
            listener(&Waiting {
                schema: busy.to_string(),
                waited: self.started.elapsed(),
                limit: self.work.settings.wait,
                holders: &holders,
            });
        }
    }

    async fn busy(&self, busy: Busy<'_>) -> Error {
        Error::Busy {
            schema: busy.to_string(),
            waited: self.started.elapsed(),
            holders: holders_of(self.work, &busy.key()).await,
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
