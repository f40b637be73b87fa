//! Reads what the schema behind the tenants' own holds.

use std::sync::Arc;

use sql_text::{ident, literal};
use tokio_postgres::SimpleQueryRow;

use super::catalogs;
use crate::Error;
use crate::engine::script::Script;
use crate::engine::send::ask;
use crate::engine::surroundings::{Listed, Object};
use crate::engine::work::Work;
use crate::path::ExtensionsSchema;

/// What `schema` holds, as it was after the run had begun.
pub(super) async fn surroundings(
    work: Work<'_>,
    schema: &ExtensionsSchema,
) -> Result<Arc<Listed>, Error> {
    let (known, round) = work.surroundings.get();
    if let Some(listed) = known {
        return Ok(listed);
    }
    let mut script = Script::default();
    script.step(
        "read the objects in the schema for extensions",
        &list(schema),
    );
    let rows = ask(work, &script).await?;
    let listed = Arc::new(Listed {
        objects: rows.iter().filter_map(object).collect(),
    });
    work.surroundings.keep(round, &listed);
    Ok(listed)
}

fn object(row: &SimpleQueryRow) -> Option<Object> {
    let text = |column: usize| row.get(column).map(str::to_owned);
    Some(Object {
        class: row.get(0)?.parse().ok()?,
        oid: row.get(1)?.parse().ok()?,
        name: text(2),
        whole: text(3),
        words: text(4)?,
        row: row.get(5).and_then(|hash| hash.parse().ok()),
        is_domain: row.get(6) == Some("t"),
    })
}

/// A hash of a table's row in `pg_class`, without what changes when others refer to it
/// or when it is analyzed.
pub(super) fn hash_of(class: &str) -> String {
    let columns = [
        "oid",
        "relname",
        "relnamespace",
        "reltype",
        "relowner",
        "relam",
        "relfilenode",
        "reltablespace",
        "relpersistence",
        "relnatts",
        "relchecks",
        "relhasrules",
        "relhassubclass",
        "relrowsecurity",
        "relforcerowsecurity",
        "relispopulated",
        "relreplident",
        "relispartition",
        "relacl",
        "reloptions",
        "relpartbound",
    ];
    let columns = columns.map(|column| format!("{class}.{column}")).join(", ");
    format!("pg_catalog.hashtextextended(ROW({columns})::text, 0)")
}

/// The query for all of it. What belongs to an extension is left out, because PostgreSQL
/// drops it with the extension only.
fn list(schema: &ExtensionsSchema) -> String {
    let namespace = namespace(schema.name());
    let hash = hash_of("c");
    let parts = catalogs::PARTS.map(|(class, catalog, whole, condition)| {
        let relation = catalogs::CLASS;
        let oid = if class == relation {
            "t.indexrelid"
        } else {
            "t.oid"
        };
        format!(
            " UNION ALL SELECT {class}, {oid}, t.{whole}, false FROM inside i, pg_catalog.{catalog} t \
             WHERE i.class = {relation} AND t.{whole} = i.oid{condition}"
        )
    });
    format!(
        "WITH inside AS MATERIALIZED (SELECT d.classid AS class, d.objid AS oid \
           FROM pg_catalog.pg_depend d \
           WHERE d.refclassid = {schemas} AND d.refobjid = {namespace} AND d.deptype = 'n' \
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = d.classid \
                             AND e.objid = d.objid AND e.deptype = 'e')), \
         parts AS (SELECT class, oid, 0::oid AS whole, false AS is_of_type FROM inside \
           UNION ALL SELECT {constraints}, k.oid, k.contypid, true FROM inside i, pg_catalog.pg_constraint k \
                     WHERE i.class = {types} AND k.contypid = i.oid{parts}) \
         SELECT p.class, p.oid, coalesce(c.relname, f.proname, t.typname, o.name), \
                coalesce(w.relname, d.typname), \
                o.type || ' ' || o.identity, \
                CASE WHEN c.relkind IN ('r', 'p') AND NOT c.relhastriggers THEN {hash} END, \
                t.typtype = 'd' \
         FROM parts p CROSS JOIN LATERAL pg_catalog.pg_identify_object(p.class, p.oid, 0) o \
         LEFT JOIN pg_catalog.pg_class c ON p.class = {relations} AND c.oid = p.oid \
         LEFT JOIN pg_catalog.pg_class w ON w.oid = p.whole AND NOT p.is_of_type \
         LEFT JOIN pg_catalog.pg_type d ON d.oid = p.whole AND p.is_of_type \
         LEFT JOIN pg_catalog.pg_proc f ON p.class = {functions} AND f.oid = p.oid \
         LEFT JOIN pg_catalog.pg_type t ON p.class = {types} AND t.oid = p.oid",
        schemas = catalogs::NAMESPACE,
        constraints = catalogs::CONSTRAINT,
        types = catalogs::TYPE,
        parts = parts.concat(),
        relations = catalogs::CLASS,
        functions = catalogs::PROC,
    )
}

/// The object identifier of a schema, as SQL text.
pub(super) fn namespace(schema: &str) -> String {
    let name = literal(&ident(schema));
    format!("{name}::pg_catalog.regnamespace")
}
