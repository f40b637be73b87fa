//! Trying again what lost against somebody's lock.

use std::time::Duration;

use super::work::Work;
use crate::error::Consequence;
use crate::{Error, PgError, events};

/// How often a run that lost against somebody else's lock starts anew.
const ATTEMPTS: u32 = 3;

/// What a run answers with that is worth another attempt: lock not available,
/// deadlock, serialization failure.
///
/// Source: PostgreSQL manual, appendix "PostgreSQL Error Codes".
const WORTH_ANOTHER: [&str; 3] = ["55P03", "40P01", "40001"];

/// How a message begins by which Citus says the same where it moves a tenant to
/// another server. It has no code of its own for it, but that of internal errors.
///
/// Source: Citus, `shard_transfer.c`.
const LOCK_OF_CITUS: &str = "could not acquire the lock ";

/// The attempts at a piece of work that may lose against somebody's lock.
pub(super) struct Attempts {
    left: u32,
    pause: Duration,
}

impl Attempts {
    pub(super) fn new() -> Self {
        Self {
            left: ATTEMPTS,
            pause: Duration::from_millis(100),
        }
    }

    /// Whether to try again after `error`. Waits before it says yes, longer
    /// each time.
    pub(super) async fn again_after(&mut self, work: Work<'_>, error: &Error) -> bool {
        self.left -= 1;
        if self.left == 0 || !is_worth_another(error) || work.session.client().is_closed() {
            return false;
        }
        tokio::time::sleep(jittered(self.pause)).await;
        work.session.hear_anew();
        self.pause *= 4;
        events::trying_again(work.schema, error.sqlstate());
        true
    }
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
