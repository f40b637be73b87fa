//! Names as PostgreSQL stores them, and words as it compares them.

use std::ops::Range;

use crate::token::{Token, TokenKind, tokens};

/// The longest name that PostgreSQL stores, in bytes. Longer ones are cut, with a
/// notice.
///
/// Source: `NAMEDATALEN - 1`, which only a server compiled for it has different.
pub const MAX_NAME: usize = 63;

/// Returns the unquoted words of `text` in lower case, each with its range. Use it for keywords,
/// because nothing is cut.
pub fn words(text: &str) -> impl Iterator<Item = (String, Range<usize>)> + '_ {
    let words = tokens(text).filter(|token| token.kind == TokenKind::Word);
    words.map(|token| (token.text.to_ascii_lowercase(), token.range()))
}

/// Returns the name of a token, as PostgreSQL stores it: in lower case without quotes, unchanged in
/// quotes, and cut if it is too long. `None` if the token is not a name.
///
/// Only ASCII letters are folded, as in a database in UTF-8. In `U&"..."` a backslash
/// escapes, unless a `UESCAPE` behind it says otherwise, which is not read here.
#[must_use]
pub fn stored(token: &Token<'_>) -> Option<String> {
    let name = match token.kind {
        TokenKind::Word => token.text.to_ascii_lowercase(),
        TokenKind::QuotedName => unquoted(token.text)?,
        _ => return None,
    };
    Some(cut(name))
}

/// Whether PostgreSQL cuts the name of a token. PostgreSQL reports this with a notice.
#[must_use]
pub fn is_cut(token: &Token<'_>) -> bool {
    let length = match token.kind {
        TokenKind::Word => token.text.len(),
        TokenKind::QuotedName => unquoted(token.text).map_or(0, |name| name.len()),
        _ => 0,
    };
    length > MAX_NAME
}

fn unquoted(text: &str) -> Option<String> {
    let (prefix, rest) = text.split_once('"')?;
    let inner = rest.strip_suffix('"')?.replace("\"\"", "\"");
    if prefix.is_empty() {
        Some(inner)
    } else {
        without_escapes(&inner)
    }
}

/// `name` without its escapes `\0061`, `\+000061` and `\\`.
fn without_escapes(name: &str) -> Option<String> {
    let mut units = Vec::new();
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            units.extend(c.encode_utf16(&mut [0; 2]).iter());
            continue;
        }
        if chars.next_if_eq(&'\\').is_some() {
            units.push(u16::from(b'\\'));
            continue;
        }
        let digits = if chars.next_if_eq(&'+').is_some() {
            6
        } else {
            4
        };
        let code = chars.by_ref().take(digits).collect::<String>();
        let code = u32::from_str_radix(&code, 16).ok()?;
        match u16::try_from(code) {
            // It may be one half of a pair.
            Ok(unit) => units.push(unit),
            Err(_) => units.extend(char::from_u32(code)?.encode_utf16(&mut [0; 2]).iter()),
        }
    }
    String::from_utf16(&units).ok()
}

fn cut(mut name: String) -> String {
    name.truncate(beginning(&name, MAX_NAME).len());
    name
}

/// Returns the beginning of the text that fits into `most` bytes, without splitting a character.
///
/// ```
/// assert_eq!(sql_text::beginning("\u{e9}t\u{e9}", 4), "\u{e9}t");
/// assert_eq!(sql_text::beginning("t", 4), "t");
/// ```
#[must_use]
pub fn beginning(text: &str, most: usize) -> &str {
    // The standard library's `floor_char_boundary` is newer than the oldest compiler that
    // this crate supports.
    let ends = (0..=most.min(text.len())).rev();
    ends.filter_map(|end| text.get(..end)).next().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<Option<String>> {
        let telling = tokens(text).filter(|token| !token.is_trivia());
        telling.map(|token| stored(&token)).collect()
    }

    #[test]
    fn a_name_is_read_as_the_server_reads_it() {
        let some = |name: &str| Some(name.to_owned());
        for (text, name) in [
            ("Tasks", some("tasks")),
            ("\u{c4}B", some("\u{c4}b")),
            ("\"My\"\"Q\"", some("My\"Q")),
            ("U&\"d\\0061t\\+000061\"", some("data")),
            ("u&\"\\D83D\\DE00 \\\\\"", some("\u{1f600} \\")),
            ("U&\"\\xyz\"", None),
            ("'tasks'", None),
            ("\"open", None),
        ] {
            assert_eq!(names(text), [name], "{text}");
        }
    }

    #[test]
    fn a_name_counts_without_its_quotes() {
        let name = "a".repeat(61);
        for (text, cut) in [
            (format!("{name}bc"), false),
            (format!("{name}bcd"), true),
            (format!("\"{name}b\"\"\""), false),
            (format!("\"{name}bc\"\"\""), true),
            (format!("'{name}bcd'"), false),
        ] {
            let found = tokens(&text).map(|token| is_cut(&token));
            assert_eq!(found.collect::<Vec<_>>(), [cut], "{text}");
        }
    }

    #[test]
    fn a_long_name_is_cut_between_two_characters() {
        let long = "a".repeat(62);
        assert_eq!(names(&format!("{long}bcd")), [Some(format!("{long}b"))]);
        assert_eq!(names(&format!("\"{long}\u{e9}\"")), [Some(long.clone())]);
        let words = words("SELECT Long").map(|(word, _)| word);
        assert_eq!(words.collect::<Vec<_>>(), ["select", "long"]);
    }
}
