//! Tenants that are moved from one server of a cluster to another, and put on one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use tenant_core::{
    Error, MoveProgress, Node, Settings, Status, Stop, TenantConnection, TenantPool, Tenants,
    Writers,
};

use super::cluster::{Cluster, client, stream};
use crate::fixture::{create, migrate, name};

diesel::table! { tasks (id) { id -> BigInt, title -> Text, } }

/// The server that the tenant is on, and one that it is not on.
async fn here_and_there(tenants: &Tenants, who: &str) -> (Node, Node) {
    let listed = tenants.list().await.unwrap();
    let tenant = listed.into_iter().find(|it| it.name == who).unwrap();
    let here = tenant.place.unwrap().node;
    let nodes = tenants.cluster().nodes().await.unwrap();
    let mut others = nodes.into_iter().filter(|it| it.holds_tenants);
    let there = others.find(|it| it.node != here).unwrap().node;
    (here, there)
}

async fn relocate(tenants: &Tenants, who: &str, to: &Node, writers: Writers) -> Result<(), Error> {
    let moved = tenants
        .cluster()
        .move_tenant(&name(who), to)
        .writers(writers)
        .await?;
    assert_eq!(moved.to, *to);
    Ok(())
}

async fn insert(tenant: &mut TenantConnection, id: i64) {
    use diesel::ExpressionMethods;
    use diesel_async::RunQueryDsl;

    let row = (tasks::id.eq(id), tasks::title.eq("written"));
    let insert = diesel::insert_into(tasks::table).values(row);
    insert.execute(tenant).await.unwrap();
}

/// Writes rows with ever new keys until it is told to end, and counts what was
/// committed.
async fn write(pool: TenantPool, next: Arc<AtomicI64>, ended: Arc<AtomicBool>) -> i64 {
    let mut committed = 0;
    while !ended.load(Ordering::Relaxed) {
        let id = next.fetch_add(1, Ordering::Relaxed);
        let mut tenant = pool.tenant(&name("acme")).await.unwrap();
        insert(&mut tenant, id).await;
        tenant.commit().await.unwrap();
        committed += 1;
    }
    committed
}

#[tokio::test]
async fn no_row_is_lost_when_a_tenant_moves_is_migrated_and_moves_back_under_writers() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let first = stream();
    let tenants = cluster.tenants(&first, Settings::default()).await;
    create(&tenants, &["acme", "beta"]).await;
    let (here, there) = here_and_there(&tenants, "acme").await;
    let pool = tenants.pool().size(3).open().await.unwrap();
    let (next, ended) = (Arc::default(), Arc::<AtomicBool>::default());
    let writers = (0..3).map(|_| write(pool.clone(), Arc::clone(&next), Arc::clone(&ended)));
    let writers = writers.map(tokio::spawn).collect::<Vec<_>>();

    relocate(&tenants, "acme", &there, Writers::GoOn)
        .await
        .unwrap();
    let newer = first.with("ALTER TABLE tasks ADD COLUMN more int");
    let newer = cluster.tenants(&newer, Settings::default()).await;
    assert_eq!(migrate(&newer).await.count(Status::Migrated), 2);
    relocate(&newer, "acme", &here, Writers::GoOn)
        .await
        .unwrap();

    ended.store(true, Ordering::Relaxed);
    let mut committed = 0;
    for writer in writers {
        committed += writer.await.unwrap();
    }
    assert!(committed > 0);
    let rows = cluster.value("SELECT count(*)::text FROM acme.tasks").await;
    assert_eq!(rows, committed.to_string());
    assert_eq!(here_and_there(&newer, "acme").await.0, here);
    let health = newer.health().await.unwrap();
    assert_eq!(health.as_expected, Some(2), "{health:?}");
    assert!(health.problems.is_empty(), "{health:?}");
}

#[tokio::test]
async fn a_tenant_without_a_primary_key_moves_only_when_writers_may_wait() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let keyless = stream().with(
        "CREATE TABLE visits (at timestamptz); CREATE UNLOGGED TABLE clicks (x int PRIMARY KEY)",
    );
    let tenants = cluster.tenants(&keyless, Settings::default()).await;
    create(&tenants, &["acme"]).await;
    let (here, there) = here_and_there(&tenants, "acme").await;
    let refused = relocate(&tenants, "acme", &there, Writers::GoOn).await;
    let Err(Error::WouldBlockWrites { tables, .. }) = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!(*tables, ["clicks", "visits"]);
    assert_eq!(here_and_there(&tenants, "acme").await.0, here);
    relocate(&tenants, "acme", &there, Writers::Wait)
        .await
        .unwrap();
    assert_eq!(here_and_there(&tenants, "acme").await.0, there);
    // It is there already, and nothing has to be blocked for that.
    relocate(&tenants, "acme", &there, Writers::GoOn)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_cannot_be_moved_is_refused_with_the_reason() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let tenants = cluster.tenants(&stream(), Settings::default()).await;
    create(&tenants, &["acme"]).await;
    let (_, there) = here_and_there(&tenants, "acme").await;
    let refused = relocate(&tenants, "nobody", &there, Writers::GoOn).await;
    assert!(matches!(refused, Err(Error::Unknown(_))), "{refused:?}");

    let nowhere = "127.0.0.1:1".parse::<Node>().unwrap();
    let refused = relocate(&tenants, "acme", &nowhere, Writers::GoOn).await;
    let Err(Error::UnknownNode { nodes, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(nodes.len(), cluster.workers.len(), "{nodes:?}");
    let coordinator = &cluster.coordinator.node;
    let refused = relocate(&tenants, "acme", coordinator, Writers::GoOn).await;
    assert!(
        matches!(refused, Err(Error::HoldsNoTenants(_))),
        "{refused:?}"
    );

    let admin = client(&cluster.coordinator).await;
    let by_hand = "CREATE SCHEMA local; INSERT INTO schema_tracker (name) VALUES ('local')";
    for statement in by_hand.split(';') {
        admin.batch_execute(statement).await.unwrap();
    }
    let refused = relocate(&tenants, "local", &there, Writers::GoOn).await;
    assert!(
        matches!(refused, Err(Error::NotDistributed(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_move_that_is_called_off_leaves_the_tenant_where_it_was() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let tenants = cluster.tenants(&stream(), Settings::default()).await;
    create(&tenants, &["acme"]).await;
    let (here, there) = here_and_there(&tenants, "acme").await;
    // What somebody has begun to write has to end before the move can.
    let writer = client(&cluster.coordinator).await;
    for statement in ["BEGIN", "INSERT INTO acme.tasks (title) VALUES ('slow')"] {
        writer.batch_execute(statement).await.unwrap();
    }
    let stop = Stop::default();
    let acme = name("acme");
    let seen = AtomicBool::default();
    let observe = |_: &MoveProgress| seen.store(true, Ordering::Relaxed);
    let moving = tenants.cluster().move_tenant(&acme, &there);
    let moving = moving.stop(&stop).observe(observe).into_future();
    let calling_off = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        stop.request();
    };
    let (moved, ()) = tokio::join!(moving, calling_off);
    assert_eq!(moved.unwrap_err().sqlstate(), Some("57014"));
    assert!(seen.load(Ordering::Relaxed));
    writer.batch_execute("COMMIT").await.unwrap();
    assert_eq!(here_and_there(&tenants, "acme").await.0, here);
    // What it has left behind is not in the way of the next.
    relocate(&tenants, "acme", &there, Writers::GoOn)
        .await
        .unwrap();
    let rows = cluster.value("SELECT count(*)::text FROM acme.tasks").await;
    assert_eq!(rows, "1");
}

#[tokio::test]
async fn new_tenants_are_put_where_they_are_to_be_or_not_made() {
    let Some(mut cluster) = Cluster::start_own().await else {
        return;
    };
    let tenants = cluster.tenants(&stream(), Settings::default()).await;
    let nodes = tenants.cluster().nodes().await.unwrap();
    let nodes = nodes.into_iter().filter(|it| it.holds_tenants);
    for (number, node) in nodes.map(|it| it.node).enumerate() {
        let names = ["a", "b", "c"].map(|letter| format!("{letter}{number}"));
        let placed = tenants.cluster().placed_on(node.clone()).await.unwrap();
        create(&placed, &names.each_ref().map(String::as_str)).await;
        for who in &names {
            assert_eq!(here_and_there(&tenants, who).await.0, node);
        }
    }
    let spares = "SELECT count(*)::text FROM spare_schemas";
    assert_eq!(cluster.value(spares).await, "0");
    let nowhere = tenants
        .cluster()
        .placed_on("127.0.0.1:1".parse().unwrap())
        .await;
    assert!(matches!(nowhere, Err(Error::UnknownNode { .. })));

    let gone = cluster.workers.pop().unwrap();
    let placed = tenants
        .cluster()
        .placed_on(gone.node.clone())
        .await
        .unwrap();
    drop(gone);
    let refused = placed.create(&name("late")).await;
    assert!(refused.is_err(), "{refused:?}");
    let registered = "SELECT count(*)::text FROM schema_tracker WHERE name = 'late'";
    assert_eq!(cluster.value(registered).await, "0");
    let schemas = "SELECT count(*)::text FROM pg_namespace \
                   WHERE nspname = 'late' OR nspname LIKE '\\_spare%'";
    assert_eq!(cluster.value(schemas).await, "0");
}
