//! What a run that was cut off leaves of a migration outside a transaction, and
//! how the next run gets on.
//!
//! An index that is built concurrently exists, marked as invalid, before it is
//! built. When building is cut off it stays so: it serves nobody, costs every
//! insert, and is in the way of the next attempt.

use sql_text::{ident, literal};

use super::script::Script;
use super::send::{ask, execute, run_script, send};
use super::work::Work;
use crate::Error;
use crate::migration::{
    BuiltIndex, built_concurrently, in_transaction_form, reindexes_concurrently,
};

/// Drops what an earlier run has left half done of `statement`. True when that
/// run has completed the statement: the index it builds is there.
pub(super) async fn is_done(work: Work<'_>, statement: &str) -> Result<bool, Error> {
    if reindexes_concurrently(statement) {
        drop_leftovers(work).await?;
        return Ok(false);
    }
    let Some(index) = built_concurrently(statement) else {
        return Ok(false);
    };
    let found = indexes_of(work, &index.table).await?;
    if found.is_empty() {
        return Ok(false);
    }
    let wanted = definition(work, statement, &index).await;
    let same = |found: &Found| wanted.as_deref() == Some(found.definition.as_str());
    let named = |found: &Found| index.name.as_deref() == Some(found.name.as_str());
    let mut is_there = false;
    for found in found {
        let is_meant = if index.name.is_some() {
            named(&found)
        } else {
            same(&found)
        };
        if is_meant && !found.is_valid {
            drop_index(work, &found.name).await?;
        }
        is_there |= is_meant && found.is_valid && same(&found);
    }
    Ok(is_there)
}

/// An index that exists.
struct Found {
    name: String,
    is_valid: bool,
    /// What it is, but for its name and its table.
    definition: String,
}

/// The indexes of the schema's table `table`.
async fn indexes_of(work: Work<'_>, table: &str) -> Result<Vec<Found>, Error> {
    let condition = format!("t.relname = {}", literal(table));
    find(work, &condition).await
}

/// What rebuilding indexes concurrently leaves behind when it is cut off.
///
/// Source: PostgreSQL manual, REINDEX, "Rebuilding Indexes Concurrently".
async fn drop_leftovers(work: Work<'_>) -> Result<(), Error> {
    let condition = "NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'";
    for leftover in find(work, condition).await? {
        drop_index(work, &leftover.name).await?;
    }
    Ok(())
}

async fn find(work: Work<'_>, condition: &str) -> Result<Vec<Found>, Error> {
    let sql = format!(
        "SELECT c.relname, i.indisvalid, pg_catalog.pg_get_indexdef(c.oid) \
         FROM pg_catalog.pg_index i \
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         JOIN pg_catalog.pg_class t ON t.oid = i.indrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace \
         WHERE n.nspname = {} AND {condition}",
        literal(work.schema.schema_name())
    );
    let mut script = Script::default();
    script.step("looking for indexes that were not completed", &sql);
    let rows = ask(work, &script).await?;
    let found = rows.iter().filter_map(|row| {
        Some(Found {
            name: row.get(0)?.to_owned(),
            is_valid: row.get(1)? == "t",
            definition: without_names(row.get(2)?),
        })
    });
    Ok(found.collect())
}

async fn drop_index(work: Work<'_>, name: &str) -> Result<(), Error> {
    let index = format!("{}.{}", work.schema.ident(), ident(name));
    let mut script = Script::default();
    script.step(
        "dropping an index that was not completed",
        &format!("DROP INDEX CONCURRENTLY IF EXISTS {index}"),
    );
    run_script(work, &script).await
}

/// What `statement` would build, as the server writes it: it builds the same on
/// an empty temporary table of the same form, which is rolled back. `None` when
/// that does not work; then the statement itself will tell why.
async fn definition(work: Work<'_>, statement: &str, index: &BuiltIndex) -> Option<String> {
    let (schema, table) = (work.schema.ident(), ident(&index.table));
    let mut script = Script::default();
    script.step("starting", "BEGIN");
    let like = format!("CREATE TEMPORARY TABLE {table} (LIKE {schema}.{table})");
    script.step("making a table like the index's", &like);
    script.step("building the index on it", &in_transaction_form(statement)?);
    let table = literal(&format!("pg_temp.{table}"));
    let definition = format!(
        "SELECT pg_catalog.pg_get_indexdef(indexrelid) FROM pg_catalog.pg_index \
         WHERE indrelid = {table}::pg_catalog.regclass"
    );
    script.step("reading what it is", &definition);
    let rows = send(work, &script).await;
    execute(work.session, "rolling back", "ROLLBACK")
        .await
        .ok()?;
    let rows = rows.ok()?;
    rows.first()?.get(0).map(without_names)
}

/// `CREATE UNIQUE INDEX name ON table USING ...` without name and table.
fn without_names(definition: &str) -> String {
    let kind = if definition.starts_with("CREATE UNIQUE") {
        "UNIQUE"
    } else {
        ""
    };
    let method = definition
        .split_once(" USING ")
        .map_or("", |(_, rest)| rest);
    format!("{kind} {method}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_compared_without_name_and_table() {
        let one = "CREATE UNIQUE INDEX a ON acme.tasks USING btree (title) WHERE (id > 1)";
        let same = "CREATE UNIQUE INDEX b ON pg_temp_3.tasks USING btree (title) WHERE (id > 1)";
        assert_eq!(without_names(one), without_names(same));
        for other in [
            "CREATE INDEX a ON acme.tasks USING btree (title) WHERE (id > 1)",
            "CREATE UNIQUE INDEX a ON acme.tasks USING hash (title) WHERE (id > 1)",
            "CREATE UNIQUE INDEX a ON acme.tasks USING btree (title)",
        ] {
            assert_ne!(without_names(one), without_names(other), "{other}");
        }
    }
}
