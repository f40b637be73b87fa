//! How it is found what a transaction has changed outside a tenant's schema: one query
//! for each way.
//!
//! Each gives rows for `dt_found`: the catalog's number, the object's, its name if that is
//! at hand, and how it was changed: `rows`, `gone`, or nothing for its definition.

use super::catalogs::{CLASS, CONSTRAINT, DEFAULT_ACL, EXTENSION, NAMESPACE, OTHERS, TYPE};
use super::forbidden::{Analyzed, Behind, Forbidden, names, numbers};
use super::list::{hash_of, namespace};

/// How many transactions beyond the newest that has ended a subtransaction can be: a row
/// from before this transaction has such a number only where they have wrapped around.
const BEYOND: u32 = 1 << 20;

/// A query, and the condition without which it finds nothing.
pub(super) struct Piece {
    pub(super) gate: Option<String>,
    pub(super) query: String,
}

impl Piece {
    fn always(query: String) -> Self {
        Self { gate: None, query }
    }

    fn gated(gate: String, query: String) -> Self {
        Self {
            gate: Some(gate),
            query,
        }
    }
}

/// What the queries have in common, as a `WITH` clause: this transaction's number, its
/// locks, and those on relations of the schema behind the tenant's.
pub(super) fn common(behind: Option<&Behind<'_>>) -> String {
    let held = format!(
        "SELECT coalesce(l.classid, {CLASS}) AS class, coalesce(l.relation, l.objid) AS oid, l.mode \
         FROM pg_catalog.pg_locks l WHERE l.pid = pg_catalog.pg_backend_pid() \
         AND l.locktype IN ('relation', 'object') \
         AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')"
    );
    let relations = behind.map_or_else(String::new, |behind| {
        format!(
            ", dt_relations AS MATERIALIZED (SELECT c.oid, c.relname::text AS name, c.relkind, h.mode \
             FROM dt_held h JOIN pg_catalog.pg_class c ON c.oid = h.oid \
             WHERE h.class = {CLASS} AND c.relnamespace = {})",
            namespace(behind.schema)
        )
    });
    format!(
        "WITH dt_now AS MATERIALIZED (SELECT s.top, s.newest, \
             greatest(s.newest - s.top, 0) AS past FROM \
             (SELECT pg_catalog.pg_current_xact_id()::text::int8 AS top, \
                     pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::int8 \
                     AS newest) s), \
         dt_held AS MATERIALIZED ({held}){relations}"
    )
}

/// All that are to be asked.
pub(super) fn pieces(forbidden: &Forbidden<'_>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    if let Some(behind) = &forbidden.behind {
        pieces.extend(of_schema(behind));
    }
    if forbidden.extensions {
        pieces.push(Piece::always(format!(
            "SELECT {EXTENSION}::oid, h.oid, NULL::text, '' FROM dt_held h WHERE h.class = {EXTENSION}"
        )));
        pieces.push(recent_rows("pg_extension", EXTENSION, "true"));
    }
    if forbidden.privileges {
        let of_all = "t.defaclnamespace = 0";
        pieces.push(recent_rows("pg_default_acl", DEFAULT_ACL, of_all));
        pieces.push(Piece::always(format!(
            "SELECT {DEFAULT_ACL}::oid, h.oid, NULL::text, '' FROM dt_held h \
             WHERE h.class = {DEFAULT_ACL} AND h.mode = 'AccessExclusiveLock'"
        )));
    }
    pieces
}

fn of_schema(behind: &Behind<'_>) -> Vec<Piece> {
    let schema = namespace(behind.schema);
    let inside = format!("d.refclassid = {NAMESPACE} AND d.refobjid = {schema}");
    let mut pieces = vec![by_lock(behind)];
    if behind.others {
        pieces.push(by_lock_of_object(&schema, &inside));
        pieces.push(altered_others(&inside));
    }
    if !behind.kept.is_empty() {
        let dropped = "h.mode = 'AccessExclusiveLock'";
        let gate = format!("EXISTS (SELECT FROM dt_held h WHERE {dropped})");
        let query = format!(
            "SELECT h.class, h.oid, NULL::text, 'gone' FROM dt_held h WHERE {dropped} \
             AND (h.class::int8 << 32 | h.oid::int8) = ANY ({}) \
             AND NOT EXISTS (SELECT FROM dt_relations r WHERE h.class = {CLASS} AND r.oid = h.oid)",
            numbers(&behind.kept, "int8")
        );
        pieces.push(Piece::gated(gate, query));
    }
    if behind.others && !behind.domains.is_empty() {
        let inserted = format!("pg_catalog.pg_stat_get_xact_tuples_inserted({CONSTRAINT})");
        pieces.push(Piece::gated(
            is_counted(&inserted),
            format!(
                "SELECT {TYPE}::oid, t.contypid, NULL::text, '' \
                 FROM pg_catalog.pg_constraint t, dt_now n WHERE t.contypid = ANY ({}) AND {}",
                numbers(&behind.domains, "oid"),
                is_recent("t")
            ),
        ));
    }
    if behind.grants {
        pieces.push(granted(behind, &inside));
        pieces.push(Piece::always(format!(
            "SELECT {CLASS}::oid, t.attrelid, NULL::text, '' \
             FROM pg_catalog.pg_depend d, pg_catalog.pg_attribute t, dt_now n \
             WHERE {inside} AND d.classid = {CLASS} AND t.attrelid = d.objid AND {}",
            is_recent("t")
        )));
    } else if behind.is_dynamic {
        pieces.push(granted(behind, &inside));
    }
    pieces
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
fn recent_rows(catalog: &str, class: u32, condition: &str) -> Piece {
    Piece::always(format!(
        "SELECT {class}::oid, t.oid, NULL::text, '' FROM pg_catalog.{catalog} t, dt_now n \
         WHERE {condition} AND {}",
        is_recent("t")
    ))
}

/// Relations, by the locks that are held on them.
fn by_lock(behind: &Behind<'_>) -> Piece {
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
        format!(
            "EXISTS (SELECT FROM pg_catalog.pg_class t WHERE t.oid = r.oid AND {})",
            is_new_row(behind, "t")
        ),
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
    let gate = format!(
        "EXISTS (SELECT FROM dt_relations r \
         WHERE r.mode <> 'RowExclusiveLock' OR r.relkind IN ({kinds}))"
    );
    let query = format!(
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
    );
    Piece::gated(gate, query)
}

/// Comments, values of enums: who changes these holds a lock on the object.
fn by_lock_of_object(schema: &str, inside: &str) -> Piece {
    let is_object =
        format!("h.class <> {CLASS} AND h.mode IN ('ShareUpdateExclusiveLock', 'ExclusiveLock')");
    let query = format!(
        "SELECT h.class, h.oid, NULL::text, '' FROM dt_held h WHERE {is_object} \
         AND EXISTS (SELECT FROM pg_catalog.pg_depend d \
           LEFT JOIN pg_catalog.pg_class c ON d.refclassid = {CLASS} AND c.oid = d.refobjid \
           WHERE d.classid = h.class AND d.objid = h.oid \
             AND ({inside} OR d.deptype IN ('a', 'i') AND c.relnamespace = {schema}))"
    );
    let gate = format!("EXISTS (SELECT FROM dt_held h WHERE {is_object})");
    Piece::gated(gate, query)
}

/// Functions, types and the like whose row was written.
fn altered_others(inside: &str) -> Piece {
    let counted = OTHERS.map(|(class, _)| updated(class)).join(" + ");
    let classes = OTHERS.map(|(class, catalog)| {
        format!(
            " WHEN {class} THEN EXISTS (SELECT FROM pg_catalog.{catalog} t \
             WHERE t.oid = d.objid AND {})",
            is_recent("t")
        )
    });
    let query = format!(
        "SELECT d.classid, d.objid, NULL::text, '' FROM pg_catalog.pg_depend d, dt_now n \
         WHERE {inside} AND CASE d.classid{} ELSE false END",
        classes.concat()
    );
    Piece::gated(is_counted(&counted), query)
}

/// Tables, sequences and views whose row was written: who grants rights holds no lock.
fn granted(behind: &Behind<'_>, inside: &str) -> Piece {
    let query = format!(
        "SELECT {CLASS}::oid, t.oid, t.relname::text, '' \
         FROM pg_catalog.pg_depend d, pg_catalog.pg_class t, dt_now n \
         WHERE {inside} AND d.classid = {CLASS} AND t.oid = d.objid AND {}",
        is_new_row(behind, "t")
    );
    Piece::gated(is_counted(&updated(CLASS)), query)
}

/// Whether a table's row in `pg_class` was written, and says something else than before.
fn is_new_row(behind: &Behind<'_>, row: &str) -> String {
    let recent = is_recent(row);
    if behind.rows.is_empty() {
        return recent;
    }
    // The hash is computed of few rows only.
    format!(
        "CASE WHEN {recent} THEN {} <> ALL ({}) ELSE false END",
        hash_of(row),
        numbers(&behind.rows, "int8")
    )
}

/// How many rows of a catalog this transaction has updated.
fn updated(class: u32) -> String {
    format!("pg_catalog.pg_stat_get_xact_tuples_updated({class})")
}

/// Whether something was counted, or nothing is because the server does not count.
fn is_counted(counted: &str) -> String {
    format!("{counted} > 0 OR NOT pg_catalog.current_setting('track_counts')::bool")
}
