//! Opening a tenant's transaction: its lock, time-outs, and trying again.

use std::time::{Duration, Instant};

use tokio_postgres::SimpleQueryRow;

use super::cluster::carry_settings;
use super::holders::{holders_of_schema, watched};
use super::script::{Failure, Script};
use super::{Work, execute};
use crate::assertion::Assertion;
use crate::error::Consequence;
use crate::forget::FORGET;
use crate::sql::{Schema, literal};
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
        pause(self.pause).await;
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

fn is_lost_lock(error: &PgError) -> bool {
    let (code, message) = (error.sqlstate(), error.message());
    code.is_some_and(|code| says_lost_lock(code, message.unwrap_or_default()))
}

fn says_lost_lock(code: &str, message: &str) -> bool {
    WORTH_ANOTHER.contains(&code) || code == "XX000" && message.starts_with(LOCK_OF_CITUS)
}

/// Waits for half to one and a half times `about`, so that those who collided
/// do not meet again.
async fn pause(about: Duration) {
    tokio::time::sleep(about.mul_f64(rand::random_range(0.5..1.5))).await;
}

/// The statement that takes the schema's lock until the transaction ends. It
/// fails where somebody else holds the lock: the message that it stands in goes no
/// further, and waits for nothing.
pub(super) fn require_lock(schema: Schema<'_>) -> String {
    let take = format!("pg_catalog.pg_try_advisory_xact_lock({})", lock_key(schema));
    Assertion::Lock.check(&take)
}

/// The number that stands for the schema among the database's advisory locks.
pub(super) fn lock_key(schema: Schema<'_>) -> String {
    let text = literal(&format!("diesel-tenants:{}", schema.name()));
    format!("pg_catalog.hashtextextended({text}, 0)")
}

/// Bounds how long a statement waits for a lock, and how long it takes, for the
/// rest of the transaction.
pub(super) fn set_limits(work: Work<'_>, script: &mut Script<'_>) {
    carry_settings(work, script);
    let limit = format!(
        "SET LOCAL lock_timeout = {}",
        work.settings.lock_timeout_ms()
    );
    script.step("starting", &limit);
    if let Some(limit) = set_statement_timeout(work, "SET LOCAL") {
        script.step("starting", &limit);
    }
}

/// The statement that bounds how long a statement takes, if it is to be bounded.
pub(super) fn set_statement_timeout(work: Work<'_>, set: &str) -> Option<String> {
    let limit = work.settings.statement_timeout_ms();
    (limit > 0).then(|| format!("{set} statement_timeout = {limit}"))
}

/// Why a transaction was not opened.
pub(super) enum NotOpened<'a> {
    /// The statement that was to be answered in it failed.
    Query(Failure<'a>),
    /// Anything else.
    Error(Error),
}

impl NotOpened<'_> {
    pub(super) fn into_error(self, work: Work<'_>) -> Error {
        match self {
            Self::Query(failure) => failure.into_error(work),
            Self::Error(error) => error,
        }
    }
}

/// Forgets what an earlier migration may have left on the connection. The locks
/// stay: a run in parts holds one. Prepared statements are forgotten only where a
/// migration makes some.
pub(super) fn forget(work: Work<'_>, script: &mut Script<'_>) {
    for statement in FORGET {
        script.step("forgetting what was set", statement);
    }
    if work.migrations.prepare() {
        script.step("forgetting what was prepared", "DEALLOCATE ALL");
    }
}

/// The start of a message that is a whole transaction: it fails where somebody
/// else holds the schema's lock.
pub(super) fn opening_at_once<'a>(work: Work<'a>) -> Script<'a> {
    opening(work, View::Newest)
}

/// What a transaction sees of what others commit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// Each statement sees what is committed when it begins.
    Newest,
    /// All see what was committed when the first began, which takes the lock: what
    /// somebody committed just before giving it back may not be in it.
    OfOneMoment,
}

fn opening<'a>(work: Work<'a>, view: View) -> Script<'a> {
    let mut script = Script::default();
    match view {
        View::Newest => {
            forget(work, &mut script);
            script.step("starting", "BEGIN READ WRITE");
        }
        View::OfOneMoment => {
            // The statements of a message are one transaction unless they say otherwise,
            // and the moment would be chosen already.
            script.step("starting", "BEGIN READ WRITE");
            forget(work, &mut script);
            script.step("starting", "COMMIT");
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE";
            script.step("starting", begin);
        }
    }
    set_limits(work, &mut script);
    script.step(TAKING_LOCK, &require_lock(work.schema));
    script
}

/// The step that fails where somebody else holds the schema's lock.
const TAKING_LOCK: &str = "taking the lock";

/// The same of a second schema.
const TAKING_OTHER_LOCK: &str = "taking the other lock";

/// Sends a message that is a whole transaction. False when one of our own steps
/// in it failed: then nothing has happened, and going step by step will tell why.
///
/// # Errors
///
/// A migration that failed.
pub(super) async fn run_at_once<'a>(work: Work<'a>, script: &Script<'a>) -> Result<bool, Error> {
    work.session.begin();
    match watched(work, script).await {
        Ok(_) => {
            work.session.finish();
            Ok(true)
        }
        Err(failure) => {
            close(work).await;
            if failure.is_of_a_migration() {
                Err(failure.into_error(work))
            } else {
                if is_lost_lock(failure.postgres()) {
                    events::trying_again(work.schema, failure.sqlstate());
                }
                Ok(false)
            }
        }
    }
}

/// Opens a transaction that holds the schema's lock, and answers `query` in it.
///
/// The lock is asked for, not waited for: a session that waits inside a
/// transaction would hold up every `CREATE INDEX CONCURRENTLY` in the database.
pub(super) async fn open<'a>(
    work: Work<'a>,
    query: &str,
) -> Result<Vec<SimpleQueryRow>, NotOpened<'a>> {
    open_locked(work, None, View::Newest, query).await
}

/// The same, and the transaction holds the lock of `other` as well. Two who ask
/// for the same two the other way round do not wait for each other: who gets one
/// only gives it back, and asks again later.
pub(super) async fn open_with_lock<'a>(
    work: Work<'a>,
    other: Schema<'a>,
    view: View,
    query: &str,
) -> Result<Vec<SimpleQueryRow>, NotOpened<'a>> {
    open_locked(work, Some(other), view, query).await
}

async fn open_locked<'a>(
    work: Work<'a>,
    other: Option<Schema<'a>>,
    view: View,
    query: &str,
) -> Result<Vec<SimpleQueryRow>, NotOpened<'a>> {
    let started = Instant::now();
    let mut is_told = false;
    let mut script = opening(work, view);
    if let Some(other) = other {
        script.step(TAKING_OTHER_LOCK, &require_lock(other));
    }
    script.step("reading what is there", query);
    // Those of the locks come first.
    let rows_of_locks = 1 + usize::from(other.is_some());
    loop {
        work.session.begin();
        let busy = match watched(work, &script).await {
            Ok(mut rows) => return Ok(rows.split_off(rows_of_locks.min(rows.len()))),
            Err(failure) => {
                close(work).await;
                match other {
                    _ if failure.is_at(TAKING_LOCK) => work.schema,
                    Some(other) if failure.is_at(TAKING_OTHER_LOCK) => other,
                    _ => return Err(NotOpened::Query(failure)),
                }
            }
        };
        if !is_told {
            events::waiting(busy, &[]);
            is_told = true;
        }
        let waited = started.elapsed();
        if !work.settings.lock_timeout.is_zero() && waited >= work.settings.lock_timeout {
            return Err(NotOpened::Error(Error::Busy {
                schema: busy.to_string(),
                waited,
                holders: holders_of_schema(work, busy).await,
            }));
        }
        pause(Duration::from_millis(50)).await;
    }
}

/// Ends the transaction and frees all locks. When not even that can be said to
/// the server, the session stays marked as busy, and the pool throws it away.
pub(super) async fn close(work: Work<'_>) {
    let end = "ROLLBACK; SELECT pg_catalog.pg_advisory_unlock_all()";
    if execute(work.session, "rolling back", end).await.is_ok() {
        work.session.finish();
    }
}

/// After a script that ends with a commit: what failed is rolled back.
pub(super) async fn finish<T>(work: Work<'_>, done: Result<T, Error>) -> Result<T, Error> {
    match done {
        Ok(_) => work.session.finish(),
        Err(_) => close(work).await,
    }
    done
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
