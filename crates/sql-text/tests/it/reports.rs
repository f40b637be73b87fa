//! What went wrong in other tools, by their public reports, tried here.

use sql_text::{Unclosed, fingerprint, ident, split, stored, tokens};

fn statements(text: &str) -> Vec<&str> {
    let found = split(text);
    assert_eq!(found.open, None, "{text}");
    let texts = found.statements.into_iter().map(|one| &text[one.range]);
    texts.collect()
}

/// Each of `texts`, with another statement behind it, is one statement.
fn each_is_one(texts: &[&str]) {
    for text in texts {
        let two = format!("{text};\nSELECT 'behind';\n");
        assert_eq!(statements(&two), [*text, "SELECT 'behind'"]);
    }
}

/// A `CASE` in a body ended the body.
#[test]
fn a_case_in_a_body_does_not_end_it() {
    each_is_one(&[
        "CREATE FUNCTION is_open(s text) RETURNS boolean LANGUAGE sql\n\
         BEGIN ATOMIC\n  SELECT CASE\n    WHEN s = 'open' THEN true\n    ELSE false\n  END;\nEND",
    ]);
}

/// A function whose name has "atomic" in it swallowed the rest of the file.
#[test]
fn atomic_in_a_name_opens_no_body() {
    each_is_one(&[
        "CREATE OR REPLACE FUNCTION claim_job_atomic() RETURNS int LANGUAGE plpgsql AS $$\n\
         BEGIN RETURN 1; END;\n$$",
        "CREATE FUNCTION begin_atomic(atomic int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE atomic (begin int)",
    ]);
}

/// Names that end in "end" ended a body, and so did `t.end` and `AS end`.
#[test]
fn names_with_end_in_them_end_no_body() {
    each_is_one(&[
        "CREATE FUNCTION f() RETURNS SETOF int LANGUAGE sql BEGIN ATOMIC\n\
         SELECT pending FROM t; SELECT end_date AS append FROM t; END",
        "CREATE FUNCTION f() RETURNS SETOF int LANGUAGE sql BEGIN ATOMIC\n\
         SELECT t.end FROM t; SELECT 1 AS end; SELECT begin FROM t; SELECT t.case FROM t; END",
    ]);
}

/// Nothing behind a body was a statement of its own any more.
#[test]
fn what_stands_behind_a_body_is_found() {
    let text = "create function f() returns int language sql begin atomic select 1; end; \
                select 42; create table t (a int)";
    assert_eq!(statements(text).len(), 3);
}

/// Semicolons in the parentheses of a rule cut it in two.
#[test]
fn a_rule_with_several_commands_stays_whole() {
    each_is_one(&[
        "CREATE OR REPLACE RULE r AS ON UPDATE TO t DO(select 1 ; select 1)",
        "CREATE RULE r AS ON DELETE TO t DO ALSO (\n  DELETE FROM a WHERE (x, y) = (old.x, old.y);\n\
         \x20 DELETE FROM b;\n)",
    ]);
}

/// A backslash escapes a quote in `E'...'`, and in no other string.
#[test]
fn a_backslash_escapes_where_the_server_says_so() {
    each_is_one(&[
        r"SELECT E'a\';b'",
        r"SELECT e'a\\', 'b;c'",
        r"INSERT INTO t VALUES ('C:\temp\'), (';')",
        r"SELECT tablee'x\' FROM t",
        r"SELECT U&'\0041\', ';'",
        "SELECT E'a'\n  '\\'; b'",
    ]);
}

/// The first `*/` closed a comment with another one in it.
#[test]
fn comments_nest() {
    let text = "/* outer /* inner */ still; outer */ DROP TABLE users";
    assert_eq!(statements(text), ["DROP TABLE users"]);
    assert_eq!(
        split("SELECT 1 /* /* */; SELECT 2").open.map(|it| it.what),
        Some(Unclosed::Comment)
    );
}

/// Apostrophes and semicolons in comments opened strings and ended statements, and a
/// comment at the end of a file was a statement.
#[test]
fn a_comment_opens_nothing_ends_nothing_and_is_no_statement() {
    let text = "-- don't; first\nCREATE TABLE a (x int) -- it's; fine\n;\n/* one; two's */\n\
                CREATE TABLE b (x int);\n-- the end; really";
    assert_eq!(statements(text).len(), 2);
}

/// `$` inside a name opened a dollar quote, and inside one tag another tag closed it.
#[test]
fn a_dollar_opens_a_quote_only_where_a_token_begins() {
    let text = "SELECT * FROM my$tab$le; DROP TABLE victim; SELECT $1, $tab$;$tab$";
    assert_eq!(statements(text).len(), 3);
    each_is_one(&[
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $func$\n\
         select $string$ Run: SELECT 123; $string$::text;\n$func$",
        "SELECT $\u{e9}1$;$1$;$\u{e9}$;$\u{e9}1$",
    ]);
}

/// A new version of a tool, other line ends, a licence in a comment, or a blank more
/// made checksums differ, and programs did not start.
#[test]
fn what_does_nothing_does_not_count_as_an_edit() {
    let text = "CREATE TABLE t (\n  a int\n);\n\nINSERT INTO t VALUES (1);\n";
    let before = fingerprint(text, true);
    for same in [
        text.replace('\n', "\r\n"),
        text.replace('\n', "\r"),
        format!("\u{feff}{text}"),
        format!("/* Copyright 2026 the authors */\n{text}\n\n"),
        text.replace("  a", "\ta   "),
        text.replace("INSERT", "-- the first row; it's needed\nINSERT"),
    ] {
        assert_eq!(fingerprint(&same, true), before, "{same:?}");
    }
    let body = "DO $$ BEGIN\n  PERFORM 1;\nEND $$";
    let elsewhere = body.replace('\n', "\r\n");
    assert_eq!(fingerprint(&elsewhere, true), fingerprint(body, true));
}

/// Two long names were the same to the server, and different to the tool.
#[test]
fn names_that_the_server_cuts_are_compared_as_it_cuts_them() {
    let one = format!("{}_account_id_fk", "a".repeat(60));
    let other = format!("{}_account_ref_id_fk", "a".repeat(60));
    let read = |text: &str| tokens(text).next().and_then(|token| stored(&token));
    assert_eq!(read(&one), read(&other));
    assert_eq!(read(&ident(&one)), read(&other));
    assert_eq!(read(&one).map(|name| name.len()), Some(63));
}

/// A reserved word, capitals or a quote in a name broke generated statements.
#[test]
fn any_name_can_be_written_and_read_again() {
    for name in [
        "order",
        "Title",
        "a\"b",
        "a;b",
        "\u{1f600}",
        "--",
        "a b",
        "U&\"x",
    ] {
        let written = ident(name);
        let found = tokens(&written).collect::<Vec<_>>();
        assert_eq!(found.len(), 1, "{written}");
        assert_eq!(stored(&found[0]).as_deref(), Some(name));
    }
}
