//! [`Statement`]: the tokens of a statement, and what it defines.

use std::ops::Range;

use sql_text::Telling;

/// A statement, and where it begins in its file.
pub(super) struct Statement<'a> {
    pub(super) source: &'a str,
    pub(super) text: Telling<'a>,
    base: usize,
}

/// What a statement defines or changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Defined {
    /// In one or two words: `table`, `materialized view`.
    pub(super) kind: &'static str,
    /// Its name, without a schema; empty where it has none.
    pub(super) name: String,
    /// The place behind the name.
    pub(super) behind: usize,
}

/// Words between CREATE and the kind.
const BEFORE_KIND: &[&str] = &[
    "foreign",
    "global",
    "local",
    "or",
    "recursive",
    "replace",
    "temp",
    "temporary",
    "unique",
    "unlogged",
];

/// The kinds whose definitions are kept, by the words that name them.
const KINDS: &[(&[&str], &str)] = &[
    (&["table"], "table"),
    (&["materialized", "view"], "materialized view"),
    (&["view"], "view"),
    (&["index"], "index"),
    (&["statistics"], "statistics"),
    (&["domain"], "domain"),
    (&["type"], "type"),
    (&["sequence"], "sequence"),
    (&["function"], "function"),
    (&["procedure"], "function"),
    (&["policy"], "policy"),
    (&["rule"], "rule"),
    (&["trigger"], "trigger"),
];

impl<'a> Statement<'a> {
    pub(super) fn new(source: &'a str, base: usize) -> Self {
        Self {
            source,
            text: Telling::of(source),
            base,
        }
    }

    /// Where the token at `place` begins in the file.
    pub(super) fn offset(&self, place: usize) -> usize {
        self.base + self.text.get(place).map_or(0, |token| token.start)
    }

    /// The characters between two tokens, without them.
    pub(super) fn between(&self, places: Range<usize>) -> &'a str {
        let start = self.text.get(places.start).map(|token| token.range().end);
        let end = self.text.get(places.end).map(|token| token.start);
        let range = start.unwrap_or_default()..end.unwrap_or_default();
        self.source.get(range).unwrap_or_default()
    }

    /// What it creates.
    pub(super) fn created(&self) -> Option<Defined> {
        self.text.is_word(0, "create").then(|| self.defined())?
    }

    /// What it alters.
    pub(super) fn altered(&self) -> Option<Defined> {
        self.text.is_word(0, "alter").then(|| self.defined())?
    }

    /// What it drops: the first of a list.
    pub(super) fn dropped(&self) -> Option<Defined> {
        self.text.is_word(0, "drop").then(|| self.defined())?
    }

    fn defined(&self) -> Option<Defined> {
        let text = &self.text;
        let mut at = 1;
        while text
            .word(at)
            .is_some_and(|word| BEFORE_KIND.contains(&word.as_str()))
        {
            at += 1;
        }
        let (words, kind) = KINDS.iter().find(|(words, _)| text.are_words(at, words))?;
        at += words.len();
        for passed in [
            &["concurrently"][..],
            &["if", "not", "exists"],
            &["if", "exists"],
            &["only"],
        ] {
            if text.are_words(at, passed) {
                at += passed.len();
            }
        }
        // CREATE INDEX ON t, CREATE STATISTICS ON a, b FROM t
        if text.is_word(at, "on") {
            let name = String::new();
            return Some(Defined {
                kind,
                name,
                behind: at,
            });
        }
        let (name, behind) = text.last_part(at)?;
        Some(Defined { kind, name, behind })
    }

    /// The table behind the first ON.
    pub(super) fn on_table(&self) -> Option<String> {
        let on = (0..self.text.len()).find(|place| self.text.is_word(*place, "on"))?;
        let skip = usize::from(self.text.is_word(on + 1, "only"));
        Some(self.text.last_part(on + 1 + skip)?.0)
    }

    /// How deep in parentheses each token stands.
    pub(super) fn depths(&self) -> Vec<usize> {
        let mut depth = 0_usize;
        let depths = (0..self.text.len()).map(|place| {
            if self.text.is_symbol(place, ')') {
                depth = depth.saturating_sub(1);
            }
            let here = depth;
            if self.text.is_symbol(place, '(') {
                depth += 1;
            }
            here
        });
        depths.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_statement_defines_is_read_with_its_name() {
        for (text, kind, name) in [
            (
                "CREATE UNLOGGED TABLE IF NOT EXISTS a.\"T\" (x int)",
                "table",
                "T",
            ),
            (
                "create or replace function f(x int) returns int",
                "function",
                "f",
            ),
            ("CREATE UNIQUE INDEX CONCURRENTLY i ON t (x)", "index", "i"),
            ("CREATE INDEX ON t (x)", "index", ""),
            (
                "CREATE MATERIALIZED VIEW IF NOT EXISTS v AS SELECT 1",
                "materialized view",
                "v",
            ),
        ] {
            let statement = Statement::new(text, 0);
            let created = statement.created().map(|it| (it.kind, it.name));
            assert_eq!(created, Some((kind, name.to_owned())), "{text}");
        }
        let statement = Statement::new("ALTER TABLE IF EXISTS ONLY t ADD x int", 0);
        assert_eq!(statement.altered().map(|it| it.name), Some("t".to_owned()));
        assert_eq!(
            Statement::new("INSERT INTO t VALUES (1)", 0).created(),
            None
        );
    }
}
