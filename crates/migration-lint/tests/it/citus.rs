//! The rules `citus-...`. That Citus refuses what they find, and accepts what is written
//! instead, is held against a cluster by the tests of `tenant-core`.

use migration_lint::{Direction, Options, lint_text, rules};

use crate::{Like, PUBLIC, TENANT, lint, short};

/// What is refused, by its rule, and what is accepted instead, where there is something.
const EXAMPLES: &str = include_str!("../citus_examples.sql");

/// Each example as its rule, the statements it finds fault with, and those it does not.
fn examples() -> Vec<(&'static str, &'static str, &'static str)> {
    let parts = EXAMPLES.split("\n-- citus-").skip(1);
    let parts = parts.map(|part| {
        let (head, text) = part.split_once('\n').unwrap();
        let (rule, _) = head.split_once(": ").unwrap();
        let (bad, good) = text.split_once("-- instead\n").unwrap_or((text, ""));
        (rule, bad, good)
    });
    parts.collect()
}

fn citus() -> Options {
    Options::parse("citus = true").unwrap()
}

fn found(like: Like, text: &str) -> Vec<String> {
    let findings = lint_text(&like.sql(text), &citus());
    let about_it = |rule: &str| rule.starts_with("citus-");
    let findings = findings.into_iter().filter(|one| about_it(&one.rule));
    findings.map(|one| one.rule).collect()
}

#[test]
fn what_citus_refuses_is_found_and_what_it_accepts_is_not() {
    for (rule, bad, good) in examples() {
        let rule = format!("citus-{rule}");
        assert_eq!(found(TENANT, bad), [rule], "{bad}");
        assert_eq!(found(TENANT, good), [""; 0], "{good}");
    }
}

#[test]
fn each_rule_has_an_example_and_a_hint() {
    for rule in rules().iter().filter(|rule| rule.is_about_citus()) {
        let mut examples = examples().into_iter();
        let (_, bad, _) = examples
            .find(|(name, ..)| rule.name == format!("citus-{name}"))
            .unwrap_or_else(|| panic!("{} has no example", rule.name));
        let findings = lint_text(&TENANT.sql(bad), &citus());
        let finding = findings.iter().find(|one| one.rule == rule.name).unwrap();
        assert!(finding.message.contains("Citus") || finding.message.contains("worker"));
        assert!(finding.hint.is_some(), "{}", rule.name);
    }
}

#[test]
fn they_are_asked_about_tenants_on_a_cluster_only() {
    for (_, bad, _) in examples() {
        let findings = short(&lint(TENANT, bad));
        assert!(
            !findings.iter().any(|one| one.starts_with("citus-")),
            "{findings:?}"
        );
        assert_eq!(found(PUBLIC, bad), [""; 0], "{bad}");
    }
}

#[test]
fn statements_that_take_no_transaction_are_read_too() {
    let outside = Like {
        in_transaction: false,
        direction: Direction::Up,
        ..TENANT
    };
    let text = "ALTER TABLE days DETACH PARTITION year CONCURRENTLY;";
    assert_eq!(found(outside, text), ["citus-alter-table"]);
    let text = "ALTER TABLE days DETACH PARTITION year;";
    assert_eq!(found(outside, text), [""; 0]);
}

#[test]
fn a_named_foreign_key_beside_another_column_is_found_for_it_ends_the_worker() {
    let text = "ALTER TABLE a ADD COLUMN b bigint CONSTRAINT c REFERENCES d, ADD COLUMN e int;";
    assert_eq!(found(TENANT, text), ["citus-add-constraint"]);
}

#[test]
fn foreign_keys_into_public_are_left_to_the_rule_about_public() {
    let text = "CREATE TABLE a (b bigint REFERENCES public.c);";
    let findings = short(&lint_text(&TENANT.sql(text), &citus()));
    assert_eq!(findings, ["touches-public:1"]);
}

#[test]
fn blocks_count_and_the_setting_does_while_it_is_on() {
    let block = "DO $$ BEGIN\n  ALTER TABLE a RENAME CONSTRAINT b TO c;\nEND $$;";
    let findings = short(&lint_text(&TENANT.sql(block), &citus()));
    assert_eq!(findings, ["citus-rename-constraint:2"]);
    let on_and_off = "SET LOCAL citus.enable_unsafe_triggers TO 'true';\nDROP TRIGGER a ON b;\n\
                      SET LOCAL citus.enable_unsafe_triggers TO off;\nDROP TRIGGER c ON b;";
    let findings = short(&lint_text(&TENANT.sql(on_and_off), &citus()));
    assert_eq!(findings, ["citus-trigger:4"]);
}

#[test]
fn a_comment_keeps_a_statement_whether_they_are_asked_or_not() {
    let text = "-- lint:ignore citus-trigger the role has the setting\nDROP TRIGGER a ON b;";
    assert_eq!(lint_text(&TENANT.sql(text), &citus()), []);
    assert_eq!(lint(TENANT, text), []);
}

#[test]
fn a_trigger_may_name_its_table_where_it_runs() {
    let function = |body: &str| {
        format!(
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; \
             END $$;"
        )
    };
    for (body, rules) in [
        (
            "EXECUTE format('DELETE FROM %I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME);",
            &[][..],
        ),
        (
            "EXECUTE 'DELETE FROM ' || quote_ident(TG_TABLE_NAME);",
            &["citus-trigger-path"],
        ),
        ("NEW.what := lower(tg_relname);", &["citus-trigger-name"]),
        ("NEW.what := TG_TABLE_SCHEMA;", &[]),
        ("NEW.what := nextval('a');", &["citus-trigger-sequence"]),
    ] {
        assert_eq!(found(TENANT, &function(body)), rules, "{body}");
    }
}
