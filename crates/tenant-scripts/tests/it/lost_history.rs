//! Migration histories that lost entries, which the registry still records.

use crate::support::{Database, OUR_VERSIONS};

#[tokio::test]
async fn what_the_history_has_lost_runs_again_only_on_request() {
    let database = Database::with_tenants("acme beta").await;
    let lost = format!(
        "DELETE FROM acme.__diesel_schema_migrations WHERE version = '{}'",
        OUR_VERSIONS[1]
    );
    database.execute(&lost).await;
    let refused = database.run("migrate-tenants").fails();
    refused
        .says(&format!(
            "the migration history of tenant `acme` lacks 1 applied migration that the registry \
             records: `{}`",
            OUR_VERSIONS[1]
        ))
        .says("db:adopt:tenant acme")
        .says("--rerun-recorded");
    assert_eq!(database.applied("acme").await, [OUR_VERSIONS[0]]);
    database.run("adopt-tenant acme").succeeds();
    assert_eq!(database.applied("acme").await, OUR_VERSIONS);
    database
        .run("migrate-tenants")
        .succeeds()
        .prints("2 up to date");
}
