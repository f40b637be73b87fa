//! The rules for tenants on a Citus cluster, which are asked where there is one.

use super::{RuleInfo, off};

pub(super) const CITUS: &[RuleInfo] = &[
    off(
        "citus-add-constraint",
        "a constraint beside other changes of a table, or a CHECK without a name on a new column",
    ),
    off(
        "citus-alter-sequence",
        "other options of a sequence, or one made with an owner",
    ),
    off(
        "citus-alter-table",
        "changes of identity columns, inheritance, storage and the like, which Citus does not know",
    ),
    off(
        "citus-change-rows",
        "volatile functions in UPDATE and DELETE, and now() in ON CONFLICT DO UPDATE and MERGE",
    ),
    off(
        "citus-constraint-name",
        "a REFERENCES or UNIQUE without a name on a new column, which Citus names otherwise",
    ),
    off(
        "citus-create-table",
        "tables that inherit, are of a type, or are partitions with partitions; foreign tables",
    ),
    off(
        "citus-foreign-key",
        "foreign keys into a schema other than the tenant's and public",
    ),
    off(
        "citus-object",
        "range types, operators, casts and rules that act, none of which reach the worker",
    ),
    off("citus-policy", "row level security with subqueries"),
    off("citus-rename-constraint", "a renamed constraint"),
    off(
        "citus-sequence-column",
        "a serial or identity column, or a DEFAULT nextval, added to a table that exists",
    ),
    off(
        "citus-setval",
        "setval in a query of a table, which runs on the worker",
    ),
    off(
        "citus-trigger",
        "triggers without citus.enable_unsafe_triggers",
    ),
    off(
        "citus-trigger-name",
        "functions of triggers that use TG_TABLE_NAME, which is the shard's name",
    ),
    off(
        "citus-trigger-path",
        "functions of triggers that use tables and do not keep the search_path",
    ),
    off(
        "citus-trigger-sequence",
        "functions of triggers that draw from a sequence, of which each worker has its own",
    ),
];
