//! What carries changes over while a tenant is moved, where a server has none of it free.

use tenant_core::remedy::Advice;
use tenant_core::{Error, Node, Settings, Tenants, Writers};

use super::cluster::{Cluster, client, stream};
use crate::fixture::{create, name};

async fn relocate(tenants: &Tenants, who: &str, to: &Node, writers: Writers) -> Result<(), Error> {
    let who = name(who);
    let moving = tenants.cluster().move_tenant(&who, to).writers(writers);
    moving.await.map(drop)
}

/// What the move lacks, in words.
fn lacking(moved: Result<(), Error>) -> String {
    let Err(error @ Error::NoReplication(..)) = moved else {
        panic!("{moved:?}")
    };
    let remedies = [Advice::FreeReplication.into(), Advice::BlockWrites.into()];
    assert_eq!(error.remedies(), remedies);
    error.to_string()
}

async fn set(cluster: &Cluster, worker: usize, statements: &[&str]) {
    let admin = client(cluster.workers.get(worker).unwrap()).await;
    for statement in statements {
        admin.batch_execute(statement).await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_has_nothing_free_is_named_before_anything_is_copied() {
    let Some(mut cluster) = Cluster::start_own().await else {
        return;
    };
    let tenants = cluster.tenants(&stream(), Settings::default()).await;
    create(&tenants, &["acme"]).await;
    let here = cluster.home("acme").await;
    let there = 1 - here;
    let to = cluster.workers[there].node.clone();
    for (worker, setting, address) in [
        (there, "max_logical_replication_workers", &to),
        (
            here,
            "max_replication_slots",
            &cluster.workers[here].node.clone(),
        ),
    ] {
        let none = format!("ALTER SYSTEM SET {setting} = 0");
        set(&cluster, worker, &[&none]).await;
        cluster.workers[worker].restart();
        let said = lacking(relocate(&tenants, "acme", &to, Writers::GoOn).await);
        let expected = format!(
            "cannot move tenant `acme` without blocking writes: {setting} is 0 on the server \
             {address}, and all of it is in use"
        );
        assert_eq!(said, expected);
        assert_eq!(cluster.home("acme").await, here);
        let usual = format!("ALTER SYSTEM RESET {setting}");
        set(&cluster, worker, &[&usual]).await;
        if worker == here {
            cluster.workers[worker].restart();
        }
    }
    // Without changes to be carried over it takes none of that.
    relocate(&tenants, "acme", &to, Writers::Wait)
        .await
        .unwrap();
    assert_eq!(cluster.home("acme").await, there);
}

#[tokio::test]
async fn a_move_for_which_no_worker_of_replication_starts_is_called_off() {
    let Some(cluster) = Cluster::start_own().await else {
        return;
    };
    let tenants = cluster.tenants(&stream(), Settings::default()).await;
    create(&tenants, &["a", "b", "c", "d"]).await;
    let mut homes = Vec::new();
    for who in ["a", "b", "c", "d"] {
        homes.push((who, cluster.home(who).await));
    }
    let mut here = homes.iter().filter(|(_, home)| *home == 0);
    let [first, second] = [here.next().unwrap().0, here.next().unwrap().0];
    let to = cluster.workers[1].node.clone();
    // PostgreSQL starts one worker in that time.
    set(
        &cluster,
        1,
        &[
            "ALTER SYSTEM SET wal_retrieve_retry_interval = '1h'",
            "SELECT pg_reload_conf()",
        ],
    )
    .await;
    relocate(&tenants, first, &to, Writers::GoOn).await.unwrap();
    let said = lacking(relocate(&tenants, second, &to, Writers::GoOn).await);
    assert!(
        said.ends_with(&format!(
            "PostgreSQL cannot start a logical replication worker on node {to}"
        )),
        "{said}"
    );
    assert_eq!(cluster.home(second).await, 0);
    set(
        &cluster,
        1,
        &[
            "ALTER SYSTEM RESET wal_retrieve_retry_interval",
            "SELECT pg_reload_conf()",
        ],
    )
    .await;
    relocate(&tenants, second, &to, Writers::GoOn)
        .await
        .unwrap();
    assert_eq!(cluster.home(second).await, 1);
    // Nothing of the one that was called off keeps the server's log.
    let slots = "SELECT count(*) FROM pg_replication_slots";
    let row = client(&cluster.workers[0])
        .await
        .query_one(slots, &[])
        .await;
    assert_eq!(row.unwrap().get::<_, i64>(0), 0);
}
