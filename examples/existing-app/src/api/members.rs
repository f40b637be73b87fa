//! Members.

use axum::Json;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use serde::Deserialize;

use super::Id;
use crate::Error;
use crate::models::members::{Member, NewMember};
use crate::org::Org;
use crate::types::MemberRole;

#[derive(Deserialize)]
pub(super) struct Filter {
    email: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct NewRole {
    role: MemberRole,
}

pub(super) async fn list(
    mut org: Org,
    Query(Filter { email }): Query<Filter>,
) -> Result<Json<Vec<Member>>, Error> {
    let members = match email {
        Some(email) => vec![Member::find_by_email(&mut org, &email).await?],
        None => Member::list(&mut org).await?,
    };
    Ok(Json(members))
}

pub(super) async fn invite(
    mut org: Org,
    Json(new): Json<NewMember>,
) -> Result<(StatusCode, Json<Member>), Error> {
    Ok((StatusCode::CREATED, Json(new.invite(&mut org).await?)))
}

pub(super) async fn set_role(
    mut org: Org,
    Path(Id { id }): Path<Id>,
    Json(NewRole { role }): Json<NewRole>,
) -> Result<Json<Member>, Error> {
    Ok(Json(Member::set_role(&mut org, id, role).await?))
}

pub(super) async fn remove(mut org: Org, Path(Id { id }): Path<Id>) -> Result<StatusCode, Error> {
    Member::remove(&mut org, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
