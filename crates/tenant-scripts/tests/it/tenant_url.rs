//! `tenant-url`: what it prints, and that it keeps the password to itself.

use std::process::Command;

use serde_json::json;

use crate::support::Database;

#[tokio::test]
async fn psql_finds_the_tenants_tables_by_the_printed_url() {
    let database = Database::with_tenants("acme beta").await;
    let row = "INSERT INTO acme.dummy_table (name) VALUES ('kept')";
    database.execute(row).await;
    let printed = database.run("tenant-url acme").succeeds().says_nothing();
    let rows = "SELECT name FROM dummy_table";
    let psql = Command::new("psql")
        .args(["-XAtd", printed.stdout.trim(), "-c", rows])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&psql.stdout), "kept\n", "{psql:?}");
    let document = database.run("tenant-url acme --json").succeeds().json();
    let url = printed.stdout.trim();
    assert_eq!(document, json!({"tenant": "acme", "url": url}));
}

#[tokio::test]
async fn the_password_is_printed_only_when_it_is_asked_for() {
    let database = Database::with_tenants("acme").await;
    let url = database.url().replacen("@", ":hush8puppy@", 1);
    let call = |line: &str| database.folder.command(line).on(&url).run().succeeds();
    call("tenant-url acme").conceals("hush8puppy");
    call("tenant-url acme --json --verbose").conceals("hush8puppy");
    call("tenant-url acme --with-password").prints("hush8puppy");
}

#[tokio::test]
async fn a_tenant_that_is_not_there_has_none() {
    let database = Database::with_tenants("acme").await;
    database
        .run("tenant-url nobody")
        .exits_with(2)
        .prints_nothing()
        .says("there is no tenant `nobody`");
}
