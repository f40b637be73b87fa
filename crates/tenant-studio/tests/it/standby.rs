//! The studio of a standby: all pages, and no change.

use crate::console_support::Served;

#[tokio::test]
async fn everything_is_shown_of_a_standby_and_nothing_can_be_changed() {
    let studio = Served::on_standby(&["acme", "globex"]).await;
    for (path, words) in [
        ("/tenants", "globex"),
        ("/tenants?q=lobe", "globex"),
        ("/public", "schema_tracker"),
        ("/t/acme", "dummy_table"),
        ("/t/acme/table/dummy_table", "description"),
        ("/t/acme/table/dummy_table/structure", "gen_random_uuid"),
        ("/t/acme/diagram", "dummy_table"),
        ("/t/acme/sql", "SQL in acme"),
        ("/migrations", "20260102000000"),
    ] {
        let reply = studio.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply.has(words);
    }
    let run = async |sql: &str| {
        let fields = [("sql", sql), ("part", "1")];
        studio.post("/t/acme/sql", &fields).await
    };
    let read = run("SELECT count(*) + 41 FROM dummy_table").await;
    assert_eq!(read.status, 200);
    read.has("<td>41</td>");
    run("EXPLAIN ANALYZE SELECT FROM dummy_table")
        .await
        .has("Seq Scan");
    let across = studio.post("/across", &[("sql", "SELECT count(*) FROM dummy_table")]);
    across.await.has("globex");
    let health = studio.post("/health", &[]).await;
    health.has("the server is a read-only standby");
    let write = run("INSERT INTO dummy_table (name) VALUES ('x')").await;
    assert_eq!(write.status, 400);
    write
        .has("in a read-only transaction")
        .has("This transaction is read-only, as all are on a standby.");
}
