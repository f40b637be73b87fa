//! Makes a tenant: schema, migrations and registration in one transaction.
//!
//! Where that is not possible the schema is registered first, with as many migrations
//! as can be with it, and the others follow under the same lock.

use super::attempt::{Attempts, is_worth_another};
use super::batches::{Batch, Mode, batches_of, split_first};
use super::empty_schema::needs_empty_schema;
use super::name_state::open_and_look;
use super::outside::require_direct;
use super::remove::remove_unfinished;
use super::run::run_batch;
use super::send::{execute, run_script};
use super::transaction::{Make, Transaction, Way, close, finish, run_at_once};
use super::unfit::refuse_unfit;
use super::work::Work;
use crate::error::Consequence;
use crate::migration::Migration;
use crate::name::Schema;
use crate::{Error, events};

/// Makes the tenant or spare whose schema is that of `work`. Gives back the migrations that were applied.
///
/// # Errors
///
/// [`Error::Taken`], [`Error::Untracked`], [`Error::MissingSchema`] when the name
/// is registered without a schema, [`Error::NotSetUp`], and whatever
/// the migrations meet. Then there is no such tenant, also when a migration
/// outside the transaction was the one that failed.
pub(crate) async fn create(work: Work<'_>) -> Result<Vec<&Migration>, Error> {
    let migrations = work.migrations.iter().collect::<Vec<_>>();
    refuse_unfit(migrations.iter().copied())?;
    let batches = batches_of(work, Way::Create.cut(), &migrations).await?;
    let (first, rest) = if is_made_empty(work).await? {
        ([].as_slice(), batches.as_slice())
    } else {
        split_first(&batches)
    };
    require_direct(work, rest).await?;
    let made = Transaction::first(work, Way::Create, first)
        .making(Make::Schema)
        .before(rest);
    let mut attempts = Attempts::new();
    if rest.is_empty() && build_at_once(made, &mut attempts).await? {
        events::migrations_applied(work.schema, first);
        return Ok(migrations);
    }
    while let Err(error) = build(made, rest).await {
        if !attempts.again_after(work, &error).await {
            return Err(error);
        }
    }
    work.session.keep_said();
    events::migrations_applied(work.schema, first);
    for batch in rest {
        if let Err(error) = run_rest(work, batch).await {
            return Err(undo(work, error).await);
        }
    }
    if !rest.is_empty() {
        close(work).await;
    }
    Ok(migrations)
}

/// Whether the schema is committed before any migration. Behind a pooler no lock can be
/// held from one transaction to the next, so that a tenant is made in one there, or not at
/// all.
async fn is_made_empty(work: Work<'_>) -> Result<bool, Error> {
    Ok(needs_empty_schema(work) && work.database.is_direct().await?)
}

/// A batch after the first one. One in a transaction is tried again like the first, and
/// the lock outlives each attempt.
async fn run_rest<'a>(work: Work<'a>, batch: &Batch<'_, 'a>) -> Result<(), Error> {
    let mut attempts = Attempts::new();
    let is_inside = batch.mode == Mode::Together;
    loop {
        match run_batch(work, batch, Way::Apply).await {
            Err(error) if is_inside && attempts.again_after(work, &error).await => {
                execute(work.session, "rolling back", "ROLLBACK").await?;
            }
            done => return done,
        }
    }
}

/// All of a new schema in one message. False when that does not work; then
/// nothing has happened.
///
/// # Errors
///
/// A migration that failed, and not because of somebody else's lock.
async fn build_at_once<'a>(
    made: Transaction<'a, '_>,
    attempts: &mut Attempts<'a>,
) -> Result<bool, Error> {
    match run_at_once(&made).await {
        Err(error) if is_worth_another(&error) => {
            attempts.take_turns(made.work, &error);
            events::trying_again(made.work.schema, error.sqlstate());
            made.work.session.hear_anew();
            Ok(false)
        }
        done => done,
    }
}

/// Schema, the migrations of the first transaction, and registration; `rest` follows under
/// the lock that is held.
async fn build(made: Transaction<'_, '_>, rest: &[Batch<'_, '_>]) -> Result<(), Error> {
    let work = made.work;
    open_for_new(work).await?;
    let ran = async {
        let elsewhere = made.confinement().await?;
        let confined = made.confined_by(elsewhere.as_deref());
        run_script(work, &confined.as_last_step()).await
    };
    match ran.await {
        Ok(()) if !rest.is_empty() => Ok(()),
        done => finish(work, done).await,
    }
}

/// Opens the transaction, once the name is known to be free.
pub(super) async fn open_for_new(work: Work<'_>) -> Result<(), Error> {
    let free = open_and_look(work).await?.require_free(work);
    if free.is_err() {
        close(work).await;
    }
    free
}

/// Removes a tenant that was committed and could not be completed. Nobody can
/// have used it: its creation was never reported.
async fn undo(work: Work<'_>, error: Error) -> Error {
    // The lock outlives this, so that nobody completes the tenant meanwhile.
    let rolled_back = execute(work.session, "rolling back", "ROLLBACK").await;
    let removed = match rolled_back {
        Ok(()) => remove_unfinished(work).await,
        Err(error) => Err(error),
    };
    close(work).await;
    match removed {
        Ok(_) => removed_again(error),
        Err(undo) => Error::HalfMade {
            schema: work.schema.to_string(),
            name: work.schema.key().to_owned(),
            is_spare: matches!(work.schema, Schema::Spare(_)),
            undo: Box::new(undo),
            source: Box::new(error),
        },
    }
}

/// The error, now that nothing remains of the tenant.
fn removed_again(error: Error) -> Error {
    match error {
        Error::Migration(mut failure) => {
            failure.consequence = Consequence::Removed;
            Error::Migration(failure)
        }
        error => error,
    }
}
