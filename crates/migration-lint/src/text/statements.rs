//! The statements of a text, as the rules and the ignores count them.
//!
//! The parser's own statements are of no use here: after an error it goes on
//! in the middle of one, and an ignore would then be bound to half of it.

use std::ops::Range;

/// The byte ranges of the statements in `text`, in order: each from its first
/// token to its semicolon, or to its last token where that is missing.
pub(crate) fn statements(text: &str) -> Vec<Range<usize>> {
    let statements = sql_text::split(text).statements.into_iter();
    statements.map(|one| one.range.start..one.end).collect()
}

/// The number of the statement at a byte. What stands between two statements
/// belongs to the one before, and what stands before all to the first.
pub(crate) fn number_at(statements: &[Range<usize>], offset: usize) -> Option<usize> {
    let begun = statements.partition_point(|range| range.start <= offset);
    (!statements.is_empty()).then(|| begun.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        let ranges = statements(text).into_iter();
        ranges.map(|range| &text[range]).collect()
    }

    #[test]
    fn a_statement_reaches_from_its_first_token_to_its_semicolon() {
        assert_eq!(
            split("-- a\nSELECT 1 ; ;; SELECT 2"),
            ["SELECT 1 ;", "SELECT 2"]
        );
        assert_eq!(split("-- a\n/* b; */ ;"), [""; 0]);
    }

    #[test]
    fn semicolons_inside_quotes_parentheses_and_bodies_end_nothing() {
        for text in [
            "SELECT ';' || $$;$$ || E'\\';' || \";\";",
            "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b);",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; \
             SELECT 2; END;",
        ] {
            assert_eq!(split(text), [text]);
        }
    }

    #[test]
    fn a_begin_that_opens_no_body_is_a_statement_of_its_own() {
        assert_eq!(
            split("BEGIN; SELECT 1; END;"),
            ["BEGIN;", "SELECT 1;", "END;"]
        );
        assert_eq!(
            split(
                "CREATE FUNCTION begin() RETURNS int AS ''; SELECT begin atomic FROM t; SELECT 1"
            ),
            [
                "CREATE FUNCTION begin() RETURNS int AS '';",
                "SELECT begin atomic FROM t;",
                "SELECT 1"
            ]
        );
    }
}
