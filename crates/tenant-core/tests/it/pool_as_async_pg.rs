//! The connection beneath a tenant's, lent to functions that take `&mut AsyncPgConnection`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::connection::{CacheSize, InstrumentationEvent};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
    TransactionManager,
};
use futures_util::FutureExt;
use schema_tenant::Dummy;
use tenant_core::{PoolError, TenantConnection};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, tenants};
use crate::pool::{ROW, rows, single, two_tenants};

diesel::table! {
    dummy_table (name) {
        name -> Text,
    }
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Text)]
    text: String,
}

/// As applications have them.
async fn insert(connection: &mut AsyncPgConnection) -> QueryResult<usize> {
    diesel::insert_into(dummy_table::table)
        .values(dummy_table::name.eq("a row"))
        .execute(connection)
        .await
}

async fn count(connection: &mut AsyncPgConnection) -> QueryResult<i64> {
    dummy_table::table.count().get_result(connection).await
}

async fn ask(connection: &mut AsyncPgConnection, sql: &str) -> String {
    let answer: Answer = diesel::sql_query(sql).get_result(connection).await.unwrap();
    answer.text
}

async fn counts(database: &TestDatabase) -> String {
    let counts = "SELECT concat_ws(' ', (SELECT count(*) FROM acme.dummy_table), \
                  (SELECT count(*) FROM globex.dummy_table))";
    database.value(counts).await
}

#[tokio::test]
async fn existing_functions_see_the_tenants_rows_in_its_transaction() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    for tenant in ["acme", "globex", "acme"] {
        let mut lent = pool.tenant(&name(tenant)).await.unwrap();
        insert(lent.as_async_pg().await.unwrap()).await.unwrap();
        ROW.insert(&mut lent).await.unwrap();
        insert(lent.as_async_pg().await.unwrap()).await.unwrap();
        lent.commit().await.unwrap();
    }
    assert_eq!(counts(&database).await, "6 3");
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    insert(acme.as_async_pg().await.unwrap()).await.unwrap();
    drop(acme);
    let mut acme = pool.read(&name("acme")).await.unwrap();
    assert_eq!(count(acme.as_async_pg().await.unwrap()).await, Ok(6));
    let refused = insert(acme.as_async_pg().await.unwrap()).await;
    assert!(refused.unwrap_err().to_string().contains("read-only"));
    drop(acme);
    let mut public = pool.public().await.unwrap();
    let path = "SELECT current_setting('search_path') AS text";
    let connection = public.as_async_pg().await.unwrap();
    assert_eq!(ask(connection, path).await, "public");
}

#[tokio::test]
async fn a_tenant_that_is_gone_is_told_before_anything_is_lent() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    assert_eq!(rows(&pool, "acme").await, 0);
    TestDatabase::execute(&database, "DROP SCHEMA acme CASCADE").await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let refused = acme.as_async_pg().await.err().unwrap();
    let refused = PoolError::from(refused);
    assert!(
        matches!(refused, PoolError::MissingSchema(_)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_commit_inside_is_told_and_so_is_a_path_that_was_reset() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let ends = [
        "COMMIT",
        "ROLLBACK",
        "COMMIT AND CHAIN",
        "COMMIT; BEGIN",
        "RESET ALL",
    ];
    for end in ends {
        let is_expected = |error: &PoolError| match end {
            "RESET ALL" => matches!(error, PoolError::PathReset),
            _ => matches!(error, PoolError::Ended),
        };
        for is_used_after in [true, false] {
            let mut acme = pool.tenant(&name("acme")).await.unwrap();
            let connection = acme.as_async_pg().await.unwrap();
            insert(connection).await.unwrap();
            connection.batch_execute(end).await.unwrap();
            if is_used_after {
                let error = PoolError::from(ROW.insert(&mut acme).await.unwrap_err());
                assert!(is_expected(&error), "{end}: {error:?}");
                let error = PoolError::from(acme.as_async_pg().await.err().unwrap());
                assert!(is_expected(&error), "{end}: {error:?}");
            }
            let error = acme.commit().await.unwrap_err();
            assert!(is_expected(&error), "{end}: {error:?}");
            assert_eq!(rows(&pool, "globex").await, 0);
        }
    }
    assert_eq!(counts(&database).await, "6 0");
}

#[tokio::test]
async fn transactions_that_a_function_leaves_open_or_ends_twice_are_not_committed() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let connection = acme.as_async_pg().await.unwrap();
    insert(connection).await.unwrap();
    AnsiTransactionManager::begin_transaction(connection)
        .await
        .unwrap();
    insert(connection).await.unwrap();
    let after = PoolError::from(ROW.insert(&mut acme).await.unwrap_err());
    assert!(matches!(after, PoolError::GivenUp), "{after:?}");
    let refused = acme.commit().await.unwrap_err();
    assert!(matches!(refused, PoolError::GivenUp), "{refused:?}");

    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let inner = acme.transaction(async |acme| {
        let connection = acme.as_async_pg().await?;
        insert(connection).await?;
        AnsiTransactionManager::commit_transaction(connection).await
    });
    inner.await.unwrap_err();
    let refused = acme.commit().await.unwrap_err();
    assert!(matches!(refused, PoolError::GivenUp), "{refused:?}");
    assert_eq!(counts(&database).await, "0 0");

    // What was ended as it was begun is fine.
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let inner = acme.transaction(async |acme| {
        let connection = acme.as_async_pg().await?;
        insert(connection).await?;
        let undone = connection.transaction(async |connection| {
            insert(connection).await?;
            Err::<(), _>(diesel::result::Error::RollbackTransaction)
        });
        undone.await.unwrap_err();
        Ok::<_, diesel::result::Error>(())
    });
    inner.await.unwrap();
    insert(acme.as_async_pg().await.unwrap()).await.unwrap();
    acme.commit().await.unwrap();
    assert_eq!(counts(&database).await, "2 0");
}

#[tokio::test]
async fn a_transaction_whose_future_was_dropped_inside_is_not_committed() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let connection = acme.as_async_pg().await.unwrap();
    let inside = connection.transaction(async |connection| {
        insert(connection).await?;
        tokio::time::sleep(Duration::from_secs(300)).await;
        Ok::<_, diesel::result::Error>(())
    });
    let cut = tokio::time::timeout(Duration::from_millis(100), inside).await;
    assert!(cut.is_err());
    let refused = acme.commit().await.unwrap_err();
    assert!(matches!(refused, PoolError::GivenUp), "{refused:?}");
    assert_eq!(rows(&pool, "globex").await, 0);
    assert_eq!(counts(&database).await, "0 0");
}

#[tokio::test]
async fn a_session_that_is_lent_as_a_whole_commits_each_statement_and_leaves_nothing() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    for tenant in ["acme", "globex", "acme"] {
        let lent = pool.autocommit(&name(tenant)).await.unwrap();
        let mut lent = lent.into_async_pg().await.unwrap();
        insert(&mut lent).await.unwrap();
        let undone = lent.transaction(async |connection| {
            insert(connection).await?;
            Err::<(), _>(diesel::result::Error::RollbackTransaction)
        });
        undone.await.unwrap_err();
        let leave = "SET search_path TO public; SET statement_timeout TO 1; BEGIN";
        lent.batch_execute(leave).await.unwrap();
    }
    assert_eq!(counts(&database).await, "2 1");
    assert_eq!(rows(&pool, "globex").await, 1);
    let public = pool.public_session().await.unwrap();
    let mut public = public.into_async_pg().await.unwrap();
    let left = "SELECT concat_ws(' ', current_setting('search_path'), \
                current_setting('statement_timeout')) AS text";
    assert_eq!(ask(&mut public, left).await, "public 0");
}

#[tokio::test]
async fn a_query_that_was_polled_once_and_dropped_is_over_before_the_next_one() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let connection = acme.as_async_pg().await.unwrap();
    let polled = connection.batch_execute("COMMIT").boxed().now_or_never();
    assert!(polled.is_none(), "it was answered");
    let after = PoolError::from(ROW.insert(&mut acme).await.unwrap_err());
    assert!(matches!(after, PoolError::Ended), "{after:?}");
    drop(acme);
    assert_eq!(rows(&pool, "globex").await, 0);
    assert_eq!(counts(&database).await, "0 0");
}

#[tokio::test]
async fn what_a_function_sets_for_diesel_ends_with_the_work() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    for is_committed in [true, false] {
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&seen);
        let mut acme = pool.tenant(&name("acme")).await.unwrap();
        let connection = acme.as_async_pg().await.unwrap();
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            log.lock().unwrap().push(format!("{event:?}"));
        });
        connection.set_prepared_statement_cache_size(CacheSize::Disabled);
        count(connection).await.unwrap();
        match is_committed {
            true => acme.commit().await.unwrap(),
            false => acme.rollback().await.unwrap(),
        }
        assert!(format!("{seen:?}").contains("dummy_table"), "its own query");
        seen.lock().unwrap().clear();
        let mut globex = pool.tenant(&name("globex")).await.unwrap();
        Dummy::all(&mut globex).await.unwrap();
        assert_eq!(*seen.lock().unwrap(), [""; 0]);
        let kept = "SELECT count(*)::text AS text FROM pg_prepared_statements \
                    WHERE statement LIKE '%dummy_table%' AND statement NOT LIKE '%pg_prepared%'";
        let connection = globex.as_async_pg().await.unwrap();
        assert_eq!(ask(connection, kept).await, "1", "its statement is kept");
    }
}

/// Tenants of which one has a column of another type.
async fn unlike(database: &TestDatabase) -> tenant_core::Tenants {
    let stream = Stream::new().with("CREATE TABLE things (name text NOT NULL);");
    let tenants = tenants(database, &stream).await;
    create(&tenants, &["acme", "globex", "initech"]).await;
    let other = "ALTER TABLE globex.things ALTER COLUMN name TYPE varchar(9)";
    TestDatabase::execute(database, other).await;
    tenants
}

diesel::table! {
    things (name) {
        name -> Text,
    }
}

/// With a statement that Diesel prepares and keeps.
async fn names(tenant: &mut TenantConnection) -> QueryResult<Vec<String>> {
    let connection = tenant.as_async_pg().await?;
    things::table.select(things::name).load(connection).await
}

#[tokio::test]
async fn statements_that_were_prepared_on_it_serve_alike_tenants_and_no_others() {
    let database = TestDatabase::new().await;
    let pool = single(&unlike(&database).await).await;
    for tenant in ["acme", "initech", "globex", "globex", "acme", "initech"] {
        let mut tenant = pool.tenant(&name(tenant)).await.unwrap();
        names(&mut tenant).await.unwrap();
        tenant.commit().await.unwrap();
    }
    #[derive(QueryableByName)]
    struct Calls {
        #[diesel(sql_type = BigInt)]
        calls: i64,
    }
    let sql = "SELECT generic_plans + custom_plans AS calls FROM pg_prepared_statements \
               WHERE statement LIKE '%things%' AND statement NOT LIKE '%prepared%'";
    let mut public = pool.public().await.unwrap();
    let calls: Vec<Calls> = diesel::sql_query(sql).load(&mut public).await.unwrap();
    let calls = calls.iter().map(|of| of.calls).collect::<Vec<_>>();
    assert_eq!(calls, [2], "acme and initech share one");
}

#[tokio::test]
async fn a_statement_that_is_out_of_date_fails_once_and_is_prepared_again() {
    let database = TestDatabase::new().await;
    let pool = single(&unlike(&database).await).await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    names(&mut acme).await.unwrap();
    drop(acme);
    let other = "ALTER TABLE acme.things ALTER COLUMN name TYPE varchar(9)";
    TestDatabase::execute(&database, other).await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let failed = names(&mut acme).await.err().unwrap().to_string();
    assert_eq!(failed, "cached plan must not change result type");
    drop(acme);
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    names(&mut acme).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_was_swapped_for_another_one_leaves_the_pool() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    for is_committed in [true, false] {
        let mut other = AsyncPgConnection::establish(&database.url()).await.unwrap();
        let mut acme = pool.tenant(&name("acme")).await.unwrap();
        let connection = acme.as_async_pg().await.unwrap();
        insert(connection).await.unwrap();
        std::mem::swap(connection, &mut other);
        let mark = "SET app.mark = 'other'";
        connection.batch_execute(mark).await.unwrap();
        match is_committed {
            true => assert!(acme.commit().await.is_err()),
            false => drop(acme),
        }
        let mut globex = pool.tenant(&name("globex")).await.unwrap();
        let mark = "SELECT coalesce(current_setting('app.mark', true), '') AS text";
        let connection = globex.as_async_pg().await.unwrap();
        assert_eq!(ask(connection, mark).await, "");
        assert_eq!(count(connection).await, Ok(0));
    }
    assert_eq!(counts(&database).await, "0 0");
}

#[tokio::test]
async fn two_lent_connections_that_were_swapped_commit_nothing_and_say_why() {
    let database = TestDatabase::new().await;
    let tenants = two_tenants(&database).await;
    let pool = tenants.pool().size(2).open().await.unwrap();
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let mut globex = pool.tenant(&name("globex")).await.unwrap();
    let one = acme.as_async_pg().await.unwrap();
    let other = globex.as_async_pg().await.unwrap();
    insert(one).await.unwrap();
    std::mem::swap(one, other);
    insert(one).await.unwrap();
    // Queries behind it are refused as well, and end nothing.
    let refused = ROW.insert(&mut acme).await.unwrap_err().to_string();
    assert!(
        refused.contains("the connection was replaced by another one"),
        "{refused}"
    );
    for error in [
        acme.commit().await.unwrap_err(),
        globex.commit().await.unwrap_err(),
    ] {
        assert!(matches!(error, PoolError::Swapped), "{error:?}");
    }
    assert_eq!(counts(&database).await, "0 0");
    assert_eq!(rows(&pool, "acme").await, 0);
    assert_eq!(rows(&pool, "globex").await, 0);
}

#[tokio::test]
async fn a_lent_connection_that_was_swapped_and_put_back_serves_on() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let mut other = AsyncPgConnection::establish(&database.url()).await.unwrap();
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let connection = acme.as_async_pg().await.unwrap();
    std::mem::swap(connection, &mut other);
    std::mem::swap(connection, &mut other);
    insert(connection).await.unwrap();
    acme.commit().await.unwrap();
    assert_eq!(counts(&database).await, "1 0");
}

#[tokio::test]
async fn a_session_lends_it_with_transactions_of_its_own() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let mut acme = pool.tenant_session(&name("acme")).await.unwrap();
    let connection = acme.as_async_pg().await.unwrap();
    insert(connection).await.unwrap();
    let mut built = connection.build_transaction().serializable();
    let inserted = built.run(async |connection| insert(connection).await).await;
    inserted.unwrap();
    ROW.insert(&mut acme).await.unwrap();
    drop(acme);
    assert_eq!(counts(&database).await, "3 0");
    assert_eq!(rows(&pool, "globex").await, 0);
    // In a transaction there is one already.
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let connection = acme.as_async_pg().await.unwrap();
    let mut built = connection.build_transaction().serializable();
    let refused = built.run(async |connection| insert(connection).await).await;
    assert_eq!(refused, Err(diesel::result::Error::AlreadyInTransaction));
}
