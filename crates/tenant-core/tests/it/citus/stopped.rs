//! A cluster one of whose workers does not answer.

use diesel::QueryDsl;
use diesel_async::RunQueryDsl;
use tenant_core::{Error, PoolError, Settings, Status, Tenants};

use super::cluster::{Cluster, stream};
use crate::fixture::{create, migrate, name, outcome};

diesel::table! { tasks (id) { id -> BigInt, title -> Text, } }

fn names() -> Vec<String> {
    (0..20).map(|number| format!("t{number:02}")).collect()
}

fn assert_names_the_worker(error: &Error, port: u16) {
    assert_eq!(error.sqlstate(), Some("08006"), "{error:?}");
    let text = error.postgres().unwrap().to_string();
    assert!(text.contains(&format!("127.0.0.1:{port}")), "{text}");
}

/// A tenant whose server answers, and one whose server does not.
fn near_and_far<'a>(names: &'a [String], away: &[&'a str]) -> [&'a str; 2] {
    let mut near = names.iter().filter(|who| !away.contains(&who.as_str()));
    [near.next().unwrap(), away.first().unwrap()]
}

/// An application hears that it may try again, and uses the same connection for the others.
async fn assert_applications_are_told(tenants: &Tenants, [near, far]: [&str; 2]) {
    let pool = tenants.pool().size(1).open().await.unwrap();
    for _ in 0..2 {
        let mut tenant = pool.tenant(&name(far)).await.unwrap();
        let read = tasks::table.count().get_result::<i64>(&mut tenant).await;
        let error = PoolError::from(read.unwrap_err());
        assert_eq!(error.sqlstate(), Some("08006"), "{error:?}");
        assert!(error.is_unavailable(), "{error:?}");
        drop(tenant);
        let mut tenant = pool.tenant(&name(near)).await.unwrap();
        let read = tasks::table.count().get_result::<i64>(&mut tenant).await;
        assert_eq!(read, Ok(0));
    }
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
    assert_eq!((health.checked, health.unread), (names.len(), away.len()));
    let unreachable = tenants.cluster().unreachable().await.unwrap();
    assert_eq!(unreachable, [cluster.workers[1].node.clone()]);
    assert_applications_are_told(&tenants, near_and_far(&names, &away)).await;
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
