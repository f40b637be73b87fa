//! A transaction of the pool without Diesel: the same door, the same refusals.

use tenant_core::{DriverTransaction, PoolError, quote_ident};
use test_support::{TestDatabase, eventually};

use crate::fixture::name;
use crate::pool::{single, two_tenants};

async fn text(transaction: &DriverTransaction, sql: &str) -> String {
    let row = transaction.query_typed_one(sql, &[]).await.unwrap();
    row.get(0)
}

#[tokio::test]
async fn it_is_in_the_tenant_and_nowhere_else() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let acme = pool.tenant(&name("acme")).on_driver().await.unwrap();
    let path = "SELECT array_to_string(current_schemas(false), ' ')";
    assert_eq!(text(&acme, path).await, "acme");
    let insert = "INSERT INTO dummy_table (name) VALUES ('kept')";
    acme.batch_execute(insert).await.unwrap();
    acme.commit().await.unwrap();
    let rows = "SELECT (SELECT count(*) FROM acme.dummy_table) || ' ' \
                || (SELECT count(*) FROM globex.dummy_table)";
    assert_eq!(database.value(rows).await, "1 0");
    let public = pool.public().on_driver().await.unwrap();
    assert_eq!(text(&public, path).await, "public");
    public.end();
}

#[tokio::test]
async fn it_keeps_nothing_unless_it_is_committed() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let insert = "INSERT INTO dummy_table (name) VALUES ('lost')";
    let dropped = pool.tenant(&name("acme")).on_driver().await.unwrap();
    dropped.batch_execute(insert).await.unwrap();
    drop(dropped);
    let ended = pool.tenant(&name("acme")).on_driver().await.unwrap();
    ended.batch_execute(insert).await.unwrap();
    ended.end();
    let failed = pool.tenant(&name("acme")).on_driver().await.unwrap();
    failed.batch_execute(insert).await.unwrap();
    failed.batch_execute("SELECT 1 / 0").await.unwrap_err();
    let error = failed.commit().await.unwrap_err();
    assert!(matches!(error, PoolError::Aborted), "{error}");
    let rows = database
        .value("SELECT count(*) FROM acme.dummy_table")
        .await;
    assert_eq!(rows, "0");
}

#[tokio::test]
async fn one_that_only_reads_is_refused_to_write() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let acme = pool.tenant(&name("acme")).read_only().on_driver().await;
    let insert = "INSERT INTO dummy_table (name) VALUES ('no')";
    let error = acme.unwrap().batch_execute(insert).await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "25006");
}

#[tokio::test]
async fn nobody_gets_one_for_a_tenant_that_is_not_there() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    for _ in 0..2 {
        let error = pool.tenant(&name("nobody")).on_driver().await.unwrap_err();
        assert!(matches!(error, PoolError::Unknown(_)), "{error}");
    }
    pool.tenant(&name("acme")).on_driver().await.unwrap().end();
    // What is remembered of a tenant does not hide that its schema went away.
    database.execute("DROP SCHEMA acme CASCADE").await;
    let error = pool.tenant(&name("acme")).on_driver().await.unwrap_err();
    assert!(matches!(error, PoolError::MissingSchema(_)), "{error}");
}

#[tokio::test]
async fn a_statement_that_nobody_waits_for_any_more_is_cancelled() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let acme = pool.tenant(&name("acme")).on_driver().await.unwrap();
    let running = async || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'";
        database.value(sql).await == "1"
    };
    let asked = tokio::spawn(async move { acme.batch_execute("SELECT pg_sleep(600)").await });
    eventually("it sleeps", running).await;
    asked.abort();
    eventually("it is woken", async || !running().await).await;
}

#[tokio::test]
async fn a_name_that_is_quoted_means_the_table_of_that_name() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    let hostile = r#"x"; DROP TABLE dummy_table; --"#;
    let acme = pool.tenant(&name("acme")).on_driver().await.unwrap();
    let create = format!("CREATE TABLE {} (id int)", quote_ident(hostile));
    acme.batch_execute(&create).await.unwrap();
    let names = "SELECT string_agg(relname, ' ') FROM pg_class WHERE relname LIKE 'x%' \
                 AND relnamespace = 'acme'::regnamespace";
    assert_eq!(text(&acme, names).await, hostile);
    acme.end();
}

#[tokio::test]
async fn one_that_is_unhurried_outlasts_the_time_outs_of_the_database() {
    let database = TestDatabase::new().await;
    let pool = single(&two_tenants(&database).await).await;
    // Sessions that are there keep what they began with.
    let reader = database.client().await;
    for setting in [
        "idle_in_transaction_session_timeout",
        "idle_session_timeout",
    ] {
        let name = quote_ident(database.name());
        let set = format!("ALTER DATABASE {name} SET {setting} = '1ms'");
        database.execute(&set).await;
    }
    let acme = pool.tenant(&name("acme")).unhurried().on_driver().await;
    let acme = acme.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let insert = "INSERT INTO dummy_table (name) VALUES ('kept')";
    acme.batch_execute(insert).await.unwrap();
    acme.commit().await.unwrap();
    let rows = "SELECT count(*) FROM acme.dummy_table";
    let rows = reader.query_one(rows, &[]).await.unwrap();
    assert_eq!(rows.get::<_, i64>(0), 1);
}
