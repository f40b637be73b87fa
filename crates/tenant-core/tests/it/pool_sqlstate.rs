//! The SQLSTATE of what fails on a connection of the pool.

use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::Integer;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use tenant_core::{Database, ErrorKind, Isolation, PoolError, TenantPool};
use test_support::{PgBouncer, TestDatabase};

use crate::fixture::name;
use crate::pgbouncer::pool_behind;
use crate::pool::{ROW, single, two_tenants};

#[derive(Debug, diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = Integer)]
    #[expect(dead_code, reason = "only the error is of interest")]
    number: i32,
}

/// Statements that fail, and the SQLSTATE of it.
const FAILURES: [(&str, &str); 8] = [
    ("SELECT 1 / 0 AS number", "22012"),
    // The first row comes, and the second one fails.
    (
        "SELECT 1 / (2 - n) AS number FROM generate_series(1, 3) n",
        "22012",
    ),
    ("SELECT number FROM nowhere", "42P01"),
    ("SELECT number FROM", "42601"),
    ("INSERT INTO dummy_table (name) VALUES (NULL)", "23502"),
    ("SELECT fails('AB123') AS number", "AB123"),
    ("SELECT fails('57014') AS number", "57014"),
    ("SELECT fails('40P01') AS number", "40P01"),
];

const FAILS: &str = "CREATE FUNCTION acme.fails(code text) RETURNS int LANGUAGE plpgsql AS $$ \
    BEGIN RAISE EXCEPTION 'it fails' USING ERRCODE = code; END $$";

/// How a statement is sent.
#[derive(Debug, Clone, Copy)]
enum Call {
    Load,
    Execute,
    Batch,
}

async fn failure(pool: &TenantPool, sql: &str, call: Call, is_first: bool) -> PoolError {
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    if !is_first {
        ROW.insert(&mut acme).await.unwrap();
    }
    let query = diesel::sql_query(sql);
    let failed = match call {
        Call::Load => query.load::<Number>(&mut acme).await.map(drop),
        Call::Execute => RunQueryDsl::execute(query, &mut acme).await.map(drop),
        Call::Batch => acme.batch_execute(sql).await,
    };
    let after = acme.batch_execute("SELECT 1").await.unwrap_err();
    assert_eq!(PoolError::from(after).sqlstate(), Some("25P02"));
    assert!(matches!(acme.commit().await, Err(PoolError::Aborted)));
    failed.unwrap_err().into()
}

async fn assert_codes(pool: &TenantPool) {
    for (sql, code) in FAILURES {
        for call in [Call::Load, Call::Execute, Call::Batch] {
            for is_first in [true, false] {
                let error = failure(pool, sql, call, is_first).await;
                assert_eq!(error.sqlstate(), Some(code), "{sql}: {call:?}, {error}");
                // What Diesel says of it is as it was.
                let Some(said) = said(&error) else {
                    panic!("{error:?}")
                };
                assert_eq!(said, error.to_string());
            }
        }
    }
}

fn said(error: &PoolError) -> Option<&str> {
    match error {
        PoolError::Query(Error::DatabaseError(_, said)) => Some(said.message()),
        _ => None,
    }
}

#[tokio::test]
async fn each_error_of_a_query_has_its_sqlstate() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    TestDatabase::execute(&database, FAILS).await;
    assert_codes(&pool).await;
    let error = failure(&pool, FAILURES[5].0, Call::Load, true).await;
    assert_eq!(error.to_string(), "it fails");
    assert_eq!(error.kind(), ErrorKind::Failed);
    let reader = pool.tenant(&name("acme")).read_only().await;
    let error = ROW.insert(&mut reader.unwrap()).await.unwrap_err();
    assert!(matches!(
        error,
        Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _)
    ));
    assert_eq!(PoolError::from(error).sqlstate(), Some("25006"));
}

#[tokio::test]
async fn each_error_has_it_behind_a_pooler_too() {
    let database = TestDatabase::new().await;
    two_tenants(&database).await;
    TestDatabase::execute(&database, FAILS).await;
    let pooler = PgBouncer::start(&database, 2);
    assert_codes(&pool_behind(&pooler, 1).await).await;
}

#[tokio::test]
async fn a_commit_that_fails_says_whether_to_repeat_it() {
    let database = TestDatabase::new().await;
    let tenants = two_tenants(&database).await;
    let pool = tenants.pool().size(2).open().await.unwrap();
    TestDatabase::execute(
        &database,
        "CREATE TABLE acme.pairs (number int UNIQUE DEFERRABLE INITIALLY DEFERRED)",
    )
    .await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    acme.batch_execute("INSERT INTO pairs VALUES (1), (1)")
        .await
        .unwrap();
    let error = acme.commit().await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("23505"), "{error:?}");

    // Two that each read what the other writes.
    let begin = || {
        pool.tenant(&name("acme"))
            .isolation(Isolation::Serializable)
    };
    let (mut one, mut other) = (begin().await.unwrap(), begin().await.unwrap());
    let write = "INSERT INTO pairs SELECT count(*) + 10 FROM pairs";
    one.batch_execute(write).await.unwrap();
    other
        .batch_execute("INSERT INTO pairs SELECT count(*) + 20 FROM pairs")
        .await
        .unwrap();
    one.commit().await.unwrap();
    let error = other.commit().await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("40001"), "{error:?}");
}

#[tokio::test]
async fn a_query_that_is_cancelled_says_so() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let slow = "SET LOCAL statement_timeout = '50ms'; SELECT pg_sleep(60)";
    let error = PoolError::from(acme.batch_execute(slow).await.unwrap_err());
    assert_eq!(error.sqlstate(), Some("57014"), "{error:?}");
}

#[tokio::test]
async fn a_tenant_that_cannot_be_looked_up_says_why() {
    let database = TestDatabase::new().await;
    two_tenants(&database).await;
    let role = database.role("").await;
    let pool = TenantPool::builder(Database::parse(&role.url()).unwrap());
    let pool = pool.size(1).open().await.unwrap();
    let error = pool.tenant(&name("acme")).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("42501"), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Denied);
}
