//! Which part of which statement is about an object.

use super::*;

fn object(kind: ObjectKind, table: Option<&str>, name: &str) -> ObjectName {
    ObjectName {
        kind,
        table: table.map(str::to_owned),
        name: name.to_owned(),
    }
}

fn said(statements: &[(&str, bool)], name: &ObjectName, aspect: Aspect) -> String {
    let written = statements
        .iter()
        .map(|(code, asks)| Written::new(code, *asks, String::new()));
    let written = written.collect::<Vec<_>>();
    let code = about(&written, name, Some(aspect));
    code.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn only_the_clause_that_makes_it_is_about_it() {
    let create = (
        "CREATE TABLE t (a int DEFAULT 1 + (2) CHECK (a > 3), b int DEFAULT 4, CHECK (b < 5))",
        false,
    );
    let alter = (
        "ALTER TABLE s.t ALTER COLUMN a SET DEFAULT 6, ADD IF NOT EXISTS c int DEFAULT 7",
        false,
    );
    for (kind, name, aspect, expected) in [
        (ObjectKind::Column, "a", Aspect::Default, "1 + (2) 6"),
        (ObjectKind::Column, "b", Aspect::Default, "4"),
        (ObjectKind::Column, "c", Aspect::Default, "7"),
    ] {
        let name = object(kind, Some("t"), name);
        assert_eq!(said(&[create, alter], &name, aspect), expected, "{name}");
    }
    let check = object(ObjectKind::Constraint, Some("t"), "t_a_check");
    let found = said(&[create], &check, Aspect::Definition);
    assert!(found.contains("3") && found.contains("5"), "{found}");
    assert!(!found.contains('1') && !found.contains('4'), "{found}");
}

#[test]
fn what_the_clock_makes_last_is_not_known() {
    let column = object(ObjectKind::Column, Some("t"), "a");
    let fixed = ("CREATE TABLE t (a int DEFAULT 2026)", false);
    let moving = (
        "DO 'BEGIN EXECUTE format(''ALTER TABLE t ALTER a SET DEFAULT %s'', now()); END'",
        true,
    );
    let other = (
        "DO 'BEGIN INSERT INTO t (a) VALUES (extract(year FROM now())); END'",
        true,
    );
    let of = |all: &[(&str, bool)]| said(all, &column, Aspect::Default);
    assert_eq!(of(&[fixed, moving]), "");
    assert_eq!(of(&[moving, fixed]), "2026");
    assert_eq!(of(&[fixed, other]), "2026");
    let function = (
        "CREATE FUNCTION make() RETURNS void AS 'BEGIN EXECUTE ''ALTER TABLE t ALTER a SET DEFAULT '' || now(); END'",
        true,
    );
    assert_eq!(of(&[function, fixed]), "2026");
    assert_eq!(of(&[function, fixed, ("SELECT make()", false)]), "");
}

#[test]
fn what_says_nothing_of_it_is_left_out() {
    let sequence = object(ObjectKind::Sequence, None, "no");
    let create = ("CREATE SEQUENCE no START 202600001", false);
    for other in [
        "INSERT INTO no VALUES (2026)",
        "CREATE SEQUENCE other START 2026",
        "COMMENT ON SEQUENCE no IS 'since 2026'",
        "CREATE FUNCTION f() RETURNS int AS 'SELECT 2026 FROM no'",
    ] {
        let found = said(&[create, (other, false)], &sequence, Aspect::Definition);
        assert_eq!(found, "create sequence no start 202600001", "{other}");
    }
}
