//! Splits SQL text into statements.
//!
//! A semicolon ends a statement unless it stands in a string, a quoted name, a
//! comment, parentheses (`CREATE RULE ... DO (a; b)`), or the `BEGIN ATOMIC`
//! body of an SQL function. Strings and comments are the lexer's matter; the
//! other two follow the rule of psql, whose users' files these are.

use std::ops::Range;

use squawk_lexer::{LiteralKind, TokenKind};

use super::line_at;
use super::refusal::{Reason, Refusal};
use crate::token::{Token, is_trivia, tokens};

/// The byte ranges of the statements in `text`, in order: each from its first
/// token to its last, without the semicolon and without comments around it.
///
/// # Errors
///
/// A [`Refusal`] when a quote, a comment or a parenthesis stays open.
pub(super) fn split(text: &str) -> Result<Vec<Range<usize>>, Refusal> {
    let mut statements = Vec::new();
    let mut current = Statement::default();
    for token in tokens(text) {
        if let Some(open) = unterminated(token.kind) {
            return Err(Refusal {
                line: line_at(text, token.range.start),
                reason: Reason::Unterminated(open),
            });
        }
        if token.kind == TokenKind::Semi && current.is_outermost() {
            statements.extend(current.range.take());
            current = Statement::default();
        } else if !is_trivia(token.kind) {
            current.add(&token, text);
        }
    }
    if let Some(start) = current.open_parenthesis() {
        return Err(Refusal {
            line: line_at(text, start),
            reason: Reason::Unterminated("parenthesis"),
        });
    }
    statements.extend(current.range);
    Ok(statements)
}

/// What the token opens without closing it.
fn unterminated(kind: TokenKind) -> Option<&'static str> {
    use LiteralKind as Literal;
    match kind {
        TokenKind::BlockComment { terminated: false } => Some("comment"),
        TokenKind::QuotedIdent {
            terminated: false, ..
        } => Some("quoted name"),
        TokenKind::Literal { kind } => match kind {
            Literal::DollarQuotedString { terminated: false } => Some("dollar quote"),
            Literal::Str { terminated: false }
            | Literal::EscStr { terminated: false }
            | Literal::UnicodeEscStr { terminated: false }
            | Literal::NationalStr { terminated: false }
            | Literal::BitStr { terminated: false }
            | Literal::ByteStr { terminated: false } => Some("string"),
            _ => None,
        },
        _ => None,
    }
}

/// What is known of the statement being read.
#[derive(Default)]
struct Statement {
    range: Option<Range<usize>>,
    parentheses: Vec<usize>,
    /// The words at its start, as far as they say whether it makes a function.
    opening: Vec<String>,
    /// How many `BEGIN` and `CASE` of a function's body are open.
    blocks: usize,
}

impl Statement {
    fn is_outermost(&self) -> bool {
        self.parentheses.is_empty() && self.blocks == 0
    }

    fn open_parenthesis(&self) -> Option<usize> {
        self.parentheses.first().copied()
    }

    fn add(&mut self, token: &Token, text: &str) {
        let start = self
            .range
            .as_ref()
            .map_or(token.range.start, |range| range.start);
        self.range = Some(start..token.range.end);
        match token.kind {
            TokenKind::OpenParen => self.parentheses.push(token.range.start),
            TokenKind::CloseParen => drop(self.parentheses.pop()),
            TokenKind::Ident => {
                let word = text.get(token.range.clone()).unwrap_or_default();
                self.add_word(&word.to_ascii_lowercase());
            }
            _ => {}
        }
    }

    fn add_word(&mut self, word: &str) {
        if self.opening.len() < 4 {
            self.opening.push(word.to_owned());
        }
        if !self.makes_function() || !self.parentheses.is_empty() {
            return;
        }
        match word {
            "begin" => self.blocks += 1,
            "case" if self.blocks > 0 => self.blocks += 1,
            "end" => self.blocks = self.blocks.saturating_sub(1),
            _ => {}
        }
    }

    fn makes_function(&self) -> bool {
        let words = self.opening.iter().map(String::as_str).collect::<Vec<_>>();
        matches!(
            words.as_slice(),
            ["create", "function" | "procedure", ..]
                | ["create", "or", "replace", "function" | "procedure", ..]
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A statement, or a piece of one, that must not be taken apart.
    fn piece() -> impl Strategy<Value = String> {
        let quoted = "[a-z;$\u{e9}\u{4e16} ]{0,6}";
        prop_oneof![
            "[a-z]{1,5}( [a-z0-9,=]{1,5}){0,3}",
            quoted.prop_map(|text| format!("SELECT '{text}''{text}'")),
            quoted.prop_map(|text| format!("SELECT \"x{text}\"")),
            "[a-z; '\"]{0,6}".prop_map(|text| format!("DO $body$ {text} $$ $body$")),
            "[a-z; '\"]{0,6}".prop_map(|text| format!("SELECT /* {text} /* ; */ */ 1")),
            "[a-z;'\"]{0,6}".prop_map(|text| format!("SELECT 1 -- {text}\n, 2")),
            "[a-z]{1,3}".prop_map(|text| format!("CREATE RULE r AS ON INSERT TO t DO ({text}; x)")),
        ]
        .prop_filter("not itself the start of a body", |text| {
            !text.starts_with("create")
        })
    }

    proptest! {
        #[test]
        fn statements_that_are_joined_are_found_again(pieces in prop::collection::vec(piece(), 0..6)) {
            let text = pieces.join(" ;\n-- between; them\n");
            prop_assert_eq!(statements(&text), pieces);
        }

        #[test]
        fn between_the_statements_of_any_text_is_nothing_that_means_anything(text in "\\PC*") {
            let Ok(ranges) = split(&text) else { return Ok(()) };
            let mut end = 0;
            let mut gaps = String::new();
            for range in ranges {
                prop_assert!(end <= range.start && range.start < range.end);
                gaps.push_str(&text[end..range.start]);
                gaps.push('\n');
                end = range.end;
            }
            gaps.push_str(&text[end..]);
            let telling = tokens(&gaps).filter(|it| !is_trivia(it.kind) && it.kind != TokenKind::Semi);
            prop_assert_eq!(telling.count(), 0, "{:?} of {:?}", gaps, text);
        }

        #[test]
        fn no_text_makes_it_panic(pieces in prop::collection::vec("['\"$();/*\\-\\\\a-e \n\0\u{fe}]{0,4}|BEGIN|END|CASE|CREATE FUNCTION", 0..12)) {
            let text = pieces.concat();
            if let Err(refusal) = split(&text) {
                prop_assert!((1..=1 + text.matches('\n').count()).contains(&refusal.line));
            }
        }
    }

    fn statements(text: &str) -> Vec<&str> {
        let ranges = split(text).unwrap();
        ranges.into_iter().map(|range| &text[range]).collect()
    }

    fn refused(text: &str) -> (usize, Reason) {
        let refusal = split(text).unwrap_err();
        (refusal.line, refusal.reason)
    }

    #[test]
    fn semicolons_separate_and_the_last_one_may_be_missing() {
        assert_eq!(statements("SELECT 1; SELECT 2"), ["SELECT 1", "SELECT 2"]);
        assert_eq!(statements(" ;; SELECT 1 ;; "), ["SELECT 1"]);
        assert_eq!(statements("-- nothing\n/* here; */"), [""; 0]);
    }

    #[test]
    fn semicolons_in_strings_names_and_comments_do_not_separate() {
        for text in [
            "SELECT 'a;b'",
            "SELECT 'it''s; fine'",
            r"SELECT E'it\'s; fine'",
            "SELECT \"a;\"\"b\"",
            "SELECT $$a;b$$",
            "SELECT $x$a;$$;$y$;b$x$",
            "SELECT 1 /* a; /* b; */ c; */ + 1",
            "SELECT 1 -- a; b\n + 1",
            "SELECT U&'d\\0061t;a'",
        ] {
            assert_eq!(statements(text), [text]);
        }
    }

    #[test]
    fn comments_around_a_statement_are_no_part_of_it() {
        assert_eq!(
            statements("-- one\nSELECT 1 -- two\n; -- three\nSELECT 2; -- four"),
            ["SELECT 1", "SELECT 2"]
        );
    }

    #[test]
    fn semicolons_in_a_rule_and_in_an_atomic_body_do_not_separate() {
        let rule = "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b)";
        let function = "CREATE OR REPLACE FUNCTION f(a int) RETURNS int BEGIN ATOMIC \
                        SELECT CASE WHEN a = 1 THEN 2 ELSE 3 END; SELECT 4; END";
        let both = format!("{rule};\n{function};\nSELECT 5");
        assert_eq!(statements(&both), [rule, function, "SELECT 5"]);
    }

    #[test]
    fn what_stays_open_is_refused_with_the_line_it_opens_at() {
        assert_eq!(
            refused("SELECT 1;\nSELECT 'a"),
            (2, Reason::Unterminated("string"))
        );
        assert_eq!(
            refused("\n\nSELECT $f$ a"),
            (3, Reason::Unterminated("dollar quote"))
        );
        assert_eq!(
            refused("/* a /* b */"),
            (1, Reason::Unterminated("comment"))
        );
        assert_eq!(
            refused("SELECT \"a"),
            (1, Reason::Unterminated("quoted name"))
        );
        assert_eq!(
            refused("CREATE TABLE t (\n  a int;"),
            (1, Reason::Unterminated("parenthesis"))
        );
    }
}
