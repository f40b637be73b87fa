//! Properties of a tenant's schema beside its definition: what a copy includes, and what no copy
//! can have.

use sql_text::literal;

use crate::catalog::Catalog;
use crate::name::Schema;

/// The queries for the statements that give the copy what no shape holds: what a
/// table is clustered by and what is kept of old rows for replication, how columns are
/// stored, comments on the schema and within types, and the rights on what will be made in
/// the schema. They are run last.
pub(super) fn extras(from: Schema<'_>, to: Schema<'_>, catalog: Catalog) -> [String; 6] {
    [
        clustered(from, to, catalog),
        other_comments(from, to),
        replica_identity(from, to, catalog),
        columns(from, to, catalog, in_the_end(catalog)),
        comments_within_types(from, to),
        default_privileges(from, to),
    ]
}

/// The query for the statements that give the columns of the copy the storage and statistics
/// options of the original. Citus refuses them once a table is distributed, except the
/// compression.
pub(super) fn before_distribution(from: Schema<'_>, to: Schema<'_>, catalog: Catalog) -> String {
    columns(
        from,
        to,
        catalog,
        "AND what.is_set NOT LIKE 'COMPRESSION %'",
    )
}

/// A condition: which of these are left for the end.
fn in_the_end(catalog: Catalog) -> &'static str {
    match catalog {
        Catalog::Plain => "",
        Catalog::Cluster => "AND what.is_set LIKE 'COMPRESSION %'",
    }
}

/// Citus knows no mark alone, but the statement that sorts the rows and leaves the mark.
fn clustered(from: Schema<'_>, to: Schema<'_>, catalog: Catalog) -> String {
    let mark = match catalog {
        Catalog::Plain => "ALTER TABLE %s.%I CLUSTER ON %I",
        Catalog::Cluster => "CLUSTER %s.%I USING %I",
    };
    format!(
        "SELECT pg_catalog.format('{mark}', {}, c.relname, i.relname) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_index x ON x.indrelid = c.oid AND x.indisclustered \
         JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid \
         WHERE n.nspname = {} AND c.relkind = 'r' AND {} ORDER BY c.relname",
        literal(&to.ident()),
        literal(from.schema_name()),
        catalog.no_shard("c")
    )
}

/// The comments on the schema, and on the indexes of constraints.
fn other_comments(from: Schema<'_>, to: Schema<'_>) -> String {
    let (to, from) = (literal(&to.ident()), literal(from.schema_name()));
    format!(
        "SELECT pg_catalog.format('COMMENT ON SCHEMA %s IS %L', {to}, \
             pg_catalog.obj_description(n.oid, 'pg_namespace')) \
         FROM pg_catalog.pg_namespace n WHERE n.nspname = {from} \
         AND pg_catalog.obj_description(n.oid, 'pg_namespace') IS NOT NULL \
         UNION ALL \
         SELECT pg_catalog.format('COMMENT ON INDEX %s.%I IS %L', {to}, c.relname, d.description) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_constraint k ON k.conindid = c.oid AND k.contype IN ('p', 'u', 'x') \
         JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0 \
              AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass \
         WHERE n.nspname = {from} AND k.conparentid = 0 ORDER BY 1"
    )
}

fn replica_identity(from: Schema<'_>, to: Schema<'_>, catalog: Catalog) -> String {
    format!(
        "SELECT pg_catalog.format('ALTER TABLE %s.%I REPLICA IDENTITY %s', {}, c.relname, \
             CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' \
                  ELSE pg_catalog.format('USING INDEX %I', i.relname) END) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_index x ON x.indrelid = c.oid AND x.indisreplident \
         LEFT JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid \
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p') \
         AND (c.relreplident IN ('f', 'n') OR c.relreplident = 'i' AND i.oid IS NOT NULL) \
         AND {} ORDER BY c.relname",
        literal(&to.ident()),
        literal(from.schema_name()),
        catalog.no_shard("c")
    )
}

/// The statistics target is -1 or null where none is set. PostgreSQL before 14 has no compression
/// of columns. Options whose name begins with `pg_` are PostgreSQL's own marks.
fn columns(from: Schema<'_>, to: Schema<'_>, catalog: Catalog, which: &str) -> String {
    format!(
        "SELECT pg_catalog.format('ALTER TABLE %s.%I ALTER COLUMN %I SET %s', {}, c.relname, \
             a.attname, what.is_set) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         CROSS JOIN LATERAL (VALUES \
             (CASE WHEN a.attstattarget >= 0 THEN 'STATISTICS ' || a.attstattarget END), \
             (CASE WHEN a.attstorage <> t.typstorage THEN 'STORAGE ' || CASE a.attstorage \
                  WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' \
                  ELSE 'EXTENDED' END END), \
             (CASE pg_catalog.to_jsonb(a) ->> 'attcompression' WHEN 'p' THEN 'COMPRESSION pglz' \
                  WHEN 'l' THEN 'COMPRESSION lz4' END), \
             ((SELECT '(' || pg_catalog.string_agg(o, ', ') || ')' \
               FROM pg_catalog.unnest(a.attoptions) o WHERE o !~ '^pg_'))) what (is_set) \
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND what.is_set IS NOT NULL {which} \
         AND {} ORDER BY c.relname, a.attnum",
        literal(&to.ident()),
        literal(from.schema_name()),
        catalog.no_shard("c")
    )
}

fn comments_within_types(from: Schema<'_>, to: Schema<'_>) -> String {
    let (to, from) = (literal(&to.ident()), literal(from.schema_name()));
    format!(
        "SELECT pg_catalog.format('COMMENT ON COLUMN %s.%I.%I IS %L', {to}, c.relname, a.attname, \
             d.description) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid \
         JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = a.attnum \
              AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass \
         WHERE n.nspname = {from} AND c.relkind = 'c' \
         UNION ALL \
         SELECT pg_catalog.format('COMMENT ON CONSTRAINT %I ON DOMAIN %s.%I IS %L', o.conname, {to}, \
             t.typname, d.description) \
         FROM pg_catalog.pg_constraint o JOIN pg_catalog.pg_type t ON t.oid = o.contypid \
         JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
         JOIN pg_catalog.pg_description d ON d.objoid = o.oid \
              AND d.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass \
         WHERE n.nspname = {from} ORDER BY 1"
    )
}

fn default_privileges(from: Schema<'_>, to: Schema<'_>) -> String {
    format!(
        "SELECT pg_catalog.format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %s \
                 GRANT %s ON %s TO %s%s', \
             pg_catalog.pg_get_userbyid(d.defaclrole), {}, a.privilege_type, \
             CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' \
                  WHEN 'f' THEN 'FUNCTIONS' ELSE 'TYPES' END, \
             CASE a.grantee WHEN 0 THEN 'PUBLIC' \
                  ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END, \
             CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) \
         FROM pg_catalog.pg_default_acl d \
         JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace \
         CROSS JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) a \
         WHERE n.nspname = {} ORDER BY 1",
        literal(&to.ident()),
        literal(from.schema_name())
    )
}

/// The query for what a copy would lack, in PostgreSQL's words: objects of kinds that
/// no shape holds, or that cannot be made from one, and extensions, of which a
/// database has one each. What belongs to an extension is not told by itself.
pub(super) fn what_cannot_be_made(from: Schema<'_>) -> String {
    format!(
        "SELECT pg_catalog.pg_describe_object(d.classid, d.objid, 0) \
         FROM pg_catalog.pg_depend d \
         JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid \
         LEFT JOIN pg_catalog.pg_class c ON c.oid = d.objid \
              AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
         LEFT JOIN pg_catalog.pg_proc p ON p.oid = d.objid \
              AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass \
         LEFT JOIN pg_catalog.pg_type t ON t.oid = d.objid \
              AND d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass \
         WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass \
         AND n.nspname = {} AND d.deptype = 'n' \
         AND (c.oid IS NULL OR c.relkind = 'f') \
         AND (p.oid IS NULL OR p.prokind = 'a') \
         AND (t.oid IS NULL OR t.typtype NOT IN ('e', 'd', 'c', 'm')) \
         AND d.classid <> 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = d.classid \
                         AND e.objid = d.objid AND e.deptype = 'e') \
         ORDER BY 1",
        literal(from.schema_name())
    )
}
