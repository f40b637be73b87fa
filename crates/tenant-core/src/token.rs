//! The tokens of SQL text, each with where it stands.

use std::ops::Range;

use squawk_lexer::{TokenKind, tokenize};

/// A token and where it stands.
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) range: Range<usize>,
}

/// The tokens of `text`; joined, they are the text.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = Token> + '_ {
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

/// The bare words of `text`, in lower case, each with where it stands.
pub(crate) fn words(text: &str) -> impl Iterator<Item = (String, Range<usize>)> + '_ {
    let words = tokens(text).filter(|token| token.kind == TokenKind::Ident);
    words.map(|token| {
        let word = text.get(token.range.clone()).unwrap_or_default();
        (word.to_ascii_lowercase(), token.range)
    })
}

/// Whether it means nothing to the server.
pub(crate) fn is_trivia(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Whitespace
            | TokenKind::LineComment
            | TokenKind::BlockComment { .. }
            | TokenKind::Eof
    )
}
