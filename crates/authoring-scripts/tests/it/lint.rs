//! `lint-migrations`: what is found where, how it is said, and how a project
//! decides otherwise.

mod base;

use std::path::Path;

use serde_json::{Value, json};
use test_support::{Folder, copy};

use crate::support::ROOT;

/// A migration that is newer than all of this project.
const NEW: &str = "2031-01-01-000000_add";

/// A copy of this project's migrations. No test here has a database.
fn project() -> Folder {
    let folder = Folder::new();
    folder.file("diesel.tenant.toml", "");
    let migrations = Path::new(ROOT).join("migrations");
    copy(&migrations, &folder.path().join("migrations"));
    folder
}

/// The same with a further migration for tenants, whose `up.sql` is `up`.
fn project_with(up: &str) -> Folder {
    let folder = project();
    add(&folder, NEW, up);
    folder
}

fn add(folder: &Folder, name: &str, up: &str) {
    folder.file(&format!("migrations/tenant/{name}/up.sql"), up);
    let down = format!("migrations/tenant/{name}/down.sql");
    folder.file(&down, "SELECT 'reverted';\n");
}

#[test]
fn this_projects_own_migrations_break_no_rule() {
    let checked = project().run("lint-migrations").succeeds().says_nothing();
    let checked = checked.prints(" migrations checked: nothing found.\n");
    assert_eq!(checked.stdout.lines().count(), 1, "{checked}");
}

#[test]
fn what_is_found_is_named_by_file_line_column_and_rule() {
    for (up, place, message) in [
        (
            "SELECT 1;\n  SELECT * FROM acme.tasks;\n",
            "2:17: qualified-name",
            "`acme.tasks` names the schema `acme`, and each tenant has its own",
        ),
        (
            "SELECT * FROM public.schema_tracker;\n",
            "1:15: touches-public",
            "`public.schema_tracker` belongs to the public schema, which all tenants share",
        ),
        (
            "SELECT 'ä'; SET search_path = acme;\n",
            "1:13: search-path",
            "`SET search_path` changes search_path, and what follows would go elsewhere",
        ),
        (
            "-- All is well.\nSELECT 1;\nCOMMIT;\n",
            "3:1: transaction-control",
            "`COMMIT` would end or begin a transaction, and each run has one of its own",
        ),
        (
            "CREATE INDEX CONCURRENTLY by_name ON dummy_table (name);\n",
            "1:1: concurrently-in-transaction",
            "`CREATE INDEX ... CONCURRENTLY` cannot run in a transaction, and this migration runs \
             in one",
        ),
    ] {
        let folder = project_with(up);
        let checked = folder.run("lint-migrations").exits_with(1).says_nothing();
        let expected = format!("migrations/tenant/{NEW}/up.sql:{place}: {message}\n  help: ");
        assert!(checked.stdout.starts_with(&expected), "{checked}");
        assert_eq!(checked.stdout.lines().count(), 4, "{checked}");
        checked
            .prints("\n1 finding in ")
            .prints("write above it: -- lint:ignore RULE reason\n");
    }
}

#[test]
fn a_migration_that_cannot_be_reverted_or_read_is_found_too() {
    let folder = project();
    let odd = folder.path().join("migrations/tenant/odd");
    std::fs::create_dir(&odd).unwrap();
    std::fs::write(odd.join("up.sql"), b"SELECT '\xff';\n").unwrap();
    folder
        .run("lint-migrations")
        .exits_with(1)
        .prints("migrations/tenant/odd:1:1: missing-down: ")
        .prints("migrations/tenant/odd/up.sql:1:1: migration-name: ")
        .prints("migrations/tenant/odd/up.sql:1:1: unreadable-file: the file is not UTF-8 text")
        .prints("\n3 findings in ");
}

#[test]
fn what_the_sql_quotes_cannot_command_the_terminal() {
    // That nothing of the kind arrives is what each run is judged by.
    project_with("SELECT * FROM \"a\u{1b}[2Jb\".tasks;\n")
        .run("lint-migrations")
        .exits_with(1)
        .prints("names the schema");
}

#[test]
fn the_document_has_each_finding_in_parts() {
    let folder = project_with("CREATE TABLE tasks (id BIGINT PRIMARY KEY, due TIMESTAMP);\n");
    let mut document = folder
        .run("lint-migrations --stream tenant --json")
        .exits_with(1)
        .json();
    let finding = &mut document["findings"][0];
    // The words of this rule are not ours.
    for words in ["message", "remedy"] {
        assert!(finding[words].as_str().unwrap().contains("timestamp"));
        finding[words] = Value::Null;
    }
    let migrations = std::fs::read_dir(folder.path().join("migrations/tenant")).unwrap();
    let migrations = migrations.count();
    assert_eq!(
        document,
        json!({
            "checked": migrations,
            "files": migrations * 2,
            "findings": [{
                "stream": "tenant",
                "file": format!("migrations/tenant/{NEW}/up.sql"),
                "line": 1,
                "column": 48,
                "rule": "prefer-timestamp-tz",
                "message": null,
                "remedy": null,
            }],
        })
    );
    let clean = folder.run("lint-migrations --stream public --json");
    assert_eq!(clean.succeeds().json()["findings"], json!([]));
}

#[test]
fn the_help_names_every_field_of_both_documents() {
    let folder = project_with("COMMIT;\n");
    let help = folder.run("lint-migrations --help").succeeds();
    let document = folder.run("lint-migrations --json").json();
    let list = folder.run("lint-migrations --rules --json").json();
    let objects = [
        &document,
        &document["findings"][0],
        &list,
        &list["rules"][0],
    ];
    for object in objects {
        for name in object.as_object().unwrap().keys() {
            let mut words = help.stdout.split(|c: char| !c.is_alphanumeric());
            assert!(words.any(|word| word == name), "{name}");
        }
    }
}

#[test]
fn a_comment_silences_a_rule_for_one_statement() {
    let statement = "SELECT * FROM public.schema_tracker;\n";
    let ignored = format!("-- lint:ignore touches-public the list of all\n{statement}");
    project_with(&ignored).run("lint-migrations").succeeds();
    project_with(&format!("{ignored}{statement}"))
        .run("lint-migrations")
        .exits_with(1)
        .prints("up.sql:3:15: touches-public: ");
    project_with(&format!("-- lint:ignore touches-public\n{statement}"))
        .run("lint-migrations")
        .exits_with(1)
        .prints("up.sql:1:1: bad-ignore: the reason is missing\n")
        .prints("up.sql:2:15: touches-public: ");
}

#[test]
fn the_project_decides_which_schemas_and_which_rules() {
    let folder = project_with(
        "CREATE TABLE tasks (id INT PRIMARY KEY, title extensions.citext);\nDROP INDEX old;\n",
    );
    let found = folder.run("lint-migrations").exits_with(1);
    found
        .prints("up.sql:1:24: prefer-bigint-over-int: ")
        .prints("up.sql:1:47: qualified-name: ");
    folder.file(
        "lint.toml",
        "allowed_schemas = [\"extensions\"]\n\
         disabled_rules = [\"prefer-bigint-over-int\", \"require-concurrent-index-deletion\"]\n",
    );
    folder.run("lint-migrations").succeeds();
    let command = folder.command("lint-migrations");
    command.within("migrations/tenant").run().succeeds();
}

#[test]
fn what_a_cluster_refuses_is_found_where_there_is_one() {
    let folder = project_with("DROP TRIGGER a ON dummy_table;\n");
    folder.run("lint-migrations").succeeds();
    let found = "up.sql:1:1: citus-trigger: Citus refuses triggers of tables, and their changes, ";
    let checked = folder.run("lint-migrations --citus").exits_with(1);
    checked
        .prints(found)
        .prints("  help: put `SET LOCAL citus.enable_unsafe_triggers TO on;` before it ");
    folder.file("lint.toml", "citus = true\n");
    folder.run("lint-migrations").exits_with(1).prints(found);
    let listed = folder.run("lint-migrations --rules").succeeds();
    listed.prints("on   citus-rename-constraint: a renamed constraint\n");
}

#[test]
fn this_projects_own_migrations_suit_a_cluster() {
    project().run("lint-migrations --citus").succeeds();
}

#[test]
fn a_file_with_rules_that_cannot_be_understood_is_wrong_use() {
    let folder = project();
    for (text, said) in [
        ("allowed_schema = []\n", "unknown field `allowed_schema`"),
        (
            "disabled_rules = [\"qualified-names\"]\n",
            "lint.toml: there is no rule `qualified-names`; is `qualified-name` meant?",
        ),
    ] {
        folder.file("lint.toml", text);
        let refused = folder.run("lint-migrations").exits_with(2);
        refused
            .prints_nothing()
            .says("error: lint.toml: ")
            .says(said);
    }
    let refused = folder.run("lint-migrations --json").exits_with(2);
    assert!(refused.error_message().starts_with("lint.toml: "));
}

#[test]
fn a_file_that_leads_nowhere_is_not_passed_over() {
    for (name, told) in [
        ("lint.toml", "the file lint.toml cannot be read"),
        ("diesel.tenant.toml", "diesel.tenant.toml cannot be used"),
    ] {
        let folder = project();
        let file = folder.path().join(name);
        // There may be none.
        let _ = std::fs::remove_file(&file);
        std::os::unix::fs::symlink("nowhere", &file).unwrap();
        let refused = folder.run("lint-migrations").fails();
        refused.says(told).says("No such file or directory");
    }
}

#[test]
fn a_stream_without_its_folder_is_wrong_use() {
    let folder = project();
    std::fs::remove_dir_all(folder.path().join("migrations/tenant")).unwrap();
    folder
        .run("lint-migrations")
        .exits_with(2)
        .prints_nothing()
        .says("there is no folder migrations/tenant, where the tenant migrations should be");
    folder.run("lint-migrations --stream public").succeeds();
    folder
        .run("lint-migrations --migrations-dir elsewhere")
        .exits_with(2)
        .says("there is no folder elsewhere/tenant");
}

#[test]
fn other_folders_are_checked_when_they_are_named() {
    let folder = project();
    let elsewhere = project_with("COMMIT;\n");
    let migrations = elsewhere.path().join("migrations");
    let command = folder.command("lint-migrations --migrations-dir");
    let file = migrations.join(format!("tenant/{NEW}/up.sql"));
    command
        .arg(&migrations)
        .run()
        .exits_with(1)
        .prints(&format!("{}:1:1: transaction-control: ", file.display()));
}

#[test]
fn outside_a_project_it_is_wrong_use() {
    Folder::new()
        .run("lint-migrations")
        .exits_with(2)
        .prints_nothing()
        .says("it has no tenants.toml, diesel.tenant.toml or migrations/tenant");
}

#[test]
fn every_rule_is_listed_as_the_project_has_it() {
    let folder = project();
    let listed = folder.run("lint-migrations --rules").succeeds();
    let listed = listed
        .says_nothing()
        .prints("on   qualified-name: schemas named in the tenant stream\n")
        .prints("off  require-table-schema: tables named without their schema\n");
    let count = migration_lint::rules().len();
    assert_eq!(listed.stdout.lines().count(), count, "{listed}");

    folder.file(
        "lint.toml",
        "enabled_rules = [\"require-table-schema\"]\ndisabled_rules = [\"qualified-name\"]\n",
    );
    folder
        .run("lint-migrations --rules")
        .succeeds()
        .prints("off  qualified-name: ")
        .prints("on   require-table-schema: ");
    let document = folder.run("lint-migrations --rules --json").json();
    let rules = document["rules"].as_array().unwrap();
    assert_eq!(rules.len(), count);
    assert!(rules.contains(&json!({
        "name": "qualified-name", "on": false, "summary": "schemas named in the tenant stream",
    })));
    folder
        .run("lint-migrations --rules --base HEAD")
        .exits_with(2);
}
