//! Functions that something in a tenant's schema calls, and that can do something with a
//! name that they read: SQL that is put together, or another way from a text to an object.
//!
//! The catalog records which functions defaults, constraints, views, rules, policies and triggers
//! call. The calls of a function are only in its text, which is searched for names.

use sql_text::literal;

use super::name_in_text::SIGNATURE;
use crate::name::{MIGRATION_HISTORY, Schema};

/// What such a function has in its text.
const DYNAMIC: &str = r"\y(execute|(query|cursor|table|schema)_to_xml\w*|dblink\w*)\y|\y(nextval|setval)\s*\(\s*[^'[:space:]]|\yset_config\s*\(\s*'search_path'";

/// The body of `diesel_manage_updated_at(regclass)`, which Diesel's first migration makes in
/// each schema, with one space for each run of them.
///
/// Source: diesel_cli, its initial setup.
const OF_DIESEL: &str = "BEGIN EXECUTE format('CREATE TRIGGER set_updated_at BEFORE UPDATE ON %s \
     FOR EACH ROW EXECUTE PROCEDURE diesel_set_updated_at()', _tbl); END;";

/// Whether the function `p` is that one. It reads no row, and is given a table: it leads from
/// a text to an object only if another function calls it.
fn is_of_diesel() -> String {
    format!(
        "p.proname = 'diesel_manage_updated_at' AND l.lanname = 'plpgsql' AND {} = \
             pg_catalog.btrim(pg_catalog.regexp_replace(p.prosrc, '\\s+', ' ', 'g')) \
         AND NOT EXISTS (SELECT FROM reached c JOIN pg_catalog.pg_proc o ON o.oid = c.id \
             WHERE c.class = 'pg_catalog.pg_proc'::pg_catalog.regclass AND o.oid <> p.oid \
             AND pg_catalog.strpos(pg_catalog.lower(o.prosrc), 'diesel_manage_updated_at') > 0)",
        literal(OF_DIESEL)
    )
}

/// Schemas `m` in which functions and tables are shared: no tenant's, and none of
/// PostgreSQL.
fn is_shared() -> String {
    format!(
        "m.nspname <> 'information_schema' AND m.nspname !~ '^pg_' \
         AND (m.nspname = 'public' OR NOT EXISTS (SELECT FROM pg_catalog.pg_class h \
             WHERE h.relnamespace = m.oid AND h.relname = {}))",
        literal(MIGRATION_HISTORY)
    )
}

/// The recursive queries that find `reached (class, id)`: the objects of the schema, and
/// what they use. From a table on the way leads on to what fires and is computed there.
/// A foreign key only reads the table that it refers to.
fn reached(schema: Schema<'_>) -> String {
    let is_shared = is_shared();
    format!(
        "shared (class, id, name) AS MATERIALIZED ( \
             SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid, p.oid, p.proname \
             FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace m ON m.oid = p.pronamespace \
             JOIN pg_catalog.pg_language l ON l.oid = p.prolang \
             WHERE l.lanname NOT IN ('internal', 'c') AND {is_shared} \
             UNION ALL \
             SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, c.relname \
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace m ON m.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p', 'v', 'f') AND (c.relhastriggers OR c.relhasrules) \
             AND {is_shared}), \
         reached (class, id) AS ( \
             SELECT d.classid, d.objid FROM pg_catalog.pg_depend d \
             JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid \
             WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass \
             AND n.nspname = {} \
             UNION \
             SELECT next.class, next.id FROM reached r CROSS JOIN LATERAL ( \
                 SELECT d.refclassid, d.refobjid FROM pg_catalog.pg_depend d \
                 WHERE d.classid = r.class AND d.objid = r.id \
                 AND d.refclassid NOT IN ('pg_catalog.pg_namespace'::pg_catalog.regclass, \
                                          'pg_catalog.pg_extension'::pg_catalog.regclass) \
                 AND NOT (d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass \
                          AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass) \
                 UNION ALL \
                 SELECT d.classid, d.objid FROM pg_catalog.pg_depend d \
                 WHERE d.refclassid = r.class AND d.refobjid = r.id AND d.deptype IN ('a', 'i') \
                 AND r.class IN ('pg_catalog.pg_class'::pg_catalog.regclass, \
                                 'pg_catalog.pg_type'::pg_catalog.regclass) \
                 AND d.classid IN ('pg_catalog.pg_attrdef'::pg_catalog.regclass, \
                                   'pg_catalog.pg_constraint'::pg_catalog.regclass, \
                                   'pg_catalog.pg_trigger'::pg_catalog.regclass, \
                                   'pg_catalog.pg_rewrite'::pg_catalog.regclass, \
                                   'pg_catalog.pg_policy'::pg_catalog.regclass) \
                 UNION ALL \
                 SELECT s.class, s.id FROM pg_catalog.pg_proc p JOIN shared s \
                      ON pg_catalog.strpos(pg_catalog.lower(p.prosrc), pg_catalog.lower(s.name)) > 0 \
                 WHERE r.class = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = r.id \
                 AND p.prosrc ~* ('\\y' || pg_catalog.regexp_replace(s.name, '(\\W)', '\\\\\\1', 'g') || '\\y') \
                 ) next (class, id))",
        literal(schema.schema_name())
    )
}

/// The query for those functions. Of one in another language than SQL and PL/pgSQL nothing
/// is known, so it counts.
pub(super) fn functions_with_dynamic_sql(schema: Schema<'_>) -> String {
    format!(
        "WITH RECURSIVE {} SELECT DISTINCT {SIGNATURE} FROM reached r \
         JOIN pg_catalog.pg_proc p ON p.oid = r.id \
         JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
         JOIN pg_catalog.pg_language l ON l.oid = p.prolang \
         WHERE r.class = 'pg_catalog.pg_proc'::pg_catalog.regclass \
         AND n.nspname <> 'pg_catalog' AND l.lanname NOT IN ('internal', 'c') \
         AND NOT ({}) AND (l.lanname NOT IN ('sql', 'plpgsql') OR CASE WHEN p.prokind <> 'a' \
             THEN pg_catalog.pg_get_functiondef(p.oid) END OPERATOR(pg_catalog.~*) {}) \
         ORDER BY 1",
        reached(schema),
        is_of_diesel(),
        literal(DYNAMIC)
    )
}
