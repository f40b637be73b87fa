//! The migrations that are applied to one schema, as Diesel notes them there.

use tenant_core::{MIGRATION_HISTORY, quote_ident};
use tokio_postgres::Row;

use super::reading::Reading;
use super::text::text;
use crate::error::Failure;

/// A migration that is applied.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) version: String,
    /// When, in the server's time.
    pub(crate) at: String,
}

/// Those of the schema that is read, oldest first: the transaction's last question.
/// None where there is no such table.
pub(crate) async fn ledger(reading: &Reading) -> Result<Option<Vec<Applied>>, Failure> {
    const WHAT: &str = "Reading the applied migrations";
    let sql = format!(
        "SELECT l.version::pg_catalog.text, \
            pg_catalog.date_trunc('second', l.run_on)::pg_catalog.text \
         FROM {}.{} AS l ORDER BY 1",
        quote_ident(reading.schema()),
        quote_ident(MIGRATION_HISTORY)
    );
    let rows = match reading.rows(WHAT, &sql, &[]).await {
        Err(Failure::Query { source, .. }) if source.sqlstate() == Some("42P01") => {
            return Ok(None);
        }
        rows => rows?,
    };
    let applied = rows.iter().map(applied).collect::<Result<_, _>>();
    applied.map(Some).map_err(Failure::of(WHAT))
}

fn applied(row: &Row) -> Result<Applied, tokio_postgres::Error> {
    Ok(Applied {
        version: text(row, 0)?,
        at: row.try_get(1)?,
    })
}
