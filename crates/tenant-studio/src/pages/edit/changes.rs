//! Changes as a document, for the script that collects them in the grid.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::answer::{failed, refused, row_document};
use super::{allowed, keep};
use crate::data::{Changes, Column, Done, Table, preview};
use crate::error::Failure;
use crate::pages::{Here, at_each_place};
use crate::query::OrderValues;
use crate::shown_schema::TableName;
use crate::studio::Studio;

/// How many changes a document may have.
const MOST: usize = 1_000;

pub(super) fn routes() -> Router<Studio> {
    let methods = get(describe).post(change);
    at_each_place("/table/{table}/changes", methods)
}

/// What the columns take, or one row as it is now.
async fn describe(here: Here, TableName(name): TableName) -> Response {
    let description = async {
        allowed(&here)?;
        let reading = here.read().await?;
        let table = Table::read(&reading, &name).await?;
        let Some(key) = here.parameter("key") else {
            reading.end();
            return Ok(columns(&here, &table));
        };
        let row = table.current(&reading, &identity(&key)?).await?;
        reading.end();
        let gone = || Failure::NotFound("the row no longer exists".to_owned());
        Ok(row_document(&table, &row.ok_or_else(gone)?))
    };
    match description.await {
        Ok(document) => Json(document).into_response(),
        Err(failure) => failed(&failure),
    }
}

fn columns(here: &Here, table: &Table) -> Value {
    let columns = table.columns.iter().map(|column| {
        let choices = super::choices::key_of(&here.place, table, column)
            .map(|_| super::choices::address(here, table, column));
        json!({
            "name": column.name,
            "type": column.type_name,
            "writable": column.is_writable(),
            "nullable": !column.not_null,
            "default": has_default(column),
            "labels": column.labels,
            "choices": choices,
        })
    });
    json!({
        "columns": columns.collect::<Vec<_>>(),
        "adds": table.is_writable(),
        "changes": table.has_writable_rows(),
    })
}

/// Whether PostgreSQL gives a value where none is given.
pub(super) fn has_default(column: &Column) -> bool {
    column.default.is_some() || column.is_identity
}

/// The values of a row's key, as an address has them.
pub(super) fn identity(key: &str) -> Result<OrderValues, Failure> {
    let key = serde_json::from_str(key);
    key.map_err(|_| Failure::Wrong("the key is not valid".to_owned()))
}

/// Shows what the changes would be as SQL, or makes them. Nothing of the request is
/// read at a studio that does not write.
async fn change(here: Here, TableName(name): TableName, request: Request) -> Response {
    let answer = async {
        allowed(&here)?;
        let changes = read(request).await?;
        if is_preview(&here) {
            return shown(&here, &name, &changes).await;
        }
        let (table, kept) = keep(&here, &name, &changes.changes).await?;
        Ok(match kept {
            Ok(applied) => Json(json!({ "applied": counts(&applied) })).into_response(),
            Err(refusal) => refused(&table, &refusal),
        })
    };
    let answer: Result<Response, Failure> = answer.await;
    answer.unwrap_or_else(|failure| failed(&failure))
}

fn is_preview(here: &Here) -> bool {
    let parameters = crate::url::parameters(here.uri.query());
    parameters.iter().any(|(name, _)| name == "preview")
}

async fn shown(here: &Here, name: &str, changes: &Changes) -> Result<Response, Failure> {
    let reading = here.read().await?;
    let table = Table::read(&reading, name).await?;
    reading.end();
    Ok(match preview(&table, &changes.changes) {
        Ok(sql) => Json(json!({ "preview": sql })).into_response(),
        Err(refusal) => refused(&table, &refusal),
    })
}

fn counts(applied: &Done) -> Value {
    json!({
        "updated": applied.updated,
        "inserted": applied.inserted,
        "deleted": applied.deleted,
    })
}

/// The document in the request's body.
async fn read(request: Request) -> Result<Changes, Failure> {
    let kind = request.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/json") {
        return Err(Failure::Wrong("the changes are not JSON".to_owned()));
    }
    let body = Bytes::from_request(request, &()).await;
    let body = body.map_err(|error| Failure::Wrong(error.body_text()))?;
    let changes = serde_json::from_slice::<Changes>(&body);
    let changes =
        changes.map_err(|error| Failure::Wrong(format!("the changes are not valid: {error}")))?;
    match changes.changes.len() {
        0 => Err(Failure::Wrong("there is nothing to change".to_owned())),
        1..=MOST => Ok(changes),
        _ => Err(Failure::Wrong(format!("more than {MOST} changes at once"))),
    }
}
