//! Work whose future is dropped, or that panics, in the middle.

use std::time::Duration;

use diesel::result::Error;
use diesel_async::AsyncPgConnection;
use tenant_path::{in_tenant, in_tenant_of};
use test_support::{TestDatabase, eventually};

use crate::fixture::{SERVED_BY, ask, bb8, deadpool, path, run, two_tenants};

/// Inserts a row, and waits in the server.
async fn insert_and_wait(tenant: &mut AsyncPgConnection) -> Result<(), Error> {
    run(tenant, "INSERT INTO tasks (title) VALUES ('a')").await?;
    run(tenant, "SELECT pg_sleep(2)").await
}

const SOON: Duration = Duration::from_millis(300);

async fn tasks(database: &TestDatabase) -> String {
    database.value("SELECT count(*) FROM acme.tasks").await
}

#[tokio::test]
async fn with_bb8_work_that_is_cut_off_is_not_committed_and_its_connection_is_closed() {
    let database = two_tenants().await;
    let pool = bb8(&database).await;
    let mut connection = pool.get().await.unwrap();
    let process = ask(&mut connection, SERVED_BY).await;
    let acme = path("acme");
    let work = in_tenant(&mut connection, &acme, insert_and_wait);
    assert!(tokio::time::timeout(SOON, work).await.is_err());
    drop(connection);
    assert_ne!(
        ask(&mut pool.get().await.unwrap(), SERVED_BY).await,
        process
    );
    nothing_remains(&database, &process).await;
}

#[tokio::test]
async fn with_deadpool_work_that_is_cut_off_is_not_committed_and_its_connection_is_closed() {
    let database = two_tenants().await;
    let pool = deadpool(&database);
    let mut connection = pool.get().await.unwrap();
    let process = ask(&mut connection, SERVED_BY).await;
    let acme = path("acme");
    let work = in_tenant(&mut connection, &acme, insert_and_wait);
    assert!(tokio::time::timeout(SOON, work).await.is_err());
    drop(connection);
    // deadpool keeps it until somebody asks.
    assert_eq!(pool.status().size, 1);
    assert_ne!(
        ask(&mut pool.get().await.unwrap(), SERVED_BY).await,
        process
    );
    nothing_remains(&database, &process).await;
}

#[tokio::test]
async fn in_tenant_of_closes_a_connection_at_once() {
    let database = two_tenants().await;
    let pool = deadpool(&database);
    let process = ask(&mut pool.get().await.unwrap(), SERVED_BY).await;
    let acme = path("acme");
    let work = in_tenant_of(pool.get().await.unwrap(), &acme, insert_and_wait);
    assert!(tokio::time::timeout(SOON, work).await.is_err());
    assert_eq!(pool.status().size, 0);
    nothing_remains(&database, &process).await;

    let object = pool.get().await.unwrap();
    let fine = in_tenant_of(object, &acme, async |tenant| {
        run(tenant, "INSERT INTO tasks (title) VALUES ('a')").await
    });
    fine.await.unwrap();
    assert_eq!(pool.status().available, 1);
    assert_eq!(tasks(&database).await, "1");
}

#[tokio::test]
async fn work_that_panics_is_not_committed_and_its_connection_is_closed() {
    let database = two_tenants().await;
    let pool = deadpool(&database);
    let process = ask(&mut pool.get().await.unwrap(), SERVED_BY).await;
    let object = pool.get().await.unwrap();
    let panicked = tokio::spawn(async move {
        let acme = path("acme");
        in_tenant_of(object, &acme, async |tenant| {
            run(tenant, "INSERT INTO tasks (title) VALUES ('a')").await?;
            assert!(tenant_is_wrong(), "a panic of the test's own");
            Ok::<_, Error>(())
        })
        .await
    });
    assert!(panicked.await.is_err());
    assert_eq!(pool.status().size, 0);
    nothing_remains(&database, &process).await;
}

fn tenant_is_wrong() -> bool {
    false
}

async fn nothing_remains(database: &TestDatabase, process: &str) {
    let alive = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {process}");
    eventually("the server process has ended", async || {
        database.value(&alive).await == "0"
    })
    .await;
    assert_eq!(tasks(database).await, "0");
}
