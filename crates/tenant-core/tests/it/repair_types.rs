//! The SQL that is shown for a column of another type cuts no value: where one does not
//! fit, it fails.

use tenant_core::Mending;
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, tenants};

/// The type that a column should have, the one that it has, a value that fits, how it is
/// then, and one that would be cut, rounded or shortened; `-` where every value fits.
const TYPES: &[(&str, &str, &str, &str, &str)] = &[
    ("varchar(3)", "text", "abc", "abc", "abcd"),
    ("varchar(3)", "varchar(9)", "abc", "abc", "abc "),
    ("char(3)", "text", "abc", "abc", "abcd"),
    ("varchar(3)", "char(9)", "abc", "abc", "abcd"),
    ("varchar(3)[]", "text[]", "{abc}", "{abc}", "{abcd}"),
    ("short", "text", "abc", "abc", "abcd"),
    ("numeric(6,2)", "numeric", "1.5", "1.50", "1.005"),
    ("int", "numeric", "15", "15", "1.5"),
    ("int", "double precision", "15", "15", "1.5"),
    ("int", "bigint", "15", "15", "3000000000"),
    ("int", "text", "15", "15", "015"),
    ("real", "double precision", "0.5", "0.5", "0.1"),
    ("money_like", "numeric", "1.25", "1.25", "1.255"),
    (
        "timestamp(0)",
        "timestamp",
        "2026-05-05 10:00:00",
        "2026-05-05 10:00:00",
        "2026-05-05 10:00:00.5",
    ),
    (
        "date",
        "timestamp",
        "2026-05-05 00:00:00",
        "2026-05-05",
        "2026-05-05 10:00:00",
    ),
    ("time(0)", "time", "10:00:00", "10:00:00", "10:00:00.5"),
    ("bit(3)", "bit(5)", "10100", "101", "10101"),
    ("varbit(3)", "varbit", "101", "101", "1010"),
    ("interval(0)", "interval", "1 day", "1 day", "00:00:01.5"),
    (
        "interval hour",
        "interval",
        "05:00:00",
        "05:00:00",
        "05:30:00",
    ),
    (
        "jsonb",
        "json",
        "{\"a\": 1}",
        "{\"a\": 1}",
        "{\"a\": 1, \"a\": 2}",
    ),
    ("state", "text", "open", "open", "lost"),
    ("boolean", "int", "1", "true", "2"),
    ("bigint", "int", "15", "15", "-"),
    ("text", "varchar(3)", "abc", "abc", "-"),
];

#[tokio::test]
async fn a_value_that_does_not_fit_makes_the_statement_fail_and_stays() {
    let database = TestDatabase::new().await;
    let columns = TYPES.iter().enumerate();
    let columns = columns.map(|(at, (to, ..))| format!("c{at} {to}"));
    let columns = columns.collect::<Vec<_>>().join(", ");
    let stream = Stream::new().with(&format!(
        "CREATE TYPE state AS ENUM ('open'); CREATE DOMAIN short AS varchar(3); \
         CREATE DOMAIN money_like AS numeric(9, 2); CREATE TABLE t ({columns})"
    ));
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    for (at, (to, from, fits, then, cut)) in TYPES.iter().enumerate() {
        let what = format!("{from} becomes {to}");
        database
            .execute(&format!(
                "DELETE FROM acme.t; ALTER TABLE acme.t ALTER c{at} TYPE {from} USING NULL; \
                 INSERT INTO acme.t (c{at}) VALUES ({}), (NULL)",
                tenant_core::quote_literal(fits)
            ))
            .await;
        let repair = tenants.repair(&name("acme")).await.unwrap();
        let [left] = repair.left.as_slice() else {
            panic!("{what}: {repair:#?}")
        };
        assert_eq!(left.difference.mending(), Mending::Rewrites, "{what}");
        let statements = left.difference.sql(&"acme".parse().unwrap()).join("; ");
        if *cut != "-" {
            let insert = format!(
                "INSERT INTO acme.t (c{at}) VALUES ({})",
                tenant_core::quote_literal(cut)
            );
            database.execute(&insert).await;
            let done = database.client().await.batch_execute(&statements).await;
            assert!(done.is_err(), "{what}: {statements}");
            let kept = format!(
                "DELETE FROM acme.t WHERE c{at}::text = {}",
                tenant_core::quote_literal(cut)
            );
            let kept = database.client().await.execute(&kept, &[]).await.unwrap();
            assert_eq!(kept, 1, "{what}: {cut} is not there any more");
        }
        let done = database.client().await.batch_execute(&statements).await;
        done.unwrap_or_else(|error| panic!("{what}: {statements}: {error:?}"));
        let value = format!("SELECT string_agg(c{at}::text, ',') || count(*) FROM acme.t");
        assert_eq!(database.value(&value).await, format!("{then}2"), "{what}");
    }
}

#[tokio::test]
async fn values_that_somebody_wrote_are_not_dropped_for_generated_ones() {
    let database = TestDatabase::new().await;
    let stream =
        Stream::new().with("CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED)");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "INSERT INTO acme.t VALUES (1), (NULL); ALTER TABLE acme.t ALTER b DROP EXPRESSION; \
             UPDATE acme.t SET b = 7 WHERE a = 1",
        )
        .await;
    let repair = tenants.repair(&name("acme")).await.unwrap();
    let statements = repair.left[0]
        .difference
        .sql(&"acme".parse().unwrap())
        .join("; ");
    let done = database.client().await.batch_execute(&statements).await;
    assert!(done.is_err(), "{statements}");
    assert_eq!(database.value("SELECT max(b)::text FROM acme.t").await, "7");
    database
        .execute("UPDATE acme.t SET b = 2 WHERE a = 1")
        .await;
    database.execute(&statements).await;
    let health = tenants.health().await.unwrap();
    assert_eq!(health.as_expected, Some(1), "{health:?}");
}
