//! The tokens beside those of another lexer, which made the first fingerprints.

use proptest::prelude::*;
use sql_text::tokens;

/// Each token of `text` that is more than space, as the other lexer has them.
fn others(text: &str) -> Vec<&str> {
    use squawk_lexer::TokenKind::{BlockComment, LineComment, Whitespace};
    let mut end = 0;
    let all = squawk_lexer::tokenize(text).map(|token| {
        let start = end;
        end += token.len as usize;
        (token.kind, &text[start..end])
    });
    all.filter(|(kind, _)| !matches!(kind, Whitespace | LineComment | BlockComment { .. }))
        .map(|(_, text)| text)
        .collect()
}

fn ours(text: &str) -> Vec<&str> {
    let telling = tokens(text).filter(|token| !token.is_trivia());
    telling.map(|token| token.text).collect()
}

proptest! {
    #[test]
    fn both_lexers_see_the_same_tokens(
        pieces in prop::collection::vec(
            "[a-zEeUuNnXxBb&'\"$\\-/*.0-9_;:<>=()\\\\ \t\r\n\u{e9}]{0,6}|'[a-z\\\\;]{0,3}'|E'[a-z;]{0,3}'|\\$t\\$[a-z;]{0,3}\\$t\\$",
            0..12,
        )
    ) {
        let text = pieces.concat();
        // Only ours knows that an `E'...'` goes on with its escapes in the next line.
        let continues = text.to_ascii_lowercase().contains("e'") && text.contains(['\n', '\r']);
        if continues {
            return Ok(());
        }
        prop_assert_eq!(ours(&text), others(&text), "{:?}", text);
    }
}
