//! A batch: migrations that share a transaction, as the text of a message.

use super::ledger::{record, strike};
use super::script::{Origin, Script, UPDATING_REGISTRY};
use super::transaction::forget;
use super::work::Work;
use crate::events;
use crate::migration::{Migration, MigrationFile, Sql};
use crate::name::Schema;
use crate::registry::Ran;

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
    pub(super) fn record(self, schema: Schema<'_>, batch: &[&Migration]) -> String {
        match self {
            Self::Create | Self::Apply => record(schema, batch),
            Self::Revert => strike(schema, batch),
        }
    }

    /// Tells that a batch is committed.
    pub(super) fn tell(self, schema: Schema<'_>, batch: &[&Migration]) {
        match self {
            Self::Create | Self::Apply => events::migrations_applied(schema, batch),
            Self::Revert => events::migrations_reverted(schema, batch),
        }
    }
}

/// Migrations that share a transaction, from the path to the commit.
pub(super) fn add_batch<'a>(
    work: Work<'a>,
    script: &mut Script<'a>,
    batch: &[&'a Migration],
    way: Way,
) {
    script.step("setting the search path", &work.path().set_local());
    script.step("checking that the search path exists", &work.path().check());
    if !batch.is_empty() {
        let record = way.record(work.schema, batch);
        script.step("recording the migrations", &record);
    }
    add_migrations(work, script, batch, way);
}

/// The same once the path is set and checked, and the migrations are recorded:
/// all of it is one transaction, so the order does not matter.
pub(super) fn add_migrations<'a>(
    work: Work<'a>,
    script: &mut Script<'a>,
    batch: &[&'a Migration],
    way: Way,
) {
    for migration in batch {
        for (number, statement) in migration.statements(way.file()).enumerate() {
            script.push(Origin::Migration(migration, way.file(), number), statement);
        }
        let is_last = batch
            .last()
            .is_some_and(|last| std::ptr::eq(*last, *migration));
        if !is_last {
            let check = work.path().check();
            script.push(Origin::PathCheck(migration, way.file()), &check);
        }
    }
    add_end(work, script, batch, way);
}

/// The end of a transaction: the path is checked after the last migration of
/// `batch`, the tracker learns of them, and it is committed.
pub(super) fn add_end<'a>(
    work: Work<'a>,
    script: &mut Script<'a>,
    batch: &[&'a Migration],
    way: Way,
) {
    let last = batch.last().copied();
    let holds = work.path().holds();
    let (registry, ran) = (work.registry, Ran { migrations: batch });
    let statement = match way {
        Way::Create => registry.insert(work.schema, ran),
        Way::Apply => registry.update(work.schema, ran, &holds),
        Way::Revert => registry.set_back(work.schema, ran, &holds),
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
    let mut files = batch.iter().filter_map(|one| one.file(way.file()));
    if files.any(Sql::may_leave_traces) {
        forget(work, script);
    }
}
