//! How deeply a text nests, before a parser that calls itself reads it.
//!
//! The parser takes stack for each level, and running out of stack ends the
//! whole process. So the depth is bounded from above by counting tokens, which
//! is quick and errs on the safe side.

use sql_text::{Text, Token, TokenKind, tokens};

/// The deepest nesting that is read, in tokens that may each open a level.
/// PostgreSQL itself gives up at a similar depth.
const DEEPEST: usize = 10_000;

/// The longest text that is read, in bytes.
const LONGEST: usize = 16 * 1024 * 1024;

/// Whether `text` is too long or too deeply nested to be parsed.
pub(crate) fn is_too_complex(text: &str) -> bool {
    text.len() > LONGEST || depth(text, Kind::File) > DEEPEST
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Statements, each of which begins anew after its semicolon.
    File,
    /// What stands in a quote, which may be a function's body. There a
    /// semicolon ends no block.
    Body,
}

/// An upper bound of how many levels `text` has.
fn depth(text: &str, kind: Kind) -> usize {
    let mut count = Count::default();
    for token in tokens(text).filter(|token| !token.is_trivia()) {
        count.add(&token, kind);
    }
    count.deepest
}

#[derive(Default)]
struct Count {
    /// Of each open bracket: the tokens since it, or since the last comma.
    outer: Vec<usize>,
    outer_sum: usize,
    /// The same outside the innermost bracket that is open.
    current: usize,
    /// Words that open a level no comma and, in a body, no semicolon closes.
    blocks: usize,
    deepest: usize,
}

impl Count {
    fn add(&mut self, token: &Token<'_>, kind: Kind) {
        self.current += 1;
        match token.kind {
            TokenKind::Symbol('(' | '[') => {
                self.outer.push(self.current);
                self.outer_sum += self.current;
                self.current = 0;
            }
            TokenKind::Symbol(')' | ']') => self.close(),
            TokenKind::Symbol(',') => self.current = 0,
            TokenKind::Symbol(';') => {
                self.current = 0;
                if kind == Kind::File && self.outer.is_empty() {
                    self.blocks = 0;
                }
            }
            TokenKind::Word if opens_block(token.text) => self.blocks += 1,
            TokenKind::Text(how) if kind == Kind::File => {
                let inside = depth_inside(how, token.text);
                self.deepest = self.deepest.max(inside);
            }
            _ => {}
        }
        let depth = self.outer_sum + self.current + self.blocks;
        self.deepest = self.deepest.max(depth);
    }

    fn close(&mut self) {
        if let Some(outer) = self.outer.pop() {
            self.outer_sum -= outer;
            self.current += outer;
        }
    }
}

fn opens_block(word: &str) -> bool {
    const WORDS: [&str; 8] = [
        "begin",
        "case",
        "except",
        "if",
        "intersect",
        "loop",
        "union",
        "when",
    ];
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// The depth of what a quote holds, should it be a function's body.
fn depth_inside(how: Text, literal: &str) -> usize {
    match how {
        Text::Escaped | Text::Unicode => {
            // Each escape may stand for a character that opens a level.
            let escapes = literal.matches('\\').count();
            escapes
                + depth(
                    literal.trim_start_matches(['e', 'E', 'u', 'U', '&', '\'']),
                    Kind::Body,
                )
        }
        Text::Dollar => {
            let inside = literal.get(1..).and_then(|rest| rest.split_once('$'));
            depth(inside.map_or("", |(_, inside)| inside), Kind::Body)
        }
        _ => depth(literal.trim_start_matches(['n', 'N', '\'']), Kind::Body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_files_are_far_from_the_limit() {
        let rows = "(1, 'a', ARRAY[1, 2]),\n".repeat(50_000);
        assert!(!is_too_complex(&format!(
            "INSERT INTO t VALUES {rows} (2);"
        )));
        assert!(!is_too_complex(&"CREATE TABLE t (a int);\n".repeat(50_000)));
        let function = "IF a THEN b := (1 + 2); END IF;\n".repeat(500);
        assert!(!is_too_complex(&format!("DO $$BEGIN {function} END$$;")));
    }

    #[test]
    fn deep_nesting_is_noticed_in_whatever_it_is_hidden() {
        for text in [
            format!("SELECT {}1", "(".repeat(20_000)),
            format!("SELECT {}1", "NOT ".repeat(20_000)),
            format!("SELECT {}1", "CASE WHEN ".repeat(20_000)),
            format!("SELECT 1{}", " UNION SELECT 1, 2".repeat(20_000)),
            format!("DO $x$BEGIN {} END$x$", "IF a THEN b; ".repeat(20_000)),
            format!("DO 'BEGIN {} END'", "IF a THEN b; ".repeat(20_000)),
            format!("DO E'{}'", r"\x28".repeat(20_000)),
        ] {
            assert!(is_too_complex(&text), "{}", &text[..40]);
        }
    }
}
