//! A database without the tracker: every command says that it has to be set up,
//! and how.

use serde_json::json;

use crate::support::{Call, Database};

const COMMANDS: [&str; 16] = [
    "create-tenant acme",
    "clone-tenant acme globex",
    "list-tenants",
    "migrate-tenants",
    "migrate-tenants --only acme",
    "health-check",
    "health-check --quick",
    "adopt-tenant acme",
    "accept-edits",
    "squash-tenants --baseline 20260101000000",
    "repair-tenant acme",
    "diff-tenants acme globex",
    "rename-tenant acme globex",
    "rollback-tenants --steps 1 --yes",
    "drop-tenant acme --yes",
    "tenant-url acme",
];

const MESSAGE: &str = "the database is not set up: it has no table `public.schema_tracker`";

fn hint(database: &Database) -> String {
    let migrate = database.hint(&Call::MigratePublic);
    format!("Apply the public migrations.\n{migrate}")
}

#[tokio::test]
async fn every_command_names_the_one_that_sets_the_database_up() {
    let database = Database::empty().await;
    let hint = hint(&database);
    for command in COMMANDS {
        database
            .run(command)
            .exits_with(3)
            .prints_nothing()
            .says(MESSAGE)
            .says(&format!("hint: {}\n", hint.replace('\n', "\n      ")));
    }
    assert!(database.schemas().await.is_empty());
}

#[tokio::test]
async fn it_is_an_error_in_json_too() {
    let database = Database::empty().await;
    for command in COMMANDS {
        let refused = database.run(&format!("{command} --json")).exits_with(3);
        let expected = json!({"error": {
            "message": MESSAGE, "notes": [], "sqlstate": null, "migration": null,
            "statement": null, "file": null, "line": null, "column": null,
            "hint": hint(&database),
        }, "other_errors": []});
        assert_eq!(refused.json(), expected, "{refused}");
    }
}

#[tokio::test]
async fn a_schema_of_the_tenants_name_is_left_alone() {
    let database = Database::empty().await;
    database
        .execute("CREATE SCHEMA acme; CREATE TABLE acme.precious (id INT)")
        .await;
    database.run("drop-tenant acme --yes").exits_with(3);
    database.run("create-tenant acme").exits_with(3);
    database.run("adopt-tenant acme").exits_with(3);
    database.run("repair-tenant acme").exits_with(3);
    let table = "SELECT to_regclass('acme.precious')";
    assert_eq!(database.value(table).await, "acme.precious");
}

#[tokio::test]
async fn the_demo_sets_the_database_up_by_itself() {
    let database = Database::empty().await;
    database
        .run("demo-tenant-schema")
        .succeeds()
        .says("Set up the public schema (5 migrations)");
    database.run("list-tenants").succeeds();
}

/// The migration that creates a list is applied already when the settings name another one, so
/// applying the public migrations again would lead back here.
#[tokio::test]
async fn a_list_that_no_migration_creates_is_not_sent_back_to_the_public_migrations_alone() {
    let database = Database::empty().await;
    let settings = |table: &str| {
        let text = format!("[registry]\ntable = 'public.{table}'\nkey = 'slug'\n");
        database.folder.file("tenants.toml", &text);
    };
    let up = "m/tenant/2026-01-01-000000_a/up.sql";
    database.folder.file(up, "CREATE TABLE a (id INT);");
    let run = |line: &str| database.run(&format!("{line} --migrations-dir m"));
    settings("customers");
    run("migrate-public").succeeds();
    run("list-tenants").succeeds();
    settings("clients");
    run("migrate-public").succeeds();
    run("list-tenants")
        .exits_with(3)
        .says("dd a public migration that creates this table");
}

#[tokio::test]
async fn an_empty_public_folder_is_enough_to_set_a_database_up() {
    let database = Database::empty().await;
    database.folder.file("m/public/.keep", "");
    database.folder.file(
        "m/tenant/2026-01-01-000000_a/up.sql",
        "CREATE TABLE a (id INT);",
    );
    let run = |line: &str| database.run(&format!("{line} --migrations-dir m"));
    run("list-tenants")
        .exits_with(3)
        .says("db:migrate --migrations-dir m");
    run("migrate-public --check")
        .exits_with(1)
        .prints("5 migrations pending");
    run("migrate-public --check --quiet")
        .exits_with(1)
        .prints("Pending 2026-");
    run("migrate-public")
        .succeeds()
        .prints("5 migrations applied");
    run("migrate-public --check").succeeds();
    run("list-tenants").succeeds();
    run("create-tenant acme").succeeds();
}
