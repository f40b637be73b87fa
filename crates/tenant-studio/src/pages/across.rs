//! Its page is not written yet: one query over chosen or all tenants, and the same table compared between two.

use axum::Router;

use crate::studio::Studio;

pub(super) fn routes() -> Router<Studio> {
    Router::new()
}
