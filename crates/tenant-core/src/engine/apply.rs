//! Applies the pending migrations of one schema.
//!
//! One transaction for each tenant: take the tenant's lock, read again what is
//! pending, set the path, run the migrations, write the ledger and the
//! tracker, commit. Either all of it happened or nothing. Only migrations that
//! Diesel's `metadata.toml` takes out of the transaction (`CREATE INDEX
//! CONCURRENTLY` and its like) cut a run into batches.

use super::attempt::Attempts;
use super::batch::{Way, add_migrations};
use super::ledger::{create_ledger, is_exactly, open_ledger, record};
use super::run::run;
use super::script::Script;
use super::transaction::{close, opening_at_once, run_at_once};
use super::unfit::refuse_unfit;
use super::work::Work;
use crate::assertion::Assertion;
use crate::migration::Migration;
use crate::{Error, events};

/// Brings one schema up to date. `applied` receives each migration when it is
/// committed. `known` is what was applied to it a moment ago, if somebody has
/// looked: that saves a round trip, and is checked.
///
/// # Errors
///
/// As [`Error`] says. Migrations outside a transaction cut the run into batches,
/// and those before the failed batch stay applied.
pub(crate) async fn migrate<'a>(
    work: Work<'a>,
    known: Option<&[String]>,
    applied: &mut Vec<&'a Migration>,
) -> Result<(), Error> {
    let mut attempts = Attempts::new();
    loop {
        let at_once = match known {
            Some(known) => bring_up_at_once(work, known, applied).await,
            None => Ok(false),
        };
        let done = match at_once {
            Ok(true) => Ok(()),
            Ok(false) => bring_up_to_date(work, applied).await,
            Err(error) => Err(error),
        };
        match done {
            Err(error) if attempts.again_after(work, &error).await => {}
            done => return done,
        }
    }
}

/// Brings a schema up to date that had exactly the versions `known` a moment
/// ago, in one message. False when that is not possible, or no longer true; then
/// nothing has happened.
///
/// # Errors
///
/// A migration that failed.
async fn bring_up_at_once<'a>(
    work: Work<'a>,
    known: &[String],
    applied: &mut Vec<&'a Migration>,
) -> Result<bool, Error> {
    let pending = work.migrations.pending(known);
    if pending.is_empty() || pending.iter().any(|it| !it.in_transaction()) {
        return Ok(false);
    }
    refuse_unfit(pending.iter().copied())?;
    let mut script = opening_at_once(work);
    script.step("setting the search path", &work.path().set_local());
    let is_known = is_exactly(work.schema, known.iter().map(String::as_str));
    // One statement, because each costs as much as a small migration. The check
    // sees the ledger as it was before.
    let as_before = format!("{} AND {is_known}", work.path().holds());
    let check = format!(
        "WITH recorded AS ({}) {}",
        record(work.schema, &pending),
        Assertion::PathAndHistory.check(&as_before)
    );
    script.step("checking the path and the ledger, and recording", &check);
    add_migrations(work, &mut script, &pending, Way::Apply);
    let done = run_at_once(work, &script).await?;
    if done {
        events::migrations_applied(work.schema, &pending);
        applied.extend(pending);
    }
    Ok(done)
}

/// Brings the schema up to date; `applied` receives each migration as soon as
/// it is committed.
async fn bring_up_to_date<'a>(
    work: Work<'a>,
    applied: &mut Vec<&'a Migration>,
) -> Result<(), Error> {
    let ledger = open_ledger(work).await?;
    let pending = work.migrations.pending(&ledger.versions);
    if pending.is_empty() {
        close(work).await;
        return Ok(());
    }
    let mut preamble = Script::default();
    if !ledger.exists {
        preamble.step(
            "creating the table of applied migrations",
            &create_ledger(work.schema),
        );
    }
    run(work, Way::Apply, &pending, preamble, applied).await
}
