//! Runs the pending migrations of one schema, in its transaction.

use super::attempt::{NotOpened, close, open, opening_at_once, run_at_once};
use super::outside::require_direct;
use super::parts::{
    Registration, add_migrations, add_part, create_ledger, hold_lock, record, run_part, run_script,
};
use super::script::Script;
use super::{Work, refuse_unfit};
use crate::migration::Migration;
use crate::sql::{Schema, literal};
use crate::{Error, events, tracker};

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
    let check = format!(
        "WITH recorded AS ({}) SELECT 1 / ({} AND {is_known})::int",
        record(work.schema, &pending),
        work.path().holds()
    );
    script.step("checking the path and the ledger, and recording", &check);
    add_migrations(work, &mut script, &pending, Registration::Update);
    let done = run_at_once(work, &script).await?;
    if done {
        events::migrations_applied(work.schema, &pending);
        applied.extend(pending);
    }
    Ok(done)
}

/// The condition that the schema's table of applied migrations has exactly these
/// versions.
pub(super) fn is_exactly<'a>(
    schema: Schema<'_>,
    versions: impl IntoIterator<Item = &'a str>,
) -> String {
    let mut versions = versions.into_iter().collect::<Vec<_>>();
    versions.sort_unstable();
    let versions = versions.into_iter().map(literal).collect::<Vec<_>>();
    format!(
        "ARRAY(SELECT version::text FROM {} ORDER BY version COLLATE \"C\") \
         = ARRAY[{}]::text[]",
        schema.ledger(),
        versions.join(", ")
    )
}

/// Brings the schema up to date; `applied` receives each migration as soon as
/// it is committed.
pub(super) async fn bring_up_to_date<'a>(
    work: Work<'a>,
    applied: &mut Vec<&'a Migration>,
) -> Result<(), Error> {
    let ledger = loop {
        if let Some(ledger) = read_ledger(work).await? {
            break ledger;
        }
        if let Some(ledger) = open_without_ledger(work).await? {
            break ledger;
        }
    };
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
    run(work, &pending, preamble, applied).await
}

/// What a schema's table of applied migrations holds.
struct Ledger {
    exists: bool,
    versions: Vec<String>,
}

/// Opens the transaction and reads the ledger; `None` when there is none.
async fn read_ledger(work: Work<'_>) -> Result<Option<Ledger>, Error> {
    let query = format!("SELECT version FROM {}", work.schema.ledger());
    match open(work, &query).await {
        Ok(rows) => {
            let versions = rows.iter().filter_map(|row| row.get(0).map(str::to_owned));
            Ok(Some(Ledger {
                exists: true,
                versions: versions.collect(),
            }))
        }
        Err(NotOpened::Query(failure)) if failure.sqlstate() == Some("42P01") => Ok(None),
        Err(error) => Err(error.into_error(work)),
    }
}

/// Opens the transaction in a schema that has no ledger; `None` when another
/// run has made one meanwhile.
async fn open_without_ledger(work: Work<'_>) -> Result<Option<Ledger>, Error> {
    let schema = literal(&work.schema.ident());
    let ledger = literal(&work.schema.ledger());
    let registered = tracker::is_registered(work.schema);
    let query = format!(
        "SELECT pg_catalog.to_regnamespace({schema}) IS NOT NULL, \
                pg_catalog.to_regclass({ledger}) IS NOT NULL, {registered}"
    );
    let opened = open(work, &query).await;
    let rows = opened.map_err(|error| error.into_error(work))?;
    let answer = |column| rows.first().and_then(|row| row.get(column)) == Some("t");
    match (work.schema, answer(0), answer(1)) {
        (Schema::Tenant(name) | Schema::Spare(name), false, _) => {
            close(work).await;
            // It may have been dropped since it was found.
            Err(if answer(2) {
                Error::MissingSchema(name.clone())
            } else {
                Error::Unknown(name.clone())
            })
        }
        (_, _, true) => {
            close(work).await;
            Ok(None)
        }
        _ => Ok(Some(Ledger {
            exists: false,
            versions: Vec::new(),
        })),
    }
}

/// Runs `pending`, after `preamble`, in the transaction that is open, and
/// leaves the session as it was before.
async fn run<'a>(
    work: Work<'a>,
    pending: &[&'a Migration],
    preamble: Script<'a>,
    applied: &mut Vec<&'a Migration>,
) -> Result<(), Error> {
    let done = run_parts(work, pending, preamble, applied).await;
    match done {
        Ok(Held::UntilCommit) => work.session.finish(),
        Ok(Held::ByTheSession) | Err(_) => close(work).await,
    }
    done.map(drop)
}

/// Who holds the schema's lock.
enum Held {
    /// The transaction did.
    UntilCommit,
    /// The session still does.
    ByTheSession,
}

async fn run_parts<'a>(
    work: Work<'a>,
    pending: &[&'a Migration],
    preamble: Script<'a>,
    applied: &mut Vec<&'a Migration>,
) -> Result<Held, Error> {
    refuse_unfit(pending.iter().copied())?;
    let outside = pending
        .iter()
        .position(|migration| !migration.in_transaction());
    let (first, rest) = pending.split_at(outside.unwrap_or(pending.len()));
    require_direct(work, rest).await?;
    let mut script = preamble;
    if !rest.is_empty() {
        hold_lock(work, &mut script);
    }
    add_part(work, &mut script, first, Registration::Update);
    run_script(work, &script).await?;
    events::migrations_applied(work.schema, first);
    applied.extend(first);
    if rest.is_empty() {
        return Ok(Held::UntilCommit);
    }
    for part in rest.chunk_by(|one, next| one.in_transaction() && next.in_transaction()) {
        run_part(work, part).await?;
        applied.extend(part);
    }
    Ok(Held::ByTheSession)
}
