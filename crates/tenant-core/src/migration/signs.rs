//! [`Signs`]: what a text can do, as far as its words tell.
//!
//! Rather too much than too little: strings and comments count as well.

use std::ops::Range;

use sql_text::words;

use super::plain::is_plain as leaves_nothing;

/// The words with which a statement begins that does what it says, and nothing else.
const PLAIN: [&str; 8] = [
    "alter", "analyze", "comment", "create", "drop", "grant", "reset", "revoke",
];

/// The words behind which something runs that is not in the text.
const RUNS: [&str; 2] = ["select", "execute"];

/// What `ALTER` is about where a lock on a relation tells what was altered.
const TABLES: [&str; 6] = [
    "table",
    "index",
    "view",
    "sequence",
    "materialized",
    "foreign",
];

/// What a text can do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Signs {
    /// It may call functions, whose text is elsewhere.
    pub(crate) is_dynamic: bool,
    /// It speaks of extensions.
    pub(crate) extensions: bool,
    /// It speaks of default privileges.
    pub(crate) privileges: bool,
    /// It drops things, or moves them to another schema.
    pub(crate) drops: bool,
    /// It drops what it does not name: what depends on the things, or what a role owns.
    pub(crate) cascades: bool,
    /// It is about more than tables and what belongs to them.
    pub(crate) others: bool,
    /// It sets sequences.
    pub(crate) sets_sequences: bool,
    /// It grants or revokes rights.
    pub(crate) grants: bool,
}

impl Signs {
    /// Those of a text in these statements; `lower` is all of it in small letters.
    pub(super) fn of(text: &str, lower: &str, statements: &[Range<usize>]) -> Self {
        let is_dynamic = |range: &Range<usize>| {
            let statement = text.get(range.clone()).unwrap_or_default();
            let mut words = words(statement).map(|(word, _)| word);
            let is_plain = words
                .next()
                .is_some_and(|word| PLAIN.contains(&word.as_str()));
            let evaluates = || {
                let first = sql_text::words(statement).next();
                first.is_some_and(|(word, _)| matches!(word.as_str(), "alter" | "create"))
                    && !leaves_nothing(statement)
            };
            !is_plain || words.any(|word| RUNS.contains(&word.as_str())) || evaluates()
        };
        let is_about_others = |range: &Range<usize>| {
            let statement = text.get(range.clone()).unwrap_or_default();
            let two = words(statement).map(|(word, _)| word).take(2);
            let two = two.collect::<Vec<_>>();
            match two
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .as_slice()
            {
                ["create" | "drop" | "analyze", ..] => false,
                ["alter", what] => !TABLES.contains(what),
                _ => true,
            }
        };
        let has = |word: &str| lower.contains(word);
        Self {
            is_dynamic: statements.iter().any(is_dynamic),
            others: statements.iter().any(is_about_others),
            extensions: has("extension"),
            privileges: has("privileges") && has("default"),
            drops: has("drop") || has("schema"),
            cascades: has("cascade") || has("owned"),
            sets_sequences: has("setval"),
            grants: has("grant") || has("revoke"),
        }
    }

    /// What either can do.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            is_dynamic: self.is_dynamic || other.is_dynamic,
            extensions: self.extensions || other.extensions,
            privileges: self.privileges || other.privileges,
            drops: self.drops || other.drops,
            cascades: self.cascades || other.cascades,
            others: self.others || other.others,
            sets_sequences: self.sets_sequences || other.sets_sequences,
            grants: self.grants || other.grants,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(text: &str) -> Signs {
        let statements = sql_text::split(text).statements;
        let ranges = statements.into_iter().map(|one| one.range);
        let ranges = ranges.collect::<Vec<_>>();
        Signs::of(text, &text.to_ascii_lowercase(), &ranges)
    }

    #[test]
    fn plain_definitions_show_nothing() {
        let plain = "CREATE TABLE t (a int PRIMARY KEY); CREATE INDEX ON t (a); \
                     ALTER TABLE t ADD b text;";
        assert_eq!(signs(plain), Signs::default());
    }

    #[test]
    fn what_may_call_functions_is_dynamic() {
        for text in [
            "INSERT INTO t VALUES (1)",
            "DO $$ BEGIN END $$",
            "SELECT f()",
            "CALL p()",
            "UPDATE t SET a = 1",
            "WITH x AS (DELETE FROM t) TABLE x",
            "CREATE TABLE u AS SELECT f()",
            "CREATE TABLE u AS VALUES (f())",
            "ALTER TABLE t ADD a int DEFAULT f()",
            "ALTER TABLE t ADD CHECK (f(a))",
            "SET ROLE x",
        ] {
            assert!(signs(text).is_dynamic, "{text}");
        }
    }

    #[test]
    fn what_is_no_table_is_known() {
        for text in [
            "ALTER TYPE t ADD VALUE 'a'",
            "COMMENT ON FUNCTION f() IS 'x'",
            "GRANT USAGE ON TYPE t TO x",
            "DO $$ BEGIN END $$",
        ] {
            assert!(signs(text).others, "{text}");
        }
    }

    #[test]
    fn words_in_blocks_count() {
        let text = "DO $$ BEGIN EXECUTE 'CREATE EXTENSION hstore'; END $$";
        assert!(signs(text).extensions);
        let text = "DO $$ BEGIN ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO x; END $$";
        assert!(signs(text).privileges && signs(text).grants);
    }
}
