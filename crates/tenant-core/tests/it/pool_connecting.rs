//! Where the pool's connections come from, and what one hears when there are none.

use std::time::Duration;

use tenant_core::{ConnectError, Database, PoolError, TenantPool};
use test_support::{TestDatabase, own_server};

use crate::fixture::{name, two_steps};
use crate::pool::{rows, two_tenants};

#[tokio::test]
async fn a_server_that_is_not_there_is_told_at_once_and_with_the_reason() {
    let nobody = Database::parse("postgres://postgres@%2Fnowhere/shop").unwrap();
    let begun = std::time::Instant::now();
    let error = TenantPool::builder(nobody).open().await.unwrap_err();
    let PoolError::Connect(connect) = &error else {
        panic!("{error:?}");
    };
    assert!(
        matches!(**connect, ConnectError::NoServer { .. }),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        "no PostgreSQL server answers at postgres@/nowhere/shop"
    );
    assert!(begun.elapsed() < Duration::from_secs(4), "it waited");
}

#[tokio::test]
async fn a_pool_that_is_used_up_says_so_after_the_time_that_was_set() {
    let database = TestDatabase::new().await;
    let tenants = two_tenants(&database).await;
    let pool = tenants.pool().size(1).wait(Duration::from_millis(300));
    let pool = pool.open().await.unwrap();
    let held = pool.tenant(&name("acme")).await.unwrap();
    let error = pool.tenant(&name("globex")).await.unwrap_err();
    assert!(
        matches!(error, PoolError::Exhausted { size: 1, .. }),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(
        text.starts_with("all 1 connections of the pool were in use for 0.3"),
        "{text}"
    );
    drop(held);
    assert_eq!(rows(&pool, "globex").await, 0);
}

/// Lets the connections see that they were cut: those that were in use less than
/// half a second before are not asked.
pub(crate) async fn notice() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[tokio::test]
async fn a_pool_goes_on_when_its_server_has_been_away() {
    let mut server = own_server().start().unwrap();
    let database = TestDatabase::on(&server).await;
    let pool = two_tenants(&database)
        .await
        .pool()
        .size(2)
        .open()
        .await
        .unwrap();
    assert_eq!(rows(&pool, "acme").await, 0);
    server.stop_immediate().unwrap();
    notice().await;
    let away = pool.tenant(&name("acme")).await.unwrap_err();
    assert!(matches!(away, PoolError::Connect(_)), "{away:?}");
    server.restart().unwrap();
    assert_eq!(rows(&pool, "acme").await, 0);
}

#[tokio::test]
async fn fewer_connections_than_were_asked_for_serve_all_in_turn() {
    let database = TestDatabase::new().await;
    let tenants = two_tenants(&database).await;
    let role = database.role("").await;
    database
        .execute(&format!(
            "ALTER ROLE {0} CONNECTION LIMIT 2; GRANT USAGE ON SCHEMA acme TO {0}; \
             GRANT SELECT ON acme.dummy_table, public.schema_tracker TO {0}",
            role.name()
        ))
        .await;
    drop(tenants);
    let pool = TenantPool::builder(Database::parse(&role.url()).unwrap());
    let pool = pool.size(10).open().await.unwrap();
    let users = (0..20).map(|_| {
        let pool = pool.clone();
        tokio::spawn(async move { rows(&pool, "acme").await })
    });
    for user in users.collect::<Vec<_>>() {
        assert_eq!(user.await.unwrap(), 0);
    }
}

#[tokio::test]
async fn the_futures_of_a_pool_can_be_spawned() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let database = TestDatabase::new().await;
    let tenants = crate::fixture::tenants(&database, &two_steps()).await;
    tenants.create(&name("acme")).await.unwrap();
    let pool = tenants.pool().open().await.unwrap();
    let spawned = tokio::spawn(is_send({
        let pool = pool.clone();
        async move {
            pool.in_tenant(&name("acme"), async |tenant| {
                use diesel_async::SimpleAsyncConnection;
                tenant.batch_execute("INSERT INTO tasks VALUES (1)").await?;
                Ok::<_, PoolError>(())
            })
            .await
        }
    }));
    spawned.await.unwrap().unwrap();
    let spawned = tokio::spawn(is_send(async move {
        let mut tenant = pool.tenant(&name("acme")).await?;
        diesel_async::RunQueryDsl::execute(diesel::sql_query("DELETE FROM tasks"), &mut tenant)
            .await?;
        tenant.commit().await
    }));
    spawned.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_hangs_up_at_once_is_no_server_and_not_a_matter_of_encryption() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let hanging_up = tokio::spawn(async move {
        loop {
            drop(listener.accept().await.unwrap());
        }
    });
    let url = format!("postgres://ann@127.0.0.1:{port}/shop");
    let database = tenant_core::Database::parse(&url).unwrap();
    let error = tenant_core::TenantPool::builder(database)
        .open()
        .await
        .unwrap_err();
    hanging_up.abort();
    let tenant_core::PoolError::Connect(error) = error else {
        panic!("{error:?}");
    };
    let no_server = matches!(*error, tenant_core::ConnectError::NoServer { .. });
    assert!(no_server, "{error:?}");
    assert_eq!(error.kind(), tenant_core::ErrorKind::Unreachable);
}
