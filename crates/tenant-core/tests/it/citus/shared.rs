//! Tables of the public schema that tenants refer to.

use std::time::Duration;

use futures_util::future::join_all;
use tenant_core::remedy::Advice;
use tenant_core::{Settings, Status};

use super::cluster::{Cluster, client};
use crate::fixture::{Stream, create, migrate, name};

const KIND: &str = "SELECT coalesce(string_agg(logicalrelid::text, ' ' ORDER BY logicalrelid::text), '') \
     FROM pg_dist_partition WHERE repmodel = 't'";

fn subscribers() -> Stream {
    Stream::new().with(
        "CREATE TABLE subscriptions (id bigserial PRIMARY KEY, plan int REFERENCES public.plans); \
         CREATE TABLE invoices (id bigserial PRIMARY KEY, plan int REFERENCES public.plans, \
             subscription bigint REFERENCES subscriptions); \
         CREATE TABLE places (id bigserial PRIMARY KEY, region int REFERENCES public.regions)",
    )
}

fn the_other_way_round() -> Stream {
    Stream::new().with(
        "CREATE TABLE places (id bigserial PRIMARY KEY, region int REFERENCES public.regions); \
         CREATE TABLE subscriptions (id bigserial PRIMARY KEY, plan int REFERENCES public.plans)",
    )
}

async fn with_plans(cluster: &Cluster) {
    let admin = client(&cluster.coordinator).await;
    for statement in [
        "CREATE TABLE public.plans (id int PRIMARY KEY, name text)",
        "CREATE TABLE public.regions (id int PRIMARY KEY)",
        "CREATE TABLE public.kinds (id int PRIMARY KEY)",
        "CREATE TABLE public.alone (id int PRIMARY KEY)",
        "INSERT INTO public.plans VALUES (1, 'small')",
    ] {
        admin.batch_execute(statement).await.unwrap();
    }
}

#[tokio::test]
async fn what_tenants_refer_to_becomes_a_reference_table() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    with_plans(&cluster).await;
    let first = subscribers();
    let tenants = cluster.tenants(&first, Settings::default()).await;
    assert_eq!(cluster.value(KIND).await, "plans regions");
    create(&tenants, &["acme", "beta"]).await;
    let admin = client(&cluster.coordinator).await;
    admin
        .batch_execute("INSERT INTO acme.subscriptions (plan) VALUES (1)")
        .await
        .unwrap();
    let refused = admin.batch_execute("INSERT INTO acme.subscriptions (plan) VALUES (2)");
    assert_eq!(refused.await.unwrap_err().code().unwrap().code(), "23503");

    let newer = first.with(
        "ALTER TABLE invoices ADD COLUMN kind int REFERENCES public.\"kinds\"; \
         ALTER TABLE invoices ADD COLUMN later bigint REFERENCES subscriptions",
    );
    let newer =
        crate::fixture::open_at(cluster.coordinator.url(), &newer, Settings::default()).await;
    let report = migrate(&newer).await;
    assert_eq!(report.count(Status::Migrated), 2, "{report:?}");
    assert_eq!(cluster.value(KIND).await, "kinds plans regions");
    let health = newer.health().await.unwrap();
    assert_eq!(
        (health.problems.len(), health.as_expected),
        (0, Some(2)),
        "{health:?}"
    );
}

#[tokio::test]
async fn a_tenant_moves_to_a_new_server_once_that_has_what_tenants_share() {
    let Some(mut cluster) = Cluster::start_own().await else {
        return;
    };
    with_plans(&cluster).await;
    let tenants = cluster.tenants(&subscribers(), Settings::default()).await;
    create(&tenants, &["acme"]).await;
    cluster.grow().await;
    let (acme, to) = (name("acme"), cluster.workers.last().unwrap().node.clone());
    let refused = tenants.cluster().move_tenant(&acme, &to).await;
    assert_eq!(
        refused.unwrap_err().remedies(),
        [Advice::CopyReferenceTables.into()]
    );
    let admin = client(&cluster.coordinator).await;
    admin
        .batch_execute("SELECT replicate_reference_tables('block_writes')")
        .await
        .unwrap();
    tenants.cluster().move_tenant(&acme, &to).await.unwrap();
    assert_eq!(cluster.home("acme").await, 2);
}

#[tokio::test]
async fn tenants_that_refer_to_the_same_table_are_dropped_at_once() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    with_plans(&cluster).await;
    let settings = Settings {
        lock_timeout: Duration::from_secs(30),
        ..Settings::default()
    };
    // The two tables in one order and in the other, as programs of two versions have it.
    let tenants = cluster.tenants(&subscribers(), settings.clone()).await;
    let others = cluster.tenants(&the_other_way_round(), settings).await;
    let names = (0..16).map(|number| format!("t{number:02}"));
    let names = names.collect::<Vec<_>>();
    let (some, more) = names.split_at(8);
    create(
        &tenants,
        &some.iter().map(String::as_str).collect::<Vec<_>>(),
    )
    .await;
    create(
        &others,
        &more.iter().map(String::as_str).collect::<Vec<_>>(),
    )
    .await;
    let drops = names.iter().enumerate().map(|(number, who)| {
        let tenants = [&tenants, &others][number % 2];
        async move { tenants.drop_tenant(&name(who)).await }
    });
    for dropped in join_all(drops).await {
        dropped.unwrap();
    }
    assert_eq!(tenants.list().await.unwrap().len(), 0);
    let left = "SELECT count(*)::text FROM citus_schemas";
    assert_eq!(cluster.value(left).await, "0");
}
