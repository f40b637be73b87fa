//! Applies migrations to a schema that is never committed and reverts them there, to
//! see what that takes.

use std::collections::BTreeMap;

use sql_text::literal;

use super::rehearse::{make_schema, run_some, shape_of};
use super::script::Script;
use super::send::ask;
use super::transaction::{NotOpened, close, open};
use super::unfit::refuse_unfit;
use super::work::Work;
use crate::migration::{Migration, MigrationFile};
use crate::name::MIGRATION_HISTORY;
use crate::shape::{Compared, Difference, Shape, compare};
use crate::{Error, Version};

/// A table or a column that a `down.sql` drops, by the names that it has before
/// anything is reverted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dropped {
    /// The version whose `down.sql` drops it.
    pub(crate) version: Version,
    pub(crate) table: String,
    /// `None` when the table goes.
    pub(crate) column: Option<String>,
}

/// What reverting does to the schema.
#[derive(Debug)]
pub(crate) struct WayBack {
    pub(crate) dropped: Vec<Dropped>,
    /// How the schema in the end differs from that before the migrations.
    pub(crate) differences: Vec<Difference>,
}

/// Applies the migrations `remaining` (oldest first) and `reverted` (newest first)
/// in the schema of `work`, which must not exist, and reverts the latter again.
///
/// # Errors
///
/// What the migrations meet. Nothing remains, whatever happens.
pub(crate) async fn rehearse_back(
    work: Work<'_>,
    remaining: &[&Migration],
    reverted: &[&Migration],
) -> Result<WayBack, Error> {
    refuse_unfit(remaining.iter().chain(reverted).copied())?;
    let opened = open(work, "SELECT 1").await;
    opened.map_err(|error: NotOpened<'_>| error.into_error(work))?;
    let back = there_and_back(InTransaction(work), remaining, reverted).await;
    close(work).await;
    back
}

/// Where migrations are tried.
pub(super) trait Trial {
    /// Makes the schema, with these.
    async fn make(&mut self, migrations: &[&Migration]) -> Result<(), Error>;
    /// Applies these as well.
    async fn apply(&mut self, migrations: &[&Migration]) -> Result<(), Error>;
    /// Reverts the newest one.
    async fn revert(&mut self, migration: &Migration) -> Result<(), Error>;
    /// The schema's shape.
    async fn shape(&self) -> Result<Shape, Error>;
    /// The schema, and the connection to it.
    fn work(&self) -> Work<'_>;
}

/// In a transaction that is open.
struct InTransaction<'a>(Work<'a>);

impl Trial for InTransaction<'_> {
    async fn make(&mut self, migrations: &[&Migration]) -> Result<(), Error> {
        make_schema(self.0).await?;
        self.apply(migrations).await
    }

    async fn apply(&mut self, migrations: &[&Migration]) -> Result<(), Error> {
        run_some(self.0, migrations, MigrationFile::Up).await
    }

    async fn revert(&mut self, migration: &Migration) -> Result<(), Error> {
        run_some(self.0, &[migration], MigrationFile::Down).await
    }

    async fn shape(&self) -> Result<Shape, Error> {
        shape_of(self.0).await
    }

    fn work(&self) -> Work<'_> {
        self.0
    }
}

/// Applies the migrations and reverts them again, as [`rehearse_back`] says.
pub(super) async fn there_and_back(
    mut trial: impl Trial,
    remaining: &[&Migration],
    reverted: &[&Migration],
) -> Result<WayBack, Error> {
    trial.make(remaining).await?;
    let before = trial.shape().await?;
    let oldest_first = reverted.iter().rev().copied().collect::<Vec<_>>();
    trial.apply(&oldest_first).await?;
    let filled = contents(trial.work()).await?;
    let mut now = filled.clone();
    let mut dropped = Vec::new();
    for migration in reverted {
        trial.revert(migration).await?;
        let next = contents(trial.work()).await?;
        let gone = now.keys().filter(|key| !next.contains_key(key));
        // What an earlier one of these made holds nothing of a tenant's.
        let gone = gone.filter_map(|key| Some((key, filled.get(key)?)));
        // A column goes with its table, and one that is computed can be again.
        let counts = |((table, number), thing): &(&Key, &Thing)| {
            *number == 0 || (thing.is_own && next.contains_key(&(*table, 0)))
        };
        dropped.extend(gone.filter(counts).map(|(_, thing)| Dropped {
            version: migration.version().to_owned(),
            table: thing.table.clone(),
            column: thing.column.clone(),
        }));
        now = next;
    }
    let after = trial.shape().await?;
    Ok(WayBack {
        dropped,
        differences: compare(&before, &after, Compared::Everything),
    })
}

/// The object's number and the column's, which is 0 for the table itself. They stay
/// when the name changes.
type Key = (u32, i16);

/// A table or a column.
#[derive(Debug, Clone)]
struct Thing {
    table: String,
    column: Option<String>,
    /// Whether a column's values are its own: not computed, nor in another table,
    /// that this one is a partition of.
    is_own: bool,
}

/// The tables and columns of the schema.
async fn contents(work: Work<'_>) -> Result<BTreeMap<Key, Thing>, Error> {
    let sql = format!(
        "SELECT c.oid, c.relname, a.attnum, a.attname, \
                a.attgenerated = '' AND NOT c.relispartition \
         FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 \
              AND NOT a.attisdropped \
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND c.relname <> {}",
        literal(work.schema.schema_name()),
        literal(MIGRATION_HISTORY),
    );
    let mut script = Script::default();
    script.step("read the tables that the migrations create", &sql);
    let rows = ask(work, &script).await?;
    let mut contents = BTreeMap::new();
    for row in &rows {
        let (Some(oid), Some(table)) = (row.get(0).and_then(|oid| oid.parse().ok()), row.get(1))
        else {
            continue;
        };
        let thing = |column: Option<&str>| Thing {
            table: table.to_owned(),
            column: column.map(str::to_owned),
            is_own: row.get(4) == Some("t"),
        };
        contents.insert((oid, 0), thing(None));
        if let Some(number) = row.get(2).and_then(|number| number.parse().ok()) {
            contents.insert((oid, number), thing(row.get(3)));
        }
    }
    Ok(contents)
}
