//! A cluster one of whose workers does not answer.

use tenant_core::{Error, Settings, Status};

use super::cluster::{Cluster, stream};
use crate::fixture::{create, migrate, outcome};

fn names() -> Vec<String> {
    (0..20).map(|number| format!("t{number:02}")).collect()
}

fn assert_names_the_worker(error: &Error, port: u16) {
    assert_eq!(error.sqlstate(), Some("08006"), "{error:?}");
    let text = error.postgres().unwrap().to_string();
    assert!(text.contains(&format!("127.0.0.1:{port}")), "{text}");
}

#[tokio::test]
async fn what_is_on_a_stopped_worker_is_told_of_and_the_others_go_on() {
    let Some(mut cluster) = Cluster::start_own().await else {
        return;
    };
    let first = stream();
    let tenants = cluster.tenants(&first, Settings::default()).await;
    let names = names();
    create(
        &tenants,
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    )
    .await;
    let mut away = Vec::new();
    for who in &names {
        if cluster.home(who).await == 1 {
            away.push(who.as_str());
        }
    }
    assert!(!away.is_empty() && away.len() < names.len(), "{away:?}");
    let port = cluster.workers[1].node.port();
    cluster.workers[1].stop();

    let listed = tenants.list().await.unwrap();
    assert_eq!(listed.len(), names.len());
    for tenant in &listed {
        match &tenant.error {
            Some(error) if away.contains(&tenant.name.as_str()) => {
                assert_names_the_worker(error, port)
            }
            other => assert!(other.is_none() && tenant.pending == Some(0), "{tenant:?}"),
        }
    }
    let health = tenants.health().quick().await.unwrap();
    let about = health.problems.iter();
    let about = about.filter_map(|problem| problem.tenant.as_deref());
    assert_eq!(about.collect::<Vec<_>>(), away, "{health:?}");

    // Rows alone are written where they are.
    let rows = first.with("INSERT INTO lists (name) VALUES ('all')");
    let newer = cluster.tenants(&rows, Settings::default()).await;
    let report = migrate(&newer).await;
    assert_eq!(report.count(Status::Failed), away.len(), "{report:?}");
    assert_eq!(report.count(Status::Migrated), names.len() - away.len());
    for (outcome, error) in report.failures() {
        let who = outcome.name.as_str();
        assert!(away.contains(&who), "{who}");
        assert_names_the_worker(error, port);
    }

    // A change of tables takes each server of the cluster.
    let tables = rows.with("ALTER TABLE lists ADD COLUMN colour text");
    let newest = cluster.tenants(&tables, Settings::default()).await;
    let report = migrate(&newest).await;
    assert_eq!(report.count(Status::Failed), names.len(), "{report:?}");
    let near = names
        .iter()
        .find(|who| !away.contains(&who.as_str()))
        .unwrap();
    assert_names_the_worker(outcome(&report, near).error.as_ref().unwrap(), port);

    cluster.workers[1].restart();
    let report = migrate(&newest).await;
    assert_eq!(report.count(Status::Migrated), names.len(), "{report:?}");
    let health = newest.health().await.unwrap();
    assert_eq!(
        (health.problems.len(), health.as_expected),
        (0, Some(20)),
        "{health:?}"
    );
}
