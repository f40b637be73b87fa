//! The rules as a caller meets them: SQL or folders in, findings out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod citus;
mod folders;
mod functions;
mod hostile;
mod ignores;
mod line_ends;
mod moments;
mod names;
mod postgres_syntax;
mod safety;
mod session;
mod shared;
mod transaction;

use std::path::Path;

use migration_lint::{Direction, Finding, Options, SqlText, Stream, lint_text};

/// What the rules know of a text beside the text.
#[derive(Clone, Copy)]
struct Like {
    stream: Stream,
    direction: Direction,
    in_transaction: bool,
}

/// A text of the tenant stream that runs in a transaction. It reverts one, so
/// that only the rules written here are asked.
const TENANT: Like = Like {
    stream: Stream::Tenant,
    direction: Direction::Down,
    in_transaction: true,
};

/// The same of the public stream.
const PUBLIC: Like = Like {
    stream: Stream::Public,
    ..TENANT
};

/// A text of the tenant stream that applies a migration.
const UP: Like = Like {
    direction: Direction::Up,
    ..TENANT
};

impl Like {
    fn sql(self, text: &str) -> SqlText<'_> {
        SqlText {
            stream: self.stream,
            direction: self.direction,
            in_transaction: self.in_transaction,
            file: Path::new("t/a.sql"),
            text,
        }
    }
}

fn lint(like: Like, text: &str) -> Vec<Finding> {
    let findings = lint_text(&like.sql(text), &Options::default());
    findings.iter().for_each(assert_is_laid_out);
    findings
}

/// A message is a clause, a note as well, and a hint begins with a sentence.
fn assert_is_laid_out(finding: &Finding) {
    for text in std::iter::once(&finding.message).chain(&finding.notes) {
        let is_capital = |letter: Option<char>| letter.is_some_and(char::is_uppercase);
        let (first, second) = (text.chars().next(), text.chars().nth(1));
        let is_word = is_capital(first) && !is_capital(second);
        let is_name = text.starts_with("Citus") || text.starts_with("Postgres");
        assert!(!is_word || is_name, "a capital: {finding:?}");
        assert!(!text.ends_with('.') && !text.contains('\n'), "{finding:?}");
    }
    if let Some(hint) = &finding.hint {
        let sentence = hint.lines().next().unwrap();
        assert!(sentence.ends_with('.'), "{finding:?}");
        assert!(!sentence.starts_with(char::is_lowercase), "{finding:?}");
    }
}

/// What is found, as `rule:line`.
fn found(like: Like, text: &str) -> Vec<String> {
    short(&lint(like, text))
}

fn short(findings: &[Finding]) -> Vec<String> {
    let short = |finding: &Finding| format!("{}:{}", finding.rule, finding.line);
    findings.iter().map(short).collect()
}

/// Asserts that each text gives exactly one finding of `rule`, on the first line.
fn each_gives(like: Like, rule: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(found(like, text), [format!("{rule}:1")], "{text}");
    }
}

fn none_gives_any(like: Like, texts: &[&str]) {
    for text in texts {
        assert_eq!(lint(like, text), [], "{text}");
    }
}
