//! Tenants come and go.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tenant_core::Tenants;

use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::operator::IsOperator;
use crate::spares::Spares;
use crate::tenant::named;

/// Who wants to be a tenant.
#[derive(Debug, Deserialize)]
pub(crate) struct SignUp {
    name: String,
}

/// A new tenant.
#[derive(Debug, Serialize)]
pub(crate) struct SignedUp {
    name: String,
}

/// `POST /tenants`: makes a tenant, of a spare schema where there is one.
///
/// 400 when the name cannot be one, 409 when it is taken.
pub(crate) async fn sign_up(
    State(tenants): State<Tenants>,
    State(spares): State<Spares>,
    Json(wanted): Json<SignUp>,
) -> Result<(StatusCode, Json<SignedUp>), ApiError> {
    let outcome = tenants.create(&named(&wanted.name)?).await?;
    tracing::info!(
        tenant = outcome.name,
        from_spare = outcome.from_spare,
        "signed up"
    );
    spares.see_to_it();
    let name = outcome.name;
    Ok((StatusCode::CREATED, Json(SignedUp { name })))
}

/// `DELETE /tenants/NAME`: drops a tenant with everything it has.
///
/// 403 without the operator's token, 404 if there is no such tenant.
pub(crate) async fn end(
    _: IsOperator,
    State(tenants): State<Tenants>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    tenants.drop_tenant(&named(&name)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
