//! A coordinator that holds shards itself.

use tenant_core::{Rows, Settings, Status};

use super::cluster::{Cluster, client, stream};
use crate::fixture::{create, migrate, name};

const TAKE_SHARDS: &str = "SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', nodeport = $1) \
     FROM pg_dist_node";

/// Lets new tenants be on the coordinator only.
async fn keep_all_here(cluster: &Cluster) {
    let port = i32::from(cluster.coordinator.node.port());
    let admin = client(&cluster.coordinator).await;
    admin.query(TAKE_SHARDS, &[&port]).await.unwrap();
}

#[tokio::test]
async fn shards_on_the_coordinator_are_nobodys_tables() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    keep_all_here(&cluster).await;
    let first = stream().with("CREATE STATISTICS tasks_stats ON title, list FROM tasks");
    let tenants = cluster.tenants(&first, Settings::default()).await;
    create(&tenants, &["acme", "beta"]).await;
    let shards = "SELECT count(*)::text FROM pg_dist_shard s JOIN pg_class c ON c.oid = s.logicalrelid \
                  JOIN pg_class h ON h.relname = c.relname || '_' || s.shardid";
    let admin = client(&cluster.coordinator).await;
    admin
        .batch_execute("SET citus.override_table_visibility TO off")
        .await
        .unwrap();
    let row = admin.query_one(shards, &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "6", "there are shards here");

    let contents = tenants.contents(&name("acme")).await.unwrap();
    let tables = contents.tables.iter().map(|table| table.name.as_str());
    assert_eq!(tables.collect::<Vec<_>>(), ["lists", "tasks"]);
    let health = tenants.health().await.unwrap();
    assert_eq!(
        (health.problems.len(), health.as_expected),
        (0, Some(2)),
        "{health:?}"
    );

    let (from, to) = (name("acme"), name("copy"));
    let cloned = tenants.clone_tenant(&from, &to).rows(Rows::None).await;
    assert_eq!(cloned.unwrap().tables, 2);
    tenants.rename(&name("beta"), &name("gamma")).await.unwrap();
    let newer = first.with("ALTER TABLE lists ADD COLUMN colour text");
    let newer = cluster.tenants(&newer, Settings::default()).await;
    assert_eq!(migrate(&newer).await.count(Status::Migrated), 3);
    let health = newer.health().await.unwrap();
    assert_eq!(
        (health.problems.len(), health.as_expected),
        (0, Some(3)),
        "{health:?}"
    );
    for who in ["acme", "copy", "gamma"] {
        newer.drop_tenant(&name(who)).await.unwrap();
    }
    let left = "SELECT count(*)::text FROM citus_schemas";
    assert_eq!(cluster.value(left).await, "0");
}

#[tokio::test]
async fn tenants_are_read_while_others_are_dropped() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    keep_all_here(&cluster).await;
    let tenants = cluster.tenants(&stream(), Settings::default()).await;
    let names = (0..12).map(|number| format!("t{number:02}"));
    let names = names.collect::<Vec<_>>();
    create(
        &tenants,
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    )
    .await;
    let dropping = async {
        for who in &names {
            tenants.drop_tenant(&name(who)).await.unwrap();
        }
    };
    let reading = async {
        for _ in 0..8 {
            let health = tenants.health().await.unwrap();
            assert!(health.problems.is_empty(), "{health:?}");
        }
    };
    tokio::join!(dropping, reading);
    assert_eq!(tenants.list().await.unwrap().len(), 0);
    // The server has not been started anew meanwhile.
    create(&tenants, &["last"]).await;
}
