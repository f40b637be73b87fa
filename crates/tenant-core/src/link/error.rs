//! Why there is no connection.

use thiserror::Error;
use tokio_postgres::error::SqlState;

use crate::PgError;

/// A failed connection. `target` is `role@host:port/database`. No text contains a password.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL is not valid.
    #[error("cannot use the database URL: {reason}")]
    Url {
        /// Which part is wrong.
        reason: String,
    },
    /// A libpq variable names a service that cannot be used.
    #[error("cannot use {variable}: {reason}")]
    Variable {
        /// The name of the variable.
        variable: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The trusted certificates could not be read.
    #[error("could not check the server's certificate: {reason}")]
    Trust {
        /// What is wrong.
        reason: String,
    },
    /// The client certificate or its key cannot be used.
    #[error("could not use the client certificate: {reason}")]
    Identity {
        /// What is wrong.
        reason: String,
    },
    /// No server answers at this address.
    #[error("no PostgreSQL server answers at {target}")]
    NoServer {
        /// The address.
        target: String,
        /// What the operating system says.
        source: PgError,
    },
    /// The server refused the role, the password or the client address.
    #[error("the server refused the login as {target}")]
    Login {
        /// The role and the address.
        target: String,
        /// A server error.
        source: PgError,
    },
    /// The server has no such database.
    #[error("the database of {target} does not exist")]
    NoDatabase {
        /// The address.
        target: String,
        /// A server error.
        source: PgError,
    },
    /// The TLS connection failed.
    #[error("could not open a TLS connection to {target}")]
    Tls {
        /// The address.
        target: String,
        /// What went wrong.
        source: PgError,
    },
    /// The session treats a backslash in `'...'` as an escape character.
    #[error(
        "the session at {target} has standard_conforming_strings = off, which is not supported"
    )]
    OldStrings {
        /// The address.
        target: String,
    },
    /// A URL for one tenant does not work through a pooler.
    #[error(
        "cannot give a URL for one tenant: a pooler, as at {target}, does not keep its search path"
    )]
    PoolerHasNoPath {
        /// The address.
        target: String,
    },
    /// Another answer of the server, such as too many connections.
    #[error("the server at {target} refused the connection")]
    Refused {
        /// The address.
        target: String,
        /// A server error.
        source: PgError,
    },
}

impl ConnectError {
    /// Whether the server, or the pooler in front of it, has no connection left
    /// to give.
    pub(crate) fn is_too_many(&self) -> bool {
        let Self::Refused { source, .. } = self else {
            return false;
        };
        // PgBouncer has no separate code for it.
        let no_more = "no more connections allowed";
        source.sqlstate() == Some("53300") || source.to_string().contains(no_more)
    }

    /// Whether only a pooler says such a thing: PgBouncer takes few of the
    /// parameters that a connection can start with, and others take no options.
    pub(super) fn is_of_a_pooler(&self) -> bool {
        let Self::Refused { source, .. } = self else {
            return false;
        };
        let unsupported = "unsupported startup parameter";
        source.sqlstate() == Some("0A000") || source.to_string().contains(unsupported)
    }

    /// Sorts what the driver reports.
    pub(super) fn from_driver(target: &str, error: tokio_postgres::Error) -> Self {
        let target = target.to_owned();
        let code = error.code().cloned();
        let text = error.to_string();
        let source = PgError::from(error);
        match code {
            Some(SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
                Self::Login { target, source }
            }
            Some(SqlState::INVALID_CATALOG_NAME) => Self::NoDatabase { target, source },
            Some(_) => Self::Refused { target, source },
            // The driver tells these apart in its text only.
            None if text.starts_with("error performing TLS handshake") => {
                Self::Tls { target, source }
            }
            None if text.starts_with("invalid configuration")
                || text.starts_with("authentication") =>
            {
                Self::Login { target, source }
            }
            None => Self::NoServer { target, source },
        }
    }
}
