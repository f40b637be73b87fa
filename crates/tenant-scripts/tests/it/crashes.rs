//! A server that goes away in the middle.

use test_support::own_server;

use crate::support::{Folder, Migrations, eventually};

#[tokio::test]
async fn a_server_that_dies_during_a_run_leaves_every_tenant_whole() {
    let mut server = own_server().start().unwrap();
    let url = server.url("postgres");
    let folder = Folder::new();
    let run = |line: &str| folder.command(line).on(&url).run();
    run("migrate-public").succeeds();
    run("create-tenant a b c").succeeds();

    let up = "CREATE TABLE slow (id INT);\nSELECT pg_sleep(30);\n";
    let migrations = Migrations::ours().tenant("2026-02-01-000000_slow", up);
    let command = folder.command("migrate-tenants --jobs 2 --json").on(&url);
    let running = command.migrations(&migrations).start();
    eventually("migrations are under way", async || {
        sleepers(&url).await == 2
    })
    .await;
    server.stop_immediate().unwrap();
    let failed = running.finish().exits_with(1);
    let document = failed.json();
    assert_eq!(document["failed"], 3, "{failed}");
    for tenant in document["tenants"].as_array().unwrap() {
        assert!(tenant["error"]["message"].is_string(), "{failed}");
    }
    run("list-tenants")
        .exits_with(3)
        .says("no PostgreSQL server answers at");

    server.restart().unwrap();
    run("health-check")
        .succeeds()
        .prints("3 tenants checked: all well.");
    let mended = migrations.tenant("2026-02-01-000000_slow", "CREATE TABLE slow (id INT);");
    let command = folder.command("migrate-tenants").on(&url);
    let done = command.migrations(&mended).run().succeeds();
    done.prints("3 tenants: 3 migrated (");
}

/// How many sessions are in a `pg_sleep`.
async fn sleepers(url: &str) -> i64 {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap();
    drop(tokio::spawn(connection));
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    client.query_one(sql, &[]).await.unwrap().get(0)
}
