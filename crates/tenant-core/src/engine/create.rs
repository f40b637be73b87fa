//! Makes a tenant: schema, migrations and registration in one transaction.
//!
//! Where that is not possible the schema is registered first, with as many migrations
//! as can be with it, and the others follow under the same lock.

use super::attempt::{Attempts, is_worth_another};
use super::batch::{Way, add_batch};
use super::cluster::{Distribution, create_schema};
use super::empty_schema::needs_empty_schema;
use super::ledger::create_ledger;
use super::lock::hold_lock;
use super::name_state::open_and_look;
use super::outside::require_direct;
use super::remove::remove;
use super::run::run_batch;
use super::script::Script;
use super::send::{execute, run_script};
use super::transaction::{close, finish, opening_at_once, run_at_once};
use super::unfit::refuse_unfit;
use super::work::Work;
use crate::error::Consequence;
use crate::migration::Migration;
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
    let (first, rest) = migrations.split_at(with_schema(work, &migrations).await?);
    require_direct(work, rest).await?;
    if rest.is_empty() && build_at_once(work, first).await? {
        events::migrations_applied(work.schema, first);
        return Ok(migrations);
    }
    let mut attempts = Attempts::new();
    while let Err(error) = build(work, first, !rest.is_empty()).await {
        if !attempts.again_after(work, &error).await {
            return Err(error);
        }
    }
    events::migrations_applied(work.schema, first);
    let mut applied = first.to_vec();
    for batch in rest.chunk_by(|one, next| one.in_transaction() && next.in_transaction()) {
        if let Err(error) = run_rest(work, batch).await {
            return Err(undo(work, error).await);
        }
        applied.extend(batch);
    }
    if !rest.is_empty() {
        close(work).await;
    }
    Ok(applied)
}

/// How many of `migrations` share the transaction that makes the schema. Behind a pooler
/// no lock can be held from one transaction to the next, so that a tenant is made in one
/// there, or not at all.
async fn with_schema(work: Work<'_>, migrations: &[&Migration]) -> Result<usize, Error> {
    if needs_empty_schema(work) && work.database.is_direct().await? {
        return Ok(0);
    }
    let outside = migrations.iter().position(|one| !one.in_transaction());
    Ok(outside.unwrap_or(migrations.len()))
}

/// A batch after the first one. One in a transaction is tried again like the first, and
/// the lock outlives each attempt.
async fn run_rest<'a>(work: Work<'a>, batch: &[&'a Migration]) -> Result<(), Error> {
    let mut attempts = Attempts::new();
    let is_inside = batch.iter().all(|one| one.in_transaction());
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
async fn build_at_once<'a>(work: Work<'a>, migrations: &[&'a Migration]) -> Result<bool, Error> {
    let mut script = opening_at_once(work);
    add_schema(work, &mut script);
    add_batch(work, &mut script, migrations, Way::Create);
    match run_at_once(work, &script).await {
        Err(error) if is_worth_another(&error) => {
            events::trying_again(work.schema, error.sqlstate());
            Ok(false)
        }
        done => done,
    }
}

/// The schema and its table of applied migrations.
fn add_schema(work: Work<'_>, script: &mut Script<'_>) {
    create_schema(work, Distribution::Distributed, script);
    script.step(
        "creating the table of applied migrations",
        &create_ledger(work.schema),
    );
}

/// Schema, the migrations of the first transaction, and registration.
async fn build<'a>(
    work: Work<'a>,
    first: &[&'a Migration],
    more_follows: bool,
) -> Result<(), Error> {
    open_for_new(work).await?;
    let mut script = Script::default();
    if more_follows {
        hold_lock(work, &mut script);
    }
    add_schema(work, &mut script);
    add_batch(work, &mut script, first, Way::Create);
    match run_script(work, &script).await {
        // The rest is run under the lock that is held.
        Ok(()) if more_follows => Ok(()),
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
        Ok(()) => remove(work).await,
        Err(error) => Err(error),
    };
    close(work).await;
    match removed {
        Ok(_) => removed_again(error),
        Err(undo) => Error::HalfMade {
            schema: work.schema.to_string(),
            name: work.schema.key().to_owned(),
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
