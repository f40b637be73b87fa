//! Somebody else's locks.

use std::time::Duration;

use tenant_core::{Error, Settings, Status};
use test_support::TestDatabase;

use crate::fixture::{Stream, chain, create, migrate, name, open, outcome, tenants, two_steps};

fn impatient() -> Settings {
    Settings {
        lock_timeout: Duration::from_secs(1),
        wait: Duration::from_secs(1),
        ..Settings::default()
    }
}

#[tokio::test]
async fn a_locked_table_fails_its_tenant_only_and_the_next_run_succeeds() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["a", "b", "c"]).await;
    let new = open(
        &database,
        &stream.with("ALTER TABLE tasks ADD COLUMN more int;"),
        impatient(),
    )
    .await;
    let holder = database.client().await;
    holder
        .batch_execute("BEGIN; SELECT * FROM b.tasks")
        .await
        .unwrap();
    // Without a limit the run would wait for as long as the lock is held.
    let run = tokio::time::timeout(Duration::from_secs(30), migrate(&new));
    let report = run.await.unwrap();
    assert_eq!(report.count(Status::Migrated), 2);
    let error = outcome(&report, "b").error.as_ref().unwrap();
    assert_eq!(error.sqlstate(), Some("55P03"));
    holder.batch_execute("COMMIT").await.unwrap();
    assert_eq!(migrate(&new).await.count(Status::Migrated), 1);
}

#[tokio::test]
async fn a_lock_that_is_released_in_time_is_waited_for() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let new = open(
        &database,
        &stream.with("ALTER TABLE tasks ADD COLUMN more int;"),
        impatient(),
    )
    .await;
    let holder = database.client().await;
    holder
        .batch_execute("BEGIN; SELECT * FROM acme.tasks")
        .await
        .unwrap();
    let release = async {
        tokio::time::sleep(Duration::from_millis(1_300)).await;
        holder.batch_execute("COMMIT").await.unwrap();
    };
    let (report, ()) = tokio::join!(migrate(&new), release);
    assert_eq!(report.count(Status::Migrated), 1, "{report:?}");
}

#[tokio::test]
async fn a_tenant_that_another_run_works_on_is_left_alone() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    let other = database.client().await;
    let lock = "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('diesel-tenants:acme', 0))";
    other.batch_execute(lock).await.unwrap();
    let impatient = open(&database, &two_steps(), impatient()).await;
    let error = impatient.drop_tenant(&name("acme")).await.unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error}");
    assert_eq!(database.tracked().await, ["acme"]);
    other.batch_execute("COMMIT").await.unwrap();
    impatient.drop_tenant(&name("acme")).await.unwrap();
}

#[tokio::test]
async fn a_locked_table_of_applied_migrations_holds_up_its_tenant_only() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["a", "b"]).await;
    let new = open(&database, &stream.with("SELECT 1;"), impatient()).await;
    let holder = database.client().await;
    holder
        .batch_execute("BEGIN; LOCK TABLE a.__diesel_schema_migrations")
        .await
        .unwrap();
    let run = tokio::time::timeout(Duration::from_secs(30), migrate(&new));
    let report = run.await.unwrap();
    assert_eq!(
        outcome(&report, "a").error.as_ref().unwrap().sqlstate(),
        Some("55P03")
    );
    assert_eq!(outcome(&report, "b").status, Status::Migrated);
}

#[tokio::test]
async fn a_time_out_below_a_millisecond_is_not_taken_for_none() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["a"]).await;
    let settings = Settings {
        lock_timeout: Duration::from_micros(10),
        ..Settings::default()
    };
    let new = open(
        &database,
        &stream.with("ALTER TABLE tasks ADD COLUMN more int;"),
        settings,
    )
    .await;
    let holder = database.client().await;
    holder
        .batch_execute("BEGIN; LOCK TABLE a.tasks")
        .await
        .unwrap();
    let run = tokio::time::timeout(Duration::from_secs(30), migrate(&new));
    assert_eq!(run.await.unwrap().count(Status::Failed), 1);
}

#[tokio::test]
async fn who_held_the_lock_is_said() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let stream = stream.with("ALTER TABLE tasks ADD COLUMN more int;");
    let new = open(&database, &stream, impatient()).await;
    let holder = database.client().await;
    holder
        .batch_execute("SET application_name = 'reporting'; BEGIN; SELECT 'secret' FROM acme.tasks")
        .await
        .unwrap();
    let pid = holder
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .unwrap();
    let pid: i32 = pid.get(0);
    let report = migrate(&new).await;
    let error = outcome(&report, "acme").error.as_ref().unwrap();
    let held = error.postgres().unwrap();
    let [one] = held.holders() else {
        panic!("{held:?}")
    };
    assert_eq!(
        (one.pid, one.application.as_deref()),
        (pid, Some("reporting"))
    );
    assert!(one.query_start.is_some(), "{one:?}");
    let text = chain(error);
    assert!(
        text.contains(&format!(
            "; the lock is held by pid {pid} (application `reporting`"
        )),
        "{text}"
    );
    assert!(
        text.contains("idle in transaction") && !text.contains("secret"),
        "{text}"
    );
}

#[tokio::test]
async fn who_works_on_the_tenant_is_said() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let stream = stream.with("SELECT pg_sleep(2);");
    let new = open(&database, &stream, impatient()).await;
    let (one, other) = tokio::join!(migrate(&new), migrate(&new));
    let busy = [&one, &other]
        .into_iter()
        .find_map(|it| outcome(it, "acme").error.as_ref());
    let Some(Error::Busy { holders, .. }) = busy else {
        panic!("{one:?} {other:?}")
    };
    assert_eq!(holders[0].application.as_deref(), Some("diesel-tenants"));
    assert_eq!(holders[0].state.as_deref(), Some("active"));
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended_where_that_is_asked_for() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let limited = Settings {
        statement_timeout: Duration::from_millis(100),
        ..Settings::default()
    };
    let inside = Stream::with(two_steps(), "CREATE TABLE a (id int); SELECT pg_sleep(30);");
    let outside = two_steps().outside("DO $$ BEGIN PERFORM pg_sleep(30); END $$;");
    for stream in [inside, outside] {
        let new = open(&database, &stream, limited.clone()).await;
        let report = migrate(&new).await;
        let error = outcome(&report, "acme").error.as_ref().unwrap();
        assert_eq!(error.sqlstate(), Some("57014"), "{error}");
    }
    let table = "SELECT to_regclass('acme.a')";
    assert_eq!(database.value(table).await, "NULL");
}
