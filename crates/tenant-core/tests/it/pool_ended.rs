//! A transaction that is ended by SQL takes its path along: nothing runs after that.

use diesel_async::{
    AnsiTransactionManager, RunQueryDsl, SimpleAsyncConnection, TransactionManager,
};
use futures_util::FutureExt;
use schema_tenant::Dummy;
use tenant_core::{PoolError, TenantConnection, TenantPool};
use test_support::{PgBouncer, TestDatabase};

use crate::fixture::name;
use crate::pgbouncer::pool_behind;
use crate::pool::{ROW, rows, single, two_tenants};

/// What ends a transaction, and whether what came before is kept.
const ENDS: [(&str, bool); 12] = [
    ("COMMIT", true),
    ("END", true),
    ("ROLLBACK", false),
    ("ABORT", false),
    ("COMMIT AND CHAIN", true),
    ("ROLLBACK AND CHAIN", false),
    ("/* by hand */ rollback work and chain", false),
    ("COMMIT; BEGIN", true),
    ("ROLLBACK; BEGIN", false),
    ("ROLLBACK; BEGIN; SAVEPOINT diesel_savepoint_1", false),
    ("SAVEPOINT a; ROLLBACK TO a; COMMIT", true),
    ("COMMIT; SELECT 1 / 0", true),
];

/// A table of the same name where the role's own path leads, and a pool of one connection.
async fn with_a_trap(database: &TestDatabase) -> TenantPool {
    let tenants = two_tenants(database).await;
    let trap = "CREATE TABLE public.dummy_table (LIKE acme.dummy_table INCLUDING ALL)";
    TestDatabase::execute(database, trap).await;
    single(&tenants).await
}

/// How many rows acme has, globex, and the trap.
async fn counts(database: &TestDatabase) -> String {
    let counts = "SELECT concat_ws(' ', (SELECT count(*) FROM acme.dummy_table), \
                  (SELECT count(*) FROM globex.dummy_table), \
                  (SELECT count(*) FROM public.dummy_table))";
    database.value(counts).await
}

async fn assert_is_over(acme: &mut TenantConnection, end: &str) {
    for _ in 0..2 {
        let error = ROW.insert(acme).await.unwrap_err();
        assert!(
            matches!(PoolError::from(error), PoolError::Ended),
            "{end}: a row was written after it"
        );
    }
    let error = Dummy::all(acme).await.unwrap_err();
    assert!(matches!(PoolError::from(error), PoolError::Ended), "{end}");
}

async fn assert_ended(database: &TestDatabase, pool: &TenantPool) {
    for (end, is_kept) in ENDS {
        for is_message in [true, false] {
            if !is_message && end.contains(';') {
                continue;
            }
            let mut acme = pool.tenant(&name("acme")).await.unwrap();
            ROW.insert(&mut acme).await.unwrap();
            let ended = match is_message {
                true => acme.batch_execute(end).await,
                false => RunQueryDsl::execute(diesel::sql_query(end), &mut acme)
                    .await
                    .map(drop),
            };
            assert_eq!(ended.is_err(), end.ends_with('0'), "{end}: {ended:?}");
            assert_is_over(&mut acme, end).await;
            let error = acme.commit().await.unwrap_err();
            assert!(matches!(error, PoolError::Ended), "{end}: {error:?}");
            assert_eq!(error.sqlstate(), Some("25P01"));
            assert_eq!(rows(pool, "globex").await, 0);
            let expected = format!("{} 0 0", u8::from(is_kept));
            assert_eq!(counts(database).await, expected, "{end}");
            TestDatabase::execute(database, "TRUNCATE acme.dummy_table").await;
        }
    }
}

#[tokio::test]
async fn after_a_commit_by_hand_nothing_runs_on_another_path_and_the_end_is_told() {
    let database = TestDatabase::new().await;
    let pool = with_a_trap(&database).await;
    assert_ended(&database, &pool).await;
}

#[tokio::test]
async fn the_same_is_told_behind_a_pooler() {
    let database = TestDatabase::new().await;
    drop(with_a_trap(&database).await);
    let pooler = PgBouncer::start(&database, 2);
    assert_ended(&database, &pool_behind(&pooler, 1).await).await;
}

#[tokio::test]
async fn a_commit_that_was_cut_off_is_noticed_before_the_next_query() {
    let database = TestDatabase::new().await;
    let pool = with_a_trap(&database).await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    ROW.insert(&mut acme).await.unwrap();
    let sent = acme.batch_execute("COMMIT").boxed().now_or_never();
    assert!(sent.is_none(), "it was answered");
    assert_is_over(&mut acme, "cut off").await;
    assert!(matches!(acme.commit().await, Err(PoolError::Ended)));
    assert_eq!(counts(&database).await, "1 0 0");
}

#[tokio::test]
async fn work_that_ends_its_transaction_fails_with_the_reason() {
    let database = TestDatabase::new().await;
    let pool = with_a_trap(&database).await;
    let of = name("acme");
    let work = pool.in_tenant(&of, async |tenant| {
        ROW.insert(tenant).await?;
        tenant.batch_execute("COMMIT").await?;
        ROW.insert(tenant).await?;
        Ok::<_, PoolError>(())
    });
    let error = work.await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the transaction has already ended: a statement committed it or rolled it back, or its first query was canceled"
    );
    assert_eq!(counts(&database).await, "1 0 0");
}

#[tokio::test]
async fn what_diesel_ends_by_itself_is_ended_too() {
    let database = TestDatabase::new().await;
    let pool = with_a_trap(&database).await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    ROW.insert(&mut acme).await.unwrap();
    let connection: &mut TenantConnection = &mut acme;
    AnsiTransactionManager::rollback_transaction(connection)
        .await
        .unwrap();
    assert!(matches!(acme.commit().await, Err(PoolError::Ended)));
    assert_eq!(counts(&database).await, "0 0 0");
}

#[tokio::test]
async fn going_back_to_a_savepoint_ends_nothing() {
    let database = TestDatabase::new().await;
    let pool = with_a_trap(&database).await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    acme.batch_execute("SAVEPOINT a").await.unwrap();
    ROW.insert(&mut acme).await.unwrap();
    acme.batch_execute("ROLLBACK TO a").await.unwrap();
    ROW.insert(&mut acme).await.unwrap();
    let back = diesel::sql_query("ROLLBACK WORK TO SAVEPOINT a");
    RunQueryDsl::execute(back, &mut acme).await.unwrap();
    acme.batch_execute("SELECT 1 / 0").await.unwrap_err();
    acme.batch_execute("ROLLBACK TO a").await.unwrap();
    let inside = acme.transaction(async |acme| {
        ROW.insert(acme).await?;
        Err::<(), _>(diesel::result::Error::RollbackTransaction)
    });
    inside.await.unwrap_err();
    ROW.insert(&mut acme).await.unwrap();
    acme.commit().await.unwrap();
    assert_eq!(counts(&database).await, "1 0 0");
}

#[tokio::test]
async fn a_session_may_begin_and_end_transactions_until_it_discards_its_path() {
    let database = TestDatabase::new().await;
    let pool = with_a_trap(&database).await;
    let mut acme = pool.tenant_session(&name("acme")).await.unwrap();
    acme.batch_execute("BEGIN").await.unwrap();
    ROW.insert(&mut acme).await.unwrap();
    acme.batch_execute("COMMIT").await.unwrap();
    ROW.insert(&mut acme).await.unwrap();
    acme.batch_execute("DISCARD ALL").await.unwrap();
    assert_is_over(&mut acme, "discarded").await;
    drop(acme);
    assert_eq!(rows(&pool, "globex").await, 0);
    assert_eq!(counts(&database).await, "2 0 0");
}

#[tokio::test]
async fn a_transaction_without_diesel_tells_it_as_well() {
    let database = TestDatabase::new().await;
    let pool = with_a_trap(&database).await;
    for (end, _) in ENDS {
        let acme = pool.tenant(&name("acme")).on_driver().await.unwrap();
        let ended = acme.batch_execute(end).await;
        assert_eq!(ended.is_err(), end.ends_with('0'), "{end}: {ended:?}");
        let error = acme.commit().await.unwrap_err();
        assert!(matches!(error, PoolError::Ended), "{end}: {error:?}");
    }
    let acme = pool.tenant(&name("acme")).on_driver().await.unwrap();
    let back = "SAVEPOINT a; ROLLBACK TO a; INSERT INTO dummy_table (name) VALUES ('kept')";
    acme.batch_execute(back).await.unwrap();
    acme.commit().await.unwrap();
    assert_eq!(counts(&database).await, "1 0 0");
}
