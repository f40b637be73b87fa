//! Copies the contents of one tenant's schema to another schema with the same definition, in the
//! open transaction.
//!
//! The transaction is `REPEATABLE READ`, so that it reads all tables as of one moment, whatever
//! other sessions write while it runs. The new schema has its tables, but no foreign keys,
//! triggers and policies yet, because those would block the rows.

use sql_text::{ident, literal};
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use super::copy_sequences::{SequencesThere, let_sequences_go_on};
use super::copy_values::{columns, of_references, refuse_hidden_references};
use super::oids::refuse_numbers;
use super::script::Script;
use super::send::ask;
use super::work::Work;
use crate::name::Schema;
use crate::{Error, PgError};

/// Locks the tables of the schema of `work` against changes of their form. False if a table was
/// rewritten since the transaction began: its rows would all be too new to be seen.
pub(super) async fn hold_tables(work: Work<'_>) -> Result<bool, Error> {
    let mut script = Script::default();
    script.step("list the tables", &tables_to_hold(work));
    let rows = ask(work, &script).await?;
    let tables = rows.iter().filter_map(|row| row.get(0));
    let tables = tables.collect::<Vec<_>>().join(", ");
    let mut script = Script::default();
    if !tables.is_empty() {
        let lock = format!("LOCK TABLE {tables} IN ACCESS SHARE MODE");
        script.step("lock the tables", &lock);
    }
    let check = any_written_anew(work.schema);
    script.step("look for rewritten tables", &check);
    let rows = ask(work, &script).await?;
    Ok(rows.first().and_then(|row| row.get(0)) == Some("f"))
}

fn tables_to_hold(work: Work<'_>) -> String {
    format!(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND {} ORDER BY c.relname",
        literal(work.schema.schema_name()),
        work.database.catalog().no_shard("c")
    )
}

/// The function knows where the rows are now; the catalog is seen as it was.
fn any_written_anew(from: Schema<'_>) -> String {
    format!(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = {} AND c.relkind = 'r' \
             AND pg_catalog.pg_relation_filenode(c.oid) IS DISTINCT FROM c.relfilenode)",
        literal(from.schema_name())
    )
}

/// What was copied.
#[derive(Debug, Default)]
pub(crate) struct Copied {
    /// How many rows.
    pub(crate) rows: u64,
    /// What remains for the sequences once it is committed.
    pub(super) sequences: SequencesThere,
}

/// Copies the rows of all tables of `from` to the schema of `work`, and lets the sequences
/// continue at their positions.
///
/// # Errors
///
/// What the server says about a table, such as that row-level security would hide
/// some of it from this role (42501).
pub(super) async fn copy_data(work: Work<'_>, from: Schema<'_>) -> Result<Copied, Error> {
    let to = work.schema;
    let mut script = Script::default();
    // A value that goes through text arrives as it was.
    script.step("copy numbers in full", "SET LOCAL extra_float_digits = 1");
    let catalog = work.database.catalog();
    script.step("list the columns", &columns(from, to, catalog));
    let rows = ask(work, &script).await?;
    refuse_hidden_references(work, from, &rows).await?;
    refuse_numbers(work, from).await?;
    let mut copied = Copied::default();
    for (table, statement) in copies(&rows, from, to) {
        let done = copy_rows(work, &table, &statement).await;
        copied.rows += done.map_err(|error| of_references(error, from, &table, &rows))?;
    }
    copied.sequences = let_sequences_go_on(work, from).await?;
    Ok(copied)
}

/// Copies one table; how many rows it has.
async fn copy_rows(work: Work<'_>, table: &str, statement: &str) -> Result<u64, Error> {
    let done = work.session.client().simple_query(statement).await;
    let is_bounded = !work.settings.statement_timeout.is_zero();
    let answers = done.map_err(|error| {
        let error = PgError::from(error).bounded(is_bounded);
        Error::database_of(work.schema, format!("copy the rows of `{table}`"), error)
    })?;
    let counts = answers.iter().filter_map(|answer| match answer {
        SimpleQueryMessage::CommandComplete(count) => Some(*count),
        _ => None,
    });
    Ok(counts.sum())
}

/// The statement that copies which migrations are applied.
pub(super) fn copy_ledger(from: Schema<'_>, to: Schema<'_>) -> String {
    format!(
        "INSERT INTO {} (version, run_on) SELECT version, run_on FROM {}",
        to.ledger(),
        from.ledger()
    )
}

/// For each table its name, and the statement that copies its rows.
fn copies(rows: &[SimpleQueryRow], from: Schema<'_>, to: Schema<'_>) -> Vec<(String, String)> {
    let tables = rows.chunk_by(|one, next| one.get(0) == next.get(0));
    let copies = tables.filter_map(|columns| {
        let first = columns.first()?;
        let name = first.get(0)?;
        let only = if first.get(1)? == "t" { "ONLY " } else { "" };
        let list = |column| {
            let texts = columns.iter().filter_map(|row| row.get(column));
            texts.collect::<Vec<_>>().join(", ")
        };
        Some((
            name.to_owned(),
            copy(name, only, &list(2), &list(3), from, to),
        ))
    });
    copies.collect()
}

fn copy(
    table: &str,
    only: &str,
    columns: &str,
    values: &str,
    from: Schema<'_>,
    to: Schema<'_>,
) -> String {
    let (table, from, to) = (ident(table), from.ident(), to.ident());
    // An empty list is no list.
    let columns = if columns.is_empty() {
        String::new()
    } else {
        format!("({columns}) OVERRIDING SYSTEM VALUE ")
    };
    format!("INSERT INTO {to}.{table} {columns}SELECT {values} FROM {only}{from}.{table}")
}

/// The query for the materialized views that are not populated. Its rows are the statements that
/// empty each in the new schema.
pub(super) fn empty_views(from: Schema<'_>, to: Schema<'_>) -> String {
    format!(
        "SELECT pg_catalog.format('REFRESH MATERIALIZED VIEW %s.%I WITH NO DATA', {}, c.relname) \
         FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
         WHERE n.nspname = {} AND c.relkind = 'm' AND NOT c.relispopulated ORDER BY c.relname",
        literal(&to.ident()),
        literal(from.schema_name())
    )
}
