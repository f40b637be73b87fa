//! Creating, migrating, checking and using tenants as on one server.

use std::time::Duration;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::StreamExt;
use tenant_core::{Error, Settings, Status};

use super::cluster::{Cluster, client, stream, with_trigger};
use crate::fixture::{create, name};

diesel::table! { tasks (id) { id -> BigInt, title -> Text, } }

/// How many drop tenants at the same time.
const DROPPING: usize = 8;

#[tokio::test]
async fn tenants_are_made_migrated_and_dropped_on_the_workers_as_on_one_server() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let admin = client(&cluster.coordinator).await;
    admin
        .batch_execute("CREATE TABLE plans (id int PRIMARY KEY)")
        .await
        .unwrap();
    let first = stream()
        .with("CREATE TABLE deals (id bigint PRIMARY KEY, plan int REFERENCES public.plans)");
    let tenants = cluster.tenants(&first, Settings::default()).await;
    let names = (0..100).map(|number| format!("t{number:03}"));
    let names = names.collect::<Vec<_>>();
    create(
        &tenants,
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    )
    .await;
    let spread = "SELECT count(*)::text FROM citus_schemas";
    assert_eq!(cluster.value(spread).await, "100");
    let homes = "SELECT count(DISTINCT nodeport)::text FROM citus_shards \
                 WHERE citus_table_type = 'schema'";
    assert_eq!(cluster.value(homes).await, "2");

    let newer =
        first.with("CREATE TABLE notes (id bigint PRIMARY KEY, task bigint REFERENCES tasks)");
    let newer = cluster.tenants(&newer, Settings::default()).await;
    let report = newer.migrate().await;
    assert_eq!(report.unwrap().count(Status::Migrated), 100);
    let health = newer.health().await.unwrap();
    assert_eq!(
        (health.problems.len(), health.as_expected),
        (0, Some(100)),
        "{health:?}"
    );

    let drops = names.iter().map(|who| {
        let newer = &newer;
        async move { newer.drop_tenant(&name(who)).await.unwrap() }
    });
    let drops = futures_util::stream::iter(drops).buffer_unordered(DROPPING);
    assert_eq!(drops.count().await, 100);
    for who in ["t000", "t050", "t099"] {
        assert_eq!(cluster.on_workers(who).await, 0, "{who}");
    }
    assert_eq!(cluster.value(spread).await, "0");
    assert!(newer.list().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_on_the_workers() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let broken = stream().with("CREATE TABLE extra (id bigint);\nSELECT 1 / 0;");
    let tenants = cluster.tenants(&broken, Settings::default()).await;
    let error = tenants.create(&name("acme")).await.unwrap_err();
    let Error::Migration(failure) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(failure.line, 2, "{error}");
    assert_eq!(cluster.on_workers("acme").await, 0);
    assert_eq!(
        cluster
            .value("SELECT count(*)::text FROM schema_tracker")
            .await,
        "0"
    );
    assert_eq!(
        cluster
            .value("SELECT count(*)::text FROM citus_schemas")
            .await,
        "0"
    );
}

#[tokio::test]
async fn a_lock_on_a_worker_is_waited_for_no_longer_than_it_may() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let first = stream();
    create(
        &cluster.tenants(&first, Settings::default()).await,
        &["acme"],
    )
    .await;
    let settings = Settings {
        lock_timeout: Duration::from_millis(300),
        ..Settings::default()
    };
    let newer = first.with("ALTER TABLE tasks ADD COLUMN more int");
    let newer = cluster.tenants(&newer, settings).await;
    // Somebody on the worker, whom the coordinator does not know.
    let holder = client(&cluster.workers[cluster.home("acme").await]).await;
    // Its shards are hidden from whoever does not ask for them.
    holder
        .batch_execute("SET citus.override_table_visibility TO off")
        .await
        .unwrap();
    let shard = "SELECT quote_ident(relname) FROM pg_class WHERE relname LIKE 'tasks\\_1%' AND relkind = 'r'";
    let shard: String = holder.query_one(shard, &[]).await.unwrap().get(0);
    let lock = format!("BEGIN; SELECT FROM acme.{shard}");
    holder.batch_execute(&lock).await.unwrap();
    let report = newer.migrate().await;
    let report = report.unwrap();
    let (_, error) = report.failures().next().unwrap();
    assert_eq!(error.sqlstate(), Some("55P03"), "{error}");
    holder.batch_execute("ROLLBACK").await.unwrap();
    let report = newer.migrate().await;
    assert_eq!(report.unwrap().count(Status::Migrated), 1);
}

#[tokio::test]
async fn an_application_reads_and_writes_each_tenant_where_it_is() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let tenants = cluster.tenants(&stream(), Settings::default()).await;
    create(&tenants, &["acme", "beta"]).await;
    let pool = tenants.pool().size(2).open().await.unwrap();
    for round in 0..3_i64 {
        for who in ["acme", "beta"] {
            let mut tenant = pool.tenant(&name(who)).await.unwrap();
            diesel::insert_into(tasks::table)
                .values((tasks::id.eq(round), tasks::title.eq(who)))
                .execute(&mut tenant)
                .await
                .unwrap();
            tenant.commit().await.unwrap();
        }
    }
    for who in ["acme", "beta"] {
        let mut tenant = pool.tenant(&name(who)).read_only().await.unwrap();
        let titles = tasks::table
            .select(tasks::title)
            .load::<String>(&mut tenant)
            .await
            .unwrap();
        assert_eq!(titles, [who; 3]);
    }
}

#[tokio::test]
async fn damage_is_found_and_mended_and_names_change() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let tenants = cluster.tenants(&stream(), Settings::default()).await;
    create(&tenants, &["acme", "beta"]).await;
    let admin = client(&cluster.coordinator).await;
    admin
        .batch_execute("DROP INDEX acme.tasks_due_idx")
        .await
        .unwrap();
    let health = tenants.health().await.unwrap();
    let words = health
        .problems
        .iter()
        .map(|problem| problem.kind.to_string());
    assert_eq!(
        words.collect::<Vec<_>>(),
        ["index `tasks_due_idx` is missing"]
    );
    tenants.repair(&name("acme")).await.unwrap();
    tenants.rename(&name("beta"), &name("gamma")).await.unwrap();
    tenants.spares().keep(1).await.unwrap();
    let quick = tenants.create(&name("quick")).await.unwrap();
    assert!(quick.from_spare);
    let health = tenants.health().await.unwrap();
    assert_eq!(
        (health.problems.len(), health.as_expected),
        (0, Some(3)),
        "{health:?}"
    );
    assert_eq!(
        cluster
            .value("SELECT count(*)::text FROM citus_schemas")
            .await,
        "3"
    );
}

#[tokio::test]
async fn triggers_are_copied_and_mended_where_the_migrations_make_them() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let tenants = cluster.tenants(&with_trigger(), Settings::default()).await;
    create(&tenants, &["acme"]).await;
    let copy = name("copy");
    tenants.clone_tenant(&name("acme"), &copy).await.unwrap();
    let admin = client(&cluster.coordinator).await;
    for statement in [
        "SET citus.enable_unsafe_triggers TO on",
        "DROP TRIGGER cut ON copy.tasks",
    ] {
        admin.batch_execute(statement).await.unwrap();
    }
    tenants.repair(&copy).await.unwrap();
    admin
        .batch_execute("INSERT INTO copy.tasks (title) VALUES ('low')")
        .await
        .unwrap();
    let title = cluster.value("SELECT title FROM copy.tasks").await;
    assert_eq!(title, "LOW");
    let health = tenants.health().await.unwrap();
    assert_eq!(health.as_expected, Some(2), "{health:?}");
}
