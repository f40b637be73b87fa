//! The tokens of SQL text, each with where it stands.

use std::ops::Range;

use squawk_lexer::{TokenKind, tokenize};

/// A token and where it stands.
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) range: Range<usize>,
}

impl Token {
    /// Its characters in the text it was read from.
    pub(super) fn text<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.range.clone()).unwrap_or_default()
    }
}

/// The tokens of `text`; joined, they are the text.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = Token> + '_ {
    let mut end = 0;
    tokenize(text).map(move |token| {
        let start = end;
        end = start + usize::try_from(token.len).unwrap_or_default();
        Token {
            kind: token.kind,
            range: start..end,
        }
    })
}

/// Whether the server would skip it.
pub(super) fn is_trivia(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Whitespace
            | TokenKind::LineComment
            | TokenKind::BlockComment { .. }
            | TokenKind::Eof
    )
}
