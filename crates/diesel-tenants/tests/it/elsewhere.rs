//! In a folder that is no project, or whose migrations are elsewhere.

use serde_json::Value;
use test_support::Folder;

use crate::support::Project;

/// Subcommands that need migrations, without a database.
const NEED_MIGRATIONS: [&str; 7] = [
    "list",
    "create acme",
    "migrate",
    "migrate --public",
    "health",
    "rollback --steps 1 --yes",
    "studio --no-open",
];

#[test]
fn outside_a_project_each_command_says_what_it_looked_for_and_does_nothing() {
    let folder = Folder::new();
    for line in NEED_MIGRATIONS {
        let refused = folder.run(&format!("tenants {line}")).exits_with(2);
        refused
            .prints_nothing()
            .says("found no migrations")
            .says("it has no tenants.toml, diesel.tenant.toml or migrations/tenant")
            .says("--migrations-dir");
    }
    for line in ["generate", "schema", "lint"] {
        let refused = folder.run(&format!("tenants {line}")).exits_with(2);
        refused
            .says("is not in a project")
            .says("hint: Run the command in the project's folder.");
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn outside_a_project_a_document_says_so_too() {
    let refused = Folder::new().run("tenants list --json").exits_with(2);
    let document = refused.json();
    let hint = document["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("--migrations-dir"), "{hint}");
    assert_eq!(document["error"]["sqlstate"], Value::Null);
}

#[tokio::test]
async fn a_folder_that_is_named_is_read_from_anywhere() {
    let project = Project::set_up().await;
    let folder = Folder::new();
    let migrations = project.folder.path().join("migrations");
    let command = folder.command("tenants create acme --migrations-dir");
    command.arg(&migrations).on(&project.url()).run().succeeds();
    assert_eq!(project.tracked().await, ["acme"]);

    let one = migrations.join("tenant/2025-03-01-000000_boards");
    for wrong in [
        migrations.join("tenant"),
        one.clone(),
        folder.path().join("nowhere"),
    ] {
        let command = folder.command("tenants migrate --migrations-dir");
        let refused = command.arg(&wrong).on(&project.url()).run().exits_with(2);
        let looked = wrong.join("tenant");
        refused
            .prints_nothing()
            .says(&format!("there is no folder {}", looked.display()));
    }
    let command = folder.command("tenants migrate --migrations-dir");
    let one_too_far = command.arg(migrations.join("tenant"));
    let top = format!("Use {}, because ", migrations.display());
    one_too_far
        .on(&project.url())
        .run()
        .exits_with(2)
        .says(&top);
}

#[test]
fn migrations_that_lie_one_folder_above_are_pointed_at() {
    let folder = Folder::new();
    folder.file("diesel.tenant.toml", "");
    folder.file("migrations/2025-01-01-000000_users/up.sql", "SELECT 1;");
    let refused = folder.run("tenants list").exits_with(2);
    refused
        .says("migrations/tenant")
        .says("are for tenants, move them to");
}

#[test]
fn files_that_another_program_would_apply_are_not_passed_over() {
    let folder = Folder::new();
    folder.file(
        "migrations/tenant/0001_init.up.sql",
        "CREATE TABLE t (id INT);",
    );
    for line in ["tenants migrate", "tenants create acme", "tenants lint"] {
        let refused = folder.run(line).exits_with(2).prints_nothing();
        refused.says("0001_init.up.sql is not a migration");
    }
}

#[tokio::test]
async fn a_folder_without_migrations_is_noted_and_no_success_in_silence() {
    let project = Project::set_up().await;
    std::fs::remove_dir_all(project.folder.path().join("migrations/tenant")).unwrap();
    project.file("migrations/tenant/.keep", "");
    let noted = project.run("migrate").succeeds();
    noted.says("there are no migrations for tenants yet");
}

#[test]
fn a_mistyped_option_is_met_with_the_right_one() {
    let refused = Folder::new().run("tenants migrate --migration-dir sql");
    refused
        .exits_with(2)
        .says("hint: A similar argument exists: `--migrations-dir`.\n");
}

#[test]
fn a_named_folder_of_public_migrations_has_to_be_there() {
    let folder = Folder::new();
    folder.file("migrations/tenant/2025-01-01-000000_a/up.sql", "SELECT 1;");
    folder.file(
        "diesel.public.toml",
        "[migrations_directory]\ndir = \"db/pulbic\"\n",
    );
    let refused = folder.run("tenants migrate --public").exits_with(2);
    refused.says("there is no folder").says("db/pulbic");
}

#[tokio::test]
async fn the_projects_own_server_is_started_in_it_and_stopped() {
    let folder = Folder::new();
    folder.file(
        "migrations/tenant/2025-01-01-000000_a/up.sql",
        "CREATE TABLE a (id INT PRIMARY KEY);",
    );
    let set_up = folder.run("tenants migrate --public --no-download");
    let set_up = set_up.succeeds();
    let stop = || folder.run("tenants stop");
    set_up.says("(`tenants stop` stops it)");
    folder.run("tenants create acme").succeeds();
    folder.run("tenants health").succeeds();
    stop().succeeds().prints("Stopped");
    stop().succeeds().prints("does not run");
}
