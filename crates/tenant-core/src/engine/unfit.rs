//! Refuses what must not run at all, before anything is sent.

use crate::Error;
use crate::migration::{Migration, MigrationFile, Sql};

/// Refuses `pending` when one of them must not run at all.
pub(crate) fn refuse_unfit<'a>(
    pending: impl IntoIterator<Item = &'a Migration>,
) -> Result<(), Error> {
    refuse_file(pending, MigrationFile::Up)
}

/// The same of one of their files.
pub(crate) fn refuse_file<'a>(
    migrations: impl IntoIterator<Item = &'a Migration>,
    file: MigrationFile,
) -> Result<(), Error> {
    for migration in migrations {
        if let Some(refusal) = migration.file(file).and_then(Sql::refusal) {
            return Err(Error::Refused {
                migration: migration.name().to_owned(),
                file,
                refusal: refusal.clone(),
            });
        }
    }
    Ok(())
}
