//! What the statements of migrations are, as far as their first words tell, and their parts.

use sql_text::Token;

use super::operands::Piece;
use super::reads::{Variables, reads};

/// What a statement is.
#[derive(PartialEq, Eq)]
pub(super) enum Kind {
    Function,
    Trigger,
    /// It creates a table or a materialized view of a query, which begins here.
    Query(usize),
    /// It creates or changes this table.
    Table(String),
    Block,
    /// It defines something, and runs nothing.
    Definition,
    Run,
}

pub(super) fn kind(piece: Piece<'_>) -> Kind {
    let word = |at: usize| piece.name(at).unwrap_or_default();
    match piece.first().as_str() {
        "do" => Kind::Block,
        "alter" if word(1) == "table" => {
            let at = (2..).find(|at| !matches!(word(*at).as_str(), "if" | "exists" | "only"));
            at.and_then(|at| last_name(piece, at))
                .map_or(Kind::Definition, Kind::Table)
        }
        "create" => created(piece),
        "alter" | "comment" | "grant" | "revoke" | "drop" | "set" | "show" | "reset" | "lock"
        | "analyze" | "vacuum" | "refresh" => Kind::Definition,
        _ => Kind::Run,
    }
}

fn created(piece: Piece<'_>) -> Kind {
    let before = [
        "or",
        "replace",
        "temp",
        "temporary",
        "local",
        "global",
        "unlogged",
        "constraint",
    ];
    let is_before = |at: &usize| before.contains(&piece.name(*at).unwrap_or_default().as_str());
    let Some(at) = (1..piece.0.len()).find(|at| !is_before(at)) else {
        return Kind::Definition;
    };
    match piece.name(at).unwrap_or_default().as_str() {
        "function" | "procedure" => Kind::Function,
        "trigger" => Kind::Trigger,
        "materialized" => piece
            .word_from(at, "as")
            .map_or(Kind::Definition, |it| Kind::Query(it + 1)),
        "table" => {
            if let Some(query) = piece.word_from(at, "as") {
                return Kind::Query(query + 1);
            }
            let words = ["if", "not", "exists"];
            let is_word = |at: &usize| words.iter().any(|word| piece.is_word(*at, word));
            let name = (at + 1..piece.0.len()).find(|at| !is_word(at));
            name.and_then(|at| last_name(piece, at))
                .map_or(Kind::Definition, Kind::Table)
        }
        _ => Kind::Definition,
    }
}

/// The table and the function of a trigger.
pub(super) fn trigger(piece: Piece<'_>) -> Option<(String, String)> {
    let table = last_name(piece, piece.word_from(0, "on")? + 1)?;
    let execute = piece.word_from(0, "execute")?;
    Some((table, last_name(piece, execute + 2)?))
}

/// The last part of a name that begins here.
pub(super) fn last_name(piece: Piece<'_>, at: usize) -> Option<String> {
    let mut at = at;
    while piece.is_symbol(at + 1, '.') {
        at += 2;
    }
    piece.name(at)
}

/// Whether a place is in a `CHECK`, which leaves nothing.
pub(super) fn in_check(piece: Piece<'_>, at: usize) -> bool {
    let mut at = at;
    while let Some(open) = piece.open_at(at) {
        if piece.word_before(open, "check") {
            return true;
        }
        at = open;
    }
    false
}

/// The parameters of a function, each with whether it is the schema's name by default.
pub(super) fn arguments(piece: Piece<'_>, open: usize, close: usize) -> Vec<(String, bool)> {
    let mut from = open + 1;
    let commas = piece.symbols((from, close), ',');
    let ends = commas.into_iter().chain([close]);
    let arguments = ends.map(|end| {
        let part = Piece(piece.0.get(from..end).unwrap_or_default());
        let modes = ["in", "out", "inout", "variadic"];
        let skipped = modes.iter().any(|mode| part.is_word(0, mode));
        from = end + 1;
        let name = part.name(usize::from(skipped)).unwrap_or_default();
        (name, !reads(part, &Variables::new()).is_empty())
    });
    arguments.collect()
}

/// The statements of a block, and the conditions of its branches.
pub(super) fn segments<'a, 't>(tokens: &'a [Token<'t>]) -> Vec<&'a [Token<'t>]> {
    let mut segments = Vec::new();
    let (mut from, mut depth) = (0, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        let segment = tokens.get(from..at).unwrap_or_default();
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_first = segment.is_empty();
        let in_case = segment.iter().skip(1).any(|it| it.is_word("case"));
        let branches = ["then", "else", "loop"]
            .iter()
            .any(|word| token.is_word(word));
        let opens = ["begin", "declare", "else", "loop"];
        let opens = is_first && opens.iter().any(|word| token.is_word(word));
        let ends = token.text == ";" || depth == 0 && branches && !in_case;
        if ends || opens {
            segments.push(segment);
            from = at + 1;
        }
    }
    segments.push(tokens.get(from..).unwrap_or_default());
    segments.retain(|segment| !segment.is_empty());
    segments
}
