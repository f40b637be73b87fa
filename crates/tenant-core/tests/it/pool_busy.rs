//! A connection is in use until the server has done everything that was asked of it,
//! also where the future has resolved before that.

use std::time::Duration;

use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::StreamExt;
use tenant_core::{TenantPool, Tenants};
use test_support::{PgBouncer, TestDatabase, eventually};

use crate::fixture::name;
use crate::pgbouncer::pool_behind;
use crate::pool::{rows, single, two_tenants};

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Gives a row of 10 kB at once, and another one each second for five minutes.
const SLOW: &str = "SELECT line FROM slow";

/// The two tenants, with the view of [`SLOW`].
async fn slow_tenants(database: &TestDatabase) -> Tenants {
    let tenants = two_tenants(database).await;
    for schema in ["acme", "globex"] {
        let view = format!(
            "CREATE VIEW {schema}.slow AS SELECT repeat('x', 10000) || \
             CASE WHEN number > 1 THEN pg_sleep(1)::text ELSE '' END AS line \
             FROM generate_series(1, 300) number"
        );
        TestDatabase::execute(database, &view).await;
    }
    tenants
}

/// How a request leaves while the server is at its query.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// While all rows are collected.
    Load,
    /// With a stream of rows, of which it has read one.
    Stream,
    /// With a stream of rows, of which it has read none.
    Unread,
    /// With a stream of rows that is never dropped.
    Forgotten,
    /// With the first row, which was all that it wanted.
    First,
    /// While the rows are counted.
    Execute,
    /// In the middle of a message of several statements.
    Batch,
    /// While rows are copied out, which neither Diesel nor the driver's call knows.
    Copy,
    /// In a transaction inside.
    Inside,
    /// While the query is prepared, which waits for a lock.
    Prepare,
    /// While it is committed, which waits for a deferred trigger.
    Commit,
    /// While a session is at it.
    Session,
}

const WAYS: [Way; 12] = [
    Way::Load,
    Way::Stream,
    Way::Unread,
    Way::Forgotten,
    Way::First,
    Way::Execute,
    Way::Batch,
    Way::Copy,
    Way::Inside,
    Way::Prepare,
    Way::Commit,
    Way::Session,
];

fn slow() -> diesel::query_builder::SqlQuery {
    diesel::sql_query(SLOW)
}

/// Polls `work` for a moment and drops it.
async fn cut_off<T>(work: impl Future<Output = T>) {
    let cut = tokio::time::timeout(Duration::from_millis(300), work).await;
    assert!(cut.is_err(), "it was over");
}

/// Leaves in the middle of a query of the tenant acme.
async fn leave(pool: &TenantPool, way: Way) {
    if way == Way::Session {
        let mut acme = pool.tenant_session(&name("acme")).await.unwrap();
        return cut_off(slow().load::<Line>(&mut acme)).await;
    }
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    match way {
        Way::Load => cut_off(slow().load::<Line>(&mut acme)).await,
        Way::Stream => {
            let mut lines = slow().load_stream::<Line>(&mut acme).await.unwrap();
            assert_eq!(lines.next().await.unwrap().unwrap().line.len(), 10_000);
        }
        Way::Unread => drop(slow().load_stream::<Line>(&mut acme).await.unwrap()),
        Way::Forgotten => {
            let mut lines = slow().load_stream::<Line>(&mut acme).await.unwrap();
            lines.next().await.unwrap().unwrap();
            std::mem::forget(lines);
        }
        Way::First => {
            let first: Line = slow().get_result(&mut acme).await.unwrap();
            assert_eq!(first.line.len(), 10_000);
        }
        Way::Execute => cut_off(RunQueryDsl::execute(slow(), &mut acme)).await,
        Way::Batch => cut_off(acme.batch_execute(&format!("SELECT 1; {SLOW}"))).await,
        Way::Copy => {
            let copied = acme
                .batch_execute(&format!("COPY ({SLOW}) TO STDOUT"))
                .await;
            copied.unwrap_err();
        }
        Way::Inside => {
            let inside = acme.transaction(async |acme| slow().load::<Line>(acme).await);
            cut_off(inside).await;
        }
        Way::Prepare => {
            let query = diesel::sql_query("SELECT name AS line FROM dummy_table");
            cut_off(query.load::<Line>(&mut acme)).await;
        }
        Way::Commit => {
            let sql = "INSERT INTO dummy_table (name) VALUES ('late')";
            RunQueryDsl::execute(diesel::sql_query(sql), &mut acme)
                .await
                .unwrap();
            cut_off(acme.commit()).await;
        }
        Way::Session => {}
    }
}

/// A trigger that takes five minutes at the end of a transaction.
const LATE: &str = "CREATE FUNCTION acme.late() RETURNS trigger LANGUAGE plpgsql AS $$ \
    BEGIN PERFORM pg_sleep(300); RETURN NULL; END $$; \
    CREATE CONSTRAINT TRIGGER late AFTER INSERT ON acme.dummy_table \
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION acme.late()";

/// How many other connections of the application are at something.
const AT_WORK: &str = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' \
    AND datname = current_database() AND pid <> pg_backend_pid()";

async fn assert_nobody_waits_for_it(database: &TestDatabase, pool: &TenantPool, way: Way) {
    let locks = database.client().await;
    if way == Way::Prepare {
        let lock = "BEGIN; LOCK TABLE acme.dummy_table IN ACCESS EXCLUSIVE MODE";
        locks.batch_execute(lock).await.unwrap();
    }
    leave(pool, way).await;
    let next = tokio::time::timeout(Duration::from_secs(60), rows(pool, "globex")).await;
    assert_eq!(next, Ok(0), "{way:?}: globex waits for the query of acme");
    eventually(&format!("{way:?}: the query is cancelled"), async || {
        database.value(AT_WORK).await == "0"
    })
    .await;
}

#[tokio::test]
async fn whoever_leaves_while_the_server_is_at_its_query_holds_up_nobody() {
    let database = TestDatabase::new().await;
    let tenants = slow_tenants(&database).await;
    TestDatabase::execute(&database, LATE).await;
    let pool = single(&tenants).await;
    assert_eq!(rows(&pool, "globex").await, 0);
    for way in WAYS {
        assert_nobody_waits_for_it(&database, &pool, way).await;
    }
}

#[tokio::test]
async fn the_same_holds_behind_a_pooler_where_the_server_connection_is_everybodys() {
    let database = TestDatabase::new().await;
    slow_tenants(&database).await;
    TestDatabase::execute(&database, LATE).await;
    let pooler = PgBouncer::start(&database, 1);
    let pool = pool_behind(&pooler, 1).await;
    assert_eq!(rows(&pool, "globex").await, 0);
    for way in WAYS.into_iter().filter(|way| *way != Way::Session) {
        assert_nobody_waits_for_it(&database, &pool, way).await;
    }
}
