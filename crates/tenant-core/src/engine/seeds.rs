//! The tables in whose rows migrations have written their schema's name.

use std::collections::BTreeSet;

use sql_text::{ident, literal};

use super::script::Script;
use super::send::{ask, execute};
use super::work::Work;
use crate::Error;
use crate::name::MIGRATION_HISTORY;
use crate::shape::pieces;

/// How long a part of the name is that fills a column by itself: a code made of the first
/// letters.
const CODES: std::ops::RangeInclusive<usize> = 2..=4;

/// The seeded tables of the schema of `work`, in the open transaction. The name of the schema is
/// made up and is nowhere by accident. Migrations may have changed its case, left out characters
/// that are no letters, cut it, or hashed it.
///
/// # Errors
///
/// A server error.
pub(super) async fn seeded(work: Work<'_>) -> Result<BTreeSet<String>, Error> {
    let mut script = Script::default();
    script.step("list the tables", &tables(work));
    let rows = ask(work, &script).await?;
    let tables = rows.iter().filter_map(|row| row.get(0));
    let questions = tables.map(|table| question(work, table));
    let questions = questions.collect::<Vec<_>>();
    if questions.is_empty() {
        return Ok(BTreeSet::new());
    }
    if let Some(tables) = answers(work, &questions.join(" UNION ALL ")).await? {
        return Ok(tables);
    }
    // One that cannot be read says nothing about the others.
    let mut tables = BTreeSet::new();
    for question in &questions {
        tables.extend(answers(work, question).await?.unwrap_or_default());
    }
    Ok(tables)
}

/// The tables that a query returns; `None` if rows cannot be read. The open transaction continues
/// either way.
async fn answers(work: Work<'_>, question: &str) -> Result<Option<BTreeSet<String>>, Error> {
    let mut script = Script::default();
    let action = "look for the schema's name in the rows";
    script.step(action, "SAVEPOINT seeds");
    // The server evaluates expressions of indexes and statistics when it plans, and their
    // functions may find what they name by the path.
    script.step("set the search path", &work.path().set_local());
    script.step(action, question);
    match ask(work, &script).await {
        Err(error) if is_hidden(&error) => {
            execute(work.session, action, "ROLLBACK TO SAVEPOINT seeds").await?;
            Ok(None)
        }
        rows => {
            let rows = rows?;
            let tables = rows.iter().filter_map(|row| row.get(0));
            Ok(Some(tables.map(str::to_owned).collect()))
        }
    }
}

/// Whether only the owner can read the rows, or they cannot be written as text.
fn is_hidden(error: &Error) -> bool {
    let code = error.sqlstate().unwrap_or_default();
    code == "42501" || code.starts_with("22") || code.starts_with("P0")
}

/// The query for the tables that have their own rows.
pub(super) fn tables(work: Work<'_>) -> String {
    format!(
        "SELECT c.relname FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {} AND c.relkind = 'r' AND c.relname <> {} AND {}",
        literal(work.schema.schema_name()),
        literal(MIGRATION_HISTORY),
        work.database.catalog().no_shard("c")
    )
}

fn question(work: Work<'_>, table: &str) -> String {
    let name = work.schema.schema_name();
    let small = name.to_lowercase();
    let codes = CODES.filter_map(|length| small.get(..length));
    let codes = codes.collect::<Vec<_>>().join("|");
    let pieces = pieces(name).join("|");
    format!(
        "SELECT {} WHERE EXISTS (SELECT FROM {}.{} r WHERE \
             pg_catalog.regexp_replace(pg_catalog.lower((r.*)::pg_catalog.text), '[^a-z0-9]', '', 'g') \
                 OPERATOR(pg_catalog.~) {} \
             OR pg_catalog.lower((r.*)::pg_catalog.text) OPERATOR(pg_catalog.~) {} \
             OR pg_catalog.strpos((r.*)::pg_catalog.text, pg_catalog.md5({})) > 0)",
        literal(table),
        work.schema.ident(),
        ident(table),
        literal(&pieces),
        literal(&format!("[(,]\"?({codes})\"?[,)]")),
        literal(name)
    )
}
