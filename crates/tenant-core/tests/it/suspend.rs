//! Suspended tenants: who refuses them, until when, and who goes on.

use std::time::Duration;

use chrono::Utc;
use diesel_async::SimpleAsyncConnection;
use tenant_core::remedy::Command;
use tenant_core::{
    Database, ErrorKind, PoolError, Settings, Status, SuspendedTenant, TenantPool,
    TenantPoolBuilder, TenantState, Tenants,
};
use test_support::{PgBouncer, TestDatabase};

use crate::fixture::{create, migrate, name, tenants, two_steps};
use crate::pgbouncer;

/// Two tenants, and a table that each of them has.
pub(crate) async fn fleet(database: &TestDatabase) -> Tenants {
    let tenants = tenants(database, &two_steps()).await;
    create(&tenants, &["acme", "globex"]).await;
    tenants
}

/// Runs a query in the tenant, and commits.
pub(crate) async fn serve(pool: &TenantPool, tenant: &str) -> Result<(), PoolError> {
    let mut transaction = pool.tenant(&name(tenant)).await?;
    let insert = "INSERT INTO tasks (id) SELECT coalesce(max(id), 0) + 1 FROM tasks";
    transaction.batch_execute(insert).await?;
    transaction.commit().await
}

pub(crate) async fn refused(pool: &TenantPool, tenant: &str) -> SuspendedTenant {
    match serve(pool, tenant).await {
        Err(PoolError::Suspended(it)) => (*it).clone(),
        other => panic!("{tenant}: {other:?}"),
    }
}

/// A pool of another program, which has served the tenants.
fn other_program(database: &TestDatabase) -> TenantPoolBuilder {
    TenantPool::builder(Database::parse(&database.url()).unwrap()).size(2)
}

/// Asks again until the answer is this one.
async fn until(pool: &TenantPool, tenant: &str, is_served: bool) {
    for _ in 0..300 {
        if serve(pool, tenant).await.is_ok() == is_served {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the pool never learned that it is served: {is_served}");
}

#[tokio::test]
async fn a_suspended_tenant_is_refused_with_the_reason_and_served_once_it_is_resumed() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    let pool = tenants.pool().size(2).open().await.unwrap();
    serve(&pool, "acme").await.unwrap();
    let acme = name("acme");
    let until = Utc::now() + Duration::from_secs(3600);
    let call = tenants.suspend(&acme).reason("not paid").by("ops");
    let suspended = call.until(until).await.unwrap();
    assert!(!suspended.was_suspended && suspended.sessions.is_empty());

    let error = serve(&pool, "acme").await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Suspended);
    assert_eq!(
        error.remedies(),
        [Command::ResumeTenant(acme.clone()).into()]
    );
    let words = format!(
        "tenant `acme` is suspended until {} UTC: not paid",
        until.format("%Y-%m-%d %H:%M")
    );
    assert_eq!(error.to_string(), words);
    let told = refused(&pool, "acme").await;
    let left = told.retry_after().unwrap();
    assert!(left > Duration::from_secs(3500) && left <= Duration::from_secs(3600));
    assert_eq!(told.state, TenantState::Suspended);
    // Each way to a tenant is the same.
    assert!(pool.autocommit(&acme).await.is_err());
    assert!(pool.tenant(&acme).on_driver().await.is_err());
    serve(&pool, "globex").await.unwrap();

    let listed = tenants.list().await.unwrap();
    assert_eq!(listed[0].state, Some(TenantState::Suspended));
    let kept = listed[0].suspension.as_ref().unwrap();
    assert_eq!(kept.by.as_deref(), Some("ops"));
    assert_eq!(kept.reason.as_deref(), Some("not paid"));
    assert!(kept.since.is_some());
    assert_eq!(listed[1].state, None);

    assert!(tenants.resume(&acme).await.unwrap().was_suspended);
    assert!(!tenants.resume(&acme).await.unwrap().was_suspended);
    serve(&pool, "acme").await.unwrap();
    assert_eq!(tenants.list().await.unwrap()[0].state, None);
}

#[tokio::test]
async fn another_program_learns_of_it_when_it_asks_and_at_once_where_it_listens() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    let silent = other_program(&database).open().await.unwrap();
    let listening = other_program(&database).listen().open().await.unwrap();
    serve(&silent, "acme").await.unwrap();
    serve(&listening, "acme").await.unwrap();
    serve(&listening, "globex").await.unwrap();
    tenants.suspend(&name("acme")).await.unwrap();
    until(&listening, "acme", false).await;
    serve(&listening, "globex").await.unwrap();
    // It asks only once what it knows is out of date.
    serve(&silent, "acme").await.unwrap();
    let new = other_program(&database).open().await.unwrap();
    assert_eq!(refused(&new, "acme").await.reason, None);
    tenants.resume(&name("acme")).await.unwrap();
    until(&listening, "acme", true).await;
    assert_eq!(refused(&new, "acme").await.retry_after(), None);
}

#[tokio::test]
async fn a_listener_that_lost_its_connection_misses_nothing() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    let pool = other_program(&database).listen().open().await.unwrap();
    serve(&pool, "acme").await.unwrap();
    database
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE query LIKE 'LISTEN %' AND datname = current_database()",
        )
        .await;
    tenants.suspend(&name("acme")).await.unwrap();
    until(&pool, "acme", false).await;
}

#[tokio::test]
async fn a_server_that_ends_idle_sessions_does_not_end_the_listener() {
    let database = TestDatabase::new().await;
    fleet(&database).await;
    let ended = format!(
        "ALTER DATABASE \"{}\" SET idle_session_timeout = '300ms'",
        database.name()
    );
    database.execute(&ended).await;
    let pool = other_program(&database).listen().open().await.unwrap();
    let listener = "SELECT pid::text FROM pg_stat_activity WHERE query LIKE 'LISTEN %' \
         AND datname = current_database()";
    let before = database.column(listener).await;
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(database.column(listener).await, before);
    drop(pool);
    // A pool that is gone leaves nothing behind.
    while !database.column(listener).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn behind_a_pooler_suspensions_count_and_listening_is_refused_at_once() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    let pooler = PgBouncer::start(&database, 2);
    let behind = || TenantPool::builder(pgbouncer::behind(&pooler)).size(1);
    let refused_at_once = behind().listen().open().await;
    assert!(
        matches!(refused_at_once, Err(PoolError::NeedsDirect)),
        "{refused_at_once:?}"
    );
    tenants.suspend(&name("acme")).await.unwrap();
    let pool = behind().open().await.unwrap();
    refused(&pool, "acme").await;
    serve(&pool, "globex").await.unwrap();
    let stream = two_steps();
    let url = pgbouncer::behind(&pooler);
    let through = crate::fixture::at(url, &stream, Settings::default()).await;
    assert!(through.resume(&name("acme")).await.unwrap().was_suspended);
    assert!(
        !through
            .suspend(&name("globex"))
            .await
            .unwrap()
            .was_suspended
    );
}

#[tokio::test]
async fn a_suspension_ends_at_its_time() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    let pool = tenants.pool().size(1).open().await.unwrap();
    let acme = name("acme");
    let soon = Utc::now() + Duration::from_secs(3);
    tenants.suspend(&acme).until(soon).await.unwrap();
    let left = refused(&pool, "acme").await.retry_after().unwrap();
    assert!(left <= Duration::from_secs(3));
    until(&pool, "acme", true).await;
    assert!(Utc::now() >= soon - Duration::from_millis(500));
    assert_eq!(tenants.list().await.unwrap()[0].suspension, None);
    // It is no longer in force, so it begins again.
    let again = tenants.suspend(&acme).await.unwrap();
    assert!(!again.was_suspended && again.suspension.since > Some(soon));
}

#[tokio::test]
async fn suspending_again_keeps_since_when_and_replaces_the_rest() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    let acme = name("acme");
    let first = tenants.suspend(&acme).reason("a").await.unwrap();
    let second = tenants.suspend(&acme).reason("b").await.unwrap();
    assert!(second.was_suspended);
    assert_eq!(second.suspension.since, first.suspension.since);
    assert_eq!(second.suspension.reason.as_deref(), Some("b"));
}

#[tokio::test]
async fn a_transaction_that_has_begun_is_waited_for_and_its_writes_are_kept() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    let pool = tenants.pool().size(2).open().await.unwrap();
    let acme = name("acme");
    let mut busy = pool.tenant(&acme).await.unwrap();
    let insert = "INSERT INTO tasks (id) VALUES (7)";
    busy.batch_execute(insert).await.unwrap();

    let suspended = tenants.suspend(&acme).await.unwrap();
    assert_eq!(suspended.sessions.len(), 1, "{suspended:?}");
    let waiting = {
        let tenants = tenants.clone();
        tokio::spawn(async move {
            let acme = name("acme");
            tenants.suspend(&acme).wait(Duration::from_secs(60)).await
        })
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    busy.batch_execute("INSERT INTO tasks (id) VALUES (8)")
        .await
        .unwrap();
    busy.commit().await.unwrap();
    let suspended = waiting.await.unwrap().unwrap();
    assert!(suspended.sessions.is_empty() && suspended.ended.is_empty());
    assert_eq!(
        database
            .value("SELECT count(*)::text FROM acme.tasks")
            .await,
        "2"
    );
}

#[tokio::test]
async fn sessions_that_use_the_tenant_are_ended_where_that_is_asked_for() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    let (idle, other) = (database.client().await, database.client().await);
    idle.batch_execute("BEGIN; SELECT FROM acme.tasks")
        .await
        .unwrap();
    other
        .batch_execute("BEGIN; SELECT FROM globex.tasks")
        .await
        .unwrap();
    let acme = name("acme");
    let call = tenants.suspend(&acme).wait(Duration::from_millis(200));
    let suspended = call.end_sessions().await.unwrap();
    assert_eq!(suspended.ended.len(), 1, "{suspended:?}");
    assert!(suspended.sessions.is_empty());
    assert!(idle.batch_execute("SELECT 1").await.is_err());
    other.batch_execute("COMMIT").await.unwrap();
}

#[tokio::test]
async fn a_run_of_this_library_is_neither_waited_for_nor_ended() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    let slow = two_steps().with("ALTER TABLE tasks ADD COLUMN slow int; SELECT pg_sleep(4);");
    let later = crate::fixture::open(&database, &slow, Settings::default()).await;
    let run = tokio::spawn(async move { migrate(&later).await });
    let begun = "SELECT count(*)::text FROM pg_stat_activity WHERE wait_event = 'PgSleep' \
         AND datname = current_database()";
    while database.value(begun).await == "0" {
        assert!(!run.is_finished(), "the run was not seen");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let acme = name("acme");
    let suspended = tenants.suspend(&acme).end_sessions().await.unwrap();
    assert!(suspended.ended.is_empty(), "{suspended:?}");
    let report = run.await.unwrap();
    assert_eq!(report.count(Status::Migrated), 2, "{report:?}");
    assert_eq!(
        tenants.list().await.unwrap()[0].state,
        Some(TenantState::Suspended)
    );
}

#[tokio::test]
async fn migrations_and_checks_go_on_and_a_pool_for_administrators_serves_it() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    let acme = name("acme");
    tenants.suspend(&acme).reason("moved").await.unwrap();
    let next = two_steps().with("ALTER TABLE tasks ADD COLUMN note text;");
    let tenants = crate::fixture::open(&database, &next, Settings::default()).await;
    assert_eq!(migrate(&tenants).await.count(Status::Migrated), 2);
    assert!(tenants.health().await.unwrap().problems.is_empty());
    let pool = tenants.pool().serve_suspended().open().await.unwrap();
    serve(&pool, "acme").await.unwrap();
    let (new, copy) = (name("acme_inc"), name("copy"));
    tenants.rename(&acme, &new).await.unwrap();
    tenants.clone_tenant(&new, &copy).await.unwrap();
    let states = tenants.list().await.unwrap();
    let states = states
        .iter()
        .map(|it| (it.name.as_str(), it.suspension.is_some()));
    let states = states.collect::<Vec<_>>();
    assert_eq!(
        states,
        [("acme_inc", true), ("copy", false), ("globex", false)]
    );
    tenants.drop_tenant(&new).await.unwrap();
    tenants.create(&new).await.unwrap();
    serve(&tenants.pool().open().await.unwrap(), "acme_inc")
        .await
        .unwrap();
}

#[tokio::test]
async fn a_suspension_that_cannot_be_written_in_time_says_so_and_changes_nothing() {
    let database = TestDatabase::new().await;
    let settings = Settings {
        lock_timeout: Duration::from_millis(200),
        ..Settings::default()
    };
    fleet(&database).await;
    let tenants = crate::fixture::open(&database, &two_steps(), settings).await;
    let holder = database.client().await;
    let lock = "BEGIN; SELECT FROM schema_tracker WHERE name = 'acme' FOR UPDATE";
    holder.batch_execute(lock).await.unwrap();
    let error = tenants.suspend(&name("acme")).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("55P03"), "{error:?}");
    holder.batch_execute("COMMIT").await.unwrap();
    assert!(!tenants.suspend(&name("acme")).await.unwrap().was_suspended);
}
