//! Numbers of objects (OIDs) in a tenant's rows and texts. A copy has other objects, so that
//! a number that it copied would lead to the original.

use std::collections::BTreeSet;

use sql_text::{ident, literal};

use super::copy_values::{copied_relations, made_of, refuse_what_is_found};
use super::script::Script;
use super::send::ask;
use super::work::Work;
use crate::Error;
use crate::name::Schema;

/// A subquery: the numbers of the schema and of the objects in it.
fn objects_of(schema: Schema<'_>) -> String {
    let name = literal(schema.schema_name());
    format!(
        "SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = {name} \
         UNION SELECT o.oid FROM pg_catalog.pg_namespace n \
         JOIN pg_catalog.pg_depend d ON d.refobjid = n.oid \
              AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass \
         LEFT JOIN pg_catalog.pg_class c ON c.oid = d.objid \
              AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
         CROSS JOIN LATERAL (VALUES (d.objid), (c.reltype)) o (oid) \
         WHERE n.nspname = {name} AND o.oid <> 0"
    )
}

/// The numbers of the schema of `work` and of the objects in it, as they are written.
///
/// # Errors
///
/// A server error.
pub(super) async fn numbers(work: Work<'_>) -> Result<BTreeSet<String>, Error> {
    let mut script = Script::default();
    let query = objects_of(work.schema);
    script.step("list the object numbers", &query);
    let rows = ask(work, &script).await?;
    let numbers = rows.iter().filter_map(|row| row.get(0));
    Ok(numbers.map(str::to_owned).collect())
}

/// Refuses values that are numbers of objects of `from` and cannot be translated: numbers of
/// objects that a copy gets only after its rows, such as views, and numbers in arrays and
/// composite types.
///
/// # Errors
///
/// [`Error::NotCopyable`], or a server error.
pub(super) async fn refuse_numbers(work: Work<'_>, from: Schema<'_>) -> Result<(), Error> {
    let (to, Schema::Tenant(original)) = (work.schema, from) else {
        return Ok(());
    };
    let mut script = Script::default();
    script.step("list the columns with object numbers", &columns(work, from));
    let columns = ask(work, &script).await?;
    let mut script = Script::default();
    for row in &columns {
        if let (Some(table), Some(column)) = (row.get(0), row.get(2)) {
            let is_plain = row.get(3) == Some("t");
            let rows = if row.get(1) == Some("t") { "ONLY " } else { "" };
            let rows = format!("{rows}{}.{} r", from.ident(), ident(table));
            let told =
                format!("values of column {table}.{column} that contain numbers of its objects");
            let found = if is_plain {
                format!(
                    "r.{column} IN ({} EXCEPT SELECT x.number FROM ({}) x)",
                    objects_of(from),
                    copied_relations(from, to)
                )
            } else {
                format!(
                    "EXISTS (SELECT FROM pg_catalog.regexp_split_to_table(r.{column}::pg_catalog.text, \
                         '[^0-9]+') v WHERE v IN (SELECT x.oid::pg_catalog.text FROM ({}) x))",
                    objects_of(from)
                )
            };
            let query = format!(
                "SELECT {} WHERE EXISTS (SELECT FROM {rows} WHERE {found})",
                literal(&told)
            );
            script.step("look for object numbers of the original", &query);
        }
    }
    refuse_what_is_found(work, &original.name, &script).await
}

/// The query for the columns with such numbers: the table, whether to read it without those
/// that inherit from it, the column, and whether it is a number and no more.
fn columns(work: Work<'_>, from: Schema<'_>) -> String {
    format!(
        "WITH RECURSIVE {} \
         SELECT DISTINCT c.relname, c.relkind = 'r', pg_catalog.quote_ident(a.attname), \
             a.atttypid = 'pg_catalog.oid'::pg_catalog.regtype \
         FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 \
              AND NOT a.attisdropped AND a.attgenerated = '' \
         JOIN made_of m ON m.root = a.atttypid \
              AND m.oid = 'pg_catalog.oid'::pg_catalog.regtype \
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND {}",
        made_of(from),
        literal(from.schema_name()),
        work.database.catalog().no_shard("c")
    )
}
