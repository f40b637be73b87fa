//! Statements that leave nothing behind for the statements after them.
//!
//! A transaction can carry a setting, a role, a temporary table, a cursor or a pending
//! check from one migration to the next. A function can do any of that, and so can a
//! trigger, hence every statement that may call one. This file knows the statements that
//! call none: definitions without an expression that is evaluated when they run. Event
//! triggers are not considered here: they belong to the database.

use std::iter::Peekable;

use sql_text::{Token, TokenKind, stored, tokens};

/// Functions of PostgreSQL's own that are common in defaults and change nothing.
const HARMLESS: [&str; 5] = [
    "now",
    "gen_random_uuid",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
];

/// Types of PostgreSQL's own, whose values call nothing. A domain has defaults and checks.
const TYPES: [&str; 26] = [
    "bigint",
    "bool",
    "boolean",
    "bytea",
    "char",
    "character",
    "cidr",
    "date",
    "decimal",
    "double",
    "float",
    "inet",
    "int",
    "int4",
    "int8",
    "integer",
    "interval",
    "json",
    "jsonb",
    "numeric",
    "real",
    "smallint",
    "text",
    "time",
    "timestamp",
    "timestamptz",
];

/// The same with names that are not words of SQL.
const MORE_TYPES: [&str; 2] = ["uuid", "varchar"];

/// The words with which an action of `ALTER TABLE` evaluates an expression or validates
/// rows with one.
const EVALUATING: [&str; 9] = [
    "using",
    "type",
    "check",
    "generated",
    "validate",
    "attach",
    "expression",
    "exclude",
    "of",
];

/// Whether `statement` leaves nothing of the session changed, and no check of rows
/// pending. False in doubt.
pub(super) fn is_plain(statement: &str) -> bool {
    if names_temporary(statement) {
        return false;
    }
    let mut tokens = tokens(statement)
        .filter(|token| !token.is_trivia())
        .peekable();
    let first = next_word(&mut tokens);
    let second = next_word(&mut tokens);
    match (first.as_str(), second.as_str()) {
        ("create", what) => creates_plainly(what, tokens),
        ("alter", "table") => alters_plainly(tokens),
        ("alter", what) => {
            let own = ["type", "sequence", "index", "view", "function", "policy"];
            own.contains(&what)
        }
        ("drop", what) => !matches!(what, "owned" | "extension"),
        ("comment", "on") | ("grant" | "revoke", _) => true,
        _ => false,
    }
}

/// Whether `statement` names something in the schema of temporary objects.
pub(super) fn names_temporary(statement: &str) -> bool {
    let telling = tokens(statement)
        .filter(|token| !token.is_trivia())
        .collect::<Vec<_>>();
    telling.windows(2).any(|pair| match pair {
        [schema, dot] => {
            dot.kind == TokenKind::Symbol('.') && stored(schema).as_deref() == Some("pg_temp")
        }
        _ => false,
    })
}

/// The next token in lower case, where it is a bare word.
fn next_word<'a>(tokens: &mut Peekable<impl Iterator<Item = Token<'a>>>) -> String {
    let word = tokens.next_if(|token| token.kind == TokenKind::Word);
    word.map(|token| token.text.to_ascii_lowercase())
        .unwrap_or_default()
}

/// `what` follows `CREATE`, and `rest` follows that.
fn creates_plainly<'a>(what: &str, mut rest: Peekable<impl Iterator<Item = Token<'a>>>) -> bool {
    match what {
        "table" => {
            let mut before = None;
            rest.all(|token| {
                // A query fills the table, unless a column is computed. The bounds of a
                // partition are evaluated at once.
                let evaluates = token.is_word("values")
                    || token.is_word("as")
                        && !before.is_some_and(|before: Token<'_>| before.is_word("always"));
                before = Some(token);
                !evaluates
            })
        }
        "unique" => next_word(&mut rest) == "index",
        "or" => {
            next_word(&mut rest) == "replace"
                && ["view", "function", "procedure", "trigger"]
                    .contains(&next_word(&mut rest).as_str())
        }
        "index" | "type" | "domain" | "sequence" | "view" | "function" | "procedure"
        | "trigger" | "constraint" | "policy" | "rule" | "aggregate" | "operator" | "cast"
        | "collation" | "statistics" => true,
        _ => false,
    }
}

/// `tokens` follow `ALTER TABLE`.
fn alters_plainly<'a>(tokens: impl Iterator<Item = Token<'a>>) -> bool {
    let tokens = tokens.collect::<Vec<_>>();
    let evaluates = |token: &Token<'_>| EVALUATING.iter().any(|word| token.is_word(word));
    if tokens.iter().any(evaluates) {
        return false;
    }
    let mut added = tokens.split(|token| token.is_word("add")).skip(1);
    let mut defaults = tokens.split(|token| token.is_word("default")).skip(1);
    added.all(adds_plainly) && defaults.all(is_plain_default)
}

/// Whether `tokens`, which follow `ADD`, add a constraint or a column whose type is one of
/// PostgreSQL's own.
fn adds_plainly(tokens: &[Token<'_>]) -> bool {
    let skipped = ["column", "if", "not", "exists"];
    let mut rest = tokens
        .iter()
        .skip_while(|token| skipped.iter().any(|word| token.is_word(word)));
    let Some(first) = rest.next() else {
        return false;
    };
    let constraints = ["constraint", "primary", "unique", "foreign"];
    if constraints.iter().any(|word| first.is_word(word)) {
        return true;
    }
    let mut types = TYPES.iter().chain(&MORE_TYPES);
    rest.next()
        .is_some_and(|token| types.any(|word| token.is_word(word)))
}

/// Whether the default that `tokens` begin with needs no function but a harmless one.
/// There is none where a default is dropped.
fn is_plain_default(tokens: &[Token<'_>]) -> bool {
    let Some((first, rest)) = tokens.split_first() else {
        return true;
    };
    let next = rest.first().map(|token| token.kind);
    let ends = matches!(
        next,
        None | Some(TokenKind::Word | TokenKind::Symbol(',' | ')'))
    );
    match first.kind {
        TokenKind::Symbol(',') => true,
        TokenKind::Word if next == Some(TokenKind::Symbol('(')) => {
            HARMLESS.iter().any(|name| first.is_word(name))
        }
        TokenKind::Word | TokenKind::Text(_) | TokenKind::Number => ends,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_without_an_expression_that_runs_leave_nothing() {
        for statement in [
            "CREATE TABLE t (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), a int DEFAULT f())",
            "CREATE TABLE IF NOT EXISTS t (a int, b int GENERATED ALWAYS AS (a + 1) STORED)",
            "-- a comment\nCREATE UNIQUE INDEX i ON t (lower(a))",
            "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE TYPE mood AS ENUM ('calm')",
            "ALTER TABLE t ADD COLUMN description text",
            "ALTER TABLE t ADD COLUMN IF NOT EXISTS a varchar(10), ADD UNIQUE (a)",
            "ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 0, ADD b timestamp DEFAULT now()",
            "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id) NOT VALID",
            "ALTER TABLE t ALTER COLUMN a DROP DEFAULT, DROP COLUMN b",
            "DROP TABLE IF EXISTS t",
            "COMMENT ON TABLE t IS 'a'",
            "GRANT SELECT ON t TO PUBLIC",
        ] {
            assert!(is_plain(statement), "{statement}");
        }
    }

    #[test]
    fn whatever_may_call_a_function_may_leave_something() {
        for statement in [
            "SET statement_timeout = 1",
            "SELECT 1",
            "INSERT INTO t VALUES (1)",
            "UPDATE t SET a = 1",
            "DO $$ BEGIN END $$",
            "CALL p()",
            "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
            "CREATE TABLE t AS SELECT f()",
            "CREATE TABLE p PARTITION OF t FOR VALUES FROM (f()) TO (MAXVALUE)",
            "CREATE TEMPORARY TABLE t (a int)",
            "CREATE TEMP VIEW v AS SELECT 1",
            "CREATE TABLE pg_temp.t (a int)",
            "CREATE FUNCTION \"pg_temp\" . f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE LOCAL TEMP TABLE t (a int)",
            "CREATE OR REPLACE TEMP VIEW v AS SELECT 1",
            "CREATE MATERIALIZED VIEW v AS SELECT f()",
            "CREATE EXTENSION citext",
            "ALTER TABLE t ADD COLUMN a my_domain",
            "ALTER TABLE t ADD a int, ADD b my_domain",
            "ALTER TABLE t ADD COLUMN a serial",
            "ALTER TABLE t ADD COLUMN a bigint DEFAULT nextval('s')",
            "ALTER TABLE t ADD COLUMN a text DEFAULT f()",
            "ALTER TABLE t ADD COLUMN a text DEFAULT 'a'::d",
            "ALTER TABLE t ADD COLUMN a text DEFAULT (f())",
            "ALTER TABLE t ADD COLUMN a text DEFAULT public.f()",
            "ALTER TABLE t ALTER COLUMN a TYPE int USING f(a)",
            "ALTER TABLE t ALTER COLUMN a TYPE bigint",
            "ALTER TABLE t ADD CHECK (f(a))",
            "ALTER TABLE t VALIDATE CONSTRAINT c",
            "PREPARE p AS SELECT 1",
            "LISTEN a",
            "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
            "SAVEPOINT a",
            "",
        ] {
            assert!(!is_plain(statement), "{statement}");
        }
    }
}
