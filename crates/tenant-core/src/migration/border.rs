//! Which migrations cannot share a transaction with the ones before them, although each
//! of them may run in one.
//!
//! Two things defeat the purpose of a transaction for several migrations. A constraint
//! that is added `NOT VALID` and validated later holds its strong lock until the commit,
//! so that validating keeps others out after all. And PostgreSQL refuses the use of an
//! enum's value in the transaction that adds it.

use sql_text::{Token, TokenKind, tokens};

use super::mentions::content;
use super::{Migration, MigrationFile};

/// Whether `next` validates a constraint that one of `earlier` adds without validating it:
/// then its lock is to be given back before.
pub(crate) fn validates_what_is_added(
    earlier: &[&Migration],
    next: &Migration,
    file: MigrationFile,
) -> bool {
    let adds_unchecked = |one: &&Migration| one.statements(file).any(|one| says(one, NOT_VALID));
    next.statements(file).any(|one| says(one, VALIDATE)) && earlier.iter().any(adds_unchecked)
}

const VALIDATE: [&str; 2] = ["validate", "constraint"];
const NOT_VALID: [&str; 2] = ["not", "valid"];

/// Whether two words stand side by side in `statement`, also in the text of a `DO` block.
fn says(statement: &str, pair: [&str; 2]) -> bool {
    let mut found = Vec::new();
    gather(statement, &mut found);
    found.windows(2).any(|words| words == pair)
}

/// The bare words of `text`, in lower case, and those in its strings if it is a block.
fn gather(text: &str, found: &mut Vec<String>) {
    let is_block = !found.is_empty() || begins_with_do(text);
    for token in tokens(text).filter(|token| !token.is_trivia()) {
        match token.kind {
            TokenKind::Word => found.push(token.text.to_ascii_lowercase()),
            TokenKind::Text(kind) if is_block => gather(&content(&token, kind), found),
            // Two words with something between them are not side by side.
            _ => found.push(String::new()),
        }
    }
}

fn begins_with_do(text: &str) -> bool {
    let first = tokens(text).find(|token| !token.is_trivia());
    first.is_some_and(|token| token.is_word("do"))
}

/// Whether `next` writes a value that one of `earlier` adds to an enum, also to one that is
/// new itself: PostgreSQL allows that from version 17 on only.
pub(crate) fn uses_added_value(
    earlier: &[&Migration],
    next: &Migration,
    file: MigrationFile,
) -> bool {
    let statements = earlier.iter().flat_map(|one| one.statements(file));
    let mut added = statements.filter_map(added_value);
    added.any(|value| next.statements(file).any(|one| one.contains(value)))
}

/// The value, as it is written, of `ALTER TYPE ... ADD VALUE ...`.
fn added_value(statement: &str) -> Option<&str> {
    let tokens = tokens(statement).filter(|token| !token.is_trivia());
    let tokens = tokens.collect::<Vec<_>>();
    let [alter, of_type, rest @ ..] = tokens.as_slice() else {
        return None;
    };
    if !alter.is_word("alter") || !of_type.is_word("type") {
        return None;
    }
    let is_add = |pair: &[Token<'_>]| matches!(pair, [add, value] if add.is_word("add") && value.is_word("value"));
    let add = rest.windows(2).position(is_add)?;
    let mut behind = rest.iter().skip(add);
    let value = behind.find(|token| matches!(token.kind, TokenKind::Text(_)))?;
    Some(value.text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::recorder::of_texts;

    fn needs(earlier: &[&str], next: &str) -> bool {
        let migration = |up: &&str| of_texts("2026-01-01-000000_one", up, "SELECT 1");
        let earlier = earlier.iter().map(migration).collect::<Vec<_>>();
        let earlier = earlier.iter().collect::<Vec<_>>();
        let next = migration(&next);
        validates_what_is_added(&earlier, &next, MigrationFile::Up)
            || uses_added_value(&earlier, &next, MigrationFile::Up)
    }

    #[test]
    fn validating_waits_for_the_commit_of_what_is_validated() {
        let add = "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID";
        for validate in [
            "ALTER TABLE t VALIDATE CONSTRAINT c",
            "alter table t /* now */ validate\n constraint c",
            "DO $$ BEGIN EXECUTE 'ALTER TABLE t VALIDATE CONSTRAINT c'; END $$",
            "DO $b$ BEGIN ALTER TABLE t VALIDATE CONSTRAINT c; END $b$",
        ] {
            assert!(needs(&[add, "SELECT 1"], validate), "{validate}");
            assert!(!needs(&["SELECT 1"], validate), "{validate}");
        }
        let block = "DO $$ BEGIN ALTER TABLE t ADD CHECK (a > 0) NOT VALID; END $$";
        assert!(needs(&[block], "ALTER TABLE t VALIDATE CONSTRAINT c"));
    }

    #[test]
    fn words_that_are_no_statement_ask_for_nothing() {
        let add = "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID";
        for next in [
            "-- validate constraint c\nSELECT 1",
            "INSERT INTO notes VALUES ('validate constraint c')",
            "SELECT validate, \"constraint\" FROM t",
            "SELECT validate(\"constraint\")",
        ] {
            assert!(!needs(&[add], next), "{next}");
        }
        let noted = "INSERT INTO notes VALUES ('not valid')";
        assert!(!needs(&[noted], "ALTER TABLE t VALIDATE CONSTRAINT c"));
    }

    #[test]
    fn a_new_value_of_an_enum_is_committed_before_it_is_used() {
        let add = "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'calm' BEFORE 'sad'";
        let uses = "INSERT INTO t VALUES ('calm')";
        assert!(needs(&[add], uses));
        assert!(needs(&["SELECT 1", add], uses));
        assert!(!needs(&[add], "INSERT INTO t VALUES ('sad')"));
        assert!(needs(&["CREATE TYPE mood AS ENUM ('sad')", add], uses));
    }
}
