//! Which statements a text has.

use proptest::prelude::*;
use sql_text::{Split, Statement, Unclosed, line_at, split, tokens};

/// A statement, or a piece of one, that must not be taken apart.
fn piece() -> impl Strategy<Value = String> {
    let quoted = "[a-z;$\u{e9}\u{4e16} ]{0,6}";
    prop_oneof![
        "[a-z]{1,5}( [a-z0-9,=]{1,5}){0,3}",
        quoted.prop_map(|text| format!("SELECT '{text}''{text}'")),
        quoted.prop_map(|text| format!("SELECT \"x{text}\"")),
        "[a-z; '\"]{0,6}".prop_map(|text| format!("DO $body$ {text} $$ $body$")),
        "[a-z; '\"]{0,6}".prop_map(|text| format!("SELECT /* {text} /* ; */ */ 1")),
        "[a-z;'\"]{0,6}".prop_map(|text| format!("SELECT 1 -- {text}\n, 2")),
        "[a-z]{1,3}".prop_map(|text| format!("CREATE RULE r AS ON INSERT TO t DO ({text}; x)")),
        "(begin|end|case|atomic)".prop_map(|word| format!(
            "CREATE FUNCTION {word}() RETURNS int BEGIN ATOMIC SELECT a.{word} AS {word}; END"
        )),
    ]
}

proptest! {
    #[test]
    fn statements_that_are_joined_are_found_again(pieces in prop::collection::vec(piece(), 0..6)) {
        let text = pieces.join(" ;\n-- between; them\n");
        prop_assert_eq!(statements(&text), pieces);
    }

    #[test]
    fn between_the_statements_of_any_text_is_nothing_that_means_anything(text in "\\PC*") {
        let mut end = 0;
        let mut gaps = String::new();
        for Statement { range, .. } in split(&text).statements {
            prop_assert!(end <= range.start && range.start < range.end);
            gaps.push_str(&text[end..range.start]);
            gaps.push('\n');
            end = range.end;
        }
        gaps.push_str(&text[end..]);
        let telling = tokens(&gaps).filter(|it| !it.is_trivia() && it.text != ";");
        prop_assert_eq!(telling.count(), 0, "{:?} of {:?}", gaps, text);
    }

    #[test]
    fn no_text_makes_it_panic(pieces in prop::collection::vec("['\"$();/*\\-\\\\a-e \n\0\u{fe}]{0,4}|BEGIN|END|CASE|CREATE FUNCTION|ATOMIC", 0..12)) {
        let text = pieces.concat();
        if let Some(open) = split(&text).open {
            prop_assert!(open.start < text.len());
        }
    }
}

fn statements(text: &str) -> Vec<&str> {
    let Split {
        statements, open, ..
    } = split(text);
    assert_eq!(open, None, "{text}");
    let texts = statements.into_iter().map(|one| &text[one.range]);
    texts.collect()
}

fn opened(text: &str) -> (usize, Unclosed) {
    let open = split(text).open.unwrap();
    (line_at(text, open.start), open.what)
}

#[test]
fn semicolons_separate_and_the_last_one_may_be_missing() {
    assert_eq!(statements("SELECT 1; SELECT 2"), ["SELECT 1", "SELECT 2"]);
    assert_eq!(statements(" ;; SELECT 1 ;; "), ["SELECT 1"]);
    assert_eq!(statements("-- nothing\n/* here; */"), [""; 0]);
}

#[test]
fn a_statement_ends_behind_its_semicolon_if_it_has_one() {
    let text = "SELECT 1 -- a\n ; SELECT 2";
    let ends = split(text).statements.into_iter().map(|one| one.end);
    assert_eq!(ends.collect::<Vec<_>>(), [16, text.len()]);
}

#[test]
fn semicolons_in_strings_names_and_comments_do_not_separate() {
    for text in [
        "SELECT 'a;b'",
        "SELECT 'it''s; fine'",
        r"SELECT E'it\'s; fine'",
        "SELECT \"a;\"\"b\"",
        "SELECT $$a;b$$",
        "SELECT $x$a;$$;$y$;b$x$",
        "SELECT 1 /* a; /* b; */ c; */ + 1",
        "SELECT 1 -- a; b\n + 1",
        "SELECT U&'d\\0061t;a'",
    ] {
        assert_eq!(statements(text), [text]);
    }
}

#[test]
fn comments_around_a_statement_are_no_part_of_it() {
    assert_eq!(
        statements("-- one\nSELECT 1 -- two\n; -- three\nSELECT 2; -- four"),
        ["SELECT 1", "SELECT 2"]
    );
}

#[test]
fn semicolons_in_a_rule_and_in_an_atomic_body_do_not_separate() {
    let rule = "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b)";
    let function = "CREATE OR REPLACE FUNCTION f(a int) RETURNS int BEGIN ATOMIC \
                    SELECT CASE WHEN a = 1 THEN 2 ELSE 3 END; SELECT 4; END";
    let both = format!("{rule};\n{function};\nSELECT 5");
    assert_eq!(statements(&both), [rule, function, "SELECT 5"]);
}

#[test]
fn the_words_of_a_body_are_names_everywhere_else() {
    for text in [
        "CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION a.begin(atomic int, \"end\" int) RETURNS int RETURN 1",
        "CREATE PROCEDURE case_() LANGUAGE sql AS $$ SELECT 1; $$",
        "CREATE OR REPLACE FUNCTION f() RETURNS begin LANGUAGE begin AS ''",
        "CREATE FUNCTION \"begin\"() RETURNS int LANGUAGE sql SET x.begin TO atomic AS ''",
        "SELECT begin atomic FROM t",
        "SELECT 1 AS begin",
        "BEGIN ATOMIC",
        "CREATE TABLE begin (atomic int, \"end\" int)",
        "CREATE TYPE begin AS ENUM ('atomic', 'end')",
        "CREATE VIEW function AS SELECT begin AS atomic FROM t",
        "END",
    ] {
        let both = format!("{text};\nSELECT 2");
        assert_eq!(statements(&both), [text, "SELECT 2"]);
    }
}

#[test]
fn a_body_ends_with_an_end_that_is_no_name_and_no_case() {
    for body in [
        "SELECT 1;",
        "",
        ";",
        "SELECT t.end FROM t; SELECT t . case FROM t;",
        "SELECT 1 AS end; SELECT 2 end;",
        "SELECT begin, atomic FROM t;",
        "SELECT pending, legend, end_ FROM t;",
        "SELECT CASE WHEN CASE WHEN a THEN b END THEN 1 END; SELECT (CASE WHEN a THEN b END);",
        "INSERT INTO t VALUES ('end; END'), (E'\\'; END'); SELECT $$; END$$;",
        "-- ; END\nSELECT 1 /* ; END */;",
        "SELECT 1; /* last */",
    ] {
        let text = format!(
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql\nBEGIN /* really */ ATOMIC {body} END"
        );
        let both = format!("{text};\nSELECT 2");
        assert_eq!(statements(&both), [&*text, "SELECT 2"]);
    }
}

#[test]
fn what_stays_open_is_reported_where_it_opens() {
    for (text, line, what) in [
        ("SELECT 1;\nSELECT 'a", 2, Unclosed::String),
        ("SELECT 1;\nSELECT E'a\\'", 2, Unclosed::String),
        ("\n\nSELECT $f$ a", 3, Unclosed::DollarQuote),
        ("/* a /* b */", 1, Unclosed::Comment),
        ("SELECT \"a", 1, Unclosed::QuotedName),
        ("CREATE TABLE t (\n  a int;", 1, Unclosed::Parenthesis),
        (
            "SELECT 1;\nCREATE RULE r AS ON INSERT TO t DO (a;\nb;\nSELECT 1;",
            2,
            Unclosed::Parenthesis,
        ),
        (
            "CREATE FUNCTION f() RETURNS int\nBEGIN\nATOMIC SELECT 1;\nSELECT 2;\n",
            2,
            Unclosed::Body,
        ),
        (
            "CREATE PROCEDURE f() BEGIN ATOMIC SELECT 1 END;\nSELECT 2;",
            1,
            Unclosed::Body,
        ),
    ] {
        assert_eq!(opened(text), (line, what), "{text}");
    }
}

#[test]
fn a_parenthesis_too_many_closes_nothing() {
    assert_eq!(statements("SELECT 1); SELECT 2"), ["SELECT 1)", "SELECT 2"]);
}
