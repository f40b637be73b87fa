//! Splits SQL text into statements.
//!
//! A semicolon ends a statement unless it stands in a string, a quoted name, a comment,
//! parentheses (`CREATE RULE ... DO (a; b)`), or the `BEGIN ATOMIC` body of a function.
//! This is the server's own grammar, which is stricter than psql's guesses from the words `BEGIN`,
//! `CASE` and `END`. A body begins with the words `BEGIN ATOMIC` of a `CREATE FUNCTION` or `CREATE
//! PROCEDURE`, and ends with an `END` right after its own semicolon. Everywhere else these words
//! are names, labels, or a `CASE`.

use std::fmt;
use std::ops::Range;

use crate::token::{Text, Token, TokenKind, tokens};

/// A text, split into statements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Split {
    /// The statements, in order. Empty ones do not count.
    pub statements: Vec<Statement>,
    /// What is still open at the end of the text. The last statement then contains the rest of the
    /// text.
    pub open: Option<Open>,
}

/// The position of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// From its first token to its last, in bytes, without its semicolon and without
    /// comments around it.
    pub range: Range<usize>,
    /// Behind its semicolon, or behind its last token where there is none.
    pub end: usize,
}

/// Something that is not closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Open {
    /// What it is.
    pub what: Unclosed,
    /// Where it is opened, in bytes.
    pub start: usize,
}

/// What can be left open. `Display` is its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unclosed {
    /// `/*`
    Comment,
    /// `"`
    QuotedName,
    /// `$$` or `$tag$`
    DollarQuote,
    /// `'`
    String,
    /// `(`
    Parenthesis,
    /// `BEGIN ATOMIC`
    Body,
}

impl Unclosed {
    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::QuotedName => "quoted name",
            Self::DollarQuote => "dollar quote",
            Self::String => "string",
            Self::Parenthesis => "parenthesis",
            Self::Body => "`BEGIN ATOMIC` block",
        }
    }
}

impl fmt::Display for Unclosed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Splits `text` into its statements.
#[must_use]
pub fn split(text: &str) -> Split {
    let mut split = Split::default();
    let mut current = Current::default();
    for token in tokens(text) {
        if !token.is_closed {
            split.open = unclosed(token.kind).map(|what| Open {
                what,
                start: token.start,
            });
        }
        if token.is_trivia() {
            continue;
        }
        if token.kind == TokenKind::Symbol(';') && current.is_outermost() {
            split.statements.extend(current.ended(token.range().end));
            current = Current::default();
        } else {
            current.add(&token);
        }
    }
    split.open = split.open.or(current.open());
    let end = current.range.as_ref().map_or(0, |range| range.end);
    split.statements.extend(current.ended(end));
    split
}

/// What a token is that is not closed.
fn unclosed(kind: TokenKind) -> Option<Unclosed> {
    match kind {
        TokenKind::BlockComment => Some(Unclosed::Comment),
        TokenKind::QuotedName => Some(Unclosed::QuotedName),
        TokenKind::Text(Text::Dollar) => Some(Unclosed::DollarQuote),
        TokenKind::Text(_) => Some(Unclosed::String),
        _ => None,
    }
}

/// How far the first words of a statement say that it makes a function.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Opening {
    #[default]
    Nothing,
    Create,
    Or,
    Replace,
    Routine,
    Other,
}

impl Opening {
    fn then(self, token: &Token<'_>) -> Self {
        let is = |word: &str| token.is_word(word);
        match self {
            Self::Nothing if is("create") => Self::Create,
            Self::Create if is("or") => Self::Or,
            Self::Or if is("replace") => Self::Replace,
            Self::Create | Self::Replace if is("function") || is("procedure") => Self::Routine,
            Self::Routine => Self::Routine,
            _ => Self::Other,
        }
    }
}

/// What is known of the statement being read.
#[derive(Default)]
struct Current {
    range: Option<Range<usize>>,
    /// Where those that are open stand.
    parentheses: Vec<usize>,
    opening: Opening,
    /// Where the word `BEGIN` is, if it came last.
    begin: Option<usize>,
    /// Where the body of a function begins, if one is open.
    body: Option<usize>,
    /// Whether the body may end here: behind a semicolon, or without a statement.
    may_end: bool,
}

impl Current {
    fn is_outermost(&self) -> bool {
        self.parentheses.is_empty() && self.body.is_none()
    }

    fn ended(&mut self, end: usize) -> Option<Statement> {
        let range = self.range.take()?;
        Some(Statement { range, end })
    }

    fn open(&self) -> Option<Open> {
        let parenthesis = self.parentheses.first().map(|start| Open {
            what: Unclosed::Parenthesis,
            start: *start,
        });
        parenthesis.or(self.body.map(|start| Open {
            what: Unclosed::Body,
            start,
        }))
    }

    fn add(&mut self, token: &Token<'_>) {
        let range = token.range();
        let start = self.range.as_ref().map_or(range.start, |range| range.start);
        self.range = Some(start..range.end);
        self.opening = self.opening.then(token);
        match token.kind {
            TokenKind::Symbol('(') => self.parentheses.push(token.start),
            TokenKind::Symbol(')') => drop(self.parentheses.pop()),
            _ => {}
        }
        if self.opening == Opening::Routine && self.parentheses.is_empty() {
            self.follow_body(token);
        }
    }

    fn follow_body(&mut self, token: &Token<'_>) {
        let begin = self.begin.take();
        if self.body.is_some() {
            if self.may_end && token.is_word("end") {
                self.body = None;
            }
            self.may_end = token.kind == TokenKind::Symbol(';');
        } else if begin.is_some() && token.is_word("atomic") {
            self.body = begin;
            self.may_end = true;
        } else if token.is_word("begin") {
            self.begin = Some(token.start);
        }
    }
}
