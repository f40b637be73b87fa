//! `rename-tenant`: what it says, and that it is done wholly or not at all.

use serde_json::json;

use crate::support::Database;

const NAMES_THE_SCHEMA: &str = "
    CREATE FUNCTION acme.count() RETURNS BIGINT LANGUAGE sql SET search_path FROM CURRENT
        AS 'SELECT count(*) FROM dummy_table';
    CREATE FUNCTION acme.old() RETURNS BIGINT LANGUAGE plpgsql
        AS 'BEGIN RETURN (SELECT count(*) FROM acme.dummy_table); END'";

#[tokio::test]
async fn the_tenant_is_found_under_its_new_name_only() {
    let database = Database::with_tenants("acme beta").await;
    let row = "INSERT INTO acme.dummy_table (name) VALUES ('kept')";
    database.execute(row).await;
    database
        .run("rename-tenant acme globex")
        .succeeds()
        .says_nothing()
        .prints("Renamed tenant `acme` to `globex`.\n");
    assert_eq!(database.tracked().await, ["beta", "globex"]);
    assert_eq!(database.schemas().await, ["beta", "globex"]);
    let rows = "SELECT name FROM globex.dummy_table";
    assert_eq!(database.value(rows).await, "kept");
    database.run("health-check").succeeds();
    database
        .run("migrate-tenants --only acme")
        .exits_with(2)
        .says("there is no tenant `acme`");
    database.run("create-tenant acme").succeeds();
}

#[tokio::test]
async fn what_still_has_the_old_name_is_told_beside_the_result() {
    let database = Database::with_tenants("acme").await;
    let setup = format!("SET search_path TO acme; {NAMES_THE_SCHEMA}");
    database.execute(&setup).await;
    database
        .run("rename-tenant acme globex")
        .succeeds()
        .prints("Renamed tenant `acme` to `globex`, and so the search path of 1 function.\n")
        .says("note: the name `acme` still appears in globex.old()\n")
        .says("hint: Read the functions and definitions. If one refers to the tenant, change it so that it");
    assert_eq!(database.value("SELECT globex.count()").await, "0");
}

#[tokio::test]
async fn the_document_has_both_names_and_the_notes() {
    let database = Database::with_tenants("acme").await;
    let name = database.name();
    let setup = format!("ALTER DATABASE \"{name}\" SET search_path TO acme");
    database.execute(&setup).await;
    let renamed = database.run("rename-tenant acme globex --json").succeeds();
    let expected = json!({
        "tenant": "globex", "schema": "globex", "renamed_from": "acme", "renamed": true,
        "notes": [{
            "kind": "old_path",
            "message": format!("the search path of database {name} still names `acme`"),
            "notes": [], "sqlstate": null, "file": null, "line": null, "column": null,
            "hint": format!(
                "Set the path to the new name.\nALTER DATABASE {name} SET search_path TO 'globex';"
            ),
        }],
    });
    assert_eq!(renamed.says_nothing().json(), expected);
}

#[tokio::test]
async fn the_name_that_it_has_is_wrong_use_and_a_name_that_is_taken_is_not() {
    let database = Database::with_tenants("acme beta").await;
    database
        .run("rename-tenant acme acme")
        .exits_with(2)
        .prints_nothing()
        .says("tenant `acme` already has that name")
        .says("Choose another name.");
    database
        .run("rename-tenant acme beta")
        .exits_with(1)
        .prints_nothing()
        .says("tenant `beta` already exists")
        .says("Choose another name.");
    let refused = database.run("rename-tenant nobody new --json");
    let refused = refused.exits_with(2);
    assert_eq!(refused.error_message(), "there is no tenant `nobody`");
    assert_eq!(database.tracked().await, ["acme", "beta"]);
}

#[tokio::test]
async fn a_tenant_that_is_in_use_keeps_its_name_and_who_uses_it_is_said() {
    let database = Database::with_tenants("acme").await;
    let client = database.client().await;
    let lock = "SET application_name = 'reporting'; BEGIN; SELECT * FROM acme.dummy_table";
    client.batch_execute(lock).await.unwrap();
    database
        .run("rename-tenant acme globex --lock-timeout 1")
        .exits_with(1)
        .prints_nothing()
        .says("(SQLSTATE 55P03)")
        .says("(application `reporting`");
    assert_eq!(database.schemas().await, ["acme"]);
    client.batch_execute("ROLLBACK").await.unwrap();
    database.run("rename-tenant acme globex").succeeds();
}
