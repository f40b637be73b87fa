//! Dropping tenants: only what is registered.

use std::time::Duration;

use local_postgres::ThrowawayServer;
use tenant_core::{Error, Removed, Settings};
use test_support::{TestDatabase, eventually, own_server};

use crate::fixture::{create, name, open_at, tenants, two_steps};

#[tokio::test]
async fn schema_and_registration_go_together_and_the_neighbour_stays() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme", "globex"]).await;
    assert_eq!(
        tenants.drop_tenant(&name("acme")).await.unwrap(),
        Removed::Tenant
    );
    assert_eq!(database.schemas().await, ["globex"]);
    assert_eq!(database.tracked().await, ["globex"]);
}

#[tokio::test]
async fn a_dropped_name_can_be_used_again() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    tenants.drop_tenant(&name("acme")).await.unwrap();
    create(&tenants, &["acme"]).await;
    assert_eq!(database.tracked().await, ["acme"]);
}

#[tokio::test]
async fn a_registration_without_a_schema_can_be_removed() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    database.execute("DROP SCHEMA acme CASCADE").await;
    assert!(!tenants.contents(&name("acme")).await.unwrap().schema);
    let removed = tenants.drop_tenant(&name("acme")).await.unwrap();
    assert_eq!(removed, Removed::RegistrationOnly);
    assert!(database.tracked().await.is_empty());
}

#[tokio::test]
async fn what_is_not_registered_is_never_dropped() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    database.execute("CREATE SCHEMA precious").await;
    let error = tenants.drop_tenant(&name("precious")).await.unwrap_err();
    assert!(matches!(error, Error::Untracked(_)), "{error}");
    let error = tenants.contents(&name("precious")).await.unwrap_err();
    assert!(matches!(error, Error::Untracked(_)), "{error}");
    let error = tenants.drop_tenant(&name("nobody")).await.unwrap_err();
    assert!(matches!(error, Error::Unknown(_)), "{error}");
    assert_eq!(database.schemas().await, ["precious"]);
}

#[tokio::test]
async fn what_will_go_is_told_before() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "INSERT INTO acme.tasks SELECT n FROM generate_series(1, 500) n; ANALYZE acme.tasks",
        )
        .await;
    let contents = tenants.contents(&name("acme")).await.unwrap();
    let [table] = contents.tables.as_slice() else {
        panic!("{contents:?}");
    };
    assert_eq!((table.name.as_str(), table.rows), ("tasks", Some(500)));
    assert!(table.bytes >= Some(8192), "{contents:?}");
}

#[tokio::test]
async fn how_many_rows_a_table_has_is_unknown_where_nobody_has_counted() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    // Two rows, and neither statistics nor an ANALYZE, as after a crash.
    database
        .execute(
            "ALTER TABLE acme.tasks SET (autovacuum_enabled = off); \
             INSERT INTO acme.tasks VALUES (1), (2)",
        )
        .await;
    eventually("the rows are counted", async || {
        let counted = "SELECT pg_stat_get_live_tuples('acme.tasks'::regclass)";
        database.value(counted).await == "2"
    })
    .await;
    let rows = async || {
        let contents = tenants.contents(&name("acme")).await.unwrap();
        contents.tables.first().unwrap().rows
    };
    assert_eq!(rows().await, Some(2));
    database.execute("SELECT pg_stat_reset()").await;
    assert_eq!(rows().await, None);
}

#[tokio::test]
async fn an_empty_table_has_no_rows_whether_or_not_somebody_has_counted() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    let contents = tenants.contents(&name("acme")).await.unwrap();
    assert_eq!(contents.tables.first().unwrap().rows, Some(0));
}

/// A server whose table of locks has room for few objects.
fn cramped() -> ThrowawayServer {
    own_server()
        .setting("max_locks_per_transaction", "10")
        .setting("max_connections", "20")
        .start()
        .unwrap()
}

async fn client(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap();
    drop(tokio::spawn(connection));
    client
}

#[tokio::test]
async fn a_schema_with_more_objects_than_the_server_can_lock_is_dropped_in_portions() {
    let server = cramped();
    let url = server.url("postgres");
    let tenants = open_at(&url, &two_steps(), Settings::default()).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme", "globex"]).await;
    let client = client(&url).await;
    for number in 0..700 {
        let table = format!(
            "CREATE TABLE acme.t{number} (id bigserial PRIMARY KEY, of int REFERENCES acme.tasks, \
             note text UNIQUE)"
        );
        client.batch_execute(&table).await.unwrap();
    }
    client
        .batch_execute("CREATE VIEW acme.v AS SELECT * FROM acme.t1")
        .await
        .unwrap();
    let at_once = client
        .batch_execute("DROP SCHEMA acme CASCADE")
        .await
        .unwrap_err();
    assert_eq!(at_once.code().unwrap().code(), "53200");

    // Somebody uses a table: the run ends half way, and the next one goes on.
    client
        .batch_execute("BEGIN; SELECT FROM acme.t650")
        .await
        .unwrap();
    let impatient = Settings {
        lock_timeout: Duration::from_millis(50),
        ..Settings::default()
    };
    let impatient = open_at(&url, &two_steps(), impatient).await;
    let error = impatient.drop_tenant(&name("acme")).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("55P03"), "{error}");
    client.batch_execute("COMMIT").await.unwrap();
    let left =
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r'";
    let left: i64 = client.query_one(left, &[]).await.unwrap().get(0);
    assert!((1..700).contains(&left), "{left} tables are left");
    let listed = tenants.list().await.unwrap();
    assert_eq!(
        listed.len(),
        2,
        "what is not wholly gone is still registered"
    );

    assert_eq!(
        tenants.drop_tenant(&name("acme")).await.unwrap(),
        Removed::Tenant
    );
    let listed = tenants.list().await.unwrap();
    assert_eq!(
        listed.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
        ["globex"]
    );
    assert_eq!(tenants.health().await.unwrap().problems.len(), 0);
}

#[tokio::test]
async fn migrations_that_need_more_locks_than_there_are_fail_cleanly() {
    let server = cramped();
    let url = server.url("postgres");
    let tables = (0..900).map(|number| format!("CREATE TABLE t{number} (id int PRIMARY KEY);"));
    let stream = two_steps().with(&tables.collect::<String>());
    let tenants = open_at(&url, &stream, Settings::default()).await;
    tenants.migrate_public().await.unwrap();
    let error = tenants.create(&name("acme")).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("53200"), "{error}");
    assert!(tenants.list().await.unwrap().is_empty());
    let small = open_at(&url, &two_steps(), Settings::default()).await;
    create(&small, &["acme"]).await;
    let report = crate::fixture::migrate(&tenants).await;
    assert_eq!(report.count(tenant_core::Status::Failed), 1, "{report:?}");
    assert_eq!(small.health().await.unwrap().problems.len(), 0);
}
