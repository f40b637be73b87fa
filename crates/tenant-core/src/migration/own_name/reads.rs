//! Where a piece of SQL reads the schema's name.

use std::collections::BTreeMap;
use std::ops::Range;

use sql_text::TokenKind;

use super::catalogs::{is_answer, test_at};
use super::operands::Piece;
use super::template::Form;

/// The variables, fields and parameters that hold the name, by how they are written: `v`,
/// `r.schemaname`, `$1`.
pub(super) type Variables = BTreeMap<String, Form>;

/// A place that gives the name.
pub(super) struct Read {
    /// Its tokens.
    pub(super) place: Range<usize>,
    pub(super) form: Form,
    /// Whether it is a column that a query tests, which finds the name by another one.
    pub(super) is_test: bool,
}

/// The reads of a piece, in their order.
pub(super) fn reads(piece: Piece<'_>, variables: &Variables) -> Vec<Read> {
    let values = value_places(piece);
    let mut found = Vec::new();
    let mut at = 0;
    while at < piece.0.len() {
        let read = function_at(piece, at)
            .or_else(|| variable_at(piece, at, variables))
            .or_else(|| cast_column_at(piece, at))
            .or_else(|| test_read(piece, at, variables))
            .or_else(|| {
                let is_value = values.contains(&at) || is_answer(piece, at, variables);
                column_at(piece, at).filter(|_| is_value)
            });
        match read {
            Some(read) => {
                at = read.place.end.max(at + 1);
                found.push(read);
            }
            None => at += 1,
        }
    }
    found
}

pub(super) fn function_at(piece: Piece<'_>, at: usize) -> Option<Read> {
    let is_qualified = piece.symbol_before(at, '.');
    let start = match at.checked_sub(2) {
        Some(before) if is_qualified && piece.is_word(before, "pg_catalog") => before,
        _ if is_qualified => return None,
        _ => at,
    };
    let call = || piece.is_symbol(at + 1, '(').then(|| piece.closing(at + 1));
    let end = if piece.is_word(at, "current_schema") {
        call().flatten().map_or(at + 1, |close| close + 1)
    } else if piece.is_word(at, "tg_table_schema") {
        at + 1
    } else if piece.is_word(at, "current_schemas") {
        call().flatten()? + 1
    } else if piece.is_word(at, "current_setting") {
        let name = piece.text(at + 2)?;
        name.eq_ignore_ascii_case("search_path")
            .then(call)
            .flatten()
            .flatten()?
            + 1
    } else {
        return None;
    };
    Some(Read {
        place: start..end,
        form: Form::Name,
        is_test: false,
    })
}

pub(super) fn variable_at(piece: Piece<'_>, at: usize, variables: &Variables) -> Option<Read> {
    let token = piece.get(at)?;
    let is_of_other = piece.symbol_before(at, '.');
    let is_target = at == 0 && (piece.is_twice(1, ':') || piece.is_symbol(1, ':'));
    if is_of_other || is_target {
        return None;
    }
    let (name, end) = match token.kind {
        TokenKind::Parameter => (token.text.to_owned(), at + 1),
        _ if piece.is_symbol(at + 1, '(') => return None,
        _ if piece.is_symbol(at + 1, '.') => {
            let field = piece.name(at + 2)?;
            (format!("{}.{field}", piece.name(at)?), at + 3)
        }
        _ => (piece.name(at)?, at + 1),
    };
    let form = *variables.get(&name)?;
    Some(Read {
        place: at..end,
        form,
        is_test: false,
    })
}

/// A schema of a catalog that is cast to its name, unless it is looked for by that.
fn cast_column_at(piece: Piece<'_>, at: usize) -> Option<Read> {
    let end = piece.is_cast_column(at).then_some(at + 4)?;
    let mut after = end;
    while piece.is_twice(after, ':') {
        after += 3;
    }
    let is_looked_for = piece.is_symbol(after, '=') || piece.symbol_before(at, '=');
    let is_named = piece.text(after + 1).is_some();
    let start = if piece.symbol_before(at, '.') {
        at.checked_sub(2)?
    } else {
        at
    };
    let is_read = !is_looked_for || is_named;
    is_read.then_some(Read {
        place: start..end,
        form: Form::Name,
        is_test: false,
    })
}

fn test_read(piece: Piece<'_>, at: usize, variables: &Variables) -> Option<Read> {
    Some(Read {
        place: test_at(piece, at, variables)?,
        form: Form::Name,
        is_test: true,
    })
}

/// A column with the name, which is read from a catalog.
fn column_at(piece: Piece<'_>, at: usize) -> Option<Read> {
    let end = piece.is_name_column(at).then_some(at + 1)?;
    let is_compared = ["like", "ilike", "in", "not", "is", "between"];
    let is_compared = is_compared.iter().any(|word| piece.is_word(end, word))
        || ['=', '<', '>', '!', '~']
            .iter()
            .any(|symbol| piece.is_symbol(end, *symbol) || piece.symbol_before(at, *symbol));
    let start = if piece.symbol_before(at, '.') {
        at.checked_sub(2)?
    } else {
        at
    };
    let is_compared = is_compared || piece.symbol_before(start, '=');
    (!is_compared).then_some(Read {
        place: start..end,
        form: Form::Name,
        is_test: false,
    })
}

/// The places at which a column is a value, and not only looked at.
fn value_places(piece: Piece<'_>) -> Range<usize> {
    if !piece.asks_catalogs() {
        return 0..0;
    }
    let all = piece.0.len();
    match piece.first().as_str() {
        "insert" | "update" | "merge" => {
            let begins = ["select", "values", "set"];
            let begins = begins.iter().filter_map(|word| piece.word_from(0, word));
            begins.min().map_or(0..0, |at| at..all)
        }
        "for" | "select" | "with" => {
            let keeps = piece.first() == "for" || piece.word_from(0, "into").is_some();
            let begin = piece.word_from(0, "select").filter(|_| keeps);
            begin.map_or(0..0, |at| at..piece.word_from(at, "from").unwrap_or(all))
        }
        _ => 0..0,
    }
}
