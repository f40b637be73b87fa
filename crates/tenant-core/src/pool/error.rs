//! Why there is no connection in a tenant, or why its work was not kept.

use std::sync::Arc;
use std::time::Duration;

use diesel::result::DatabaseErrorKind;
use thiserror::Error as DeriveError;

use super::coded::code_of;
use crate::assertion::Assertion;
use crate::remedy::{
    Advice, Command, Remedy, missing_schema, no_extensions_schema, no_schema_behind,
};
use crate::{ConnectError, Error, ErrorKind, PgError, Registry, TenantName};

/// What a [`TenantPool`](crate::TenantPool) answers with instead of a connection,
/// or instead of a commit.
///
/// [`From`] makes one of Diesel's errors, so that `?` works in the closures of
/// [`TenantPool::in_tenant`](crate::TenantPool::in_tenant).
#[derive(Debug, DeriveError)]
#[non_exhaustive]
pub enum PoolError {
    /// Nobody is registered under this name. For a web service: 404.
    #[error("there is no tenant `{0}`")]
    Unknown(TenantName),
    /// The tenant is registered without having a schema.
    #[error("tenant `{0}` is registered, but its schema does not exist")]
    MissingSchema(TenantName),
    /// The role may not look into the tenant's schema: it needs `USAGE` on it.
    #[error("this role cannot use the schema of tenant `{0}`")]
    Forbidden(TenantName),
    /// The public migrations have not been applied.
    #[error("the database is not set up: it has no table `{table}`")]
    NotSetUp {
        /// The table that would list the tenants, as SQL text.
        table: String,
    },
    /// The schema that was named for extensions is not there.
    #[error("the schema for extensions, `{0}`, does not exist")]
    NoExtensionsSchema(String),
    /// A schema that the path names behind the tenants' own is not there.
    #[error(
        "the schema `{0}` cannot follow the tenants' schemas in the search path: it does not exist"
    )]
    NoSchemaBehind(String),
    /// The role may not look into a schema behind the tenants' own: it needs `USAGE` on it.
    #[error(
        "this role cannot use the schema `{0}`, which follows the tenants' schemas in the search path"
    )]
    ForbiddenBehind(String),
    /// The schema of a tenant is named behind the schemas of all tenants: each would read it.
    #[error(
        "the schema `{0}` cannot follow the tenants' schemas in the search path: it is the schema of a tenant"
    )]
    TenantBehind(String),
    /// A spare schema is named behind the schemas of all tenants: it becomes a tenant's.
    #[error(
        "the schema `{0}` cannot follow the tenants' schemas in the search path: it is a spare"
    )]
    SpareBehind(String),
    /// All connections were in use for as long as one was waited for. For a web
    /// service: 503.
    #[error("all {size} connections of the pool were in use for {} s", .waited.as_secs_f32())]
    Exhausted {
        /// How many connections the pool may have.
        size: u32,
        /// How long one was waited for.
        waited: Duration,
        /// Why the last one that was tried could not be opened, if one was.
        #[source]
        refused: Option<Arc<ConnectError>>,
    },
    /// No connection can be opened. For a web service: 503.
    #[error(transparent)]
    Connect(Arc<ConnectError>),
    /// A session of its own needs PostgreSQL itself at the other end.
    #[error("statements outside a transaction cannot run through a pooler")]
    NeedsDirect,
    /// A query failed and its error was passed over; PostgreSQL keeps nothing of
    /// such a transaction.
    #[error("the transaction was rolled back: one of its queries had failed")]
    Aborted,
    /// There is no transaction any more, and with it the path has ended: a statement in it
    /// was `COMMIT`, `ROLLBACK` or `PREPARE TRANSACTION`, or its first query was cut off.
    /// What such a statement has committed stays; queries after it were refused.
    #[error(
        "the transaction has already ended: a statement committed it or rolled it back, or its first query was canceled"
    )]
    Ended,
    /// A statement has reset the path (`RESET ALL`, `SET search_path TO DEFAULT` or the
    /// like), so that names would lead to where the role's own path leads. Queries after it
    /// were refused, and nothing of the transaction was kept.
    #[error(
        "a statement reset the search path, so later queries would not run in the tenant's schema"
    )]
    PathReset,
    /// A transaction inside the work was given up before its end: its future was dropped,
    /// or it was begun by hand and never ended. Queries after it were refused, and nothing
    /// of the transaction was kept.
    #[error("nothing was committed: an inner transaction was dropped before its end")]
    GivenUp,
    /// The connection that was lent was exchanged for another one, by `mem::swap` or the like.
    /// Queries after it were refused, and nothing of the transaction was kept.
    #[error("nothing was committed: the connection was replaced by another one")]
    Swapped,
    /// The path does not lead to the schema, which the work has dropped or renamed, or which
    /// this role may not use. Nothing of the transaction was kept.
    #[error(
        "the search path does not lead to the schema: it was dropped or renamed, or the role cannot use it"
    )]
    NoPath,
    /// A query failed, or the transaction did.
    #[error(transparent)]
    Query(diesel::result::Error),
    /// A transaction without Diesel could not be begun, or not be committed.
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
    /// Whether it may well work a moment later: all connections were in use, or a server
    /// could not be reached. On a cluster that can be the one with the tenant's rows, which
    /// a query tells. For a web service: 503.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        let is_unreachable = self.kind() == ErrorKind::Unreachable;
        is_unreachable || matches!(self, Self::Connect(_))
    }

    /// What to do about it: one of these, in the order in which to try them. Empty
    /// where nothing general can be said.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::Unknown(_) => vec![Command::ListTenants.into()],
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
            | Self::Driver(_)
            | Self::Query(_) => Vec::new(),
        }
    }

    /// What the caller can do about it, in one of a few kinds.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unknown(_) => ErrorKind::NotFound,
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

    /// The SQLSTATE behind this error, when the server spoke. Of an error of Diesel's
    /// it is known where a connection of a [`TenantPool`](crate::TenantPool) gave it;
    /// of others where Diesel tells it apart, as for constraints that are violated.
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

/// Whether a check of our own has found that the path leads elsewhere.
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
