//! Work in a tenant on synchronous connections, lent by r2d2.

use diesel::connection::{Connection, SimpleConnection, TransactionManager};
use diesel::result::Error;
use diesel::{QueryDsl, RunQueryDsl};
use tenant_path::{Refusal, in_tenant_sync};

use crate::fixture::{SERVED_BY, Sync, ask_sync, path, r2d2, settings, two_tenants};

const INSERT: &str = "INSERT INTO tasks (title) VALUES ('a')";

fn run(connection: &mut Sync, sql: &str) -> Result<(), Error> {
    diesel::sql_query(sql).execute(connection).map(drop)
}

fn refused(connection: &mut Sync, work: impl FnOnce(&mut Sync) -> Result<(), Error>) -> Refusal {
    let error = in_tenant_sync(connection, &path("acme"), work).unwrap_err();
    match Refusal::of(&error) {
        Some(refusal) => refusal.clone(),
        None => panic!("{error:?}"),
    }
}

/// The connections have runtimes of their own, which must not be inside another.
async fn on_a_thread(test: impl FnOnce(&str) + Send + 'static) -> test_support::TestDatabase {
    let database = two_tenants().await;
    let url = database.url();
    std::thread::spawn(move || test(&url)).join().unwrap();
    database
}

#[tokio::test]
async fn synchronous_work_is_committed_if_it_returns_ok_and_only_then() {
    let database = on_a_thread(|url| {
        let pool = r2d2(url);
        let mut connection = pool.get().unwrap();
        let acme = path("acme");
        in_tenant_sync(&mut *connection, &acme, |tenant| run(tenant, INSERT)).unwrap();
        let failed = in_tenant_sync(&mut *connection, &path("globex"), |tenant| {
            run(tenant, INSERT)?;
            Err::<(), _>(Error::NotFound)
        });
        assert_eq!(failed, Err(Error::NotFound));
        // The connection as r2d2 lends it will do.
        let inner = in_tenant_sync(&mut connection, &acme, |tenant| {
            let inner = in_tenant_sync(tenant, &path("globex"), |_| Ok::<_, Error>(()));
            assert_eq!(inner, Err(Error::AlreadyInTransaction));
            Ok::<_, Error>(ask_sync(tenant, "SELECT current_schemas(false)"))
        });
        assert_eq!(inner.unwrap(), "{acme}");
    })
    .await;
    assert_eq!(database.value("SELECT count(*) FROM acme.tasks").await, "1");
    assert_eq!(
        database.value("SELECT count(*) FROM globex.tasks").await,
        "0"
    );
}

#[tokio::test]
async fn the_next_tenant_on_a_synchronous_connection_finds_nothing_of_the_one_before() {
    on_a_thread(|url| {
        let pool = r2d2(url);
        let mut connection = pool.get().unwrap();
        in_tenant_sync(&mut connection, &path("acme"), |tenant| {
            tenant.batch_execute(INSERT)?;
            tenant.batch_execute("CREATE TEMP TABLE tasks AS SELECT * FROM tasks")?;
            tenant.batch_execute("SET search_path TO acme")
        })
        .unwrap();
        let outside = "SELECT current_setting('search_path')";
        assert_eq!(ask_sync(&mut connection, outside), "\"$user\", public");
        let next = in_tenant_sync(&mut connection, &path("globex"), |tenant| {
            Ok::<_, Error>(ask_sync(tenant, "SELECT count(*) FROM tasks"))
        });
        assert_eq!(next, Ok("0".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn synchronous_work_that_leaves_its_tenant_is_refused() {
    let database = on_a_thread(|url| {
        let pool = r2d2(url);
        let mut connection = pool.get().unwrap();
        let gone = in_tenant_sync(&mut *connection, &path("gone"), |_| Ok::<_, Error>(()));
        let error = gone.unwrap_err();
        assert!(matches!(
            Refusal::of(&error),
            Some(Refusal::NoSchema { .. })
        ));
        for sql in [
            "SET LOCAL search_path TO globex",
            "DROP SCHEMA acme CASCADE",
        ] {
            let refusal = refused(&mut connection, |tenant| run(tenant, sql));
            assert!(matches!(refusal, Refusal::PathChanged { .. }), "{sql}");
        }
        let ended = refused(&mut connection, |tenant| tenant.batch_execute("ROLLBACK"));
        assert!(matches!(ended, Refusal::Ended { .. }));
        let hidden = in_tenant_sync(&mut *connection, &path("acme"), |tenant| {
            run(tenant, INSERT)?;
            run(tenant, "SELECT nothing").ok();
            Ok::<_, Error>(())
        });
        assert!(hidden.is_err());
    })
    .await;
    assert_eq!(database.value("SELECT count(*) FROM acme.tasks").await, "0");
}

#[tokio::test]
async fn a_synchronous_connection_in_the_middle_is_closed_when_it_is_returned() {
    let database = on_a_thread(|url| {
        let pool = r2d2(url);
        let mut connection = pool.get().unwrap();
        let process = ask_sync(&mut connection, SERVED_BY);
        let open = refused(&mut connection, |tenant| {
            <Sync as Connection>::TransactionManager::begin_transaction(tenant)?;
            run(tenant, INSERT)
        });
        assert!(matches!(open, Refusal::InnerOpen { .. }));
        drop(connection);
        assert_ne!(ask_sync(&mut pool.get().unwrap(), SERVED_BY), process);
    })
    .await;
    assert_eq!(database.value("SELECT count(*) FROM acme.tasks").await, "0");
}

#[tokio::test]
async fn synchronous_statements_are_prepared_anew() {
    on_a_thread(|url| {
        let pool = r2d2(url);
        let mut connection = pool.get().unwrap();
        connection
            .batch_execute(
                "INSERT INTO acme.settings VALUES (1); INSERT INTO globex.settings VALUES ('b')",
            )
            .unwrap();
        for schema in ["acme", "globex", "acme"] {
            in_tenant_sync(&mut *connection, &path(schema), |tenant| {
                settings::table.select(settings::value).execute(tenant)
            })
            .unwrap();
        }
    })
    .await;
}
