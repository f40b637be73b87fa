//! A run in batches: migrations that share a transaction, or one that runs
//! outside.

use super::batches::{Batch, Mode, batches_of, split_first};
use super::done::Done;
use super::outside::{require_direct, run_outside};
use super::send::run_script;
use super::transaction::{Make, Transaction, Way, close};
use super::unfit::refuse_file;
use super::work::Work;
use crate::Error;
use crate::migration::Migration;

/// Runs `migrations` in their order, after what is to be made, in the transaction that
/// is open, and leaves the session as it was before.
pub(super) async fn run<'a>(
    work: Work<'a>,
    way: Way,
    migrations: &[&'a Migration],
    make: Make,
) -> Done<'a> {
    let batches = match batches_of(work, way.cut(), migrations).await {
        Ok(batches) => batches,
        Err(error) => {
            close(work).await;
            return Done::failed(error);
        }
    };
    let (first, rest) = split_first(&batches);
    let opened = Transaction::first(work, way, first).making(make);
    if let Err(error) = run_first(opened, migrations, rest).await {
        close(work).await;
        return Done::failed(error);
    }
    work.session.keep_said();
    way.tell(work.schema, first);
    let mut done = Done::with(first);
    if rest.is_empty() {
        work.session.finish();
        return done;
    }
    for batch in rest {
        done.result = run_batch(work, batch, way).await;
        if done.result.is_err() {
            break;
        }
        done.committed.extend(batch.migrations);
    }
    close(work).await;
    done
}

/// The transaction that is open, before which everything is refused that must not run;
/// `rest` follows it.
async fn run_first<'a>(
    opened: Transaction<'a, '_>,
    migrations: &[&'a Migration],
    rest: &[Batch<'_, 'a>],
) -> Result<(), Error> {
    refuse_file(migrations.iter().copied(), opened.way.file())?;
    require_direct(opened.work, rest).await?;
    let elsewhere = opened.confinement().await?;
    let confined = opened.confined_by(elsewhere.as_deref());
    let script = confined.before(rest).as_last_step();
    run_script(opened.work, &script).await
}

/// A batch after the first one: the transaction is over, the lock is held. An
/// error leaves the session marked as busy; it is closed, and the lock with it.
pub(super) async fn run_batch<'a>(
    work: Work<'a>,
    batch: &Batch<'_, 'a>,
    way: Way,
) -> Result<(), Error> {
    match batch.mode {
        Mode::Together => {
            let transaction = Transaction::next(work, way, batch.migrations);
            let elsewhere = transaction.confinement().await?;
            let confined = transaction.confined_by(elsewhere.as_deref());
            run_script(work, &confined.as_one_message()).await?;
        }
        Mode::Outside => run_outside(work, batch.migrations, way).await?,
    }
    work.session.keep_said();
    way.tell(work.schema, batch.migrations);
    Ok(())
}
