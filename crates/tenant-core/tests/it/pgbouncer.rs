//! Everything behind PgBouncer in transaction mode, where the server connection
//! of one transaction is another client's for the next.

use diesel::QueryResult;
use schema_tenant::{Dummy, NewDummy};
use tenant_core::{
    Database, Error, PoolError, Settings, Status, TenantConnection, TenantPool, Tenants,
};
use test_support::{PgBouncer, TestDatabase};
use tokio_postgres::Client;

use crate::fixture::{Stream, at, create, migrate, name, two_steps, version};
use crate::pool::{rows, two_tenants};

/// Pools in which all clients share a server connection, and in which they seldom
/// get the same one twice.
const SIZES: [usize; 2] = [1, 4];

/// The database behind the pooler, as an application names it.
pub(crate) fn behind(pooler: &PgBouncer) -> Database {
    let url = format!("{}?pooler=transaction", pooler.url());
    Database::parse(&url).unwrap()
}

/// Runs a statement of an application's.
async fn run(connection: &mut TenantConnection, sql: &str) -> QueryResult<usize> {
    diesel_async::RunQueryDsl::execute(diesel::sql_query(sql), connection).await
}

/// Another client of the pooler, which knows nothing of us. It has a name,
/// because PgBouncer leaves a client without one the name of whoever was before.
pub(crate) async fn somebody_else(pooler: &PgBouncer) -> Client {
    let url = format!("{}?application_name=somebody", pooler.url());
    let connected = tokio_postgres::connect(&url, tokio_postgres::NoTls).await;
    let (client, connection) = connected.unwrap();
    drop(tokio::spawn(connection));
    client
}

/// The application's pool behind the pooler.
pub(crate) async fn pool_behind(pooler: &PgBouncer, size: u32) -> TenantPool {
    let pool = TenantPool::builder(behind(pooler)).size(size);
    pool.open().await.unwrap()
}

async fn open(pooler: &PgBouncer, stream: &Stream) -> Tenants {
    at(behind(pooler), stream, Settings::default()).await
}

#[tokio::test]
async fn a_sign_up_is_one_transaction_and_leaves_nothing_on_the_server_connection() {
    for size in SIZES {
        let database = TestDatabase::new().await;
        let pooler = PgBouncer::start(&database, size);
        let tenants = open(&pooler, &two_steps()).await;
        tenants.migrate_public().await.unwrap();
        let acme = name("acme");
        let sign_up = |sql: &'static str| {
            tenants.create_with(&acme, async move |new| {
                use diesel_async::SimpleAsyncConnection;
                let public = new.public().await?;
                public
                    .batch_execute("CREATE TABLE signed_up (id int)")
                    .await?;
                let tenant = new.tenant().await?;
                Ok::<_, Error>(tenant.batch_execute(sql).await?)
            })
        };
        sign_up("SET work_mem = '7MB'; SELECT oops")
            .await
            .unwrap_err();
        assert_eq!(database.schemas().await, [""; 0]);
        let leaving = "INSERT INTO tasks VALUES (1); SET work_mem = '7MB'; \
                       SELECT pg_advisory_lock(7); PREPARE p AS SELECT 1";
        sign_up(leaving).await.unwrap();
        assert_eq!(database.value("SELECT count(*) FROM acme.tasks").await, "1");
        for _ in 0..4 {
            let somebody = somebody_else(&pooler).await;
            let left = "SELECT current_setting('work_mem') || ' ' || \
                        (SELECT count(*) FROM pg_prepared_statements WHERE name = 'p')";
            let rows = somebody.simple_query(left).await.unwrap();
            let row = rows.iter().find_map(|row| match row {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            });
            assert_eq!(row, Some("4MB 0"));
        }
    }
}

#[tokio::test]
async fn tenants_are_made_migrated_listed_checked_and_dropped() {
    for size in SIZES {
        let database = TestDatabase::new().await;
        let pooler = PgBouncer::start(&database, size);
        let tenants = open(&pooler, &two_steps()).await;
        assert_eq!(
            tenants
                .migrate_public()
                .dry_run()
                .await
                .unwrap()
                .pending
                .len(),
            5
        );
        tenants.migrate_public().await.unwrap();

        let names = (1..=12).map(|number| format!("t{number:02}"));
        let names = names.collect::<Vec<_>>();
        let eleven = names.iter().take(11).map(String::as_str);
        create(&tenants, &eleven.collect::<Vec<_>>()).await;
        let kept = tenants.spares().keep(3).jobs(8).into_future();
        assert_eq!(kept.await.unwrap().ready, 3);
        assert!(tenants.create(&name("t12")).await.unwrap().from_spare);

        let newer = two_steps().with("ALTER TABLE tasks ADD COLUMN done bool;");
        let newer = open(&pooler, &newer).await;
        let report = migrate(&newer).await;
        assert_eq!(report.count(Status::Migrated), 12, "{report:?}");
        assert_eq!(report.spares.len(), 2);
        assert_eq!(migrate(&newer).await.count(Status::UpToDate), 12);

        let listed = newer.list().await.unwrap();
        assert!(listed.iter().all(|it| it.version == Some(version(3))));
        assert!(listed.iter().map(|it| &it.name).eq(&names));
        let health = newer.health().await.unwrap();
        assert!(health.problems.is_empty(), "{health:?}");
        assert_eq!(newer.contents(&name("t01")).await.unwrap().tables.len(), 1);
        newer.drop_tenant(&name("t01")).await.unwrap();
        assert_eq!(database.tracked().await, names[1..]);
    }
}

/// All that is set on a server connection, and what else a session can hold.
async fn state(client: &Client) -> Vec<String> {
    let sql = "SELECT name || '=' || setting FROM pg_settings \
               UNION ALL SELECT 'statement ' || name FROM pg_prepared_statements \
               UNION ALL SELECT 'cursor ' || name FROM pg_cursors \
               UNION ALL SELECT 'lock ' || objid FROM pg_locks WHERE locktype = 'advisory' \
                   AND pid = pg_backend_pid() \
               UNION ALL SELECT 'temporary ' || relname FROM pg_class \
                   WHERE relnamespace = pg_my_temp_schema() \
               UNION ALL SELECT 'backend ' || pg_backend_pid() \
               UNION ALL SELECT 'role ' || current_user || session_user ORDER BY 1";
    let rows = client.query_typed(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// What is on the server connection now and was not before.
async fn added(client: &Client, before: &[String]) -> Vec<String> {
    let mut now = state(client).await;
    now.retain(|line| !before.contains(line));
    now
}

#[tokio::test]
async fn the_next_client_on_the_server_connection_finds_nothing_of_ours() {
    let database = TestDatabase::new().await;
    // Diesel sets another time zone for its connections, and the servers of tests compile no
    // plans, as our own reading does not.
    for setting in ["timezone = 'Asia/Tokyo'", "jit = on"] {
        let set = format!("ALTER DATABASE {} SET {setting}", database.name());
        database.execute(&set).await;
    }
    let pooler = PgBouncer::start(&database, 1);
    let other = somebody_else(&pooler).await;
    let before = state(&other).await;
    for expected in [
        "lock_timeout=0",
        "statement_timeout=0",
        "jit=on",
        "TimeZone=Asia/Tokyo",
    ] {
        assert!(
            before.iter().any(|line| line == expected),
            "{expected}: {before:?}"
        );
    }

    let tenants = open(&pooler, &two_steps()).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme", "globex"]).await;
    assert_eq!(added(&other, &before).await, [""; 0], "after creating");
    let newer = two_steps().with("ALTER TABLE tasks ADD COLUMN done bool;");
    let newer = open(&pooler, &newer).await;
    migrate(&newer).await;
    assert_eq!(added(&other, &before).await, [""; 0], "after migrating");
    newer.health().await.unwrap();
    newer.list().await.unwrap();
    newer.spares().count().await.unwrap();
    newer.migrate_public().dry_run().await.unwrap();
    assert_eq!(added(&other, &before).await, [""; 0], "after reading");

    let pool = pool_behind(&pooler, 1).await;
    for tenant in ["acme", "globex"] {
        let mut connection = pool.tenant(&name(tenant)).await.unwrap();
        assert_eq!(run(&mut connection, "SELECT * FROM tasks").await, Ok(0));
        connection.commit().await.unwrap();
        assert_eq!(
            added(&other, &before).await,
            [""; 0],
            "after work in {tenant}"
        );
    }
    let session = pool.tenant_session(&name("acme")).await;
    assert!(
        matches!(session, Err(PoolError::NeedsDirect)),
        "{session:?}"
    );
}

const ROUNDS: usize = 20;

/// Inserts a row each time, and sees exactly those of its own tenant.
async fn fill(pool: &TenantPool, tenant: &str) {
    let row = NewDummy {
        name: tenant,
        value: None,
        description: None,
    };
    for round in 1..=ROUNDS {
        let of = name(tenant);
        let seen = pool.in_tenant(&of, async |tenant| {
            row.insert(tenant).await?;
            // The other client asks for the server connection meanwhile.
            tokio::task::yield_now().await;
            Ok::<_, PoolError>(Dummy::all(tenant).await?)
        });
        let seen = seen.await.unwrap();
        assert_eq!(seen.len(), round);
        assert!(seen.iter().all(|row| row.name == tenant), "{seen:?}");
    }
}

#[tokio::test]
async fn two_tenants_that_take_turns_on_one_server_connection_see_their_own_rows_only() {
    let database = TestDatabase::new().await;
    two_tenants(&database).await;
    let pooler = PgBouncer::start(&database, 1);
    let other = somebody_else(&pooler).await;
    let before = state(&other).await;
    let pool = pool_behind(&pooler, 2).await;
    tokio::join!(fill(&pool, "acme"), fill(&pool, "globex"));
    // The same server connection, and both paths have ended with their work.
    assert_eq!(added(&other, &before).await, [""; 0]);
}

#[tokio::test]
async fn work_that_fails_or_is_cut_off_leaves_no_path_to_the_next_client() {
    let database = TestDatabase::new().await;
    two_tenants(&database).await;
    let pooler = PgBouncer::start(&database, 1);
    let pool = pool_behind(&pooler, 2).await;
    let acme = name("acme");
    let failed = pool.in_tenant(&acme, async |tenant| {
        Ok::<_, PoolError>(run(tenant, "SELECT 1 / 0").await?)
    });
    assert!(matches!(failed.await, Err(PoolError::Query(_))));
    let cut = tokio::time::timeout(std::time::Duration::from_millis(200), async {
        let mut acme = pool.tenant(&acme).await.unwrap();
        run(&mut acme, "SELECT pg_sleep(2)").await
    });
    assert!(cut.await.is_err());
    assert_eq!(rows(&pool, "globex").await, 0);
    let other = somebody_else(&pooler).await;
    let path = other.query_typed("SHOW search_path", &[]).await.unwrap();
    assert_eq!(path[0].get::<_, &str>(0), r#""$user", public"#);
}

#[tokio::test]
async fn a_pooler_with_few_connections_for_its_clients_is_content_with_those() {
    let database = TestDatabase::new().await;
    let pooler = PgBouncer::start_with(&database, 2, "max_client_conn = 4");
    let tenants = open(&pooler, &two_steps()).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["a", "b", "c", "d", "e", "f", "g", "h"]).await;
    assert_eq!(database.tracked().await.len(), 8);
}

#[tokio::test]
async fn whether_there_is_a_pooler_is_found_out_once() {
    let database = TestDatabase::new().await;
    let direct = Database::parse(&database.url()).unwrap();
    assert!(direct.is_direct().await.unwrap());
    let more = format!(
        "{}?options=-c%20geqo%3Doff&pooler=transaction",
        database.url()
    );
    assert!(Database::parse(&more).unwrap().is_direct().await.unwrap());

    let refuses = PgBouncer::start(&database, 1);
    let passes_over = "ignore_startup_parameters = options";
    let passes_over = PgBouncer::start_with(&database, 1, passes_over);
    for pooler in [refuses, passes_over] {
        let pooled = Database::parse(&pooler.url()).unwrap();
        let clone = pooled.clone();
        assert!(!pooled.is_direct().await.unwrap());
        drop(pooler);
        assert!(!clone.is_direct().await.unwrap());
    }
    let nobody = Database::parse("postgres://postgres@%2Fnowhere/shop").unwrap();
    assert!(nobody.is_direct().await.is_err());
}
