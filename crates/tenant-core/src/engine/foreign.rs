//! Whether a schema is this program's to change: an older program must not undo what a
//! newer one has done, and no program touches what belongs to another.

use super::settings::UnknownMigrations;
use crate::migration::MigrationSet;
use crate::name::Schema;
use crate::{Error, ForeignSign, Version};

/// Refuses a schema to which `applied` was applied, if `migrations` know none of that, or,
/// unless `allowed` says otherwise, not all.
///
/// # Errors
///
/// [`Error::OtherProgram`] or [`Error::AheadOfProgram`].
pub(crate) fn require_known(
    schema: Schema<'_>,
    migrations: &MigrationSet,
    applied: &[String],
    allowed: UnknownMigrations,
) -> Result<(), Error> {
    let unknown = migrations.unknown(applied);
    let knows_any = unknown.len() < applied.len();
    refuse_unknown(schema, unknown, knows_any, allowed)
}

/// The same where it is known which of them are `unknown`, and whether there are others.
///
/// # Errors
///
/// As [`require_known`].
pub(crate) fn refuse_unknown(
    schema: Schema<'_>,
    unknown: Vec<Version>,
    knows_any: bool,
    allowed: UnknownMigrations,
) -> Result<(), Error> {
    if unknown.is_empty() {
        return Ok(());
    }
    let schema = schema.to_string();
    let versions = unknown;
    match allowed {
        _ if !knows_any => Err(Error::OtherProgram {
            schema,
            versions,
            sign: ForeignSign::UnknownVersions,
        }),
        UnknownMigrations::Refuse => Err(Error::AheadOfProgram { schema, versions }),
        UnknownMigrations::Allow => Ok(()),
    }
}
