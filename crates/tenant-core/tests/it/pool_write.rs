//! Nothing is lost by porting: what reads says so at its first write, what writes commits, and
//! a write that nobody has committed is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use schema_tenant::Dummy;
use tenant_core::{OfTenant, PoolError, TenantConnection, TenantPool, Transaction, Unkept};
use test_support::TestDatabase;
use tracing::Level;

use crate::capture::Ear;
use crate::fixture::name;
use crate::pool::{ROW, rows, single, two_tenants};

#[tokio::test]
async fn the_first_write_of_a_transaction_that_reads_says_what_to_do() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let mut acme = pool.read(&name("acme")).await.unwrap();
    assert_eq!(Dummy::all(&mut acme).await.unwrap().len(), 0);
    let refused = ROW.insert(&mut acme).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "cannot execute INSERT in a read-only transaction: it was opened with \
         `TenantPool::read` or `read_only`. To change rows, use `TenantPool::write`"
    );
    let refused = PoolError::from(refused);
    assert_eq!(refused.sqlstate(), Some("25006"));
    drop(acme);
    // The server's word alone where it was not this pool that said so.
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let by_hand = acme.batch_execute("SET TRANSACTION READ ONLY");
    by_hand.await.unwrap();
    let refused = ROW.insert(&mut acme).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "cannot execute INSERT in a read-only transaction"
    );
}

#[tokio::test]
async fn what_writes_is_committed_when_it_succeeds_and_undone_when_it_fails() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let ear = Ear::open();
    let acme = name("acme");
    let written = pool.write(&acme, async |acme| {
        Ok::<_, PoolError>(ROW.insert(acme).await?)
    });
    written.await.unwrap();
    assert_eq!(rows(&pool, "acme").await, 1);
    let failed = pool.write(&acme, async |acme| {
        ROW.insert(acme).await?;
        Err::<(), _>(PoolError::Unknown(name("nobody")))
    });
    failed.await.unwrap_err();
    assert_eq!(rows(&pool, "acme").await, 1);
    assert!(ear.said("write not committed").is_empty());
}

#[tokio::test]
async fn what_writes_can_be_spawned() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let spawned = pool.clone();
    let written = tokio::spawn(async move {
        let acme = name("acme");
        let row = String::from("borrowed");
        let insert = async |acme: &mut TenantConnection| {
            let sql = format!("INSERT INTO dummy_table (name) VALUES ('{row}')");
            acme.batch_execute(&sql).await?;
            Ok::<_, PoolError>(())
        };
        spawned.write(&acme, insert).await
    });
    written.await.unwrap().unwrap();
    assert_eq!(rows(&pool, "acme").await, 1);
}

/// A pool that keeps what it tells of writes that were not committed.
async fn listening(database: &TestDatabase) -> (TenantPool, Arc<Mutex<Vec<Unkept>>>) {
    let told = Arc::<Mutex<Vec<Unkept>>>::default();
    let log = Arc::clone(&told);
    let pool = two_tenants(database).await.pool().size(1);
    let pool = pool.on_unkept(move |unkept| log.lock().unwrap().push(unkept.clone()));
    (pool.open().await.unwrap(), told)
}

async fn acme(pool: &TenantPool) -> Transaction<OfTenant> {
    pool.tenant(&name("acme")).await.unwrap()
}

const INSERT: &str = "INSERT INTO dummy_table (name) VALUES ('a')";

/// Work that changes something and ends without a word of what is to become of it.
const UNKEPT: [&str; 8] = [
    INSERT,
    "INSERT INTO dummy_table (name) VALUES ('lost') RETURNING id",
    "UPDATE dummy_table SET value = 'lost'",
    "DELETE FROM dummy_table",
    "TRUNCATE dummy_table",
    "CREATE TABLE lost ()",
    "SAVEPOINT a; DELETE FROM dummy_table; RELEASE a",
    "DELETE FROM dummy_table; SAVEPOINT a; SELECT 1; ROLLBACK TO a",
];

/// Work that changes nothing, or has undone it.
const NOTHING_LOST: [&str; 6] = [
    "SELECT * FROM dummy_table",
    "SET LOCAL lock_timeout TO '1s'",
    "UPDATE dummy_table SET value = 'kept' WHERE name = 'nobody'",
    "INSERT INTO dummy_table (name) SELECT 'lost' WHERE false",
    "SAVEPOINT a; DELETE FROM dummy_table; ROLLBACK TO a",
    "DELETE FROM dummy_table; COMMIT",
];

#[tokio::test]
async fn a_write_that_nobody_has_committed_is_told_with_the_tenant_and_what_to_do() {
    let database = TestDatabase::new().await;
    let (pool, told) = listening(&database).await;
    TestDatabase::execute(
        &database,
        "INSERT INTO acme.dummy_table (name) VALUES ('there')",
    )
    .await;
    for work in UNKEPT {
        for is_lent in [false, true] {
            let ear = Ear::open();
            let mut acme = acme(&pool).await;
            let done = match is_lent {
                false => acme.batch_execute(work).await,
                true => acme.as_async_pg().await.unwrap().batch_execute(work).await,
            };
            done.unwrap();
            drop(acme);
            let events = ear.said("write not committed");
            let [event] = events.as_slice() else {
                panic!("{work}: {events:?}");
            };
            assert_eq!((event.field("tenant"), event.level), ("acme", Level::ERROR));
            let hint = event.field("hint");
            assert!(hint.contains("TenantPool::write"), "{hint}");
            let unkept = told.lock().unwrap().pop().unwrap();
            assert!(unkept.to_string().contains("tenant `acme`"), "{unkept}");
        }
    }
    assert_eq!(rows(&pool, "acme").await, 1);
}

#[tokio::test]
async fn what_changes_nothing_or_ends_on_purpose_is_not_told() {
    let database = TestDatabase::new().await;
    let (pool, told) = listening(&database).await;
    for work in NOTHING_LOST {
        acme(&pool).await.batch_execute(work).await.unwrap();
        assert!(told.lock().unwrap().is_empty(), "{work}");
    }
    let mut kept = acme(&pool).await;
    kept.batch_execute(INSERT).await.unwrap();
    kept.commit().await.unwrap();
    let mut undone = acme(&pool).await;
    undone.batch_execute(INSERT).await.unwrap();
    undone.rollback().await.unwrap();
    // An error of the server is a reason to leave, as `?` does.
    let mut failed = acme(&pool).await;
    failed.batch_execute(INSERT).await.unwrap();
    failed.batch_execute("SELECT 1 / 0").await.unwrap_err();
    drop(failed);
    let mut cut = acme(&pool).await;
    cut.batch_execute(INSERT).await.unwrap();
    let sleep = cut.batch_execute("SELECT pg_sleep(300)");
    drop(tokio::time::timeout(Duration::from_millis(50), sleep).await);
    drop(cut);
    let panicking = pool.clone();
    let ended = tokio::spawn(async move {
        let mut acme = acme(&panicking).await;
        ROW.insert(&mut acme).await.unwrap();
        panic!("in the middle of work");
    });
    assert!(ended.await.unwrap_err().is_panic());
    drop(acme(&pool).await);
    assert_eq!(told.lock().unwrap().as_slice(), []);
    assert_eq!(rows(&pool, "acme").await, 1);
}

#[tokio::test]
async fn a_listener_that_panics_fails_the_test_and_leaves_the_pool_whole() {
    let database = TestDatabase::new().await;
    let pool = two_tenants(&database).await.pool().size(1);
    let pool = pool.on_unkept(|unkept| panic!("{unkept}"));
    let pool = pool.open().await.unwrap();
    let handler = pool.clone();
    let handled = tokio::spawn(async move {
        let mut acme = acme(&handler).await;
        ROW.insert(&mut acme).await.unwrap();
    });
    let panic = handled.await.unwrap_err().into_panic();
    let said = panic.downcast_ref::<String>().unwrap();
    assert!(said.contains("dropped without a commit"), "{said}");
    assert_eq!(rows(&pool, "acme").await, 0);
    assert_eq!(rows(&pool, "globex").await, 0);
}

/// A function for both worlds.
async fn count<C: AsyncConnection<Backend = Pg>>(connection: &mut C) -> QueryResult<usize> {
    let query = diesel::sql_query("SELECT FROM acme.dummy_table");
    let inside =
        connection.transaction(async |connection| RunQueryDsl::execute(query, connection).await);
    inside.await
}

#[tokio::test]
async fn functions_for_any_connection_serve_the_pool_and_plain_diesel() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let mut plain = AsyncPgConnection::establish(&database.url()).await.unwrap();
    assert_eq!(count(&mut plain).await, Ok(0));
    let mut acme = acme(&pool).await;
    ROW.insert(&mut acme).await.unwrap();
    assert_eq!(count(&mut *acme).await, Ok(1));
    acme.commit().await.unwrap();
    assert_eq!(count(&mut plain).await, Ok(1));
    // The limit: an inner transaction that is given up is told by the commit only.
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let connection: &mut TenantConnection = &mut acme;
    let sleep = "SELECT pg_sleep(300)";
    let inside = AsyncConnection::transaction(connection, async |connection| {
        connection.batch_execute(sleep).await
    });
    drop(tokio::time::timeout(Duration::from_millis(50), inside).await);
    let refused = acme.commit().await;
    assert!(matches!(refused, Err(PoolError::GivenUp)), "{refused:?}");
}
