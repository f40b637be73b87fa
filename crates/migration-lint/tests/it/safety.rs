//! The rules of squawk.

use migration_lint::{Options, lint_text, rules};

use crate::{Like, TENANT, UP, found, lint, none_gives_any, short};

#[test]
fn statements_that_hold_up_a_table_in_use_are_noticed() {
    for (text, rule) in [
        (
            "CREATE INDEX i ON tasks (a);",
            "require-concurrent-index-creation",
        ),
        ("DROP INDEX i;", "require-concurrent-index-deletion"),
        (
            "ALTER TABLE tasks ADD COLUMN a text NOT NULL;",
            "adding-required-field",
        ),
        (
            "ALTER TABLE tasks ALTER COLUMN a SET NOT NULL;",
            "adding-not-nullable-field",
        ),
        (
            "ALTER TABLE tasks ALTER COLUMN a TYPE bigint;",
            "changing-column-type",
        ),
        ("ALTER TABLE tasks RENAME COLUMN a TO b;", "renaming-column"),
        ("ALTER TABLE tasks RENAME TO jobs;", "renaming-table"),
        ("ALTER TABLE tasks DROP COLUMN a;", "ban-drop-column"),
        ("DROP TABLE tasks;", "ban-drop-table"),
        (
            "ALTER TABLE tasks ADD CONSTRAINT c CHECK (a > 0);",
            "constraint-missing-not-valid",
        ),
        (
            "ALTER TABLE tasks ADD CONSTRAINT c UNIQUE (a);",
            "disallowed-unique-constraint",
        ),
        ("TRUNCATE tasks CASCADE;", "ban-truncate-cascade"),
        ("CREATE TABLE tasks (a timestamp);", "prefer-timestamp-tz"),
        ("CREATE TABLE tasks (a varchar(9));", "prefer-text-field"),
        ("CREATE TABLE tasks (a int);", "prefer-bigint-over-int"),
        ("CREATE TABLE tasks (a char(2));", "ban-char-field"),
    ] {
        let found = found(UP, text);
        assert!(found.contains(&format!("{rule}:1")), "{text}: {found:?}");
    }
}

#[test]
fn a_constraint_is_validated_in_a_migration_of_its_own() {
    for text in [
        "ALTER TABLE tasks ADD CONSTRAINT c CHECK (a > 0);",
        "ALTER TABLE tasks ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES b (id);",
    ] {
        let findings = lint(UP, text);
        let hints = findings.iter().filter_map(|one| one.hint.as_deref());
        let mut said = hints.filter(|hint| hint.contains("--transaction migration"));
        assert!(said.next().is_some(), "{text}: {findings:?}");
    }
}

#[test]
fn what_suits_tenants_is_not_objected_to() {
    none_gives_any(
        UP,
        &[
            "CREATE TABLE tasks (id uuid PRIMARY KEY, size smallint NOT NULL, name text);",
            "ALTER TABLE tasks ADD COLUMN a text;",
            "CREATE TABLE tasks (id bigint PRIMARY KEY);\nCREATE INDEX i ON tasks (id);",
            "INSERT INTO tasks VALUES (1);\nUPDATE tasks SET a = 1;",
            "CREATE TYPE kind AS ENUM ('a', 'b');",
        ],
    );
}

#[test]
fn reverting_may_drop_what_was_made() {
    none_gives_any(
        TENANT,
        &[
            "DROP TABLE tasks;",
            "ALTER TABLE tasks DROP COLUMN a;",
            "DROP INDEX i;",
        ],
    );
}

#[test]
fn an_index_is_built_outside_a_transaction() {
    let outside = Like {
        in_transaction: false,
        ..UP
    };
    let text = "CREATE INDEX CONCURRENTLY i ON tasks (a);";
    assert_eq!(found(outside, text), [""; 0]);
    assert_eq!(found(UP, text), ["concurrently-in-transaction:1"]);
}

#[test]
fn a_rule_of_ours_and_one_of_squawk_do_not_say_the_same() {
    for text in [
        "ALTER TABLE tasks SET SCHEMA app;",
        "DROP SCHEMA app;",
        "DROP EXTENSION citext;",
        "BEGIN;\nSELECT 1;\nCOMMIT;",
    ] {
        let found = found(UP, text);
        assert!(
            found.iter().all(|one| !one.starts_with("ban-")),
            "{found:?}"
        );
    }
}

#[test]
fn the_help_of_squawk_is_the_hint() {
    let findings = lint(UP, "CREATE INDEX i ON tasks (a);");
    let hint = findings[0].hint.as_deref().unwrap();
    assert!(hint.contains("`concurrently`"), "{hint}");
}

#[test]
fn rules_can_be_switched_off_and_on() {
    let options = Options::parse(
        "disabled_rules = ['ban-drop-column', 'touches-public']\n\
         enabled_rules = ['ban-drop-trigger']",
    )
    .unwrap();
    let text = "ALTER TABLE public.a DROP COLUMN b;\nDROP TRIGGER t ON a;";
    assert_eq!(
        short(&lint_text(&UP.sql(text), &options)),
        ["ban-drop-trigger:2"]
    );
}

#[test]
fn an_ignore_of_a_disabled_rule_does_no_harm() {
    let options = Options::parse("disabled_rules = ['ban-drop-column']").unwrap();
    let text = "-- lint:ignore ban-drop-column unused\nALTER TABLE a DROP COLUMN b;";
    assert_eq!(lint_text(&UP.sql(text), &options), []);
}

#[test]
fn each_rule_that_is_found_is_listed() {
    let names = rules().iter().map(|rule| rule.name).collect::<Vec<_>>();
    let text = "CREATE INDEX i ON public.a (b);\nBEGIN;\nSET ROLE a;\nSELECT '";
    for finding in lint(UP, text) {
        assert!(names.contains(&finding.rule.as_str()), "{}", finding.rule);
    }
}
