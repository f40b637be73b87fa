//! `spare-tenants`, and the tenants that take one.

use serde_json::json;

use crate::support::{Database, Migrations};

#[tokio::test]
async fn spares_are_kept_counted_taken_and_dropped() {
    let database = Database::set_up().await;
    let run = |line: &str| database.run(line).succeeds().says_nothing().stdout;
    assert_eq!(run("spare-tenants"), "0 spare tenants ready.\n");
    let kept = database.run("spare-tenants 2").succeeds();
    kept.prints("2 spare tenants ready: 2 created (");
    assert_eq!(run("spare-tenants"), "2 spare tenants ready.\n");
    database
        .run("create-tenant acme beta gamma")
        .succeeds()
        .prints(": created from a spare, 2 migrations in ")
        .prints("2 created from a spare")
        .prints("1 created");
    let text = run("spare-tenants --keep 0");
    assert_eq!(text, "0 spare tenants ready; there was nothing to do.\n");
    database.run("health-check").succeeds();
    assert_eq!(database.tracked().await, ["acme", "beta", "gamma"]);
}

#[tokio::test]
async fn the_documents_say_what_was_made_of_what() {
    let database = Database::set_up().await;
    let kept = database.run("spare-tenants 1 --json").succeeds().json();
    let numbers = ["ready", "created", "migrated", "dropped", "failed"];
    let numbers = numbers.map(|field| kept[field].as_u64().unwrap());
    assert_eq!(numbers, [1, 1, 0, 0, 0], "{kept}");
    assert_eq!(kept["spares"][0]["status"], "created");
    let counted = database.run("spare-tenants --json").succeeds().json();
    assert_eq!(
        counted,
        json!({"ready": 1, "behind": 0, "ahead": 0, "outdated": 0, "other": 0})
    );
    let made = database.run("create-tenant a b --json").succeeds().json();
    let mut taken = [0, 1].map(|row| made["tenants"][row]["from_spare"].as_bool().unwrap());
    taken.sort_unstable();
    assert_eq!(taken, [false, true], "{made}");
}

#[tokio::test]
async fn a_run_over_the_fleet_migrates_the_spares_and_says_so() {
    let database = Database::with_tenants("acme").await;
    database.run("spare-tenants 2").succeeds();
    let newer = Migrations::ours().tenant("2026-02-01-000000_new", "CREATE TABLE new (id INT);");
    let counted = database.run_with(&newer, "spare-tenants").succeeds();
    counted.prints("0 spare tenants ready; 2 behind.\n");
    database
        .run_with(&newer, "migrate-tenants")
        .succeeds()
        .prints("1 tenant: 1 migrated (")
        .prints("2 spare schemas: 2 migrated\n");
    database
        .run_with(&newer, "create-tenant beta")
        .succeeds()
        .prints("  beta: created from a spare, 3 migrations in ");
    database.run_with(&newer, "health-check").succeeds();
}

#[tokio::test]
async fn a_spare_that_cannot_be_migrated_is_a_failure_of_the_run() {
    let database = Database::with_tenants("acme").await;
    database.run("spare-tenants 1").succeeds();
    let spare = database.value("SELECT name FROM spare_schemas").await;
    let row = format!("INSERT INTO \"{spare}\".dummy_table (name) VALUES ('x')");
    database.execute(&row).await;
    let strict = "ALTER TABLE dummy_table ADD COLUMN must_be INT NOT NULL;";
    let newer = Migrations::ours().tenant("2026-02-01-000000_new", strict);
    let done = database.run_with(&newer, "migrate-tenants").exits_with(1);
    done.prints("1 tenant: 1 migrated (")
        .prints("1 spare schema: 1 failed\n")
        .says(&format!("failed for spare schema `{spare}`: "));
}

#[tokio::test]
async fn numbers_and_databases_that_will_not_do_are_refused() {
    let database = Database::set_up().await;
    database.run("spare-tenants -1").exits_with(2);
    database.run("spare-tenants 1 --keep 2").exits_with(2);
    let database = Database::empty().await;
    database
        .run("spare-tenants 1")
        .exits_with(3)
        .says("has no table `public.spare_schemas`")
        .says("cargo xtask db:migrate");
}
