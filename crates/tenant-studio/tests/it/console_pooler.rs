//! SQL behind PgBouncer in transaction mode, where the server connection of one
//! statement is another client's for the next.

use tokio_postgres::{Client, NoTls};

use crate::console_support::Served;

/// Another client of the pooler.
async fn somebody_else(studio: &Served) -> Client {
    let url = studio.pooler.as_ref().unwrap().url();
    let url = format!("{url}?application_name=somebody");
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    drop(tokio::spawn(connection));
    client
}

/// What is set on the server connection, and what else a session can hold.
async fn state(client: &Client) -> Vec<String> {
    let sql = "SELECT name || '=' || setting FROM pg_settings \
               UNION ALL SELECT 'statement ' || statement FROM pg_prepared_statements \
               UNION ALL SELECT 'listens to ' || pg_listening_channels() \
               UNION ALL SELECT 'lock ' || objid FROM pg_locks WHERE locktype = 'advisory' \
                   AND pid = pg_backend_pid() \
               UNION ALL SELECT 'temporary ' || relname FROM pg_class \
                   WHERE relnamespace = pg_my_temp_schema() \
               UNION ALL SELECT 'role ' || current_user ORDER BY 1";
    let rows = client.query_typed(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_statement_leaves_nothing_to_the_next_client() {
    let studio = Served::pooled(&["acme", "globex"]).await;
    let client = somebody_else(&studio).await;
    let before = state(&client).await;
    for sql in [
        "SET search_path TO globex",
        "SELECT set_config('search_path', 'globex', false)",
        "SET statement_timeout = '1ms'",
        "SET ROLE pg_read_all_data",
        "SET SESSION AUTHORIZATION pg_read_all_data",
        "SET TIME ZONE 'Asia/Tokyo'",
        "LISTEN news",
        "SELECT pg_advisory_lock(7)",
        "CREATE TEMPORARY TABLE dummy_table (id int)",
        "DECLARE x CURSOR WITH HOLD FOR SELECT 1",
        "INSERT INTO dummy_table (name) VALUES ('kept')",
    ] {
        let fields = [("sql", sql), ("part", "1")];
        let reply = studio.post("/t/acme/sql", &fields).await;
        assert_eq!(reply.status, 200, "{sql}: {}", reply.body);
        let mut now = state(&client).await;
        now.retain(|line| !before.contains(line));
        assert_eq!(now, [""; 0], "{sql}");
    }
    let rows = "SELECT (SELECT count(*) FROM acme.dummy_table WHERE name = 'kept') \
                || ' ' || (SELECT count(*) FROM globex.dummy_table)";
    assert_eq!(studio.value(rows).await, "1 0");
}

#[tokio::test]
async fn queries_plans_and_types_of_a_tenants_own_work() {
    let studio = Served::pooled(&["acme", "globex"]).await;
    for tenant in ["acme", "globex"] {
        let sql = format!(
            "CREATE TYPE {tenant}.mood AS ENUM ('good', 'bad'); \
             CREATE TABLE {tenant}.moods AS SELECT 'good'::{tenant}.mood AS mood"
        );
        studio.execute(&sql).await;
    }
    let page = studio.post("/across", &[("sql", "TABLE moods")]).await;
    page.has("2 of 2 tenants, 2 rows.")
        .has("<span class=\"type\">mood</span>");
    let plan = [("sql", "EXPLAIN (ANALYZE, FORMAT JSON) TABLE moods")];
    let plan = studio.post("/t/globex/sql", &plan).await;
    assert_eq!(plan.status, 200);
    plan.has("Actual Rows");
    let refused = [("sql", "SELECT 1; COMMIT")];
    assert_eq!(studio.post("/t/acme/sql", &refused).await.status, 400);
}
