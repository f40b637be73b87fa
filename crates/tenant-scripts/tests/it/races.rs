//! Several runs at once over what is not there yet.

use crate::support::Database;

#[tokio::test]
async fn two_runs_that_set_a_database_up_at_once_both_succeed() {
    let database = Database::empty().await;
    let start = || database.command("migrate-public --json").start();
    let runs = [start(), start(), start()];
    let migrated = runs.map(|run| run.finish().succeeds().json()["migrated"].as_u64().unwrap());
    assert_eq!(migrated.iter().sum::<u64>(), 5);
}

#[tokio::test]
async fn two_runs_at_once_over_a_tenant_without_a_ledger_both_succeed() {
    let database = Database::set_up().await;
    database
        .execute("CREATE SCHEMA acme; INSERT INTO schema_tracker (name) VALUES ('acme')")
        .await;
    let start = || database.command("migrate-tenants --json").start();
    let runs = [start(), start(), start()];
    let migrated = runs.map(|run| run.finish().succeeds().json()["migrated"].as_u64().unwrap());
    assert_eq!(migrated.iter().sum::<u64>(), 1);
}
