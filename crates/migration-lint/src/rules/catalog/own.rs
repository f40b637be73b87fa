//! The rules that are written here.

use super::{RuleInfo, on};

pub(super) const OURS: &[RuleInfo] = &[
    on(
        "also-in-public",
        "a table, view, sequence or type that both streams create",
    ),
    on(
        "backslash-command",
        "a psql command, which PostgreSQL does not understand",
    ),
    on(
        "bad-ignore",
        "a `lint:ignore` without a reason, for an unknown rule, or in a wrong form",
    ),
    on(
        "bad-metadata",
        "a `metadata.toml` that Diesel reads differently than its author meant",
    ),
    on(
        "concurrently-in-transaction",
        "a statement that cannot run in a transaction, in a migration that does",
    ),
    on(
        "copy-outside",
        "`COPY` that writes a file or runs a program on the server, which cannot be rolled \
         back",
    ),
    on(
        "copy-stdin",
        "`COPY` with data that must come over the connection",
    ),
    on("duplicate-version", "two migrations with the same version"),
    on("empty-up", "an `up.sql` without a statement"),
    on(
        "extension",
        "an extension created, changed or dropped in a tenant migration",
    ),
    on(
        "migration-name",
        "a folder not named `YYYY-MM-DD-HHMMSS_what_it_does`",
    ),
    on(
        "missing-down",
        "a `down.sql` that is missing or has no statement",
    ),
    on(
        "mixed-transaction",
        "an ordinary statement next to one that must not run in a transaction",
    ),
    on(
        "moment-constant",
        "`'now'`, `'today'` and the like in a definition, where they become constants",
    ),
    on(
        "moment-in-definition",
        "a definition that a `DO` block creates from the current time",
    ),
    on(
        "name-in-definition",
        "a definition into which a `DO` block writes the name of the schema or a role",
    ),
    on(
        "not-a-migration",
        "a folder without `up.sql`, which makes Diesel reject the whole stream",
    ),
    on(
        "not-newest",
        "a new migration that is older than an existing one",
    ),
    on(
        "owner",
        "an object given to another owner in a tenant migration",
    ),
    on("qualified-name", "a schema named in a tenant migration"),
    on(
        "schema-statement",
        "a schema created, changed or dropped, or an object moved to another, in a tenant \
         migration",
    ),
    on("search-path", "a change of search_path"),
    on("session-state", "a change of the role"),
    on(
        "shared-object",
        "a role, database or other object that exists once, changed in a tenant migration",
    ),
    on("syntax-error", "SQL that the parser does not understand"),
    on(
        "too-complex",
        "a file that is too long or too deeply nested to check",
    ),
    on(
        "touches-public",
        "an object of the public schema named in a tenant migration",
    ),
    on(
        "transaction-control",
        "`BEGIN`, `COMMIT` and the like; savepoints are allowed",
    ),
    on(
        "unqualified-function",
        "a function that depends on search_path, used in an index, a check or the like",
    ),
    on("unreadable-file", "a file that is not UTF-8 text"),
    on("unused-ignore", "a `lint:ignore` that silences nothing"),
];
