//! The text as the parser gets it: without comments, without commands of psql,
//! and without the data that follows `COPY ... FROM STDIN`.
//!
//! What is taken out becomes white space of the same length, so that every
//! byte keeps its place. Comments go because squawk would obey some of them,
//! and there is to be one way only to silence a rule.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use sql_text::{Text, Token, TokenKind, tokens};

/// A text for the parser, and what was taken out of it.
pub(crate) struct Masked {
    /// As long as the original.
    pub(crate) sql: String,
    /// The comments, in order; of those in a function's body, only those that
    /// are meant for the rules.
    pub(crate) comments: Vec<Range<usize>>,
    /// Where a command of psql begins, in order.
    pub(crate) commands: Vec<usize>,
}

/// `text` as the parser gets it.
pub(crate) fn mask(text: &str) -> Masked {
    let mut bytes = text.as_bytes().to_vec();
    // The engine skips it too.
    if text.starts_with('\u{feff}') {
        blank(&mut bytes, &(0..'\u{feff}'.len_utf8()));
    }
    for data in copied_data(text) {
        blank(&mut bytes, &data);
    }
    let source = into_text(bytes);
    let mut mask = Mask {
        bytes: source.clone().into_bytes(),
        comments: Vec::new(),
        commands: Vec::new(),
    };
    let mut from = Some(0);
    while let Some(start) = from {
        from = mask.until_command(&source, start);
    }
    Masked {
        sql: into_text(mask.bytes),
        comments: mask.comments,
        commands: mask.commands,
    }
}

struct Mask {
    bytes: Vec<u8>,
    comments: Vec<Range<usize>>,
    commands: Vec<usize>,
}

impl Mask {
    /// Takes out the comments after the byte `from`, up to the next command of
    /// psql and with it. Gives the end of its line, where reading begins anew:
    /// a quote in a command need not be closed.
    fn until_command(&mut self, source: &str, from: usize) -> Option<usize> {
        let rest = source.get(from..)?;
        for token in tokens(rest) {
            let range = from + token.start..from + token.range().end;
            if is_comment(&token) {
                blank(&mut self.bytes, &range);
                self.comments.push(range);
            } else if is_body(&token) {
                let inside = ignores_inside(token.text);
                let inside = inside.map(|one| range.start + one.start..range.start + one.end);
                self.comments.extend(inside);
            } else if token.kind == TokenKind::Symbol('\\') {
                let end = from + line_end(rest, token.start);
                blank(&mut self.bytes, &(range.start..end));
                self.commands.push(range.start);
                return Some(end);
            }
        }
        None
    }
}

fn is_comment(token: &Token<'_>) -> bool {
    let kinds = [TokenKind::LineComment, TokenKind::BlockComment];
    token.is_closed && kinds.contains(&token.kind)
}

/// Whether it may hold a function's body.
fn is_body(token: &Token<'_>) -> bool {
    token.is_closed && token.kind == TokenKind::Text(Text::Dollar)
}

/// The comments in a body that are meant for the rules, and have a line of
/// their own. To the parser the body is one string, which stays as it is.
fn ignores_inside(body: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut end = 0;
    let lines = body.split_inclusive('\n').map(move |line| {
        let start = end + line.len() - line.trim_start().len();
        end += line.len();
        (start, line.trim())
    });
    lines
        .filter(|(_, line)| line.starts_with("-- lint:"))
        .map(|(start, line)| start..start + line.len())
}

/// The lines between `COPY ... FROM STDIN;` and the `\.` that ends them.
fn copied_data(text: &str) -> Vec<Range<usize>> {
    static COPY: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?ims)^[ \t]*copy\b[^;]*?\bfrom\s+stdin\b[^;]*;[^\n]*\n(?<data>.*?^\\\.[^\n]*)$",
        )
        .ok()
    });
    let Some(copy) = COPY.as_ref() else {
        return Vec::new();
    };
    copy.captures_iter(text)
        .filter_map(|found| found.name("data").map(|data| data.range()))
        .collect()
}

fn line_end(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    rest.find('\n').map_or(text.len(), |length| from + length)
}

fn blank(bytes: &mut [u8], range: &Range<usize>) {
    for byte in bytes.get_mut(range.clone()).unwrap_or_default() {
        if !matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}

/// Only whole characters were blanked, so that this is still UTF-8.
fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_leaves_every_byte_in_its_place() {
        let text = "SELECT 1; -- \u{e9}\r\n\\echo hi\n/* a */ SELECT '-- b';";
        let masked = mask(text);
        assert_eq!(
            masked.sql,
            "SELECT 1;      \r\n        \n        SELECT '-- b';"
        );
        assert_eq!(masked.sql.len(), text.len());
        assert_eq!(masked.comments.len(), 2);
        assert_eq!(masked.commands, [text.find('\\').unwrap()]);
    }

    #[test]
    fn a_quote_in_a_command_hides_nothing_after_it() {
        let text = "\\echo it's\nSELECT 1; -- a\n\\echo it's\nSELECT 2;";
        let masked = mask(text);
        assert_eq!(masked.commands.len(), 2);
        assert_eq!(masked.comments.len(), 1);
        assert!(masked.sql.ends_with("\nSELECT 2;"), "{}", masked.sql);
    }

    #[test]
    fn the_data_of_a_copy_is_no_sql() {
        let text = "COPY t (a)\n  FROM STDIN;\nit's\n\\N\n\\.\nSELECT 1;";
        assert_eq!(
            mask(text).sql,
            "COPY t (a)\n  FROM STDIN;\n    \n  \n  \nSELECT 1;"
        );
        assert!(mask(text).commands.is_empty());
    }

    #[test]
    fn an_unterminated_comment_stays_for_the_parser_to_report() {
        assert_eq!(mask("SELECT 1 /* a").sql, "SELECT 1 /* a");
    }

    #[test]
    fn a_byte_order_mark_is_taken_out() {
        assert_eq!(mask("\u{feff}SELECT 1").sql, "   SELECT 1");
    }
}
