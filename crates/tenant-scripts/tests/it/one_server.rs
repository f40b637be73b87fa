//! What the commands for a cluster say where there is one server.

use crate::support::Database;

#[tokio::test]
async fn nothing_can_be_moved_placed_or_distributed() {
    let database = Database::with_tenants("acme").await;
    for command in [
        "move-tenant acme --to 10.0.0.12:5432",
        "create-tenant globex --placement 10.0.0.12:5432",
        "distribute-tenants",
        "distribute-tenants --dry-run",
    ] {
        database
            .run(command)
            .exits_with(1)
            .prints_nothing()
            .says("the database is not a Citus cluster: it has no extension `citus`")
            .says("TENANT_SCHEMA_MIGRATION.md, to turn");
    }
    assert_eq!(database.tracked().await, ["acme"]);
    let listed = database.run("list-tenants --json").succeeds().json();
    assert_eq!(listed["tenants"][0].get("node"), None, "{listed}");
}
