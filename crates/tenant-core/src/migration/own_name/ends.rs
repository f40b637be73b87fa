//! Where operands begin and end, and what is set.

use super::operands::Piece;

/// The variable that a declaration or an assignment sets.
pub(super) fn target(piece: Piece<'_>) -> String {
    let name = piece.name(0).unwrap_or_default();
    match piece.name(2).filter(|_| piece.is_symbol(1, '.')) {
        Some(field) => format!("{name}.{field}"),
        None => name,
    }
}

/// The names of a list.
pub(super) fn variables_at(piece: Piece<'_>, at: usize) -> Vec<String> {
    let mut at = if piece.is_word(at, "strict") {
        at + 1
    } else {
        at
    };
    let mut names = Vec::new();
    while let Some(name) = piece.name(at) {
        names.push(name);
        if !piece.is_symbol(at + 1, ',') {
            break;
        }
        at += 2;
    }
    names
}

/// Where the operand begins that ends before `end`.
pub(super) fn operand_start(piece: Piece<'_>, end: usize) -> Option<usize> {
    let mut at = end.checked_sub(1)?;
    if piece.is_symbol(at, ')') || piece.is_symbol(at, ']') {
        at = piece.open_at(at)?;
        let before = at.checked_sub(1);
        if let Some(before) = before.filter(|at| piece.get(*at).is_some_and(|it| it.is_name())) {
            at = before;
        }
    }
    while at >= 2 && (piece.symbol_before(at, '.') || piece.twice_before(at, ':')) {
        let width = if piece.symbol_before(at, '.') { 1 } else { 2 };
        at = operand_start(piece, at - width)?;
    }
    Some(at)
}

/// Where the operand ends that begins at `start`.
pub(super) fn operand_end(piece: Piece<'_>, start: usize) -> Option<usize> {
    piece.get(start)?;
    let mut at = if piece.is_symbol(start, '(') {
        piece.closing(start)? + 1
    } else {
        start + 1
    };
    loop {
        if piece.is_symbol(at, '(') || piece.is_symbol(at, '[') {
            at = piece.closing(at)? + 1;
        } else if piece.is_symbol(at, '.') {
            at += 2;
        } else if piece.is_twice(at, ':') {
            at += 3;
        } else {
            return Some(at);
        }
    }
}
