//! Its page is not written yet: changes to rows, collected and applied in one transaction.

use axum::Router;

use crate::studio::Studio;

pub(super) fn routes() -> Router<Studio> {
    Router::new()
}
