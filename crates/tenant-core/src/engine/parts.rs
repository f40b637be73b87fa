//! A run in parts: migrations that share a transaction, or one that runs
//! outside.

use tokio_postgres::SimpleQueryRow;

use super::attempt::{close, forget, lock_key, set_limits};
use super::holders::watched;
use super::ledger::{record, strike};
use super::outside::{require_direct, run_outside};
use super::script::{Failure, Origin, Script, UPDATING_REGISTRY};
use super::{Work, refuse_file};
use crate::migration::{Migration, MigrationFile, Sql};
use crate::sql::Schema;
use crate::{Error, events, tracker};

/// What a run does with its migrations.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Applies them to a new tenant, oldest first: its row in the list is inserted
    /// with the first commit.
    Create,
    /// Applies them to a tenant that has a row, oldest first.
    Apply,
    /// Reverts them, newest first.
    Revert,
}

impl Way {
    /// The file of a migration that it runs.
    pub(super) fn file(self) -> MigrationFile {
        match self {
            Self::Create | Self::Apply => MigrationFile::Up,
            Self::Revert => MigrationFile::Down,
        }
    }

    /// The statement by which the schema's own table learns of it.
    pub(super) fn record(self, schema: Schema<'_>, part: &[&Migration]) -> String {
        match self {
            Self::Create | Self::Apply => record(schema, part),
            Self::Revert => strike(schema, part),
        }
    }

    /// Tells that a part is committed.
    pub(super) fn tell(self, schema: Schema<'_>, part: &[&Migration]) {
        match self {
            Self::Create | Self::Apply => events::migrations_applied(schema, part),
            Self::Revert => events::migrations_reverted(schema, part),
        }
    }
}

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
    let ran = run_parts(work, way, migrations, preamble, done).await;
    match ran {
        Ok(Held::UntilCommit) => work.session.finish(),
        Ok(Held::ByTheSession) | Err(_) => close(work).await,
    }
    ran.map(drop)
}

async fn run_parts<'a>(
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
    add_part(work, &mut script, first, way);
    run_script(work, &script).await?;
    way.tell(work.schema, first);
    done.extend(first);
    if rest.is_empty() {
        return Ok(Held::UntilCommit);
    }
    for part in rest.chunk_by(|one, next| one.in_transaction() && next.in_transaction()) {
        run_part(work, part, way).await?;
        done.extend(part);
    }
    Ok(Held::ByTheSession)
}

/// Migrations that share a transaction, from the path to the commit.
pub(super) fn add_part<'a>(
    work: Work<'a>,
    script: &mut Script<'a>,
    part: &[&'a Migration],
    way: Way,
) {
    script.step("setting the search path", &work.path().set_local());
    script.step("checking that the search path exists", &work.path().check());
    if !part.is_empty() {
        let record = way.record(work.schema, part);
        script.step("recording the migrations", &record);
    }
    add_migrations(work, script, part, way);
}

/// The same once the path is set and checked, and the migrations are recorded:
/// all of it is one transaction, so the order does not matter.
pub(super) fn add_migrations<'a>(
    work: Work<'a>,
    script: &mut Script<'a>,
    part: &[&'a Migration],
    way: Way,
) {
    for migration in part {
        for (number, statement) in migration.statements(way.file()).enumerate() {
            script.push(Origin::Migration(migration, way.file(), number), statement);
        }
        let is_last = part
            .last()
            .is_some_and(|last| std::ptr::eq(*last, *migration));
        if !is_last {
            let check = work.path().check();
            script.push(Origin::PathCheck(migration, way.file()), &check);
        }
    }
    add_end(work, script, part, way);
}

/// The end of a transaction: the path is checked after the last migration of
/// `part`, the tracker learns of them, and it is committed.
pub(super) fn add_end<'a>(
    work: Work<'a>,
    script: &mut Script<'a>,
    part: &[&'a Migration],
    way: Way,
) {
    let last = part.last().copied();
    let holds = work.path().holds();
    let ran = tracker::Ran {
        migrations: part,
        with_fingerprints: work.fingerprints,
    };
    let statement = match way {
        Way::Create => tracker::insert(work.schema, ran),
        Way::Apply => tracker::update(work.schema, ran, &holds),
        Way::Revert => tracker::set_back(work.schema, ran, &holds),
    };
    match (last, statement, way) {
        // One statement does both: each costs as much as a small migration.
        (Some(last), Some(statement), Way::Apply | Way::Revert) => {
            script.push(Origin::Registry(last, way.file()), &statement);
        }
        (last, statement, _) => {
            if let Some(last) = last {
                script.push(Origin::PathCheck(last, way.file()), &work.path().check());
            }
            if let Some(statement) = statement {
                script.step(UPDATING_REGISTRY, &statement);
            }
        }
    }
    script.step("committing", "COMMIT");
    // Behind a pooler the connection is somebody else's after this message.
    let mut files = part.iter().filter_map(|one| one.file(way.file()));
    if files.any(Sql::may_leave_traces) {
        forget(work, script);
    }
}

/// A part after the first one: the transaction is over, the lock is held. An
/// error leaves the session marked as busy; it is closed, and the lock with it.
pub(super) async fn run_part<'a>(
    work: Work<'a>,
    part: &[&'a Migration],
    way: Way,
) -> Result<(), Error> {
    match part {
        [migration] if !migration.in_transaction() => run_outside(work, migration, way).await?,
        _ => {
            let mut script = Script::default();
            script.step("starting", "BEGIN");
            set_limits(work, &mut script);
            add_part(work, &mut script, part, way);
            run_script(work, &script).await?;
        }
    }
    way.tell(work.schema, part);
    Ok(())
}

/// Sends a script; gives back the rows, in order.
pub(super) async fn ask<'a>(
    work: Work<'a>,
    script: &Script<'a>,
) -> Result<Vec<SimpleQueryRow>, Error> {
    let rows = watched(work, script).await;
    rows.map_err(|failure: Failure<'_>| failure.into_error(work))
}

/// Sends a script from whose rows nothing is wanted.
pub(super) async fn run_script<'a>(work: Work<'a>, script: &Script<'a>) -> Result<(), Error> {
    ask(work, script).await.map(drop)
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
