//! Locks that somebody else holds.

use serde_json::json;

use crate::support::{Database, Migrations, OUR_VERSIONS, WAIT_AT_GATE, outcome};

const NEW: &str = "20260201000000";

fn one_more() -> Migrations {
    let up = "ALTER TABLE dummy_table ADD COLUMN size INT;";
    Migrations::ours().tenant("2026-02-01-000000_size", up)
}

#[tokio::test]
async fn a_tenant_whose_table_is_locked_fails_after_a_while_and_the_others_are_migrated() {
    let database = Database::with_tenants("acme beta gamma").await;
    let migrations = one_more();
    let client = database.client().await;
    let lock = "BEGIN; LOCK TABLE beta.dummy_table IN ACCESS SHARE MODE";
    client.batch_execute(lock).await.unwrap();

    let done = database.run_with(&migrations, "migrate-tenants --lock-timeout 0.2 --json");
    let done = done.exits_with(1);
    let file = migrations.path();
    let file = file.join("tenant/2026-02-01-000000_size/up.sql");
    done.includes(&json!({
        "total": 3, "migrated": 2, "failed": 1,
        "tenants": [
            outcome("acme", "migrated", &[NEW]),
            {
                "name": "beta", "status": "failed", "applied": [],
                "error": {
                    "sqlstate": "55P03", "migration": "2026-02-01-000000_size",
                    "file": file, "line": 1,
                    "hint": "Run the command again when the other session has released its lock on the table.",
                },
            },
            outcome("gamma", "migrated", &[NEW]),
        ],
    }));
    assert_eq!(database.applied("beta").await, OUR_VERSIONS);
    database
        .run_with(&migrations, "migrate-tenants --lock-timeout 0.1")
        .exits_with(1)
        .says("canceling statement due to lock timeout (SQLSTATE 55P03)");

    client.batch_execute("ROLLBACK").await.unwrap();
    database
        .run_with(&migrations, "migrate-tenants --lock-timeout 0.2")
        .succeeds()
        .prints("3 tenants: 1 migrated, 2 up to date (");
}

#[tokio::test]
async fn a_tenant_that_another_run_works_on_is_left_to_it() {
    let database = Database::with_tenants("acme").await;
    database.close_gate().await;
    let migrations = Migrations::ours().tenant("2026-02-01-000000_wait", WAIT_AT_GATE);
    let start = |line: &str| database.command(line).migrations(&migrations).start();
    let first = start("migrate-tenants");
    database.until_at_gate(1).await;
    start("migrate-tenants --wait 0.2")
        .finish()
        .exits_with(1)
        .says("another run is changing tenant `acme`")
        .says("Wait until the other run has ended, and run the command again");
    let patient = start("migrate-tenants --lock-timeout 0.2");
    database.open_gate().await;
    first.finish().succeeds().prints("1 tenant: 1 migrated (");
    patient
        .finish()
        .succeeds()
        .prints("1 tenant: 1 up to date (");
}

#[tokio::test]
async fn two_runs_at_once_apply_each_migration_once() {
    let database = Database::with_tenants("a b c d e f g h").await;
    let migrations = one_more();
    let start = || {
        database
            .command("migrate-tenants --json")
            .migrations(&migrations)
            .start()
    };
    let runs = [start(), start(), start()];
    let migrated = runs.map(|run| run.finish().succeeds().json()["migrated"].as_u64().unwrap());
    assert_eq!(migrated.iter().sum::<u64>(), 8);
    database.run_with(&migrations, "health-check").succeeds();
}

#[tokio::test]
async fn two_runs_that_create_the_same_tenant_make_it_once() {
    let database = Database::set_up().await;
    let start = || database.command("create-tenant acme --json").start();
    let runs = [start(), start(), start()];
    let created = runs.map(|run| run.finish().json()["created"].as_u64().unwrap());
    assert_eq!(created.iter().sum::<u64>(), 1);
    assert_eq!(database.tracked().await, ["acme"]);
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn who_holds_the_lock_is_named() {
    let database = Database::with_tenants("acme").await;
    let client = database.client().await;
    let lock = "SET application_name = 'nightly_report'; BEGIN; LOCK TABLE acme.dummy_table IN ACCESS SHARE MODE";
    client.batch_execute(lock).await.unwrap();
    let done = database.run_with(&one_more(), "migrate-tenants --lock-timeout 1");
    done.exits_with(1)
        .says("note: the lock is held by pid ")
        .says(
            "(application `nightly_report`, role `postgres`, idle in transaction, query began 20",
        );
}

#[tokio::test]
async fn a_statement_may_take_as_long_as_it_was_given() {
    let database = Database::with_tenants("acme").await;
    let migrations = Migrations::ours().tenant("2026-02-01-000000_slow", "SELECT pg_sleep(20);");
    database
        .run_with(&migrations, "migrate-tenants --statement-timeout 0.1")
        .exits_with(1)
        .says("canceling statement due to statement timeout (SQLSTATE 57014)")
        .says("Give a longer --statement-timeout, or 0 for no limit");
    assert_eq!(database.applied("acme").await, OUR_VERSIONS);
}
