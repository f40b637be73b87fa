//! The tables of a schema that hold rows, with the columns that hold values.

use sql_text::{ident, literal};
use tenant_archive::{Column, Table};
use tokio_postgres::SimpleQueryRow;

use crate::Error;
use crate::engine::script::Script;
use crate::engine::send::ask;
use crate::engine::work::Work;
use crate::name::{MIGRATION_HISTORY, Schema};

/// Lists them by name. Partitions are separate tables, and what is partitioned has no rows.
/// Types are written as the path of the transaction has it.
pub(super) async fn tables(work: Work<'_>) -> Result<Vec<Table>, Error> {
    let mut script = Script::default();
    script.step("list the columns", &query(work));
    let rows = ask(work, &script).await?;
    let tables = rows.chunk_by(|one, next| one.get(0) == next.get(0));
    Ok(tables.filter_map(table).collect())
}

fn query(work: Work<'_>) -> String {
    format!(
        "SELECT c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 \
              AND NOT a.attisdropped AND a.attgenerated = '' \
         WHERE n.nspname = {} AND c.relkind = 'r' AND c.relname <> {} AND {} \
         ORDER BY c.relname, a.attnum",
        literal(work.schema.schema_name()),
        literal(MIGRATION_HISTORY),
        work.database.catalog().no_shard("c")
    )
}

fn table(rows: &[SimpleQueryRow]) -> Option<Table> {
    let columns = rows.iter().filter_map(|row| {
        Some(Column {
            name: row.get(1)?.to_owned(),
            type_name: row.get(2)?.to_owned(),
        })
    });
    Some(Table {
        schema: None,
        name: rows.first()?.get(0)?.to_owned(),
        columns: columns.collect(),
    })
}

/// The table in `schema`, with the columns whose values travel.
pub(super) fn with_columns(schema: Schema<'_>, table: &Table) -> String {
    let names = table.columns.iter().map(|column| ident(&column.name));
    let names = names.collect::<Vec<_>>().join(", ");
    let name = format!("{}.{}", schema.ident(), ident(&table.name));
    // An empty list is no list.
    match names.is_empty() {
        true => name,
        false => format!("{name} ({names})"),
    }
}
