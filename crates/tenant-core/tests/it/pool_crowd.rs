//! Many requests of many tenants on few connections, and many of them are given up at any
//! moment.

use std::time::Duration;

use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::{StreamExt, stream};
use rand::seq::IndexedRandom;
use tenant_core::{OfTenant, PoolError, TenantConnection, TenantName, TenantPool, Transaction};
use test_support::{PgBouncer, TestDatabase, eventually};

use crate::fixture::{Stream, create, name, tenants};
use crate::pgbouncer::pool_behind;
use crate::pool_states::LOCKS;

const TENANTS: usize = 20;
const CONNECTIONS: u32 = 4;
const REQUESTS: usize = 2_000;
/// At a time.
const CLIENTS: usize = 16;

#[derive(diesel::QueryableByName)]
struct Owner {
    #[diesel(sql_type = Text)]
    owner: String,
}

/// All rows say whose they are, in 200 bytes each.
fn owned() -> Stream {
    Stream::new().with(
        "CREATE TABLE things (owner text NOT NULL, filler text NOT NULL DEFAULT repeat('x', 200)); \
         CREATE VIEW slow AS SELECT concat(owner, pg_sleep(1)::text) AS owner FROM things;",
    )
}

async fn assert_own(tenant: &mut TenantConnection, sql: &str) -> Result<(), PoolError> {
    let of = tenant.tenant().to_string();
    let owners = diesel::sql_query(sql).load::<Owner>(tenant).await?;
    assert!(
        owners.iter().all(|it| it.owner == of),
        "rows of another one in {of}"
    );
    Ok(())
}

/// One of the things that requests do.
async fn request(pool: &TenantPool, of: &TenantName, what: usize) -> Result<(), PoolError> {
    let mut tenant = pool.tenant(of).await?;
    if what >= 9 {
        return beneath(tenant, what).await;
    }
    match what {
        0 => assert_own(&mut tenant, "SELECT owner, filler FROM things").await?,
        1 => {
            let sql = format!("INSERT INTO things VALUES ('{of}')");
            RunQueryDsl::execute(diesel::sql_query(sql), &mut tenant).await?;
            tenant.commit().await?;
            return Ok(());
        }
        2 => {
            let one = diesel::sql_query("SELECT owner, filler FROM things");
            let one: Owner = one.get_result(&mut tenant).await?;
            assert_eq!(one.owner, of.as_str());
        }
        3 => {
            let all = diesel::sql_query("SELECT owner, filler FROM things");
            let mut all = all.load_stream::<Owner>(&mut tenant).await?;
            while let Some(one) = all.next().await {
                assert_eq!(one?.owner, of.as_str());
            }
        }
        4 => {
            let inside = tenant.transaction(async |tenant| {
                assert_own(tenant, "SELECT owner FROM things LIMIT 3").await?;
                Err::<(), PoolError>(diesel::result::Error::RollbackTransaction.into())
            });
            drop(inside.await);
        }
        5 => tenant.batch_execute("SELECT 1 / 0").await?,
        6 => {
            tenant
                .batch_execute("COMMIT; SELECT pg_advisory_lock_shared(9)")
                .await?;
            assert_own(&mut tenant, "SELECT owner FROM things").await?;
        }
        7 => assert_own(&mut tenant, "SELECT owner FROM slow").await?,
        _ => {
            let slow = diesel::sql_query("SELECT owner FROM slow");
            let mut slow = slow.load_stream::<Owner>(&mut tenant).await?;
            slow.next().await.transpose()?;
        }
    }
    Ok(())
}

/// The same on the connection beneath.
async fn beneath(mut tenant: Transaction<OfTenant>, what: usize) -> Result<(), PoolError> {
    let of = tenant.tenant().to_string();
    let connection = tenant.as_async_pg().await?;
    let all = diesel::sql_query("SELECT owner, filler FROM things");
    match what {
        9 => {
            let owners: Vec<Owner> = all.load(connection).await?;
            assert!(owners.iter().all(|it| it.owner == of), "not all of {of}");
        }
        10 => {
            let sql = format!("INSERT INTO things VALUES ('{of}')");
            connection.batch_execute(&sql).await?;
            tenant.commit().await?;
        }
        11 => {
            let one: Owner = all.get_result(connection).await?;
            assert_eq!(one.owner, of);
        }
        12 => {
            let inside = connection.transaction(async |connection| {
                connection.batch_execute("DELETE FROM things").await?;
                diesel::sql_query("SELECT pg_sleep(1)::text AS owner")
                    .load::<Owner>(connection)
                    .await
            });
            inside.await?;
        }
        13 => {
            let left = "COMMIT; SET search_path TO t0; SET ROLE pg_monitor; \
                        SELECT pg_advisory_lock_shared(9); CREATE TEMP TABLE things (owner text)";
            connection.batch_execute(left).await?;
        }
        _ => {
            let slow = diesel::sql_query("SELECT owner FROM slow");
            let mut slow = slow.load_stream::<Owner>(connection).await?;
            slow.next().await.transpose()?;
        }
    }
    Ok(())
}

/// What a request may end with.
fn is_expected(error: &PoolError) -> bool {
    matches!(error, PoolError::Ended) || error.sqlstate() == Some("22012")
}

async fn crowd(pool: &TenantPool, names: &[TenantName]) {
    let served = stream::iter(0..REQUESTS).map(|number| async move {
        let of = names.choose(&mut rand::rng()).unwrap();
        let what = rand::random_range(0..15);
        let patience = match what {
            7 | 8 | 12 | 14 => Duration::from_millis(rand::random_range(1..20)),
            _ if number % 3 == 0 => Duration::from_micros(rand::random_range(1..4_000)),
            _ => Duration::from_secs(60),
        };
        match tokio::time::timeout(patience, request(pool, of, what)).await {
            Ok(Err(error)) => assert!(is_expected(&error), "{what}: {error:?}"),
            Ok(Ok(())) => {}
            Err(_) => assert!(
                patience < Duration::from_secs(60),
                "{what} waits for others"
            ),
        }
    });
    served.buffer_unordered(CLIENTS).collect::<()>().await;
}

async fn assert_all_is_quiet(database: &TestDatabase, connections: u32) {
    let others = "FROM pg_stat_activity WHERE datname = current_database() \
                  AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    eventually("nothing runs any more", async || {
        let at_work = format!("SELECT count(*) {others} AND state <> 'idle'");
        let open = format!("SELECT (count(*) <= {connections})::text {others}");
        database.value(&at_work).await == "0" && database.value(&open).await == "true"
    })
    .await;
    assert_eq!(database.value(LOCKS).await, "0");
}

/// The tenants with 100 rows each, which makes more than 8 kB.
async fn filled(database: &TestDatabase) -> (tenant_core::Tenants, Vec<TenantName>) {
    let tenants = tenants(database, &owned()).await;
    let names = (0..TENANTS).map(|number| format!("t{number}"));
    let names = names.collect::<Vec<_>>();
    create(
        &tenants,
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    )
    .await;
    for of in &names {
        let fill = format!("INSERT INTO {of}.things SELECT '{of}' FROM generate_series(1, 100)");
        TestDatabase::execute(database, &fill).await;
    }
    (tenants, names.iter().map(|of| name(of)).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_many_tenants_sees_its_own_rows_however_many_requests_are_given_up() {
    let database = TestDatabase::new().await;
    let (tenants, names) = filled(&database).await;
    let pool = tenants.pool().size(CONNECTIONS).open().await.unwrap();
    drop(tenants);
    crowd(&pool, &names).await;
    assert_all_is_quiet(&database, CONNECTIONS + 1).await;
    for of in &names {
        request(&pool, of, 0).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_holds_where_a_pooler_lends_its_connections() {
    let database = TestDatabase::new().await;
    let (tenants, names) = filled(&database).await;
    drop(tenants);
    let servers = 3;
    let pooler = PgBouncer::start(&database, servers);
    let pool = pool_behind(&pooler, CONNECTIONS).await;
    crowd(&pool, &names).await;
    // What a request took behind a COMMIT of its own, and was given up, is forgotten when the
    // server's connection serves the next one. So many at once are on all of them.
    let mut at_once = Vec::new();
    for of in names.iter().take(servers) {
        at_once.push(pool.tenant(of).await.unwrap());
    }
    for one in at_once {
        one.commit().await.unwrap();
    }
    assert_all_is_quiet(&database, CONNECTIONS + 1).await;
    for of in &names {
        request(&pool, of, 0).await.unwrap();
    }
}
