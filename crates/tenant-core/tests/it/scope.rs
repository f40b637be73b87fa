//! Diesel queries in one tenant's schema.

use diesel::result::Error::RollbackTransaction;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use schema_tenant::{Dummy, NewDummy};
use tenant_core::{Database, MigrationSet, Migrations, ScopeError, Settings, Tenants, in_tenant};
use test_support::TestDatabase;

use crate::fixture::name;

const ROW: NewDummy<'static> = NewDummy {
    name: "a row",
    value: Some("it's"),
    description: None,
};

pub(crate) async fn two_tenants(database: &TestDatabase) -> Database {
    let migrations = Migrations {
        public: MigrationSet::from_source(&schema_public::MIGRATIONS).unwrap(),
        tenant: MigrationSet::from_source(&schema_tenant::MIGRATIONS).unwrap(),
    };
    let database = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(database.clone(), migrations, Settings::default())
        .await
        .unwrap();
    tenants.migrate_public(false).await.unwrap();
    tenants.create(&name("acme")).await.unwrap();
    tenants.create(&name("globex")).await.unwrap();
    database
}

#[tokio::test]
async fn each_tenant_sees_its_own_rows_on_the_same_connection() {
    let database = TestDatabase::new().await;
    let mut connection = two_tenants(&database).await.connect().await.unwrap();
    let acme = name("acme");
    let inserted = in_tenant(&mut connection, &acme, None, async |connection| {
        ROW.insert(connection).await
    });
    let inserted = inserted.await.unwrap();
    let acme = in_tenant(&mut connection, &acme, None, Dummy::all)
        .await
        .unwrap();
    let globex = in_tenant(&mut connection, &name("globex"), None, Dummy::all)
        .await
        .unwrap();
    assert_eq!((acme, globex), (vec![inserted], vec![]));
}

/// What an unqualified query meets when no tenant is set.
async fn unscoped(connection: &mut AsyncPgConnection) -> String {
    let query = diesel::sql_query("SELECT * FROM dummy_table");
    RunQueryDsl::execute(query, connection)
        .await
        .unwrap_err()
        .to_string()
}

#[tokio::test]
async fn the_path_ends_with_the_work() {
    let database = TestDatabase::new().await;
    let mut connection = two_tenants(&database).await.connect().await.unwrap();
    in_tenant(&mut connection, &name("acme"), None, Dummy::all)
        .await
        .unwrap();
    let error = unscoped(&mut connection).await;
    assert!(error.contains("does not exist"), "{error}");
}

#[tokio::test]
async fn work_that_fails_is_rolled_back_and_its_path_ends_too() {
    let database = TestDatabase::new().await;
    let mut connection = two_tenants(&database).await.connect().await.unwrap();
    let acme = name("acme");
    let failed = in_tenant(&mut connection, &acme, None, async |connection| {
        ROW.insert(connection).await?;
        Err::<(), _>(RollbackTransaction)
    });
    assert!(matches!(
        failed.await,
        Err(ScopeError::Query(RollbackTransaction))
    ));
    let error = unscoped(&mut connection).await;
    assert!(error.contains("does not exist"), "{error}");
    assert_eq!(
        database
            .value("SELECT count(*) FROM acme.dummy_table")
            .await,
        "0"
    );
}

#[tokio::test]
async fn a_tenant_without_a_schema_is_refused_before_any_query() {
    let database = TestDatabase::new().await;
    let mut connection = two_tenants(&database).await.connect().await.unwrap();
    // A table of the same name that must not be found instead.
    TestDatabase::execute(
        &database,
        "CREATE TABLE public.dummy_table (LIKE acme.dummy_table INCLUDING ALL)",
    )
    .await;
    let missing = in_tenant(&mut connection, &name("nobody"), None, Dummy::all).await;
    let error = missing.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the schema of tenant `nobody` does not exist"
    );
    // The connection is as good as before.
    assert!(
        in_tenant(&mut connection, &name("acme"), None, Dummy::all)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_pool_serves_all_tenants_and_forgets_who_was_there() {
    let database = TestDatabase::new().await;
    let pool = two_tenants(&database).await.pool(1);
    for tenant in ["acme", "globex", "acme"] {
        let mut connection = pool.get().await.unwrap();
        let tenant = name(tenant);
        let row = in_tenant(&mut connection, &tenant, None, async |connection| {
            ROW.insert(connection).await
        });
        row.await.unwrap();
    }
    let counts = "SELECT (SELECT count(*) FROM acme.dummy_table) || ' ' || (SELECT count(*) FROM globex.dummy_table)";
    assert_eq!(database.value(counts).await, "2 1");
}

#[tokio::test]
async fn work_that_is_cut_off_leaves_no_transaction_in_the_pool() {
    let database = TestDatabase::new().await;
    let pool = two_tenants(&database).await.pool(1);
    let cut = tokio::time::timeout(std::time::Duration::from_millis(200), async {
        let mut connection = pool.get().await.unwrap();
        in_tenant(&mut connection, &name("acme"), None, async |connection| {
            ROW.insert(connection).await?;
            RunQueryDsl::execute(diesel::sql_query("SELECT pg_sleep(30)"), connection).await
        })
        .await
    });
    assert!(cut.await.is_err());
    let mut connection = pool.get().await.unwrap();
    let rows = in_tenant(&mut connection, &name("globex"), None, Dummy::all)
        .await
        .unwrap();
    assert!(rows.is_empty());
    assert_eq!(
        database
            .value("SELECT count(*) FROM acme.dummy_table")
            .await,
        "0"
    );
}

#[tokio::test]
async fn work_inside_another_transaction_is_refused_and_that_one_goes_on() {
    let database = TestDatabase::new().await;
    let mut connection = two_tenants(&database).await.connect().await.unwrap();
    let (acme, globex) = (name("acme"), name("globex"));
    let outer = in_tenant(&mut connection, &acme, None, async |connection| {
        ROW.insert(connection).await?;
        let inner = in_tenant(connection, &globex, None, Dummy::all).await;
        assert!(matches!(inner, Err(ScopeError::InTransaction)), "{inner:?}");
        ROW.insert(connection).await.map(drop)
    });
    outer.await.unwrap();
    assert_eq!(
        database
            .value("SELECT count(*) FROM acme.dummy_table")
            .await,
        "2"
    );
}

#[tokio::test]
async fn tenants_at_different_versions_are_queried_on_one_connection() {
    let database = TestDatabase::new().await;
    let mut connection = two_tenants(&database).await.connect().await.unwrap();
    TestDatabase::execute(
        &database,
        "ALTER TABLE globex.dummy_table ALTER COLUMN value TYPE varchar(9)",
    )
    .await;
    for tenant in ["acme", "globex", "acme"] {
        let rows = in_tenant(&mut connection, &name(tenant), None, Dummy::all).await;
        assert!(rows.is_ok(), "{tenant}: {rows:?}");
    }
}
