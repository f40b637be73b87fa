//! The schema with extensions.

use crate::support::Database;

#[tokio::test]
async fn a_schema_with_extensions_that_is_not_there_is_named() {
    let database = Database::set_up().await;
    database
        .run("create-tenant acme --extensions-schema nope")
        .exits_with(1)
        .says("nope");
    let checked = database
        .run("health-check --extensions-schema nope --json")
        .exits_with(1);
    assert!(checked.error_message().contains("`nope`"), "{checked}");
}
