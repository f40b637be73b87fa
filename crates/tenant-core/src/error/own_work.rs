//! [`OwnWork`] and [`HookFailure`]: what an application does itself with a tenant has failed.

use thiserror::Error as DeriveError;

use super::Error;
use crate::{ErrorKind, PgError};

/// Why the application's own work failed. Its text is that of the source.
#[derive(Debug, DeriveError)]
#[error("{source}")]
#[non_exhaustive]
pub struct OwnWork {
    /// What the caller can do about it.
    pub kind: ErrorKind,
    /// PostgreSQL's code for it, if the server spoke.
    pub sqlstate: Option<String>,
    /// The error: a [`PoolError`](crate::PoolError), or a [`NotKept`](crate::NotKept).
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// A statement of a hook that failed. Its transaction was rolled back.
#[derive(Debug, DeriveError)]
#[error(
    "{schema}: `{hook}` failed at line {line}, and its transaction was rolled back: `{statement}`"
)]
#[non_exhaustive]
pub struct HookFailure {
    /// Which schema, in words.
    pub schema: String,
    /// What the hook is called: mostly its file.
    pub hook: String,
    /// The line, from 1, where the server sees the error, or where the statement starts when
    /// the server does not say.
    pub line: usize,
    /// The beginning of the statement.
    pub statement: String,
    /// What the server says.
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
