//! Opens a schema's transaction, with its lock and time-outs.

use tokio_postgres::SimpleQueryRow;

use super::closing::close;
use crate::Error;
use crate::engine::lock::{require_lock, require_turn};
use crate::engine::pinned::in_transaction;
use crate::engine::script::{BEGINNING, Failure, Script};
use crate::engine::send::watched;
use crate::engine::turn::{Busy, Turn};
use crate::engine::work::Work;
use crate::link::FORGET;
use crate::name::Schema;

/// It says what a role or a database could say otherwise, and comes before anything else
/// of a message: once a query has run, PostgreSQL refuses all of it.
pub(super) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE";

/// Sets again what the session does not have by itself, after `RESET ALL` or at the
/// start of a transaction: nothing on a direct connection.
pub(in crate::engine) fn set_again(work: Work<'_>, script: &mut Script<'_>) {
    for set in in_transaction(work) {
        script.step("prepare the session", &set);
    }
}

/// The start of a later transaction of the same run, under the lock that is held. What
/// statements outside a transaction have set ends here.
pub(in crate::engine) fn begin_next(work: Work<'_>, script: &mut Script<'_>) {
    script.step(BEGINNING, BEGIN);
    script.step("reset the settings of the session", "RESET ALL");
    set_again(work, script);
}

/// Why a transaction was not opened.
pub(in crate::engine) enum NotOpened<'a> {
    /// The statement that was to be answered in it failed.
    Query(Failure<'a>),
    /// Anything else.
    Error(Error),
}

impl NotOpened<'_> {
    pub(in crate::engine) fn into_error(self, work: Work<'_>) -> Error {
        match self {
            Self::Query(failure) => failure.into_error(work),
            Self::Error(error) => error,
        }
    }
}

/// Forgets what an earlier migration may have left on the connection. The locks
/// stay: a run in batches holds one. Prepared statements are forgotten only where a
/// migration makes some.
pub(in crate::engine) fn forget(work: Work<'_>, script: &mut Script<'_>) {
    for statement in FORGET {
        script.step("reset the settings of the session", statement);
    }
    forget_what_was_prepared(work, script);
}

/// Forgets prepared statements, where a migration makes some.
pub(super) fn forget_what_was_prepared(work: Work<'_>, script: &mut Script<'_>) {
    if work.migrations.prepare() {
        script.step("deallocate prepared statements", "DEALLOCATE ALL");
    }
}

/// What a transaction sees of the commits of other sessions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum View {
    /// Each statement sees what is committed when it begins.
    Newest,
    /// All statements see what was committed when the first statement began, which takes the
    /// lock. They may not see what another session committed just before it released the lock.
    OfOneMoment,
}

/// The start of a transaction. It fails if another session holds the schema's lock.
pub(super) fn opening<'a>(work: Work<'a>, view: View) -> Script<'a> {
    let mut script = Script::default();
    match view {
        View::Newest => {
            script.step(BEGINNING, BEGIN);
            forget(work, &mut script);
        }
        View::OfOneMoment => {
            // The statements of a message are one transaction unless they say otherwise,
            // and the moment would be chosen already.
            script.step(BEGINNING, BEGIN);
            forget(work, &mut script);
            script.step("prepare the session", "COMMIT");
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE NOT DEFERRABLE";
            script.step(BEGINNING, begin);
        }
    }
    set_again(work, &mut script);
    script.step(TAKING_LOCK, &require_lock(work.schema));
    if work.session.takes_turns() {
        script.step(TAKING_TURN, &require_turn());
    }
    script
}

/// The step that fails if another session holds the schema's lock.
const TAKING_LOCK: &str = "take the lock";

/// The step that fails while another run has its turn on shared objects.
const TAKING_TURN: &str = "take the lock on shared objects";

/// The same of a second schema.
const TAKING_OTHER_LOCK: &str = "take the other lock";

/// Opens a transaction that holds the schema's lock, and answers `query` in it.
///
/// The lock is asked for, not waited for: a session that waits inside a
/// transaction would hold up every `CREATE INDEX CONCURRENTLY` in the database.
pub(in crate::engine) async fn open<'a>(
    work: Work<'a>,
    query: &str,
) -> Result<Vec<SimpleQueryRow>, NotOpened<'a>> {
    open_locked(work, None, View::Newest, query).await
}

/// The same, and the transaction holds the lock of `other` as well. Two runs that ask for the
/// same two locks in opposite order do not wait for each other. A run that gets only one lock
/// releases it, and asks again later.
pub(in crate::engine) async fn open_with_lock<'a>(
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
    let mut turn = Turn::new(work);
    let mut script = opening(work, view);
    if let Some(other) = other {
        script.step(TAKING_OTHER_LOCK, &require_lock(other));
    }
    script.step("read the schema definition", query);
    // Those of the locks come first.
    let rows_of_locks = 1 + usize::from(work.session.takes_turns()) + usize::from(other.is_some());
    loop {
        work.session.begin();
        let busy = match watched(work, &script).await {
            Ok(mut rows) => return Ok(rows.split_off(rows_of_locks.min(rows.len()))),
            Err(failure) => {
                close(work).await;
                match other {
                    _ if failure.is_at(TAKING_LOCK) => Busy::Schema(work.schema),
                    _ if failure.is_at(TAKING_TURN) => Busy::Shared,
                    Some(other) if failure.is_at(TAKING_OTHER_LOCK) => Busy::Schema(other),
                    _ => return Err(NotOpened::Query(failure)),
                }
            }
        };
        turn.comes_after(busy).await.map_err(NotOpened::Error)?;
    }
}
