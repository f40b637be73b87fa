//! Functions that need `search_path`, across a stream of migrations.

use std::fs;

use migration_lint::{Options, Stream, lint_folder};
use tempfile::TempDir;

use crate::{TENANT, UP, found, lint};

const NORM: &str = "CREATE FUNCTION strip(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT trim($1) $$;
CREATE FUNCTION norm(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(strip($1)) $$;
CREATE TABLE people (id bigint PRIMARY KEY, name text);\n";

#[test]
fn a_function_that_names_another_one_is_found_wherever_postgresql_calls_it_by_itself() {
    for place in [
        "CREATE INDEX ON people (norm(name));",
        "CREATE UNIQUE INDEX i ON people (id) WHERE norm(name) <> '';",
        "ALTER TABLE people ADD plain text GENERATED ALWAYS AS (norm(name)) STORED;",
        "ALTER TABLE people ADD CONSTRAINT c CHECK (norm(name) <> '');",
        "CREATE TABLE more (name text CHECK (norm(name) <> ''));",
        "CREATE TABLE more (name text, EXCLUDE USING gist (norm(name) WITH =));",
        "CREATE TABLE more (name text) PARTITION BY LIST (norm(name));",
        "CREATE DOMAIN word AS text CHECK (norm(VALUE) <> '');",
        "CREATE MATERIALIZED VIEW m AS SELECT norm(name) FROM people;",
        "CREATE VIEW v AS SELECT norm(name) FROM people;\nCREATE MATERIALIZED VIEW m AS SELECT * FROM v;",
        "CREATE STATISTICS s ON (norm(name)), id FROM people;",
        "CREATE FUNCTION around(x text) RETURNS text LANGUAGE sql IMMUTABLE RETURN norm(x);\n\
         CREATE INDEX ON people (around(name));",
    ] {
        let text = format!("{NORM}{place}");
        assert_eq!(found(TENANT, &text), ["unqualified-function:2"], "{place}");
    }
}

#[test]
fn tables_types_and_functions_of_extensions_count_as_names() {
    for body in [
        "SELECT unaccent($1)",
        "SELECT (SELECT reverse(name) AS n FROM people WHERE people.name = $1)",
        "SELECT $1::citext::text",
        "SELECT coalesce((SELECT name FROM people LIMIT 1), $1)",
        "SELECT $1::word::text",
    ] {
        let text = format!(
            "CREATE TABLE people (name text); CREATE DOMAIN word AS text;\n\
             CREATE FUNCTION f(text) RETURNS text LANGUAGE sql IMMUTABLE AS '{body}';\n\
             CREATE INDEX ON people (f(name));"
        );
        assert_eq!(found(TENANT, &text), ["unqualified-function:2"], "{body}");
    }
}

#[test]
fn functions_that_find_their_names_and_those_that_nothing_calls_so_are_left_alone() {
    let index = "CREATE INDEX ON people (norm(name));";
    for text in [
        NORM.to_owned(),
        format!("{}{index}", NORM.replace("lower(strip($1))", "lower($1)")),
        format!(
            "{}{index}",
            NORM.replace("IMMUTABLE AS", "IMMUTABLE SET search_path FROM CURRENT AS")
        ),
        format!(
            "{}{index}",
            NORM.replace(
                "AS $$ SELECT lower(strip($1)) $$",
                "RETURN lower(strip($1))"
            )
        ),
        format!("{NORM}{index}ALTER FUNCTION norm(text) SET search_path FROM CURRENT;"),
        format!("{NORM}CREATE VIEW v AS SELECT norm(name) FROM people;"),
        format!("{NORM}ALTER TABLE people ADD c text DEFAULT norm('x');"),
        format!("{NORM}CREATE INDEX by_name ON people (norm(name)); DROP INDEX by_name;"),
        format!("{NORM}{index}DROP TABLE people;"),
    ] {
        let found = found(TENANT, &text);
        assert!(
            !found.iter().any(|one| one.starts_with("unqualified")),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn the_message_names_the_function_and_the_hint_is_complete() {
    let text = format!("{NORM}CREATE INDEX ON people (norm(name));");
    let found = lint(UP, &text);
    let found = found
        .iter()
        .find(|one| one.rule == "unqualified-function")
        .unwrap();
    assert_eq!(
        found.message,
        "an index calls `norm`, which names `strip` without a schema: autovacuum and pg_restore \
         run it with an empty search_path and fail"
    );
    let hint = found.hint.as_deref().unwrap();
    assert!(
        hint.contains("\nALTER FUNCTION norm(value text) SET search_path FROM CURRENT;"),
        "{hint}"
    );
}

#[test]
fn the_stream_is_read_as_a_whole_and_a_later_migration_puts_it_right() {
    let folder = TempDir::new().unwrap();
    let add = |name: &str, up: &str| {
        let migration = folder.path().join(name);
        fs::create_dir(&migration).unwrap();
        fs::write(migration.join("up.sql"), up).unwrap();
        fs::write(migration.join("down.sql"), "SELECT 1;").unwrap();
    };
    let lint = || {
        let report = lint_folder(Stream::Tenant, folder.path(), &Options::default()).unwrap();
        let found = report.findings.into_iter();
        let found = found.filter(|one| one.rule == "unqualified-function");
        found.map(|one| (one.file, one.line)).collect::<Vec<_>>()
    };
    add("2026-01-01-000000_functions", NORM);
    assert_eq!(lint(), []);
    add(
        "2026-01-02-000000_index",
        "CREATE INDEX ON people (norm(name));",
    );
    let up = folder.path().join("2026-01-01-000000_functions/up.sql");
    assert_eq!(lint(), [(up, 2)]);
    let fix = "ALTER FUNCTION norm(text) SET search_path FROM CURRENT;";
    add("2026-01-03-000000_path", fix);
    assert_eq!(lint(), []);
    // Defined anew, it has lost its path.
    add(
        "2026-01-04-000000_again",
        &NORM.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    );
    let up = folder.path().join("2026-01-04-000000_again/up.sql");
    assert_eq!(lint(), [(up, 2)]);
}

#[test]
fn a_function_is_replaced_however_the_types_of_its_arguments_are_written() {
    for (before, after) in [
        ("n int", "integer"),
        ("at timestamp with time zone", "timestamptz"),
        ("price numeric(10, 2) DEFAULT 1", "p decimal"),
    ] {
        let function = |arguments: &str, path: &str| {
            format!(
                "CREATE OR REPLACE FUNCTION f({arguments}) RETURNS text LANGUAGE sql IMMUTABLE {path} \
                 AS $$ SELECT name FROM people LIMIT 1 $$;\n"
            )
        };
        let text = format!(
            "CREATE TABLE people (name text, n int, at timestamptz, price numeric);\n{}{}\
             CREATE INDEX ON people (f(n));",
            function(before, ""),
            function(after, "SET search_path FROM CURRENT")
        );
        assert_eq!(found(TENANT, &text), Vec::<String>::new(), "{before}");
        // Of another type it is another function.
        let other = text.replace(&format!("f({after})"), "f(bigint[])");
        assert_eq!(
            found(TENANT, &other),
            ["unqualified-function:2"],
            "{before}"
        );
    }
}

#[test]
fn the_type_of_a_column_is_known_from_an_earlier_migration() {
    let folder = TempDir::new().unwrap();
    for (name, up) in [
        (
            "2026-01-01-000000_one",
            "CREATE TABLE t (id bigint, due date, label text);",
        ),
        (
            "2026-01-02-000000_two",
            "ALTER TABLE t ALTER label SET DEFAULT 'today';\nALTER TABLE t ALTER due SET DEFAULT 'today';",
        ),
    ] {
        let migration = folder.path().join(name);
        fs::create_dir(&migration).unwrap();
        fs::write(migration.join("up.sql"), up).unwrap();
        fs::write(migration.join("down.sql"), "SELECT 1;").unwrap();
    }
    let report = lint_folder(Stream::Tenant, folder.path(), &Options::default()).unwrap();
    let found = report
        .findings
        .iter()
        .filter(|one| one.rule == "moment-constant");
    assert_eq!(found.map(|one| one.line).collect::<Vec<_>>(), [2]);
}
