//! From bytes of a text to lines and columns, and the one form of a line's end.

use std::borrow::Cow;

/// Returns `text` with `\n` in place of `\r\n`. A single `\r` stays: PostgreSQL ends a comment
/// there, and keeps it in a string or a body.
#[must_use]
pub fn unix_lines(text: &str) -> Cow<'_, str> {
    if text.contains("\r\n") {
        Cow::Owned(text.replace("\r\n", "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Returns the line, from 1, of the byte `offset` of `text`. For many offsets, use [`Lines`], which
/// counts once.
#[must_use]
pub fn line_at(text: &str, offset: usize) -> usize {
    let before = text.bytes().take(offset);
    1 + before.filter(|byte| *byte == b'\n').count()
}

/// Where the lines of a text begin.
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Looks for the line feeds of `text`.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(breaks).collect(),
        }
    }

    /// The line of a byte, from 0.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        self.starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }

    /// The line, and the column in characters, of a byte; both from 1.
    #[must_use]
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line(offset);
        let start = self.starts.get(line).copied().unwrap_or_default();
        let before = self.text.as_bytes().get(start..offset).unwrap_or_default();
        // Every byte that does not continue a character begins one.
        let characters = before.iter().filter(|byte| (**byte & 0xC0) != 0x80);
        // The mark at the start of some files takes no room on a screen.
        let mark = usize::from(line == 0 && offset > 0 && self.text.starts_with('\u{feff}'));
        (line + 1, (characters.count() + 1).saturating_sub(mark))
    }

    /// The text of a line, from 1, without its end; empty if the text has fewer lines.
    #[must_use]
    pub fn text(&self, line: usize) -> &'a str {
        let start = line.checked_sub(1).and_then(|at| self.starts.get(at));
        let rest = start.and_then(|start| self.text.get(*start..));
        rest.and_then(|rest| rest.lines().next())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_end_at_line_feeds() {
        let text = "ab\r\n\u{e9}x\n";
        assert_eq!([0, 4, 8].map(|at| line_at(text, at)), [1, 2, 3]);
        let lines = Lines::of(text);
        assert_eq!(lines.position(0), (1, 1));
        assert_eq!(lines.position(1), (1, 2));
        assert_eq!(lines.position(6), (2, 2));
        assert_eq!(lines.position(8), (3, 1));
        assert_eq!(lines.position(800), (3, 1));
        let texts = [0, 1, 2, 3, 4].map(|line| lines.text(line));
        assert_eq!(texts, ["", "ab", "\u{e9}x", "", ""]);
    }

    #[test]
    fn only_a_whole_end_of_a_line_takes_the_other_form() {
        for (text, unix) in [
            ("a\r\nb\r\n", "a\nb\n"),
            ("a\rb\n\rc", "a\rb\n\rc"),
            ("a\r\r\nb", "a\r\nb"),
            ("", ""),
        ] {
            assert_eq!(unix_lines(text), unix, "{text:?}");
            let line = |text: &str| line_at(text, text.len());
            assert_eq!(line(text), line(unix), "{text:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        let lines = Lines::of("\u{feff}ab\nc");
        assert_eq!(lines.position(0), (1, 1));
        assert_eq!(lines.position(3), (1, 1));
        assert_eq!(lines.position(4), (1, 2));
        assert_eq!(lines.position(6), (2, 1));
    }
}
