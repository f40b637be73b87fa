//! What is refused in a migration before anything runs.

use std::fmt;
use std::ops::Range;

use sql_text::{line_at, words};
use thiserror::Error;

use super::abroad::made_abroad;
use super::outside::{Pace, makes_temporary, pace};
use super::transaction_need::{TransactionNeed, transaction_need};

/// Why a migration cannot run, and the line of its `up.sql` or `down.sql`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The line, from 1.
    pub line: usize,
    /// The reason.
    pub reason: Reason,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.reason)
    }
}

/// Why a migration cannot run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Reason {
    /// The file contains no statement.
    #[error("the file contains no SQL statement")]
    Empty,
    /// The file contains NUL, which PostgreSQL cannot store.
    #[error("the file contains a NUL byte")]
    Nul,
    /// A string, comment or block is not closed, and would include the rest of the file.
    #[error("a {0} is never closed")]
    Unterminated(&'static str),
    /// A statement would begin or end a transaction.
    #[error("`{0}` would begin or end a transaction, but the run controls the transaction")]
    TransactionControl(String),
    /// A statement must come before any query of the transaction.
    #[error(
        "`SET TRANSACTION` must come before any query, but a run sends queries before its \
         migrations"
    )]
    TransactionMode,
    /// A statement would release the lock of this run.
    #[error("`pg_advisory_unlock_all` would also release the lock of this run")]
    UnlockAll,
    /// The client would have to send or receive data.
    #[error("`COPY` with STDIN or STDOUT needs a client that sends or receives the data")]
    Copy,
    /// A command of psql.
    #[error("a backslash command works only in psql")]
    Backslash,
    /// A statement cannot run in a transaction.
    #[error("`{0}` cannot run in a transaction")]
    OutsideOnly(&'static str),
    /// Statements inside and outside a transaction share a migration, so a failure would leave half
    /// of it.
    #[error(
        "this statement shares a migration with `{0}`, which runs outside a transaction, so a \
         failure would leave half of the migration"
    )]
    Mixed(&'static str),
    /// An object of the session is used outside a transaction, so an interrupted run could not
    /// continue.
    #[error(
        "`{0}` lasts only for the session, so an interrupted run outside a transaction could not \
         continue"
    )]
    EndsWithSession(String),
    /// A statement would release the lock of this run.
    #[error("`DISCARD ALL` would release the lock of this run")]
    DiscardAll,
    /// A tenant's migration would create an object outside the tenant's schema.
    #[error("the statement creates `{0}` outside the tenant's schema")]
    Abroad(String),
    /// A tenant's migration would change default privileges of all schemas.
    #[error("without IN SCHEMA, the statement changes default privileges in the whole database")]
    DefaultPrivileges,
}

/// Where the statements of `text` are.
///
/// # Errors
///
/// A [`Refusal`] when something stays open, which would swallow what is behind it.
pub(super) fn split(text: &str) -> Result<Vec<Range<usize>>, Refusal> {
    let found = sql_text::split(text);
    match found.open {
        Some(open) => Err(Refusal {
            line: line_at(text, open.start),
            reason: Reason::Unterminated(open.what.name()),
        }),
        None => Ok(found.statements.into_iter().map(|one| one.range).collect()),
    }
}

/// The first thing in `text`, already split into `statements`, that cannot go well.
pub(super) fn find(
    text: &str,
    statements: &[Range<usize>],
    in_transaction: bool,
) -> Option<Refusal> {
    if let Some(nul) = text.find('\0') {
        return Some(Refusal {
            line: line_at(text, nul),
            reason: Reason::Nul,
        });
    }
    if statements.is_empty() {
        return Some(Refusal {
            line: 1,
            reason: Reason::Empty,
        });
    }
    first(text, statements, reason_in).or_else(|| {
        if in_transaction {
            first(text, statements, |statement| {
                match transaction_need(statement) {
                    TransactionNeed::Outside(what) => Some(Reason::OutsideOnly(what)),
                    _ => None,
                }
            })
        } else {
            mixed(text, statements).or_else(|| ending_with_session(text, statements))
        }
    })
}

/// The first thing that a tenant's migration would make outside its schema.
pub(super) fn find_abroad(text: &str, statements: &[Range<usize>]) -> Option<Refusal> {
    first(text, statements, |statement| {
        let made = made_abroad(statement).map(Reason::Abroad);
        made.or_else(|| alters_default_privileges(statement).then_some(Reason::DefaultPrivileges))
    })
}

/// Whether `statement` says which rights are given by default in all schemas.
fn alters_default_privileges(statement: &str) -> bool {
    let words = words(statement).map(|(word, _)| word);
    let before = words.take_while(|word| !matches!(word.as_str(), "grant" | "revoke"));
    let before = before.collect::<Vec<_>>();
    let before = before.iter().map(String::as_str).collect::<Vec<_>>();
    matches!(before.as_slice(), ["alter", "default", "privileges", options @ ..]
        if !options.windows(2).any(|two| two == ["in", "schema"]))
}

/// The first statement for which there is a `reason`.
fn first(
    text: &str,
    statements: &[Range<usize>],
    reason: impl Fn(&str) -> Option<Reason>,
) -> Option<Refusal> {
    statements.iter().find_map(|range| {
        let statement = text.get(range.clone()).unwrap_or_default();
        Some(Refusal {
            line: line_at(text, range.start),
            reason: reason(statement)?,
        })
    })
}

/// The first statement that belongs into a transaction, beside one that cannot
/// be in one.
fn mixed(text: &str, statements: &[Range<usize>]) -> Option<Refusal> {
    let needs = statements
        .iter()
        .map(|range| transaction_need(text.get(range.clone()).unwrap_or_default()));
    let outside = needs.clone().find_map(|need| match need {
        TransactionNeed::Outside(what) => Some(what),
        _ => None,
    })?;
    let (range, _) = statements.iter().zip(needs).find(|(range, need)| {
        let statement = text.get((*range).clone()).unwrap_or_default();
        *need == TransactionNeed::Inside && pace(statement) != Pace::Alone
    })?;
    Some(Refusal {
        line: line_at(text, range.start),
        reason: Reason::Mixed(outside),
    })
}

/// The first thing that is gone with the session, where not all of the file is one
/// transaction.
fn ending_with_session(text: &str, statements: &[Range<usize>]) -> Option<Refusal> {
    let is_alone =
        |range: &Range<usize>| pace(text.get(range.clone()).unwrap_or_default()) == Pace::Alone;
    if !statements.iter().any(is_alone) {
        return None;
    }
    first(text, statements, |statement| {
        let words = words(statement)
            .map(|(word, _)| word.to_uppercase())
            .take(3);
        let words = words.collect::<Vec<_>>().join(" ");
        makes_temporary(statement).then_some(Reason::EndsWithSession(words))
    })
}

fn reason_in(statement: &str) -> Option<Reason> {
    if statement.starts_with('\\') {
        return Some(Reason::Backslash);
    }
    let words = words(statement).map(|(word, _)| word).collect::<Vec<_>>();
    let words = words.iter().map(String::as_str).collect::<Vec<_>>();
    match words.as_slice() {
        // A savepoint stays inside the transaction.
        ["rollback", "to", ..] | ["rollback", "work" | "transaction", "to", ..] => None,
        ["begin" | "commit" | "end" | "abort" | "rollback", ..]
        | ["start" | "prepare", "transaction", ..] => {
            let first = words.first().copied().unwrap_or_default();
            Some(Reason::TransactionControl(first.to_uppercase()))
        }
        ["set", "transaction", rest @ ..]
        | ["set", "local" | "session", "transaction", rest @ ..]
            if rest != ["read", "write"] =>
        {
            Some(Reason::TransactionMode)
        }
        ["discard", "all"] => Some(Reason::DiscardAll),
        _ if statement
            .to_ascii_lowercase()
            .contains("pg_advisory_unlock_all") =>
        {
            Some(Reason::UnlockAll)
        }
        ["copy", rest @ ..] if rest.iter().any(|word| matches!(*word, "stdin" | "stdout")) => {
            Some(Reason::Copy)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<(usize, Reason)> {
        let found = find(text, &split(text).unwrap(), true);
        found.map(|refusal| (refusal.line, refusal.reason))
    }

    #[test]
    fn transaction_control_is_refused_and_savepoints_are_not() {
        let control = |word: &str| Some((2, Reason::TransactionControl(word.to_owned())));
        assert_eq!(refused("SELECT 1;\ncommit"), control("COMMIT"));
        assert_eq!(refused("SELECT 1;\nBegin work;"), control("BEGIN"));
        assert_eq!(refused("SELECT 1;\nROLLBACK"), control("ROLLBACK"));
        assert_eq!(refused("SELECT 1;\nSTART TRANSACTION"), control("START"));
        assert_eq!(
            refused("SAVEPOINT a; ROLLBACK TO SAVEPOINT a; RELEASE a"),
            None
        );
    }

    #[test]
    fn a_mode_that_has_to_be_set_before_any_query_is_refused() {
        let mode = Some((1, Reason::TransactionMode));
        assert_eq!(
            refused("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"),
            mode
        );
        assert_eq!(refused("set transaction read only; SELECT 1"), mode);
        let both = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE";
        assert_eq!(refused(both), mode);
        assert_eq!(refused("SET TRANSACTION READ WRITE"), None);
        let unlock = "DO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$";
        assert_eq!(refused(unlock), Some((1, Reason::UnlockAll)));
        assert_eq!(refused("SET transaction_timeout = 0"), None);
    }

    #[test]
    fn a_block_of_plpgsql_is_no_transaction_control() {
        assert_eq!(refused("DO $$ BEGIN PERFORM 1; END $$"), None);
    }

    #[test]
    fn what_needs_another_client_is_refused() {
        assert_eq!(refused("COPY t FROM stdin"), Some((1, Reason::Copy)));
        assert_eq!(refused("COPY t FROM '/tmp/stdin'"), None);
        assert_eq!(refused("SELECT 1;\n\\echo x"), Some((2, Reason::Backslash)));
    }

    #[test]
    fn what_is_opened_and_never_closed_is_refused_where_it_opens() {
        let open = |text: &str| split(text).unwrap_err().to_string();
        assert_eq!(
            open("SELECT 1;\nSELECT 'a"),
            "line 2: a string is never closed"
        );
        assert_eq!(
            open("SELECT 1;\nCREATE FUNCTION f() RETURNS int\nBEGIN ATOMIC SELECT 1;\nSELECT 2;"),
            "line 3: a `BEGIN ATOMIC` block is never closed"
        );
        assert_eq!(
            open("CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a;\nSELECT 2;"),
            "line 1: a parenthesis is never closed"
        );
    }

    #[test]
    fn a_file_with_a_nul_byte_is_refused_at_its_line() {
        assert_eq!(refused("SELECT 1;\nSELECT '\0'"), Some((2, Reason::Nul)));
    }

    #[test]
    fn a_file_without_a_statement_is_refused() {
        assert_eq!(refused("-- Your SQL goes here\n"), Some((1, Reason::Empty)));
    }

    #[test]
    fn what_must_run_outside_is_refused_inside() {
        assert_eq!(
            refused("SELECT 1;\nVACUUM t;"),
            Some((2, Reason::OutsideOnly("VACUUM")))
        );
    }

    #[test]
    fn what_belongs_into_a_transaction_is_refused_beside_what_cannot_be_in_one() {
        let outside = |text: &str| {
            let found = find(text, &split(text).unwrap(), false);
            found.map(|refusal| (refusal.line, refusal.reason))
        };
        let index = "CREATE INDEX CONCURRENTLY i ON t (a);\n";
        assert_eq!(
            outside(&format!("{index}CREATE TABLE u (a int);")),
            Some((2, Reason::Mixed("CREATE INDEX CONCURRENTLY")))
        );
        assert_eq!(
            outside(&format!("SET work_mem = '1MB'; {index} ANALYZE t")),
            None
        );
        assert_eq!(
            outside("CREATE TABLE t (a int); CREATE TABLE u (a int)"),
            None
        );
    }

    #[test]
    fn what_a_continued_run_would_miss_is_refused_outside() {
        let outside = |text: &str| {
            let found = find(text, &split(text).unwrap(), false);
            found.map(|refusal| (refusal.line, refusal.reason))
        };
        let temporary = "CREATE TEMP TABLE ids AS SELECT 1;";
        let refused = Some((1, Reason::EndsWithSession("CREATE TEMP TABLE".to_owned())));
        assert_eq!(outside(&format!("{temporary}\nCALL backfill()")), refused);
        assert_eq!(
            outside(&format!("{temporary}\nINSERT INTO ids VALUES (2)")),
            None
        );
        assert_eq!(
            outside("VACUUM t;\nDISCARD ALL"),
            Some((2, Reason::DiscardAll))
        );
        let prepared = Reason::TransactionControl("COMMIT".to_owned());
        assert_eq!(outside("COMMIT PREPARED 'a'"), Some((1, prepared)));
    }

    #[test]
    fn default_privileges_of_all_schemas_are_none_of_a_tenants() {
        let refused = |text: &str| {
            let found = find_abroad(text, &split(text).unwrap());
            found.map(|it| (it.line, it.reason))
        };
        for text in [
            "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader",
            "alter default privileges for role app revoke execute on functions from public",
            "ALTER DEFAULT PRIVILEGES /* IN SCHEMA a */ GRANT USAGE ON SCHEMAS TO x",
        ] {
            assert_eq!(
                refused(text),
                Some((1, Reason::DefaultPrivileges)),
                "{text}"
            );
        }
        for text in [
            "ALTER DEFAULT PRIVILEGES IN SCHEMA a GRANT SELECT ON TABLES TO reader",
            "ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA a, b REVOKE ALL ON TABLES FROM x",
            "ALTER TABLE t ADD COLUMN privileges text",
            "GRANT ALL PRIVILEGES ON t TO x",
        ] {
            assert_eq!(refused(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_tenant_would_make_elsewhere_is_found_at_its_line() {
        let text = "SELECT 1;\nCREATE TABLE public.t (a int);";
        let found = find_abroad(text, &split(text).unwrap());
        let expected = Reason::Abroad("public.t".to_owned());
        assert_eq!(found.map(|it| (it.line, it.reason)), Some((2, expected)));
    }
}
