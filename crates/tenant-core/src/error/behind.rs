//! What is behind an error: PostgreSQL's words, and a migration.

use std::fmt;

use super::Error;
use crate::{Database, PgError};

impl Error {
    /// Wraps the server's answer to a step of this library. `action` names the step that could
    /// not be done.
    pub(crate) fn database(action: impl fmt::Display, source: impl Into<PgError>) -> Self {
        Self::Database {
            action: format!("could not {action}"),
            source: source.into(),
        }
    }

    /// The same of a step on `schema`, which is in words.
    pub(crate) fn database_of(
        schema: impl fmt::Display,
        action: impl fmt::Display,
        source: impl Into<PgError>,
    ) -> Self {
        Self::Database {
            action: format!("{schema}: could not {action}"),
            source: source.into(),
        }
    }

    /// The server of this database is a standby.
    pub(crate) fn standby(database: &Database) -> Self {
        Self::Standby {
            schema: database.to_string(),
        }
    }

    /// Returns the error of PostgreSQL, if it caused this error.
    #[must_use]
    pub fn postgres(&self) -> Option<&PgError> {
        match self {
            Self::Migration(failure) => Some(&failure.source),
            Self::Hook(failure) => Some(&failure.source),
            Self::Database { source, .. } | Self::Deferred { source, .. } => Some(source),
            Self::HalfMade { source, .. } => source.postgres(),
            Self::Connect(error) => error.postgres(),
            _ => None,
        }
    }

    /// The name of the migration that it is about, if it is about one.
    pub(crate) fn of_migration(&self) -> Option<&str> {
        match self {
            Self::Migration(failure) => Some(&failure.migration),
            Self::Refused { migration, .. }
            | Self::NeedsDirect { migration, .. }
            | Self::Deferred { migration, .. }
            | Self::ChangedPath { migration, .. } => Some(migration),
            Self::ChangedElsewhere { migrations, .. } => match migrations.as_slice() {
                [one] => Some(one),
                _ => None,
            },
            Self::HalfMade { source, .. } => source.of_migration(),
            _ => None,
        }
    }

    /// Returns the SQLSTATE, if the error came from the server.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::OwnWork(failure) => failure.sqlstate.as_deref(),
            error => error.postgres().and_then(PgError::sqlstate),
        }
    }
}
