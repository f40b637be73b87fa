//! The last look at a text before a terminal gets it: names, notices of the server and contents of
//! files can contain what a terminal would obey.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with its control characters escaped, except line ends and tabs. With `colors`, the
/// sequences stay by which messages are colored: `ESC [ 1 m`.
pub(crate) fn text(text: &str, colors: bool) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut harmless = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let (taken, behind) = match color(rest).filter(|_| colors) {
            Some(color) => (color, rest.get(color.len()..)),
            None => ("", rest.get(letter.len_utf8()..)),
        };
        harmless.push_str(taken);
        match is_obeyed(letter) {
            _ if !taken.is_empty() => {}
            true => harmless.extend(letter.escape_debug()),
            false => harmless.push(letter),
        }
        rest = behind.unwrap_or_default();
    }
    Cow::Owned(harmless)
}

/// The same of a JSON document, in which control characters are inside of strings only, and those
/// of ASCII are escaped already.
pub(crate) fn json(document: &str) -> Cow<'_, str> {
    if !document.chars().any(is_obeyed) {
        return Cow::Borrowed(document);
    }
    let mut harmless = String::with_capacity(document.len());
    for letter in document.chars() {
        if is_obeyed(letter) {
            // Writing to a string does not fail.
            let _ = write!(harmless, "\\u{:04x}", u32::from(letter));
        } else {
            harmless.push(letter);
        }
    }
    Cow::Owned(harmless)
}

fn is_obeyed(letter: char) -> bool {
    letter.is_control() && letter != '\n' && letter != '\t'
}

/// The sequence that sets a color, if the text begins with one.
fn color(text: &str) -> Option<&str> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|letter: char| !letter.is_ascii_digit() && letter != ';')?;
    let is_color = parameters.get(end..)?.starts_with('m');
    text.get(..end + 3).filter(|_| is_color)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colors_of_messages_reach_a_terminal() {
        let bold = "\u{1b}[1merror:\u{1b}[0m";
        for (given, colored, plain) in [
            ("a\n\tb ö", "a\n\tb ö", "a\n\tb ö"),
            (bold, bold, r"\u{1b}[1merror:\u{1b}[0m"),
            ("\u{1b}]0;x\u{7}", r"\u{1b}]0;x\u{7}", r"\u{1b}]0;x\u{7}"),
            ("\u{1b}[2J", r"\u{1b}[2J", r"\u{1b}[2J"),
            ("\u{9b}2J\r", r"\u{9b}2J\r", r"\u{9b}2J\r"),
            ("\u{1b}[1", r"\u{1b}[1", r"\u{1b}[1"),
        ] {
            assert_eq!(text(given, true), colored);
            assert_eq!(text(given, false), plain);
        }
    }

    #[test]
    fn a_document_stays_the_same_document() {
        let value = serde_json::json!({ "name": "\u{9b}2J\u{7f}\u{1b}\n" });
        let written = serde_json::to_string_pretty(&value).unwrap();
        let harmless = json(&written);
        assert!(!harmless.chars().any(is_obeyed), "{harmless}");
        let again: serde_json::Value = serde_json::from_str(&harmless).unwrap();
        assert_eq!(again, value);
    }
}
