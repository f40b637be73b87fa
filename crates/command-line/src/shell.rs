//! Words as a shell reads them, so that a command that is shown can be pasted.

use std::ffi::OsStr;

/// `word` as a shell takes it for one argument, exactly as it is. Control characters,
/// characters that a terminal does not show as they are, and bytes that are no UTF-8
/// are written as escapes, which bash, zsh and ksh read.
#[must_use]
pub(crate) fn quoted(word: &OsStr) -> String {
    match word.to_str() {
        Some(text) if text.chars().all(is_plain) && !text.is_empty() => text.to_owned(),
        Some(text) if !text.chars().any(is_hidden) => {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
        _ => format!("$'{}'", escaped(word.as_encoded_bytes())),
    }
}

/// Whether no shell gives it a meaning, wherever it is in a word.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-./:@%+,".contains(c)
}

/// Whether a terminal obeys it, or shows other characters in another order for it. A
/// backquote would end the command where one is shown between backquotes.
fn is_hidden(c: char) -> bool {
    let is_format = matches!(c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}');
    c.is_control() || is_format || c == '`'
}

fn escaped(bytes: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
        b' '..=b'_' | b'a'..=b'~' => char::from(*byte).to_string(),
        byte => format!("\\{byte:03o}"),
    };
    bytes.iter().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_only_when_a_shell_would_read_it_differently() {
        for (word, expected) in [
            ("acme_corp", "acme_corp"),
            ("../my/migrations", "../my/migrations"),
            ("postgres://app@h:5432/shop", "postgres://app@h:5432/shop"),
            ("", "''"),
            ("my dir", "'my dir'"),
            ("~/x", "'~/x'"),
            ("$HOME", "'$HOME'"),
            ("`id`", r"$'\140id\140'"),
            ("it's", r"'it'\''s'"),
            ("a?b&c", "'a?b&c'"),
            ("héllo", "'héllo'"),
            ("a\nb\u{1b}[1m'", r"$'a\012b\033[1m\''"),
            ("\u{202e}x", r"$'\342\200\256x'"),
        ] {
            assert_eq!(quoted(OsStr::new(word)), expected, "{word:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_kept() {
        use std::os::unix::ffi::OsStrExt as _;
        let word = OsStr::from_bytes(b"a\xffb c");
        assert_eq!(quoted(word), r"$'a\377b c'");
    }
}
