//! The values of a typed query, cut by PostgreSQL before they are sent.
//!
//! The query becomes the source of another query that has its columns as text, each with a prefix
//! that says what it is. The typed text has already been checked alone to be one query: its
//! parentheses, quotes and comments are closed.
//! parentheses, quotes and comments are closed.

use std::pin::pin;

use futures_util::StreamExt;
use tenant_core::DriverTransaction;
use tokio_postgres::Statement;
use tokio_postgres::types::Type;

use super::answer::{Answer, Limits, Value};
use super::reading::Parameter;
use super::text::some_text;
use crate::words::bytes;

/// A text of at most this many bytes is sent as a whole, whatever the limits are: then its number
/// of letters is known.
const WHOLE: usize = 1024 * 1024;

/// A value of another type is made a text if it takes no more bytes on the disk.
const STORED: usize = 256 * 1024;

/// What stands before the query and behind it. `OFFSET` keeps PostgreSQL from computing
/// a column wherever it is named.
pub(super) fn around(query: &Statement, limits: Limits) -> (String, String) {
    let columns = query.columns().iter().enumerate();
    let columns = columns.map(|(at, column)| bound(&format!("q.c{at}"), column.type_(), limits));
    let columns = columns.collect::<Vec<_>>().join(", ");
    let names = (0..query.columns().len()).map(|at| format!("c{at}"));
    let names = names.collect::<Vec<_>>().join(", ");
    let names = match names.is_empty() {
        true => names,
        false => format!(" ({names})"),
    };
    (
        format!("SELECT {columns} FROM (SELECT * FROM (\n"),
        format!("\n) AS q{names} OFFSET 0) AS q"),
    )
}

/// The query without what ends a statement.
pub(super) fn trimmed(sql: &str) -> &str {
    sql.trim_end_matches(|letter: char| letter == ';' || letter.is_ascii_whitespace())
}

/// The column as text with a sign: all of it, its beginning with its size, or its size.
fn bound(column: &str, kind: &Type, limits: Limits) -> String {
    let text = format!("{column}::pg_catalog.text");
    let whole = format!("'='::pg_catalog.text OPERATOR(pg_catalog.||) {text}");
    let (size, most, rest) = match *kind {
        Type::VOID => return whole,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::XML => (
            format!("pg_catalog.octet_length({text})"),
            WHOLE,
            format!("pg_catalog.left({text}, {})", limits.letters.min(WHOLE)),
        ),
        Type::BYTEA => (
            format!("pg_catalog.octet_length({column})"),
            WHOLE,
            format!(
                "'\\x'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.encode( \
                 pg_catalog.substring({column}, 1, {}), 'hex')",
                limits.letters.min(WHOLE).div_ceil(2)
            ),
        ),
        Type::BIT | Type::VARBIT => (
            format!("pg_catalog.octet_length({column})"),
            WHOLE / 8,
            format!(
                "pg_catalog.substring({column}, 1, {})::pg_catalog.text",
                limits.letters.min(WHOLE)
            ),
        ),
        _ => (
            format!("pg_catalog.pg_column_size({column})"),
            STORED,
            "''::pg_catalog.text".to_owned(),
        ),
    };
    format!(
        "CASE WHEN {size} OPERATOR(pg_catalog.<=) {most} THEN {whole} \
         ELSE '<'::pg_catalog.text OPERATOR(pg_catalog.||) {size}::pg_catalog.text \
            OPERATOR(pg_catalog.||) ':'::pg_catalog.text OPERATOR(pg_catalog.||) {rest} END"
    )
}

/// Runs the fetch from such a query, and keeps what `limits` let through.
pub(super) async fn fill(
    answer: &mut Answer,
    transaction: &DriverTransaction,
    fetch: &str,
    limits: Limits,
) -> Result<(), tokio_postgres::Error> {
    let none = Vec::<Parameter<'_>>::new();
    let mut rows = pin!(transaction.query_typed_raw(fetch, none).await?);
    let (mut kept, mut count) = (0, 0);
    while let Some(row) = rows.next().await {
        let row = row?;
        count += 1;
        let texts = (0..row.len()).map(|at| some_text(&row, at));
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        answer.keep((limits, &mut kept), || {
            let values = texts
                .iter()
                .map(|text| Some(value(text.as_deref()?, limits.letters)));
            values.collect()
        });
    }
    answer.counted = Some(count);
    Ok(())
}

fn value(text: &str, letters: usize) -> Value {
    let rest = text.get(1..).unwrap_or_default();
    if !text.starts_with('<') {
        return Value::cut(rest, letters);
    }
    let (size, beginning) = rest.split_once(':').unwrap_or_default();
    let size = bytes(size.parse().unwrap_or(0));
    Value {
        text: beginning.chars().take(letters).collect(),
        cut_from: Some(match beginning.is_empty() {
            true => format!("{size} stored"),
            false => size,
        }),
    }
}
