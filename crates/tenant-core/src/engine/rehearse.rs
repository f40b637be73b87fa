//! Applies migrations to a schema that is never committed, to see what they make.

use std::collections::{BTreeMap, BTreeSet};

use super::cluster::{Distribution, create_schema};
use super::elsewhere;
use super::ledger::create_ledger;
use super::script::{Origin, Script};
use super::seeds::seeded;
use super::send::{execute, run_script};
use super::transaction::{
    NotOpened, before_migration, between_migrations, close, open, prepare_between,
};
use super::unfit::refuse_unfit;
use super::work::Work;
use crate::Error;
use crate::migration::{Migration, MigrationFile, in_transaction_form};
use crate::shape::{self, Shape};

/// What migrations make of a schema.
#[derive(Debug)]
pub(crate) struct Tried {
    /// Its shape after as many of them as each number says.
    pub(crate) shapes: BTreeMap<usize, Shape>,
    /// The tables in whose rows they have written the schema's name.
    pub(crate) seeded: BTreeSet<String>,
}

/// What `migrations` make of the schema of `work`, which must not exist, after as many of
/// them as each number in `wanted` says.
///
/// # Errors
///
/// What the migrations meet. Nothing remains, whatever happens.
pub(crate) async fn rehearse(
    work: Work<'_>,
    migrations: &[&Migration],
    wanted: &BTreeSet<usize>,
) -> Result<Tried, Error> {
    refuse_unfit(migrations.iter().copied())?;
    let opened = open(work, "SELECT 1").await;
    opened.map_err(|error: NotOpened<'_>| error.into_error(work))?;
    let tried = run_through(work, migrations, wanted).await;
    close(work).await;
    tried
}

async fn run_through(
    work: Work<'_>,
    migrations: &[&Migration],
    wanted: &BTreeSet<usize>,
) -> Result<Tried, Error> {
    make_schema(work).await?;
    let mut shapes = BTreeMap::new();
    let mut done = 0;
    for count in wanted {
        let next = migrations.get(done..*count).unwrap_or_default();
        run_some(work, next, MigrationFile::Up).await?;
        shapes.insert(*count, shape_of(work).await?);
        done = *count;
    }
    let seeded = seeded(work).await?;
    Ok(Tried { shapes, seeded })
}

/// Creates the schema of `work` in the open transaction.
pub(super) async fn make_schema(work: Work<'_>) -> Result<(), Error> {
    let mut script = Script::default();
    create_schema(work, Distribution::Local, &mut script);
    script.step(
        "create the table of applied migrations",
        &create_ledger(work.schema),
    );
    run_script(work, &script).await
}

/// Runs one of the files of `migrations` in it.
pub(super) async fn run_some<'a>(
    work: Work<'a>,
    migrations: &[&'a Migration],
    file: MigrationFile,
) -> Result<(), Error> {
    // Reading a shape has emptied the path.
    execute(
        work.session,
        "set the search path",
        &work.path().set_local(),
    )
    .await?;
    prepare_between(work, migrations).await?;
    for migration in migrations.iter().copied() {
        let mut script = Script::default();
        before_migration(migration.file(file), &mut script);
        for (number, statement) in migration.statements(file).enumerate() {
            if let Some(statement) = in_transaction_form(statement) {
                script.push(Origin::Migration(migration, file, number), &statement);
            }
        }
        between_migrations(work, (migration, file), &mut script);
        run_script(work, &script).await?;
    }
    require_nothing_elsewhere(work, migrations, file).await
}

/// A trial refuses whatever a run refuses. Migrations tried before in the same transaction count
/// as well.
async fn require_nothing_elsewhere<'a>(
    work: Work<'a>,
    migrations: &[&'a Migration],
    file: MigrationFile,
) -> Result<(), Error> {
    let (Some(first), Some(last)) = (migrations.first(), migrations.last()) else {
        return Ok(());
    };
    let all = work.migrations.iter().collect::<Vec<_>>();
    let Some(check) =
        elsewhere::check(work, &[MigrationFile::Up, MigrationFile::Down], &all).await?
    else {
        return Ok(());
    };
    let mut script = Script::default();
    script.push(Origin::Elsewhere(first, last, file), &check);
    run_script(work, &script).await
}

/// The shape of the schema of `work`, in the transaction that is open. It leaves the
/// path empty.
///
/// # Errors
///
/// What the server says; [`Error::MissingSchema`] or the like is the caller's.
pub(crate) async fn shape_of(work: Work<'_>) -> Result<Shape, Error> {
    let action = "read the schema definition";
    let (client, catalog) = (work.session.client(), work.database.catalog());
    let shapes = shape::read(client, catalog, &[work.schema.schema_name()]).await;
    let shapes = shapes.map_err(|error| Error::database_of(work.schema, action, error))?;
    shapes.into_iter().next().ok_or_else(|| work.missing())
}
