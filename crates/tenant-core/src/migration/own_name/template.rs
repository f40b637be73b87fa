//! Texts that are put together: where the schema's name comes to stand in them.

use sql_text::{TokenKind, tokens};

use super::operands::{Piece, significant};

/// What stands for the name in a text. No migration has this in it.
const MARK: char = '\u{1}';

/// The same in quotes, as `%L` writes it.
const QUOTED_MARK: &str = "'\u{1}'";

/// What the mark is read as.
const NAME: &str = "schema__name";

/// How the name stands in a text that is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// It is all of the text.
    Name,
    /// It is a qualifier there, or what a catalog is asked for.
    Qualifier,
}

/// A text with the places of the name.
#[derive(Default)]
pub(super) struct Template(String);

impl Template {
    pub(super) fn text(&mut self, text: &str) {
        self.0.push_str(text);
    }

    /// The name is put in; `form` is how it stands in what is put in.
    pub(super) fn name(&mut self, form: Form, is_literal: bool) {
        match form {
            Form::Name if is_literal => self.0.push_str(QUOTED_MARK),
            Form::Name => self.0.push(MARK),
            Form::Qualifier if is_literal => self.0.push_str("'\u{1}.x'"),
            Form::Qualifier => self.0.push_str("\u{1}.x"),
        }
    }

    /// What else is put in.
    pub(super) fn other(&mut self) {
        self.0.push('x');
    }

    /// How the name stands in it; `None` where it is more than a qualifier.
    pub(super) fn form(&self) -> Option<Form> {
        let text = self.0.trim();
        let mark = MARK.to_string();
        if text == mark || text.trim_matches('"') == mark {
            return Some(Form::Name);
        }
        let readable = self.0.replace(MARK, NAME);
        let tokens = significant(&readable);
        let piece = Piece(&tokens);
        let is_qualifier = (0..tokens.len()).all(|at| is_qualifier_at(piece, at));
        is_qualifier.then_some(Form::Qualifier)
    }
}

/// Whether the name at a place, if it is there, is no more than a qualifier.
fn is_qualifier_at(piece: Piece<'_>, at: usize) -> bool {
    let Some(token) = piece.get(at) else {
        return true;
    };
    if !token.text.contains(NAME) {
        return true;
    }
    if matches!(token.kind, TokenKind::Text(_)) {
        let is_all = piece.text(at).as_deref() == Some(NAME);
        return is_all && asks_for_it(piece, at) || is_quoted_qualifier(piece, at);
    }
    let is_all = piece.name(at).as_deref() == Some(NAME);
    is_all
        && (piece.is_symbol(at + 1, '.')
            || piece.word_before(at, "schema")
            || piece.word_before(at, "import")
            || sets_path(piece, at))
}

/// Whether a catalog is asked for the name at a place.
fn asks_for_it(piece: Piece<'_>, at: usize) -> bool {
    let compared = piece.symbol_before(at, '=') && piece.column_before(at - 1);
    compared && piece.asks_catalogs()
        || piece.is_twice(at + 1, ':') && piece.is_word(at + 3, "regnamespace")
        || sets_path(piece, at)
}

/// Whether the text at a place is the name of an object that PostgreSQL looks up at once:
/// `'acme.tasks'::regclass`.
fn is_quoted_qualifier(piece: Piece<'_>, at: usize) -> bool {
    let Some(inside) = piece.text(at) else {
        return false;
    };
    let is_looked_up = piece.is_twice(at + 1, ':')
        && piece
            .name(at + 3)
            .is_some_and(|kind| kind.starts_with("reg"));
    let mut inner = tokens(&inside);
    let is_first = inner.next().is_some_and(|first| first.text == NAME);
    is_looked_up && is_first && inner.next().is_some_and(|next| next.text == ".")
}

/// Whether a path is set to the name at a place.
fn sets_path(piece: Piece<'_>, at: usize) -> bool {
    let is_set = piece.symbol_before(at, '=') || piece.word_before(at, "to");
    is_set
        && at
            .checked_sub(2)
            .is_some_and(|at| piece.is_word(at, "search_path"))
}

/// What a format string of `format()` puts in: the text before, and which argument, from 1,
/// as what.
pub(super) struct Part {
    pub(super) before: String,
    pub(super) argument: usize,
    pub(super) kind: char,
}

/// The parts of a format string, and what follows the last one.
pub(super) fn parts(format: &str) -> (Vec<Part>, String) {
    let mut parts = Vec::new();
    let (mut before, mut next) = (String::new(), 1);
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            before.push(letter);
            continue;
        }
        let mut number = String::new();
        let mut argument = next;
        let kind = loop {
            match letters.next() {
                Some(digit) if digit.is_ascii_digit() => number.push(digit),
                Some('$') => argument = std::mem::take(&mut number).parse().unwrap_or(next),
                Some('-') => {}
                other => break other,
            }
        };
        match kind {
            Some('%') | None => before.push('%'),
            Some(kind) => {
                next = argument + 1;
                parts.push(Part {
                    before: std::mem::take(&mut before),
                    argument,
                    kind,
                });
            }
        }
    }
    (parts, before)
}
