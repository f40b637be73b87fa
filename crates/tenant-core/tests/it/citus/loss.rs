//! What a rollback would take from tenants on several servers.

use tenant_core::{Settings, Status};

use super::cluster::{Cluster, client, stream};
use crate::fixture::create;

#[tokio::test]
async fn what_reverting_would_take_is_found_on_every_server() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let stream = stream()
        .with(
            "CREATE TABLE notes (id bigint PRIMARY KEY); ALTER TABLE lists ADD COLUMN colour text",
        )
        .back("DROP TABLE notes; ALTER TABLE lists DROP COLUMN colour");
    let tenants = cluster.tenants(&stream, Settings::default()).await;
    create(&tenants, &["acme", "beta", "gamma", "delta"]).await;
    let admin = client(&cluster.coordinator).await;
    for statement in [
        "INSERT INTO acme.notes VALUES (1)",
        "INSERT INTO beta.notes VALUES (1), (2)",
        "INSERT INTO gamma.lists (name, colour) VALUES ('home', 'red')",
        "INSERT INTO delta.lists (name) VALUES ('work')",
    ] {
        admin.batch_execute(statement).await.unwrap();
    }
    let plan = tenants.plan_rollback().await.unwrap();
    let losses = plan.loss().unwrap();
    let losses = losses
        .iter()
        .map(|loss| (loss.table.as_str(), loss.column.as_deref(), loss.tenants));
    assert_eq!(
        losses.collect::<Vec<_>>(),
        [("lists", Some("colour"), 1), ("notes", None, 2)]
    );
    let report = tenants.rollback(plan).await.unwrap();
    assert_eq!(report.count(Status::Reverted), 4, "{report:?}");
}
