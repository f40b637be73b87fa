//! The tokens of SQL text, each with where it begins.

use std::ops::Range;

use crate::scan;

/// A token of SQL text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its characters, as they are written.
    pub text: &'a str,
    /// Where it begins, in bytes.
    pub start: usize,
    /// False if the text ends inside it, such as in an open string or comment.
    pub is_closed: bool,
}

impl Token<'_> {
    /// Where it is, in bytes.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// Whether the server skips it: whitespace or a comment.
    #[must_use]
    pub fn is_trivia(&self) -> bool {
        matches!(
            self.kind,
            TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment
        )
    }

    /// Whether it may be a name: a bare word, or one in double quotes.
    #[must_use]
    pub fn is_name(&self) -> bool {
        matches!(self.kind, TokenKind::Word | TokenKind::QuotedName)
    }

    /// Whether it is this word, without quotes and in any letter case.
    #[must_use]
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }
}

/// The kinds of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenKind {
    /// White space, or the byte order mark at the start of a text.
    Whitespace,
    /// `-- to the end of the line`
    LineComment,
    /// `/* with /* others */ inside */`
    BlockComment,
    /// A keyword or a name without quotes.
    Word,
    /// `"a name"`, or `U&"a name"`.
    QuotedName,
    /// A string constant.
    Text(Text),
    /// A number, with the letters that follow it at once.
    Number,
    /// `$1`, with the letters that follow it at once.
    Parameter,
    /// `..`
    DotDot,
    /// Any other character. An operator of several characters is several tokens.
    Symbol(char),
}

/// The forms of string constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Text {
    /// `'...'`
    Plain,
    /// `E'...'`, where a backslash escapes.
    Escaped,
    /// `U&'...'`
    Unicode,
    /// `N'...'`
    National,
    /// `B'...'` or `X'...'`
    Bits,
    /// `$$...$$` or `$tag$...$tag$`
    Dollar,
}

/// The tokens of `text`; joined, they are the text.
pub fn tokens(text: &str) -> Tokens<'_> {
    Tokens {
        text,
        at: 0,
        may_continue: false,
    }
}

/// The tokens of a text: see [`tokens`].
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// Whether a string constant that comes next, behind a line break, is the rest of
    /// an `E'...'`, and has escapes too.
    may_continue: bool,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let (before, rest) = self.text.split_at_checked(self.at)?;
        let first = rest.chars().next()?;
        let continues = self.may_continue && first == '\'' && ends_in_break(before);
        let found = if continues {
            scan::escaped(rest, 1)
        } else {
            scan::token(rest, first, self.at == 0)
        };
        let (text, _) = rest.split_at_checked(found.length)?;
        let token = Token {
            kind: found.kind,
            text,
            start: self.at,
            is_closed: found.is_closed,
        };
        self.at += found.length;
        if !token.is_trivia() {
            self.may_continue = token.kind == TokenKind::Text(Text::Escaped);
        }
        Some(token)
    }
}

/// Whether a line break is in the white space and the comments at the end of `before`,
/// which is what continues a string constant.
///
/// Source: PostgreSQL, `quotecontinue` of its scanner.
fn ends_in_break(before: &str) -> bool {
    let behind = before.rsplit('\'').next().unwrap_or_default();
    behind.contains(['\n', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        let telling = tokens(text).filter(|token| !token.is_trivia());
        telling.map(|token| token.text).collect()
    }

    #[test]
    fn tokens_end_where_postgresql_ends_them() {
        for (text, expected) in [
            (
                "a.b=$1+1.5e-3",
                vec!["a", ".", "b", "=", "$1", "+", "1.5e-3"],
            ),
            ("my$tab$le $tab$;$tab$", vec!["my$tab$le", "$tab$;$tab$"]),
            ("$1$$ $ $x y", vec!["$1", "$$ $ $x y"]),
            (
                "$a1_\u{e9}$ $a$ $a1_\u{e9}$ b",
                vec!["$a1_\u{e9}$ $a$ $a1_\u{e9}$", "b"],
            ),
            (
                "1..10 0x1F 1_000 .5",
                vec!["1", "..", "10", "0x1F", "1_000", ".5"],
            ),
            (
                "tablee'x' E'\\'' u&'\\' U&\"a\"",
                vec!["tablee", "'x'", "E'\\''", "u&'\\'", "U&\"a\""],
            ),
            ("a<-->b\n@/*;*/c", vec!["a", "<", "@", "c"]),
            (
                "'C:\\' 'it''s' n'a' X'1F'",
                vec!["'C:\\'", "'it''s'", "n'a'", "X'1F'"],
            ),
        ] {
            assert_eq!(texts(text), expected, "{text}");
        }
    }

    #[test]
    fn a_string_that_goes_on_in_the_next_line_keeps_its_escapes() {
        let text = "E'a' -- it's\n 'b\\'c' 'd\\'";
        assert_eq!(texts(text), ["E'a'", "'b\\'c'", "'d\\'"]);
        assert_eq!(texts("'a'\n'b\\'"), ["'a'", "'b\\'"]);
    }

    #[test]
    fn a_byte_order_mark_is_white_space_at_the_start_only() {
        assert_eq!(texts("\u{feff}a"), ["a"]);
        assert_eq!(texts("a \u{feff}b"), ["a", "\u{feff}b"]);
    }
}
