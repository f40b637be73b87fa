//! Runs the pending migrations of one schema, in its transaction.

use super::attempt::{NotOpened, close, open};
use super::parts::{Registration, add_part, create_ledger, hold_lock, run_part, run_script};
use super::script::Script;
use super::{Work, refuse_unfit};
use crate::migration::Migration;
use crate::sql::{Schema, literal};
use crate::{Error, tracker};

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
    let mut script = preamble;
    if !rest.is_empty() {
        hold_lock(work, &mut script);
    }
    add_part(work, &mut script, first, Registration::Update);
    run_script(work, &script).await?;
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
