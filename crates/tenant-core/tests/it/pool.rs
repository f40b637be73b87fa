//! One pool for all tenants: what one sees in it, and what the next one finds.

use diesel::result::Error::{NotInTransaction, RollbackTransaction};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use schema_public::SchemaTracker;
use schema_tenant::{Dummy, NewDummy};
use tenant_core::{
    Database, ExtensionsSchema, Isolation, PoolError, TenantConnection, TenantPool, Tenants,
};
use test_support::TestDatabase;

use crate::fixture::{demo_tenants, name};

pub(crate) const ROW: NewDummy<'static> = NewDummy {
    name: "a row",
    value: Some("it's"),
    description: None,
};

/// The tenants acme and globex, with the tables of schema-tenant.
pub(crate) async fn two_tenants(database: &TestDatabase) -> Tenants {
    let tenants = demo_tenants(database).await;
    tenants.create(&name("acme")).await.unwrap();
    tenants.create(&name("globex")).await.unwrap();
    tenants
}

/// A pool of one connection, so that each piece of work finds what the one before
/// has left.
pub(crate) async fn single(tenants: &Tenants) -> TenantPool {
    tenants.pool().size(1).open().await.unwrap()
}

async fn insert(pool: &TenantPool, tenant: &str) {
    let of = name(tenant);
    let inserted = pool.in_tenant(&of, async |tenant| {
        Ok::<_, PoolError>(ROW.insert(tenant).await?)
    });
    inserted.await.unwrap();
}

pub(crate) async fn rows(pool: &TenantPool, tenant: &str) -> usize {
    try_rows(pool, tenant).await.unwrap()
}

async fn try_rows(pool: &TenantPool, tenant: &str) -> Result<usize, PoolError> {
    let mut tenant = pool.tenant(&name(tenant)).await?;
    Ok(Dummy::all(&mut tenant).await?.len())
}

async fn run(connection: &mut TenantConnection, sql: &str) -> diesel::QueryResult<usize> {
    RunQueryDsl::execute(diesel::sql_query(sql), connection).await
}

/// How many rows the two tenants have, asked from outside.
async fn counts(database: &TestDatabase) -> String {
    let counts = "SELECT (SELECT count(*) FROM acme.dummy_table) || ' ' \
                  || (SELECT count(*) FROM globex.dummy_table)";
    database.value(counts).await
}

#[tokio::test]
async fn each_tenant_sees_its_own_rows_on_the_same_connection() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let inserted = ROW.insert(&mut acme).await.unwrap();
    assert_eq!(acme.tenant().as_str(), "acme");
    acme.commit().await.unwrap();
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    assert_eq!(Dummy::all(&mut acme).await.unwrap(), [inserted]);
    drop(acme);
    assert_eq!(rows(&pool, "globex").await, 0);
}

#[tokio::test]
async fn the_public_schema_has_a_connection_of_its_own() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    insert(&pool, "acme").await;
    let mut public = pool.public().await.unwrap();
    let tenants = SchemaTracker::all(&mut public).await.unwrap();
    assert_eq!(tenants.len(), 2);
    let query = diesel::sql_query("SELECT * FROM dummy_table");
    let error = RunQueryDsl::execute(query, &mut public).await.unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
}

#[tokio::test]
async fn what_is_not_committed_is_rolled_back_when_it_is_dropped() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let before = backend(&pool).await;
    for end in ["dropped", "rolled back", "failed"] {
        let mut acme = pool.tenant(&name("acme")).await.unwrap();
        ROW.insert(&mut acme).await.unwrap();
        match end {
            "dropped" => drop(acme),
            "rolled back" => acme.rollback().await.unwrap(),
            _ => {
                run(&mut acme, "SELECT 1 / 0").await.unwrap_err();
                drop(acme);
            }
        }
        // The next one commits, and what was left open is not in it.
        insert(&pool, "globex").await;
    }
    assert_eq!(counts(&database).await, "0 3");
    assert_eq!(backend(&pool).await, before, "the connection was kept");
}

/// The server process behind the pool's only connection.
async fn backend(pool: &TenantPool) -> i32 {
    #[derive(diesel::QueryableByName)]
    struct Backend {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        pid: i32,
    }
    let mut public = pool.public().await.unwrap();
    let query = diesel::sql_query("SELECT pg_backend_pid() AS pid");
    let backend: Backend = query.get_result(&mut public).await.unwrap();
    backend.pid
}

#[tokio::test]
async fn work_that_fails_is_rolled_back_and_its_error_comes_back() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let of = name("acme");
    let failed = pool.in_tenant(&of, async |tenant| {
        ROW.insert(tenant).await?;
        Err::<(), PoolError>(RollbackTransaction.into())
    });
    let failed = failed.await;
    assert!(matches!(failed, Err(PoolError::Query(RollbackTransaction))));
    assert_eq!(counts(&database).await, "0 0");
}

#[tokio::test]
async fn a_commit_after_a_failed_query_says_that_nothing_was_kept() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let of = name("acme");
    let swallowed = pool.in_tenant(&of, async |tenant| {
        ROW.insert(tenant).await?;
        run(tenant, "SELECT 1 / 0").await.unwrap_err();
        Ok::<_, PoolError>(())
    });
    let swallowed = swallowed.await;
    assert!(
        matches!(swallowed, Err(PoolError::Aborted)),
        "{swallowed:?}"
    );
    // A savepoint is what one passes an error over with.
    let of = name("acme");
    let saved = pool.in_tenant(&of, async |tenant| {
        ROW.insert(tenant).await?;
        let inner = tenant.transaction(async |tenant| run(tenant, "SELECT 1 / 0").await);
        inner.await.unwrap_err();
        Ok::<_, PoolError>(())
    });
    saved.await.unwrap();
    assert_eq!(counts(&database).await, "1 0");
}

#[tokio::test]
async fn a_transaction_inside_is_a_savepoint_in_the_same_tenant() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let kept = acme.transaction(async |tenant| ROW.insert(tenant).await);
    kept.await.unwrap();
    let given_up = acme.transaction(async |tenant| {
        ROW.insert(tenant).await?;
        Err::<(), _>(RollbackTransaction)
    });
    given_up.await.unwrap_err();
    acme.commit().await.unwrap();
    assert_eq!(counts(&database).await, "1 0");
}

#[tokio::test]
async fn a_query_after_the_end_of_the_transaction_is_refused() {
    use diesel_async::{AnsiTransactionManager, TransactionManager};
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let connection: &mut TenantConnection = &mut acme;
    AnsiTransactionManager::commit_transaction(connection)
        .await
        .unwrap();
    let after = Dummy::all(&mut acme).await;
    assert!(matches!(after, Err(NotInTransaction)), "{after:?}");
    let after = acme.batch_execute("SELECT 1").await;
    assert!(matches!(after, Err(NotInTransaction)), "{after:?}");
}

#[tokio::test]
async fn a_name_of_nobody_is_refused_and_known_without_asking_again() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    // A table of the same name that must not be found instead.
    TestDatabase::execute(
        &database,
        "CREATE TABLE public.dummy_table (LIKE acme.dummy_table INCLUDING ALL)",
    )
    .await;
    let refused = pool.tenant(&name("nobody")).await.unwrap_err();
    assert_eq!(refused.to_string(), "there is no tenant `nobody`");
    // Not even a free connection is needed for it.
    let held = pool.tenant(&name("acme")).await.unwrap();
    let again = pool.tenant(&name("nobody")).await;
    assert!(matches!(again, Err(PoolError::Unknown(_))), "{again:?}");
    drop(held);
    assert_eq!(rows(&pool, "acme").await, 0);
}

#[tokio::test]
async fn a_tenant_that_is_made_or_dropped_meanwhile_is_noticed_at_once() {
    let database = TestDatabase::new().await;
    let tenants = two_tenants(&database).await;
    let pool = single(&tenants).await;
    let late = name("late");
    assert!(pool.tenant(&late).await.is_err());
    tenants.create(&late).await.unwrap();
    assert_eq!(rows(&pool, "late").await, 0);
    tenants.drop_tenant(&late).await.unwrap();
    let dropped = pool.tenant(&late).await;
    assert!(matches!(dropped, Err(PoolError::Unknown(_))), "{dropped:?}");

    // Another program's pool knows the tenant, and does not hear of its end.
    let elsewhere = Database::parse(&database.url()).unwrap();
    let elsewhere = TenantPool::builder(elsewhere).size(1).open().await.unwrap();
    assert_eq!(rows(&elsewhere, "acme").await, 0);
    tenants.drop_tenant(&name("acme")).await.unwrap();
    let dropped = try_rows(&elsewhere, "acme").await;
    assert!(matches!(dropped, Err(PoolError::Unknown(_))), "{dropped:?}");
}

#[tokio::test]
async fn a_schema_that_has_vanished_is_told_and_nothing_else_is_read_instead() {
    let database = TestDatabase::new().await;
    let tenants = two_tenants(&database).await;
    let pool = single(&tenants).await;
    assert_eq!(rows(&pool, "acme").await, 0);
    TestDatabase::execute(
        &database,
        "CREATE TABLE public.dummy_table (LIKE acme.dummy_table); DROP SCHEMA acme CASCADE",
    )
    .await;
    // Once while the pool takes the tenant to be there, and once when it asks.
    for _ in 0..2 {
        let vanished = try_rows(&pool, "acme").await;
        assert!(
            matches!(vanished, Err(PoolError::MissingSchema(_))),
            "{vanished:?}"
        );
    }
    assert_eq!(rows(&pool, "globex").await, 0);
}

#[tokio::test]
async fn a_database_that_is_not_set_up_is_told() {
    let database = TestDatabase::new().await;
    let plain = Database::parse(&database.url()).unwrap();
    let pool = TenantPool::builder(plain).open().await.unwrap();
    let refused = pool.tenant(&name("acme")).await;
    assert!(
        matches!(refused, Err(PoolError::NotSetUp { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn extensions_are_found_behind_the_tenant_and_their_schema_must_be_there() {
    let database = TestDatabase::new().await;
    let tenants = two_tenants(&database).await;
    TestDatabase::execute(
        &database,
        "CREATE SCHEMA ext; CREATE FUNCTION ext.seven() RETURNS int LANGUAGE sql AS 'SELECT 7'",
    )
    .await;
    let pool = tenants.pool().extensions(ExtensionsSchema::new("ext"));
    let pool = pool.open().await.unwrap();
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    assert_eq!(run(&mut acme, "SELECT seven()").await, Ok(1));
    drop(acme);
    let missing = tenants.pool().extensions(ExtensionsSchema::new("nowhere"));
    let missing = missing.open().await;
    assert_eq!(
        missing.unwrap_err().to_string(),
        "the schema for extensions, `nowhere`, does not exist"
    );
}

#[tokio::test]
async fn a_transaction_can_be_read_only_and_isolated() {
    let database = TestDatabase::new().await;
    let pool = two_tenants(&database)
        .await
        .pool()
        .size(2)
        .open()
        .await
        .unwrap();
    let mut reader = pool.tenant(&name("acme")).read_only().await.unwrap();
    let refused = ROW.insert(&mut reader).await.unwrap_err();
    assert!(refused.to_string().contains("read-only"), "{refused}");
    drop(reader);

    let isolated = pool.tenant(&name("acme"));
    let mut isolated = isolated.isolation(Isolation::RepeatableRead).await.unwrap();
    assert_eq!(Dummy::all(&mut isolated).await.unwrap().len(), 0);
    insert(&pool, "acme").await;
    assert_eq!(Dummy::all(&mut isolated).await.unwrap().len(), 0);
    drop(isolated);
    assert_eq!(rows(&pool, "acme").await, 1);
}
