//! Retries work that lost against another session's lock.

use std::time::{Duration, Instant};

use super::work::Work;
use crate::error::Consequence;
use crate::link::Session;
use crate::{Error, PgError, events};

/// The pause before the second attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// How often a run that lost against another session's lock starts again.
const ATTEMPTS: u32 = 3;

/// The errors that are worth another attempt: lock not available, deadlock, serialization
/// failure.
///
/// Source: PostgreSQL manual, appendix "PostgreSQL Error Codes".
const WORTH_ANOTHER: [&str; 3] = ["55P03", "40P01", "40001"];

/// The beginning of the message with which Citus reports a lost lock while it moves a tenant to
/// another node. Citus has no separate code for it, and uses the code of internal errors.
///
/// Source: Citus, `shard_transfer.c`.
const LOCK_OF_CITUS: &str = "could not acquire the lock ";

/// The attempts at a piece of work that may lose against another session's lock.
///
/// Migrations of several tenants may lock one table outside their schemas, for example for a
/// foreign key. They run one after the other, however long each takes. So an attempt that lost
/// against another run does not count. The work starts again until
/// [`Settings::wait`](super::Settings::wait) is over. After that, the runs that lost take turns,
/// and wait for their turn without an open transaction.
pub(super) struct Attempts<'a> {
    left: u32,
    pause: Duration,
    /// When the first one was lost against another run.
    lost: Option<Instant>,
    /// Where transactions take turns because of that.
    turns: Option<&'a Session>,
}

impl<'a> Attempts<'a> {
    pub(super) fn new() -> Self {
        Self {
            left: ATTEMPTS,
            pause: FIRST_PAUSE,
            lost: None,
            turns: None,
        }
    }

    /// Whether to try again after `error`. Waits before it says yes, longer
    /// each time.
    pub(super) async fn again_after(&mut self, work: Work<'a>, error: &Error) -> bool {
        if !is_worth_another(error) || work.session.client().is_closed() {
            return false;
        }
        self.take_turns(work, error);
        if self.is_for_free(work, error) {
            self.pause = FIRST_PAUSE;
            if !work.session.wait(jittered(self.pause)).await {
                return false;
            }
        } else {
            self.left -= 1;
            if self.left == 0 {
                return false;
            }
            tokio::time::sleep(jittered(self.pause)).await;
            self.pause *= 4;
        }
        work.session.hear_anew();
        events::trying_again(work.schema, error.sqlstate());
        true
    }

    /// Work that lost against another run is retried in turns with it. The sessions in a deadlock
    /// may be runs as well.
    pub(super) fn take_turns(&mut self, work: Work<'a>, error: &Error) {
        let is_deadlock = error.sqlstate() == Some("40P01");
        let waits = !work.settings.wait.is_zero();
        if waits && (is_deadlock || is_lost_to_a_run(error)) {
            work.session.take_turns(true);
            self.turns = Some(work.session);
        }
    }

    /// Whether the attempt was lost against another run, and may start again.
    fn is_for_free(&mut self, work: Work<'_>, error: &Error) -> bool {
        if !is_lost_to_a_run(error) {
            return false;
        }
        let lost = *self.lost.get_or_insert_with(Instant::now);
        lost.elapsed() < work.settings.wait
    }
}

impl Drop for Attempts<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.turns {
            session.take_turns(false);
        }
    }
}

/// Whether a lock could not be acquired in time because other runs, and no other sessions, held
/// it.
fn is_lost_to_a_run(error: &Error) -> bool {
    let lost = error.postgres().filter(|it| it.sqlstate() == Some("55P03"));
    let holders = lost.map(PgError::holders).unwrap_or_default();
    !holders.is_empty() && holders.iter().all(|holder| holder.is_run)
}

pub(super) fn is_worth_another(error: &Error) -> bool {
    // What remains of a migration outside a transaction would be in the way.
    if let Error::Migration(failure) = error
        && failure.consequence == Consequence::PartlyApplied
    {
        return false;
    }
    error.postgres().is_some_and(is_lost_lock)
}

pub(super) fn is_lost_lock(error: &PgError) -> bool {
    let (code, message) = (error.sqlstate(), error.message());
    code.is_some_and(|code| says_lost_lock(code, message.unwrap_or_default()))
}

fn says_lost_lock(code: &str, message: &str) -> bool {
    WORTH_ANOTHER.contains(&code) || code == "XX000" && message.starts_with(LOCK_OF_CITUS)
}

/// Half to one and a half times `about`, so that those who collided do not meet again, and
/// those who wait do not ask together.
pub(super) fn jittered(about: Duration) -> Duration {
    about.mul_f64(rand::random_range(0.5..1.5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lost_against_a_lock_is_tried_again() {
        for code in ["55P03", "40P01", "40001"] {
            assert!(says_lost_lock(code, "whatever it says"), "{code}");
        }
        let citus = "could not acquire the lock required to move public.tasks";
        assert!(says_lost_lock("XX000", citus));
    }

    #[test]
    fn what_is_broken_is_not() {
        for (code, message) in [
            ("XX000", "cache lookup failed for relation 16384"),
            ("08006", "connection to the remote node failed"),
            ("42P01", "could not acquire the lock required to move it"),
        ] {
            assert!(!says_lost_lock(code, message), "{code}: {message}");
        }
    }
}
