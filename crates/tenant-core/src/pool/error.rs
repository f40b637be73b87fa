//! Why there is no connection in a tenant, or why its work was not kept.

use std::sync::Arc;
use std::time::Duration;

use diesel::result::DatabaseErrorKind;
use thiserror::Error as DeriveError;

use super::coded::code_of;
use super::suspended::SuspendedTenant;
use crate::assertion::Assertion;
use crate::remedy::{
    Advice, Command, Remedy, missing_schema, no_extensions_schema, no_schema_behind,
};
use crate::{ConnectError, Error, ErrorKind, PgError, Registry, TenantName, TenantState};

/// An error of a [`TenantPool`](crate::TenantPool): no connection, or no commit.
///
/// It implements [`From`] for Diesel's errors, so that `?` works in the closures of
/// [`TenantPool::in_tenant`](crate::TenantPool::in_tenant).
#[derive(Debug, DeriveError)]
#[non_exhaustive]
pub enum PoolError {
    /// The tenant does not exist. In a web service, return 404.
    #[error("there is no tenant `{0}`")]
    Unknown(TenantName),
    /// The tenant is suspended, or its list says that it is trashed. In a web service, return 503
    /// and [`SuspendedTenant::retry_after`].
    #[error("{0}")]
    Suspended(Arc<SuspendedTenant>),
    /// The tenant is registered, but its schema does not exist.
    #[error("tenant `{0}` is registered, but its schema does not exist")]
    MissingSchema(TenantName),
    /// The role needs `USAGE` on the tenant's schema.
    #[error("this role cannot use the schema of tenant `{0}`")]
    Forbidden(TenantName),
    /// The public migrations have not been applied.
    #[error("the database is not set up: it has no table `{table}`")]
    NotSetUp {
        /// The missing table for the list of tenants, as SQL text.
        table: String,
    },
    /// The schema for extensions does not exist.
    #[error("the schema for extensions, `{0}`, does not exist")]
    NoExtensionsSchema(String),
    /// A schema that follows the tenants' schemas in the path does not exist.
    #[error(
        "the schema `{0}` cannot follow the tenants' schemas in the search path: it does not exist"
    )]
    NoSchemaBehind(String),
    /// The role needs `USAGE` on a schema that follows the tenants' schemas.
    #[error(
        "this role cannot use the schema `{0}`, which follows the tenants' schemas in the search path"
    )]
    ForbiddenBehind(String),
    /// A tenant's schema follows the schemas of all tenants in the path, so each tenant would read
    /// it.
    #[error(
        "the schema `{0}` cannot follow the tenants' schemas in the search path: it is the schema of a tenant"
    )]
    TenantBehind(String),
    /// A spare follows the schemas of all tenants in the path, and will become a tenant's schema.
    #[error(
        "the schema `{0}` cannot follow the tenants' schemas in the search path: it is a spare"
    )]
    SpareBehind(String),
    /// All connections were in use during the whole wait. In a web service, return 503.
    #[error("all {size} connections of the pool were in use for {} s", .waited.as_secs_f32())]
    Exhausted {
        /// The maximum number of connections.
        size: u32,
        /// How long the call waited.
        waited: Duration,
        /// Why the last new connection could not be opened, if one was tried.
        #[source]
        refused: Option<Arc<ConnectError>>,
    },
    /// No connection could be opened. In a web service, return 503.
    #[error(transparent)]
    Connect(Arc<ConnectError>),
    /// A session needs a direct connection to PostgreSQL, without a pooler.
    #[error("statements outside a transaction cannot run through a pooler")]
    NeedsDirect,
    /// A query failed and its error was ignored, so PostgreSQL rolled back the transaction.
    #[error("the transaction was rolled back: one of its queries had failed")]
    Aborted,
    /// The transaction has ended, and its path with it. A statement was `COMMIT`, `ROLLBACK` or
    /// `PREPARE TRANSACTION`, or the first query was canceled. Committed changes stay, and later
    /// queries were refused.
    #[error(
        "the transaction has already ended: a statement committed it or rolled it back, or its first query was canceled"
    )]
    Ended,
    /// A statement reset the path (`RESET ALL`, `SET search_path TO DEFAULT` or the like), so names
    /// would resolve in the role's own path. Later queries were refused, and the transaction was
    /// rolled back.
    #[error(
        "a statement reset the search path, so later queries would not run in the tenant's schema"
    )]
    PathReset,
    /// An inner transaction was dropped before its end, or was begun by hand and never ended. Later
    /// queries were refused, and the transaction was rolled back.
    #[error("nothing was committed: an inner transaction was dropped before its end")]
    GivenUp,
    /// The lent connection was replaced by another one, for example by `mem::swap`. Later queries
    /// were refused, and the transaction was rolled back.
    #[error("nothing was committed: the connection was replaced by another one")]
    Swapped,
    /// The path does not lead to the schema. The work dropped or renamed it, or the role cannot use
    /// it. The transaction was rolled back.
    #[error(
        "the search path does not lead to the schema: it was dropped or renamed, or the role cannot use it"
    )]
    NoPath,
    /// A query failed, or the transaction did.
    #[error(transparent)]
    Query(diesel::result::Error),
    /// A transaction without Diesel could not begin, or could not commit.
    #[error(transparent)]
    Driver(PgError),
}

impl From<diesel::result::Error> for PoolError {
    /// What a first query says instead of a tenant that is gone is told apart, and so is
    /// what a query says after the end of its transaction.
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::Error;
        match error {
            Error::NotInTransaction => Self::Ended,
            error if is_about_path(&error) => Self::NoPath,
            Error::QueryBuilderError(inner) => match inner.downcast::<Self>() {
                Ok(error) => *error,
                Err(inner) => Self::Query(Error::QueryBuilderError(inner)),
            },
            error => Self::Query(error),
        }
    }
}

impl From<PoolError> for Error {
    /// For functions that use both a pool and [`Tenants`](crate::Tenants). What both can say
    /// of a tenant is the same kind of error; everything else is an [`Error::OwnWork`].
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Unknown(name) => Self::Unknown(name),
            PoolError::MissingSchema(name) => Self::MissingSchema(name),
            PoolError::NotSetUp { table } => Self::NotSetUp { table },
            PoolError::NoExtensionsSchema(name) => Self::NoExtensionsSchema(name),
            error => {
                let sqlstate = error.sqlstate().map(str::to_owned);
                Self::own_work(error.kind(), sqlstate, error)
            }
        }
    }
}

impl From<diesel::result::Error> for Error {
    /// As [`PoolError`]'s: a query of the application's that failed.
    fn from(error: diesel::result::Error) -> Self {
        PoolError::from(error).into()
    }
}

impl PoolError {
    /// Whether a retry can succeed: all connections were in use, a server was unreachable, or the
    /// tenant is suspended. On a
    /// cluster, this includes the node with the tenant's rows, which only a query reports. In a web
    /// service, return 503.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        let is_for_now = matches!(self.kind(), ErrorKind::Unreachable | ErrorKind::Suspended);
        is_for_now || matches!(self, Self::Connect(_))
    }

    /// What to do about it: alternatives, in the order to try them. Empty if there is no general
    /// advice.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::Unknown(_) => vec![Command::ListTenants.into()],
            Self::Suspended(it) if it.is_ours => {
                vec![Command::ResumeTenant(it.tenant.clone()).into()]
            }
            Self::MissingSchema(name) => missing_schema(name, &Registry::default()),
            Self::Forbidden(_) | Self::ForbiddenBehind(_) => vec![Advice::GrantRight.into()],
            Self::NotSetUp { .. } => vec![Command::MigratePublic.into()],
            Self::NoExtensionsSchema(name) => no_extensions_schema(name),
            Self::NoSchemaBehind(name) => no_schema_behind(name),
            Self::TenantBehind(_) | Self::SpareBehind(_) => vec![Advice::CorrectRuntimePath.into()],
            Self::Connect(error) => error.remedies(),
            Self::NeedsDirect => vec![Advice::ConnectDirectly.into()],
            Self::Exhausted { refused, .. } => {
                let refused = refused.as_ref().map(|error| error.remedies());
                refused.unwrap_or_default()
            }
            Self::Aborted
            | Self::Ended
            | Self::PathReset
            | Self::GivenUp
            | Self::Swapped
            | Self::NoPath
            | Self::Suspended(_)
            | Self::Driver(_)
            | Self::Query(_) => Vec::new(),
        }
    }

    /// Returns the kind of the error, by what the caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unknown(_) => ErrorKind::NotFound,
            Self::Suspended(it) if it.state == TenantState::Trashed => ErrorKind::NotFound,
            Self::Suspended(_) => ErrorKind::Suspended,
            Self::MissingSchema(_) => ErrorKind::Damaged,
            Self::Forbidden(_) | Self::ForbiddenBehind(_) => ErrorKind::Denied,
            Self::NotSetUp { .. } | Self::NoExtensionsSchema(_) | Self::NoSchemaBehind(_) => {
                ErrorKind::NotSetUp
            }
            Self::Exhausted { .. } => ErrorKind::Unreachable,
            Self::Connect(error) => error.kind(),
            Self::NeedsDirect | Self::TenantBehind(_) | Self::SpareBehind(_) => {
                ErrorKind::Unsupported
            }
            Self::Aborted
            | Self::Ended
            | Self::PathReset
            | Self::GivenUp
            | Self::Swapped
            | Self::NoPath => ErrorKind::Failed,
            Self::Driver(error) => error.kind(),
            Self::Query(error) => query_kind(error),
        }
    }

    /// Returns the SQLSTATE, if the error came from the server. For Diesel errors, it is known if
    /// the query ran on a connection of a [`TenantPool`](crate::TenantPool), or if Diesel
    /// distinguishes the error, such as a violated constraint.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Connect(error) => error.sqlstate(),
            Self::Exhausted { refused, .. } => refused.as_ref()?.sqlstate(),
            Self::Driver(error) => error.sqlstate(),
            Self::Aborted => Some("25P02"),
            Self::Ended => Some("25P01"),
            Self::Query(error) => query_sqlstate(error),
            _ => None,
        }
    }

    /// Of a message of the pool's own on a connection without Diesel.
    pub(super) fn of_driver(error: PgError) -> Self {
        match error.unmet() {
            Some(Assertion::Path) => Self::NoPath,
            _ => Self::Driver(error),
        }
    }

    /// As Diesel passes it on.
    pub(super) fn into_diesel(self) -> diesel::result::Error {
        match self {
            Self::Query(error) => error,
            error => diesel::result::Error::QueryBuilderError(Box::new(error)),
        }
    }
}

/// The server's code, or what Diesel keeps of it.
///
/// Source: diesel-async, its conversion of the driver's errors.
fn query_sqlstate(error: &diesel::result::Error) -> Option<&str> {
    let diesel::result::Error::DatabaseError(kind, said) = error else {
        return None;
    };
    if let Some(code) = code_of(said.as_ref()) {
        return Some(code);
    }
    Some(match kind {
        DatabaseErrorKind::UniqueViolation => "23505",
        DatabaseErrorKind::ForeignKeyViolation => "23503",
        DatabaseErrorKind::NotNullViolation => "23502",
        DatabaseErrorKind::CheckViolation => "23514",
        DatabaseErrorKind::RestrictViolation => "23001",
        DatabaseErrorKind::ExclusionViolation => "23P01",
        DatabaseErrorKind::SerializationFailure => "40001",
        DatabaseErrorKind::ReadOnlyTransaction => "25006",
        _ => return None,
    })
}

/// Whether the error comes from a check that `search_path` is the expected one.
fn is_about_path(error: &diesel::result::Error) -> bool {
    let code = query_sqlstate(error).unwrap_or_default();
    Assertion::unmet(code, &error.to_string()) == Some(Assertion::Path)
}

fn query_kind(error: &diesel::result::Error) -> ErrorKind {
    use diesel::result::Error;
    match error {
        Error::NotFound => ErrorKind::NotFound,
        Error::DatabaseError(
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
            _,
        ) => ErrorKind::Unreachable,
        _ => query_sqlstate(error).map_or(ErrorKind::Failed, ErrorKind::of_sqlstate),
    }
}

impl From<ConnectError> for PoolError {
    fn from(error: ConnectError) -> Self {
        Self::Connect(Arc::new(error))
    }
}
