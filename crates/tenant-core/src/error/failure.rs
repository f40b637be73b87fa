//! [`MigrationFailure`]: what failed in a migration, and what remains of it.

use thiserror::Error as DeriveError;

use super::{Cause, Error, excerpt};
use crate::made_up::{MadeUp, TRIAL};
use crate::migration::{Migration, MigrationFile};
use crate::name::Schema;
use crate::{PgError, ServerMessage, Version};

/// A statement of a migration that failed.
#[derive(Debug, DeriveError)]
#[error("{}", self.parts())]
#[non_exhaustive]
pub struct MigrationFailure {
    /// The schema, in words.
    pub schema: String,
    /// The migration's name.
    pub migration: String,
    /// The migration's version.
    pub version: Version,
    /// The file of the migration.
    pub file: MigrationFile,
    /// The line of the file, from 1, where the server reports the error, or where the statement
    /// starts.
    pub line: usize,
    /// The beginning of the statement.
    pub statement: String,
    /// What remains of the migration.
    pub consequence: Consequence,
    /// The cause, if it is not only the statement.
    pub cause: Cause,
    /// Warnings and notices of the server before the failure, if the call returns no outcome with
    /// them.
    pub messages: Vec<ServerMessage>,
    /// The error of the server.
    pub source: PgError,
}

/// What remains of a failed migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, DeriveError)]
#[non_exhaustive]
pub enum Consequence {
    /// Nothing of this migration, or of other migrations in the same transaction.
    #[error("its transaction was rolled back")]
    RolledBack,
    /// Its earlier statements, because it runs outside a transaction.
    #[error("the migration runs outside a transaction, and its earlier statements took effect")]
    PartlyApplied,
    /// Nothing: the new tenant was dropped.
    #[error("the new tenant was removed")]
    Removed,
}

impl Error {
    /// The same with what was said before.
    pub(crate) fn after_saying(mut self, messages: Vec<ServerMessage>) -> Self {
        if let Self::Migration(failure) = &mut self {
            failure.messages = messages;
        }
        self
    }

    /// The same of a trial under these names, which are not shown.
    pub(crate) fn of_trial(mut self, made_up: &MadeUp) -> Self {
        let hide = |source: &mut PgError| *source = source.again().of_trial(made_up);
        match &mut self {
            Self::Migration(failure) => {
                hide(&mut failure.source);
                if made_up.show_in(&failure.schema) {
                    "a trial run of the migrations".clone_into(&mut failure.schema);
                }
                for message in &mut failure.messages {
                    message.hide(made_up);
                }
                if let Cause::Function(text) = &mut failure.cause {
                    *text = made_up.hidden_in(text, TRIAL).into_owned();
                }
            }
            Self::Deferred { schema, source, .. } => {
                hide(source);
                if made_up.show_in(schema) {
                    "a trial run of the migrations".clone_into(schema);
                }
            }
            Self::Database { source, .. } => hide(source),
            _ => {}
        }
        self
    }

    /// The same where it is known which function elsewhere made it fail.
    pub(crate) fn caused_by(mut self, function: Option<String>) -> Self {
        if let (Self::Migration(failure), Some(function)) = (&mut self, function) {
            failure.cause = Cause::Function(function);
        }
        self
    }

    /// The same where it is known which schema has the object that it has not found.
    pub(crate) fn not_finding(mut self, object: Option<(String, String)>) -> Self {
        if let (Self::Migration(failure), Some((object, schema))) = (&mut self, object) {
            failure.cause = Cause::OtherSchema { object, schema };
        }
        self
    }

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
        let ran = migration.statements(file).take(statement + 1);
        let ran = ran.collect::<Vec<_>>().join(";\n");
        let line = migration.file(file).map(|sql| sql.line(statement, offset));
        Self::Migration(Box::new(MigrationFailure {
            schema: schema.to_string(),
            migration: migration.name().to_owned(),
            version: migration.version().clone(),
            file,
            line: line.unwrap_or(1),
            statement: excerpt(text.unwrap_or_default()),
            consequence,
            cause: Cause::of(&source, schema, &ran),
            messages: Vec::new(),
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
