//! What one piece of work leaves on a pool's connection, and the next one must
//! not find.

use std::time::Duration;

use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use schema_tenant::Dummy;
use tenant_core::{PoolError, TenantConnection, TenantPool};
use test_support::{TestDatabase, eventually};

use crate::fixture::name;
use crate::pool::{ROW, rows, single, two_tenants};
use crate::pool_connecting::notice;
use crate::pool_states::LOCKS;

async fn run(connection: &mut TenantConnection, sql: &str) -> diesel::QueryResult<usize> {
    RunQueryDsl::execute(diesel::sql_query(sql), connection).await
}

#[tokio::test]
async fn a_session_keeps_its_path_between_statements_and_leaves_nothing() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let mut acme = pool.tenant_session(&name("acme")).await.unwrap();
    ROW.insert(&mut acme).await.unwrap();
    // Each statement is committed by itself.
    assert_eq!(
        database
            .value("SELECT count(*) FROM acme.dummy_table")
            .await,
        "1"
    );
    acme.batch_execute("SELECT pg_advisory_lock(7)")
        .await
        .unwrap();
    drop(acme);
    eventually("the session's lock is free", async || {
        database.value(LOCKS).await == "0"
    })
    .await;
    assert_eq!(rows(&pool, "globex").await, 0);
}

#[tokio::test]
async fn a_transaction_inside_a_session_is_rolled_back_with_it() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let mut acme = pool.tenant_session(&name("acme")).await.unwrap();
    use diesel_async::{AnsiTransactionManager, TransactionManager};
    let connection: &mut TenantConnection = &mut acme;
    AnsiTransactionManager::begin_transaction(connection)
        .await
        .unwrap();
    ROW.insert(&mut acme).await.unwrap();
    drop(acme);
    assert_eq!(rows(&pool, "acme").await, 0);
}

/// Ends work of the tenant acme in the middle of a query that would insert a row.
async fn cut_off(pool: &TenantPool) {
    let of = name("acme");
    let work = pool.in_tenant(&of, async |tenant| {
        ROW.insert(tenant).await?;
        run(tenant, "SELECT pg_sleep(300)").await?;
        Ok::<_, PoolError>(())
    });
    let cut = tokio::time::timeout(Duration::from_millis(200), work).await;
    assert!(cut.is_err(), "{cut:?}");
}

#[tokio::test]
async fn work_that_is_cut_off_leaves_nothing_and_its_query_is_cancelled() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    cut_off(&pool).await;
    assert_eq!(rows(&pool, "globex").await, 0);
    assert_eq!(rows(&pool, "acme").await, 0);
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)%' \
                    AND state = 'active' AND pid <> pg_backend_pid()";
    eventually("the query is cancelled", async || {
        database.value(sleeping).await == "0"
    })
    .await;
}

/// Whether nobody has left a transaction open.
const OPEN: &str = "SELECT count(*) FROM pg_stat_activity \
    WHERE datname = current_database() AND state LIKE 'idle in transaction%'";

#[tokio::test]
async fn whoever_leaves_while_the_work_is_begun_leaves_no_transaction_to_the_next_one() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    for step in 0..40 {
        if step % 8 == 0 {
            // A connection that was not in use lately is asked by a message of its own.
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
        let patience = Duration::from_micros(step * 100);
        drop(tokio::time::timeout(patience, pool.tenant(&name("acme")).into_future()).await);
        let acme = name("acme");
        let session = pool.tenant_session(&acme);
        drop(tokio::time::timeout(patience, session).await);
        assert_eq!(rows(&pool, "globex").await, 0);
    }
    eventually("no transaction is open", async || {
        database.value(OPEN).await == "0"
    })
    .await;
}

#[tokio::test]
async fn a_first_query_that_is_never_sent_leaves_no_way_around_the_transaction() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    assert_eq!(rows(&pool, "globex").await, 0);
    let mut globex = pool.tenant(&name("globex")).await.unwrap();
    drop(Dummy::all(&mut globex));
    let mut never_polled = Box::pin(run(&mut globex, "SELECT 1"));
    assert!(futures_util::FutureExt::now_or_never(&mut never_polled).is_none());
    drop(never_polled);
    let after = Dummy::all(&mut globex).await;
    assert!(
        matches!(after, Err(diesel::result::Error::NotInTransaction)),
        "{after:?}"
    );
    drop(globex);
    assert_eq!(rows(&pool, "globex").await, 0);
}

#[tokio::test]
async fn work_that_panics_leaves_nothing() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let panicking = pool.clone();
    let ended = tokio::spawn(async move {
        let mut acme = panicking.tenant(&name("acme")).await.unwrap();
        ROW.insert(&mut acme).await.unwrap();
        panic!("in the middle of a tenant's work");
    });
    assert!(ended.await.unwrap_err().is_panic());
    assert_eq!(rows(&pool, "globex").await, 0);
    assert_eq!(rows(&pool, "acme").await, 0);
}

#[test]
fn a_connection_that_outlives_its_runtime_is_given_up_without_a_panic() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let held = runtime.block_on(async {
        let database = TestDatabase::new().await;
        let pool = single(&two_tenants(&database).await).await;
        let mut acme = pool.tenant(&name("acme")).await.unwrap();
        ROW.insert(&mut acme).await.unwrap();
        acme
    });
    drop(runtime);
    drop(held);
}

#[tokio::test]
async fn connections_that_the_server_has_cut_are_replaced_unnoticed() {
    let database = TestDatabase::new().await;
    let pool = two_tenants(&database)
        .await
        .pool()
        .size(3)
        .open()
        .await
        .unwrap();
    let acme = name("acme");
    let held = tokio::join!(
        async { pool.tenant(&acme).await.unwrap() },
        async { pool.tenant(&acme).await.unwrap() },
        async { pool.tenant(&acme).await.unwrap() },
    );
    drop(held);
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database.value(cut).await;
    notice().await;
    for _ in 0..6 {
        assert_eq!(rows(&pool, "acme").await, 0);
    }
}
