//! What is recorded of migrations: edits that are accepted, migrations that are squashed, and
//! keys that a migration missed by their names.

use tenant_core::{ProblemKind, Settings, Status};

use super::cluster::{Cluster, client};
use crate::fixture::{Stream, create, migrate, outcome, version};

const TABLES: &str = "CREATE TABLE lists (id bigint PRIMARY KEY); \
     CREATE TABLE docs (id bigint PRIMARY KEY, title text)";

/// A migration as it was on one server, and as the linter asks for it.
const BEFORE: &str =
    "ALTER TABLE docs ADD COLUMN size int, ADD CONSTRAINT positive CHECK (size > 0)";
const AFTER: &str = "ALTER TABLE docs ADD COLUMN size int; \
     ALTER TABLE docs ADD CONSTRAINT positive CHECK (size > 0)";

/// What [`TABLES`] and [`BEFORE`] make, and Diesel's own record of it.
const BY_HAND: [&str; 5] = [
    "CREATE SCHEMA {}",
    "CREATE TABLE {}.lists (id bigint PRIMARY KEY)",
    "CREATE TABLE {}.docs (id bigint PRIMARY KEY, title text, size int, \
     CONSTRAINT positive CHECK (size > 0))",
    "INSERT INTO {}.lists VALUES (1)",
    "INSERT INTO {}.docs VALUES (1, 'one', 1)",
];

#[tokio::test]
async fn migrations_that_were_changed_for_a_cluster_are_accepted_for_all_tenants_at_once() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let admin = client(&cluster.coordinator).await;
    let old = Stream::new().with(TABLES).with(BEFORE);
    let before = cluster.tenants(&old, Settings::default()).await;
    let texts = old.set();
    let texts = texts.iter().map(|one| {
        let (version, text) = (one.version(), one.fingerprint());
        format!("'{version}', '{text}'")
    });
    let texts = texts.collect::<Vec<_>>().join(", ");
    for who in ["acme", "beta"] {
        for statement in BY_HAND {
            let statement = statement.replace("{}", who);
            admin.batch_execute(&statement).await.unwrap();
        }
        before.adopt(&who.parse().unwrap()).await.unwrap();
        let recorded = format!(
            "UPDATE schema_tracker SET fingerprints = jsonb_build_object({texts}) \
             WHERE name = '{who}'"
        );
        admin.batch_execute(&recorded).await.unwrap();
    }
    before.cluster().distribute().await.unwrap();

    let new = Stream::new().with(TABLES).with(AFTER);
    let tenants = cluster.tenants(&new, Settings::default()).await;
    let health = tenants.health().await.unwrap();
    let edited = |kind: &ProblemKind| matches!(kind, ProblemKind::EditedMigration { .. });
    assert!(!health.problems.is_empty());
    assert!(
        health.problems.iter().all(|one| edited(&one.kind)),
        "{health:?}"
    );
    let report = tenants.accept_edits().await.unwrap();
    assert_eq!(report.count(Status::Accepted), 2, "{report:?}");
    assert_eq!(outcome(&report, "acme").accepted, [version(2)]);
    let health = tenants.health().await.unwrap();
    assert!(health.is_healthy(), "{health:?}");
    assert_eq!(health.as_expected, Some(2));
    create(&tenants, &["gamma"]).await;
    let report = migrate(&tenants).await;
    assert_eq!(report.count(Status::UpToDate), 3, "{report:?}");
    assert!(report.notes.is_empty(), "{report:?}");
}

#[tokio::test]
async fn old_migrations_are_replaced_by_one_and_reverted() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let old = Stream::new().with(TABLES).with(AFTER);
    let before = cluster.tenants(&old, Settings::default()).await;
    create(&before, &["acme", "beta"]).await;
    before.spares().keep(1).await.unwrap();
    let baseline = format!("{TABLES}; {AFTER}");
    let new = Stream::new().named("2026-06-01-000000_baseline", &baseline);
    let tenants = cluster.tenants(&new, Settings::default()).await;
    let report = tenants.squash().await.unwrap();
    assert_eq!(report.count(Status::Squashed), 2, "{report:?}");
    let versions = "SELECT string_agg(DISTINCT version, ' ') FROM schema_tracker";
    assert_eq!(cluster.value(versions).await, "20260601000000");
    let health = tenants.health().await.unwrap();
    assert!(health.is_healthy(), "{health:?}");
    let made = tenants.create(&"gamma".parse().unwrap()).await.unwrap();
    assert!(made.from_spare);
}

#[tokio::test]
async fn a_key_that_a_migration_missed_by_its_name_is_found() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let stream = Stream::new()
        .with(TABLES)
        .with("ALTER TABLE docs ADD COLUMN list bigint REFERENCES lists");
    let tenants = cluster.tenants(&stream, Settings::default()).await;
    create(&tenants, &["acme"]).await;
    let health = tenants.health().await.unwrap();
    assert!(health.is_healthy(), "{health:?}");

    let stream = stream.with("ALTER TABLE docs DROP CONSTRAINT IF EXISTS docs_list_fkey");
    let tenants = cluster.tenants(&stream, Settings::default()).await;
    assert_eq!(migrate(&tenants).await.count(Status::Migrated), 1);
    let health = tenants.health().await.unwrap();
    let [problem] = health.problems.as_slice() else {
        panic!("{health:?}")
    };
    let said = problem.kind.to_string();
    assert!(said.contains("`docs__fkey`"), "{said}");
}
