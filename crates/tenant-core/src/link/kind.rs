//! [`ErrorKind`]: errors by what the caller can do.

use super::{ConnectError, PgError};

/// Errors, grouped by what the caller can do about them. If in doubt, the kind is
/// [`ErrorKind::Failed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No connection could be opened, or it was lost. A retry can succeed.
    Unreachable,
    /// The URL, the role or the database is wrong. A retry fails until it is corrected.
    Misconfigured,
    /// The database lacks what this library needs, such as the list of tenants.
    NotSetUp,
    /// The tenant, schema, version or node does not exist.
    NotFound,
    /// The tenant is registered, but part of it is missing.
    Damaged,
    /// The tenant is suspended. A retry succeeds once it is resumed.
    Suspended,
    /// A name is taken, or another session holds a lock. In the second case, a retry can succeed.
    Conflict,
    /// The role lacks a right.
    Denied,
    /// The call is not allowed in this state. Nothing was changed.
    Refused,
    /// The database or the connection lacks a feature that the call needs, such as a
    /// cluster.
    Unsupported,
    /// A migration or a statement failed.
    Failed,
}

impl PgError {
    /// Returns the kind of the error.
    ///
    /// Source: PostgreSQL manual, appendix "PostgreSQL Error Codes".
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.sqlstate() {
            Some(code) => ErrorKind::of_sqlstate(code),
            None if self.is_of_the_connection() => ErrorKind::Unreachable,
            None => ErrorKind::Failed,
        }
    }
}

impl ErrorKind {
    /// The kind of what the server says with this SQLSTATE.
    pub(crate) fn of_sqlstate(code: &str) -> Self {
        match code {
            // Locks, deadlocks, and transactions that are to be repeated.
            "55P03" | "55006" | "40P01" | "40001" => Self::Conflict,
            "42501" => Self::Denied,
            // Too many connections, and a server that is going down or coming up.
            "53300" | "57P01" | "57P02" | "57P03" => Self::Unreachable,
            "0A000" | "25006" => Self::Unsupported,
            _ if code.starts_with("08") => Self::Unreachable,
            _ => Self::Failed,
        }
    }
}

impl ConnectError {
    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Url { .. }
            | Self::Variable { .. }
            | Self::Trust { .. }
            | Self::Identity { .. }
            | Self::Login { .. }
            | Self::NoDatabase { .. }
            | Self::Tls { .. }
            | Self::OldStrings { .. } => ErrorKind::Misconfigured,
            Self::PoolerHasNoPath { .. } => ErrorKind::Unsupported,
            Self::NoServer { .. } => ErrorKind::Unreachable,
            Self::Refused { source, .. } => source
                .sqlstate()
                .map_or(ErrorKind::Unreachable, ErrorKind::of_sqlstate),
        }
    }

    /// Returns the error of PostgreSQL or of the connection, if there is one.
    #[must_use]
    pub fn postgres(&self) -> Option<&PgError> {
        match self {
            Self::Url { .. }
            | Self::Variable { .. }
            | Self::Trust { .. }
            | Self::Identity { .. }
            | Self::OldStrings { .. }
            | Self::PoolerHasNoPath { .. } => None,
            Self::NoServer { source, .. }
            | Self::Login { source, .. }
            | Self::NoDatabase { source, .. }
            | Self::Tls { source, .. }
            | Self::Refused { source, .. } => Some(source),
        }
    }

    /// Returns the SQLSTATE, if the error came from the server.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        self.postgres().and_then(PgError::sqlstate)
    }
}
