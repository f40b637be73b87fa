//! Organizations.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::models::attachments::Attachment;
use crate::models::members::Member;
use crate::models::organizations::Organization;
use crate::org::Org;
use crate::sign_up::{self, SignUp};
use crate::types::{MemberRole, Plan};
use crate::{Database, Error};

/// An organization with totals.
#[derive(Serialize)]
pub(super) struct Shown {
    #[serde(flatten)]
    organization: Organization,
    members: Vec<(MemberRole, i64)>,
    attached_bytes: i64,
}

#[derive(Deserialize)]
pub(super) struct NewPlan {
    plan: Plan,
}

pub(super) async fn sign_up(
    State(database): State<Database>,
    Json(new): Json<SignUp>,
) -> Result<(StatusCode, Json<Organization>), Error> {
    let organization = sign_up::sign_up(&database, new).await?;
    Ok((StatusCode::CREATED, Json(organization)))
}

pub(super) async fn show(mut org: Org) -> Result<Json<Shown>, Error> {
    Ok(Json(Shown {
        members: Member::count_by_role(&mut org).await?,
        attached_bytes: Attachment::total_size(&mut org).await?,
        organization: org.organization,
    }))
}

pub(super) async fn change_plan(
    State(database): State<Database>,
    organization: Organization,
    Json(NewPlan { plan }): Json<NewPlan>,
) -> Result<Json<Organization>, Error> {
    let mut connection = database.public().await?;
    let changed = Organization::set_plan(&mut connection, organization.id, plan);
    Ok(Json(changed.await?))
}

pub(super) async fn delete(
    State(database): State<Database>,
    organization: Organization,
) -> Result<StatusCode, Error> {
    let mut connection = database.public().await?;
    Organization::mark_deleted(&mut connection, organization.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
