//! What a repair doesn't do: weaken a check, or give up because one statement takes long.

use std::time::Duration;

use tenant_core::Settings;
use test_support::TestDatabase;

use crate::drift::found;
use crate::fixture::{Stream, create, name, open, tenants};

/// Checks that refuse what the migrations' checks allow: how the migrations have them, the
/// tenant's own, and a row that only the latter refuses.
const STRICTER: [(&str, &str, &str); 2] = [
    (
        "NOT (s = ANY (ARRAY['x']))",
        "NOT (s = ANY (ARRAY['x', 'y']))",
        "('y', '')",
    ),
    (
        "s = ANY (ARRAY['a']) OR b <> ALL (ARRAY['c'])",
        "s = ANY (ARRAY['a']) OR b <> ALL (ARRAY['c', 'd'])",
        "('z', 'd')",
    ),
];

#[tokio::test]
async fn a_check_that_refuses_more_than_it_should_is_left_to_people() {
    for (expected, own, row) in STRICTER {
        let database = TestDatabase::new().await;
        let table = format!("CREATE TABLE t (s text, b text, CONSTRAINT one CHECK ({expected}))");
        let tenants = tenants(&database, &Stream::new().with(&table)).await;
        create(&tenants, &["acme"]).await;
        let stricter =
            format!("ALTER TABLE acme.t DROP CONSTRAINT one, ADD CONSTRAINT one CHECK ({own})");
        database.execute(&stricter).await;
        let repair = tenants.repair(&name("acme")).await.unwrap();
        assert!(repair.statements.is_empty(), "{own}: {repair:?}");
        assert_eq!(repair.left.len(), 1, "{own}: {repair:?}");
        let insert = format!("INSERT INTO acme.t VALUES {row}");
        let client = database.client().await;
        let refused = client.batch_execute(&insert).await.unwrap_err();
        assert_eq!(refused.code().map(|it| it.code()), Some("23514"), "{own}");
    }
}

/// An index that takes half a minute to build.
const SLOW: &str = "CREATE FUNCTION slow(id int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS \
                    $$BEGIN PERFORM pg_sleep(30); RETURN id; END$$; \
                    CREATE TABLE a (id int, note text); CREATE INDEX a_slow ON a (slow(id)); \
                    CREATE TABLE b (id int, note text)";

const DAMAGED: &str = "DROP INDEX acme.a_slow; INSERT INTO acme.a VALUES (1); \
                       ALTER TABLE acme.a DROP note; ALTER TABLE acme.b DROP note";

#[tokio::test]
async fn an_index_that_takes_too_long_is_left_with_why_and_the_rest_is_repaired() {
    let database = TestDatabase::new().await;
    let settings = Settings {
        statement_timeout: Duration::from_secs(2),
        ..Settings::default()
    };
    let tenants = open(&database, &Stream::new().with(SLOW), settings).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme"]).await;
    database.execute(DAMAGED).await;
    let repair = tenants.repair(&name("acme")).await.unwrap();
    assert_eq!(repair.mended.len(), 2, "{repair:?}");
    let [left] = repair.left.as_slice() else {
        panic!("{repair:?}")
    };
    let why = left.why.as_ref().unwrap();
    assert_eq!(why.sqlstate(), Some("57014"), "{why}");
    let said = "index `a_slow` is missing".to_owned();
    assert_eq!(found(&tenants).await, [("acme".to_owned(), said)]);
}

#[tokio::test]
async fn a_repair_that_another_session_cancels_changes_nothing() {
    let database = TestDatabase::new().await;
    let settings = Settings {
        statement_timeout: Duration::from_mins(1),
        ..Settings::default()
    };
    let tenants = open(&database, &Stream::new().with(SLOW), settings).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme"]).await;
    database.execute(DAMAGED).await;
    let acme = name("acme");
    let cancel = "SELECT coalesce(bool_or(pg_cancel_backend(pid)), false)::text \
                  FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX a_slow%' \
                  AND datname = current_database()";
    let canceled = async {
        while database.value(cancel).await != "true" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let (repair, ()) = tokio::join!(tenants.repair(&acme), canceled);
    let error = repair.unwrap_err();
    assert_eq!(error.sqlstate(), Some("57014"), "{error:?}");
    assert_eq!(found(&tenants).await.len(), 3);
}
