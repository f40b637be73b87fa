//! The rules for tenants on a Citus cluster, which are asked where there is one.

use super::{RuleInfo, off};

pub(super) const CITUS: &[RuleInfo] = &[
    off(
        "citus-add-constraint",
        "a constraint next to other changes of a table, or an unnamed `CHECK` on a new column",
    ),
    off(
        "citus-alter-sequence",
        "changed options of a sequence, or a sequence created with an owner",
    ),
    off(
        "citus-alter-table",
        "a change of an identity column, inheritance, storage or the like, which Citus does not \
         support",
    ),
    off(
        "citus-change-rows",
        "a volatile function in `UPDATE` or `DELETE`, or `now()` in `ON CONFLICT DO UPDATE` or \
         `MERGE`",
    ),
    off(
        "citus-constraint-name",
        "an unnamed `REFERENCES` or `UNIQUE` on a new column, which Citus names differently",
    ),
    off(
        "citus-create-table",
        "a table that inherits, is typed, foreign, or a partition with partitions",
    ),
    off(
        "citus-foreign-key",
        "a foreign key to a schema other than the tenant's and `public`",
    ),
    off(
        "citus-object",
        "a range type, operator, cast or rule, which does not reach the worker",
    ),
    off(
        "citus-policy",
        "a row-level security policy with a subquery",
    ),
    off("citus-rename-constraint", "a renamed constraint"),
    off(
        "citus-sequence-column",
        "a serial or identity column, or a `DEFAULT nextval`, added to an existing table",
    ),
    off(
        "citus-setval",
        "`setval` in a query of a table, which runs on the worker",
    ),
    off(
        "citus-trigger",
        "a trigger without `citus.enable_unsafe_triggers`",
    ),
    off(
        "citus-trigger-name",
        "a trigger function that uses `TG_TABLE_NAME`, which is the shard's name",
    ),
    off(
        "citus-trigger-path",
        "a trigger function that uses tables and does not set search_path",
    ),
    off(
        "citus-trigger-sequence",
        "a trigger function that uses a sequence, which differs on each worker",
    ),
];
