//! Names in a statement, in a form that PostgreSQL reads itself.
//!
//! PostgreSQL folds letters and cuts names to 63 bytes by the rules of the database's
//! encoding. So a name is handed to it as it is written, and compared there.

use std::iter::{Filter, Peekable};

use sql_text::{Token, TokenKind, Tokens, ident, stored, tokens};

/// The tokens without white space and comments.
type Telling<'a> = Filter<Tokens<'a>, fn(&Token<'a>) -> bool>;

/// The words and names of a statement, from the left.
pub(super) struct Names<'a> {
    tokens: Peekable<Telling<'a>>,
    /// Where the last token that was taken ends, in bytes.
    end: usize,
}

impl<'a> Names<'a> {
    pub(super) fn of(statement: &'a str) -> Self {
        let telling: fn(&Token<'a>) -> bool = |token| !token.is_trivia();
        Self {
            tokens: tokens(statement).filter(telling).peekable(),
            end: 0,
        }
    }

    /// The rest behind `words`; `None` where something else stands there.
    pub(super) fn after(mut self, words: &[&str]) -> Option<Self> {
        words.iter().all(|word| self.skip(word)).then_some(self)
    }

    /// Skips `word` where it comes next.
    pub(super) fn skip(&mut self, word: &str) -> bool {
        self.take(|token| token.is_word(word)).is_some()
    }

    /// Skips those of `words` that come next, in their order.
    pub(super) fn skip_all(&mut self, words: &[&str]) {
        for word in words {
            self.skip(word);
        }
    }

    pub(super) fn skip_symbol(&mut self, symbol: char) -> bool {
        let is_it = |token: &Token<'_>| token.kind == TokenKind::Symbol(symbol);
        self.take(is_it).is_some()
    }

    /// Whether `word` comes next.
    pub(super) fn is_at(&mut self, word: &str) -> bool {
        self.tokens.peek().is_some_and(|token| token.is_word(word))
    }

    /// Where the next token begins.
    pub(super) fn start(&mut self) -> Option<usize> {
        self.tokens.peek().map(|token| token.start)
    }

    /// Where the last one ended.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// The name that comes next, with its schema if that is named.
    pub(super) fn name(&mut self) -> Option<String> {
        self.parts().map(|parts| parts.join("."))
    }

    /// The same in its parts.
    pub(super) fn parts(&mut self) -> Option<Vec<String>> {
        let mut parts = vec![self.part()?];
        while self.skip_symbol('.') {
            parts.push(self.part()?);
        }
        Some(parts)
    }

    fn part(&mut self) -> Option<String> {
        let token = self.take(Token::is_name)?;
        let has_escapes = token.kind == TokenKind::QuotedName && !token.text.starts_with('"');
        if has_escapes {
            return stored(&token).map(|name| ident(&name));
        }
        Some(token.text.to_owned())
    }

    fn take(&mut self, is_it: impl Fn(&Token<'a>) -> bool) -> Option<Token<'a>> {
        let token = self.tokens.next_if(|token| is_it(token))?;
        self.end = token.range().end;
        Some(token)
    }
}
