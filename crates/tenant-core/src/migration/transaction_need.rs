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

/// Whether `statement` drops an index concurrently.
/// Whether `statement` takes a partition out of its table concurrently.
pub(super) fn detaches_concurrently(statement: &str) -> bool {
    transaction_need(statement) == TransactionNeed::Outside(DETACH)
}

/// Whether `statement` waits for older transactions by design, and blocks no session while
/// it waits.
pub(crate) fn waits_by_design(statement: &str) -> bool {
    matches!(
        transaction_need(statement),
        TransactionNeed::Outside(what) if what.ends_with("CONCURRENTLY")
    )
}

pub(super) fn drops_concurrently(statement: &str) -> bool {
    transaction_need(statement) == TransactionNeed::Outside(DROP_INDEX)
}

fn is_added_value(words: &[&str]) -> bool {
    match words {
        ["alter", "type", rest @ ..] => rest.windows(2).any(|pair| pair == ["add", "value"]),
        _ => false,
    }
}

const DETACH: &str = "DETACH PARTITION CONCURRENTLY";
const DROP_INDEX: &str = "DROP INDEX CONCURRENTLY";

/// What PostgreSQL 13 to 18 refuses in a transaction for certain, by the statement's words.
/// What it refuses of partitioned tables only, or as it finds a subscription, is not
/// among it. `COMMIT PREPARED`, `ROLLBACK PREPARED` and `DISCARD ALL` are refused in every
/// migration.
///
/// Source: the calls of `PreventInTransactionBlock` in PostgreSQL.
fn outside(words: &[&str]) -> Option<&'static str> {
    Some(match words {
        ["create", "index", "concurrently", ..]
        | ["create", "unique", "index", "concurrently", ..] => "CREATE INDEX CONCURRENTLY",
        ["drop", "index", "concurrently", ..] => DROP_INDEX,
        ["reindex", rest @ ..] if is_concurrent(rest) => "REINDEX CONCURRENTLY",
        ["reindex", rest @ ..] if is_of_many(rest) => "REINDEX of more than a table",
        ["vacuum", ..] => "VACUUM",
        ["cluster"] | ["cluster", "verbose"] => "CLUSTER of all tables",
        ["alter", "table", rest @ ..]
            if rest.contains(&"detach") && rest.last() == Some(&"concurrently") =>
        {
            DETACH
        }
        ["alter", "system", ..] => "ALTER SYSTEM",
        ["create", "database", ..] => "CREATE DATABASE",
        ["drop", "database", ..] => "DROP DATABASE",
        ["alter", "database", rest @ ..] if has(rest, ["set", "tablespace"]) => {
            "ALTER DATABASE SET TABLESPACE"
        }
        ["create", "tablespace", ..] => "CREATE TABLESPACE",
        ["drop", "tablespace", ..] => "DROP TABLESPACE",
        ["create", "subscription", rest @ ..] if makes_slot(rest) => "CREATE SUBSCRIPTION",
        _ => return None,
    })
}

fn has(words: &[&str], pair: [&str; 2]) -> bool {
    words.windows(2).any(|two| two == pair)
}

/// Of the words behind `REINDEX`: the option can be switched off.
fn is_concurrent(rest: &[&str]) -> bool {
    let is_off = has(rest, ["concurrently", "false"]) || has(rest, ["concurrently", "off"]);
    rest.contains(&"concurrently") && !is_off
}

/// The same: options may stand before what is meant.
fn is_of_many(rest: &[&str]) -> bool {
    let is_option = |word: &&&str| {
        matches!(
            **word,
            "verbose" | "concurrently" | "tablespace" | "true" | "false" | "on" | "off"
        )
    };
    let mut meant = rest.iter().skip_while(is_option);
    matches!(meant.next(), Some(&("schema" | "database" | "system")))
}

/// Of the words behind `CREATE SUBSCRIPTION`: whether a slot is made on the other server.
fn makes_slot(rest: &[&str]) -> bool {
    let is_off = |pair: &[&str]| matches!(pair, ["connect" | "create_slot", "false" | "off"]);
    !rest.windows(2).any(is_off)
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
            "REINDEX (VERBOSE) SCHEMA acme",
            "CLUSTER VERBOSE",
            "ALTER DATABASE \"Shop\" SET TABLESPACE fast",
            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (enabled = false)",
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
            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = false)",
            "ALTER DATABASE shop SET work_mem = '1MB'",
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
