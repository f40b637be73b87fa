//! The one place where names and texts become SQL.
//!
//! PostgreSQL takes no parameters for names, nor for anything in a message of several
//! statements, so these have to be written into the text. Everything else is bound.

use std::collections::HashSet;

/// Quotes any `name` as an SQL identifier: in double quotes, with inner quotes doubled.
///
/// ```
/// assert_eq!(sql_text::ident(r#"a"b"#), r#""a""b""#);
/// ```
#[must_use]
pub fn ident(name: &str) -> String {
    enclosed(name, '"')
}

/// Quotes `text` as a string constant. If the text contains a backslash, the `E` form is used, so
/// that the meaning does not depend on `standard_conforming_strings`.
///
/// ```
/// assert_eq!(sql_text::literal("it's"), "'it''s'");
/// ```
#[must_use]
pub fn literal(text: &str) -> String {
    if text.contains('\\') {
        format!("E{}", enclosed(&text.replace('\\', "\\\\"), '\''))
    } else {
        enclosed(text, '\'')
    }
}

/// `text` between two of `mark`, with each `mark` in it doubled.
fn enclosed(text: &str, mark: char) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    for part in text.split(mark) {
        quoted.push(mark);
        quoted.push_str(part);
        quoted.push(mark);
    }
    quoted
}

/// Quotes `text` as a string constant without escapes. This needs `standard_conforming_strings =
/// on`, which our sessions require.
///
/// ```
/// assert_eq!(sql_text::plain_literal(r"it's\"), r"'it''s\'");
/// ```
#[must_use]
pub fn plain_literal(text: &str) -> String {
    format!("'{}'", inside_literal(text))
}

/// Escapes `text` for use inside such a constant.
///
/// ```
/// assert_eq!(sql_text::inside_literal("it's"), "it''s");
/// ```
#[must_use]
pub fn inside_literal(text: &str) -> String {
    text.replace('\'', "''")
}

/// Writes names into SQL that people read. A name is quoted only where PostgreSQL needs it, by the
/// rule of its function `quote_ident`.
#[derive(Debug, Clone, Default)]
pub struct Quote {
    keywords: HashSet<String>,
}

impl Quote {
    /// Quotes `keywords` (in lower case, the server's own list) besides what must be
    /// quoted anyway.
    #[must_use]
    pub fn new(keywords: impl IntoIterator<Item = String>) -> Self {
        Self {
            keywords: keywords.into_iter().collect(),
        }
    }

    /// `name` as an identifier.
    #[must_use]
    pub fn ident(&self, name: &str) -> String {
        let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if starts_well && name.chars().all(inner) && !self.keywords.contains(name) {
            name.to_owned()
        } else {
            ident(name)
        }
    }

    /// Several identifiers, separated by commas.
    pub fn idents<'a>(&self, names: impl IntoIterator<Item = &'a String>) -> String {
        let names = names.into_iter().map(|name| self.ident(name));
        names.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_inside_a_name_cannot_end_it() {
        assert_eq!(
            ident(r#"a"; DROP SCHEMA b; --"#),
            r#""a""; DROP SCHEMA b; --""#
        );
    }

    #[test]
    fn quotes_and_backslashes_inside_a_text_cannot_end_it() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"\'; --"), r"E'\\''; --'");
    }

    #[test]
    fn a_name_is_quoted_only_where_it_has_to_be() {
        let quote = Quote::new(["order".to_owned()]);
        for (name, written) in [
            ("tasks", "tasks"),
            ("_a1", "_a1"),
            ("order", "\"order\""),
            ("Tasks", "\"Tasks\""),
            ("1a", "\"1a\""),
            ("a b", "\"a b\""),
            ("a\"; DROP TABLE b; --", "\"a\"\"; DROP TABLE b; --\""),
            ("", "\"\""),
        ] {
            assert_eq!(quote.ident(name), written);
        }
    }
}
