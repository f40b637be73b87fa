//! A fleet that the application migrates itself, by Diesel's own harness, beside a list of
//! its own.

use anyhow::anyhow;
use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{FileBasedMigrations, MigrationHarness as _};
use tokio::task::spawn_blocking;

use crate::support::Project;

const SETTINGS: &str = r#"
[registry]
query = "SELECT slug AS name FROM public.organizations"
[names]
schema = "org_{name}"
allow = "[a-z][a-z0-9-]*"
"#;

const SLUGS: [&str; 2] = ["acme", "north-wind"];

/// A project with its list, and the settings that say so.
async fn project() -> Project {
    let project = Project::new().await;
    project.file("tenants.toml", SETTINGS);
    project.public(
        "2025-01-01-000000_organizations",
        "CREATE TABLE organizations (slug TEXT PRIMARY KEY);",
    );
    project
}

/// What such applications have: public first, then each organization on one connection.
async fn migrate_all(project: &Project) {
    let url = project.url();
    let folder = project.folder.path().join("migrations");
    let run = move || -> anyhow::Result<()> {
        let source = |stream: &str| FileBasedMigrations::from_path(folder.join(stream));
        let mut connection = AsyncConnectionWrapper::<AsyncPgConnection>::establish(&url)?;
        let public = connection
            .run_pending_migrations(source("public")?)
            .map(drop);
        public.map_err(|error| anyhow!(error))?;
        for slug in SLUGS {
            connection.batch_execute(&format!(
                "SET search_path TO public;
                 INSERT INTO organizations VALUES ('{slug}') ON CONFLICT DO NOTHING;
                 CREATE SCHEMA IF NOT EXISTS \"org_{slug}\";
                 SET search_path TO \"org_{slug}\", public"
            ))?;
            let tenant = connection
                .run_pending_migrations(source("tenant")?)
                .map(drop);
            tenant.map_err(|error| anyhow!(error))?;
        }
        Ok(())
    };
    spawn_blocking(run).await.unwrap().unwrap();
}

#[tokio::test]
async fn health_is_right_after_the_applications_own_migrations() {
    let project = project().await;
    migrate_all(&project).await;
    // The tables beside the application's list are not there yet.
    let not_set_up = project.run("health").exits_with(3);
    not_set_up.says("tenants migrate --public");
    project.run("migrate --public").succeeds();
    let healthy = project.run("health").succeeds();
    healthy.prints("2 tenants checked: all well.");

    project.tenant(
        "2025-03-03-000000_cards",
        "CREATE TABLE cards (id INT PRIMARY KEY);",
        "DROP TABLE cards;",
    );
    let behind = project.run("health").exits_with(1);
    behind.prints("1 pending migration: 20250303000000");
    migrate_all(&project).await;
    project
        .run("health")
        .succeeds()
        .prints("2 tenants checked: all well.");
    let nothing = project.run("migrate").succeeds();
    nothing.prints("2 tenants: 2 up to date (");
}

#[tokio::test]
async fn what_differs_after_the_applications_own_migrations_is_found() {
    let project = project().await;
    project.run("migrate --public").succeeds();
    migrate_all(&project).await;
    project
        .execute("ALTER TABLE \"org_north-wind\".boards DROP COLUMN position")
        .await;
    let differs = project.run("health").exits_with(1);
    differs.prints("north-wind").prints("position");
    project.run("repair north-wind").succeeds();
    project.run("health").succeeds();
    // And the other way round: what `tenants` creates is what the application expects.
    project
        .execute("INSERT INTO organizations VALUES ('big-bang')")
        .await;
    project.run("create big-bang").succeeds();
    migrate_all(&project).await;
    project
        .run("health")
        .succeeds()
        .prints("3 tenants checked: all well.");
}
