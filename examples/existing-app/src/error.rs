//! [`Error`]: why a request fails, as an HTTP status.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use diesel::result::DatabaseErrorKind::{CheckViolation, ForeignKeyViolation, UniqueViolation};
use diesel_async::pooled_connection::bb8::RunError;
use serde_json::json;

/// A failed request. Clients see the text, and the log has the cause.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The organization or the row does not exist (404).
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The row exists already (409).
    #[error("{0}")]
    Conflict(String),
    /// A value is not valid (422).
    #[error("{0}")]
    Refused(String),
    /// The pool has no connection (503).
    #[error("the database cannot be reached")]
    Unavailable(#[from] RunError),
    /// Any other error (500).
    #[error("something went wrong")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Wraps an error that a client cannot fix.
    pub(crate) fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::Error::{DatabaseError, NotFound};
        match error {
            NotFound => Self::NotFound("row"),
            DatabaseError(UniqueViolation, told) => Self::Conflict(told.message().to_owned()),
            DatabaseError(CheckViolation | ForeignKeyViolation, told) => {
                Self::Refused(told.message().to_owned())
            }
            other => Self::internal(other),
        }
    }
}

impl From<tenant_core::Error> for Error {
    fn from(error: tenant_core::Error) -> Self {
        match error {
            tenant_core::Error::Taken(_) => Self::Conflict("organizations_slug_key: taken".into()),
            other => Self::internal(other),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::error!(error = &self as &dyn std::error::Error, "a request failed");
        }
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}
