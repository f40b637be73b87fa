//! Where a run commits, as the programs say it.

use serde_json::Value;

use crate::support::{Database, Migrations, OUR_VERSIONS, named};

/// A key that is checked in the end.
const FAMILY: &str = "CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE children (p int REFERENCES parents DEFERRABLE INITIALLY DEFERRED);";

const ORPHAN: &str = "INSERT INTO children VALUES (7);";

/// Three migrations, the second of which breaks a key in its end.
fn orphaned() -> Migrations {
    Migrations::ours()
        .tenant("2026-02-01-000000_family", FAMILY)
        .tenant("2026-02-02-000000_orphan", ORPHAN)
        .tenant("2026-02-03-000000_more", "CREATE TABLE more (id int);")
}

async fn version(database: &Database) -> String {
    let version = "SELECT version FROM schema_tracker WHERE name = 'acme'";
    database.value(version).await
}

#[tokio::test]
async fn a_key_that_is_broken_in_the_end_names_its_migration_and_file() {
    let database = Database::with_tenants("acme").await;
    database
        .run_with(&orphaned(), "migrate-tenants")
        .exits_with(1)
        .says("migration `2026-02-02-000000_orphan`")
        .says("its transaction was rolled back")
        .says("Key (p)=(7) is not present in table \"parents\".\n")
        .says("(SQLSTATE 23503)");
    assert_eq!(version(&database).await, OUR_VERSIONS[1]);
    let document = database.run_with(&orphaned(), "migrate-tenants --json");
    let document = document.exits_with(1).json();
    let error = &document["tenants"][0]["error"];
    assert_eq!(error["migration"], "2026-02-02-000000_orphan");
    let file = error["file"].as_str().unwrap();
    assert!(file.ends_with("2026-02-02-000000_orphan/up.sql"), "{file}");
    assert_eq!(error["line"], Value::Null);
    assert_eq!(error["sqlstate"], "23503");
}

#[tokio::test]
async fn with_a_transaction_for_each_migration_those_before_a_failure_stay() {
    let database = Database::with_tenants("acme").await;
    let line = "migrate-tenants --transaction migration";
    let document = database.run_with(&orphaned(), &format!("{line} --json"));
    let document = document.exits_with(1).json();
    assert_eq!(named(&document, "failed"), ["acme"]);
    let applied = &document["tenants"][0]["applied"];
    assert_eq!(applied, &serde_json::json!(["20260201000000"]));
    assert_eq!(version(&database).await, "20260201000000");
    database
        .run_with(&orphaned(), line)
        .exits_with(1)
        .says("violates deferred constraints");
    let fresh = Database::with_tenants("beta").await;
    fresh
        .run_with(&orphaned(), line)
        .exits_with(1)
        .says("note: 1 migration of tenant `beta` was applied before the failure and committed");
    let mended = Migrations::ours()
        .tenant("2026-02-01-000000_family", FAMILY)
        .tenant(
            "2026-02-02-000000_orphan",
            "INSERT INTO parents VALUES (7);",
        );
    database
        .run_with(&mended, line)
        .succeeds()
        .prints("  acme: migrated, 1 migration in ");
}

#[tokio::test]
async fn only_the_two_ways_to_commit_are_understood() {
    let database = Database::with_tenants("acme").await;
    database
        .run("migrate-tenants --transaction tenant")
        .exits_with(2)
        .says("[possible values: schema, migration]");
}
