//! `--migrations-dir`: migrations from a folder, instead of those compiled in.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Database, Migrations, OUR_VERSIONS};

#[tokio::test]
async fn the_projects_own_folder_is_what_is_compiled_in() {
    let database = Database::with_tenants("acme").await;
    database
        .run_with(&Migrations::ours(), "migrate-tenants")
        .succeeds()
        .prints("1 tenant: 1 up to date (");
    database
        .run_with(&Migrations::ours(), "health-check")
        .succeeds();
}

#[tokio::test]
async fn a_folder_without_tenant_migrations_makes_empty_tenants() {
    let database = Database::set_up().await;
    let migrations = Migrations::none_for_tenants();
    database
        .run_with(&migrations, "create-tenant acme")
        .succeeds()
        .prints("  acme: created, 0 migrations in ");
    let listed = database
        .run_with(&migrations, "list-tenants --json")
        .succeeds();
    assert_eq!(listed.json()["tenants"][0]["version"], Value::Null);
    database.run_with(&migrations, "health-check").succeeds();
    database
        .run("migrate-tenants")
        .succeeds()
        .prints("  acme: migrated, 2 migrations in ");
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn a_migration_older_than_those_applied_is_made_up_for() {
    let database = Database::with_tenants("acme").await;
    let migrations = Migrations::ours()
        .tenant("2025-12-01-000000_late", "CREATE TABLE late (id INT);")
        .tenant("2026-02-01-000000_new", "CREATE TABLE new (id INT);");
    database
        .run_with(&migrations, "migrate-tenants --dry-run")
        .succeeds()
        .prints("1 tenant: acme\n  2025-12-01-000000_late\n  2026-02-01-000000_new\n");
    let done = database
        .run_with(&migrations, "migrate-tenants --json")
        .succeeds();
    assert_eq!(
        done.json()["tenants"][0]["applied"],
        json!(["20251201000000", "20260201000000"])
    );
    let listed = database
        .run_with(&migrations, "list-tenants --json")
        .succeeds();
    assert_eq!(listed.json()["tenants"][0]["version"], "20260201000000");
    database.run_with(&migrations, "health-check").succeeds();

    let migrations = migrations.tenant("2025-12-02-000000_later", "CREATE TABLE later (id INT);");
    database
        .run_with(&migrations, "migrate-tenants")
        .succeeds()
        .prints("  acme: migrated, 1 migration in ");
    let version = "SELECT version FROM schema_tracker";
    assert_eq!(database.value(version).await, "20260201000000");
}

#[tokio::test]
async fn migrations_inside_and_outside_a_transaction_follow_each_other() {
    let database = Database::with_tenants("acme beta").await;
    let concurrently = "CREATE INDEX CONCURRENTLY by_name ON dummy_table (name);\n\
                        CREATE INDEX CONCURRENTLY by_value ON dummy_table (value);\n";
    let migrations = Migrations::ours()
        .tenant("2026-02-01-000000_a", "CREATE TABLE a (id INT);")
        .outside_transaction("2026-02-02-000000_indexes", concurrently)
        .tenant("2026-02-03-000000_b", "CREATE TABLE b (id INT);")
        .outside_transaction("2026-02-04-000000_vacuum", "VACUUM dummy_table;");
    database
        .run_with(&migrations, "migrate-tenants")
        .succeeds()
        .prints("2 tenants: 2 migrated (");
    database
        .run_with(&migrations, "create-tenant gamma delta")
        .succeeds()
        .prints("2 tenants: 2 created (");
    for tenant in ["acme", "beta", "gamma", "delta"] {
        assert_eq!(database.applied(tenant).await.len(), 6, "{tenant}");
        let valid = format!(
            "SELECT count(*) FROM pg_index WHERE indisvalid \
             AND indexrelid IN ('{tenant}.by_name'::regclass, '{tenant}.by_value'::regclass)"
        );
        assert_eq!(database.value(&valid).await, "2", "{tenant}");
    }
    database.run_with(&migrations, "health-check").succeeds();
}

#[tokio::test]
async fn a_folder_of_migrations_that_is_not_there_is_wrong_use() {
    let database = Database::set_up().await;
    for command in [
        "list-tenants --migrations-dir nowhere",
        "create-tenant acme --migrations-dir nowhere",
        "health-check --migrations-dir nowhere",
    ] {
        database
            .run(command)
            .exits_with(2)
            .prints_nothing()
            .says("there is no folder nowhere/tenant")
            .says("names the folder that contains `tenant`");
    }
    let refused = database
        .run("list-tenants --migrations-dir nowhere --json")
        .exits_with(2);
    assert!(refused.error_message().contains("nowhere"), "{refused}");
}

#[tokio::test]
async fn a_folder_without_migrations_of_tenants_is_wrong_use() {
    let database = Database::set_up().await;
    let migrations = Migrations::ours();
    let tenant = migrations.path().join("tenant");
    let file = tenant.join("2026-01-01-000000_create_dummy_table/up.sql");
    for wrong in [&tenant, &file] {
        database
            .command("list-tenants --migrations-dir")
            .arg(wrong)
            .run()
            .exits_with(2)
            .prints_nothing()
            .says(&format!(
                "there is no folder {}",
                wrong.join("tenant").display()
            ));
    }
    let top = format!("Use {}, because ", migrations.path().display());
    let refused = database
        .command("list-tenants --migrations-dir")
        .arg(&tenant);
    refused.run().exits_with(2).says(&top);
}

#[tokio::test]
async fn a_folder_with_the_migrations_of_tenants_alone_has_the_list_of_tenants_too() {
    let database = Database::empty().await;
    let migrations = Migrations::ours();
    fs::remove_dir_all(migrations.path().join("public")).unwrap();
    let run = |line| database.run_with(&migrations, line).succeeds();
    run("migrate-public").prints("5 migrations applied in ");
    run("create-tenant acme").prints("  acme: created, 2 migrations in ");
    run("health-check").prints("1 tenant checked: all well.");
    // What is compiled in has copies of them.
    let done = database.run("migrate-public --json").succeeds();
    assert_eq!(done.json()["migrated"], 0);
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn migrations_of_the_application_stand_beside_those_of_the_list_of_tenants() {
    let database = Database::empty().await;
    let migrations = Migrations::ours();
    let public = migrations.path().join("public");
    fs::remove_dir_all(&public).unwrap();
    let write = |name: &str, up: &str| {
        fs::create_dir_all(public.join(name)).unwrap();
        fs::write(public.join(name).join("up.sql"), up).unwrap();
    };
    write(
        "00000000000000_diesel_initial_setup",
        "CREATE FUNCTION one() RETURNS INT LANGUAGE sql AS 'SELECT 1';",
    );
    write(
        "2026-01-02-000000_plans",
        "CREATE TABLE plans (tenant UUID REFERENCES schema_tracker (id));",
    );
    let run = |line| database.run_with(&migrations, line);
    let done = run("migrate-public --json").succeeds();
    let expected = json!([
        "00000000000000",
        "20260101000000",
        "20260102000000",
        "20260103000000",
        "20260104000000",
        "20260105000000",
        "20261201990000"
    ]);
    assert_eq!(done.json()["applied"], expected, "{done}");
    run("create-tenant acme").succeeds();
    run("health-check").succeeds();
    // The version of one of them, and another text.
    write(
        "2026-01-03-000000_create_spare_schemas",
        "CREATE TABLE spare_schemas (name TEXT);",
    );
    for line in ["health-check", "migrate-public", "create-tenant beta"] {
        run(line)
            .exits_with(2)
            .says("conflict with the migrations of the list of tenants")
            .says("`2026-01-03-000000_create_spare_schemas` occurs twice with different SQL")
            .says("a copy of the library's migration, delete it");
    }
    assert_eq!(database.tracked().await, ["acme"]);
}

#[tokio::test]
async fn a_folder_that_is_no_migration_is_wrong_use() {
    let database = Database::set_up().await;
    let migrations = Migrations::ours();
    let stray = migrations.path().join("tenant/drafts");
    std::fs::create_dir(stray).unwrap();
    let refused = database
        .run_with(&migrations, "create-tenant acme")
        .exits_with(2);
    refused
        .says("could not use the migrations in")
        .says("drafts is not a migration: expected a folder TIME_WHAT_IT_DOES");
    assert!(database.schemas().await.is_empty());
}

#[tokio::test]
async fn a_command_with_older_migrations_leaves_newer_tenants_alone() {
    let database = Database::with_tenants("acme").await;
    let newer = Migrations::ours().tenant("2026-02-01-000000_new", "CREATE TABLE new (id INT);");
    database.run_with(&newer, "migrate-tenants").succeeds();
    database
        .run("migrate-tenants")
        .succeeds()
        .prints("1 tenant: 1 up to date (");
    assert_eq!(
        database.applied("acme").await,
        [OUR_VERSIONS[0], OUR_VERSIONS[1], "20260201000000"]
    );
    database
        .run("health-check")
        .exits_with(1)
        .prints("the applied migration 20260201000000 is not among the migrations of this program");
}

/// What may be wrong with one file of a migration, and what is said of it.
type Fault = (&'static str, fn(&Path), &'static str);

const NAME: &str = "2026-02-01-000000_notes";

#[tokio::test]
async fn a_file_that_cannot_be_read_is_no_file_that_is_not_there() {
    let faults: [Fault; 5] = [
        (
            "up.sql",
            |file| fs::create_dir(file).unwrap(),
            "Is a directory",
        ),
        (
            "up.sql",
            |file| symlink("nowhere", file).unwrap(),
            "No such file or directory",
        ),
        (
            "metadata.toml",
            |file| fs::create_dir(file).unwrap(),
            "Is a directory",
        ),
        (
            "metadata.toml",
            |file| symlink("nowhere", file).unwrap(),
            "No such file or directory",
        ),
        // Diesel would run it in a transaction.
        (
            "metadata.toml",
            |file| fs::write(file, "run_in_transaction: false\n").unwrap(),
            "key with no value",
        ),
    ];
    let database = Database::with_tenants("acme").await;
    for (name, make, cause) in faults {
        let migrations = Migrations::ours().tenant(NAME, "CREATE TABLE notes (id INT);");
        let file = migrations.path().join(format!("tenant/{NAME}/{name}"));
        // There may be none.
        let _ = fs::remove_file(&file);
        make(&file);
        let refused = database.run_with(&migrations, "migrate-tenants");
        let refused = refused.exits_with(2).prints_nothing().says(cause);
        refused.says(file.to_str().unwrap());
        assert_eq!(database.applied("acme").await, OUR_VERSIONS);
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_is_no_folder_that_is_not_there() {
    let database = Database::with_tenants("acme").await;
    let migrations = Migrations::ours();
    let link = migrations.path().join("tenant").join(NAME);
    symlink("nowhere", &link).unwrap();
    let refused = database.run_with(&migrations, "migrate-tenants");
    let told = format!("could not read the folder {}: No such file", link.display());
    let refused = refused.exits_with(2).says(&told);
    assert!(!refused.stderr.contains("must contain"), "{refused}");

    let tenant = migrations.path().join("tenant");
    fs::remove_dir_all(&tenant).unwrap();
    fs::write(&tenant, "").unwrap();
    let told = format!("could not read the folder {}: not a dir", tenant.display());
    let refused = database.run_with(&migrations, "migrate-tenants");
    refused.exits_with(2).says(&told);
}
