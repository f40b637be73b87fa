//! Prepared statements of applications whose server connections are shared.

use std::pin::pin;

use futures_util::{SinkExt, TryStreamExt};
use schema_public::SchemaTracker;
use schema_tenant::Dummy;
use tenant_core::{Database, PoolError, TenantPool};
use test_support::{PgBouncer, TestDatabase};
use tokio_postgres::types::ToSql;

use crate::fixture::name;
use crate::pgbouncer::{pool_behind, somebody_else};
use crate::pool::{ROW, two_tenants};

/// Two tenants, each of which has a type of its own.
async fn two_tenants_with_types(database: &TestDatabase) {
    two_tenants(database).await;
    for tenant in ["acme", "globex"] {
        let sql = format!(
            "CREATE TYPE {tenant}.mood AS ENUM ('good', 'bad'); \
             ALTER TABLE {tenant}.dummy_table ADD COLUMN mood {tenant}.mood DEFAULT 'good'"
        );
        database.execute(&sql).await;
    }
}

#[derive(Debug, diesel::QueryableByName)]
struct Mood {
    #[diesel(sql_type = diesel::sql_types::Text)]
    mood: String,
}

/// What an application does: queries of its own, and work in a tenant, in which
/// a statement is used twice and a type is not one of PostgreSQL's.
async fn use_it(pool: &TenantPool, tenant: &str) {
    let mut public = pool.public().await.unwrap();
    let found = SchemaTracker::find(&mut public, tenant).await.unwrap();
    assert_eq!(found.unwrap().name, tenant);
    drop(public);
    let tenant = name(tenant);
    let moods = pool.in_tenant(&tenant, async |tenant| {
        ROW.insert(tenant).await?;
        ROW.insert(tenant).await?;
        let rows = Dummy::all(tenant).await?.len();
        let moods = diesel::sql_query("SELECT mood FROM dummy_table");
        let moods: Vec<Mood> = diesel_async::RunQueryDsl::get_results(moods, tenant).await?;
        assert!(moods.len() >= rows);
        Ok::<_, PoolError>(moods)
    });
    let moods = moods.await.unwrap();
    assert!(moods.iter().all(|row| row.mood == "good"), "{moods:?}");
}

#[tokio::test]
async fn statements_of_another_process_on_the_server_connection_are_not_met() {
    let database = TestDatabase::new().await;
    two_tenants_with_types(&database).await;
    let pooler = PgBouncer::start(&database, 1);
    // The names that the driver gives in every process.
    let other = somebody_else(&pooler).await;
    let theirs = (0..5000).map(|number| format!("PREPARE s{number} AS SELECT 'theirs';"));
    other
        .batch_execute(&theirs.collect::<String>())
        .await
        .unwrap();
    let pool = pool_behind(&pooler, 2).await;
    for tenant in ["acme", "globex", "acme"] {
        use_it(&pool, tenant).await;
    }
    let left = "SELECT count(*) FROM pg_prepared_statements";
    let left = other.query_typed(left, &[]).await.unwrap();
    assert_eq!(left[0].get::<_, i64>(0), 5000);
}

#[tokio::test]
async fn many_clients_at_once_share_a_few_server_connections() {
    let database = TestDatabase::new().await;
    two_tenants_with_types(&database).await;
    let pooler = PgBouncer::start(&database, 3);
    let pool = pool_behind(&pooler, 12).await;
    let clients = (0..12).map(|client| {
        let pool = pool.clone();
        let tenant = ["acme", "globex"][client % 2];
        tokio::spawn(async move {
            for _ in 0..5 {
                use_it(&pool, tenant).await;
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    let counts = "SELECT (SELECT count(*) FROM acme.dummy_table) || ' ' \
                  || (SELECT count(*) FROM globex.dummy_table)";
    assert_eq!(database.value(counts).await, "60 60");
}

#[tokio::test]
async fn whatever_the_driver_can_do_it_can_do_without_names() {
    let database = TestDatabase::new().await;
    let direct = Database::parse(&database.url()).unwrap();
    let client = direct.behind_pooler().driver().await.unwrap();
    client
        .batch_execute("CREATE TABLE lines (line text)")
        .await
        .unwrap();

    // More than is read at once, so that messages come in pieces.
    let long = "x".repeat(100_000);
    let mut sink = pin!(client.copy_in("COPY lines FROM STDIN").await.unwrap());
    for _ in 0..20 {
        sink.send(bytes::Bytes::from(format!("{long}\n")))
            .await
            .unwrap();
    }
    assert_eq!(sink.finish().await.unwrap(), 20);
    let insert = client
        .prepare("INSERT INTO lines VALUES ($1)")
        .await
        .unwrap();
    let select = client.prepare("SELECT line FROM lines").await.unwrap();

    let values: [&(dyn ToSql + Sync); 1] = [&long];
    // Sent together, with an error among them.
    let (inserted, selected, nonsense, failed, again) = tokio::join!(
        client.execute(&insert, &values),
        client.query(&select, &[]),
        client.prepare("NONSENSE"),
        client.query("SELECT 1 / $1::int", &[&0]),
        client.query(&select, &[]),
    );
    assert_eq!(inserted.unwrap(), 1);
    assert_eq!(selected.unwrap().len(), 21);
    assert!(nonsense.is_err() && failed.is_err());
    let again = again.unwrap();
    assert!(again.iter().all(|row| row.get::<_, &str>(0) == long));

    let copied = client.copy_out("COPY lines TO STDOUT").await.unwrap();
    let copied = copied.try_fold(0, async |sum, bytes| Ok(sum + bytes.len()));
    assert_eq!(copied.await.unwrap(), 21 * (long.len() + 1));
    drop(select);
    let left = "SELECT count(*) FROM pg_prepared_statements";
    let left = client.query_one(left, &[]).await.unwrap();
    assert_eq!(left.get::<_, i64>(0), 0);
}
