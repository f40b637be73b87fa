//! The one place where names become SQL text.
//!
//! PostgreSQL takes no parameters for identifiers, nor for anything in a
//! message of several statements, so these have to be written into the text.
//! Everything else is bound.

/// `name` as an identifier of SQL text, whatever is in it: for programs whose
/// tables and columns are known only when they run.
///
/// ```
/// assert_eq!(tenant_core::quote_ident(r#"a"b"#), r#""a""b""#);
/// ```
#[must_use]
pub fn quote_ident(name: &str) -> String {
    ident(name)
}

/// `text` as a string constant, to show a statement to people. What is run has its
/// values bound instead.
///
/// ```
/// assert_eq!(tenant_core::quote_literal("it's"), "'it''s'");
/// ```
#[must_use]
pub fn quote_literal(text: &str) -> String {
    literal(text)
}

/// `name` as an identifier: in double quotes, and those inside doubled.
pub(crate) fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `text` as a string constant. The `E` form is used when there is a
/// backslash, so that it means the same whatever
/// `standard_conforming_strings` says.
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
}
