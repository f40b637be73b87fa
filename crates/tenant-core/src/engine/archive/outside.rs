//! What a tenant refers to outside its schema, so that the file alone is not all of it.

use sql_text::literal;
use tenant_archive::Outside;

use crate::Error;
use crate::engine::script::Script;
use crate::engine::send::ask;
use crate::engine::work::Work;

/// Lists foreign keys to other schemas, types of other schemas, foreign tables, and columns whose
/// values are numbers of large objects or names of roles.
pub(super) async fn outside(work: Work<'_>) -> Result<Vec<Outside>, Error> {
    let mut script = Script::default();
    for query in [foreign_keys(work), types(work), foreign_tables(work)] {
        script.step("look for references to other schemas", &query);
    }
    let rows = ask(work, &script).await?;
    let mut found = rows
        .iter()
        .filter_map(|row| entry(row.get(0)?, row.get(1)?, row.get(2)?))
        .collect::<Vec<_>>();
    found.extend(large_objects(work).await?);
    Ok(found)
}

fn entry(kind: &str, from: &str, to: &str) -> Option<Outside> {
    Some(Outside {
        kind: kind.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
    })
}

fn foreign_keys(work: Work<'_>) -> String {
    format!(
        "SELECT 'foreign key', pg_catalog.format('%I: %I', c.relname, k.conname), \
             pg_catalog.format('%I.%I', m.nspname, r.relname) \
         FROM pg_catalog.pg_constraint k \
         JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_class r ON r.oid = k.confrelid \
         JOIN pg_catalog.pg_namespace m ON m.oid = r.relnamespace \
         WHERE n.nspname = {} AND k.contype = 'f' AND m.oid <> n.oid AND k.conparentid = 0 \
         ORDER BY c.relname, k.conname",
        literal(work.schema.schema_name())
    )
}

/// A list's type is that of its elements. Roles are no schema's, and every server has others.
fn types(work: Work<'_>) -> String {
    format!(
        "SELECT CASE WHEN b.typname IN ('regrole', 'aclitem') THEN 'role' ELSE 'type' END, \
             pg_catalog.format('%I.%I', c.relname, a.attname), \
             pg_catalog.format('%I.%I', m.nspname, b.typname) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 \
              AND NOT a.attisdropped \
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 \
              THEN t.typelem ELSE t.oid END \
         JOIN pg_catalog.pg_namespace m ON m.oid = b.typnamespace \
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND {} \
         AND (m.nspname NOT IN (n.nspname, 'pg_catalog') OR b.typname IN ('regrole', 'aclitem')) \
         ORDER BY c.relname, a.attnum",
        literal(work.schema.schema_name()),
        work.database.catalog().no_shard("c")
    )
}

fn foreign_tables(work: Work<'_>) -> String {
    format!(
        "SELECT 'foreign table', pg_catalog.quote_ident(c.relname), s.srvname \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = c.oid \
         JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver \
         WHERE n.nspname = {} ORDER BY c.relname",
        literal(work.schema.schema_name())
    )
}

/// The columns of numbers in which there is one of a large object.
async fn large_objects(work: Work<'_>) -> Result<Vec<Outside>, Error> {
    let mut script = Script::default();
    let candidates = format!(
        "SELECT pg_catalog.format('SELECT %L WHERE EXISTS (SELECT FROM ONLY %I.%I t \
             WHERE t.%I IN (SELECT m.oid FROM pg_catalog.pg_largeobject_metadata m))', \
             pg_catalog.format('%I.%I', c.relname, a.attname), \
             n.nspname, c.relname, a.attname) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 \
              AND NOT a.attisdropped \
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         WHERE n.nspname = {} AND c.relkind = 'r' AND {} \
         AND 'pg_catalog.oid'::pg_catalog.regtype IN (t.oid, t.typbasetype) \
         AND EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata) \
         ORDER BY c.relname, a.attnum",
        literal(work.schema.schema_name()),
        work.database.catalog().no_shard("c")
    );
    script.step("look for numbers of large objects", &candidates);
    let queries = ask(work, &script).await?;
    let mut script = Script::default();
    for query in queries.iter().filter_map(|row| row.get(0)) {
        script.step("look for numbers of large objects", query);
    }
    let found = ask(work, &script).await?;
    let found = found.iter().filter_map(|row| row.get(0));
    Ok(found
        .filter_map(|column| entry("large object", column, "pg_largeobject"))
        .collect())
}
