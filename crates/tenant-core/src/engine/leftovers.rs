//! Remains of a statement outside a transaction that was cut off, and how the next run continues.
//!
//! Only what was not there when the statement began counts as its work.

use sql_text::literal;
use tokio_postgres::SimpleQueryRow;

use super::built_index::{as_stored, clear_the_way, drop_index, is_built};
use super::script::Script;
use super::send::ask;
use super::work::Work;
use crate::Error;
use crate::migration::{Detached, Effect, Shared};

/// How a run handles a statement that an earlier run has begun.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing: it is done.
    Done,
    /// It runs.
    Run,
    /// This runs in its place, and completes it.
    Complete(String),
}

/// Prepares for a statement that begins, and gives back what is there of what it could be
/// confused with afterwards, by name.
pub(super) async fn begin(
    work: Work<'_>,
    statement: &str,
    effect: &Effect,
) -> Result<Vec<String>, Error> {
    match effect {
        Effect::BuildsIndex(index) => clear_the_way(work, statement, index, None).await,
        _ => present(work, effect).await,
    }
}

/// What is to be done about a statement that had begun while `known` was there.
pub(super) async fn resume(
    work: Work<'_>,
    statement: &str,
    effect: &Effect,
    known: &[String],
) -> Result<Next, Error> {
    match effect {
        Effect::BuildsIndex(index) => {
            clear_the_way(work, statement, index, Some(known)).await?;
            let is_built = is_built(work, statement, index, known).await?;
            Ok(if is_built { Next::Done } else { Next::Run })
        }
        Effect::Reindexes => {
            for index in present(work, effect).await? {
                if !known.contains(&index) {
                    drop_index(work, &index).await?;
                }
            }
            Ok(Next::Run)
        }
        Effect::Detaches(detached) => {
            let now = present(work, effect).await?;
            Ok(after_detaching(detached, &now, known))
        }
        Effect::DropsIndex(_) | Effect::Drops(..) => {
            let is_gone = !known.is_empty() && present(work, effect).await?.is_empty();
            Ok(if is_gone { Next::Done } else { Next::Run })
        }
        Effect::Makes(..) => {
            let is_there = known.is_empty() && !present(work, effect).await?.is_empty();
            Ok(if is_there { Next::Done } else { Next::Run })
        }
        Effect::Unseen => Ok(Next::Run),
    }
}

/// What `detached` is called while the server waits to complete it, and before.
const PENDING: &str = "pending";
const ATTACHED: &str = "attached";

fn after_detaching(detached: &Detached, now: &[String], known: &[String]) -> Next {
    match now.first().map(String::as_str) {
        None if known.iter().any(|one| one == ATTACHED) => Next::Done,
        Some(PENDING) => Next::Complete(format!(
            "ALTER TABLE {} DETACH PARTITION {} FINALIZE",
            detached.table, detached.partition
        )),
        _ => Next::Run,
    }
}

/// What is there of what a statement could be confused with, by name.
async fn present(work: Work<'_>, effect: &Effect) -> Result<Vec<String>, Error> {
    let query = match effect {
        Effect::DropsIndex(name) => {
            let index = literal(name);
            format!("SELECT 'there' WHERE pg_catalog.to_regclass({index}) IS NOT NULL")
        }
        Effect::Reindexes => leftovers_of_reindexing(work),
        Effect::Detaches(detached) => attachment(detached),
        Effect::Makes(shared, name) | Effect::Drops(shared, name) => exists(*shared, name),
        Effect::BuildsIndex(_) | Effect::Unseen => return Ok(Vec::new()),
    };
    let mut script = Script::default();
    script.step("look for existing objects", &query);
    let rows = ask(work, &script).await?;
    let names = rows.iter().filter_map(|row: &SimpleQueryRow| row.get(0));
    Ok(names.map(str::to_owned).collect())
}

/// What rebuilding indexes concurrently leaves behind when it is cut off, for the schema's
/// tables and for what PostgreSQL keeps long values in.
///
/// Source: PostgreSQL manual, REINDEX, "Rebuilding Indexes Concurrently".
fn leftovers_of_reindexing(work: Work<'_>) -> String {
    format!(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) \
         FROM pg_catalog.pg_index i \
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_class t \
              ON t.oid = i.indrelid OR (t.reltoastrelid = i.indrelid AND t.reltoastrelid <> 0) \
         WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' \
         AND t.relnamespace = pg_catalog.to_regnamespace({}) ORDER BY 1",
        literal(&work.schema.ident())
    )
}

/// PostgreSQL 13 has no column for what is pending, nor anything that could be.
fn attachment(detached: &Detached) -> String {
    format!(
        "SELECT CASE WHEN pg_catalog.to_jsonb(h) ->> 'inhdetachpending' = 'true' \
                THEN {} ELSE {} END \
         FROM pg_catalog.pg_inherits h \
         WHERE h.inhrelid = pg_catalog.to_regclass({}) \
         AND h.inhparent = pg_catalog.to_regclass({})",
        literal(PENDING),
        literal(ATTACHED),
        literal(&detached.partition),
        literal(&detached.table)
    )
}

fn exists(shared: Shared, name: &str) -> String {
    let (catalog, column, condition) = match shared {
        Shared::Database => ("pg_database", "datname", ""),
        Shared::Tablespace => ("pg_tablespace", "spcname", ""),
        Shared::Subscription => (
            "pg_subscription",
            "subname",
            " AND subdbid = (SELECT oid FROM pg_catalog.pg_database \
             WHERE datname = pg_catalog.current_database())",
        ),
    };
    format!(
        "SELECT {column} FROM pg_catalog.{catalog} WHERE {column} = {}{condition}",
        as_stored(name)
    )
}
