//! However the application's work in a creation ends: everything is there, or nothing.

use std::time::Duration;

use diesel_async::{AnsiTransactionManager, SimpleAsyncConnection, TransactionManager};
use tenant_core::{Error, ErrorKind, NewTenant, Settings, Tenants};
use test_support::{TestDatabase, eventually};

use crate::create_with::{all_there_is, boards, sign_up_tables};
use crate::fixture::{Stream, chain, name, open_at, tenants};

async fn ready_with(stream: &Stream) -> (TestDatabase, Tenants) {
    let database = TestDatabase::new().await;
    sign_up_tables(&database).await;
    let tenants = tenants(&database, stream).await;
    (database, tenants)
}

/// Boards, whose index is built outside a transaction.
fn outside() -> Stream {
    boards()
        .outside("CREATE INDEX CONCURRENTLY by_title ON boards (title);")
        .with("ALTER TABLE boards ADD COLUMN color text;")
}

/// A row in each schema.
async fn write(new: &mut NewTenant) -> Result<(), Error> {
    let public = new.public().await?;
    public
        .batch_execute("INSERT INTO organizations (slug) VALUES ('acme')")
        .await?;
    let tenant = new.tenant().await?;
    Ok(tenant
        .batch_execute("INSERT INTO boards (title) VALUES ('a')")
        .await?)
}

async fn until_nothing_is_left(database: &TestDatabase) {
    eventually("nothing is left", async || {
        all_there_is(database).await == [[""; 0]; 3]
    })
    .await;
    let locks = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database \
                 WHERE locktype = 'advisory' AND datname = current_database()";
    eventually("no lock is held", async || {
        database.value(locks).await == "0"
    })
    .await;
}

#[tokio::test]
async fn nothing_is_left_after_a_panic() {
    for stream in [boards(), outside()] {
        let (database, tenants) = ready_with(&stream).await;
        let spawned = tokio::spawn(async move {
            let work = async |new: &mut NewTenant| {
                write(new).await?;
                panic!("in the middle of it");
                #[expect(unreachable_code, reason = "it says what the work returns")]
                Ok::<(), Error>(())
            };
            tenants.create_with(&name("acme"), work).await
        });
        assert!(spawned.await.unwrap_err().is_panic());
        until_nothing_is_left(&database).await;
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_future_that_was_dropped() {
    for stream in [boards(), outside()] {
        let (database, tenants) = ready_with(&stream).await;
        let acme = name("acme");
        let work = async |new: &mut NewTenant| {
            write(new).await?;
            new.tenant()
                .await?
                .batch_execute("SELECT pg_sleep(60)")
                .await?;
            Ok::<(), Error>(())
        };
        let cut = tokio::time::timeout(
            Duration::from_millis(1500),
            tenants.create_with(&acme, work),
        );
        assert!(cut.await.is_err(), "it was to be cut off");
        until_nothing_is_left(&database).await;
    }
}

#[tokio::test]
async fn migrations_outside_a_transaction_are_done_before_the_work_and_undone_after_its_error() {
    let (database, tenants) = ready_with(&outside()).await;
    let error = tenants
        .create_with(&name("acme"), async |new| {
            write(new).await?;
            new.tenant()
                .await?
                .batch_execute("SELECT color FROM nowhere")
                .await?;
            Ok::<(), Error>(())
        })
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate(), Some("42P01"), "{error}");
    // Before the error is returned.
    assert_eq!(all_there_is(&database).await, [[""; 0]; 3]);
    tenants.create_with(&name("acme"), write).await.unwrap();
    assert_eq!(all_there_is(&database).await, [["acme"]; 3]);
    assert!(tenants.health().await.unwrap().problems.is_empty());
}

#[tokio::test]
async fn a_query_whose_error_is_passed_over_fails_the_creation() {
    let (database, tenants) = ready_with(&boards()).await;
    let error = tenants
        .create_with(&name("acme"), async |new| {
            write(new).await?;
            drop(new.tenant().await?.batch_execute("SELECT 1 / 0").await);
            Ok::<(), Error>(())
        })
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate(), Some("25P02"), "{error}");
    assert!(
        chain(&error).contains("one of its queries had failed"),
        "{}",
        chain(&error)
    );
    assert_eq!(all_there_is(&database).await, [[""; 0]; 3]);
}

#[tokio::test]
async fn a_rollback_or_a_transaction_that_is_left_open_fails_the_creation() {
    for how in ["ROLLBACK", "ROLLBACK; BEGIN", "begin", "RESET ALL"] {
        let (database, tenants) = ready_with(&boards()).await;
        let error = tenants
            .create_with(&name("acme"), async |new| {
                write(new).await?;
                let tenant = new.tenant().await?;
                match how {
                    "begin" => AnsiTransactionManager::begin_transaction(tenant).await?,
                    sql => tenant.batch_execute(sql).await?,
                }
                Ok::<(), Error>(())
            })
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed, "{how}: {error}");
        assert_eq!(all_there_is(&database).await, [[""; 0]; 3], "{how}");
    }
}

#[tokio::test]
async fn a_commit_in_the_work_is_reported_and_what_it_has_committed_is_a_whole_tenant() {
    let (database, tenants) = ready_with(&boards()).await;
    let error = tenants
        .create_with(&name("acme"), async |new| {
            write(new).await?;
            new.tenant().await?.batch_execute("COMMIT").await?;
            write(new).await
        })
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate(), Some("25P01"), "{error}");
    assert_eq!(all_there_is(&database).await, [["acme"]; 3]);
    assert!(tenants.health().await.unwrap().problems.is_empty());
}

#[tokio::test]
async fn work_that_renames_or_drops_the_schema_is_not_committed() {
    for sql in [
        "ALTER SCHEMA acme RENAME TO other",
        "DROP SCHEMA acme CASCADE",
    ] {
        let (database, tenants) = ready_with(&boards()).await;
        let error = tenants
            .create_with(&name("acme"), async |new| {
                Ok::<_, Error>(new.tenant().await?.batch_execute(sql).await?)
            })
            .await
            .unwrap_err();
        assert!(
            chain(&error).contains("own work dropped or renamed the schema `acme`"),
            "{}",
            chain(&error)
        );
        assert_eq!(all_there_is(&database).await, [[""; 0]; 3], "{sql}");
    }
}

#[tokio::test]
async fn a_deferred_constraint_of_the_work_fails_the_commit_and_nothing_is_left() {
    let stream = Stream::new().with(
        "CREATE TABLE boards (id int PRIMARY KEY, title text, \
         parent int REFERENCES boards DEFERRABLE INITIALLY DEFERRED);",
    );
    let (database, tenants) = ready_with(&stream).await;
    let error = tenants
        .create_with(&name("acme"), async |new| {
            let tenant = new.tenant().await?;
            Ok::<_, Error>(
                tenant
                    .batch_execute("INSERT INTO boards VALUES (1, 'a', 2)")
                    .await?,
            )
        })
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate(), Some("23503"), "{error}");
    assert_eq!(all_there_is(&database).await, [[""; 0]; 3]);
}

#[tokio::test]
async fn a_migration_that_fails_is_reported_as_ever_and_the_work_does_not_run() {
    let (database, tenants) = ready_with(&boards().with("SELECT 1 / 0;")).await;
    let error = tenants
        .create_with(&name("acme"), async |_| -> Result<(), Error> {
            panic!("it must not run")
        })
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Migration(_)), "{error}");
    assert_eq!(all_there_is(&database).await, [[""; 0]; 3]);
}

#[tokio::test]
async fn what_the_work_sets_and_locks_is_gone_for_the_next_tenant() {
    let (database, tenants) = ready_with(&boards()).await;
    tenants
        .create_with(&name("acme"), async |new| {
            let tenant = new.tenant().await?;
            let sql = "SET work_mem = '7MB'; SELECT pg_advisory_lock(7); \
                       CREATE TEMP TABLE left_behind (id int); LISTEN something";
            Ok::<_, Error>(tenant.batch_execute(sql).await?)
        })
        .await
        .unwrap();
    let locks = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database \
                 WHERE locktype = 'advisory' AND datname = current_database()";
    eventually("no lock is held", async || {
        database.value(locks).await == "0"
    })
    .await;
    tenants.create(&name("globex")).await.unwrap();
    assert_eq!(database.schemas().await, ["acme", "globex"]);
}

#[tokio::test]
async fn a_creation_waits_for_no_connection_of_other_calls_that_the_work_makes() {
    let (database, tenants) = ready_with(&boards()).await;
    let names = (0..10)
        .map(|number| name(&format!("t{number}")))
        .collect::<Vec<_>>();
    let all = names.iter().map(|name| {
        tenants.create_with(name, async |_| {
            tenants.list().await?;
            Ok::<(), Error>(())
        })
    });
    for done in futures_util::future::join_all(all).await {
        done.unwrap();
    }
    assert_eq!(database.schemas().await.len(), 10);
}

#[tokio::test]
async fn rows_behind_a_policy_are_hidden_from_the_work_as_from_all_queries_and_are_no_error() {
    let database = TestDatabase::new().await;
    sign_up_tables(&database).await;
    let role = database.role("secret").await;
    let grant = format!(
        "GRANT ALL ON SCHEMA public TO {0}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {0}; \
         GRANT CREATE ON DATABASE \"{1}\" TO {0}; ALTER TABLE templates ENABLE ROW LEVEL SECURITY",
        role.name(),
        database.name()
    );
    drop(tenants(&database, &boards()).await);
    database.execute(&grant).await;
    let stream = boards();
    let tenants = open_at(&role.url(), &stream, Settings::default()).await;
    tenants
        .create_with(&name("acme"), async |new| {
            let public = new.public().await?;
            Ok::<_, Error>(public.batch_execute("SELECT * FROM templates").await?)
        })
        .await
        .unwrap();
}
