//! A commit on the coordinator whose answer is lost.

use tenant_core::{Settings, Status};
use test_support::eventually;

use super::cluster::{Cluster, client, stream};
use crate::fixture::{name, outcome};

#[tokio::test]
async fn a_tenant_whose_creation_was_committed_is_created_once_its_worker_has_heard_of_it() {
    let Some(cluster) = Cluster::start_own().await else {
        return;
    };
    let tenants = cluster.tenants(&stream(), Settings::default()).await;
    let admin = client(&cluster.coordinator).await;
    // Each commit waits, after it happened, for a standby that does not exist.
    for statement in [
        "SET synchronous_commit = local",
        "ALTER SYSTEM SET synchronous_standby_names = 'never'",
        "SELECT pg_reload_conf()",
    ] {
        admin.batch_execute(statement).await.unwrap();
    }
    let waiting = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE application_name = 'diesel-tenants' AND wait_event = 'SyncRep'";
    let ending = eventually("a commit waits, and is cut off", async || {
        admin
            .query_one(waiting, &[])
            .await
            .unwrap()
            .get::<_, i64>(0)
            > 0
    });
    let (report, ()) = tokio::join!(tenants.create_many([name("acme")]), ending);
    for statement in [
        "ALTER SYSTEM RESET synchronous_standby_names",
        "SELECT pg_reload_conf()",
        // Citus does so by itself, once a minute.
        "SELECT recover_prepared_transactions()",
    ] {
        admin.batch_execute(statement).await.unwrap();
    }
    let report = report.unwrap();
    let acme = outcome(&report, "acme");
    assert_eq!(acme.status, Status::Created, "{report:?}");
    let health = tenants.health().await.unwrap();
    assert!(health.is_healthy(), "{health:?}");
    assert_eq!(health.as_expected, Some(1));
    admin
        .batch_execute("INSERT INTO acme.tasks (title) VALUES ('kept')")
        .await
        .unwrap();
}
