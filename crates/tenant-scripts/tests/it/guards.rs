//! What another program has made is left alone, and what stands in files and rows does no
//! harm: by the commands.

use std::fs;
use std::process;

use serde_json::json;

use crate::support::{Database, Migrations};

/// A program of which this one knows no migration.
fn stranger() -> Migrations {
    Migrations::none_for_tenants().tenant("2020-01-01-000000_other", "CREATE TABLE other (id INT);")
}

fn newer() -> Migrations {
    Migrations::ours().tenant("2027-01-01-000000_new", "CREATE TABLE new (id INT);")
}

#[tokio::test]
async fn another_programs_tenants_are_neither_migrated_nor_adopted_nor_repaired() {
    let database = Database::set_up().await;
    database
        .run_with(&stranger(), "create-tenant acme")
        .succeeds();
    for line in [
        "migrate-tenants",
        "migrate-tenants --dry-run",
        "migrate-tenants --allow-unknown-migrations",
        "repair-tenant acme",
        "repair-tenant acme --dry-run",
    ] {
        database
            .run(line)
            .exits_with(1)
            .says("tenant `acme` belongs to another program: it has 1 applied migration, and this program has none")
            .says("give their folder with --migrations-dir");
    }
    let checked = database.run("health-check").exits_with(1);
    checked
        .prints("the tenant belongs to another program")
        .conceals("db:migrate")
        .conceals("db:repair")
        .conceals("DROP");
    database
        .execute("DELETE FROM schema_tracker WHERE name = 'acme'")
        .await;
    for line in [
        "adopt-tenant acme",
        "adopt-tenant acme --allow-unknown-migrations",
    ] {
        database
            .run(line)
            .exits_with(1)
            .says("belongs to another program");
    }
    assert_eq!(database.tracked().await, Vec::<String>::new());
    let dummy = "SELECT to_regclass('acme.dummy_table')";
    assert_eq!(database.value(dummy).await, "NULL");
}

#[tokio::test]
async fn a_tenant_that_is_ahead_and_behind_is_migrated_with_the_option_only() {
    let database = Database::set_up().await;
    database.run_with(&newer(), "create-tenant acme").succeeds();
    let own = Migrations::ours().tenant("2026-06-01-000000_own", "CREATE TABLE own (id INT);");
    database
        .run_with(&own, "migrate-tenants")
        .exits_with(1)
        .says("has 1 applied migration that this program does not have: `20270101000000`")
        .says("Or give --allow-unknown-migrations if several programs migrate the tenant");
    let document = database
        .run_with(&own, "migrate-tenants --json")
        .exits_with(1);
    assert_eq!(document.json()["tenants"][0]["status"], "failed");
    database
        .run_with(&own, "migrate-tenants --allow-unknown-migrations")
        .succeeds()
        .prints("  acme: migrated, 1 migration in ");
    database
        .run("repair-tenant acme")
        .exits_with(1)
        .says("cannot be repaired: it has");
}

#[tokio::test]
async fn spares_of_a_newer_program_are_counted_and_kept_as_ahead() {
    let database = Database::set_up().await;
    database.run_with(&newer(), "spare-tenants 2").succeeds();
    database
        .run("spare-tenants")
        .succeeds()
        .prints("0 spare tenants ready; 2 ahead of this program.\n");
    let counted = database.run("spare-tenants --json").succeeds().json();
    assert_eq!(
        counted,
        json!({"ready": 0, "behind": 0, "ahead": 2, "outdated": 0, "other": 0})
    );
    database
        .run("spare-tenants 2")
        .succeeds()
        .prints("0 spare tenants ready; 2 ahead of this program, left alone (_spare_")
        .prints("); there was nothing to do.");
    database
        .run("spare-tenants 3")
        .succeeds()
        .prints("1 spare tenant ready: 1 created; 2 ahead of this program, left alone (");
    database
        .run("spare-tenants 0")
        .succeeds()
        .prints("1 dropped; 2 ahead of this program, left alone (_spare_");
    database
        .run("spare-tenants 0 --include-other-programs")
        .succeeds()
        .prints("2 dropped");
    let left = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE '\\_spare%'";
    assert_eq!(database.value(left).await, "0");
}

#[tokio::test]
async fn what_a_terminal_would_obey_is_not_shown_as_it_is() {
    let database = Database::with_tenants("acme").await;
    database
        .execute(
            "CREATE TABLE acme.\"\x1b[2J\" (id INT); \
             INSERT INTO acme.__diesel_schema_migrations (version) VALUES (E'99\\x1b[31m')",
        )
        .await;
    for line in [
        "health-check",
        "rollback-tenants --steps 1 --yes",
        "repair-tenant acme",
    ] {
        let refused = database.run(line).exits_with(1);
        let told = format!("{}{}", refused.stdout, refused.stderr);
        assert!(told.contains("99\\u{1b}[31m"), "{line}: {told}");
    }
    database
        .execute("DELETE FROM acme.__diesel_schema_migrations WHERE version LIKE '99%'")
        .await;
    let found = database.run("health-check").exits_with(1);
    found.prints("\\u{1b}[2J");
}

#[tokio::test]
async fn names_come_from_a_file_that_begins_with_a_byte_order_mark() {
    let database = Database::set_up().await;
    database
        .folder
        .file("names.txt", "\u{feff}acme\r\nbeta\r\n");
    database
        .run("create-tenant --names-from names.txt")
        .succeeds();
    assert_eq!(database.tracked().await, ["acme", "beta"]);
}

#[tokio::test]
async fn a_pipe_in_the_place_of_a_migration_is_refused_and_not_waited_for() {
    let database = Database::set_up().await;
    let migrations = newer();
    let up = migrations
        .path()
        .join("tenant/2027-01-01-000000_new/up.sql");
    fs::remove_file(&up).unwrap();
    let made = process::Command::new("mkfifo").arg(&up).status().unwrap();
    assert!(made.success());
    database
        .run_with(&migrations, "migrate-tenants")
        .fails()
        .says("up.sql: it is not a regular file");
}

#[tokio::test]
async fn a_login_that_is_encoded_wholly_is_in_nothing_that_is_shown() {
    let database = Database::set_up().await;
    for url in [
        "postgres://ann%3As3cret@localhost/shop",
        "postgres://%61%6e%6e%3A%733cret%40localhost/shop",
    ] {
        let refused = database.folder.command("list-tenants").on(url).run();
        let refused = refused.fails().says("cannot use the database URL");
        refused.conceals("3cret");
    }
}

#[tokio::test]
async fn a_schema_for_extensions_that_cannot_be_gets_no_statement_to_create_it() {
    let database = Database::set_up().await;
    for name in ["pg_ext", &"e".repeat(64)] {
        database
            .run(&format!("create-tenant acme --extensions-schema {name}"))
            .fails()
            .says("cannot be the schema for extensions")
            .conceals("CREATE SCHEMA");
    }
    assert_eq!(database.tracked().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_list_that_was_dropped_is_not_sent_in_a_circle() {
    let database = Database::with_tenants("acme").await;
    database.execute("DROP TABLE schema_tracker").await;
    for line in ["list-tenants", "migrate-public", "migrate-tenants"] {
        database
            .run(line)
            .says("although the migration that creates it is applied")
            .fails()
            .says("CREATE TABLE public.schema_tracker")
            .conceals("db:migrate`");
    }
}

/// Together they hold the lock on `plans` for five times the time-out for locks.
#[tokio::test]
async fn eight_commands_at_once_create_tenants_that_refer_to_one_table() {
    let database = Database::set_up().await;
    database
        .execute("CREATE TABLE public.plans (id INT PRIMARY KEY)")
        .await;
    let slow = Migrations::ours().tenant(
        "2027-01-01-000000_subscriptions",
        "CREATE TABLE subscriptions (plan INT REFERENCES public.plans (id)); SELECT pg_sleep(3);",
    );
    let names = (1..=8).map(|number| format!("tenant_{number}"));
    let names = names.collect::<Vec<_>>();
    let started = names.iter().map(|name| {
        let command = database.command(&format!("create-tenant {name}"));
        command.migrations(&slow).start()
    });
    for command in started.collect::<Vec<_>>() {
        command.finish().succeeds();
    }
    assert_eq!(database.tracked().await, names);
}
