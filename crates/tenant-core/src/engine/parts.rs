//! A run in parts: migrations that share a transaction, or one that runs
//! outside.

use super::Work;
use super::attempt::{forget, lock_key, set_limits};
use super::holders::watched;
use super::outside::run_outside;
use super::script::{Failure, Origin, Script};
use crate::migration::Migration;
use crate::sql::{Schema, literal};
use crate::{Error, events, tracker};

/// How the tracker learns of the run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Registration {
    /// A new tenant: its row is inserted with the first commit.
    Insert,
    /// A tenant that has a row.
    Update,
}

/// The statement that makes Diesel's table of applied migrations, column for
/// column as Diesel makes it.
pub(super) fn create_ledger(schema: Schema<'_>) -> String {
    diesel::migration::CREATE_MIGRATIONS_TABLE
        .trim_end()
        .trim_end_matches(';')
        .replace(crate::sql::LEDGER, &schema.ledger())
}

/// Migrations that share a transaction, from the path to the commit.
pub(super) fn add_part<'a>(
    work: Work<'a>,
    script: &mut Script<'a>,
    part: &[&'a Migration],
    registration: Registration,
) {
    script.step("setting the search path", &work.path().set_local());
    script.step("checking that the search path exists", &work.path().check());
    if !part.is_empty() {
        script.step("recording the migrations", &record(work.schema, part));
    }
    add_migrations(work, script, part, registration);
}

/// The same once the path is set and checked, and the migrations are recorded:
/// all of it is one transaction, so the order does not matter.
pub(super) fn add_migrations<'a>(
    work: Work<'a>,
    script: &mut Script<'a>,
    part: &[&'a Migration],
    registration: Registration,
) {
    for migration in part {
        for (number, statement) in migration.statements().enumerate() {
            script.push(Origin::Migration(migration, number), statement);
        }
        let is_last = part
            .last()
            .is_some_and(|last| std::ptr::eq(*last, *migration));
        if !is_last {
            script.push(Origin::PathCheck(migration), &work.path().check());
        }
    }
    add_end(work, script, part, registration);
}

/// The end of a transaction: the path is checked after the newest migration of
/// `part`, the tracker learns of them, and it is committed.
pub(super) fn add_end<'a>(
    work: Work<'a>,
    script: &mut Script<'a>,
    part: &[&'a Migration],
    registration: Registration,
) {
    let newest = part.last().copied();
    let check = work.path().check();
    let applied = tracker::Applied {
        migrations: part,
        with_fingerprints: work.fingerprints,
    };
    let statement = match registration {
        Registration::Insert => tracker::insert(work.schema, applied),
        Registration::Update => tracker::update(work.schema, applied, &work.path().holds()),
    };
    match (newest, statement, registration) {
        // One statement does both: each costs as much as a small migration.
        (Some(newest), Some(statement), Registration::Update) => {
            script.push(Origin::PathCheck(newest), &statement);
        }
        (newest, statement, _) => {
            if let Some(newest) = newest {
                script.push(Origin::PathCheck(newest), &check);
            }
            if let Some(statement) = statement {
                script.step("updating the list of schemas in public", &statement);
            }
        }
    }
    script.step("committing", "COMMIT");
    // Behind a pooler the connection is somebody else's after this message.
    if part.iter().any(|migration| migration.may_leave_traces()) {
        forget(work, script);
    }
}

/// The statement that writes migrations into the ledger.
pub(super) fn record(schema: Schema<'_>, migrations: &[&Migration]) -> String {
    let versions = migrations.iter();
    let versions = versions.map(|migration| format!("({})", literal(migration.version())));
    format!(
        "INSERT INTO {} (version) VALUES {}",
        schema.ledger(),
        versions.collect::<Vec<_>>().join(", ")
    )
}

/// A part after the first one: the transaction is over, the lock is held. An
/// error leaves the session marked as busy; it is closed, and the lock with it.
pub(super) async fn run_part<'a>(work: Work<'a>, part: &[&'a Migration]) -> Result<(), Error> {
    match part {
        [migration] if !migration.in_transaction() => run_outside(work, migration).await?,
        _ => {
            let mut script = Script::default();
            script.step("starting", "BEGIN");
            set_limits(work, &mut script);
            add_part(work, &mut script, part, Registration::Update);
            run_script(work, &script).await?;
        }
    }
    events::migrations_applied(work.schema, part);
    Ok(())
}

/// Sends a script from whose rows nothing is wanted.
pub(super) async fn run_script<'a>(work: Work<'a>, script: &Script<'a>) -> Result<(), Error> {
    let done = watched(work, script).await;
    done.map(drop)
        .map_err(|failure: Failure<'_>| failure.into_error(work))
}

/// Keeps the schema's lock beyond the transaction. The same session holds it
/// already, so this cannot fail.
pub(super) fn hold_lock(work: Work<'_>, script: &mut Script<'_>) {
    let key = lock_key(work.schema);
    script.step(
        "keeping the lock",
        &format!("SELECT pg_catalog.pg_try_advisory_lock({key})"),
    );
}
