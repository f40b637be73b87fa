//! A concurrently built index: whether it exists, and which indexes are in its way.
//!
//! Before the index is built, it exists and is marked as invalid. If building is cut off, it
//! stays so: it serves no query, costs every insert, and blocks the next attempt.

use sql_text::literal;

use super::script::Script;
use super::send::{ask, execute, run_script, send};
use super::work::Work;
use crate::Error;
use crate::migration::BuiltIndex;

/// An index that exists: on the table that a statement builds one on, or with the name
/// that it gives.
struct Found {
    name: String,
    /// The same with its schema, quoted.
    written: String,
    is_valid: bool,
    is_on_table: bool,
    is_named: bool,
    /// What it is, without its name and its table.
    definition: String,
}

/// Drops the invalid indexes that block a statement that builds `index`. One kind has the same
/// name, and serves no query whatever session created it. The other kind was created after
/// `known` was read, has the same definition, and got its name from the server. Returns the names
/// of the indexes that exist then.
pub(super) async fn clear_the_way(
    work: Work<'_>,
    statement: &str,
    index: &BuiltIndex,
    known: Option<&[String]>,
) -> Result<Vec<String>, Error> {
    let found = indexes(work, index).await?;
    if in_the_way(work, statement, index, known, &found)
        .await
        .is_empty()
    {
        return Ok(names(&found));
    }
    // Another session may be building it right now. That session holds this lock.
    let mut script = Script::default();
    script.step("prepare the session", "BEGIN");
    // Building can take long, and no reader or writer waits behind this lock.
    script.step("remove the lock timeout", "SET LOCAL lock_timeout = 0");
    let wait = format!(
        "LOCK TABLE ONLY {} IN SHARE UPDATE EXCLUSIVE MODE",
        index.table
    );
    script.step(
        "wait for the session that builds an index on the table",
        &wait,
    );
    script.step("commit", "COMMIT");
    run_script(work, &script).await?;
    let found = indexes(work, index).await?;
    for index in in_the_way(work, statement, index, known, &found).await {
        drop_index(work, &index.written).await?;
    }
    Ok(names(&indexes(work, index).await?))
}

async fn in_the_way<'f>(
    work: Work<'_>,
    statement: &str,
    index: &BuiltIndex,
    known: Option<&[String]>,
    found: &'f [Found],
) -> Vec<&'f Found> {
    let invalid = found.iter().filter(|one| !one.is_valid && one.is_on_table);
    if index.name.is_some() {
        return invalid.filter(|one| one.is_named).collect();
    }
    let Some(known) = known else {
        return Vec::new();
    };
    let mut new = invalid
        .filter(|one| !known.contains(&one.name))
        .collect::<Vec<_>>();
    if !new.is_empty() {
        let wanted = definition(work, statement, index).await;
        new.retain(|one| wanted.as_deref() == Some(one.definition.as_str()));
    }
    new
}

fn names(found: &[Found]) -> Vec<String> {
    found.iter().map(|one| one.name.clone()).collect()
}

/// Whether the index exists, is complete, and was created after `known` was read.
pub(super) async fn is_built(
    work: Work<'_>,
    statement: &str,
    index: &BuiltIndex,
    known: &[String],
) -> Result<bool, Error> {
    let mut found = indexes(work, index).await?;
    found.retain(|one| one.is_valid && one.is_on_table && !known.contains(&one.name));
    found.retain(|one| one.is_named || index.name.is_none());
    if found.is_empty() {
        return Ok(false);
    }
    let wanted = definition(work, statement, index).await;
    Ok(found
        .iter()
        .any(|one| wanted.as_deref() == Some(one.definition.as_str())))
}

/// Sees that the statement, which has run, left no index of its name that is invalid, as
/// one with `IF NOT EXISTS` can. Gives back the name of the index that it has made.
///
/// # Errors
///
/// The name of the invalid one.
pub(super) async fn made(
    work: Work<'_>,
    index: &BuiltIndex,
    known: &[String],
) -> Result<Result<Option<String>, String>, Error> {
    let found = indexes(work, index).await?;
    if let Some(invalid) = found.iter().find(|one| one.is_named && !one.is_valid) {
        return Ok(Err(invalid.name.clone()));
    }
    let is_new = |one: &&Found| one.is_valid && one.is_on_table && !known.contains(&one.name);
    let is_it = |one: &&Found| index.name.is_none() || one.is_named;
    let mut new = found.iter().filter(is_new).filter(is_it);
    let made = new.next().map(|one| one.name.clone());
    // Of several it is not known which.
    Ok(Ok(made.filter(|_| new.next().is_none())))
}

/// Whether the index with that name is still there and complete.
pub(super) async fn is_still_there(
    work: Work<'_>,
    index: &BuiltIndex,
    name: &str,
) -> Result<bool, Error> {
    let found = indexes(work, index).await?;
    Ok(found.iter().any(|one| one.is_valid && one.name == name))
}

/// The indexes of the table that `index` is built on, and the one with its name.
async fn indexes(work: Work<'_>, index: &BuiltIndex) -> Result<Vec<Found>, Error> {
    let is_named = index.name.as_deref().map_or_else(
        || "false".to_owned(),
        |name| format!("c.relname = {}", as_stored(name)),
    );
    let sql = format!(
        "SELECT c.relname, \
                pg_catalog.format('%I.%I', n.nspname, c.relname), \
                i.indisvalid, i.indrelid = t.oid, {is_named}, \
                pg_catalog.pg_get_indexdef(c.oid) \
         FROM pg_catalog.pg_class t \
         JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace \
         JOIN pg_catalog.pg_class c ON c.relnamespace = t.relnamespace \
         JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid \
         WHERE t.oid = pg_catalog.to_regclass({}) AND (i.indrelid = t.oid OR {is_named})",
        literal(&index.table)
    );
    let mut script = Script::default();
    script.step("look for the indexes of the table", &sql);
    let rows = ask(work, &script).await?;
    let found = rows.iter().filter_map(|row| {
        Some(Found {
            name: row.get(0)?.to_owned(),
            written: row.get(1)?.to_owned(),
            is_valid: row.get(2)? == "t",
            is_on_table: row.get(3)? == "t",
            is_named: row.get(4)? == "t",
            definition: without_names(row.get(5)?),
        })
    });
    Ok(found.collect())
}

/// A name as the server keeps it: folded and cut by the rules of the database.
pub(super) fn as_stored(name: &str) -> String {
    let name = literal(name);
    format!("(pg_catalog.parse_ident({name}))[1]::pg_catalog.name")
}

/// Drops an index that is not completed, by its quoted name. It waits for older
/// transactions by design, and blocks no session while it waits, so there is no limit.
pub(super) async fn drop_index(work: Work<'_>, index: &str) -> Result<(), Error> {
    let mut script = Script::default();
    script.step(
        "read the lock timeout",
        "SELECT pg_catalog.current_setting('lock_timeout'), \
                pg_catalog.set_config('lock_timeout', '0', false)",
    );
    let rows = ask(work, &script).await?;
    let before = rows.first().and_then(|row| row.get(0)).unwrap_or("0");
    let mut script = Script::default();
    script.step(
        "drop an index that was not completed",
        &format!("DROP INDEX CONCURRENTLY IF EXISTS {index}"),
    );
    let done = run_script(work, &script).await;
    // The migration's file may have set it.
    let again = format!("SET lock_timeout = {}", literal(before));
    execute(work.session, "set the lock timeout", &again).await?;
    done
}

/// What `statement` would build, as the server writes it: it builds the same on an empty
/// table of the same form, which is rolled back. A temporary table has the same name, which
/// the statement may use; where the role may make none, another will do. `None` when
/// neither works; then the statement itself will tell why.
async fn definition(work: Work<'_>, statement: &str, index: &BuiltIndex) -> Option<String> {
    let temporary = format!("pg_temp.{}", index.bare_table);
    if let Some(found) = definition_on(work, statement, index, &temporary).await {
        return Some(found);
    }
    let other = format!("{}.\"__diesel_tenants like it\"", work.schema.ident());
    definition_on(work, statement, index, &other).await
}

async fn definition_on(
    work: Work<'_>,
    statement: &str,
    index: &BuiltIndex,
    table: &str,
) -> Option<String> {
    let mut script = Script::default();
    script.step("prepare the session", "BEGIN");
    let like = format!("CREATE TABLE {table} (LIKE {})", index.table);
    script.step("create a table like the index's table", &like);
    script.step("build the index on it", &index.on(table, statement));
    let definition = format!(
        "SELECT pg_catalog.pg_get_indexdef(indexrelid) FROM pg_catalog.pg_index \
         WHERE indrelid = pg_catalog.to_regclass({})",
        literal(table)
    );
    script.step("read its kind", &definition);
    let rows = send(work, &script).await;
    execute(work.session, "roll back", "ROLLBACK").await.ok()?;
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
