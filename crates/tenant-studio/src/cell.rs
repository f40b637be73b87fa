//! Values as they are shown: NULL, the empty text and text can be told apart.

use std::borrow::Cow;

use maud::{Markup, html};

use crate::data::Cell;
use crate::words::bytes;

/// A value, cut after `letters`.
pub(crate) fn shown(value: Option<&str>, letters: usize) -> Markup {
    match value {
        None => html! { span.null { "NULL" } },
        Some("") => html! { span.blank { "(empty)" } },
        Some(text) => html! { (beginning(text, letters)) @if is_cut(text, letters) { "…" } },
    }
}

/// The same in one line: each line break has an element, which the stylesheet shows as a sign.
pub(crate) fn in_line(value: Option<&str>, letters: usize) -> Markup {
    match value.filter(|text| text.contains('\n')) {
        None => shown(value, letters),
        Some(text) => html! {
            @for (at, line) in beginning(text, letters).split('\n').enumerate() {
                @if at > 0 { span.line-end { "\n" } }
                (line)
            }
            @if is_cut(text, letters) { "…" }
        },
    }
}

/// A value of a row, cut after `letters`.
pub(crate) fn of(cell: Option<&Cell>, letters: usize) -> Markup {
    match cell {
        Some(Cell::Large(size)) => html! {
            span.blank title="Too large to be shown beside others" { (bytes(*size)) " stored" }
        },
        Some(Cell::Bytes(text)) => html! {
            span title="Some bytes are not UTF-8" { (shown(Some(text), letters)) }
        },
        Some(Cell::Text(text)) => shown(Some(text), letters),
        None => shown(None, letters),
    }
}

/// The same in one line.
pub(crate) fn of_in_line(cell: Option<&Cell>, letters: usize) -> Markup {
    match cell {
        Some(Cell::Text(text)) => in_line(Some(text), letters),
        other => of(other, letters),
    }
}

/// Whether there is more of it to see.
pub(crate) fn has_more(cell: Option<&Cell>, letters: usize) -> bool {
    match cell {
        None => false,
        Some(Cell::Large(_)) => true,
        Some(Cell::Text(text) | Cell::Bytes(text)) => is_cut(text, letters),
    }
}

/// Whether more is there than `letters`.
pub(crate) fn is_cut(text: &str, letters: usize) -> bool {
    text.chars().nth(letters).is_some()
}

/// At most `letters` of it, with the letters made visible that would turn the
/// direction of the text around, or end it.
fn beginning(text: &str, letters: usize) -> Cow<'_, str> {
    let end = text
        .char_indices()
        .nth(letters)
        .map_or(text.len(), |(at, _)| at);
    let text = text.get(..end).unwrap_or(text);
    let is_hidden = |letter: char| {
        matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
            || letter.is_control() && !matches!(letter, '\n' | '\t' | '\r')
    };
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let shown = text.chars().map(|letter| {
        if is_hidden(letter) {
            '\u{fffd}'
        } else {
            letter
        }
    });
    Cow::Owned(shown.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_the_empty_text_and_text_differ() {
        let of = |value| shown(value, 3).into_string();
        assert_eq!(of(None), "<span class=\"null\">NULL</span>");
        assert_eq!(of(Some("")), "<span class=\"blank\">(empty)</span>");
        assert_eq!(of(Some("äbcd")), "äbc…");
        assert_eq!(of(Some("<b>")), "&lt;b&gt;");
        assert_eq!(of(Some("a\u{202e}b")), "a\u{fffd}b");
        let line = in_line(Some("a\nb\nc"), 3).into_string();
        assert_eq!(line, "a<span class=\"line-end\">\n</span>b…");
    }
}
