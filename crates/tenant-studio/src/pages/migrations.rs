//! Its page is not written yet: what is applied where, the SQL of each migration, and the problems that the
//! health check finds.

use axum::Router;

use crate::studio::Studio;

pub(super) fn routes() -> Router<Studio> {
    Router::new()
}
