//! Which names a migration's text speaks of, with their schema and without it.
//!
//! A name without a schema is looked up along the path, and may be found behind the
//! tenant's own schema. A name with its schema says what is meant. Strings and the bodies
//! of functions count as well, because they may be run.

use std::collections::{BTreeMap, BTreeSet};

use sql_text::{Text, Token, TokenKind, stored, tokens};

/// How many strings inside each other are read.
const DEPTH: usize = 3;

/// The words behind which stands a name that a statement changes.
const BEFORE_TARGET: [&str; 28] = [
    "table",
    "into",
    "update",
    "only",
    "on",
    "exists",
    "truncate",
    "copy",
    "view",
    "sequence",
    "domain",
    "function",
    "procedure",
    "routine",
    "aggregate",
    "collation",
    "index",
    "lock",
    "of",
    "inherit",
    "concurrently",
    "statistics",
    "analyze",
    "analyse",
    "vacuum",
    "operator",
    "extension",
    "conversion",
];

/// Words that may stand before a name where one could stand.
const NO_NAMES: [&str; 7] = [
    "if",
    "on",
    "only",
    "into",
    "table",
    "analyze",
    "concurrently",
];

/// The words before `TYPE` where a statement is about the type, and not of that type.
const BEFORE_TYPE: [&str; 4] = ["alter", "drop", "create", "on"];

/// The words without which a string holds no name that is changed.
const RUNS_TEXT: [&str; 5] = ["execute", "format", "setval", "regclass", "language"];

/// The names of one schema that a text speaks of, as PostgreSQL stores them.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Mentions {
    /// Those that stand with the schema.
    named: BTreeSet<String>,
    /// Those that stand without one where a statement changes something, in a statement
    /// that does not name them with the schema as well.
    loose: BTreeMap<String, Loose>,
    /// All that may be a name.
    words: BTreeSet<String>,
    /// Those without a schema that are analyzed.
    analyzed: BTreeSet<String>,
    analyzes_everything: bool,
}

/// What statements do with a loose name.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Loose {
    /// The first one does not create it.
    is_used_first: bool,
    is_created: bool,
}

impl Mentions {
    /// Those of `statements`; `schema` is the one whose names are looked for.
    pub(crate) fn of<'s>(statements: impl IntoIterator<Item = &'s str>, schema: &str) -> Self {
        let mut mentions = Self::default();
        for statement in statements {
            mentions.read(statement, schema);
        }
        mentions
    }

    /// Reads one more statement; `schema` is the one whose names are looked for.
    fn read(&mut self, statement: &str, schema: &str) {
        let names = names_of(statement, schema);
        self.named.extend(names.named);
        self.words.extend(names.words);
        let mut words = sql_text::words(statement).map(|(word, _)| word);
        if let Some("analyze" | "analyse" | "vacuum") = words.next().as_deref() {
            self.analyzes_everything |= names.loose.is_empty();
            self.analyzed.extend(names.loose);
            return;
        }
        let creates = creates(statement);
        for name in names.loose {
            let loose = self.loose.entry(name).or_insert(Loose {
                is_used_first: !creates,
                is_created: false,
            });
            loose.is_created |= creates;
        }
    }

    /// Whether this name stands anywhere.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.words.contains(name)
    }

    /// Those without a schema that are analyzed, and nothing else.
    pub(crate) fn only_analyzed(&self) -> impl Iterator<Item = &str> {
        let only = self
            .analyzed
            .iter()
            .filter(|name| !self.loose.contains_key(*name));
        only.map(String::as_str)
    }

    /// Whether a statement analyzes all tables that there are.
    pub(crate) fn analyzes_everything(&self) -> bool {
        self.analyzes_everything
    }

    /// Those that are meant to be the schema's: always named with it.
    pub(crate) fn meant(&self) -> impl Iterator<Item = &str> {
        let meant = |name: &&String| !self.loose.contains_key(*name);
        self.named.iter().filter(meant).map(String::as_str)
    }

    /// Those that are named with it in one statement, and without it in another.
    pub(crate) fn doubtful(&self) -> impl Iterator<Item = &str> {
        let doubtful = |name: &&String| self.loose.contains_key(*name);
        self.named.iter().filter(doubtful).map(String::as_str)
    }

    /// Those that stand without a schema, and are looked up along the path.
    pub(crate) fn loose(&self) -> impl Iterator<Item = &str> {
        self.loose.keys().map(String::as_str)
    }

    /// Those of them that something used before a later statement creates them.
    pub(crate) fn used_before_created(&self) -> impl Iterator<Item = &str> {
        let late = self
            .loose
            .iter()
            .filter(|(_, loose)| loose.is_used_first && loose.is_created);
        late.map(|(name, _)| name.as_str())
    }

    /// Those that the text does not create.
    pub(crate) fn not_created(&self) -> impl Iterator<Item = &str> {
        let used = self
            .loose
            .iter()
            .filter(|(_, loose)| loose.is_used_first || !loose.is_created);
        used.map(|(name, _)| name.as_str())
    }
}

/// Whether `statement` speaks of one of `names` without a schema.
pub(crate) fn speaks_of(statement: &str, schema: &str, names: &BTreeSet<String>) -> bool {
    let found = names_of(statement, schema);
    found.loose.iter().any(|name| names.contains(name))
}

#[derive(Default)]
struct Names {
    named: BTreeSet<String>,
    loose: BTreeSet<String>,
    words: BTreeSet<String>,
}

fn names_of(statement: &str, schema: &str) -> Names {
    let lower = statement.to_ascii_lowercase();
    let runs_text = lower.starts_with("do") || RUNS_TEXT.iter().any(|word| lower.contains(word));
    let mut names = Names::default();
    add_names(statement, schema, runs_text, DEPTH, &mut names);
    if defines_function(statement) {
        // It does not run yet, and a later tenant may have what it names.
        names.loose.clear();
        add_names(statement, schema, false, 0, &mut names);
    }
    let named = &names.named;
    names.loose.retain(|name| !named.contains(name));
    names
}

fn add_names(text: &str, schema: &str, runs_text: bool, depth: usize, names: &mut Names) {
    let telling = tokens(text).filter(|token| !token.is_trivia());
    let telling = telling.collect::<Vec<_>>();
    let mut parentheses = 0_usize;
    let mut behind_dot = false;
    for (at, token) in telling.iter().enumerate() {
        let next_is_dot = telling.get(at + 1).is_some_and(is_dot);
        match token.kind {
            TokenKind::Symbol('(') => parentheses += 1,
            TokenKind::Symbol(')') => parentheses = parentheses.saturating_sub(1),
            TokenKind::Text(how) if depth > 0 && (runs_text || how == Text::Dollar) => {
                add_names(&content(token, how), schema, runs_text, depth - 1, names);
            }
            TokenKind::Text(how) if depth > 0 => add_named(&content(token, how), schema, names),
            _ => {}
        }
        if token.is_name() && !behind_dot && !is_keyword(token) {
            let before = telling.get(..at).unwrap_or_default();
            let is_of_schema = next_is_dot && stored(token).as_deref() == Some(schema);
            let name = telling.get(if is_of_schema { at + 2 } else { at });
            let name = name.and_then(|name| stored(name));
            let previous = before.last();
            if previous.is_some_and(|word| word.is_word("references")) {
                // A foreign key changes nothing of what it refers to.
            } else if is_of_schema {
                names.named.extend(name);
            } else if begins_string(before, depth) || is_target(before, next_is_dot, parentheses) {
                names.loose.extend(name);
            }
        }
        names.words.extend(stored(token));
        behind_dot = is_dot(token);
    }
}

/// Whether a word stands before a name, and is none.
fn is_keyword(token: &Token<'_>) -> bool {
    NO_NAMES.iter().any(|word| token.is_word(word))
}

/// Whether a name is the first thing in a string, from which a statement may be put
/// together.
fn begins_string(before: &[Token<'_>], depth: usize) -> bool {
    before.is_empty() && (1..DEPTH).contains(&depth)
}

/// A string that is only a value may hold a name with its schema: `'public.plans_id_seq'`.
fn add_named(text: &str, schema: &str, names: &mut Names) {
    let telling = tokens(text).filter(|token| !token.is_trivia());
    let telling = telling.take(4).collect::<Vec<_>>();
    if let [first, dot, name] = telling.as_slice()
        && is_dot(dot)
        && stored(first).as_deref() == Some(schema)
    {
        names.named.extend(stored(name));
    }
}

/// Whether a name stands behind `before` as what a statement changes.
fn is_target(before: &[Token<'_>], next_is_dot: bool, parentheses: usize) -> bool {
    let Some((previous, earlier)) = before.split_last() else {
        return false;
    };
    let is_behind = |words: &[&str]| {
        let earlier = earlier.last();
        earlier.is_some_and(|token| words.iter().any(|word| token.is_word(word)))
    };
    // A column with its table.
    if next_is_dot {
        return previous.is_word("column");
    }
    match previous.kind {
        TokenKind::Symbol(',') => parentheses == 0,
        TokenKind::Word if previous.is_word("from") => is_behind(&["delete"]),
        // What a trigger calls is not changed by it.
        TokenKind::Word if previous.is_word("function") || previous.is_word("procedure") => {
            !is_behind(&["execute"])
        }
        TokenKind::Word if previous.is_word("type") => is_behind(&BEFORE_TYPE),
        TokenKind::Word => BEFORE_TARGET.iter().any(|word| previous.is_word(word)),
        _ => false,
    }
}

fn is_dot(token: &Token<'_>) -> bool {
    token.kind == TokenKind::Symbol('.')
}

/// What stands between the quotes.
pub(super) fn content(token: &Token<'_>, how: Text) -> String {
    if how == Text::Dollar {
        let behind = token.text.get(1..).unwrap_or_default();
        let tag = behind.find('$').map_or(0, |end| end + 2);
        let end = token.text.len().saturating_sub(tag);
        return token.text.get(tag..end).unwrap_or_default().to_owned();
    }
    let from = token.text.find('\'').map_or(0, |quote| quote + 1);
    let inner = token.text.get(from..).unwrap_or_default();
    inner.trim_end_matches('\'').replace("''", "'")
}

/// Whether a statement only defines a function.
fn defines_function(statement: &str) -> bool {
    let words = sql_text::words(statement).map(|(word, _)| word);
    let mut words = words.filter(|word| !matches!(word.as_str(), "or" | "replace"));
    words.next().is_some_and(|word| word == "create")
        && words
            .next()
            .is_some_and(|word| matches!(word.as_str(), "function" | "procedure"))
}

/// Whether a statement creates what it names first: not an index or the like, which is
/// for what exists.
fn creates(statement: &str) -> bool {
    let words = sql_text::words(statement).map(|(word, _)| word);
    let words = words.take(4).collect::<Vec<_>>();
    let is_for_existing =
        |word: &String| matches!(word.as_str(), "index" | "trigger" | "policy" | "rule");
    words.first().is_some_and(|word| word == "create") && !words.iter().any(is_for_existing)
}

#[cfg(test)]
mod tests;
