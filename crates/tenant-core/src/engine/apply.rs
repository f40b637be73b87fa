//! Applies the pending migrations of one schema.
//!
//! One transaction for each tenant: take the tenant's lock, read again what is
//! pending, set the path, run the migrations, write the ledger and the
//! tracker, commit. Either all of it happened or nothing. A run is
//! cut into batches by migrations that Diesel's `metadata.toml` takes out of the
//! transaction, by those that cannot share one with the migrations before them, and by
//! [`TransactionMode::Migration`](super::settings::TransactionMode::Migration).

use super::attempt::Attempts;
use super::batches::{batches_of, split_first};
use super::done::Done;
use super::foreign::require_known;
use super::ledger::open_ledger;
use super::lost_entries::require_kept;
use super::run::run;
use super::transaction::{Make, Transaction, Way, close, run_at_once};
use super::unfit::refuse_unfit;
use super::without_history::require_empty;
use super::work::Work;
use crate::migration::Migration;
use crate::name::Schema;
use crate::{Error, events};

/// Brings one schema up to date. `known` lists the versions that were applied a moment ago, if
/// the caller has read them. That saves a round trip, and is checked.
///
/// It fails as [`Error`] says. Migrations outside a transaction cut the run into batches. The
/// batches before the failed batch stay applied.
pub(crate) async fn migrate<'a>(work: Work<'a>, known: Option<&[String]>) -> Done<'a> {
    let mut attempts = Attempts::new();
    let mut done = Done::with(&[]);
    loop {
        done = bring_up(work, known).await.after(done.committed);
        match &done.result {
            Err(error) if attempts.again_after(work, error).await => {}
            _ => return done,
        }
    }
}

async fn bring_up<'a>(work: Work<'a>, known: Option<&[String]>) -> Done<'a> {
    let at_once = match known {
        Some(known) => bring_up_at_once(work, known).await,
        None => Ok(None),
    };
    match at_once {
        Ok(Some(applied)) => Done::with(&applied),
        Ok(None) => bring_up_to_date(work).await,
        Err(error) => Done::failed(error),
    }
}

/// Brings a schema up to date that had exactly the versions `known` a moment
/// ago, in one message; gives back the migrations. `None` when that is not possible, or no
/// longer true; then nothing has happened.
///
/// # Errors
///
/// A migration that failed.
async fn bring_up_at_once<'a>(
    work: Work<'a>,
    known: &[String],
) -> Result<Option<Vec<&'a Migration>>, Error> {
    if require_ours(work, known).is_err() {
        return Ok(None);
    }
    let pending = work.migrations.pending(known);
    let batches = batches_of(work, Way::Apply.cut(), &pending).await?;
    let (all, []) = split_first(&batches) else {
        return Ok(None);
    };
    if all.is_empty() {
        return Ok(None);
    }
    refuse_unfit(pending.iter().copied())?;
    let transaction = Transaction::first(work, Way::Apply, all).knowing(known);
    if !run_at_once(&transaction).await? {
        return Ok(None);
    }
    events::migrations_applied(work.schema, &pending);
    Ok(Some(pending))
}

/// The same step by step.
async fn bring_up_to_date(work: Work<'_>) -> Done<'_> {
    let ledger = match open_ledger(work).await {
        Ok(ledger) => ledger,
        Err(error) => return Done::failed(error),
    };
    let pending = work.migrations.pending(&ledger.versions);
    if pending.is_empty() {
        close(work).await;
        return Done::with(&[]);
    }
    let fit = match require_ours(work, &ledger.versions) {
        // Where the history is missing, the schema has to show that there is nothing yet. An
        // empty history says it, unless the list contradicts it.
        Ok(()) if !ledger.exists => require_empty(work).await,
        Ok(()) => require_kept(work, &ledger.versions, &pending).await,
        Err(error) => Err(error),
    };
    if let Err(error) = fit {
        close(work).await;
        return Done::failed(error);
    }
    let make = if ledger.exists {
        Make::Nothing
    } else {
        Make::Ledger
    };
    run(work, Way::Apply, &pending, make).await
}

/// Refuses a tenant or a spare that another program has migrated. In the public schema
/// several programs may keep what is theirs.
fn require_ours(work: Work<'_>, applied: &[String]) -> Result<(), Error> {
    match work.schema {
        Schema::Public => Ok(()),
        schema => require_known(
            schema,
            work.migrations,
            applied,
            work.settings.unknown_migrations,
        ),
    }
}
