//! The real Diesel CLI and this project agree: on the configurations, on what
//! is applied, and on `schema.rs`.
//!
//! These tests run where a Diesel CLI of the right series is found, in `PATH`
//! or in `target/tools`. `cargo xtask db:schema --yes` puts one there.

use std::path::{Path, PathBuf};
use std::process::Output;

use authoring_commands::diesel_cli::DieselCli;
use authoring_commands::{Project, Stream};
use command_line::database::read_folder;
use command_line::{Common, Context};
use tenant_core::{Database, Migrations, Settings, Tenants};

use test_support::say_not_run;

use crate::support::{ROOT, Site};

/// The Diesel CLI, if there is one; else says so, past the test harness.
async fn diesel() -> Option<PathBuf> {
    let context = Context::new(command_line::Program::default(), Common::default()).unwrap();
    let found = DieselCli::find(&context, &Project::find(context.settings()).unwrap()).await;
    if found.is_none() {
        say_not_run(
            "there is no Diesel CLI 2.3 in PATH or target/tools; `cargo xtask \
             db:schema --yes` installs one",
        );
    }
    found.map(|cli| cli.program().to_path_buf())
}

/// Runs `diesel` in the project of the test, for a stream.
fn run(diesel: &Path, site: &Site, stream: Stream, url: &str, line: &str) -> Output {
    let output = std::process::Command::new(diesel)
        .args(line.split_whitespace())
        .args(["--config-file", &format!("diesel.{stream}.toml")])
        .current_dir(site.folder.path())
        .env("DATABASE_URL", url)
        .output()
        .unwrap();
    assert!(output.status.success(), "diesel {line}: {output:?}");
    output
}

fn stdout(output: Output) -> String {
    String::from_utf8(output.stdout).unwrap()
}

/// The migrations on the disk, and the tenants of the test's database.
async fn tenants(site: &Site) -> Tenants {
    let read = |stream: &str| read_folder(&site.folder.path().join("migrations").join(stream));
    let migrations = Migrations {
        public: read("public").unwrap(),
        tenant: read("tenant").unwrap(),
    };
    let database = Database::parse(&site.database.url()).unwrap();
    let opened = Tenants::open(database, migrations, Settings::default()).await;
    opened.unwrap()
}

/// The URL by which the Diesel CLI works on the tenant `acme`.
fn of_acme(site: &Site) -> String {
    format!("{}?options=-c%20search_path%3Dacme", site.database.url())
}

/// Lets the Diesel CLI make a migration and gives it content.
fn generate(diesel: &Path, site: &Site, stream: Stream) {
    let url = site.database.url();
    run(diesel, site, stream, &url, "migration generate add_things");
    let folder = site.folder.path().join(format!("migrations/{stream}"));
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    let made = paths.find(|path| path.to_string_lossy().ends_with("_add_things"));
    let made = made.unwrap();
    std::fs::write(
        made.join("up.sql"),
        "CREATE TABLE things (id INT PRIMARY KEY);",
    )
    .unwrap();
    std::fs::write(made.join("down.sql"), "DROP TABLE things;").unwrap();
}

#[tokio::test]
async fn what_the_diesel_cli_applies_to_public_is_applied_for_us() {
    let Some(diesel) = diesel().await else { return };
    let site = Site::new().await;
    generate(&diesel, &site, Stream::Public);
    let url = site.database.url();
    run(&diesel, &site, Stream::Public, &url, "migration run");
    run(&diesel, &site, Stream::Public, &url, "migration redo");
    let outcome = tenants(&site)
        .await
        .migrate_public()
        .dry_run()
        .await
        .unwrap();
    assert!(outcome.pending.is_empty(), "{:?}", outcome.pending);
    // It writes the file that the configuration names.
    let schema = site
        .folder
        .path()
        .join("crates/schema-public/src/schema.rs");
    let schema = std::fs::read_to_string(schema).unwrap();
    assert!(schema.contains("things (id)"), "{schema}");
    let printed = run(&diesel, &site, Stream::Public, &url, "print-schema");
    assert_eq!(stdout(printed), schema);
}

#[tokio::test]
async fn what_the_diesel_cli_applies_to_a_tenant_is_applied_for_us() {
    let Some(diesel) = diesel().await else { return };
    let site = Site::new().await;
    let before = tenants(&site).await;
    before.migrate_public().await.unwrap();
    before.create(&"acme".parse().unwrap()).await.unwrap();
    generate(&diesel, &site, Stream::Tenant);
    let after = tenants(&site).await;
    assert_eq!(after.list().await.unwrap()[0].pending, Some(1));

    let url = of_acme(&site);
    let pending = run(&diesel, &site, Stream::Tenant, &url, "migration pending");
    assert_eq!(stdout(pending).trim(), "true");
    run(&diesel, &site, Stream::Tenant, &url, "migration run");
    run(&diesel, &site, Stream::Tenant, &url, "migration redo");
    assert_eq!(after.list().await.unwrap()[0].pending, Some(0));
    let place = "SELECT 'acme.things'::regclass::text";
    assert_eq!(site.database.value(place).await, "acme.things");
}

#[tokio::test]
async fn what_we_apply_is_applied_for_the_diesel_cli() {
    let Some(diesel) = diesel().await else { return };
    let site = Site::new().await;
    let tenants_before = tenants(&site).await;
    tenants_before.migrate_public().await.unwrap();
    tenants_before
        .create(&"acme".parse().unwrap())
        .await
        .unwrap();
    for stream in Stream::ALL {
        generate(&diesel, &site, stream);
    }
    let tenants = tenants(&site).await;
    tenants.migrate_public().await.unwrap();
    let report = tenants.migrate().await.unwrap();
    assert_eq!(report.failures().count(), 0);
    for (stream, url) in [
        (Stream::Public, site.database.url()),
        (Stream::Tenant, of_acme(&site)),
    ] {
        let pending = run(&diesel, &site, stream, &url, "migration pending");
        assert_eq!(stdout(pending).trim(), "false", "{stream}");
        // It finds its way back, too.
        run(&diesel, &site, stream, &url, "migration redo");
    }
}

#[tokio::test]
async fn both_files_of_this_project_are_what_its_migrations_make() {
    let Some(diesel) = diesel().await else { return };
    let site = Site::new().await;
    let mut path = std::env::var_os("PATH").unwrap();
    if let Some(folder) = diesel.parent().filter(|folder| folder.is_absolute()) {
        let folders = [folder.to_path_buf()].into_iter();
        let others = std::env::split_paths(&path).collect::<Vec<_>>();
        path = std::env::join_paths(folders.chain(others)).unwrap();
    }
    let command = site.folder.command("print-schema").on(&site.url());
    let command = command.env("PATH", path.into_string().unwrap());
    command.run().succeeds();
    for stream in Stream::ALL {
        let file = format!("crates/schema-{stream}/src/schema.rs");
        let read = |root: &Path| std::fs::read_to_string(root.join(&file)).unwrap();
        assert_eq!(read(site.folder.path()), read(Path::new(ROOT)), "{file}");
    }
}
