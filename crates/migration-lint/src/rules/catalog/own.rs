//! The rules that are written here.

use super::{RuleInfo, on};

pub(super) const OURS: &[RuleInfo] = &[
    on(
        "also-in-public",
        "tables, views, sequences and types of the tenant stream that the public one creates, too",
    ),
    on(
        "backslash-command",
        "commands of psql, which PostgreSQL does not know",
    ),
    on(
        "bad-ignore",
        "a `lint:ignore` without a reason, about a rule that does not exist, or in another form",
    ),
    on(
        "bad-metadata",
        "a `metadata.toml` that Diesel reads otherwise than it looks",
    ),
    on(
        "concurrently-in-transaction",
        "statements that cannot run in a transaction, in a migration that runs in one",
    ),
    on(
        "copy-outside",
        "COPY that writes a file or runs a program on the server: a rollback does not undo it",
    ),
    on(
        "copy-stdin",
        "COPY whose data would have to come over the connection",
    ),
    on(
        "duplicate-version",
        "two migrations that Diesel's table could not tell apart",
    ),
    on("empty-up", "an `up.sql` without any statement"),
    on(
        "extension",
        "extensions made, changed or dropped in the tenant stream",
    ),
    on(
        "migration-name",
        "a folder not named YYYY-MM-DD-HHMMSS_what_it_does",
    ),
    on(
        "missing-down",
        "a `down.sql` that is missing or has no statement",
    ),
    on(
        "mixed-transaction",
        "ordinary statements beside those that must not run in a transaction",
    ),
    on(
        "moment-constant",
        "`'now'`, `'today'` and the like in definitions, where they become constants",
    ),
    on(
        "moment-in-definition",
        "definitions that a DO block makes from the moment at which it runs",
    ),
    on(
        "name-in-definition",
        "definitions into which a DO block writes the schema's or a role's name as text",
    ),
    on(
        "not-a-migration",
        "a folder without `up.sql`, with which Diesel refuses the whole stream",
    ),
    on(
        "not-newest",
        "a new migration that is older than one that exists",
    ),
    on(
        "owner",
        "objects given to another owner in the tenant stream",
    ),
    on("qualified-name", "schemas named in the tenant stream"),
    on(
        "schema-statement",
        "schemas made, changed or dropped, or objects moved to another, in the tenant stream",
    ),
    on("search-path", "changes of search_path, which a run checks"),
    on("session-state", "changes of the role"),
    on(
        "shared-object",
        "roles, databases and the like in the tenant stream: they exist once, not once for each tenant",
    ),
    on("syntax-error", "SQL that cannot be parsed"),
    on(
        "too-complex",
        "a text that is too long or too deeply nested to be checked",
    ),
    on(
        "touches-public",
        "objects of the public schema named in the tenant stream",
    ),
    on(
        "transaction-control",
        "BEGIN, COMMIT and the like; savepoints are fine",
    ),
    on(
        "unqualified-function",
        "functions that need search_path, called in indexes, checks and the like",
    ),
    on("unreadable-file", "a file that is not UTF-8 text"),
    on("unused-ignore", "a `lint:ignore` with nothing to ignore"),
];
