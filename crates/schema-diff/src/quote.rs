//! The one place where names become SQL text in generated migrations.
//!
//! People read these files, so a name is quoted only where PostgreSQL needs it:
//! by the rule of its own function `quote_ident`, with the server's own list of
//! keywords.

use std::collections::HashSet;

/// Writes names and texts into SQL.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quote {
    keywords: HashSet<String>,
}

impl Quote {
    /// Quotes `keywords` (in lower case) besides what must be quoted anyway.
    pub(crate) fn new(keywords: impl IntoIterator<Item = String>) -> Self {
        Self {
            keywords: keywords.into_iter().collect(),
        }
    }

    /// `name` as an identifier.
    pub(crate) fn ident(&self, name: &str) -> String {
        let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if starts_well && name.chars().all(inner) && !self.keywords.contains(name) {
            name.to_owned()
        } else {
            format!("\"{}\"", name.replace('"', "\"\""))
        }
    }

    /// Several identifiers, separated by commas.
    pub(crate) fn idents<'a>(&self, names: impl IntoIterator<Item = &'a String>) -> String {
        let names = names.into_iter().map(|name| self.ident(name));
        names.collect::<Vec<_>>().join(", ")
    }
}

/// `text` as a string constant.
pub(crate) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_text_cannot_end_its_literal() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"\'; --"), r"E'\\''; --'");
    }
}
