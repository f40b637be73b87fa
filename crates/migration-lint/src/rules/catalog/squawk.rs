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
        "a foreign key that is checked for all rows under locks on two tables",
    ),
    on(
        "adding-not-nullable-field",
        "NOT NULL set on a column that exists, which reads the whole table",
    ),
    on(
        "adding-required-field",
        "a new NOT NULL column without a default, which fails on tables with rows",
    ),
    on(
        "adding-serial-primary-key-field",
        "a primary key added to a table that exists, which builds an index under lock",
    ),
    on(
        "ban-alter-domain-with-add-constraint",
        "a constraint added to a domain, which reads every table that uses it",
    ),
    on(
        "ban-alter-identity",
        "a changed identity column, which other programs may not expect",
    ),
    on("ban-char-field", "char(n), which is padded with spaces"),
    on(
        "ban-create-domain-with-constraint",
        "a domain with a constraint, which is hard to change later",
    ),
    on(
        "ban-drop-column",
        "a dropped column, which running programs may still read",
    ),
    on(
        "ban-drop-constraint",
        "a dropped constraint, on which running programs may rely",
    ),
    on("ban-drop-database", "a dropped database"),
    on(
        "ban-drop-default",
        "a dropped default, on which running programs may rely",
    ),
    on("ban-drop-domain", "a dropped domain"),
    on("ban-drop-extension", "a dropped extension"),
    on(
        "ban-drop-function",
        "a dropped function, which running programs may call",
    ),
    on(
        "ban-drop-generated-expression",
        "a generated column that becomes an ordinary one",
    ),
    on(
        "ban-drop-not-null",
        "NOT NULL taken away, which running programs may rely on",
    ),
    on("ban-drop-schema", "a dropped schema"),
    on("ban-drop-sequence", "a dropped sequence"),
    on(
        "ban-drop-table",
        "a dropped table, which running programs may still read",
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
        "TRUNCATE ... CASCADE, which empties further tables",
    ),
    on(
        "changing-column-type",
        "another column type, which rewrites the table under lock",
    ),
    on(
        "constraint-missing-not-valid",
        "a constraint that is checked for all rows under lock",
    ),
    on(
        "disallowed-unique-constraint",
        "a unique constraint whose index is built under lock",
    ),
    on("identifier-too-long", "a name PostgreSQL would cut off"),
    on(
        "prefer-bigint-over-int",
        "an int column, which widening later rewrites",
    ),
    on("prefer-identity", "serial instead of an identity column"),
    on(
        "prefer-repack",
        "VACUUM FULL or CLUSTER where REPACK does the same with less locking (PostgreSQL 19)",
    ),
    on(
        "prefer-text-field",
        "varchar(n), whose limit is hard to change",
    ),
    on("prefer-timestamp-tz", "timestamp without a time zone"),
    on(
        "renaming-column",
        "a renamed column, which running programs still use by its old name",
    ),
    on(
        "renaming-object",
        "a renamed view, type, function and so on",
    ),
    on(
        "renaming-table",
        "a renamed table, which running programs still use by its old name",
    ),
    on(
        "require-concurrent-index-creation",
        "an index built under a lock that keeps writers out",
    ),
    on(
        "require-concurrent-index-deletion",
        "an index dropped under a lock that keeps everybody out",
    ),
    on(
        "require-concurrent-partition-detach",
        "a partition detached under a lock that keeps everybody out",
    ),
    on(
        "require-concurrent-reindex",
        "an index rebuilt under a lock that keeps writers out",
    ),
    on(
        "require-enum-value-ordering",
        "a new enum value without BEFORE or AFTER",
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
        "another expression of a generated column",
    ),
    off(
        "ban-alter-policy-condition",
        "another condition of a policy",
    ),
    off("ban-alter-policy-roles", "other roles of a policy"),
    off("ban-alter-role-options", "changed options of a role"),
    off(
        "ban-alter-row-level-security",
        "row level security switched on or off",
    ),
    off("ban-alter-sequence-values", "other values of a sequence"),
    off("ban-alter-system-options", "changed settings of the server"),
    off("ban-alter-view-options", "changed options of a view"),
    off(
        "ban-concurrent-index-creation-in-transaction",
        "a part of concurrently-in-transaction",
    ),
    off("ban-create-policy", "any new policy"),
    off("ban-detach-inheritance", "a table that stops to inherit"),
    off("ban-disable-trigger", "a trigger switched off"),
    off("ban-drop-index", "any dropped index"),
    off("ban-drop-policy", "a dropped policy"),
    off("ban-drop-trigger", "a dropped trigger"),
    off(
        "ban-new-write-restriction",
        "whatever makes rows invalid that were valid",
    ),
    off(
        "ban-replace-view-function",
        "a view or function put in the place of another",
    ),
    off(
        "ban-replica-identity",
        "another replica identity, or a dropped publication",
    ),
    off("ban-revoke", "any REVOKE"),
    off("ban-set-default", "another default"),
    off(
        "ban-uncommitted-transaction",
        "a part of transaction-control",
    ),
    off("prefer-bigint-over-smallint", "a smallint column"),
    off(
        "prefer-robust-stmts",
        "statements without IF EXISTS or IF NOT EXISTS",
    ),
    off("require-lock-timeout", "no lock_timeout set in the file"),
    off(
        "require-statement-timeout",
        "no statement_timeout set in the file",
    ),
    off("require-table-schema", "tables named without their schema"),
    off("transaction-nesting", "a part of transaction-control"),
];
