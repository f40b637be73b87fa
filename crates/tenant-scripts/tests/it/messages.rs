//! The layout of what commands say: one for all, and nothing said twice.
//!
//! Several of these follow public reports about other programs: the same error for each of
//! many objects, warnings inside a JSON document, escape codes in a pipe, a failed migration
//! without its statement or its path.

use serde_json::{Value, json};

use crate::support::{Database, Folder, Migrations};

const UNIQUE: &str = "2026-02-01-000000_unique_names";
const UP: &str = "-- one\nALTER TABLE dummy_table\n  ADD CONSTRAINT unique_name UNIQUE (name);";

/// Tenants `t00`, `t01` and so on.
async fn fleet(count: usize) -> Database {
    let database = Database::set_up().await;
    let names = (0..count).map(|number| format!("t{number:02}\n"));
    let command = database.command("create-tenant --names-from -");
    command.input(&names.collect::<String>()).run().succeeds();
    database
}

/// Two rows of one name in each of these tenants.
async fn twice(database: &Database, name: impl Fn(&str) -> String, tenants: &[&str]) {
    for tenant in tenants {
        let value = name(tenant);
        let rows =
            format!("INSERT INTO {tenant}.dummy_table (name) VALUES ('{value}'), ('{value}')");
        database.execute(&rows).await;
    }
}

#[tokio::test]
async fn a_failure_that_differs_in_values_has_one_heading_and_a_row_for_each_tenant() {
    let database = fleet(8).await;
    let name = |tenant: &str| format!("of {tenant}");
    twice(&database, name, &["t00", "t01", "t02", "t03", "t04", "t05"]).await;
    let migrations = Migrations::ours().tenant(UNIQUE, UP);
    let failed = database
        .run_with(&migrations, "migrate-tenants")
        .exits_with(1);
    let file = migrations.path().join("tenant").join(UNIQUE).join("up.sql");
    failed
        .prints("8 tenants: 2 migrated, 6 failed (")
        .says(&format!(
            "error: migration `{UNIQUE}` failed for 6 of 8 tenants\n  --> {}:",
            file.display()
        ))
        .says("   |  ALTER TABLE dummy_table ADD CONSTRAINT unique_name UNIQUE (name)\n")
        .says("  t00: could not create unique index \"unique_name\" (SQLSTATE 23505): Key (name)=(of t00) is duplicated.\n")
        .says("  t04: could not create")
        .says("  ... and 1 more (--json lists all)\n")
        .says("note: 2 tenants were migrated; the 6 that failed are unchanged\n")
        .says("      cargo xtask db:migrate:tenants ")
        .conceals("because:")
        .conceals("to do:");
}

#[tokio::test]
async fn a_file_that_a_document_names_can_be_opened() {
    let database = fleet(1).await;
    twice(&database, str::to_owned, &["t00"]).await;
    let migrations = Migrations::ours().tenant(UNIQUE, UP);
    let failed = database
        .run_with(&migrations, "migrate-tenants --json")
        .exits_with(1);
    let error = failed.json()["tenants"][0]["error"].clone();
    let text = std::fs::read_to_string(error["file"].as_str().unwrap()).unwrap();
    assert_eq!(text, UP);
    assert_eq!(error["migration"], UNIQUE);
    assert_eq!(error["sqlstate"], "23505");
    let statement = error["statement"].as_str().unwrap();
    assert!(statement.starts_with("ALTER TABLE dummy_table"), "{error}");
    assert_eq!(error["notes"], json!(["its transaction was rolled back"]));
}

#[tokio::test]
async fn a_migration_that_is_compiled_in_is_named_by_its_folder() {
    let database = Database::set_up().await;
    database
        .execute(
            "CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS \
             $$ BEGIN IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() \
             WHERE object_identity LIKE '%dummy_table') THEN RAISE 'no'; END IF; END $$; \
             CREATE EVENT TRIGGER no ON ddl_command_end WHEN TAG IN ('CREATE TABLE') \
             EXECUTE FUNCTION no()",
        )
        .await;
    let failed = database.run("create-tenant acme").exits_with(1);
    failed.says("  --> 2026-01-01-000000_create_dummy_table/up.sql:");
}

#[tokio::test]
async fn what_postgres_hints_is_a_note_and_not_advice_of_ours() {
    let database = fleet(1).await;
    let name = "2026-02-01-000000_wrong";
    let migrations = Migrations::ours().tenant(name, "SELECT nam FROM dummy_table;");
    let failed = database.run_with(&migrations, "migrate-tenants");
    failed
        .exits_with(1)
        .says("column \"nam\" does not exist (SQLSTATE 42703)\n")
        .says("note: PostgreSQL's hint: Perhaps you meant to reference the column \"dummy_table.name\".\n")
        .says("note: its transaction was rolled back\n");
}

#[tokio::test]
async fn what_differs_alike_in_36_tenants_is_shown_once() {
    let database = fleet(36).await;
    let drops = (0..36)
        .map(|number| format!("ALTER TABLE t{number:02}.dummy_table DROP COLUMN description;"));
    database.execute(&drops.collect::<String>()).await;
    let checked = database.run("health-check").exits_with(1);
    assert!(checked.stdout.lines().count() < 10, "{checked}");
    assert!(
        checked
            .stdout
            .starts_with("36 tenants checked: 36 problems.\n"),
        "{checked}"
    );
    checked
        .prints("error: column `dummy_table.description` is missing\n")
        .prints("  36 tenants: t00, t01, t02, t03, t04 and 31 more\n")
        .prints("hint: Repair the tenant.\n      cargo xtask db:repair:tenant NAME ");
}

#[tokio::test]
async fn what_is_printed_into_a_pipe_has_no_color() {
    let database = fleet(1).await;
    database.execute("DROP TABLE t00.dummy_table").await;
    let checked = database.run("health-check").exits_with(1);
    assert!(!checked.stdout.contains('\u{1b}'), "{checked}");
}

#[tokio::test]
async fn a_warning_is_not_in_the_way_of_a_document() {
    let database = fleet(1).await;
    let talk = "DO $$ BEGIN RAISE WARNING 'look'; END $$;";
    let migrations = Migrations::ours().tenant("2026-02-01-000000_talk", talk);
    let done = database.run_with(&migrations, "migrate-tenants --json");
    let document = done.succeeds().says_nothing().json();
    assert_eq!(document["tenants"][0]["messages"][0]["message"], "look");
}

#[test]
fn a_failure_of_arguments_has_the_keys_of_every_error() {
    let folder = Folder::new();
    let refused = folder.run("list-tenants --jsno --json").exits_with(2);
    let expected = json!({"error": {
        "message": "unexpected argument `--jsno` found",
        "notes": ["usage: list-tenants --json"],
        "hint": "A similar argument exists: `--json`.\nRead the help of the command.\nlist-tenants --help",
        "sqlstate": null, "file": null, "line": null, "column": null,
        "migration": null, "statement": null,
    }, "other_errors": []});
    let mut found = refused.json();
    let error = found["error"].as_object_mut().unwrap();
    let notes = error.insert("notes".to_owned(), expected["error"]["notes"].clone());
    assert!(notes.unwrap()[0].as_str().unwrap().starts_with("usage: "));
    assert_eq!(found, expected, "{refused}");
}

#[tokio::test]
async fn each_error_problem_and_note_has_the_same_keys() {
    let database = fleet(2).await;
    database
        .execute("DROP TABLE t00.dummy_table; INSERT INTO t01.__diesel_schema_migrations (version) VALUES ('20990101000000')")
        .await;
    let checked = database.run("health-check --json").exits_with(1).json();
    let migrated = database.run("migrate-tenants --json").json();
    let failed = database.run("drop-tenant nobody --yes --json").json();
    let problems = checked["problems"].as_array().unwrap().iter();
    let notes = migrated["notes"].as_array().unwrap().iter();
    let said = problems.chain(notes).chain([&failed["error"]]);
    let said = said.collect::<Vec<&Value>>();
    assert!(said.len() >= 4, "{checked} {migrated}");
    for one in said {
        for key in [
            "message", "notes", "hint", "sqlstate", "file", "line", "column",
        ] {
            assert!(one.get(key).is_some(), "no {key} in {one}");
        }
    }
}

#[tokio::test]
async fn of_many_different_failures_five_are_shown() {
    let database = fleet(7).await;
    let steps = (0..7).map(|number| {
        let at = format!("current_schema() = 't0{number}'");
        format!("DO $$ BEGIN IF {at} THEN RAISE 'number {number}'; END IF; END $$;\n")
    });
    let up = steps.collect::<String>();
    let migrations = Migrations::ours().tenant(UNIQUE, &up);
    let failed = database
        .run_with(&migrations, "migrate-tenants")
        .exits_with(1);
    assert_eq!(failed.stderr.matches("error:").count(), 5, "{failed}");
    failed.says("2 other errors not shown (--json lists all)");
}
