//! [`Telling`]: the tokens of a text that mean something, by their place.

use crate::name::stored;
use crate::token::{Text, Token, TokenKind, tokens};

/// The tokens of a text without whitespace and comments. A place after the end has no token, so
/// callers need not check for the end.
#[derive(Debug, Clone)]
pub struct Telling<'a> {
    tokens: Vec<Token<'a>>,
}

impl<'a> Telling<'a> {
    /// Those of `text`.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        let telling = tokens(text).filter(|token| !token.is_trivia());
        Self {
            tokens: telling.collect(),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The token at that place.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<Token<'a>> {
        self.tokens.get(place).copied()
    }

    /// The bare word there, in lower case.
    #[must_use]
    pub fn word(&self, place: usize) -> Option<String> {
        let token = self.get(place)?;
        (token.kind == TokenKind::Word).then(|| token.text.to_ascii_lowercase())
    }

    /// The name there, as PostgreSQL stores it.
    #[must_use]
    pub fn name(&self, place: usize) -> Option<String> {
        stored(&self.get(place)?)
    }

    /// What the string constant there stands for, unless it has escapes.
    #[must_use]
    pub fn string(&self, place: usize) -> Option<String> {
        let token = self.get(place)?;
        match token.kind {
            TokenKind::Text(Text::Plain) => {
                let inner = token.text.strip_prefix('\'')?.strip_suffix('\'')?;
                Some(inner.replace("''", "'"))
            }
            TokenKind::Text(Text::Dollar) => Some(inside(token.text)?.to_owned()),
            _ => None,
        }
    }

    /// Whether that word is there.
    #[must_use]
    pub fn is_word(&self, place: usize, word: &str) -> bool {
        self.get(place).is_some_and(|token| token.is_word(word))
    }

    /// Whether these words are there, one after the other.
    #[must_use]
    pub fn are_words(&self, place: usize, words: &[&str]) -> bool {
        let mut words = words.iter().enumerate();
        words.all(|(by, word)| self.is_word(place + by, word))
    }

    /// Whether that word is `by` places before.
    #[must_use]
    pub fn is_word_before(&self, place: usize, by: usize, word: &str) -> bool {
        place
            .checked_sub(by)
            .is_some_and(|place| self.is_word(place, word))
    }

    /// Whether that character is there.
    #[must_use]
    pub fn is_symbol(&self, place: usize, symbol: char) -> bool {
        let token = self.get(place);
        token.is_some_and(|token| token.kind == TokenKind::Symbol(symbol))
    }

    /// Whether that character is `by` places before.
    #[must_use]
    pub fn is_symbol_before(&self, place: usize, by: usize, symbol: char) -> bool {
        place
            .checked_sub(by)
            .is_some_and(|place| self.is_symbol(place, symbol))
    }

    /// The place of the parenthesis that closes the one at `place`.
    #[must_use]
    pub fn closing(&self, place: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for at in place..self.len() {
            if self.is_symbol(at, '(') {
                depth += 1;
            } else if self.is_symbol(at, ')') {
                depth = depth.saturating_sub(1);
            }
            if depth == 0 {
                return (at > place).then_some(at);
            }
        }
        None
    }

    /// The place behind a name at `place`, and its last part: `a.b` is `b`.
    #[must_use]
    pub fn last_part(&self, place: usize) -> Option<(String, usize)> {
        let mut at = place;
        while self.is_symbol(at + 1, '.') && self.name(at + 2).is_some() {
            at += 2;
        }
        Some((self.name(at)?, at + 1))
    }
}

/// What stands between `$tag$` and `$tag$`.
fn inside(text: &str) -> Option<&str> {
    let (tag, rest) = text.strip_prefix('$')?.split_once('$')?;
    rest.strip_suffix(&format!("${tag}$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_asked_for_by_their_place_and_beyond_the_end() {
        let text = Telling::of("CREATE /* a */ TABLE a.\"B c\" (x int, (y)) -- end");
        assert!(text.are_words(0, &["create", "table"]));
        assert!(!text.are_words(1, &["table", "b c"]));
        assert_eq!(text.last_part(2), Some(("B c".to_owned(), 5)));
        assert_eq!(text.closing(5), Some(text.len() - 1));
        assert_eq!(text.closing(0), None);
        assert!(text.is_symbol_before(6, 1, '(') && !text.is_word_before(0, 1, "x"));
        assert_eq!(text.word(99), None);
    }

    #[test]
    fn a_string_is_read_without_its_quotes() {
        let text = Telling::of("'it''s' $t$a $$ b$t$ E'x' name");
        let strings = (0..4).map(|place| text.string(place));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            strings.collect::<Vec<_>>(),
            [some("it's"), some("a $$ b"), None, None]
        );
    }
}
