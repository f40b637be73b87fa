//! PostgreSQL's catalogs by number, which is the same on every server.
//!
//! Source: `pg_class.h` and the like, in `src/include/catalog` of PostgreSQL.

pub(super) const CLASS: u32 = 1259;
pub(super) const PROC: u32 = 1255;
pub(super) const TYPE: u32 = 1247;
pub(super) const NAMESPACE: u32 = 2615;
pub(super) const CONSTRAINT: u32 = 2606;
pub(super) const EXTENSION: u32 = 3079;
pub(super) const DEFAULT_ACL: u32 = 826;
const TRIGGER: u32 = 2620;
const POLICY: u32 = 3256;
const REWRITE: u32 = 2618;
const ATTRDEF: u32 = 2604;

/// What is a part of a table: the catalog's number and name, the column that leads to
/// the table, and a condition. Triggers that PostgreSQL made for a foreign key are
/// made and dropped with a tenant's key.
pub(super) const PARTS: [(u32, &str, &str, &str); 6] = [
    (CLASS, "pg_index", "indrelid", ""),
    (CONSTRAINT, "pg_constraint", "conrelid", ""),
    (TRIGGER, "pg_trigger", "tgrelid", " AND NOT t.tgisinternal"),
    (POLICY, "pg_policy", "polrelid", ""),
    (REWRITE, "pg_rewrite", "ev_class", ""),
    (ATTRDEF, "pg_attrdef", "adrelid", ""),
];

/// What is in a schema, is no relation, and can be altered without a lock that is kept:
/// functions, types, and whatever else has a name there. Number and name of the catalog.
pub(super) const OTHERS: [(u32, &str); 12] = [
    (PROC, "pg_proc"),
    (TYPE, "pg_type"),
    (2617, "pg_operator"),
    (2616, "pg_opclass"),
    (2753, "pg_opfamily"),
    (3456, "pg_collation"),
    (2607, "pg_conversion"),
    (3381, "pg_statistic_ext"),
    (3600, "pg_ts_dict"),
    (3602, "pg_ts_config"),
    (3601, "pg_ts_parser"),
    (3764, "pg_ts_template"),
];
