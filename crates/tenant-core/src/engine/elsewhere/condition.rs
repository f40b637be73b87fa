//! The statement that fails where a transaction has changed what it must not.
//!
//! What a transaction has done is known to PostgreSQL in two ways, whoever did it: a
//! statement, a function, a trigger, a block.
//!
//! - The locks that it holds until it ends. Whoever writes rows of a table holds
//!   `RowExclusiveLock` on it. Whoever drops something holds `AccessExclusiveLock` on it,
//!   although it is gone. Whoever alters a table holds a lock on it too, but so does who
//!   makes or drops a foreign key to it. There the catalog's rows decide.
//! - Rows of catalogs that this transaction wrote. Their `xmin` is its number, or that of
//!   one of its subtransactions. The rows of tables, functions and types are looked at only
//!   when PostgreSQL has counted a change in their catalog.

use sql_text::literal;

use super::catalogs::{CLASS, DEFAULT_ACL, EXTENSION, NAMESPACE, OTHERS, PROC, TYPE};
use super::surroundings::{hash_of, namespace};
use crate::assertion::Assertion;

/// How many transactions beyond the newest that has ended a subtransaction can be: a row
/// from before this transaction has such a number only where they have wrapped around.
const BEYOND: u32 = 1 << 20;

/// What must not have changed.
pub(super) struct Forbidden<'a> {
    /// The schema behind the tenant's in the path.
    pub(super) behind: Option<Behind<'a>>,
    /// Extensions, because the text may make one.
    pub(super) extensions: bool,
    /// Privileges that the whole database gives by default, for the same reason.
    pub(super) privileges: bool,
}

/// What must not have changed in the schema behind the tenant's in the path, and what may.
pub(super) struct Behind<'a> {
    pub(super) schema: &'a str,
    pub(super) tenant: &'a str,
    /// Names that may be changed there.
    pub(super) meant: Vec<&'a str>,
    /// Names that may be, if the tenant has one of its own.
    pub(super) doubtful: Vec<&'a str>,
    /// Names that the text has without a schema.
    pub(super) loose: Vec<&'a str>,
    /// Those of them that it used before it created them.
    pub(super) late: Vec<&'a str>,
    /// Names that it may analyze.
    pub(super) analyzed: Analyzed<'a>,
    /// What must still be there, by class and number.
    pub(super) kept: Vec<i64>,
    /// Hashes of tables that may have got their first foreign key.
    pub(super) rows: Vec<i64>,
    /// Domains, by number.
    pub(super) domains: Vec<u32>,
    /// Whether a sequence may be set.
    pub(super) sets_sequences: bool,
    /// Whether rights on columns may be granted.
    pub(super) grants: bool,
}

/// What a text analyzes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Analyzed<'a> {
    These(Vec<&'a str>),
    Everything,
}

/// The statement.
pub(super) fn statement(forbidden: &Forbidden<'_>) -> String {
    let mut found = Vec::new();
    let mut relations = "SELECT NULL::oid AS oid WHERE false".to_owned();
    let mut allowed = "false".to_owned();
    if let Some(behind) = &forbidden.behind {
        relations = of_schema(behind);
        allowed = is_allowed(behind);
        found.extend(changed_there(behind));
    }
    if forbidden.extensions {
        found.push(format!(
            "SELECT {EXTENSION}::oid, h.oid, NULL::text, '' FROM dt_held h WHERE h.class = {EXTENSION}"
        ));
        found.push(recent_rows("pg_extension", EXTENSION, "true"));
    }
    if forbidden.privileges {
        let of_all = "t.defaclnamespace = 0";
        found.push(recent_rows("pg_default_acl", DEFAULT_ACL, of_all));
        found.push(format!(
            "SELECT {DEFAULT_ACL}::oid, h.oid, NULL::text, '' FROM dt_held h \
             WHERE h.class = {DEFAULT_ACL} AND h.mode = 'AccessExclusiveLock'"
        ));
    }
    let now = "SELECT s.top, s.newest, greatest(s.newest - s.top, 0) AS past FROM \
               (SELECT pg_catalog.pg_current_xact_id()::text::int8 AS top, \
                       pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::int8 \
                       AS newest) s";
    let held = format!(
        "SELECT coalesce(l.classid, {CLASS}) AS class, coalesce(l.relation, l.objid) AS oid, l.mode \
         FROM pg_catalog.pg_locks l WHERE l.pid = pg_catalog.pg_backend_pid() \
         AND l.locktype IN ('relation', 'object') \
         AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')"
    );
    let found = found.join(" UNION ALL ");
    let words = format!(
        "SELECT CASE f.how WHEN 'gone' \
                THEN '#' || (f.class::int8 << 32 | f.oid::int8)::text \
                ELSE CASE f.how WHEN 'rows' THEN 'rows of ' ELSE '' END \
                     || coalesce(o.type || ' ' || o.identity, \
                                 CASE f.class WHEN {EXTENSION} THEN 'an extension' \
                                              WHEN {DEFAULT_ACL} THEN 'default privileges' \
                                              ELSE 'an object' END) END \
         FROM dt_found f LEFT JOIN LATERAL pg_catalog.pg_identify_object(f.class, f.oid, 0) o ON true \
         WHERE f.class IN ({EXTENSION}, {DEFAULT_ACL}) OR f.how = 'gone' OR NOT ({allowed})"
    );
    let list =
        format!("SELECT pg_catalog.string_agg(DISTINCT w.words, '; ') FROM ({words}) w(words)");
    format!(
        "WITH dt_now AS MATERIALIZED ({now}), dt_held AS MATERIALIZED ({held}), \
         dt_relations AS MATERIALIZED ({relations}), \
         dt_found(class, oid, name, how) AS MATERIALIZED ({found}) SELECT {}",
        Assertion::Elsewhere.require_none(&list)
    )
}

/// Whether this transaction, or a subtransaction of it, wrote the row `row` of a catalog.
/// `n` is what is known of now.
fn is_recent(row: &str) -> String {
    let behind = format!("(({row}.xmin::text::int8 - n.top) & 4294967295)");
    format!(
        "({behind} < n.past + {BEYOND} AND (n.top + {behind} >= n.newest \
          OR pg_catalog.pg_xact_status((n.top + {behind})::text::pg_catalog.xid8) = 'in progress'))"
    )
}

/// The rows `t` of a catalog for which `condition` holds and that are recent.
fn recent_rows(catalog: &str, class: u32, condition: &str) -> String {
    format!(
        "SELECT {class}::oid, t.oid, NULL::text, '' FROM pg_catalog.{catalog} t, dt_now n \
         WHERE {condition} AND {}",
        is_recent("t")
    )
}

/// The relations of the schema on which locks are held.
fn of_schema(behind: &Behind<'_>) -> String {
    format!(
        "SELECT c.oid, c.relname::text AS name, c.relkind, c.relispartition, h.mode \
         FROM dt_held h JOIN pg_catalog.pg_class c ON c.oid = h.oid \
         WHERE h.class = {CLASS} AND c.relnamespace = {}",
        namespace(behind.schema)
    )
}

/// What of the schema the transaction has changed: class, number, name, and how.
fn changed_there(behind: &Behind<'_>) -> Vec<String> {
    let schema = namespace(behind.schema);
    let inside = format!("d.refclassid = {NAMESPACE} AND d.refobjid = {schema}");
    let mut found = vec![
        by_lock(behind),
        // Comments, values of enums: who changes these holds a lock on the object.
        format!(
            "SELECT h.class, h.oid, NULL::text, '' FROM dt_held h WHERE h.class <> {CLASS} \
             AND h.mode IN ('ShareUpdateExclusiveLock', 'ExclusiveLock') \
             AND EXISTS (SELECT FROM pg_catalog.pg_depend d \
               LEFT JOIN pg_catalog.pg_class c ON d.refclassid = {CLASS} AND c.oid = d.refobjid \
               WHERE d.classid = h.class AND d.objid = h.oid \
                 AND ({inside} OR d.deptype IN ('a', 'i') AND c.relnamespace = {schema}))"
        ),
        altered_others(&inside),
        altered_relations(behind, &inside),
    ];
    if !behind.kept.is_empty() {
        found.push(format!(
            "SELECT h.class, h.oid, NULL::text, 'gone' FROM dt_held h \
             WHERE h.mode = 'AccessExclusiveLock' \
             AND (h.class::int8 << 32 | h.oid::int8) = ANY ({}) \
             AND NOT EXISTS (SELECT FROM dt_relations r WHERE h.class = {CLASS} AND r.oid = h.oid)",
            numbers(&behind.kept, "int8")
        ));
    }
    if !behind.domains.is_empty() {
        found.push(format!(
            "SELECT {TYPE}::oid, t.contypid, NULL::text, '' FROM pg_catalog.pg_constraint t, dt_now n \
             WHERE t.contypid = ANY ({}) AND {}",
            numbers(&behind.domains, "oid"),
            is_recent("t")
        ));
    }
    if behind.grants {
        found.push(format!(
            "SELECT {CLASS}::oid, t.attrelid, NULL::text, '' \
             FROM pg_catalog.pg_depend d, pg_catalog.pg_attribute t, dt_now n \
             WHERE {inside} AND d.classid = {CLASS} AND t.attrelid = d.objid AND {}",
            is_recent("t")
        ));
    }
    found
}

/// Relations, by the locks that are held on them.
fn by_lock(behind: &Behind<'_>) -> String {
    let exists = |catalog: &str, condition: &str| {
        let recent = is_recent("t");
        format!("EXISTS (SELECT FROM pg_catalog.{catalog} t WHERE {condition} AND {recent})")
    };
    // A foreign key of a tenant puts triggers on the table that it refers to.
    let trigger = exists(
        "pg_trigger",
        "t.tgrelid = r.oid AND (NOT t.tgisinternal OR t.tgenabled <> 'O')",
    );
    let constraint = exists("pg_constraint", "t.conrelid = r.oid");
    let parts = [
        exists("pg_attribute", "t.attrelid = r.oid"),
        exists("pg_attrdef", "t.adrelid = r.oid"),
        exists("pg_policy", "t.polrelid = r.oid"),
        exists("pg_rewrite", "t.ev_class = r.oid"),
        exists("pg_index", "t.indrelid = r.oid"),
        exists("pg_inherits", "t.inhparent = r.oid"),
    ];
    let kinds = if behind.sets_sequences {
        "'r', 'p', 'f', 'v', 'm', 'S'"
    } else {
        "'r', 'p', 'f', 'v', 'm'"
    };
    let analyzed = match &behind.analyzed {
        Analyzed::Everything => format!("r.name = ANY ({})", names(&behind.loose)),
        Analyzed::These(these) => format!("r.name <> ALL ({})", names(these)),
    };
    format!(
        "SELECT {CLASS}::oid, r.oid, r.name, \
                CASE r.mode WHEN 'RowExclusiveLock' THEN 'rows' ELSE '' END \
         FROM dt_relations r, dt_now n WHERE CASE r.mode \
         WHEN 'RowExclusiveLock' THEN r.relkind IN ({kinds}) \
         WHEN 'ShareUpdateExclusiveLock' THEN {analyzed} \
         WHEN 'ShareLock' THEN true \
         WHEN 'ExclusiveLock' THEN r.relkind = 'm' \
         WHEN 'ShareRowExclusiveLock' THEN r.relkind = 'S' OR {trigger} OR {constraint} \
         ELSE {trigger} OR {constraint} OR {parts} END",
        parts = parts.join(" OR ")
    )
}

/// Functions, types and the like whose row was written.
fn altered_others(inside: &str) -> String {
    let counted = OTHERS.map(|(class, _)| updated(class)).join(" + ");
    let classes = OTHERS.map(|(class, catalog)| {
        format!(
            " WHEN {class} THEN EXISTS (SELECT FROM pg_catalog.{catalog} t \
             WHERE t.oid = d.objid AND {})",
            is_recent("t")
        )
    });
    format!(
        "SELECT d.classid, d.objid, NULL::text, '' FROM pg_catalog.pg_depend d, dt_now n \
         WHERE {} AND {inside} AND CASE d.classid{} ELSE false END",
        is_counted(&counted),
        classes.concat()
    )
}

/// Tables, sequences and views whose row was written, but for what the first foreign key
/// to a table writes.
fn altered_relations(behind: &Behind<'_>, inside: &str) -> String {
    let is_new = if behind.rows.is_empty() {
        String::new()
    } else {
        format!(
            " AND {} <> ALL ({})",
            hash_of("t"),
            numbers(&behind.rows, "int8")
        )
    };
    format!(
        "SELECT {CLASS}::oid, t.oid, t.relname::text, '' \
         FROM pg_catalog.pg_depend d, pg_catalog.pg_class t, dt_now n \
         WHERE {} AND {inside} AND d.classid = {CLASS} AND t.oid = d.objid AND {}{is_new}",
        is_counted(&updated(CLASS)),
        is_recent("t")
    )
}

/// How many rows of a catalog this transaction has updated.
fn updated(class: u32) -> String {
    format!("pg_catalog.pg_stat_get_xact_tuples_updated({class})")
}

/// Whether something was counted, or nothing is because the server does not count.
fn is_counted(counted: &str) -> String {
    format!("(SELECT {counted} > 0 OR NOT pg_catalog.current_setting('track_counts')::bool)")
}

/// Whether `f` may be changed.
fn is_allowed(behind: &Behind<'_>) -> String {
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
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.oid IN ( \
           SELECT t.tgfoid FROM dt_held h JOIN pg_catalog.pg_trigger t ON t.tgrelid = h.oid \
             WHERE h.class = {CLASS} AND NOT t.tgisinternal \
           UNION ALL SELECT d.objid FROM pg_catalog.pg_depend d WHERE d.refclassid = {NAMESPACE} \
             AND d.refobjid IN ({tenant}, {schema}) AND d.classid = {PROC}) \
         AND (p.prosrc ~* ('(^|[^[:alnum:]_$.\"])\"?' || {behind} || '\"?\\s*\\.\\s*\"?' || {name} \
                           || '($|[^[:alnum:]_$])') \
           OR p.prosrc ~* ('(^|[^[:alnum:]_$.])' || {name} || '($|[^[:alnum:]_$])') \
              AND EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) s \
                          WHERE s ~ ('^search_path=(.*[ ,\"])?' || {behind} || '($|[ ,\"])')) \
           OR p.pronamespace <> {tenant} AND EXISTS (SELECT FROM pg_catalog.pg_depend d \
              WHERE d.classid = {PROC} AND d.objid = p.oid AND d.refclassid = {CLASS} \
                AND d.refobjid = f.oid)))"
    )
}

fn names(names: &[&str]) -> String {
    let names = names.iter().map(|name| literal(name)).collect::<Vec<_>>();
    format!("ARRAY[{}]::text[]", names.join(", "))
}

fn numbers<T: ToString>(numbers: &[T], of: &str) -> String {
    let numbers = numbers.iter().map(T::to_string).collect::<Vec<_>>();
    format!("'{{{}}}'::{of}[]", numbers.join(","))
}
