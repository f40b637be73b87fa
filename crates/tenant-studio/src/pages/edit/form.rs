//! One row as a form, which works without any script.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use super::changes::identity;
use super::control::Field;
use super::row::{Form, Message};
use super::submitted::Submitted;
use super::{Answer, allowed, keep};
use crate::data::{Cell, Change, CurrentRow, Done, RefusedChange, Table};
use crate::error::Failure;
use crate::pages::{Here, at_each_place};
use crate::shown_schema::TableName;
use crate::studio::Studio;
use crate::url;

pub(super) fn routes() -> Router<Studio> {
    at_each_place("/table/{table}/edit", get(edit).post(save))
        .merge(at_each_place("/table/{table}/add", get(new).post(add)))
        .merge(at_each_place("/table/{table}/delete", post(delete)))
}

async fn edit(here: Here, TableName(name): TableName) -> Answer {
    allowed(&here)?;
    let key = here.parameter("key").unwrap_or_default();
    let (table, row) = read(&here, &name, &key).await?;
    let done = here.parameter("saved").is_some();
    let form = Form {
        here: &here,
        table: &table,
        row: Some((key, row.version)),
        fields: row.values.into_iter().map(Field::of).collect(),
        message: done.then_some(Message::Done("Saved the row.")),
    };
    form.answer().await
}

async fn new(here: Here, TableName(name): TableName) -> Answer {
    allowed(&here)?;
    let table = writable(&here, &name).await?;
    let form = Form {
        here: &here,
        table: &table,
        row: None,
        fields: table.columns.iter().map(Field::fresh).collect(),
        message: None,
    };
    form.answer().await
}

async fn save(here: Here, TableName(name): TableName, request: Request) -> Answer {
    allowed(&here)?;
    let submitted = Submitted::read(request).await?;
    let key = submitted.get("key").to_owned();
    let identity = identity(&key)?;
    let set = match submitted.changes() {
        Ok(set) if set.is_empty() => return Ok(to_row(&here, &name, &key, false)),
        Ok(set) => set,
        Err(text) => {
            let table = writable(&here, &name).await?;
            let message = wrong(text, None, StatusCode::UNPROCESSABLE_ENTITY);
            return again(&here, &table, &submitted, message).await;
        }
    };
    let change = Change::Update {
        key: identity,
        version: submitted.get("version").to_owned(),
        set,
    };
    let (table, kept) = keep(&here, &name, &[change]).await?;
    match kept {
        Ok(done) => Ok(to_kept(&here, &name, done)),
        Err(RefusedChange::Stale(_, Some(current))) => {
            stale(&here, &table, &submitted, current).await
        }
        Err(refusal) => again(&here, &table, &submitted, said(&refusal)).await,
    }
}

async fn add(here: Here, TableName(name): TableName, request: Request) -> Answer {
    allowed(&here)?;
    let submitted = Submitted::read(request).await?;
    let change = Change::Insert {
        set: submitted.values(),
    };
    let (table, kept) = keep(&here, &name, &[change]).await?;
    match kept {
        Ok(done) => Ok(to_kept(&here, &name, done)),
        Err(refusal) => again(&here, &table, &submitted, said(&refusal)).await,
    }
}

/// To the row that was kept.
fn to_kept(here: &Here, name: &str, done: Done) -> Response {
    match done.keys.into_iter().flatten().next() {
        Some(key) => {
            let key = serde_json::to_string(&key).unwrap_or_default();
            to_row(here, name, &key, true)
        }
        // It has another place now, and nothing else to be found by.
        None => to_rows(here, name),
    }
}

async fn delete(here: Here, TableName(name): TableName, request: Request) -> Answer {
    allowed(&here)?;
    let submitted = Submitted::read(request).await?;
    let key = submitted.get("key").to_owned();
    let refused = if submitted.get("confirm").is_empty() {
        let text = "the deletion is not confirmed".to_owned();
        wrong(text, None, StatusCode::UNPROCESSABLE_ENTITY)
    } else {
        let change = Change::Delete {
            key: identity(&key)?,
            version: submitted.get("version").to_owned(),
        };
        match keep(&here, &name, &[change]).await?.1 {
            Ok(_) => return Ok(to_rows(&here, &name)),
            Err(refusal) => said(&refusal),
        }
    };
    let (table, row) = read(&here, &name, &key).await?;
    let form = Form {
        here: &here,
        table: &table,
        row: Some((key, row.version)),
        fields: row.values.into_iter().map(Field::of).collect(),
        message: Some(refused),
    };
    form.answer().await
}

/// The row that the key names, as it is.
async fn read(here: &Here, name: &str, key: &str) -> Result<(Table, CurrentRow), Failure> {
    let reading = here.read().await?;
    let table = Table::read(&reading, name).await?;
    let row = table.current(&reading, &identity(key)?).await?;
    reading.end();
    let gone = || Failure::NotFound(super::answer::GONE.to_owned());
    Ok((table, row.ok_or_else(gone)?))
}

async fn writable(here: &Here, name: &str) -> Result<Table, Failure> {
    let reading = here.read().await?;
    let table = Table::read(&reading, name).await?;
    reading.end();
    if !table.is_writable() {
        let kind = table.relation.kind.name();
        return Err(Failure::Wrong(format!(
            "rows of a {kind} cannot be changed"
        )));
    }
    Ok(table)
}

/// The form as it was sent, and what was wrong with it.
async fn again(here: &Here, table: &Table, submitted: &Submitted, message: Message) -> Answer {
    let key = submitted.get("key");
    let row = (!key.is_empty()).then(|| (key.to_owned(), submitted.get("version").to_owned()));
    let current = match &row {
        Some((key, _)) => read(here, &table.relation.name, key).await.ok(),
        None => None,
    };
    let current = current.map(|(_, row)| row.values).unwrap_or_default();
    let fields = table.columns.iter().enumerate().map(|(at, column)| {
        let name = &column.name;
        match submitted.value(name) {
            Some(value) => Field {
                original: submitted.original(name),
                value,
                is_null: submitted.is_null(name),
                is_default: submitted.is_default(name),
                ..Field::default()
            },
            None => Field::of(current.get(at).cloned().flatten()),
        }
    });
    let form = Form {
        here,
        table,
        row,
        fields: fields.collect(),
        message: Some(message),
    };
    form.answer().await
}

/// The form with the row as another user has saved it, and beside it the values to save from here.
/// Saving again changes only those values.
async fn stale(here: &Here, table: &Table, submitted: &Submitted, now: CurrentRow) -> Answer {
    let fields = table.columns.iter().zip(now.values);
    let fields = fields.map(|(column, now)| {
        let name = &column.name;
        let is_changed = !matches!(submitted.change(name), Ok(None));
        match submitted.value(name).filter(|_| is_changed) {
            None => Field::of(now),
            Some(value) => {
                let seen = submitted.original(name);
                let is_other = seen.as_deref() != now.as_ref().and_then(Cell::exact);
                Field {
                    value,
                    is_null: submitted.is_null(name),
                    now: is_other.then(|| now.clone()),
                    ..Field::of(now)
                }
            }
        }
    });
    let text = format!(
        "{}. The form shows its current values, and yours where you changed one. Saving it \
         again changes only those",
        super::answer::CHANGED
    );
    let form = Form {
        here,
        table,
        row: Some((submitted.get("key").to_owned(), now.version)),
        fields: fields.collect(),
        message: Some(wrong(text, None, StatusCode::CONFLICT)),
    };
    form.answer().await
}

fn said(refusal: &RefusedChange) -> Message {
    let column = match refusal {
        RefusedChange::Server { column, .. } => column.clone(),
        _ => None,
    };
    wrong(refusal.message(), column, refusal.status())
}

fn wrong(text: String, column: Option<String>, status: StatusCode) -> Message {
    Message::Wrong {
        text,
        column,
        status,
    }
}

fn to_row(here: &Here, name: &str, key: &str, is_saved: bool) -> Response {
    let path = here.place.table(name, "edit");
    let saved = is_saved.then(|| ("saved", "1".to_owned()));
    let address = url::with(&path, [("key", key.to_owned())].into_iter().chain(saved));
    Redirect::to(&format!("{}{address}", url::base(&here.uri))).into_response()
}

fn to_rows(here: &Here, name: &str) -> Response {
    Redirect::to(&format!(
        "{}{}",
        url::base(&here.uri),
        here.place.rows(name)
    ))
    .into_response()
}
