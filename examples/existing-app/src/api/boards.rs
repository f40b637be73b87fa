//! Boards, their columns, and the templates for them.

use axum::Json;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};

use super::Id;
use crate::Error;
use crate::models::boards::{Board, BoardChanges, NewBoard};
use crate::models::cards::Card;
use crate::models::columns::Column;
use crate::models::templates::Template;
use crate::org::Org;

/// A board in a list.
#[derive(Serialize)]
pub(super) struct Listed {
    #[serde(flatten)]
    board: Board,
    cards: i64,
}

/// A board by itself.
#[derive(Serialize)]
pub(super) struct Shown {
    #[serde(flatten)]
    board: Board,
    columns: Vec<Column>,
    cards: Vec<(String, i64)>,
}

#[derive(Deserialize)]
pub(super) struct FromTemplate {
    #[serde(flatten)]
    board: NewBoard,
    template: String,
}

#[derive(Deserialize)]
pub(super) struct Name {
    name: String,
}

pub(super) async fn templates(mut org: Org) -> Result<Json<Vec<Template>>, Error> {
    Ok(Json(Template::list(&mut org).await?))
}

pub(super) async fn list(mut org: Org) -> Result<Json<Vec<Listed>>, Error> {
    let boards = Board::list(&mut org).await?.into_iter();
    let listed = boards.map(|(board, cards)| Listed { board, cards });
    Ok(Json(listed.collect()))
}

pub(super) async fn create(
    mut org: Org,
    Json(FromTemplate { board, template }): Json<FromTemplate>,
) -> Result<(StatusCode, Json<Board>), Error> {
    let template = Template::find_by_name(&mut org, &template).await?;
    let board = board.create(&mut org, &template.column_names).await?;
    Ok((StatusCode::CREATED, Json(board)))
}

pub(super) async fn show(mut org: Org, Path(Id { id }): Path<Id>) -> Result<Json<Shown>, Error> {
    Ok(Json(Shown {
        board: Board::find(&mut org, id).await?,
        columns: Column::of_board(&mut org, id).await?,
        cards: Card::count_by_column(&mut org, id).await?,
    }))
}

pub(super) async fn update(
    mut org: Org,
    Path(Id { id }): Path<Id>,
    Json(changes): Json<BoardChanges>,
) -> Result<Json<Board>, Error> {
    Ok(Json(changes.apply(&mut org, id).await?))
}

pub(super) async fn archive(mut org: Org, Path(Id { id }): Path<Id>) -> Result<StatusCode, Error> {
    Board::archive(&mut org, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn document(
    mut org: Org,
    Path(Id { id }): Path<Id>,
) -> Result<impl IntoResponse, Error> {
    let document = Board::document(&mut org, id).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], document))
}

pub(super) async fn add_column(
    mut org: Org,
    Path(Id { id }): Path<Id>,
    Json(Name { name }): Json<Name>,
) -> Result<(StatusCode, Json<Column>), Error> {
    let column = Column::append(&mut org, id, &name).await?;
    Ok((StatusCode::CREATED, Json(column)))
}

pub(super) async fn reorder(
    mut org: Org,
    Path(Id { id }): Path<Id>,
    Json(order): Json<Vec<i64>>,
) -> Result<Json<Vec<Column>>, Error> {
    Ok(Json(Column::reorder(&mut org, id, &order).await?))
}

pub(super) async fn rename_column(
    mut org: Org,
    Path(Id { id }): Path<Id>,
    Json(Name { name }): Json<Name>,
) -> Result<Json<Column>, Error> {
    Ok(Json(Column::rename(&mut org, id, &name).await?))
}

pub(super) async fn remove_column(
    mut org: Org,
    Path(Id { id }): Path<Id>,
) -> Result<StatusCode, Error> {
    Column::remove(&mut org, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
