//! [`ApiError`]: what goes wrong, in HTTP's words.
//!
//! Clients are told what they can do something about. What the database says is
//! for the log: it can hold names, values and statements.

use std::error::Error;
use std::fmt;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tenant_core::{ErrorKind, InvalidName, PoolError};

use crate::extract::Json;

/// Why a request has no other answer.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// The request itself cannot be answered, for the reason that is told.
    Refused(StatusCode, String),
    /// The database cannot be used at the moment: 503.
    Unavailable(Box<dyn Error + Send + Sync>),
    /// An unexpected error: 500.
    Internal(Box<dyn Error + Send + Sync>),
}

impl ApiError {
    /// An answer of `status`, and the reason for the client.
    pub(crate) fn refused(status: StatusCode, reason: impl fmt::Display) -> Self {
        Self::Refused(status, reason.to_string())
    }

    /// 404.
    pub(crate) fn not_found(reason: impl fmt::Display) -> Self {
        Self::refused(StatusCode::NOT_FOUND, reason)
    }
}

/// What one cannot be a tenant under: 400.
impl From<InvalidName> for ApiError {
    fn from(error: InvalidName) -> Self {
        Self::refused(StatusCode::BAD_REQUEST, error)
    }
}

/// What one meets on the way to a tenant's rows.
impl From<PoolError> for ApiError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Unknown(_) => Self::not_found(error),
            PoolError::NotSetUp { .. } => Self::Unavailable(error.into()),
            // Also a query's, where the tenant is on a server of a cluster that is away.
            error if error.is_unavailable() => Self::Unavailable(error.into()),
            _ => Self::Internal(error.into()),
        }
    }
}

/// What one meets among them.
impl From<diesel::result::Error> for ApiError {
    fn from(error: diesel::result::Error) -> Self {
        match error {
            diesel::result::Error::NotFound => Self::not_found("there is no such row"),
            _ => PoolError::from(error).into(),
        }
    }
}

/// What one meets when tenants are made and dropped.
impl From<tenant_core::Error> for ApiError {
    fn from(error: tenant_core::Error) -> Self {
        use tenant_core::Error::{
            Busy, Connect, NotSetUp, RegistryLost, Taken, Unknown, Untracked,
        };
        match error {
            Taken(_) => Self::refused(StatusCode::CONFLICT, error),
            // There is a schema of the name: whose is nobody's business.
            Untracked(name) => Self::refused(
                StatusCode::CONFLICT,
                format!("the name `{name}` is not free"),
            ),
            Unknown(_) => Self::not_found(error),
            Busy { .. } | Connect(_) | NotSetUp { .. } | RegistryLost { .. } => {
                Self::Unavailable(error.into())
            }
            error if error.kind() == ErrorKind::Unreachable => Self::Unavailable(error.into()),
            _ => Self::Internal(error.into()),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, reason) = match self {
            Self::Refused(status, reason) => (status, reason),
            Self::Unavailable(error) => {
                tracing::warn!(error = &*error as &dyn Error, "the database cannot be used");
                let reason = "the service cannot reach its data; try again in a moment";
                (StatusCode::SERVICE_UNAVAILABLE, reason.to_owned())
            }
            Self::Internal(error) => {
                tracing::error!(error = &*error as &dyn Error, "a request failed");
                let reason = "something went wrong here, and was noted";
                (StatusCode::INTERNAL_SERVER_ERROR, reason.to_owned())
            }
        };
        (status, Json(json!({ "error": reason }))).into_response()
    }
}
