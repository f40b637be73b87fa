//! The drop-in for porting: each statement is committed by itself.

use std::time::Duration;

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::TryStreamExt;
use schema_tenant::Dummy;
use tenant_core::{PoolError, TenantConnection, TenantPool};
use test_support::{PgBouncer, TestDatabase};

use crate::fixture::name;
use crate::pgbouncer::pool_behind;
use crate::pool::{ROW, rows, single, two_tenants};

diesel::table! {
    dummy_table (name) {
        name -> Text,
    }
}

async fn counts(database: &TestDatabase) -> String {
    let counts = "SELECT concat_ws(' ', (SELECT count(*) FROM acme.dummy_table), \
                  (SELECT count(*) FROM globex.dummy_table))";
    database.value(counts).await
}

async fn insert(connection: &mut TenantConnection) -> QueryResult<usize> {
    diesel::insert_into(dummy_table::table)
        .values(dummy_table::name.eq("a row"))
        .execute(connection)
        .await
}

/// What ported handlers do with single statements.
async fn assert_statements_are_kept(database: &TestDatabase, acme: &mut TenantConnection) {
    insert(acme).await.unwrap();
    assert_eq!(counts(database).await, "1 0", "kept at once");
    ROW.insert(acme).await.unwrap();
    let two = "DELETE FROM dummy_table WHERE name = 'nobody'; SELECT 1";
    acme.batch_execute(two).await.unwrap();
    // An error undoes its own statement.
    acme.batch_execute("SELECT 1 / 0").await.unwrap_err();
    let failed = "INSERT INTO dummy_table (name) SELECT repeat('a', 1 / 0)";
    let failed = RunQueryDsl::execute(diesel::sql_query(failed), acme).await;
    failed.unwrap_err();
    assert_eq!(Dummy::all(acme).await.unwrap().len(), 2);
    let stream = dummy_table::table.select(dummy_table::name);
    let stream = stream.load_stream::<String>(acme).await;
    let streamed = stream.unwrap().try_collect::<Vec<_>>().await.unwrap();
    assert_eq!(streamed.len(), 2);
}

/// And with transactions.
async fn assert_transactions_are_whole(database: &TestDatabase, acme: &mut TenantConnection) {
    let undone = acme.transaction(async |acme| {
        insert(acme).await?;
        insert(acme).await?;
        Err::<(), _>(diesel::result::Error::RollbackTransaction)
    });
    undone.await.unwrap_err();
    assert_eq!(counts(database).await, "2 0");
    let kept = AsyncConnection::transaction(acme, async |acme| {
        insert(acme).await?;
        let inner = acme.transaction(async |acme| {
            insert(acme).await?;
            Err::<(), _>(diesel::result::Error::RollbackTransaction)
        });
        inner.await.unwrap_err();
        Ok::<_, diesel::result::Error>(())
    });
    kept.await.unwrap();
    assert_eq!(counts(database).await, "3 0");
}

async fn assert_ported(database: &TestDatabase, pool: &TenantPool) {
    let mut acme = pool.autocommit(&name("acme")).await.unwrap();
    assert_statements_are_kept(database, &mut acme).await;
    assert_transactions_are_whole(database, &mut acme).await;
    drop(acme);
    let mut globex = pool.autocommit(&name("globex")).await.unwrap();
    insert(&mut globex).await.unwrap();
    drop(globex);
    assert_eq!(counts(database).await, "3 1");
    assert_eq!(rows(pool, "globex").await, 1);
}

#[tokio::test]
async fn each_statement_is_committed_and_transactions_inside_are_whole() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    assert_ported(&database, &pool).await;
}

#[tokio::test]
async fn the_same_holds_behind_a_pooler() {
    let database = TestDatabase::new().await;
    drop(two_tenants(&database).await);
    let pooler = PgBouncer::start(&database, 1);
    assert_ported(&database, &pool_behind(&pooler, 1).await).await;
}

async fn assert_open_work_is_undone(database: &TestDatabase, pool: &TenantPool) {
    for step in 0..30_u64 {
        let mut acme = pool.autocommit(&name("acme")).await.unwrap();
        let work = acme.transaction(async |acme| {
            insert(acme).await?;
            tokio::time::sleep(Duration::from_secs(300)).await;
            Ok::<_, diesel::result::Error>(())
        });
        drop(tokio::time::timeout(Duration::from_micros(step * 200), work).await);
        drop(acme);
        assert_eq!(rows(pool, "globex").await, 0);
        assert_eq!(counts(database).await, "0 0", "{step}");
    }
    let mut acme = pool.autocommit(&name("acme")).await.unwrap();
    let slow = RunQueryDsl::execute(diesel::sql_query("SELECT pg_sleep(300)"), &mut *acme);
    drop(tokio::time::timeout(Duration::from_millis(50), slow).await);
    drop(acme);
    assert_eq!(rows(pool, "globex").await, 0);
}

#[tokio::test]
async fn a_transaction_inside_whose_future_was_dropped_leaves_nothing() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    assert_open_work_is_undone(&database, &pool).await;
}

#[tokio::test]
async fn the_same_leaves_nothing_behind_a_pooler() {
    let database = TestDatabase::new().await;
    drop(two_tenants(&database).await);
    let pooler = PgBouncer::start(&database, 1);
    assert_open_work_is_undone(&database, &pool_behind(&pooler, 1).await).await;
}

#[tokio::test]
async fn an_unknown_tenant_is_told_when_the_connection_is_asked_for() {
    let database = TestDatabase::new().await;
    drop(two_tenants(&database).await);
    let pooler = PgBouncer::start(&database, 1);
    let pool = pool_behind(&pooler, 1).await;
    let refused = pool.autocommit(&name("nobody")).await.unwrap_err();
    assert!(matches!(refused, PoolError::Unknown(_)), "{refused:?}");
    TestDatabase::execute(&database, "DROP SCHEMA globex CASCADE").await;
    let refused = pool.autocommit(&name("globex")).await.unwrap_err();
    assert!(
        matches!(refused, PoolError::MissingSchema(_)),
        "{refused:?}"
    );
    // What is lent beneath would have no path.
    let mut acme = pool.autocommit(&name("acme")).await.unwrap();
    let refused = PoolError::from(acme.as_async_pg().await.err().unwrap());
    assert!(matches!(refused, PoolError::NeedsDirect), "{refused:?}");
}
