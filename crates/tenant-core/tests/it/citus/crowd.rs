//! Looking at many tenants of a cluster while others change them.

use futures_util::future::join_all;
use tenant_core::{Settings, Tenants};

use super::cluster::{Cluster, stream};
use crate::fixture::{create, name};

const TENANTS: usize = 200;

/// How many drop tenants at the same time, and how many each.
const DROPPING: usize = 4;
const EACH: usize = 20;

async fn drop_some(tenants: Tenants, first: usize) {
    for number in first..first + EACH {
        let who = name(&format!("t{number:03}"));
        tenants.drop_tenant(&who).await.unwrap();
    }
}

#[tokio::test]
async fn a_check_finds_nothing_wrong_while_tenants_are_dropped() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let tenants = cluster.tenants(&stream(), Settings::default()).await;
    let names = (0..TENANTS).map(|number| format!("t{number:03}"));
    let names = names.collect::<Vec<_>>();
    create(
        &tenants,
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    )
    .await;

    let dropping = (0..DROPPING).map(|one| drop_some(tenants.clone(), one * EACH));
    let dropping = tokio::spawn(join_all(dropping));
    let mut checks = 0;
    while !dropping.is_finished() || checks == 0 {
        let health = tenants.health().await.unwrap();
        assert!(health.problems.is_empty(), "{:?}", health.problems);
        checks += 1;
    }
    dropping.await.unwrap();
    let health = tenants.health().await.unwrap();
    assert_eq!(health.as_expected, Some(TENANTS - DROPPING * EACH));
    assert!(health.problems.is_empty(), "{health:?}");
}
