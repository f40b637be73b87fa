//! What the file says holds for the tenants that an application opens.

use std::time::Duration;

use diesel_migrations::FileBasedMigrations;
use tenant_core::{Tenants, TransactionMode};
use tenant_settings::{DatabaseUrl, ProjectSettings, Public, Tenant};

use crate::project::{Project, SEED, TEXT};

async fn sign_up(project: &Project, tenants: &Tenants, slug: &str) {
    let insert = format!("INSERT INTO customers VALUES ('{slug}')");
    project.database.execute(&insert).await;
    let name = tenants.name(slug).unwrap();
    tenants.create(&name).await.unwrap();
}

#[tokio::test]
async fn an_application_has_the_registry_names_hooks_and_migrations_of_the_file() {
    let project = Project::new(TEXT).await;
    let tenants = project.open().await.unwrap();
    tenants.migrate_public().await.unwrap();
    sign_up(&project, &tenants, "big-bang").await;
    assert_eq!(project.database.schemas().await, ["org_big-bang"]);
    let notes = project
        .database
        .column("SELECT text FROM \"org_big-bang\".notes");
    assert_eq!(notes.await, ["for big-bang"]);
    let listed = tenants.list().await.unwrap();
    let names = listed.iter().map(|tenant| tenant.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["big-bang"]);
    assert!(tenants.health().await.unwrap().is_healthy());
    assert!(tenants.name("Big_Bang").is_err());
}

#[tokio::test]
async fn migrations_and_seeds_that_are_compiled_in_need_no_folder() {
    let project = Project::new("").await;
    let source = |stream: &str| {
        let path = project.path("migrations").join(stream);
        FileBasedMigrations::from_path(path).unwrap()
    };
    let settings = ProjectSettings::parse(TEXT).unwrap();
    let settings = settings.with_file("sql/seed.sql", SEED);
    let url = project.database.url();
    let opened = settings.open_with(&url, Public(source("public")), Tenant(source("tenant")));
    let tenants = opened.await.unwrap();
    tenants.migrate_public().await.unwrap();
    sign_up(&project, &tenants, "acme").await;
    let notes = project.database.column("SELECT text FROM org_acme.notes");
    assert_eq!(notes.await, ["for acme"]);
    // Both programs see the same: the one that reads the disk, and this one.
    project.file("tenants.toml", TEXT);
    let of_disk = project.open().await.unwrap();
    let pending = of_disk.list().await.unwrap();
    assert_eq!(
        pending.iter().map(|it| it.pending).collect::<Vec<_>>(),
        [Some(0)]
    );
    assert!(of_disk.migrate_public().await.unwrap().applied.is_empty());
}

#[tokio::test]
async fn the_path_of_the_pool_has_what_the_file_puts_behind_a_tenant() {
    let project = Project::new(TEXT).await;
    let tenants = project.open().await.unwrap();
    tenants.migrate_public().await.unwrap();
    sign_up(&project, &tenants, "acme").await;
    let pool = tenants.pool().open().await.unwrap();
    let name = tenants.name("acme").unwrap();
    let mut read = pool.read(&name).await.unwrap();
    let query = diesel::sql_query("SELECT slug FROM customers");
    let found = diesel_async::RunQueryDsl::execute(query, &mut read).await;
    assert_eq!(found.unwrap(), 1);
}

#[test]
fn time_outs_and_transactions_of_the_file_are_those_of_the_library() {
    let settings = ProjectSettings::parse(TEXT).unwrap();
    let settings = settings.with_file("sql/seed.sql", SEED).settings().unwrap();
    assert_eq!(settings.lock_timeout, Duration::from_millis(250));
    assert_eq!(settings.wait, Duration::ZERO);
    assert_eq!(settings.transaction, TransactionMode::Migration);
    let usual = ProjectSettings::parse("").unwrap().settings().unwrap();
    assert_eq!(usual.lock_timeout, Duration::from_secs(5));
    assert_eq!(usual.transaction, TransactionMode::Schema);
}

#[test]
fn the_database_of_the_file_is_told_and_no_variable_is_read() {
    let of = |text| ProjectSettings::parse(text).unwrap();
    let named = of("database_url = { env = 'SHOP_URL' }");
    let variable = DatabaseUrl::Variable("SHOP_URL".to_owned());
    assert_eq!(named.database_url(), Some(&variable));
    assert_eq!(of("").database_url(), None);
}
