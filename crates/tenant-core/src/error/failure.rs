//! [`MigrationFailure`]: what failed in a migration, and what remains of it.

use thiserror::Error as DeriveError;

use super::Error;
use crate::migration::{Migration, MigrationFile};
use crate::name::Schema;
use crate::{PgError, Version};

/// How much of a statement an error shows, in characters.
const EXCERPT: usize = 120;

/// A statement of a migration that failed.
#[derive(Debug, DeriveError)]
#[error(
    "{schema}: migration `{migration}` failed at line {line} of its {file}, {consequence}: `{statement}`"
)]
#[non_exhaustive]
pub struct MigrationFailure {
    /// Which schema, in words.
    pub schema: String,
    /// The migration's name.
    pub migration: String,
    /// The migration's version.
    pub version: Version,
    /// Which of its files.
    pub file: MigrationFile,
    /// The line of that file, from 1, where the server sees the error, or
    /// where the statement starts when the server does not say.
    pub line: usize,
    /// The beginning of the statement.
    pub statement: String,
    /// What remains of the run.
    pub consequence: Consequence,
    /// What the server says.
    pub source: PgError,
}

/// What a failed migration leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, DeriveError)]
#[non_exhaustive]
pub enum Consequence {
    /// Nothing of this migration, nor of those in the same transaction.
    #[error("and its transaction was rolled back")]
    RolledBack,
    /// Its earlier statements: it runs outside a transaction.
    #[error("and what ran before that statement remains (it runs outside a transaction)")]
    PartlyApplied,
    /// Nothing: the new tenant was removed again.
    #[error("and the new tenant was removed again")]
    Removed,
}

impl Error {
    /// A failed statement of a migration's `file`: number `statement`, at the byte
    /// `offset` of it.
    pub(crate) fn migration(
        schema: Schema<'_>,
        (migration, file): (&Migration, MigrationFile),
        (statement, offset): (usize, usize),
        source: PgError,
    ) -> Self {
        let consequence = if migration.fits_in_transaction(file) {
            Consequence::RolledBack
        } else {
            Consequence::PartlyApplied
        };
        let text = migration.statements(file).nth(statement);
        let line = migration.file(file).map(|sql| sql.line(statement, offset));
        Self::Migration(Box::new(MigrationFailure {
            schema: schema.to_string(),
            migration: migration.name().to_owned(),
            version: migration.version().clone(),
            file,
            line: line.unwrap_or(1),
            statement: excerpt(text.unwrap_or_default()),
            consequence,
            source,
        }))
    }

    /// The checks that a migration's `file` has put off failed.
    pub(crate) fn deferred(
        schema: Schema<'_>,
        (migration, file): (&Migration, MigrationFile),
        source: PgError,
    ) -> Self {
        Self::Deferred {
            schema: schema.to_string(),
            migration: migration.name().to_owned(),
            version: migration.version().clone(),
            file,
            source,
        }
    }
}

/// The statement on one line, cut short.
pub(crate) fn excerpt(statement: &str) -> String {
    let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT) {
        None => line,
        Some((end, _)) => format!("{}...", line.get(..end).unwrap_or_default()),
    }
}
