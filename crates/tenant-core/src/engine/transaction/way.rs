//! [`Way`]: what a run does with its migrations.

use crate::engine::batches::Cut;
use crate::engine::ledger::{record, strike};
use crate::events;
use crate::migration::{Migration, MigrationFile};
use crate::name::Schema;

/// What a run does with its migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Way {
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
    pub(in crate::engine) fn file(self) -> MigrationFile {
        match self {
            Self::Create | Self::Apply => MigrationFile::Up,
            Self::Revert => MigrationFile::Down,
        }
    }

    /// Where its migrations are cut into transactions, if one is meant for all. A new
    /// tenant has no users yet whom a lock could keep out.
    pub(in crate::engine) fn cut(self) -> Cut {
        match self {
            Self::Create => Cut::WhereRefused(self.file()),
            Self::Apply | Self::Revert => Cut::WhereNeeded(self.file()),
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
    pub(in crate::engine) fn tell(self, schema: Schema<'_>, batch: &[&Migration]) {
        match self {
            Self::Create | Self::Apply => events::migrations_applied(schema, batch),
            Self::Revert => events::migrations_reverted(schema, batch),
        }
    }
}
