//! Runs the pending migrations of one schema, in its transaction.

use super::attempt::{close, opening_at_once, run_at_once};
use super::ledger::{create_ledger, is_exactly, open_ledger, record};
use super::parts::{Way, add_migrations, run};
use super::script::Script;
use super::{Work, refuse_unfit};
use crate::assertion::Assertion;
use crate::migration::Migration;
use crate::{Error, events};

/// Brings a schema up to date that had exactly the versions `known` a moment
/// ago, in one message. False when that is not possible, or no longer true; then
/// nothing has happened.
///
/// # Errors
///
/// A migration that failed.
pub(super) async fn bring_up_at_once<'a>(
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
pub(super) async fn bring_up_to_date<'a>(
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
