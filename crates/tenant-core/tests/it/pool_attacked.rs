//! What one tenant's work does to the connection beyond what it is for, and what the next
//! tenant notices of it: nothing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::connection::{CacheSize, InstrumentationEvent};
use diesel::sql_types::{BigInt, Integer};
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use schema_tenant::Dummy;
use tenant_core::{PoolError, TenantConnection, TenantPool};
use test_support::TestDatabase;
use tokio::time::timeout;

use crate::fixture::name;
use crate::pool::{rows, single, two_tenants};

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(diesel::QueryableByName)]
struct Backend {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

async fn backend(connection: &mut TenantConnection) -> i32 {
    let query = diesel::sql_query("SELECT pg_backend_pid() AS pid");
    query.get_result::<Backend>(connection).await.unwrap().pid
}

/// Long enough for whatever is not waiting for something that never comes.
const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_a_tenant_sets_for_diesel_ends_with_its_work() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    for is_committed in [true, false] {
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let mut acme = pool.tenant(&name("acme")).await.unwrap();
        let log = Arc::clone(&seen);
        acme.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            log.lock().unwrap().push(format!("{event:?}"));
        });
        acme.set_prepared_statement_cache_size(CacheSize::Disabled);
        Dummy::all(&mut acme).await.unwrap();
        match is_committed {
            true => acme.commit().await.unwrap(),
            false => drop(acme),
        }
        assert!(format!("{seen:?}").contains("dummy_table"), "its own query");
        seen.lock().unwrap().clear();
        let mut globex = pool.tenant(&name("globex")).await.unwrap();
        Dummy::all(&mut globex).await.unwrap();
        let kept = "SELECT count(*) AS number FROM pg_prepared_statements \
                    WHERE statement LIKE '%dummy_table%' AND statement NOT LIKE '%pg_prepared%'";
        let kept: Number = diesel::sql_query(kept)
            .get_result(&mut globex)
            .await
            .unwrap();
        globex.commit().await.unwrap();
        assert_eq!(*seen.lock().unwrap(), [""; 0]);
        assert_eq!(kept.number, 1, "its statement is kept");
    }
}

#[tokio::test]
async fn a_connection_that_the_server_has_ended_is_not_lent_again() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    for _ in 0..30 {
        let mut acme = pool.tenant(&name("acme")).await.unwrap();
        Dummy::all(&mut acme).await.unwrap();
        let ended = acme.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())");
        ended.await.unwrap_err();
        acme.commit().await.unwrap_err();
        assert_eq!(rows(&pool, "globex").await, 0);
    }
}

#[tokio::test]
async fn a_setting_that_ends_idle_connections_ends_with_the_work() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    for _ in 0..5 {
        let mut acme = pool.tenant(&name("acme")).await.unwrap();
        let before = backend(&mut acme).await;
        let set = acme.batch_execute("SET idle_session_timeout = '1ms'");
        set.await.unwrap();
        acme.commit().await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut globex = pool.tenant(&name("globex")).await.unwrap();
        assert_eq!(backend(&mut globex).await, before);
    }
}

#[tokio::test]
async fn what_transactions_are_set_to_be_like_holds_up_neither_the_commit_nor_the_next_one() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    // A serializable transaction that only reads and is deferrable waits for the end of this.
    let other = database.client().await;
    let open = "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM pg_class";
    other.batch_execute(open).await.unwrap();
    let set = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE, \
               READ ONLY, DEFERRABLE";
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let before = backend(&mut acme).await;
    acme.batch_execute(set).await.unwrap();
    let committed = timeout(LONG, acme.commit()).await;
    committed.expect("the commit waits").unwrap();
    let mut acme = pool.tenant_session(&name("acme")).await.unwrap();
    acme.batch_execute(set).await.unwrap();
    drop(acme);
    let next = async {
        let mut globex = pool.tenant(&name("globex")).await.unwrap();
        backend(&mut globex).await
    };
    let next = timeout(LONG, next).await.expect("globex waits");
    assert_eq!(next, before, "the connection is kept");
}

/// Makes a temporary table that its session can't drop, as long as the answer lives.
async fn leave_what_cannot_be_dropped(
    database: &TestDatabase,
    pool: &TenantPool,
    table: &str,
) -> (tokio_postgres::Client, i32) {
    let mut acme = pool.tenant_session(&name("acme")).await.unwrap();
    let create = format!("CREATE TEMP TABLE {table} (id int)");
    acme.batch_execute(&create).await.unwrap();
    let pid = backend(&mut acme).await;
    let other = database.client().await;
    let lock = format!(
        "DO $$ BEGIN EXECUTE (SELECT format('LOCK TABLE %s', oid::regclass) \
         FROM pg_class WHERE relname = '{table}'); END $$"
    );
    other
        .batch_execute(&format!("BEGIN; {lock}"))
        .await
        .unwrap();
    (other, pid)
}

#[tokio::test]
async fn a_connection_that_is_being_cleared_is_not_lent_and_has_a_limit_for_it() {
    let database = TestDatabase::new().await;
    let tenants = two_tenants(&database).await;
    let pool = tenants.pool().size(2).open().await.unwrap();
    let (locked, acmes) = leave_what_cannot_be_dropped(&database, &pool, "one").await;
    for _ in 0..3 {
        let mut globex = pool.tenant(&name("globex")).await.unwrap();
        assert_ne!(backend(&mut globex).await, acmes);
        globex.commit().await.unwrap();
    }
    // With a pool of one connection it is waited for, and replaced in the end.
    let pool = tenants.pool().size(1).wait(LONG).open().await.unwrap();
    let (locked_too, acmes) = leave_what_cannot_be_dropped(&database, &pool, "other").await;
    let mut globex = pool.tenant(&name("globex")).await.unwrap();
    assert_ne!(backend(&mut globex).await, acmes);
    drop((locked, locked_too));
}

#[tokio::test]
async fn a_connection_that_cannot_be_cleared_is_replaced() {
    let database = TestDatabase::new().await;
    let tenants = two_tenants(&database).await;
    let limit = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout = ''50ms''', \
                 current_database()); END $$";
    TestDatabase::execute(&database, limit).await;
    let pool = single(&tenants).await;
    let (locked, acmes) = leave_what_cannot_be_dropped(&database, &pool, "one").await;
    for _ in 0..3 {
        let mut globex = pool.tenant(&name("globex")).await.unwrap();
        assert_ne!(backend(&mut globex).await, acmes);
        Dummy::all(&mut globex).await.unwrap();
        globex.commit().await.unwrap();
    }
    drop(locked);
}

#[tokio::test]
async fn statements_of_the_driver_that_a_block_has_dropped_are_prepared_again() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    for _ in 0..3 {
        let mut acme = pool.tenant(&name("acme")).await.unwrap();
        Dummy::all(&mut acme).await.unwrap();
        let block = "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$";
        acme.batch_execute(block).await.unwrap();
        acme.commit().await.unwrap();
        assert_eq!(rows(&pool, "globex").await, 0);
    }
}

#[tokio::test]
async fn a_connection_whose_statements_a_function_has_dropped_fails_at_most_once() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let function = "CREATE FUNCTION public.drop_them() RETURNS void LANGUAGE plpgsql \
                    AS $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$";
    TestDatabase::execute(&database, function).await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    Dummy::all(&mut acme).await.unwrap();
    acme.batch_execute("SELECT public.drop_them()")
        .await
        .unwrap();
    acme.commit().await.unwrap();
    let mut globex = pool.tenant(&name("globex")).await.unwrap();
    let failed = PoolError::from(Dummy::all(&mut globex).await.unwrap_err());
    assert_eq!(failed.sqlstate(), Some("26000"), "{failed}");
    drop(globex);
    assert_eq!(rows(&pool, "globex").await, 0);
    assert_eq!(rows(&pool, "acme").await, 0);
}

/// A transaction inside is given up in the middle of it, after a row.
async fn give_up_inside(connection: &mut TenantConnection) {
    let inside = connection.transaction(async |inside| {
        crate::pool::ROW.insert(inside).await?;
        std::future::pending::<()>().await;
        Ok::<_, diesel::result::Error>(())
    });
    let cut = timeout(Duration::from_millis(300), inside).await;
    assert!(cut.is_err(), "{cut:?}");
}

#[tokio::test]
async fn work_whose_inner_transaction_was_given_up_is_not_committed_in_part() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    crate::pool::ROW.insert(&mut acme).await.unwrap();
    give_up_inside(&mut acme).await;
    for _ in 0..2 {
        let refused = crate::pool::ROW.insert(&mut acme).await.unwrap_err();
        assert!(matches!(PoolError::from(refused), PoolError::GivenUp));
    }
    let again = acme
        .transaction(async |_| Ok::<_, diesel::result::Error>(()))
        .await;
    let again = PoolError::from(again.unwrap_err());
    assert!(matches!(again, PoolError::GivenUp), "{again:?}");
    let refused = acme.commit().await.unwrap_err();
    assert!(matches!(refused, PoolError::GivenUp), "{refused:?}");
    assert_eq!(
        refused.to_string(),
        "nothing was committed: an inner transaction was dropped before its end"
    );
    assert_eq!(rows(&pool, "acme").await, 0);
}

#[tokio::test]
async fn a_session_whose_transaction_was_given_up_takes_no_further_statement() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let mut acme = pool.tenant_session(&name("acme")).await.unwrap();
    give_up_inside(&mut acme).await;
    let refused = crate::pool::ROW.insert(&mut acme).await.unwrap_err();
    assert!(matches!(PoolError::from(refused), PoolError::GivenUp));
    drop(acme);
    assert_eq!(rows(&pool, "acme").await, 0);
}

#[tokio::test]
async fn an_inner_transaction_that_was_begun_by_hand_and_never_ended_is_not_committed() {
    use diesel_async::{AnsiTransactionManager, TransactionManager};
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let connection: &mut TenantConnection = &mut acme;
    AnsiTransactionManager::begin_transaction(connection)
        .await
        .unwrap();
    crate::pool::ROW.insert(&mut acme).await.unwrap();
    let refused = acme.commit().await.unwrap_err();
    assert!(matches!(refused, PoolError::GivenUp), "{refused:?}");
    assert_eq!(rows(&pool, "acme").await, 0);
}
