//! Tokens of a piece of SQL, and what stands around a place in it.

use sql_text::{Text, Token, TokenKind, stored, tokens};

use crate::migration::mentions::content;

/// The columns of catalogs in which names of schemas are.
pub(super) const COLUMNS: [&str; 17] = [
    "nspname",
    "schemaname",
    "table_schema",
    "constraint_schema",
    "schema_name",
    "trigger_schema",
    "event_object_schema",
    "routine_schema",
    "specific_schema",
    "sequence_schema",
    "udt_schema",
    "object_schema",
    "domain_schema",
    "view_schema",
    "unique_constraint_schema",
    "foreign_table_schema",
    "parent_schema",
];

/// The columns in which schemas are, to be cast to their names.
const NAMESPACES: &str = "namespace";

/// The significant tokens of a text.
pub(super) fn significant(text: &str) -> Vec<Token<'_>> {
    tokens(text).filter(|token| !token.is_trivia()).collect()
}

/// A piece of SQL in tokens.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a>(pub(super) &'a [Token<'a>]);

impl<'a> Piece<'a> {
    pub(super) fn get(self, at: usize) -> Option<&'a Token<'a>> {
        self.0.get(at)
    }

    pub(super) fn is_word(self, at: usize, word: &str) -> bool {
        self.get(at).is_some_and(|token| token.is_word(word))
    }

    pub(super) fn is_symbol(self, at: usize, symbol: char) -> bool {
        self.get(at)
            .is_some_and(|token| token.kind == TokenKind::Symbol(symbol))
    }

    pub(super) fn symbol_before(self, at: usize, symbol: char) -> bool {
        at.checked_sub(1)
            .is_some_and(|at| self.is_symbol(at, symbol))
    }

    pub(super) fn word_before(self, at: usize, word: &str) -> bool {
        at.checked_sub(1).is_some_and(|at| self.is_word(at, word))
    }

    /// Whether two such symbols begin here: an operator such as `||` or `::`.
    pub(super) fn is_twice(self, at: usize, symbol: char) -> bool {
        self.is_symbol(at, symbol) && self.is_symbol(at + 1, symbol)
    }

    /// Whether two such symbols end before this place.
    pub(super) fn twice_before(self, at: usize, symbol: char) -> bool {
        at.checked_sub(2)
            .is_some_and(|at| self.is_twice(at, symbol))
    }

    /// The name at a place, as PostgreSQL stores it.
    pub(super) fn name(self, at: usize) -> Option<String> {
        stored(self.get(at)?)
    }

    /// The first word.
    pub(super) fn first(self) -> String {
        self.get(0).and_then(stored).unwrap_or_default()
    }

    /// What the string constant at a place holds.
    pub(super) fn text(self, at: usize) -> Option<String> {
        let token = self.get(at)?;
        match token.kind {
            TokenKind::Text(Text::Bits) => None,
            TokenKind::Text(how) => Some(content(token, how)),
            _ => None,
        }
    }

    /// The place of the parenthesis that closes the one at `open`.
    pub(super) fn closing(self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for at in open..self.0.len() {
            if self.is_symbol(at, '(') || self.is_symbol(at, '[') {
                depth += 1;
            } else if self.is_symbol(at, ')') || self.is_symbol(at, ']') {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        None
    }

    /// The place of the parenthesis that is open at `at`.
    pub(super) fn open_at(self, at: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for at in (0..at).rev() {
            if self.is_symbol(at, ')') || self.is_symbol(at, ']') {
                depth += 1;
            } else if self.is_symbol(at, '(') || self.is_symbol(at, '[') {
                match depth.checked_sub(1) {
                    Some(less) => depth = less,
                    None => return Some(at),
                }
            }
        }
        None
    }

    /// The places of a symbol between `from` and `to`, outside inner parentheses.
    pub(super) fn symbols(self, (from, to): (usize, usize), symbol: char) -> Vec<usize> {
        let mut depth = 0_usize;
        let mut found = Vec::new();
        for at in from..to {
            if self.is_symbol(at, '(') || self.is_symbol(at, '[') {
                depth += 1;
            } else if self.is_symbol(at, ')') || self.is_symbol(at, ']') {
                depth = depth.saturating_sub(1);
            } else if depth == 0 && self.is_symbol(at, symbol) {
                found.push(at);
            }
        }
        found
    }

    /// The place of a word outside parentheses, from `from` on.
    pub(super) fn word_from(self, from: usize, word: &str) -> Option<usize> {
        let mut depth = 0_usize;
        for at in from..self.0.len() {
            if self.is_symbol(at, '(') {
                depth += 1;
            } else if self.is_symbol(at, ')') {
                depth = depth.saturating_sub(1);
            } else if depth == 0 && self.is_word(at, word) {
                return Some(at);
            }
        }
        None
    }

    /// Whether a catalog of PostgreSQL stands in it.
    pub(super) fn asks_catalogs(self) -> bool {
        (0..self.0.len()).any(|at| {
            let name = self.name(at).unwrap_or_default();
            name == "information_schema" || name.starts_with("pg_") && name != "pg_catalog"
        })
    }

    /// Whether the column at a place is one of a catalog with a schema's name, or a schema.
    pub(super) fn is_column(self, at: usize) -> bool {
        let name = self.name(at).unwrap_or_default();
        COLUMNS.contains(&name.as_str()) || name.ends_with(NAMESPACES) && name != NAMESPACES
    }

    /// Whether a schema is cast to its name here: `relnamespace::regnamespace`.
    pub(super) fn is_cast_column(self, at: usize) -> bool {
        self.name(at)
            .is_some_and(|name| name.ends_with(NAMESPACES) && !name.starts_with("reg"))
            && self.is_twice(at + 1, ':')
            && self.is_word(at + 3, "regnamespace")
    }

    /// Whether a column of this name holds the name itself.
    pub(super) fn is_name_column(self, at: usize) -> bool {
        self.is_column(at) && !self.name(at).unwrap_or_default().ends_with(NAMESPACES)
    }

    /// Whether the operand that ends before `end` is such a column.
    pub(super) fn column_before(self, end: usize) -> bool {
        let mut end = end;
        while end >= 3 && self.twice_before(end - 1, ':') {
            end -= 3;
        }
        let Some(last) = end.checked_sub(1) else {
            return false;
        };
        if !self.is_symbol(last, ')') {
            return self.is_column(last);
        }
        let open = self.open_at(last);
        open.is_some_and(|open| (open..last).any(|at| self.is_column(at)))
    }

    /// Whether the operand that begins at `at` is such a column.
    pub(super) fn column_at(self, at: usize) -> bool {
        let ends = |at: &usize| {
            let is_end = ["and", "or", "then", "order", "group", "limit", "loop"];
            !is_end.iter().any(|word| self.is_word(*at, word)) && !self.is_symbol(*at, ',')
        };
        (at..(at + 5).min(self.0.len()))
            .take_while(ends)
            .any(|at| self.is_column(at))
    }
}
