//! Comments that silence a rule.

use crate::{TENANT, UP, found, lint};

#[test]
fn an_ignore_works_for_one_statement() {
    for text in [
        "-- lint:ignore touches-public the shared table\nDROP TABLE public.a;",
        "DROP TABLE public.a; -- lint:ignore touches-public the shared table",
        "DROP TABLE -- lint:ignore touches-public the shared table\n  public.a;",
        "DROP TABLE public.a -- lint:ignore touches-public the shared table",
        "-- lint:ignore touches-public the shared table\n\n-- why\nDROP TABLE public.a;",
        "SELECT 1;\r\n-- lint:ignore touches-public shared\r\nDROP TABLE public.a;\r\n",
        "-- lint:ignore touches-public both\nDROP TABLE public.a,\n  public.b;",
        "DO $$ BEGIN\n  -- lint:ignore touches-public here\n  DELETE FROM public.a;\nEND $$;",
        "-- lint:ignore touches-public here\nDO $$ BEGIN\n  DELETE FROM public.a;\nEND $$;",
    ] {
        assert_eq!(lint(TENANT, text), [], "{text}");
    }
    let next = "-- lint:ignore touches-public one\nDROP TABLE public.a;\nDROP TABLE public.b;";
    assert_eq!(found(TENANT, next), ["touches-public:3"]);
    let same_line = "DROP TABLE public.a; DROP TABLE public.b; -- lint:ignore touches-public b";
    let findings = lint(TENANT, same_line);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].column, 12);
}

#[test]
fn several_rules_take_several_lines() {
    let text = "-- lint:ignore touches-public one\n-- lint:ignore qualified-name other\n\
                DROP TABLE public.a, app.a;";
    assert_eq!(lint(TENANT, text), []);
}

#[test]
fn an_ignore_with_nothing_to_ignore_is_a_finding() {
    for text in [
        "-- lint:ignore touches-public no reason any more\nDROP TABLE a;",
        "DROP TABLE a;\n-- lint:ignore touches-public after the last",
    ] {
        let line = if text.starts_with("--") { 1 } else { 2 };
        assert_eq!(found(TENANT, text), [format!("unused-ignore:{line}")]);
    }
    let wrong = "-- lint:ignore search-path wrong rule\nDROP TABLE public.a;";
    assert_eq!(
        found(TENANT, wrong),
        ["unused-ignore:1", "touches-public:2"]
    );
}

#[test]
fn a_malformed_ignore_is_a_finding_and_ignores_nothing() {
    for comment in [
        "-- lint:ignore",
        "-- lint:ignore touches-public",
        "-- lint:ignore touches-publik a reason",
        "-- lint:disable touches-public a reason",
        "/* lint:ignore touches-public a reason */",
    ] {
        let text = format!("{comment}\nDROP TABLE public.a;");
        assert_eq!(
            found(TENANT, &text),
            ["bad-ignore:1", "touches-public:2"],
            "{comment}"
        );
    }
}

#[test]
fn an_ignore_in_a_string_is_text() {
    let text = "SELECT '\n-- lint:ignore touches-public x\n', 1 FROM public.a;";
    assert_eq!(found(TENANT, text), ["touches-public:3"]);
}

#[test]
fn a_file_without_statements_can_say_why() {
    let text = "-- lint:ignore missing-down the data are gone\n";
    assert_eq!(lint(TENANT, text), []);
    assert_eq!(lint(UP, "-- lint:ignore empty-up only a marker"), []);
    assert_eq!(found(UP, text), ["empty-up:1", "unused-ignore:1"]);
}

#[test]
fn comments_for_squawk_open_no_second_door() {
    for comment in [
        "-- squawk-ignore ban-drop-column",
        "-- squawk-ignore-file",
        "/* squawk-ignore-file ban-drop-column */",
        "-- squawk-disable-assume-in-transaction",
    ] {
        let text = format!("{comment}\nALTER TABLE a DROP COLUMN b;");
        assert_eq!(
            found(UP, &text),
            ["bad-ignore:1", "ban-drop-column:2"],
            "{comment}"
        );
    }
    let inside = "ALTER TABLE a -- squawk-ignore ban-drop-column\n  DROP COLUMN b;";
    assert_eq!(found(UP, inside), ["bad-ignore:1", "ban-drop-column:2"]);
    let ours = "-- lint:ignore ban-drop-column nobody reads it\nALTER TABLE a DROP COLUMN b;";
    assert_eq!(lint(UP, ours), []);
}
