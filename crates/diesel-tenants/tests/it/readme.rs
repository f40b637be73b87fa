//! What the README shows: its Rust compiles and runs, and its commands exist.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use diesel_migrations::FileBasedMigrations;
use tenant_core::{
    Database, MigrationSet, Migrations, PoolError, Settings, TenantConnection, TenantName, Tenants,
};

use crate::support::{Project, SUBCOMMANDS, repository};

const THIS_FILE: &str = include_str!("readme.rs");

table! {
    boards (id) {
        id -> BigInt,
        title -> Text,
    }
}

/// The function that the README's code calls.
async fn insert(tenant: &mut TenantConnection, title: &str) -> Result<usize, PoolError> {
    let row = (boards::id.eq(1), boards::title.eq(title));
    let inserted = diesel::insert_into(boards::table).values(row);
    Ok(inserted.execute(tenant).await?)
}

#[expect(
    non_snake_case,
    reason = "the name of a constant, as `embed_migrations!` makes it"
)]
async fn as_in_the_readme(url: &str, MIGRATIONS: FileBasedMigrations) -> anyhow::Result<()> {
    // readme: begin
    let migrations = Migrations {
        public: MigrationSet::registry(),
        tenant: MigrationSet::from_source(&MIGRATIONS)?,
    };
    let tenants = Tenants::open(Database::parse(url)?, migrations, Settings::default()).await?;
    tenants.migrate_public().await?;
    // Schema, migrations and registration are one transaction.
    let acme: TenantName = "acme".parse()?;
    tenants.create(&acme).await?;
    // One pool serves all tenants. `write` commits if the closure returns `Ok`.
    let pool = tenants.pool().size(16).open().await?;
    pool.write(&acme, async |tenant| insert(tenant, "Call back").await)
        .await?;
    // readme: end
    Ok(())
}

#[tokio::test]
async fn the_code_of_the_readme_runs() {
    let project = Project::new().await;
    let folder = project.folder.path().join("migrations/tenant");
    let migrations = FileBasedMigrations::from_path(folder).unwrap();
    as_in_the_readme(&project.url(), migrations).await.unwrap();
    let title = project.value("SELECT title FROM acme.boards").await;
    assert_eq!(title, "Call back");
}

#[test]
fn the_readme_shows_that_code() {
    let (_, code) = THIS_FILE.split_once("    // readme: begin\n").unwrap();
    let (code, _) = code.split_once("    // readme: end\n").unwrap();
    let lines = code
        .lines()
        .map(|line| line.strip_prefix("    ").unwrap_or(line));
    let code = lines.collect::<Vec<_>>().join("\n");
    let block = format!("```rust\n{code}\n```\n");
    assert!(readme().contains(&block), "the README lacks:\n{block}");
}

#[test]
fn the_readme_calls_commands_that_exist() {
    let readme = readme();
    let calls = readme.lines().filter_map(|line| line.strip_prefix("$ "));
    let subcommands: Vec<&str> = calls
        .filter_map(|call| call.strip_prefix("tenants "))
        .filter_map(|rest| rest.split_whitespace().next())
        .collect();
    assert!(subcommands.len() > 3, "{subcommands:?}");
    for subcommand in subcommands {
        assert!(
            SUBCOMMANDS.contains(&subcommand) || subcommand == "init",
            "there is no `tenants {subcommand}`"
        );
    }
}

fn readme() -> String {
    std::fs::read_to_string(repository().join("README.md")).unwrap()
}
