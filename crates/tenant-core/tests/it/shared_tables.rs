//! Tenants whose migrations lock one table that they share: a foreign key to it keeps
//! everybody else's from being added until it is committed.

use std::time::Duration;

use tenant_core::{Error, Settings, Status};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, migrate, name, open, outcome, tenants, two_steps};

const KEY: &str = "CREATE TABLE subscriptions (id int PRIMARY KEY, \
                   plan int REFERENCES public.plans (id));";

async fn with_plans() -> TestDatabase {
    let database = TestDatabase::new().await;
    let plans =
        "CREATE TABLE public.plans (id int PRIMARY KEY); INSERT INTO public.plans VALUES (1)";
    database.execute(plans).await;
    database
}

fn slow() -> Stream {
    Stream::new().with(&format!("{KEY} SELECT pg_sleep(3);"))
}

fn eight() -> Vec<String> {
    (1..=8).map(|number| format!("tenant_{number}")).collect()
}

/// One after the other takes five times the time-out for locks.
#[tokio::test]
async fn eight_who_are_created_at_once_refer_to_one_table_and_all_succeed() {
    let database = with_plans().await;
    let tenants = tenants(&database, &slow()).await;
    let names = eight();
    let created = tenants.create_many(names.iter().map(|it| name(it))).jobs(8);
    let report = created.await.unwrap();
    assert_eq!(report.count(Status::Created), 8, "{report:?}");
    assert_eq!(database.tracked().await, names);
}

#[tokio::test]
async fn eight_that_each_work_for_themselves_create_tenants_at_once() {
    let database = with_plans().await;
    let first = tenants(&database, &slow()).await;
    let mut others = Vec::new();
    for _ in 0..7 {
        others.push(open(&database, &slow(), Settings::default()).await);
    }
    let all = others.into_iter().chain([first]).zip(eight());
    let creating = all.map(|(tenants, name)| {
        tokio::spawn(async move { tenants.create(&name.parse().unwrap()).await })
    });
    for one in creating.collect::<Vec<_>>() {
        one.await.unwrap().unwrap();
    }
    assert_eq!(database.tracked().await, eight());
}

#[tokio::test]
async fn eight_who_are_migrated_at_once_get_the_key_one_after_the_other() {
    let database = with_plans().await;
    let names = eight();
    let names = names.iter().map(String::as_str).collect::<Vec<_>>();
    create(&tenants(&database, &two_steps()).await, &names).await;
    let stream = two_steps().with(&format!("{KEY} SELECT pg_sleep(0.7);"));
    let impatient = Settings {
        lock_timeout: Duration::from_millis(300),
        ..Settings::default()
    };
    let new = open(&database, &stream, impatient).await;
    let report = new.migrate().jobs(8).await.unwrap();
    assert_eq!(report.count(Status::Migrated), 8, "{report:?}");
    assert!(new.health().await.unwrap().is_healthy());
}

/// Behind a migration outside a transaction the lock is held from one to the next.
#[tokio::test]
async fn a_key_in_a_later_transaction_of_the_run_waits_for_its_turn_as_well() {
    let database = with_plans().await;
    let stream = Stream::new()
        .with("CREATE TABLE tasks (id int)")
        .outside("CREATE INDEX CONCURRENTLY by_id ON tasks (id)")
        .with(&format!("{KEY} SELECT pg_sleep(0.7);"));
    let impatient = Settings {
        lock_timeout: Duration::from_millis(300),
        ..Settings::default()
    };
    tenants(&database, &stream).await;
    let tenants = open(&database, &stream, impatient).await;
    let names = eight();
    let created = tenants.create_many(names.iter().map(|it| name(it))).jobs(4);
    let report = created.await.unwrap();
    assert_eq!(report.count(Status::Created), 8, "{report:?}");
}

#[tokio::test]
async fn whoever_is_no_run_counts_as_ever() {
    let database = with_plans().await;
    create(&tenants(&database, &two_steps()).await, &["acme", "globex"]).await;
    let impatient = Settings {
        lock_timeout: Duration::from_millis(300),
        ..Settings::default()
    };
    let new = open(&database, &two_steps().with(KEY), impatient).await;
    let writer = database.client().await;
    let write = "BEGIN; INSERT INTO public.plans VALUES (2)";
    writer.batch_execute(write).await.unwrap();
    let run = tokio::time::timeout(Duration::from_secs(60), migrate(&new));
    let report = run.await.unwrap();
    for tenant in ["acme", "globex"] {
        let error = outcome(&report, tenant).error.as_ref().unwrap();
        assert_eq!(error.sqlstate(), Some("55P03"), "{error:?}");
    }
    writer.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(migrate(&new).await.count(Status::Migrated), 2);
}

#[tokio::test]
async fn a_run_that_does_not_want_to_wait_gives_up_after_its_attempts() {
    let database = with_plans().await;
    let tenants = tenants(&database, &slow()).await;
    let hasty = Settings {
        lock_timeout: Duration::from_millis(100),
        wait: Duration::ZERO,
        ..Settings::default()
    };
    let hasty = open(&database, &slow(), hasty).await;
    let acme = name("acme");
    let first = tokio::spawn(async move { tenants.create(&acme).await });
    let holds = "SELECT count(*) FROM pg_locks WHERE relation = 'public.plans'::regclass \
                 AND mode = 'ShareRowExclusiveLock'";
    while database.value(holds).await == "0" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let error = hasty.create(&name("globex")).await.unwrap_err();
    let holders = error.postgres().unwrap().holders();
    assert!(holders[0].is_run, "{error:?}");
    assert!(matches!(error, Error::Migration(_)), "{error:?}");
    first.await.unwrap().unwrap();
    assert_eq!(database.tracked().await, ["acme"]);
}

/// Elsewhere two requests that created tenants at the same moment ended in a deadlock: each
/// had written to the shared table before it asked for the stronger lock.
#[tokio::test]
async fn six_who_write_to_the_table_before_they_refer_to_it_end_in_no_deadlock() {
    let database = with_plans().await;
    let plans = "CREATE TABLE public.used (at timestamptz DEFAULT now(), plan int)";
    database.execute(plans).await;
    database
        .execute("ALTER TABLE public.used ADD id int UNIQUE GENERATED ALWAYS AS IDENTITY")
        .await;
    let stream = Stream::new().with(
        "INSERT INTO public.used (plan) VALUES (1); SELECT pg_sleep(0.3); \
         CREATE TABLE bills (used int REFERENCES public.used (id));",
    );
    let tenants = tenants(&database, &stream).await;
    let names = eight();
    let names = names.iter().take(6).map(|it| name(it));
    let report = tenants.create_many(names).jobs(6).await.unwrap();
    assert_eq!(report.count(Status::Created), 6, "{report:?}");
    let used = database.value("SELECT count(*) FROM public.used").await;
    assert_eq!(used, "6");
}
