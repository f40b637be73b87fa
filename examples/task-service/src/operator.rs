//! [`Operator`]: who may end a tenant.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};

use crate::error::ApiError;

/// The operator's token. Without a token there is no operator.
#[derive(Clone)]
pub(crate) struct Operator(Option<Arc<str>>);

/// A request that shows the token: `Authorization: Bearer ...`.
pub(crate) struct IsOperator;

impl<S: Send + Sync> FromRequestParts<S> for IsOperator
where
    Operator: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let shown = parts.headers.get(header::AUTHORIZATION);
        let shown = shown.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        if Operator::from_ref(state).is_known_by(shown.unwrap_or_default()) {
            return Ok(Self);
        }
        let reason = "this is for the operator";
        Err(ApiError::refused(StatusCode::FORBIDDEN, reason))
    }
}

impl Operator {
    pub(crate) fn new(token: Option<&str>) -> Self {
        Self(token.map(Arc::from))
    }

    /// Looks at every byte, so that the time it takes tells nothing about the
    /// token but its length.
    fn is_known_by(&self, shown: &[u8]) -> bool {
        let Some(token) = &self.0 else { return false };
        let pairs = token.bytes().zip(shown);
        let differences = pairs.fold(0, |found, (own, shown)| found | (own ^ shown));
        token.len() == shown.len() && differences == 0
    }
}
