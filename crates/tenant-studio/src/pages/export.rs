//! The rows that are shown, all of them and whole, as a file.
//!
//! They are sent on as they come. A browser that goes away ends the query.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{Here, at_each_place};
use crate::csv::Formulas;
use crate::data::Table;
use crate::error::Failure;
use crate::export::Format;
use crate::query::View;
use crate::shown_schema::TableName;
use crate::studio::Studio;

/// How long an export may take.
const TIMEOUT: Duration = Duration::from_secs(30 * 60);

pub(super) fn routes() -> Router<Studio> {
    let csv = async |here: Here, table, request: Request| {
        let formulas = Formulas::of(here.uri.query());
        export(here, table, request, Format::Csv(formulas)).await
    };
    let json =
        async |here, table, request: Request| export(here, table, request, Format::Json).await;
    at_each_place("/table/{table}/export.csv", get(csv))
        .merge(at_each_place("/table/{table}/export.json", get(json)))
}

async fn export(
    here: Here,
    TableName(name): TableName,
    _: Request,
    format: Format,
) -> Result<Response, Failure> {
    let reading = here.studio.read_for(&here.place, TIMEOUT).await?;
    let table = Table::read(&reading, &name).await?;
    let view = View::of(here.uri.query());
    let statement = table.export(&view, format)?;
    let rows = reading.stream("Exporting the rows", &statement).await?;
    let columns = table.shown(&view);
    let first = format.beginning(&columns);
    let numbers = columns.iter().map(|column| column.is_number);
    let numbers = numbers.collect::<Vec<_>>();
    let rows = rows.enumerate();
    let rows = rows.map(move |(at, row)| format.row(at, &row?, &numbers));
    let rows = rows.map_ok(Bytes::from).map_err(std::io::Error::other);
    let begun = stream::iter([Ok(Bytes::from(first))]);
    // The transaction ends when the last row is sent, or no browser waits for it.
    let end = stream::once(async move {
        reading.end();
        Ok(Bytes::from_static(format.end()))
    });
    let body = Body::from_stream(begun.chain(rows).chain(end));
    let file = format!(
        "{}_{}.{}",
        plain(here.place.label()),
        plain(&name),
        format.ending()
    );
    let headers = [
        (header::CONTENT_TYPE, format.kind().to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{file}\""),
        ),
    ];
    Ok((headers, body).into_response())
}

/// A name as part of a file's. Two names are never the same there: what no file may be called is
/// written by its number.
fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_') {
            true => plain.push(letter),
            false => plain.push_str(&format!("~{:X}~", u32::from(letter))),
        }
    }
    plain
}
