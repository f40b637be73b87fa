//! The values that a foreign key may have.

use tenant_core::quote_ident;
use tokio_postgres::types::Type;

use super::catalog::Table;
use super::keys::Constraint;
use super::reading::Reading;
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
    let to = to.ok_or_else(|| Failure::Wrong("The key leads nowhere.".to_owned()))?;
    let value = format!("{}::pg_catalog.text", quote_ident(&to.name));
    let label = match label(target, &to.name) {
        Some(name) => format!(
            "pg_catalog.left({}::pg_catalog.text, 60)",
            quote_ident(name)
        ),
        None => "NULL::pg_catalog.text".to_owned(),
    };
    let sql = format!(
        "SELECT {value}, {label} FROM {} WHERE {column} IS DISTINCT FROM NULL AND ($1 = '' \
            OR pg_catalog.strpos(pg_catalog.lower({value}), pg_catalog.lower($1)) > 0 \
            OR pg_catalog.strpos(pg_catalog.lower({label}), pg_catalog.lower($1)) > 0) \
         ORDER BY {column} LIMIT {OFFERED}",
        target.target(),
        column = quote_ident(&to.name),
    );
    let rows = reading.rows(WHAT, &sql, &[(&text, Type::TEXT)]).await?;
    let read = rows.iter().map(|row| {
        Ok(Choice {
            value: row.try_get(0)?,
            label: row.try_get(1)?,
        })
    });
    let read = read.collect::<Result<_, _>>();
    read.map_err(Failure::of(WHAT))
}

/// The first column with words in it.
fn label<'a>(target: &'a Table, except: &str) -> Option<&'a str> {
    let is_text = |type_name: &str| ["text", "character varying", "citext"].contains(&type_name);
    let mut columns = target.columns.iter();
    let found = columns.find(|column| is_text(&column.bare_type) && column.name != except);
    found.map(|column| column.name.as_str())
}
