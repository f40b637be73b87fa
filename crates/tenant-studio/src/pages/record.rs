//! One row, and one value in full.

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};

use super::{Here, at_each_place};
use crate::cell;
use crate::data::{self, Cell, Column, Constraint, Extent, Reading, Table};
use crate::error::Failure;
use crate::query::{Filter, OrderValues, View};
use crate::shown_schema::TableName;
use crate::url;

/// How many letters of each value a row shows.
const LETTERS: usize = 2_000;

/// How many letters of a value a page shows. All can be downloaded.
const LETTERS_OF_VALUE: usize = 1_000_000;

pub(super) fn routes() -> Router<crate::Studio> {
    at_each_place("/table/{table}/row", get(row))
        .merge(at_each_place("/table/{table}/value", get(value)))
}

/// The address of a row at `path`: by what tells it from all others, or else as
/// the `number`th that `view` shows.
pub(crate) fn address(
    path: &str,
    identity: Option<&OrderValues>,
    view: &View,
    number: usize,
) -> String {
    match identity {
        Some(values) => {
            let key = serde_json::to_string(values).unwrap_or_default();
            url::with(path, [("key", key)])
        }
        None => {
            let parameters = view.parameters().into_iter();
            url::with(path, parameters.chain([("nth", number.to_string())]))
        }
    }
}

/// The values of `columns` in the row that the address means.
async fn read(
    here: &Here,
    reading: &Reading,
    table: &Table,
    (columns, extent): (&[&Column], Extent),
) -> Result<Vec<Option<Cell>>, Failure> {
    let gone = || Failure::NotFound("the row no longer exists".to_owned());
    if let Some(key) = here.parameter("key") {
        let identity = serde_json::from_str::<OrderValues>(&key);
        let identity = identity.map_err(|_| Failure::Wrong("the key is not valid".to_owned()))?;
        return table
            .row(reading, &identity, (columns, extent))
            .await?
            .ok_or_else(gone);
    }
    let number = here
        .parameter("nth")
        .and_then(|number| number.parse::<u32>().ok());
    let number = number.and_then(|number| usize::try_from(number).ok());
    let number = number.ok_or_else(|| Failure::Wrong("the address names no row".to_owned()))?;
    let view = View::of(here.uri.query());
    let row = table.nth(reading, &view, number, (columns, extent)).await?;
    row.ok_or_else(gone)
}

async fn row(here: Here, TableName(name): TableName) -> Result<Response, Failure> {
    let reading = here.read().await?;
    let tables = data::relations(&reading).await?;
    let table = Table::read(&reading, &name).await?;
    let columns = table.columns.iter().collect::<Vec<_>>();
    let values = read(&here, &reading, &table, (&columns, Extent::of(LETTERS))).await?;
    reading.end();
    let record = Record {
        here: &here,
        table: &table,
        values: &values,
    };
    let page = here.page_beside(&tables, Some(&name));
    Ok(page.answer(&record.show()))
}

struct Record<'a> {
    here: &'a Here,
    table: &'a Table,
    /// One for each column.
    values: &'a [Option<Cell>],
}

impl Record<'_> {
    fn show(&self) -> Markup {
        let name = &self.table.relation.name;
        let pairs = self.table.columns.iter().zip(self.values);
        html! {
            div.bar {
                h1 { a href=(self.here.place.rows(name)) { (name) } " · one row" }
                @if let Some(edit) = self.edit() { span.gap {} a.button.main href=(edit) { "Edit" } }
            }
            dl.record {
                @for (column, value) in pairs {
                    dt { (column.name) span.type { (column.type_name) } }
                    dd { (self.value(column, value.as_ref())) }
                }
            }
            (self.incoming())
        }
    }

    /// Where the row can be changed, if it can.
    fn edit(&self) -> Option<String> {
        let can = self.here.studio.options().write && self.table.has_writable_rows();
        let key = self.here.parameter("key").filter(|_| can)?;
        let path = self.here.place.table(&self.table.relation.name, "edit");
        Some(url::with(&path, [("key", key)]))
    }

    fn value(&self, column: &Column, value: Option<&Cell>) -> Markup {
        let is_cut = cell::has_more(value, LETTERS);
        let mut keys = self.table.foreign_keys();
        let key = keys.find(|key| key.columns.first() == Some(&column.name));
        let link = key.and_then(|key| self.follow(key));
        html! {
            @match link {
                Some(link) => a href=(link) { (cell::of(value, LETTERS)) },
                None => (cell::of(value, LETTERS)),
            }
            @if is_cut || column.is_json && value.is_some() {
                " " a.more href=(self.alone(column)) { "open in full" }
            }
        }
    }

    fn alone(&self, column: &Column) -> String {
        let parameters = url::parameters(self.here.uri.query());
        let parameters = parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()));
        let path = self.here.place.table(&self.table.relation.name, "value");
        url::with(&path, parameters.chain([("column", column.name.clone())]))
    }

    fn of(&self, name: &str) -> Option<&str> {
        let at = self
            .table
            .columns
            .iter()
            .position(|column| column.name == name)?;
        self.values.get(at)?.as_ref()?.exact()
    }

    /// The row that a foreign key leads to.
    fn follow(&self, key: &Constraint) -> Option<String> {
        let target = key.target.as_ref()?;
        let place = self.table.place_of(target, &self.here.place)?;
        let pairs = key.columns.iter().zip(&target.columns);
        let filters = pairs.map(|(from, to)| Some(Filter::equal(to, self.of(from)?)));
        let view = View::filtered(filters.collect::<Option<Vec<_>>>()?);
        Some(view.at_path(&place.rows(&target.table)))
    }

    /// The rows of other tables whose foreign keys lead here.
    fn incoming(&self) -> Markup {
        let links = self
            .table
            .incoming
            .iter()
            .filter_map(|key| Some((key, self.back(key)?)));
        let links = links.collect::<Vec<_>>();
        html! {
            @if !links.is_empty() {
                h2 { "Rows that refer to this row" }
                ul {
                    @for (key, link) in links {
                        li { a href=(link) { (key.table) } span.quiet { " by " (key.columns.join(", ")) } }
                    }
                }
            }
        }
    }

    fn back(&self, key: &Constraint) -> Option<String> {
        let target = key.target.as_ref()?;
        let pairs = key.columns.iter().zip(&target.columns);
        let filters = pairs.map(|(from, to)| Some(Filter::equal(from, self.of(to)?)));
        let view = View::filtered(filters.collect::<Option<Vec<_>>>()?);
        Some(view.at_path(&self.here.place.rows(&key.table)))
    }
}

async fn value(here: Here, TableName(name): TableName) -> Result<Response, Failure> {
    let reading = here.read().await?;
    let table = Table::read(&reading, &name).await?;
    let column = table.named(&here.parameter("column").unwrap_or_default())?;
    let is_whole = here.parameter("download").is_some();
    let extent = match is_whole {
        true => Extent::ALL,
        false => Extent::alone(LETTERS_OF_VALUE),
    };
    let mut values = read(&here, &reading, &table, (&[column], extent)).await?;
    let mut value = values.pop().flatten();
    if is_whole {
        reading.end();
        let text = value.as_ref().and_then(Cell::text).unwrap_or_default();
        return Ok(download(text.to_owned()));
    }
    if let Some(Cell::Text(json)) = value.as_mut().filter(|_| column.is_json) {
        *json = data::pretty(&reading, std::mem::take(json)).await;
    }
    reading.end();
    let body = html! {
        div.bar {
            h1 { a href=(here.place.rows(&name)) { (name) } " · " (column.name) }
            span.badge { (column.type_name) }
            span.gap {}
            a.button href=(format!("{}&download=1", url::relative(&here.uri))) download { "Download" }
        }
        div.value { (cell::of(value.as_ref(), LETTERS_OF_VALUE)) }
    };
    let page = here.page(crate::page::Tab::Tables, format!("{name}.{}", column.name));
    Ok(page.answer(&body))
}

fn download(text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"value.txt\"",
        ),
    ];
    (headers, text).into_response()
}
