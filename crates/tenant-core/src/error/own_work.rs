//! [`OwnWork`] and [`HookFailure`]: what an application does itself with a tenant has failed.

use thiserror::Error as DeriveError;

use super::Error;
use crate::{ErrorKind, PgError};

/// The error of the application's own work. `Display` is the text of the source.
#[derive(Debug, DeriveError)]
#[error("{source}")]
#[non_exhaustive]
pub struct OwnWork {
    /// The kind of the error, by what the caller can do about it.
    pub kind: ErrorKind,
    /// The SQLSTATE, if the error came from the server.
    pub sqlstate: Option<String>,
    /// The error: a [`PoolError`](crate::PoolError), or a [`NotKept`](crate::NotKept).
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// A statement of a hook that failed. Its transaction was rolled back.
#[derive(Debug, DeriveError)]
#[error("{}", self.parts())]
#[non_exhaustive]
pub struct HookFailure {
    /// The schema, in words.
    pub schema: String,
    /// The name of the hook, usually its file.
    pub hook: String,
    /// The line, from 1, where the server reports the error, or where the statement starts.
    pub line: usize,
    /// The beginning of the statement.
    pub statement: String,
    /// The error of the server.
    pub source: PgError,
}

impl Error {
    /// What the application's own work met.
    pub(crate) fn own_work<E>(kind: ErrorKind, sqlstate: Option<String>, source: E) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        Self::OwnWork(Box::new(OwnWork {
            kind,
            sqlstate,
            source: Box::new(source),
        }))
    }
}
