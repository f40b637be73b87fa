//! The values that a foreign key may have.

use tokio_postgres::types::Type;

use super::catalog::{Column, Table};
use super::keys::Constraint;
use super::reading::Reading;
use super::select::contains;
use super::text::{cell, some_text};
use crate::error::Failure;

/// How many are offered.
pub(crate) const OFFERED: usize = 200;

/// One of them, and what its row says of itself.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: Option<String>,
}

/// The first values of the column that `key` leads to, in their order, that have
/// `text` in them or in what their rows say.
pub(crate) async fn choices(
    reading: &Reading,
    target: &Table,
    key: &Constraint,
    text: &str,
) -> Result<Vec<Choice>, Failure> {
    const WHAT: &str = "Reading the choices";
    let to = key
        .target
        .as_ref()
        .and_then(|target| target.columns.first());
    let to = to.and_then(|name| target.column(name));
    let to = to.ok_or_else(|| Failure::Wrong("the foreign key has no target".to_owned()))?;
    let value = format!("{}::pg_catalog.text", to.quoted());
    let label = match label(target, &to.name) {
        Some(column) => format!("pg_catalog.left({}::pg_catalog.text, 60)", column.quoted()),
        None => "NULL::pg_catalog.text".to_owned(),
    };
    let sql = format!(
        "SELECT {value}, {label} FROM {} WHERE {column} IS DISTINCT FROM NULL \
            AND ($1 = ''::pg_catalog.text OR {} OR {}) ORDER BY {column} LIMIT {OFFERED}",
        target.quoted(),
        contains(&value, "$1"),
        contains(&label, "$1"),
        column = to.compared(),
    );
    let rows = reading.rows(WHAT, &sql, &[(&text, Type::TEXT)]).await?;
    let read = rows.iter().map(|row| {
        let value = cell(row, 0)?.and_then(|cell| cell.exact().map(str::to_owned));
        let label = some_text(row, 1)?;
        // What cannot be typed cannot be chosen.
        Ok(value.map(|value| Choice { value, label }))
    });
    let read = read.filter_map(Result::transpose).collect::<Result<_, _>>();
    read.map_err(Failure::of(WHAT))
}

/// The first column with words in it.
fn label<'a>(target: &'a Table, except: &str) -> Option<&'a Column> {
    let is_text = |type_name: &str| ["text", "character varying", "citext"].contains(&type_name);
    let mut columns = target.columns.iter();
    columns.find(|column| is_text(&column.base_type) && column.name != except)
}
