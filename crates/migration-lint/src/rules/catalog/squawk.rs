//! The rules of squawk, under its names.

use super::{RuleInfo, off, on};

/// Asked unless the options say otherwise.
pub(super) const ON: &[RuleInfo] = &[
    on(
        "adding-field-with-default",
        "a new column whose default rewrites the table",
    ),
    on(
        "adding-foreign-key-constraint",
        "a foreign key that PostgreSQL checks for all rows while it locks two tables",
    ),
    on(
        "adding-not-nullable-field",
        "`NOT NULL` set on an existing column, which reads the whole table",
    ),
    on(
        "adding-required-field",
        "a new `NOT NULL` column without a default, which fails on tables with rows",
    ),
    on(
        "adding-serial-primary-key-field",
        "a primary key added to an existing table, which builds an index under lock",
    ),
    on(
        "ban-alter-domain-with-add-constraint",
        "a constraint added to a domain, which reads every table that uses it",
    ),
    on(
        "ban-alter-identity",
        "a changed identity column, which may break running programs",
    ),
    on("ban-char-field", "`char(n)`, which is padded with spaces"),
    on(
        "ban-create-domain-with-constraint",
        "a domain with a constraint, which is hard to change later",
    ),
    on(
        "ban-drop-column",
        "a dropped column, which running programs may still use",
    ),
    on(
        "ban-drop-constraint",
        "a dropped constraint that running programs may rely on",
    ),
    on("ban-drop-database", "a dropped database"),
    on(
        "ban-drop-default",
        "a dropped default that running programs may rely on",
    ),
    on("ban-drop-domain", "a dropped domain"),
    on("ban-drop-extension", "a dropped extension"),
    on(
        "ban-drop-function",
        "a dropped function that running programs may call",
    ),
    on(
        "ban-drop-generated-expression",
        "a generated column that becomes an ordinary one",
    ),
    on(
        "ban-drop-not-null",
        "a dropped `NOT NULL` that running programs may rely on",
    ),
    on("ban-drop-schema", "a dropped schema"),
    on("ban-drop-sequence", "a dropped sequence"),
    on(
        "ban-drop-table",
        "a dropped table, which running programs may still use",
    ),
    on("ban-drop-type", "a dropped type"),
    on("ban-drop-view", "a dropped view"),
    on(
        "ban-duplicate-column-assignments",
        "the same column assigned twice in one statement",
    ),
    on("ban-set-schema", "an object moved to another schema"),
    on(
        "ban-truncate-cascade",
        "`TRUNCATE ... CASCADE`, which empties further tables",
    ),
    on(
        "changing-column-type",
        "a changed column type, which rewrites the table under lock",
    ),
    on(
        "constraint-missing-not-valid",
        "a constraint that PostgreSQL checks for all rows under lock",
    ),
    on(
        "disallowed-unique-constraint",
        "a unique constraint whose index is built under lock",
    ),
    on(
        "identifier-too-long",
        "a name that PostgreSQL would truncate",
    ),
    on(
        "prefer-bigint-over-int",
        "an `int` column, which is expensive to widen later",
    ),
    on("prefer-identity", "`serial` instead of an identity column"),
    on(
        "prefer-repack",
        "`VACUUM FULL` or `CLUSTER`, where `REPACK` locks less (PostgreSQL 19)",
    ),
    on(
        "prefer-text-field",
        "`varchar(n)`, with a limit that is hard to change",
    ),
    on("prefer-timestamp-tz", "`timestamp` without a time zone"),
    on(
        "renaming-column",
        "a renamed column, which running programs use by its old name",
    ),
    on(
        "renaming-object",
        "a renamed view, type, function or the like",
    ),
    on(
        "renaming-table",
        "a renamed table, which running programs use by its old name",
    ),
    on(
        "require-concurrent-index-creation",
        "an index built under a lock that blocks writes",
    ),
    on(
        "require-concurrent-index-deletion",
        "an index dropped under a lock that blocks reads and writes",
    ),
    on(
        "require-concurrent-partition-detach",
        "a partition detached under a lock that blocks reads and writes",
    ),
    on(
        "require-concurrent-reindex",
        "an index rebuilt under a lock that blocks writes",
    ),
    on(
        "require-enum-value-ordering",
        "a new enum value without `BEFORE` or `AFTER`",
    ),
];

/// Asked only where the options enable them.
pub(super) const OFF: &[RuleInfo] = &[
    off("ban-add-column", "any new column"),
    off(
        "ban-add-composite-attribute",
        "a new attribute of a composite type",
    ),
    off("ban-add-enum-value", "any new enum value"),
    off(
        "ban-alter-database-options",
        "changed settings of a database",
    ),
    off("ban-alter-extension", "a changed extension"),
    off(
        "ban-alter-function-options",
        "changed options of a function",
    ),
    off(
        "ban-alter-generated-expression",
        "a changed expression of a generated column",
    ),
    off(
        "ban-alter-policy-condition",
        "a changed condition of a policy",
    ),
    off("ban-alter-policy-roles", "changed roles of a policy"),
    off("ban-alter-role-options", "changed options of a role"),
    off(
        "ban-alter-row-level-security",
        "row-level security turned on or off",
    ),
    off("ban-alter-sequence-values", "changed values of a sequence"),
    off("ban-alter-system-options", "changed settings of the server"),
    off("ban-alter-view-options", "changed options of a view"),
    off(
        "ban-concurrent-index-creation-in-transaction",
        "covered by `concurrently-in-transaction`",
    ),
    off("ban-create-policy", "any new policy"),
    off("ban-detach-inheritance", "a table that no longer inherits"),
    off("ban-disable-trigger", "a disabled trigger"),
    off("ban-drop-index", "any dropped index"),
    off("ban-drop-policy", "a dropped policy"),
    off("ban-drop-trigger", "a dropped trigger"),
    off(
        "ban-new-write-restriction",
        "a change that makes valid rows invalid",
    ),
    off("ban-replace-view-function", "a replaced view or function"),
    off(
        "ban-replica-identity",
        "a changed replica identity, or a dropped publication",
    ),
    off("ban-revoke", "any `REVOKE`"),
    off("ban-set-default", "a changed default"),
    off(
        "ban-uncommitted-transaction",
        "covered by `transaction-control`",
    ),
    off("prefer-bigint-over-smallint", "a `smallint` column"),
    off(
        "prefer-robust-stmts",
        "a statement without `IF EXISTS` or `IF NOT EXISTS`",
    ),
    off("require-lock-timeout", "a file that sets no `lock_timeout`"),
    off(
        "require-statement-timeout",
        "a file that sets no `statement_timeout`",
    ),
    off("require-table-schema", "a table named without its schema"),
    off("transaction-nesting", "covered by `transaction-control`"),
];
