//! Texts that nobody writes on purpose, and some that somebody does.

use crate::{TENANT, UP, each_gives, found, lint};

#[test]
fn empty_texts_have_no_statement() {
    for text in ["", "\n", "-- Your SQL goes here\n", ";;", "/* a */"] {
        assert_eq!(found(UP, text), ["empty-up:1"], "{text:?}");
        assert_eq!(found(TENANT, text), ["missing-down:1"], "{text:?}");
    }
}

#[test]
fn what_is_opened_and_never_closed_is_a_syntax_error() {
    for (text, line) in [
        ("SELECT 1;\nSELECT 'a", 2),
        ("SELECT 1;\n\nSELECT $$ a", 3),
        ("SELECT \"a", 1),
        ("SELECT 1;\n/* a", 2),
        ("SELECT E'a\\'", 1),
    ] {
        let found = found(TENANT, text);
        assert!(
            found.contains(&format!("syntax-error:{line}")),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn nonsense_is_a_syntax_error() {
    for text in [
        "SELEKT 1;",
        "CREATE TABLE (;",
        "SELECT 1 FROM;",
        ")",
        "{}",
        "1",
    ] {
        let found = found(TENANT, text);
        assert!(
            found.iter().any(|one| one == "syntax-error:1"),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn a_nul_byte_is_a_syntax_error_at_its_line() {
    each_gives(TENANT, "syntax-error", &["SELECT '\0'", "\0"]);
    assert_eq!(found(TENANT, "SELECT 1;\nSELECT \0;"), ["syntax-error:2"]);
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let many = 50_000;
    for text in [
        format!("SELECT {}1{}", "(".repeat(many), ")".repeat(many)),
        format!("SELECT {}true", "NOT ".repeat(many)),
        format!("SELECT {}1", "CASE WHEN ".repeat(many)),
        format!("SELECT 1{}", " + 1".repeat(many)),
        format!("SELECT 1{}", " UNION SELECT 1, 1".repeat(many)),
        format!("SELECT {}", "(SELECT 1 FROM ".repeat(many)),
        format!("SELECT a{}", "::int".repeat(many)),
        format!("SELECT a{}", ".b".repeat(many)),
        format!("DO $$BEGIN {} END$$", "IF a THEN b := 1; ".repeat(many)),
    ] {
        assert_eq!(found(TENANT, &text), ["too-complex:1"], "{}", &text[..40]);
    }
}

#[test]
fn nesting_just_below_the_limit_is_followed() {
    let many = 4_900;
    for text in [
        format!("SELECT {}1{};", "(".repeat(many), ")".repeat(many)),
        format!("SELECT {}true;", "NOT ".repeat(many)),
        format!("SELECT {}1", "[".repeat(many)),
        format!("SELECT 1{};", " + 1".repeat(many)),
        format!("SELECT {}", "CASE WHEN ".repeat(many / 2)),
        format!("SELECT {}", "(SELECT 1 FROM ".repeat(many / 4)),
        format!("DO $$BEGIN {} END$$", "IF a THEN b := 1; ".repeat(many)),
        format!("DO $$BEGIN {} END$$", "BEGIN ".repeat(many)),
    ] {
        let found = found(TENANT, &text);
        let too_complex = found.iter().any(|one| one.starts_with("too-complex"));
        assert!(!too_complex, "{}", &text[..40]);
    }
}

#[test]
fn lines_are_right_whatever_ends_them() {
    let text = "SELECT 1;\r\n\r\n-- \u{e4}\r\nSELECT '\u{e4}', public.f();\r\n";
    let findings = lint(TENANT, text);
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].line, findings[0].column), (4, 13));
}

#[test]
fn a_byte_order_mark_is_skipped_and_moves_nothing() {
    let findings = lint(TENANT, "\u{feff}DROP TABLE public.a;\nBEGIN;");
    let places = findings.iter().map(|one| (one.line, one.column));
    assert_eq!(places.collect::<Vec<_>>(), [(1, 12), (2, 1)]);
    assert_eq!(found(TENANT, "\u{feff}"), ["missing-down:1"]);
}

#[test]
fn findings_are_in_the_order_of_the_text() {
    let text = "SELECT app.b(), public.a();\nBEGIN;\n-- lint:ignore\nDROP SCHEMA a;";
    let found = found(TENANT, text);
    assert_eq!(
        found,
        [
            "qualified-name:1",
            "touches-public:1",
            "transaction-control:2",
            "bad-ignore:3",
            "schema-statement:4",
        ]
    );
}

#[test]
fn no_cut_of_a_text_makes_the_rules_fail() {
    let text = "CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS $b$ BEGIN RETURN 1; END $b$;\n\
                DO E'begin \\x41 \u{e9} end';\nCOPY t FROM STDIN;\n1\n\\.\n\\d\n\
                SELECT U&'\\0061' UESCAPE '!', x'1f', \"a\"\"b\", $1 FROM a.b.c.d.e; /* /* */ */\n\
                -- lint:ignore x y\nGRANT ALL ON ALL TABLES IN SCHEMA a TO b;";
    for (at, _) in text.char_indices() {
        let findings = lint(UP, &text[..at]).len() + lint(UP, &text[at..]).len();
        assert!(findings > 0, "{at}");
    }
}
