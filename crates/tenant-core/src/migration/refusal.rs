//! What is refused in a migration before anything runs.

use std::fmt;
use std::ops::Range;

use squawk_lexer::TokenKind;
use thiserror::Error;

use super::line_at;
use super::token::tokens;

/// Why a migration is not run, and the line, from 1, of its `up.sql`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub reason: Reason,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.reason)
    }
}

/// What cannot go well in a migration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Reason {
    /// There is nothing to run.
    #[error("it contains no SQL statement; write one, or delete the migration's folder")]
    Empty,
    /// Text of PostgreSQL cannot hold it.
    #[error("it contains a NUL byte; save the file as UTF-8 text")]
    Nul,
    /// The rest of the file would be swallowed.
    #[error("a {0} is opened and never closed")]
    Unterminated(&'static str),
    /// It would end the tenant's transaction half way.
    #[error("`{0}` would end or begin a transaction, and each run has one of its own; remove it")]
    TransactionControl(String),
    /// The data would have to come over the connection.
    #[error("`COPY` with STDIN or STDOUT needs a client that holds the data; use INSERT instead")]
    Copy,
    /// A command of psql, not of PostgreSQL.
    #[error("a backslash command belongs to psql, and PostgreSQL does not know it; remove it")]
    Backslash,
}

/// The first thing in `text`, already split into `statements`, that cannot go well.
pub(super) fn find(text: &str, statements: &[Range<usize>]) -> Option<Refusal> {
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
    statements.iter().find_map(|range| {
        let statement = text.get(range.clone()).unwrap_or_default();
        Some(Refusal {
            line: line_at(text, range.start),
            reason: reason_in(statement)?,
        })
    })
}

fn reason_in(statement: &str) -> Option<Reason> {
    if statement.starts_with('\\') {
        return Some(Reason::Backslash);
    }
    let words = words(statement);
    let words = words.iter().map(String::as_str).collect::<Vec<_>>();
    match words.as_slice() {
        // A savepoint stays inside the transaction.
        ["rollback", "to", ..] | ["rollback", "work" | "transaction", "to", ..] => None,
        ["begin" | "commit" | "end" | "abort" | "rollback", ..]
        | ["start" | "prepare", "transaction", ..] => {
            let first = words.first().copied().unwrap_or_default();
            Some(Reason::TransactionControl(first.to_uppercase()))
        }
        ["copy", rest @ ..] if rest.iter().any(|word| matches!(*word, "stdin" | "stdout")) => {
            Some(Reason::Copy)
        }
        _ => None,
    }
}

/// The bare words, in lower case.
fn words(statement: &str) -> Vec<String> {
    tokens(statement)
        .filter(|token| token.kind == TokenKind::Ident)
        .map(|token| {
            statement
                .get(token.range)
                .unwrap_or_default()
                .to_ascii_lowercase()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::split::split;

    fn refused(text: &str) -> Option<(usize, Reason)> {
        let found = find(text, &split(text).unwrap());
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
    fn a_file_with_a_nul_byte_is_refused_at_its_line() {
        assert_eq!(refused("SELECT 1;\nSELECT '\0'"), Some((2, Reason::Nul)));
    }

    #[test]
    fn a_file_without_a_statement_is_refused() {
        assert_eq!(refused("-- Your SQL goes here\n"), Some((1, Reason::Empty)));
    }
}
