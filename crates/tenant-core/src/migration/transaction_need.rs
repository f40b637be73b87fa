//! Which statements need a transaction, and which cannot be in one.

use sql_text::words;

/// Where a statement has to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TransactionNeed {
    /// In a transaction: half done it would be in the way, and done twice it
    /// fails or does harm.
    Inside,
    /// Anywhere: done twice it does no harm.
    Anywhere,
    /// Outside: PostgreSQL refuses it in a transaction block. What it is, for
    /// messages.
    Outside(&'static str),
}

/// Where `statement` has to run.
///
/// Source: PostgreSQL manual, the notes of each command ("cannot be executed
/// inside a transaction block").
pub(crate) fn transaction_need(statement: &str) -> TransactionNeed {
    let words = words(statement).map(|(word, _)| word).collect::<Vec<_>>();
    let words = words.iter().map(String::as_str).collect::<Vec<_>>();
    if let Some(what) = outside(&words) {
        TransactionNeed::Outside(what)
    } else if is_repeatable(&words) {
        TransactionNeed::Anywhere
    } else {
        TransactionNeed::Inside
    }
}

/// Whether `statement` rebuilds indexes concurrently.
pub(crate) fn reindexes_concurrently(statement: &str) -> bool {
    transaction_need(statement) == TransactionNeed::Outside(REINDEX)
}

/// Whether `statement` adds a value to an enum.
pub(crate) fn adds_value(statement: &str) -> bool {
    let words = words(statement).map(|(word, _)| word).collect::<Vec<_>>();
    is_added_value(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Whether `statement` drops an index.
pub(crate) fn drops_index(statement: &str) -> bool {
    let words = words(statement).map(|(word, _)| word).take(2);
    words.eq(["drop", "index"])
}

fn is_added_value(words: &[&str]) -> bool {
    match words {
        ["alter", "type", rest @ ..] => rest.windows(2).any(|pair| pair == ["add", "value"]),
        _ => false,
    }
}

const REINDEX: &str = "REINDEX CONCURRENTLY";

fn outside(words: &[&str]) -> Option<&'static str> {
    Some(match words {
        ["create", "index", "concurrently", ..]
        | ["create", "unique", "index", "concurrently", ..] => "CREATE INDEX CONCURRENTLY",
        ["drop", "index", "concurrently", ..] => "DROP INDEX CONCURRENTLY",
        ["reindex", rest @ ..] if rest.contains(&"concurrently") => REINDEX,
        ["reindex", "schema" | "database" | "system", ..] => "REINDEX of more than a table",
        ["vacuum", ..] => "VACUUM",
        ["cluster"] => "CLUSTER of all tables",
        ["alter", "table", rest @ ..]
            if rest.contains(&"detach") && rest.last() == Some(&"concurrently") =>
        {
            "DETACH PARTITION CONCURRENTLY"
        }
        ["alter", "system", ..] => "ALTER SYSTEM",
        ["create", "database", ..] => "CREATE DATABASE",
        ["drop", "database", ..] => "DROP DATABASE",
        ["create", "tablespace", ..] => "CREATE TABLESPACE",
        ["drop", "tablespace", ..] => "DROP TABLESPACE",
        _ => return None,
    })
}

/// Whether it may share a migration with what runs outside: settings,
/// maintenance, what is called and may commit, and what says itself that it may
/// have been done already.
fn is_repeatable(words: &[&str]) -> bool {
    let asks_first = |pair: &[&str]| matches!(pair, ["if", "exists" | "not"] | ["or", "replace"]);
    match words {
        [
            "set" | "reset" | "show" | "analyze" | "analyse" | "cluster" | "reindex" | "do"
            | "call" | "comment" | "refresh",
            ..,
        ] => true,
        _ if is_added_value(words) => true,
        ["create" | "drop" | "alter", rest @ ..] => rest.windows(2).any(asks_first),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_postgresql_refuses_in_a_transaction_belongs_outside() {
        for statement in [
            "CREATE INDEX CONCURRENTLY i ON t (a)",
            "create unique index concurrently on t (a)",
            "DROP INDEX CONCURRENTLY IF EXISTS i",
            "REINDEX (VERBOSE) TABLE CONCURRENTLY t",
            "VACUUM (ANALYZE) t",
            "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
        ] {
            assert!(
                matches!(transaction_need(statement), TransactionNeed::Outside(_)),
                "{statement}"
            );
        }
    }

    #[test]
    fn what_can_be_done_twice_can_be_anywhere() {
        for statement in [
            "SET maintenance_work_mem = '1GB'",
            "ALTER TYPE mood ADD VALUE 'calm'",
            "CREATE TABLE IF NOT EXISTS t (a int)",
            "CREATE OR REPLACE VIEW v AS SELECT 1",
            "ANALYZE t",
            "DO $$ BEGIN COMMIT; END $$",
        ] {
            assert_eq!(
                transaction_need(statement),
                TransactionNeed::Anywhere,
                "{statement}"
            );
        }
    }

    #[test]
    fn the_rest_belongs_into_a_transaction() {
        for statement in [
            "CREATE TABLE t (a int)",
            "CREATE INDEX i ON t (a)",
            "UPDATE t SET a = a + 1",
            "SELECT 'create index concurrently'",
            "ALTER TABLE t ADD COLUMN \"concurrently\" int",
        ] {
            assert_eq!(
                transaction_need(statement),
                TransactionNeed::Inside,
                "{statement}"
            );
        }
    }
}
