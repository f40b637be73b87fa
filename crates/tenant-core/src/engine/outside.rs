//! A migration outside a transaction: one message for each statement.
//!
//! It can be cut off half way, and then the next run begins it anew. What the
//! earlier run has left is put right before: see [`invalid_index`](super::invalid_index).

use super::batches::{Batch, first_outside};
use super::elsewhere::refuse_outside;
use super::invalid_index;
use super::script::{Origin, Script};
use super::send::run_script;
use super::transaction::{Transaction, Way, set_statement_timeout};
use super::work::Work;
use crate::Error;
use crate::migration::{Migration, adds_value, drops_index};

/// Refuses the first migration of `batches` that runs outside a transaction where a
/// pooler is at the other end: its statements could reach another connection than
/// the path that is set for them, and so another tenant.
///
/// # Errors
///
/// [`Error::NeedsDirect`], or that the database cannot be asked.
pub(super) async fn require_direct(work: Work<'_>, batches: &[Batch<'_, '_>]) -> Result<(), Error> {
    match first_outside(batches) {
        Some(migration) if !work.database.is_direct().await? => Err(Error::NeedsDirect {
            schema: work.schema.to_string(),
            migration: migration.name().to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Applies or reverts the migrations of such a batch under the lock that is held, and
/// records them. An error leaves the session marked as busy; it is closed, and the lock
/// with it.
///
/// No `lock_timeout`: `CREATE INDEX CONCURRENTLY` waits for every older
/// transaction by design, and blocks nobody meanwhile.
pub(super) async fn run_outside<'a>(
    work: Work<'a>,
    batch: &[&'a Migration],
    way: Way,
) -> Result<(), Error> {
    let mut script = Script::default();
    script.step("setting the search path", &work.path().set_session());
    script.step("checking that the search path exists", &work.path().check());
    if let Some(limit) = set_statement_timeout(work, "SET") {
        script.step("starting", &limit);
    }
    run_script(work, &script).await?;
    for migration in batch.iter().copied() {
        refuse_outside(work, migration, way.file()).await?;
        run_statements(work, migration, way).await?;
    }
    let recording = Transaction::after_outside(work, way, batch);
    run_script(work, &recording.as_one_message()).await
}

/// Those that an earlier run, which was cut off, has not done.
async fn run_statements<'a>(
    work: Work<'a>,
    migration: &'a Migration,
    way: Way,
) -> Result<(), Error> {
    for (number, statement) in migration.statements(way.file()).enumerate() {
        if invalid_index::is_done(work, statement).await? {
            continue;
        }
        let mut script = Script::default();
        script.push(Origin::Migration(migration, way.file(), number), statement);
        match run_script(work, &script).await {
            Err(error) if is_done_already(&error, statement, way) => {}
            done => done?,
        }
    }
    Ok(())
}

/// Whether `error` says that an earlier run, which was cut off before it could
/// record, has done `statement`: the value of the enum is there, or what was built
/// is dropped. An index that is to be dropped while applying was somebody else's
/// work, and its absence is an error.
fn is_done_already(error: &Error, statement: &str, way: Way) -> bool {
    match error.sqlstate() {
        Some("42710") => adds_value(statement),
        Some("42704") => way == Way::Revert && drops_index(statement),
        _ => false,
    }
}
