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
    lint_text(&like.sql(text), &Options::default())
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
