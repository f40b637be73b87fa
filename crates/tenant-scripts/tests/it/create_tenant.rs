//! `create-tenant`: schema, migrations and registration, for one or for many.

use serde_json::{Value, json};

use crate::support::{Call, Database, Migrations, OUR_VERSIONS, outcome};

fn created(name: &str) -> Value {
    outcome(name, "created", &OUR_VERSIONS)
}

#[tokio::test]
async fn a_tenant_gets_a_schema_with_all_migrations_and_is_registered() {
    let database = Database::set_up().await;
    database
        .run("create-tenant acme")
        .succeeds()
        .prints("  acme: created, 2 migrations in ")
        .prints("1 tenant: 1 created (")
        .says_nothing();
    assert_eq!(database.schemas().await, ["acme"]);
    assert_eq!(database.tracked().await, ["acme"]);
    assert_eq!(database.applied("acme").await, OUR_VERSIONS);
    database
        .execute("INSERT INTO acme.dummy_table (name, description) VALUES ('a', 'b')")
        .await;
}

#[tokio::test]
async fn the_document_tells_each_tenant_and_its_migrations() {
    let database = Database::set_up().await;
    let done = database.run("create-tenant beta acme --json").succeeds();
    done.includes(&json!({
        "total": 2, "created": 2, "up_to_date": 0, "failed": 0, "skipped": 0, "duration_ms": 0,
        "tenants": [created("acme"), created("beta")],
    }));
}

#[tokio::test]
async fn a_name_given_twice_is_one_tenant() {
    let database = Database::set_up().await;
    database.folder.file("names.txt", "beta\nacme\nbeta\n");
    database
        .run("create-tenant acme acme --names-from names.txt")
        .succeeds()
        .prints("2 tenants: 2 created");
    assert_eq!(database.tracked().await, ["acme", "beta"]);
}

#[tokio::test]
async fn names_come_from_a_file_with_comments_and_empty_lines() {
    let database = Database::set_up().await;
    let text = "# Customers of the first hour\nacme\n\n  beta  \r\n# Later\ngamma";
    database.folder.file("lists/names.txt", text);
    database
        .run("create-tenant --names-from lists/names.txt")
        .succeeds()
        .prints("3 tenants: 3 created");
    assert_eq!(database.tracked().await, ["acme", "beta", "gamma"]);
}

#[tokio::test]
async fn names_come_from_standard_input() {
    let database = Database::set_up().await;
    let command = database.command("create-tenant zeta --names-from -");
    command.input("acme\nbeta\n").run().succeeds();
    assert_eq!(database.tracked().await, ["acme", "beta", "zeta"]);
}

#[tokio::test]
async fn no_names_at_all_are_nothing_to_do() {
    let database = Database::set_up().await;
    let none = |line: &str| database.command(line).input("").run().succeeds();
    let done = none("create-tenant --names-from -");
    assert_eq!(done.stdout, "There were no names.\n");
    let done = none("create-tenant --names-from - --json");
    done.includes(&json!({"total": 0, "created": 0, "failed": 0, "tenants": []}));
}

#[tokio::test]
async fn a_file_that_is_not_there_is_wrong_use() {
    let database = Database::set_up().await;
    database
        .run("create-tenant acme --names-from nowhere.txt")
        .exits_with(2)
        .prints_nothing()
        .says("could not read the names from nowhere.txt")
        .says("No such file or directory");
    assert!(database.tracked().await.is_empty());
}

#[tokio::test]
async fn a_name_that_is_taken_fails_and_the_others_are_made() {
    let database = Database::with_tenants("acme").await;
    database
        .execute("INSERT INTO acme.dummy_table (name) VALUES ('kept')")
        .await;
    let hint = taken(&database);
    database
        .run("create-tenant beta acme gamma")
        .exits_with(1)
        .prints("  beta: created, 2 migrations in ")
        .prints("3 tenants: 2 created, 1 failed (")
        .says("error: tenant `acme` already exists\n")
        .says(&format!(
            "hint: {}\n",
            hint.replace('\n', "\nhint: ")
                .replace("\nhint: cargo", "\n      cargo")
        ));
    assert_eq!(database.tracked().await, ["acme", "beta", "gamma"]);
    let rows = "SELECT name FROM acme.dummy_table";
    assert_eq!(database.value(rows).await, "kept");
}

/// What is said to who chose a name that is in use.
fn taken(database: &Database) -> String {
    let list = database.hint(&Call::ListTenants);
    format!("Choose another name.\nTo see which names are taken, list the tenants.\n{list}")
}

#[tokio::test]
async fn the_document_has_the_reason_of_a_failure() {
    let database = Database::with_tenants("acme").await;
    let done = database.run("create-tenant acme beta --json").exits_with(1);
    done.includes(&json!({
        "total": 2, "created": 1, "up_to_date": 0, "failed": 1, "skipped": 0,
        "tenants": [
            {
                "name": "acme", "status": "failed", "applied": [],
                "error": {
                    "message": "tenant `acme` already exists",
                    "sqlstate": null, "migration": null, "file": null, "line": null,
                    "hint": taken(&database),
                },
            },
            created("beta"),
        ],
    }));
}

#[tokio::test]
async fn many_tenants_are_made_at_once_whatever_the_number_of_jobs() {
    let database = Database::set_up().await;
    let names = |from: usize| (from..from + 15).map(|number| format!("t{number:02}\n"));
    let command = database.command("create-tenant --names-from - --jobs 1");
    command
        .input(&names(0).collect::<String>())
        .run()
        .succeeds();
    let command = database.command("create-tenant --names-from - --jobs 50");
    command
        .input(&names(15).collect::<String>())
        .run()
        .succeeds()
        .prints("15 tenants: 15 created");
    assert_eq!(database.tracked().await.len(), 30);
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn a_fleet_is_summed_up_rather_than_listed() {
    let database = Database::set_up().await;
    let names = (0..21)
        .map(|number| format!("t{number}\n"))
        .collect::<String>();
    let command = database.command("create-tenant --names-from -");
    let done = command.input(&names).run().succeeds();
    assert!(
        done.stdout.starts_with("21 tenants: 21 created ("),
        "{done}"
    );
    assert_eq!(done.stdout.lines().count(), 1, "{done}");
}

#[tokio::test]
async fn nothing_half_made_remains_when_a_migration_fails() {
    let database = Database::set_up().await;
    let migrations = Migrations::ours().tenant(
        "2026-03-01-000000_break",
        "CREATE TABLE before_it (id INT);\n\nSELECT 1 / 0;\n",
    );
    database
        .run_with(&migrations, "create-tenant acme")
        .exits_with(1)
        .says("error: migration `2026-03-01-000000_break` failed for tenant `acme`: ")
        .says("2026-03-01-000000_break/up.sql:3\n")
        .says("division by zero (SQLSTATE 22012)");
    assert!(database.schemas().await.is_empty());
    assert!(database.tracked().await.is_empty());
    database.run("create-tenant acme").succeeds();
}

#[tokio::test]
async fn nothing_half_made_remains_when_a_migration_outside_the_transaction_fails() {
    let database = Database::set_up().await;
    let migrations = Migrations::ours().outside_transaction(
        "2026-03-01-000000_index",
        "CREATE UNIQUE INDEX CONCURRENTLY ON dummy_table (no_such_column);",
    );
    database
        .run_with(&migrations, "create-tenant acme")
        .exits_with(1)
        .says("column \"no_such_column\" does not exist (SQLSTATE 42703)");
    assert!(database.schemas().await.is_empty());
    assert!(database.tracked().await.is_empty());
}

#[tokio::test]
async fn a_quiet_run_prints_nothing_but_failures() {
    let database = Database::set_up().await;
    database
        .run("create-tenant acme --quiet")
        .succeeds()
        .prints_nothing()
        .says_nothing();
    database
        .run("create-tenant acme beta --quiet")
        .exits_with(1)
        .prints_nothing()
        .says("error: tenant `acme` already exists");
}

#[tokio::test]
async fn a_verbose_run_names_the_database_and_each_tenant_as_it_is_made() {
    let database = Database::set_up().await;
    database
        .run("create-tenant acme beta --verbose")
        .succeeds()
        .says(&format!("/{}\n", database.name()))
        .says("acme: ")
        .says("beta: ");
}

#[tokio::test]
async fn a_seed_runs_in_the_transaction_that_creates_each_tenant() {
    let database = Database::set_up().await;
    let run = |sql: &str, names: &str| {
        database.folder.file("seed.sql", sql);
        database.run(&format!("create-tenant {names} --seed seed.sql"))
    };
    let insert = "INSERT INTO dummy_table (name) VALUES ('of ' || {name});";
    run(insert, "acme globex").succeeds();
    let seeded = "SELECT name FROM globex.dummy_table";
    assert_eq!(database.value(seeded).await, "of globex");
    run("SELECT 1;\nSELECT oops;", "umbrella")
        .exits_with(1)
        .says("error: `seed.sql` failed for tenant `umbrella`: ")
        .says("  --> seed.sql:2\n");
    run("SELECT '{name}'", "umbrella")
        .exits_with(2)
        .says("line 1: `{name}` is inside a string");
    let failed = database.run("create-tenant umbrella --seed nowhere.sql");
    failed
        .exits_with(2)
        .says("could not read the seed from nowhere.sql");
    assert_eq!(database.tracked().await, ["acme", "globex"]);
}
