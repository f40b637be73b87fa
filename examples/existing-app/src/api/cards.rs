//! Cards.

use axum::Json;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use chrono::Utc;
use serde::Deserialize;

use super::Id;
use crate::Error;
use crate::models::cards::{Card, CardChanges, NewCard};
use crate::models::search::search as search_cards;
use crate::org::Org;

/// The maximum number of cards in one answer.
const PAGE: i64 = 50;

#[derive(Deserialize)]
pub(super) struct Page {
    #[serde(default)]
    after: i64,
    limit: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Words {
    q: String,
}

#[derive(Deserialize)]
pub(super) struct Target {
    column_id: i64,
}

pub(super) async fn page(
    mut org: Org,
    Path(Id { id }): Path<Id>,
    Query(Page { after, limit }): Query<Page>,
) -> Result<Json<Vec<Card>>, Error> {
    let limit = limit.unwrap_or(PAGE).clamp(1, PAGE);
    Ok(Json(Card::page(&mut org, id, after, limit).await?))
}

pub(super) async fn search(
    mut org: Org,
    Query(Words { q }): Query<Words>,
) -> Result<Json<Vec<Card>>, Error> {
    Ok(Json(search_cards(&mut org, &q).await?))
}

pub(super) async fn overdue(mut org: Org) -> Result<Json<Vec<Card>>, Error> {
    let today = Utc::now().date_naive();
    Ok(Json(Card::overdue(&mut org, today).await?))
}

pub(super) async fn create(
    mut org: Org,
    Json(new): Json<NewCard>,
) -> Result<(StatusCode, Json<Card>), Error> {
    Ok((StatusCode::CREATED, Json(new.create(&mut org).await?)))
}

pub(super) async fn show(mut org: Org, Path(Id { id }): Path<Id>) -> Result<Json<Card>, Error> {
    Ok(Json(Card::find(&mut org, id).await?))
}

pub(super) async fn update(
    mut org: Org,
    Path(Id { id }): Path<Id>,
    Json(changes): Json<CardChanges>,
) -> Result<Json<Card>, Error> {
    Ok(Json(changes.apply(&mut org, id).await?))
}

pub(super) async fn move_to(
    mut org: Org,
    Path(Id { id }): Path<Id>,
    Json(Target { column_id }): Json<Target>,
) -> Result<Json<Card>, Error> {
    Ok(Json(Card::move_to(&mut org, id, column_id).await?))
}

pub(super) async fn archive(mut org: Org, Path(Id { id }): Path<Id>) -> Result<StatusCode, Error> {
    Card::archive(&mut org, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
