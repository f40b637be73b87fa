//! Comments, labels and attachments of cards, and reports about them.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::Id;
use crate::Error;
use crate::models::activity::Activity;
use crate::models::attachments::{Attachment, NewAttachment};
use crate::models::comments::{Comment, NewComment};
use crate::models::digests::Digest;
use crate::models::labels::{Label, NewLabel};
use crate::org::Org;

/// The comments on a card.
#[derive(Serialize)]
pub(super) struct Comments {
    count: i64,
    comments: Vec<Comment>,
}

#[derive(Deserialize)]
pub(super) struct OnCard {
    id: i64,
    label: i64,
}

pub(super) async fn comments(
    mut org: Org,
    Path(Id { id }): Path<Id>,
) -> Result<Json<Comments>, Error> {
    Ok(Json(Comments {
        count: Comment::count(&mut org, id).await?,
        comments: Comment::of_card(&mut org, id).await?,
    }))
}

pub(super) async fn comment(
    mut org: Org,
    Path(Id { id }): Path<Id>,
    Json(new): Json<NewComment>,
) -> Result<(StatusCode, Json<i64>), Error> {
    Ok((StatusCode::CREATED, Json(new.add(&mut org, id).await?)))
}

pub(super) async fn remove_comment(
    mut org: Org,
    Path(Id { id }): Path<Id>,
) -> Result<StatusCode, Error> {
    Comment::remove(&mut org, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn labels(mut org: Org) -> Result<Json<Vec<Label>>, Error> {
    Ok(Json(Label::list(&mut org).await?))
}

pub(super) async fn labels_of_card(
    mut org: Org,
    Path(Id { id }): Path<Id>,
) -> Result<Json<Vec<Label>>, Error> {
    Ok(Json(Label::of_card(&mut org, id).await?))
}

pub(super) async fn label(
    mut org: Org,
    Path(Id { id }): Path<Id>,
    Json(new): Json<NewLabel>,
) -> Result<Json<Label>, Error> {
    let label = new.upsert(&mut org).await?;
    Label::attach(&mut org, id, label.id).await?;
    Ok(Json(label))
}

pub(super) async fn unlabel(
    mut org: Org,
    Path(OnCard { id, label }): Path<OnCard>,
) -> Result<StatusCode, Error> {
    Label::detach(&mut org, id, label).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn attachments(
    mut org: Org,
    Path(Id { id }): Path<Id>,
) -> Result<Json<Vec<Attachment>>, Error> {
    Ok(Json(Attachment::of_card(&mut org, id).await?))
}

pub(super) async fn attach(
    mut org: Org,
    Path(Id { id }): Path<Id>,
    Json(new): Json<NewAttachment>,
) -> Result<Json<Attachment>, Error> {
    Ok(Json(new.add(&mut org, id).await?))
}

pub(super) async fn remove_attachment(
    mut org: Org,
    Path(Id { id }): Path<Id>,
) -> Result<StatusCode, Error> {
    Attachment::remove(&mut org, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn activity(mut org: Org) -> Result<Json<Vec<Activity>>, Error> {
    Ok(Json(Activity::recent(&mut org).await?))
}

pub(super) async fn activity_of_card(
    mut org: Org,
    Path(Id { id }): Path<Id>,
) -> Result<Json<Vec<Activity>>, Error> {
    Ok(Json(Activity::of_card(&mut org, id).await?))
}

pub(super) async fn digests(mut org: Org) -> Result<Json<Vec<Digest>>, Error> {
    Ok(Json(Digest::latest(&mut org, 30).await?))
}
