//! `lint-migrations`: what is found where, how it is said, and how a project
//! decides otherwise.

mod base;
mod formats;

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
    let checked = checked.prints(" migrations: no findings.\n");
    assert_eq!(checked.stdout.lines().count(), 1, "{checked}");
}

#[test]
fn what_is_found_is_named_by_rule_file_line_and_column() {
    for (up, message, place, line) in [
        (
            "SELECT 1;\n  SELECT * FROM acme.tasks;\n",
            "qualified-name: `acme.tasks` names the schema `acme`, but each tenant has its own \
             schema",
            "2:17",
            "SELECT * FROM acme.tasks;",
        ),
        (
            "SELECT * FROM public.schema_tracker;\n",
            "touches-public: `public.schema_tracker` is in the public schema, which all tenants \
             share",
            "1:15",
            "SELECT * FROM public.schema_tracker;",
        ),
        (
            "SELECT 'ä'; SET search_path = acme;\n",
            "search-path: `SET search_path` changes search_path, so later names would lead to \
             another schema",
            "1:13",
            "SELECT 'ä'; SET search_path = acme;",
        ),
        (
            "-- All is well.\nSELECT 1;\nCOMMIT;\n",
            "transaction-control: `COMMIT` would begin or end a transaction, but the run controls \
             its own",
            "3:1",
            "COMMIT;",
        ),
    ] {
        let folder = project_with(up);
        let checked = folder.run("lint-migrations").exits_with(1).says_nothing();
        checked
            .prints(&format!(
                ": 1 error.\nerror: {message}\n  --> migrations/tenant/{NEW}/up.sql:{place}\n   |  \
                 {line}\nhint: "
            ))
            .prints(HOW_TO_IGNORE);
    }
}

/// The last line.
const HOW_TO_IGNORE: &str =
    "\nnote: a comment above a statement silences a rule there: `-- lint:ignore RULE reason`\n";

#[test]
fn what_is_to_be_written_stands_on_a_line_of_its_own() {
    project_with("CREATE INDEX CONCURRENTLY by_name ON dummy_table (name);\n")
        .run("lint-migrations")
        .exits_with(1)
        .prints(
            "\nhint: Move the statement to a separate migration, and add a metadata.toml to that.\n      \
             run_in_transaction = false\n",
        );
}

#[test]
fn a_finding_that_recurs_is_printed_once() {
    let table = |number| format!("CREATE TABLE t{number} (id BIGINT PRIMARY KEY, n INT);\n");
    let folder = project_with(&(1..=9).map(table).collect::<String>());
    let checked = folder.run("lint-migrations").exits_with(1);
    let checked = checked
        .prints(": 9 warnings.\nwarning: prefer-bigint-over-int: ")
        .prints(" (9 places)\n")
        .prints(&format!("\n  --> migrations/tenant/{NEW}/up.sql:5:"))
        .prints("\n  ... and 4 more (--verbose lists all)\nhint: ");
    assert_eq!(checked.stdout.matches("hint: ").count(), 1, "{checked}");
    let all = folder.run("lint-migrations --verbose").exits_with(1);
    assert_eq!(all.stdout.matches("  --> ").count(), 9, "{all}");
    let document = folder.run("lint-migrations --json").exits_with(1).json();
    assert_eq!(document["findings"].as_array().unwrap().len(), 9);
}

#[test]
fn a_hint_is_printed_once_for_findings_that_differ_in_a_name() {
    let folder = project_with("SELECT acme.f();\nSELECT 1;\nSELECT acme.g();\n");
    let checked = folder.run("lint-migrations").exits_with(1);
    let checked = checked
        .prints("\nerror: qualified-name: `acme.f` names")
        .prints("\nerror: qualified-name: `acme.g` names");
    assert_eq!(checked.stdout.matches("hint: ").count(), 1, "{checked}");
}

#[test]
fn a_migration_that_cannot_be_rolled_back_or_read_is_found_too() {
    let folder = project();
    let odd = folder.path().join("migrations/tenant/odd");
    std::fs::create_dir(&odd).unwrap();
    std::fs::write(odd.join("up.sql"), b"SELECT '\xff';\n").unwrap();
    folder
        .run("lint-migrations")
        .exits_with(1)
        .prints(": 1 error, 2 warnings.\n")
        .prints("warning: missing-down: down.sql is missing, so the migration cannot be rolled back\n  --> migrations/tenant/odd:1:1\n")
        .prints("warning: migration-name: ")
        .prints("error: unreadable-file: the file is not UTF-8 text")
        .prints("  --> migrations/tenant/odd/up.sql:1:1\n");
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
    for words in ["message", "hint"] {
        assert!(finding[words].as_str().unwrap().contains("timestamp"));
        finding[words] = Value::Null;
    }
    assert!(!finding["notes"].as_array().unwrap().is_empty());
    finding["notes"] = json!([]);
    let migrations = std::fs::read_dir(folder.path().join("migrations/tenant")).unwrap();
    let migrations = migrations.count();
    assert_eq!(document["checked"], migrations);
    assert_eq!(document["files"], migrations * 2);
    assert_eq!(
        document["findings"],
        json!([{
            "stream": "tenant",
            "file": format!("migrations/tenant/{NEW}/up.sql"),
            "line": 1,
            "column": 48,
            "rule": "prefer-timestamp-tz",
            "severity": "warning",
            "message": null,
            "notes": [],
            "hint": null,
            "excerpt": "CREATE TABLE tasks (id BIGINT PRIMARY KEY, due TIMESTAMP);",
        }])
    );
    let same = folder.run("lint-migrations --stream tenant --output json");
    assert_eq!(same.exits_with(1).json()["files"], document["files"]);
    let clean = folder.run("lint-migrations --stream public --json");
    assert_eq!(clean.succeeds().json()["findings"], json!([]));
}

#[test]
fn a_comment_silences_a_rule_for_one_statement() {
    let statement = "SELECT * FROM public.schema_tracker;\n";
    let ignored = format!("-- lint:ignore touches-public the list of all\n{statement}");
    project_with(&ignored).run("lint-migrations").succeeds();
    project_with(&format!("{ignored}{statement}"))
        .run("lint-migrations")
        .exits_with(1)
        .prints("touches-public: ")
        .prints("up.sql:3:15\n");
    project_with(&format!("-- lint:ignore touches-public\n{statement}"))
        .run("lint-migrations")
        .exits_with(1)
        .prints("warning: bad-ignore: the comment gives no reason\n")
        .prints("up.sql:1:1\n")
        .prints("up.sql:2:15\n");
}

#[test]
fn the_project_decides_which_schemas_and_which_rules() {
    let folder = project_with(
        "CREATE TABLE tasks (id INT PRIMARY KEY, title extensions.citext);\nDROP INDEX old;\n",
    );
    let found = folder.run("lint-migrations").exits_with(1);
    found
        .prints("warning: prefer-bigint-over-int: ")
        .prints("up.sql:1:24\n")
        .prints("error: qualified-name: ")
        .prints("up.sql:1:47\n");
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
    let found = "error: citus-trigger: Citus rejects statements about table triggers ";
    let checked = folder.run("lint-migrations --citus").exits_with(1);
    checked
        .prints(found)
        .prints("\n      SET LOCAL citus.enable_unsafe_triggers TO on;\n");
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
            "unknown rule `qualified-names`; did you mean `qualified-name`?",
        ),
    ] {
        folder.file("lint.toml", text);
        let refused = folder.run("lint-migrations").exits_with(2);
        refused
            .prints_nothing()
            .says(&format!("error: {said}"))
            .says("  --> lint.toml");
    }
    let refused = folder.run("lint-migrations --json").exits_with(2);
    assert_eq!(refused.json()["error"]["file"], "lint.toml", "{refused}");
}

#[test]
fn a_file_that_leads_nowhere_is_not_passed_over() {
    for (name, told) in [
        ("lint.toml", "could not read lint.toml"),
        ("diesel.tenant.toml", "could not use the configuration "),
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
        .says("the folder migrations/tenant of the tenant migrations does not exist");
    folder.run("lint-migrations --stream public").succeeds();
    folder
        .run("lint-migrations --migrations-dir elsewhere")
        .exits_with(2)
        .says("the folder elsewhere/tenant of the tenant migrations does not exist");
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
        .prints(&format!("\n  --> {}:1:1\n", file.display()));
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
        .prints("on   qualified-name: a schema named in a tenant migration\n")
        .prints("off  require-table-schema: a table named without its schema\n");
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
        "name": "qualified-name",
        "on": false,
        "severity": "error",
        "summary": "a schema named in a tenant migration",
    })));
    folder
        .run("lint-migrations --rules --base HEAD")
        .exits_with(2);
}
