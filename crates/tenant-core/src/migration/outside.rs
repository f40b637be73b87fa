//! How each statement of a migration outside a transaction runs, and what it leaves
//! when it is cut off.

use sql_text::words;

use super::index::{BuiltIndex, built_concurrently};
use super::names::Names;
use super::plain::names_temporary;
use super::transaction_need::{TransactionNeed, drops_concurrently, transaction_need};

/// How a statement of a migration runs that is outside a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// It changes the session, for the file's later statements, and leaves nothing in the
    /// database. A run that continues needs it again.
    Session,
    /// In a transaction: it happens once, or not at all.
    Inside,
    /// By itself: PostgreSQL refuses it in a transaction, or may refuse it, or it commits.
    Alone,
}

/// How `statement` runs.
pub(crate) fn pace(statement: &str) -> Pace {
    if matches!(transaction_need(statement), TransactionNeed::Outside(_)) {
        return Pace::Alone;
    }
    let words = words(statement).map(|(word, _)| word).collect::<Vec<_>>();
    let words = words.iter().map(String::as_str).collect::<Vec<_>>();
    match words.as_slice() {
        // PostgreSQL refuses these of partitioned tables only.
        ["reindex" | "cluster", ..] => Pace::Alone,
        // A replication slot or a refresh decides.
        ["drop" | "alter", "subscription", ..] => Pace::Alone,
        ["call" | "do", ..] if may_commit(statement) => Pace::Alone,
        ["set" | "reset" | "prepare" | "load", ..] => Pace::Session,
        ["select", rest @ ..] if rest.contains(&"set_config") => Pace::Session,
        _ => Pace::Inside,
    }
}

/// Whether `statement` calls something that may commit. A block that has none of these
/// words cannot, in whatever language it is written.
///
/// Source: PostgreSQL manual, "Transaction Management" of PL/pgSQL, PL/Perl, PL/Python
/// and PL/Tcl.
pub(crate) fn may_commit(statement: &str) -> bool {
    let first = words(statement).next();
    match first.as_ref().map(|(word, _)| word.as_str()) {
        Some("call") => true,
        Some("do") => {
            let text = statement.to_ascii_lowercase();
            let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
            text.split(|letter| !is_part(letter)).any(|word| {
                matches!(
                    word,
                    "commit" | "rollback" | "call" | "spi_commit" | "spi_rollback"
                )
            })
        }
        _ => false,
    }
}

/// Whether `statement` makes something that is gone with the session. The rows in it
/// would be missing where a later run continues.
pub(super) fn makes_temporary(statement: &str) -> bool {
    let words = words(statement).map(|(word, _)| word).collect::<Vec<_>>();
    let words = words.iter().map(String::as_str).collect::<Vec<_>>();
    match words.as_slice() {
        ["create", ..] if names_temporary(statement) => true,
        ["create", rest @ ..] => {
            let between = |word: &&&str| matches!(**word, "or" | "replace" | "global" | "local");
            let mut made = rest.iter().skip_while(between);
            matches!(made.next(), Some(&("temp" | "temporary")))
        }
        ["select" | "with", rest @ ..] => rest
            .windows(2)
            .any(|pair| matches!(pair, ["into", "temp" | "temporary"])),
        ["declare", ..] => true,
        _ => false,
    }
}

/// Whether `statement` is about the whole server: what it does is seen outside the
/// database, and none of it in a schema.
pub(crate) fn is_of_server(statement: &str) -> bool {
    let words = words(statement).map(|(word, _)| word).collect::<Vec<_>>();
    let words = words.iter().map(String::as_str).collect::<Vec<_>>();
    matches!(
        words.as_slice(),
        ["alter", "system", ..]
            | [
                "create" | "drop" | "alter",
                "database" | "tablespace" | "subscription",
                ..
            ]
            | ["checkpoint"]
    )
}

/// What a statement does that is looked for after it was cut off.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It builds an index.
    BuildsIndex(BuiltIndex),
    /// It drops an index, by its name as it is written.
    DropsIndex(String),
    /// It builds indexes anew beside those that exist.
    Reindexes,
    /// It takes a partition out of its table.
    Detaches(Detached),
    /// It makes something that is in no schema.
    Makes(Shared, String),
    /// It drops something that is in no schema.
    Drops(Shared, String),
    /// Nothing that can be seen: it is done again.
    Unseen,
}

/// A partition that a statement takes out of its table. Names are as they are written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Detached {
    pub(crate) table: String,
    pub(crate) partition: String,
}

/// What is in no schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shared {
    Database,
    Tablespace,
    Subscription,
}

/// What `statement` does.
pub(crate) fn effect(statement: &str) -> Effect {
    if let Some(index) = built_concurrently(statement) {
        return Effect::BuildsIndex(index);
    }
    if drops_concurrently(statement) {
        let found = Names::of(statement).after(&["drop", "index", "concurrently"]);
        let name = found.and_then(|mut names| {
            names.skip_all(&["if", "exists"]);
            names.name()
        });
        return name.map_or(Effect::Unseen, Effect::DropsIndex);
    }
    let found = reindexed(statement)
        .or_else(|| detached(statement))
        .or_else(|| shared(statement));
    found.unwrap_or(Effect::Unseen)
}

fn reindexed(statement: &str) -> Option<Effect> {
    Names::of(statement).after(&["reindex"])?;
    Some(Effect::Reindexes)
}

fn detached(statement: &str) -> Option<Effect> {
    if !matches!(transaction_need(statement), TransactionNeed::Outside(_)) {
        return None;
    }
    let mut names = Names::of(statement).after(&["alter", "table"])?;
    names.skip_all(&["if", "exists", "only"]);
    let table = names.name()?;
    names.skip_symbol('*');
    let mut names = names.after(&["detach", "partition"])?;
    let partition = names.name()?;
    Some(Effect::Detaches(Detached { table, partition }))
}

fn shared(statement: &str) -> Option<Effect> {
    let kinds = [
        ("database", Shared::Database),
        ("tablespace", Shared::Tablespace),
        ("subscription", Shared::Subscription),
    ];
    kinds.into_iter().find_map(|(word, kind)| {
        let made = Names::of(statement).after(&["create", word]);
        if let Some(mut made) = made {
            return made.name().map(|name| Effect::Makes(kind, name));
        }
        let mut dropped = Names::of(statement).after(&["drop", word])?;
        dropped.skip_all(&["if", "exists"]);
        dropped.name().map(|name| Effect::Drops(kind, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_statement_runs_as_it_can() {
        for (statement, expected) in [
            ("SET statement_timeout = 0", Pace::Session),
            ("SELECT set_config('a.b', 'c', false)", Pace::Session),
            ("VACUUM t", Pace::Alone),
            ("REINDEX TABLE t", Pace::Alone),
            ("CLUSTER t USING i", Pace::Alone),
            ("CALL backfill()", Pace::Alone),
            (
                "DO $$ BEGIN UPDATE t SET a = 1; COMMIT; END $$",
                Pace::Alone,
            ),
            ("DO $$ BEGIN CALL backfill(); END $$", Pace::Alone),
            ("DO $$ BEGIN UPDATE t SET a = 1; END $$", Pace::Inside),
            (
                "DO $$ BEGIN UPDATE t SET call_count = 1; END $$",
                Pace::Inside,
            ),
            ("UPDATE t SET a = 1", Pace::Inside),
            ("ALTER TYPE mood ADD VALUE 'calm'", Pace::Inside),
            ("ANALYZE t", Pace::Inside),
            ("ALTER TABLE t DETACH PARTITION p FINALIZE", Pace::Inside),
            ("REFRESH MATERIALIZED VIEW CONCURRENTLY v", Pace::Inside),
        ] {
            assert_eq!(pace(statement), expected, "{statement}");
        }
    }

    #[test]
    fn what_goes_with_the_session_is_known() {
        for statement in [
            "CREATE TEMP TABLE t (a int)",
            "CREATE LOCAL TEMPORARY TABLE t AS SELECT 1",
            "CREATE TABLE pg_temp.t (a int)",
            "CREATE OR REPLACE TEMP VIEW v AS SELECT 1",
            "SELECT 1 AS a INTO TEMP t",
            "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
        ] {
            assert!(makes_temporary(statement), "{statement}");
        }
        for statement in [
            "CREATE TABLE temp (temporary int)",
            "CREATE TABLE \"temp\" (a int)",
            "CREATE OR REPLACE FUNCTION temp() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "INSERT INTO t SELECT 1",
        ] {
            assert!(!makes_temporary(statement), "{statement}");
        }
    }

    #[test]
    fn what_a_statement_does_is_read_with_its_names() {
        let detached = |table: &str, partition: &str| {
            Effect::Detaches(Detached {
                table: table.to_owned(),
                partition: partition.to_owned(),
            })
        };
        for (statement, expected) in [
            (
                "DROP INDEX CONCURRENTLY IF EXISTS acme . \"I\" CASCADE",
                Effect::DropsIndex("acme.\"I\"".to_owned()),
            ),
            ("REINDEX (VERBOSE) TABLE CONCURRENTLY t", Effect::Reindexes),
            (
                "ALTER TABLE IF EXISTS ONLY a.T DETACH PARTITION \"P\" CONCURRENTLY",
                detached("a.T", "\"P\""),
            ),
            ("ALTER TABLE t DETACH PARTITION p", Effect::Unseen),
            (
                "CREATE DATABASE shop TEMPLATE template0",
                Effect::Makes(Shared::Database, "shop".to_owned()),
            ),
            (
                "DROP TABLESPACE IF EXISTS fast",
                Effect::Drops(Shared::Tablespace, "fast".to_owned()),
            ),
            ("VACUUM t", Effect::Unseen),
            ("CALL backfill()", Effect::Unseen),
        ] {
            assert_eq!(effect(statement), expected, "{statement}");
        }
    }
}
