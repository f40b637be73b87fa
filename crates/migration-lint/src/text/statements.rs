//! Splits SQL text into statements, as psql does.
//!
//! The parser's own statements are of no use here: after an error it goes on
//! in the middle of one, and an ignore would then be bound to half of it.

use std::ops::Range;

use squawk_lexer::TokenKind;

use super::token::{Token, is_trivia, tokens};

/// The byte ranges of the statements in `text`, in order: each from its first
/// token to its semicolon, or to its last token where that is missing.
pub(crate) fn statements(text: &str) -> Vec<Range<usize>> {
    let mut statements = Vec::new();
    let mut current = Statement::default();
    for token in tokens(text) {
        if is_trivia(token.kind) {
            continue;
        }
        let ends = token.kind == TokenKind::Semi && current.is_outermost();
        if ends && current.range.is_none() {
            continue;
        }
        current.add(&token, text);
        if ends {
            statements.extend(current.range.take());
            current = Statement::default();
        }
    }
    statements.extend(current.range);
    statements
}

/// The number of the statement at a byte. What stands between two statements
/// belongs to the one before, and what stands before all to the first.
pub(crate) fn number_at(statements: &[Range<usize>], offset: usize) -> Option<usize> {
    let begun = statements.partition_point(|range| range.start <= offset);
    (!statements.is_empty()).then(|| begun.saturating_sub(1))
}

/// What is known of the statement being read.
#[derive(Default)]
struct Statement {
    range: Option<Range<usize>>,
    parentheses: usize,
    /// How many `BEGIN ATOMIC` and `CASE` of a function's body are open.
    blocks: usize,
    after_begin: bool,
}

impl Statement {
    fn is_outermost(&self) -> bool {
        self.parentheses == 0 && self.blocks == 0
    }

    fn add(&mut self, token: &Token, text: &str) {
        let start = self
            .range
            .as_ref()
            .map_or(token.range.start, |range| range.start);
        self.range = Some(start..token.range.end);
        match token.kind {
            TokenKind::OpenParen => self.parentheses += 1,
            TokenKind::CloseParen => self.parentheses = self.parentheses.saturating_sub(1),
            TokenKind::Ident => return self.add_word(&token.text(text).to_ascii_lowercase()),
            _ => {}
        }
        self.after_begin = false;
    }

    fn add_word(&mut self, word: &str) {
        let after_begin = std::mem::replace(&mut self.after_begin, word == "begin");
        match word {
            "atomic" if after_begin => self.blocks += 1,
            "case" if self.blocks > 0 => self.blocks += 1,
            "end" => self.blocks = self.blocks.saturating_sub(1),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        let ranges = statements(text).into_iter();
        ranges.map(|range| &text[range]).collect()
    }

    #[test]
    fn a_statement_reaches_from_its_first_token_to_its_semicolon() {
        assert_eq!(
            split("-- a\nSELECT 1 ; ;; SELECT 2"),
            ["SELECT 1 ;", "SELECT 2"]
        );
        assert_eq!(split("-- a\n/* b; */ ;"), [""; 0]);
    }

    #[test]
    fn semicolons_inside_quotes_parentheses_and_bodies_end_nothing() {
        for text in [
            "SELECT ';' || $$;$$ || E'\\';' || \";\";",
            "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b);",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; \
             SELECT 2; END;",
        ] {
            assert_eq!(split(text), [text]);
        }
    }

    #[test]
    fn a_begin_that_opens_no_body_is_a_statement_of_its_own() {
        assert_eq!(
            split("BEGIN; SELECT 1; END;"),
            ["BEGIN;", "SELECT 1;", "END;"]
        );
    }
}
