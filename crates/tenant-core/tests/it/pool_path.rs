//! A path that is reset in a tenant's work: nothing runs on the role's own.

use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use schema_tenant::Dummy;
use tenant_core::{PoolError, TenantConnection, TenantPool};
use test_support::{PgBouncer, TestDatabase};

use crate::fixture::name;
use crate::pgbouncer::pool_behind;
use crate::pool::{ROW, single, two_tenants};

/// What resets the path.
const RESETS: [&str; 10] = [
    "RESET ALL",
    "RESET search_path",
    "SET search_path TO DEFAULT",
    "set local SEARCH_PATH = default",
    "SET SESSION \"search_path\" TO DEFAULT",
    "SET U&\"search_\\0070ath\" TO DEFAULT",
    "SELECT set_config('search_path', NULL, false)",
    "EXPLAIN (ANALYZE) SELECT set_config('search_path', NULL, false)",
    "DO $$ BEGIN RESET search_path; END $$",
    "CALL public.reset_path()",
];

/// What sets something else, or the path on purpose.
const OTHERS: [&str; 5] = [
    "SET LOCAL lock_timeout TO '7s'",
    "RESET lock_timeout",
    "SET search_path TO acme",
    "SELECT set_config('app.user', 'ann', true)",
    "DO $$ BEGIN PERFORM 1; END $$",
];

/// The role's own path leads to globex.
async fn with_a_trap(database: &TestDatabase) {
    let trap = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = globex', \
                current_database()); END $$; \
                CREATE PROCEDURE public.reset_path() LANGUAGE plpgsql \
                AS $$ BEGIN RESET search_path; END $$";
    TestDatabase::execute(database, trap).await;
}

async fn counts(database: &TestDatabase) -> String {
    let counts = "SELECT concat_ws(' ', (SELECT count(*) FROM acme.dummy_table), \
                  (SELECT count(*) FROM globex.dummy_table))";
    database.value(counts).await
}

/// As a message, or as a prepared statement.
async fn run(acme: &mut TenantConnection, sql: &str, is_message: bool) {
    let run = match is_message {
        true => acme.batch_execute(sql).await,
        false => RunQueryDsl::execute(diesel::sql_query(sql), acme)
            .await
            .map(drop),
    };
    run.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn assert_is_over(acme: &mut TenantConnection, reset: &str) {
    for _ in 0..2 {
        let error = PoolError::from(ROW.insert(acme).await.unwrap_err());
        assert!(matches!(error, PoolError::PathReset), "{reset}: {error:?}");
    }
    let error = PoolError::from(Dummy::all(acme).await.unwrap_err());
    assert!(matches!(error, PoolError::PathReset), "{reset}: {error:?}");
}

async fn assert_refused(database: &TestDatabase, pool: &TenantPool) {
    for reset in RESETS {
        // The second time it is prepared already.
        for is_message in [true, false, false] {
            let mut acme = pool.tenant(&name("acme")).await.unwrap();
            ROW.insert(&mut acme).await.unwrap();
            run(&mut acme, reset, is_message).await;
            assert_is_over(&mut acme, reset).await;
            let error = acme.commit().await.unwrap_err();
            assert!(matches!(error, PoolError::PathReset), "{reset}: {error:?}");
            // It is noticed by the commit as well.
            let mut acme = pool.tenant(&name("acme")).await.unwrap();
            ROW.insert(&mut acme).await.unwrap();
            run(&mut acme, reset, is_message).await;
            let error = acme.commit().await.unwrap_err();
            assert!(matches!(error, PoolError::PathReset), "{reset}: {error:?}");
        }
    }
    assert_eq!(counts(database).await, "0 0");
    for other in OTHERS {
        for is_message in [true, false, false] {
            let mut acme = pool.tenant(&name("acme")).await.unwrap();
            run(&mut acme, other, is_message).await;
            ROW.insert(&mut acme).await.unwrap();
            acme.commit().await.unwrap();
        }
    }
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let back = "SAVEPOINT a; RESET search_path; ROLLBACK TO a";
    acme.batch_execute(back).await.unwrap();
    ROW.insert(&mut acme).await.unwrap();
    acme.commit().await.unwrap();
    assert_eq!(counts(database).await, "16 0");
}

#[tokio::test]
async fn after_the_path_was_reset_nothing_runs_on_the_roles_own_and_nothing_is_kept() {
    let database = TestDatabase::new().await;
    let tenants = two_tenants(&database).await;
    with_a_trap(&database).await;
    assert_refused(&database, &single(&tenants).await).await;
}

#[tokio::test]
async fn the_same_is_refused_behind_a_pooler() {
    let database = TestDatabase::new().await;
    two_tenants(&database).await;
    with_a_trap(&database).await;
    let pooler = PgBouncer::start(&database, 1);
    assert_refused(&database, &pool_behind(&pooler, 1).await).await;
}

#[tokio::test]
async fn a_session_takes_no_statement_after_its_path_was_reset() {
    let database = TestDatabase::new().await;
    let tenants = two_tenants(&database).await;
    with_a_trap(&database).await;
    let pool = single(&tenants).await;
    for reset in RESETS.into_iter().filter(|reset| !reset.contains("local")) {
        let mut acme = pool.tenant_session(&name("acme")).await.unwrap();
        run(&mut acme, reset, true).await;
        assert_is_over(&mut acme, reset).await;
    }
    assert_eq!(counts(&database).await, "0 0");
}

#[tokio::test]
async fn a_transaction_without_diesel_is_not_committed_after_its_path_was_reset() {
    let database = TestDatabase::new().await;
    let tenants = two_tenants(&database).await;
    with_a_trap(&database).await;
    let pool = single(&tenants).await;
    for reset in RESETS {
        let acme = pool.tenant(&name("acme")).on_driver().await.unwrap();
        acme.batch_execute(reset).await.unwrap();
        let insert = "INSERT INTO dummy_table (name) VALUES ('lost')";
        acme.batch_execute(insert).await.unwrap();
        let error = acme.commit().await.unwrap_err();
        assert!(matches!(error, PoolError::PathReset), "{reset}: {error:?}");
    }
    assert_eq!(counts(&database).await, "0 0");
}
