//! Its page is not written yet: SQL in the current schema.

use axum::Router;

use crate::studio::Studio;

pub(super) fn routes() -> Router<Studio> {
    Router::new()
}
