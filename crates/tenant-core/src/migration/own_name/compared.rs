//! Whether a comparison finds objects, or does something else under another name.

use super::NamePurpose;
use super::flow::{Around, Goes, Step, Value};
use super::reads::function_at;

/// Schemas that are no tenant's: the answer to whether it is one of these is the same in every
/// tenant.
const SHARED: [&str; 3] = ["public", "pg_catalog", "information_schema"];

/// Whether a text is the name of a schema that is no tenant's, or begins as those of PostgreSQL.
pub(super) fn is_of_the_system(text: &str) -> bool {
    let is_reserved =
        text.starts_with("pg_") || text.starts_with("pg\\_") || text.starts_with("^pg_");
    is_reserved || SHARED.contains(&text)
}

/// The first words of statements that are no variables.
pub(super) const STATEMENTS: [&str; 23] = [
    "select", "with", "insert", "update", "delete", "merge", "values", "call", "perform",
    "execute", "if", "elsif", "elseif", "while", "for", "foreach", "return", "raise", "case",
    "when", "assert", "exit", "create",
];

impl Around<'_> {
    pub(super) fn compared(&self, value: Value) -> Option<Step> {
        let piece = self.piece;
        let end = |is_lookup: bool| {
            let goes = if is_lookup {
                Goes::Nowhere
            } else {
                Goes::Used(NamePurpose::Condition)
            };
            Some(Step::End(goes))
        };
        let is_operator = |at: usize| {
            ['=', '<', '>', '!']
                .iter()
                .any(|symbol| piece.is_symbol(at, *symbol))
        };
        let mut before = value.start;
        while before.checked_sub(1).is_some_and(is_operator) {
            before -= 1;
        }
        let is_assigned = piece.symbol_before(before, ':') || self.is_variable_set(before);
        if before < value.start && !is_assigned {
            return end(self.finds(piece.column_before(before)) || self.is_shared(before - 1));
        }
        if piece.word_before(value.start, "from")
            && value
                .start
                .checked_sub(2)
                .is_some_and(|at| piece.is_word(at, "distinct"))
        {
            let is = (0..value.start).rev().find(|at| piece.is_word(*at, "is"))?;
            return end(self.finds(piece.column_before(is)));
        }
        let mut after = value.end;
        while is_operator(after) {
            after += 1;
        }
        if after > value.end {
            let is_name = function_at(piece, after).is_some();
            return end(is_name || self.finds(piece.column_at(after)) || self.is_shared(after));
        }
        if piece.is_word(after, "is") {
            let at = if piece.is_word(after + 1, "not") {
                after + 2
            } else {
                after + 1
            };
            if piece.is_word(at, "null") {
                return end(true);
            }
            return end(self.finds(piece.column_at(at + 2)) || self.is_shared(at + 2));
        }
        let at = if piece.is_word(after, "not") {
            after + 1
        } else {
            after
        };
        if piece.is_word(at, "in") && piece.is_symbol(at + 1, '(') {
            let close = piece.closing(at + 1)?;
            let mut values = (at + 2..close).filter(|at| !piece.is_symbol(*at, ','));
            return end(values.all(|at| self.is_shared(at)));
        }
        None
    }

    pub(super) fn finds(&self, is_column: bool) -> bool {
        is_column && self.piece.asks_catalogs()
    }

    fn is_shared(&self, at: usize) -> bool {
        let text = self.piece.text(at);
        text.is_some_and(|text| SHARED.contains(&text.as_str()))
    }

    /// Whether a variable is set by a single `=` at this place.
    pub(super) fn is_variable_set(&self, at: usize) -> bool {
        at == 1 && !STATEMENTS.contains(&self.piece.first().as_str())
    }
}
