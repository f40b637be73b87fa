//! A run in batches: migrations that share a transaction, or one that runs
//! outside.

use super::batch::{Way, add_batch};
use super::lock::hold_lock;
use super::outside::{require_direct, run_outside};
use super::script::Script;
use super::send::run_script;
use super::transaction::{close, set_limits};
use super::unfit::refuse_file;
use super::work::Work;
use crate::Error;
use crate::migration::Migration;

/// Who holds the schema's lock.
enum Held {
    /// The transaction did.
    UntilCommit,
    /// The session still does.
    ByTheSession,
}

/// Runs `migrations` in their order, after `preamble`, in the transaction that is
/// open, and leaves the session as it was before. `done` receives each as soon as
/// it is committed.
pub(super) async fn run<'a>(
    work: Work<'a>,
    way: Way,
    migrations: &[&'a Migration],
    preamble: Script<'a>,
    done: &mut Vec<&'a Migration>,
) -> Result<(), Error> {
    let ran = run_batches(work, way, migrations, preamble, done).await;
    match ran {
        Ok(Held::UntilCommit) => work.session.finish(),
        Ok(Held::ByTheSession) | Err(_) => close(work).await,
    }
    ran.map(drop)
}

async fn run_batches<'a>(
    work: Work<'a>,
    way: Way,
    migrations: &[&'a Migration],
    preamble: Script<'a>,
    done: &mut Vec<&'a Migration>,
) -> Result<Held, Error> {
    refuse_file(migrations.iter().copied(), way.file())?;
    let outside = migrations
        .iter()
        .position(|migration| !migration.in_transaction());
    let (first, rest) = migrations.split_at(outside.unwrap_or(migrations.len()));
    require_direct(work, rest).await?;
    let mut script = preamble;
    if !rest.is_empty() {
        hold_lock(work, &mut script);
    }
    add_batch(work, &mut script, first, way);
    run_script(work, &script).await?;
    way.tell(work.schema, first);
    done.extend(first);
    if rest.is_empty() {
        return Ok(Held::UntilCommit);
    }
    for batch in rest.chunk_by(|one, next| one.in_transaction() && next.in_transaction()) {
        run_batch(work, batch, way).await?;
        done.extend(batch);
    }
    Ok(Held::ByTheSession)
}

/// A batch after the first one: the transaction is over, the lock is held. An
/// error leaves the session marked as busy; it is closed, and the lock with it.
pub(super) async fn run_batch<'a>(
    work: Work<'a>,
    batch: &[&'a Migration],
    way: Way,
) -> Result<(), Error> {
    match batch {
        [migration] if !migration.in_transaction() => run_outside(work, migration, way).await?,
        _ => {
            let mut script = Script::default();
            script.step("starting", "BEGIN");
            set_limits(work, &mut script);
            add_batch(work, &mut script, batch, way);
            run_script(work, &script).await?;
        }
    }
    way.tell(work.schema, batch);
    Ok(())
}
