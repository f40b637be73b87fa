//! `migrate-public`: the public schema.

use serde_json::json;

use crate::support::{Database, Migrations};

const TRACKER: &str = "2026-01-01-000000_create_schema_tracker";
const VERSIONS: [&str; 5] = [
    "20260101000000",
    "20260103000000",
    "20260104000000",
    "20260105000000",
    "20261201990000",
];

#[tokio::test]
async fn a_new_database_is_set_up_by_the_first_run_and_left_alone_by_the_second() {
    let database = Database::empty().await;
    database
        .run("migrate-public")
        .succeeds()
        .prints(&format!("  Applied {TRACKER}\n"))
        .prints("The public schema is up to date: 5 migrations applied in ")
        .says_nothing();
    assert!(database.tracked().await.is_empty());
    let again = database.run("migrate-public").succeeds().says_nothing();
    assert_eq!(again.stdout, "The public schema is up to date.\n");
}

#[tokio::test]
async fn the_document_says_what_was_applied() {
    let database = Database::empty().await;
    let first = database.run("migrate-public --json").succeeds();
    assert_eq!(
        first.json_without_times(),
        json!({
            "migrated": 5, "applied": VERSIONS, "pending": [],
            "dry_run": false, "messages": [], "messages_left_out": 0, "duration_ms": 0,
        })
    );
    let second = database.run("migrate-public --json").succeeds();
    assert_eq!(
        second.json_without_times(),
        json!({
            "migrated": 0, "applied": [], "pending": [],
            "dry_run": false, "messages": [], "messages_left_out": 0, "duration_ms": 0,
        })
    );
}

#[tokio::test]
async fn a_dry_run_shows_what_is_pending_and_changes_nothing() {
    let database = Database::empty().await;
    database
        .run("migrate-public --dry-run")
        .succeeds()
        .prints(&format!("  Pending {TRACKER}\n"))
        .prints("5 migrations pending; nothing was changed.");
    let document = database.run("migrate-public --dry-run --json").succeeds();
    assert_eq!(
        document.json_without_times(),
        json!({
            "migrated": 0, "applied": [], "pending": VERSIONS,
            "dry_run": true, "messages": [], "messages_left_out": 0, "duration_ms": 0,
        })
    );
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(database.value(tables).await, "0");
    database.run("migrate-public").succeeds();
    let after = database.run("migrate-public --dry-run").succeeds();
    assert_eq!(after.stdout, "The public schema is up to date.\n");
}

#[tokio::test]
async fn a_public_migration_that_fails_leaves_nothing_of_the_run_behind() {
    let database = Database::empty().await;
    let migrations = Migrations::ours()
        .public(
            "2026-02-01-000000_create_plans",
            "CREATE TABLE plans (code TEXT);",
        )
        .public(
            "2026-02-02-000000_fill_plans",
            "-- The column has another name.\nINSERT INTO plans (name)\nVALUES ('free');\n",
        );
    database
        .run_with(&migrations, "migrate-public")
        .exits_with(1)
        .prints_nothing()
        .says("error: migration `2026-02-02-000000_fill_plans` failed for the public schema: ")
        .says("/public/2026-02-02-000000_fill_plans/up.sql:2\n")
        .says("its transaction was rolled back")
        .says("   |  INSERT INTO plans (name) VALUES ('free')\n")
        .says("column \"name\" of relation \"plans\" does not exist (SQLSTATE 42703)");
    let failed = database
        .run_with(&migrations, "migrate-public --json")
        .exits_with(1);
    let error = &failed.json()["error"];
    assert_eq!(error["migration"], "2026-02-02-000000_fill_plans");
    assert_eq!(error["line"], 2);
    assert_eq!(error["sqlstate"], "42703");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(database.value(tables).await, "0");
}

#[tokio::test]
async fn the_tracker_takes_a_tenant_by_its_name_alone() {
    let database = Database::set_up().await;
    database
        .execute("INSERT INTO schema_tracker (name) VALUES ('acme')")
        .await;
    assert_eq!(database.tracked().await, ["acme"]);
}
