//! Objects outside a schema that depend on it, and that `DROP SCHEMA ... CASCADE` drops too.
//!
//! PostgreSQL drops everything that depends on a dropped object, whatever role owns it. It checks
//! no privilege on the dependent objects. The query follows `pg_depend` as PostgreSQL does: from
//! an object to its dependents, and from a part to its whole.
//!
//! Source: `findDependentObjects` of PostgreSQL.

use std::fmt;

use sql_text::literal;
use tokio_postgres::SimpleQueryRow;

/// An object outside a schema that would be dropped with the schema. `Display` names it: ``view
/// `public.all_tasks` ``.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dependent {
    /// Its kind, as PostgreSQL names it: `view`, `foreign key`, `column`.
    pub kind: String,
    /// Its name with its schema. A part of a table also names the table: `plan_fkey on
    /// public.invoices`.
    pub name: String,
    /// Its owner, or the table that it belongs to; `None` for kinds without an owner, such as a
    /// cast.
    pub owner: Option<String>,
    /// The estimated number of rows of a table or column; `None` for other kinds, and if the table
    /// was never analyzed.
    pub rows: Option<u64>,
}

impl fmt::Display for Dependent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} `{}`", self.kind, self.name)
    }
}

impl Dependent {
    /// The object in a row of [`dependents`].
    pub(crate) fn read(row: &SimpleQueryRow) -> Option<Self> {
        Some(Self {
            kind: row.get(1)?.to_owned(),
            name: row.get(2)?.to_owned(),
            owner: row.get(3).map(str::to_owned),
            rows: row.get(4).and_then(|rows| rows.parse().ok()),
        })
    }
}

/// An object outside a schema that stays if the schema is dropped, but loses something. A
/// publication or subscription loses its tables. A function, an event trigger or a stored
/// `search_path` names dropped objects. `Display` names it: ``publication `all_tasks` ``.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Affected {
    /// Its kind: `publication`, `subscription`, `event trigger`, `function` or `search_path`.
    pub kind: String,
    /// Its name; for a path, the object that stores it.
    pub name: String,
}

impl fmt::Display for Affected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} `{}`", self.kind, self.name)
    }
}

impl Affected {
    /// The object in a row of its kind and its name.
    pub(crate) fn read(row: &SimpleQueryRow) -> Option<Self> {
        Some(Self {
            kind: row.get(0)?.to_owned(),
            name: row.get(1)?.to_owned(),
        })
    }
}

/// An expression: the approximate number of rows of the relation `c`, or null. The number comes
/// from the last `ANALYZE` or from the statistics since then, never from a scan. Both say 0 for a
/// full table that was never counted and whose statistics are lost, as after a crash. Then the
/// number is unknown.
pub(crate) const ESTIMATE: &str = "CASE WHEN c.relpages = 0 AND c.reltuples <= 0 \
        AND pg_catalog.pg_stat_get_live_tuples(c.oid) = 0 \
        AND pg_catalog.pg_relation_size(c.oid) > 0 THEN NULL \
        ELSE greatest(c.reltuples::bigint, pg_catalog.pg_stat_get_live_tuples(c.oid)) END";

/// The query for what depends on the schemas `names` from outside: the schema, and of
/// the object its kind, name, owner and estimated rows. See [`Dependent`].
pub(crate) fn dependents(names: &[&str]) -> String {
    let names = names.iter().map(|name| literal(name));
    let names = names.collect::<Vec<_>>().join(", ");
    format!(
        "WITH RECURSIVE {GONE_BEGIN} WHERE n.nspname = ANY (ARRAY[{names}]::text[]) {GONE_REST}, \
         {OUTSIDE}, {PARTS}, {LISTED} \
         SELECT s.nspname::text, {KIND}, {NAME}, {OWNER}, {} \
         FROM listed l \
         JOIN pg_catalog.pg_namespace s ON s.oid = l.root \
         CROSS JOIN LATERAL pg_catalog.pg_identify_object(l.classid, l.objid, l.objsubid) i \
         LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation ORDER BY 1, 2, 3",
        rows()
    )
}

/// Everything that is dropped, with the schema that it is dropped with. What is dropped
/// of a relation as a whole has the column 0.
const GONE_BEGIN: &str = "gone (root, classid, objid, objsubid) AS ( \
    SELECT n.oid, 'pg_catalog.pg_namespace'::pg_catalog.regclass::oid, n.oid, 0 \
    FROM pg_catalog.pg_namespace n";

/// Of each object: what depends on it, and the whole that it is an internal part of, or
/// the extension that it is a member of.
const GONE_REST: &str = "UNION \
    SELECT g.root, next.classid, next.objid, next.objsubid FROM gone g CROSS JOIN LATERAL ( \
        SELECT d.classid, d.objid, d.objsubid FROM pg_catalog.pg_depend d \
        WHERE d.refclassid = g.classid AND d.refobjid = g.objid \
          AND (g.objsubid = 0 OR d.refobjsubid = g.objsubid) \
        UNION ALL \
        SELECT d.refclassid, d.refobjid, d.refobjsubid FROM pg_catalog.pg_depend d \
        WHERE d.classid = g.classid AND d.objid = g.objid \
          AND (g.objsubid = 0 OR d.objsubid = g.objsubid) AND d.deptype IN ('i', 'e')) next)";

/// The dropped objects outside the schema. Every object in a schema depends on it. An extension
/// exists once for the whole database, whatever schema contains it.
const OUTSIDE: &str = "inside AS MATERIALIZED ( \
        SELECT d.refobjid, d.classid, d.objid FROM pg_catalog.pg_depend d \
        WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass \
        AND d.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass \
        AND d.refobjid IN (SELECT root FROM gone WHERE objid = root)), \
    outside AS MATERIALIZED ( \
        SELECT g.* FROM gone g WHERE g.objid <> g.root \
        AND (g.root, g.classid, g.objid) NOT IN (SELECT * FROM inside))";

/// Those of these objects that are dropped as parts of a whole: a trigger with its table, a row
/// type with its view, a member with its extension, a cast with its type. A partition is no such
/// part, because it has its own rows. Neither is a table of an extension, or a cast that also
/// needs a remaining object, such as a function elsewhere.
///
/// Each list is looked up by a hash, and not read from end to end for each object.
const PARTS: &str = "parts AS MATERIALIZED ( \
    SELECT DISTINCT o.root, o.classid, o.objid, o.objsubid FROM outside o \
    CROSS JOIN LATERAL ( \
        SELECT d.refclassid, d.refobjid, d.refobjsubid FROM pg_catalog.pg_depend d \
        LEFT JOIN pg_catalog.pg_class r ON r.oid = d.objid AND r.relkind IN ('r', 'p', 'f') \
             AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
        WHERE d.classid = o.classid AND d.objid = o.objid AND d.objsubid = o.objsubid \
        AND (d.deptype IN ('i', 'P', 'S') OR d.deptype IN ('a', 'e') AND r.oid IS NULL \
             OR d.deptype = 'n' AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass \
                AND d.classid IN ('pg_catalog.pg_cast'::pg_catalog.regclass, \
                                  'pg_catalog.pg_transform'::pg_catalog.regclass) \
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e \
                    WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'n' \
                    AND (o.root, e.refclassid, e.refobjid, 0) NOT IN (SELECT * FROM gone))) \
        UNION ALL \
        SELECT o.classid, o.objid, 0 WHERE o.objsubid <> 0 \
        OFFSET 0) whole \
    WHERE (o.root, whole.refclassid, whole.refobjid, 0) IN (SELECT * FROM gone) \
       OR (o.root, whole.refclassid, whole.refobjid, whole.refobjsubid) IN (SELECT * FROM gone))";

/// The rest, each with the relation that it is or belongs to.
const LISTED: &str = "listed AS MATERIALIZED ( \
    SELECT o.*, CASE o.classid \
        WHEN 'pg_catalog.pg_class'::pg_catalog.regclass THEN o.objid \
        WHEN 'pg_catalog.pg_attrdef'::pg_catalog.regclass THEN \
            (SELECT x.adrelid FROM pg_catalog.pg_attrdef x WHERE x.oid = o.objid) \
        WHEN 'pg_catalog.pg_constraint'::pg_catalog.regclass THEN \
            (SELECT x.conrelid FROM pg_catalog.pg_constraint x WHERE x.oid = o.objid) \
        WHEN 'pg_catalog.pg_trigger'::pg_catalog.regclass THEN \
            (SELECT x.tgrelid FROM pg_catalog.pg_trigger x WHERE x.oid = o.objid) \
        WHEN 'pg_catalog.pg_rewrite'::pg_catalog.regclass THEN \
            (SELECT x.ev_class FROM pg_catalog.pg_rewrite x WHERE x.oid = o.objid) \
        WHEN 'pg_catalog.pg_policy'::pg_catalog.regclass THEN \
            (SELECT x.polrelid FROM pg_catalog.pg_policy x WHERE x.oid = o.objid) END AS relation \
    FROM (SELECT * FROM outside EXCEPT SELECT * FROM parts) o)";

const KIND: &str = "CASE WHEN l.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass \
        AND EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.oid = l.objid \
                    AND k.contype = 'f') THEN 'foreign key' \
    WHEN i.type = 'table column' THEN 'column' ELSE i.type END";

/// PostgreSQL says `for public.invoices.plan` of a default.
const NAME: &str = "CASE WHEN l.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass \
    THEN pg_catalog.regexp_replace(i.identity, '^for ', '') ELSE i.identity END";

/// A role that PostgreSQL needs itself is in no list of owners.
const OWNER: &str = "pg_catalog.pg_get_userbyid(coalesce(c.relowner, CASE l.classid \
        WHEN 'pg_catalog.pg_proc'::pg_catalog.regclass THEN \
            (SELECT x.proowner FROM pg_catalog.pg_proc x WHERE x.oid = l.objid) \
        WHEN 'pg_catalog.pg_type'::pg_catalog.regclass THEN \
            (SELECT x.typowner FROM pg_catalog.pg_type x WHERE x.oid = l.objid) \
        WHEN 'pg_catalog.pg_extension'::pg_catalog.regclass THEN \
            (SELECT x.extowner FROM pg_catalog.pg_extension x WHERE x.oid = l.objid) \
        ELSE (SELECT x.refobjid FROM pg_catalog.pg_shdepend x WHERE x.classid = l.classid \
              AND x.objid = l.objid AND x.deptype = 'o' AND x.dbid = (SELECT b.oid \
                  FROM pg_catalog.pg_database b \
                  WHERE b.datname = pg_catalog.current_database())) END))::text";

/// Of a table, or of one that loses a column.
fn rows() -> String {
    format!(
        "CASE WHEN l.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
             AND c.relkind IN ('r', 'p', 'm') THEN {ESTIMATE} END"
    )
}
