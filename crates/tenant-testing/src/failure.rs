//! Why a test gets no database, and how it hears of that.

use tenant_core::{ConnectError, InvalidName, PgError};
use thiserror::Error;

/// What went wrong on the way to a database for a test.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// None was named, and none could be started.
    #[error("could not start a PostgreSQL server for the tests, and TEST_DATABASE_URL names none")]
    NoServer(#[source] local_postgres::Error),
    /// The named one cannot be used.
    #[error("could not use the server of TEST_DATABASE_URL")]
    Given(#[source] ConnectError),
    /// A pooler could hand a session's locks to another client.
    #[error("TEST_DATABASE_URL leads to a pooler: tests need the server's own address")]
    Pooler,
    /// There is no thread for the work that outlives a test.
    #[error("could not start the runtime for the tests: {0}")]
    Runtime(String),
    /// Another test has met this before, in its own words.
    #[error("{0}")]
    Known(String),
    /// The server refused a statement of this crate.
    #[error("could not {action}")]
    Server {
        /// What it was for, in the infinitive.
        action: String,
        /// What the server says.
        source: PgError,
    },
    /// What the library says.
    #[error(transparent)]
    Tenants(#[from] tenant_core::Error),
    /// A text cannot be the name of a tenant.
    #[error(transparent)]
    Name(#[from] InvalidName),
}

impl Failure {
    /// The server's answer to a statement that is for `action`.
    pub(crate) fn of_server(action: &str, source: tokio_postgres::Error) -> Self {
        Self::Server {
            action: action.to_owned(),
            source: source.into(),
        }
    }

    /// The error and its causes on one line.
    pub(crate) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        if let Self::NoServer(error) = self
            && let Some(hint) = error.hint()
        {
            text = format!("{text}\nhint: {hint}");
        }
        text
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        Self::Tenants(error.into())
    }
}

/// What a test asked for, or the end of the test.
///
/// # Panics
///
/// With the whole chain of errors, on a failure.
#[track_caller]
#[expect(
    clippy::panic,
    reason = "without what it needs a test can only end, and its panic is the report"
)]
pub(crate) fn or_end<T, E: Into<Failure>>(what: &str, done: Result<T, E>) -> T {
    match done {
        Ok(done) => done,
        Err(error) => panic!("{what}: {}", error.into().chain()),
    }
}
