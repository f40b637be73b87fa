//! [`Signs`]: what a text can do, as far as its words tell.
//!
//! Rather too much than too little: strings and comments count as well.

use std::ops::Range;

use sql_text::words;

/// The words with which a statement begins that does what it says, and nothing else.
const PLAIN: [&str; 8] = [
    "alter", "analyze", "comment", "create", "drop", "grant", "reset", "revoke",
];

/// The words behind which something runs that is not in the text.
const RUNS: [&str; 2] = ["select", "execute"];

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
    /// What depends on the things is dropped with them.
    pub(crate) cascades: bool,
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
            !is_plain || words.any(|word| RUNS.contains(&word.as_str()))
        };
        let has = |word: &str| lower.contains(word);
        Self {
            is_dynamic: statements.iter().any(is_dynamic),
            extensions: has("extension"),
            privileges: has("privileges") && has("default"),
            drops: has("drop") || has("schema"),
            cascades: has("cascade"),
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
                     ALTER TABLE t ADD b text; COMMENT ON TABLE t IS 'x';";
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
            "SET ROLE x",
        ] {
            assert!(signs(text).is_dynamic, "{text}");
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
