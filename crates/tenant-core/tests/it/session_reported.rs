//! What users of other tools met because of the session that migrations run in.

use std::time::Duration;

use tenant_core::{Settings, Status};
use test_support::TestDatabase;

use crate::fixture::{Stream, chain, create, migrate, name, open, open_at, outcome, tenants};
use crate::session::operator;

#[tokio::test]
async fn a_time_out_in_the_url_does_not_count_beside_the_one_that_was_given() {
    let database = TestDatabase::new().await;
    let url = format!(
        "{}?options=-c%20statement_timeout%3D1s%20-c%20geqo%3Doff",
        database.url()
    );
    let slow = Stream::new()
        .with("SELECT pg_sleep(1.3); CREATE TABLE kept AS SELECT current_setting('geqo') AS geqo;");
    let tenants = open_at(&url, &slow, Settings::default()).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme"]).await;
    assert_eq!(database.value("SELECT geqo FROM acme.kept").await, "off");
}

#[tokio::test]
async fn the_next_partition_follows_the_last_although_the_server_moved_to_another_zone() {
    let database = TestDatabase::new().await;
    let july = Stream::new().with(
        "CREATE TABLE log (at timestamptz NOT NULL) PARTITION BY RANGE (at); \
         CREATE TABLE july PARTITION OF log FOR VALUES FROM ('2026-07-01') TO ('2026-08-01');",
    );
    create(&tenants(&database, &july).await, &["acme"]).await;
    let zone = format!(
        "ALTER DATABASE {} SET timezone = 'Pacific/Kiritimati'",
        database.name()
    );
    database.execute(&zone).await;
    let august = july.with(
        "CREATE TABLE august PARTITION OF log FOR VALUES FROM ('2026-08-01') TO ('2026-09-01');",
    );
    let newer = open(&database, &august, Settings::default()).await;
    assert_eq!(migrate(&newer).await.count(Status::Migrated), 1);
    database
        .execute(
            "INSERT INTO acme.log VALUES ('2026-08-01 00:00:00+00'), ('2026-07-31 23:59:59+00')",
        )
        .await;
    assert!(newer.health().await.unwrap().is_healthy());
}

#[tokio::test]
async fn a_lock_time_out_does_not_end_an_index_that_waits_for_an_older_transaction() {
    let database = TestDatabase::new().await;
    let role = operator(&database, &["lock_timeout = '50ms'"]).await;
    let stream = Stream::new().with("CREATE TABLE tasks (id int);");
    let settings = Settings {
        lock_timeout: Duration::from_millis(100),
        ..Settings::default()
    };
    let older = open_at(&role.url(), &stream, settings.clone()).await;
    older.migrate_public().await.unwrap();
    create(&older, &["acme"]).await;
    let stream = stream.outside("CREATE INDEX CONCURRENTLY tasks_id ON tasks (id);");
    let newer = open_at(&role.url(), &stream, settings).await;
    let busy = database.client().await;
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class";
    busy.batch_execute(begin).await.unwrap();
    let run = tokio::spawn(async move { migrate(&newer).await });
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%' \
                 AND wait_event_type = 'Lock' AND query_start < now() - interval '300 ms'";
    test_support::eventually("it waits", async || database.value(waits).await == "1").await;
    busy.batch_execute("COMMIT").await.unwrap();
    let report = run.await.unwrap();
    assert_eq!(report.count(Status::Migrated), 1, "{report:?}");
    let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'acme.tasks_id'::regclass";
    assert_eq!(database.value(valid).await, "t");
}

#[tokio::test]
async fn runs_that_meet_in_a_serializable_database_all_succeed() {
    let database = TestDatabase::new().await;
    let isolation = format!(
        "ALTER DATABASE {} SET default_transaction_isolation = 'serializable'",
        database.name()
    );
    database.execute(&isolation).await;
    let stream = Stream::new().with("CREATE TABLE tasks (id int);");
    let older = tenants(&database, &stream).await;
    create(&older, &["a", "b", "c", "d", "e", "f"]).await;
    let stream = stream.with("INSERT INTO tasks SELECT count(*) FROM tasks;");
    let mut runs = Vec::new();
    for _ in 0..4 {
        let newer = open(&database, &stream, Settings::default()).await;
        runs.push(tokio::spawn(async move { migrate(&newer).await }));
    }
    for run in runs {
        let report = run.await.unwrap();
        assert!(report.failures().next().is_none(), "{report:?}");
    }
    for tenant in ["a", "f"] {
        let rows = format!("SELECT count(*) FROM {tenant}.tasks");
        assert_eq!(database.value(&rows).await, "1");
    }
}

#[tokio::test]
async fn a_backfill_that_only_says_whose_rows_it_means_is_told_what_else_to_say() {
    let database = TestDatabase::new().await;
    let role = operator(&database, &[]).await;
    let stream = Stream::new().with(
        "CREATE TABLE tasks (scope text, done bool); \
         ALTER TABLE tasks ENABLE ROW LEVEL SECURITY; ALTER TABLE tasks FORCE ROW LEVEL SECURITY; \
         CREATE POLICY system ON tasks USING (current_setting('app.scope', true) = 'system');",
    );
    let older = open_at(&role.url(), &stream, Settings::default()).await;
    older.migrate_public().await.unwrap();
    create(&older, &["acme"]).await;
    database
        .execute("INSERT INTO acme.tasks VALUES ('x', false)")
        .await;
    let scoped = "SELECT set_config('app.scope', 'system', true); UPDATE tasks SET done = true;";
    let unsaid = stream.with(scoped);
    let unsaid = open_at(&role.url(), &unsaid, Settings::default()).await;
    let report = migrate(&unsaid).await;
    let error = outcome(&report, "acme").error.as_ref().unwrap();
    assert!(chain(error).contains("row-level security"), "{error:?}");
    assert!(error.remedies().len() == 2, "{error:?}");
    assert_eq!(unsaid.list().await.unwrap().len(), 1);
    assert!(
        unsaid.create(&name("globex")).await.is_err(),
        "the same for a new tenant"
    );
}
