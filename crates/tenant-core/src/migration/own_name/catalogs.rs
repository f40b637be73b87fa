//! Catalogs that are asked for the tenant's own objects: the column there that holds the
//! schema's name is the name, and a test of it is a test of the name.

use std::ops::Range;

use super::compared::is_of_the_system;
use super::operands::{COLUMNS, Piece};
use super::reads::{Variables, function_at, variable_at};

/// Words before a parenthesis that is no function's.
const WORDS: [&str; 22] = [
    "and", "or", "not", "where", "on", "when", "if", "elsif", "in", "any", "all", "some", "then",
    "else", "select", "exists", "from", "join", "using", "filter", "over", "array",
];

/// Words that end what a column is compared with.
const ENDS: [&str; 9] = [
    "and", "or", "then", "loop", "order", "group", "limit", "union", "else",
];

/// Whether the catalog that a place is in a query of is asked for what is in the tenant's schema.
pub(super) fn is_of_tenant(piece: Piece<'_>, at: usize, variables: &Variables) -> bool {
    let scope = scope(piece, at);
    let from = piece.word_from(scope.start, "from").unwrap_or(scope.start);
    (from..scope.end).any(|at| {
        function_at(piece, at).is_some()
            || variable_at(piece, at, variables).is_some()
            || piece.is_twice(at, ':') && piece.is_word(at + 2, "regclass")
            || piece.is_word(at, "to_regclass")
            || piece.is_word(at, "pg_table_is_visible")
    }) || reads_path(piece, scope)
}

/// Whether it is the setting `search_path` that a catalog is asked for.
fn reads_path(piece: Piece<'_>, mut scope: Range<usize>) -> bool {
    scope.any(|at| {
        let text = piece.text(at);
        text.is_some_and(|text| text.eq_ignore_ascii_case("search_path"))
    })
}

/// The query that a place is in.
fn scope(piece: Piece<'_>, at: usize) -> Range<usize> {
    let mut opens = std::iter::successors(piece.open_at(at), |open| piece.open_at(*open));
    let open = opens.find(|open| is_query(piece, *open));
    let close = open.and_then(|open| piece.closing(open));
    open.map_or(0, |open| open + 1)..close.unwrap_or(piece.0.len())
}

fn is_query(piece: Piece<'_>, open: usize) -> bool {
    piece.is_word(open + 1, "select") || piece.is_word(open + 1, "with")
}

/// The place of the column of the name at `at` with what tests it, other than by the name.
pub(super) fn test_at(piece: Piece<'_>, at: usize, variables: &Variables) -> Option<Range<usize>> {
    let is_column = piece.is_name_column(at) && piece.asks_catalogs();
    if !is_column || !is_of_tenant(piece, at, variables) {
        return None;
    }
    let operand = operand(piece, at);
    let is_case = piece.word_before(operand.start, "case");
    let is_asked = ["starts_with", "regexp_like", "textlike"]
        .iter()
        .any(|word| piece.is_word(operand.start, word));
    let is_tested = is_case
        || is_asked && !piece.word_before(operand.start, "or")
        || is_tested_behind(piece, &operand, variables)
        || is_tested_before(piece, operand.start);
    is_tested.then_some(at..at + 1)
}

/// The column at a place, with its qualifier, its casts and the functions that are called
/// with it.
fn operand(piece: Piece<'_>, at: usize) -> Range<usize> {
    let (mut start, mut end) = (at, at + 1);
    loop {
        while piece.symbol_before(start, '.') && start >= 2 {
            start -= 2;
        }
        while piece.is_twice(end, ':') {
            end += 3;
        }
        let Some(open) = piece.open_at(start) else {
            return start..end;
        };
        let name = open.checked_sub(1).and_then(|at| piece.name(at));
        let is_call = name.is_some_and(|name| !WORDS.contains(&name.as_str()));
        let is_alone = open + 1 == start && piece.is_symbol(end, ')');
        let Some(close) = piece.closing(open) else {
            return start..end;
        };
        if is_query(piece, open) || !is_call && !is_alone {
            return start..end;
        }
        (start, end) = (if is_call { open - 1 } else { open }, close + 1);
    }
}

fn is_operator(piece: Piece<'_>, at: usize) -> bool {
    ['=', '<', '>', '!', '~', '*', '^', '@']
        .iter()
        .any(|symbol| piece.is_symbol(at, *symbol))
}

/// Whether a constant is behind it to compare it with, which is no schema of the system's.
fn is_tested_behind(piece: Piece<'_>, operand: &Range<usize>, variables: &Variables) -> bool {
    let mut at = operand.end;
    at += usize::from(piece.is_word(at, "not"));
    let words = ["like", "ilike", "similar", "in", "between", "is"];
    if words.iter().any(|word| piece.is_word(at, word)) {
        at += 1;
    } else if is_operator(piece, at) {
        while is_operator(piece, at) {
            at += 1;
        }
    } else {
        return false;
    }
    let end = right_end(piece, at);
    let is_name =
        |at: usize| function_at(piece, at).is_some() || variable_at(piece, at, variables).is_some();
    // Either schema's objects are looked for.
    let is_other = piece.word_before(operand.start, "or") || piece.is_word(end, "or");
    let mut texts = (at..end).filter_map(|at| piece.text(at));
    !is_other && !(at..end).any(is_name) && texts.any(|text| !is_of_the_system(&text))
}

fn is_tested_before(piece: Piece<'_>, start: usize) -> bool {
    let mut at = start;
    while at
        .checked_sub(1)
        .is_some_and(|before| is_operator(piece, before))
    {
        at -= 1;
    }
    let text = at.checked_sub(1).and_then(|at| piece.text(at));
    let is_other = at >= 2 && piece.word_before(at - 1, "or");
    at < start && !is_other && text.is_some_and(|text| !is_of_the_system(&text))
}

/// Where what begins at `from` ends.
fn right_end(piece: Piece<'_>, from: usize) -> usize {
    let mut at = from;
    while at < piece.0.len() {
        if piece.is_symbol(at, '(') || piece.is_symbol(at, '[') {
            at = piece.closing(at).unwrap_or(piece.0.len());
        } else if [')', ','].iter().any(|end| piece.is_symbol(at, *end))
            || ENDS.iter().any(|word| piece.is_word(at, word))
        {
            break;
        }
        at += 1;
    }
    at
}

/// The fields with the name of a record that takes all columns of a catalog.
pub(super) fn fields(piece: Piece<'_>, variables: &Variables) -> Vec<String> {
    let all = |select: usize| {
        piece.is_symbol(select + 1, '*')
            || piece.is_symbol(select + 2, '.') && piece.is_symbol(select + 3, '*')
            || piece.is_word(select + 1, "into")
    };
    let Some(select) = piece.word_from(0, "select").filter(|at| all(*at)) else {
        return Vec::new();
    };
    let record = match piece.first().as_str() {
        "for" => piece.name(1),
        "select" | "with" => {
            let into = piece.word_from(select, "into");
            into.and_then(|into| {
                let at = into + 1 + usize::from(piece.is_word(into + 1, "strict"));
                let takes_all = into > select + 1 || piece.is_symbol(at + 1, '*');
                piece.name(at).filter(|_| takes_all)
            })
        }
        _ => None,
    };
    match record {
        Some(record) if piece.asks_catalogs() && is_of_tenant(piece, select, variables) => COLUMNS
            .iter()
            .map(|column| format!("{record}.{column}"))
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether the column at a place is what a query in parentheses gives.
pub(super) fn is_answer(piece: Piece<'_>, at: usize, variables: &Variables) -> bool {
    let mut start = at;
    while piece.symbol_before(start, '.') && start >= 2 {
        start -= 2;
    }
    let open = start.checked_sub(2).filter(|open| {
        let before = ["exists", "in", "any", "all", "some", "array"];
        let is_list = before.iter().any(|word| piece.word_before(*open, word));
        piece.is_symbol(*open, '(') && piece.word_before(start, "select") && !is_list
    });
    open.is_some()
        && piece.is_word(at + 1, "from")
        && piece.is_name_column(at)
        && piece.asks_catalogs()
        && is_of_tenant(piece, at, variables)
}
