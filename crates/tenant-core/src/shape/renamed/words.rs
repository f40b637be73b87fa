//! Texts that name what has another name now.

use sql_text::{Text, Token, TokenKind, ident, plain_literal, stored, tokens};

use crate::shape::normal::{is_in_schema, without_mark};

/// Begins what stands for either name while two texts are compared. Unicode sets this
/// character apart for what a program does inside itself.
const EITHER: char = '\u{fdd4}';

/// Where a name stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind the schema: a type, a function, a sequence.
    Qualified,
    /// Alone, or behind its table: a column, a trigger.
    Bare,
    /// In both ways: a table, whose name also stands before its columns.
    Anywhere,
    /// As a constant: the label of an enum.
    Constant,
}

/// A name, and the one that it has instead.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) place: Place,
    pub(super) expected: String,
    pub(super) found: String,
}

impl Pair {
    fn fits(&self, word: &Word<'_>) -> bool {
        match self.place {
            Place::Qualified => word.is_qualified && word.name.is_some(),
            Place::Bare => !word.is_qualified && word.name.is_some(),
            Place::Anywhere => word.name.is_some(),
            Place::Constant => word.name.is_none(),
        }
    }
}

/// A token, and what it names.
struct Word<'a> {
    token: Token<'a>,
    /// Whether the schema stands before it.
    is_qualified: bool,
    /// As PostgreSQL stores it, if it may be a name.
    name: Option<String>,
}

impl Word<'_> {
    /// What pairs are compared with.
    fn text(&self) -> &str {
        self.name.as_deref().unwrap_or(self.token.text)
    }

    /// Whether it is a constant like `'acme.numbers'::regclass`.
    fn is_constant_of_name(&self) -> bool {
        self.token.kind == TokenKind::Text(Text::Plain) && is_in_schema(self.token.text)
    }
}

fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut is_behind_mark = false;
    tokens(text).map(move |token| {
        let bare = Token {
            text: without_mark(token.text),
            ..token
        };
        let is_marked = bare.text.len() < token.text.len();
        let word = Word {
            token,
            is_qualified: is_marked || is_behind_mark,
            name: stored(&bare),
        };
        // In quotes, a name is a token by itself.
        is_behind_mark = is_marked && bare.text.is_empty();
        word
    })
}

/// `text` with the same word wherever one of the two names of a pair stands, and with
/// one space between tokens. A view keeps the name of its column where that of the
/// table's has changed, and says so: `mail AS email`. That is the same.
pub(super) fn unified(text: &str, pairs: &[Pair]) -> String {
    let mut all = Vec::<String>::new();
    for word in words(text).filter(|word| !word.token.is_trivia()) {
        let named = |pair: &Pair| {
            pair.fits(&word) && (pair.expected == word.text() || pair.found == word.text())
        };
        let text = match pairs.iter().position(named) {
            _ if word.is_constant_of_name() => constant(&word, |inner| unified(inner, pairs)),
            Some(at) => format!("{EITHER}{at}"),
            None => word.token.text.to_owned(),
        };
        match all.as_slice() {
            [.., column, is] if is == "AS" && text.starts_with(EITHER) && *column == text => {
                all.pop();
            }
            _ => all.push(text),
        }
    }
    all.join(" ")
}

/// Whether `name` stands in a text without a schema before it.
pub(super) fn names_alone(text: &str, name: &str) -> bool {
    words(text).any(|word| !word.is_qualified && word.name.as_deref() == Some(name))
}

/// `text` with the names that there are instead of those that should be.
pub(super) fn substituted(text: &str, pairs: &[Pair]) -> String {
    let words = words(text).map(|word| {
        let named = |pair: &&Pair| pair.fits(&word) && pair.expected == word.text();
        match pairs.iter().find(named) {
            _ if word.is_constant_of_name() => constant(&word, |inner| substituted(inner, pairs)),
            Some(pair) if pair.place == Place::Constant => pair.found.clone(),
            Some(pair) => {
                let mark = word.token.text.strip_suffix(without_mark(word.token.text));
                format!("{}{}", mark.unwrap_or_default(), ident(&pair.found))
            }
            None => word.token.text.to_owned(),
        }
    });
    words.collect()
}

fn constant(word: &Word<'_>, change: impl Fn(&str) -> String) -> String {
    let text = word.token.text;
    let text = text.strip_prefix('\'').unwrap_or(text);
    let text = text.strip_suffix('\'').unwrap_or(text).replace("''", "'");
    plain_literal(&change(&text))
}
