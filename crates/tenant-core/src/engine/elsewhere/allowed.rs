//! Changes that a transaction may make in the schema behind the tenant's schema in the path.

use sql_text::literal;

use super::catalogs::{CLASS, NAMESPACE, PROC, TYPE};
use super::forbidden::{Behind, names};
use super::list::namespace;
use crate::path::is_path_through;

/// The condition that `f`, one of the rows of `dt_found`, may be changed; `o` is what
/// PostgreSQL calls it.
pub(super) fn is_allowed(behind: &Behind<'_>) -> String {
    let tenant = namespace(behind.tenant);
    let own = format!(
        "(k.name <> ALL ({late}) AND EXISTS (SELECT FROM pg_catalog.pg_class o \
          WHERE o.relnamespace = {tenant} AND o.relname = k.name))",
        late = names(&behind.late)
    );
    // The name, that of the table that it belongs to, and that of a partitioned one.
    let known = format!(
        "SELECT coalesce(f.name, c.relname::text, p.proname::text, t.typname::text, o.name) AS name \
         FROM (SELECT) one \
         LEFT JOIN pg_catalog.pg_class c ON f.class = {CLASS} AND c.oid = f.oid \
         LEFT JOIN pg_catalog.pg_proc p ON f.class = {PROC} AND p.oid = f.oid \
         LEFT JOIN pg_catalog.pg_type t ON f.class = {TYPE} AND t.oid = f.oid \
         UNION ALL SELECT w.relname::text FROM pg_catalog.pg_index i \
           JOIN pg_catalog.pg_class w ON w.oid = i.indrelid \
           WHERE f.class = {CLASS} AND i.indexrelid = f.oid \
         UNION ALL SELECT w.relname::text FROM pg_catalog.pg_depend d \
           JOIN pg_catalog.pg_class w ON w.oid = d.refobjid \
           WHERE d.classid = f.class AND d.objid = f.oid \
             AND d.refclassid = {CLASS} AND d.deptype IN ('a', 'i') \
         UNION ALL SELECT w.relname::text FROM pg_catalog.pg_inherits h \
           JOIN pg_catalog.pg_class w ON w.oid = h.inhparent \
           WHERE f.class = {CLASS} AND h.inhrelid = f.oid"
    );
    let meant = names(&behind.meant);
    let is_meant = format!(
        "EXISTS (SELECT FROM ({known}) k WHERE k.name = ANY ({meant}) \
                 OR k.name = ANY ({doubtful}) AND {own})",
        doubtful = names(&behind.doubtful)
    );
    let is_not_loose = format!(
        "NOT EXISTS (SELECT FROM ({known}) k WHERE k.name = ANY ({loose}) AND NOT {own})",
        loose = names(&behind.loose)
    );
    // What a table that is meant does to others by its own triggers and keys.
    let follows =
        format!("EXISTS (SELECT FROM dt_found m WHERE m.how = 'rows' AND m.name = ANY ({meant}))");
    format!(
        "{is_meant} OR f.class = {CLASS} AND {is_not_loose} \
         AND (f.how = 'rows' AND {follows} OR {})",
        by_function(behind)
    )
}

/// Whether a function that a trigger of a changed table calls, or one of the two schemas,
/// says that it changes `f`.
fn by_function(behind: &Behind<'_>) -> String {
    let (tenant, schema) = (namespace(behind.tenant), namespace(behind.schema));
    let word = |text: &str| {
        format!("pg_catalog.regexp_replace({text}, '([^[:alnum:]_])', '\\\\\\1', 'g')")
    };
    let outer = literal(behind.schema);
    let (name, behind) = (word("f.name"), word(&outer));
    let is_path = is_path_through("s", &behind);
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.oid IN ( \
           SELECT t.tgfoid FROM dt_held h JOIN pg_catalog.pg_trigger t ON t.tgrelid = h.oid \
             WHERE h.class = {CLASS} AND NOT t.tgisinternal \
           UNION ALL SELECT e.evtfoid FROM pg_catalog.pg_event_trigger e WHERE e.evtenabled <> 'D' \
           UNION ALL SELECT d.objid FROM pg_catalog.pg_depend d WHERE d.refclassid = {NAMESPACE} \
             AND d.refobjid IN ({tenant}, {schema}) AND d.classid = {PROC}) \
         AND (p.prosrc ~* ('(^|[^[:alnum:]_$.\"])\"?' || {behind} || '\"?\\s*\\.\\s*\"?' || {name} \
                           || '($|[^[:alnum:]_$])') \
           OR p.prosrc ~* ('(^|[^[:alnum:]_$.])' || {name} || '($|[^[:alnum:]_$])') \
              AND EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) s \
                          WHERE {is_path}) \
           OR p.pronamespace <> {tenant} AND EXISTS (SELECT FROM pg_catalog.pg_depend d \
              WHERE d.classid = {PROC} AND d.objid = p.oid AND d.refclassid = {CLASS} \
                AND d.refobjid = f.oid)))"
    )
}
