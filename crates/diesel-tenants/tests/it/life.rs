//! The life of tenants in a project that has nothing of this repository.

use serde_json::json;

use crate::support::{Project, VERSIONS};

#[tokio::test]
async fn a_project_with_migrations_of_tenants_alone_has_tenants_from_first_to_last() {
    let project = Project::new().await;
    let set_up = project.run("migrate --public").succeeds();
    set_up.prints("The public schema is up to date: 5 migrations applied in ");
    let created = project.run("create acme globex").succeeds();
    created.prints("2 tenants: 2 created (");
    assert_eq!(project.tracked().await, ["acme", "globex"]);
    assert_eq!(project.applied("acme").await, VERSIONS);
    project
        .run("health")
        .succeeds()
        .prints("2 tenants checked: all well.");

    project.tenant(
        "2025-03-03-000000_cards",
        "CREATE TABLE cards (id INT PRIMARY KEY, board INT REFERENCES boards);",
        "DROP TABLE cards;",
    );
    let checked = project.run("health").exits_with(1);
    checked.prints("1 pending migration: 20250303000000");
    let dry = project.run("migrate --dry-run").succeeds();
    dry.prints("2 tenants: acme, globex\n  2025-03-03-000000_cards");
    project.run("migrate --check").exits_with(1);
    let one = project.run("migrate acme").succeeds();
    one.prints("1 tenant: 1 migrated (");
    let rest = project.run("migrate --json").succeeds();
    rest.includes(&json!({"total": 2, "migrated": 1, "up_to_date": 1, "failed": 0}));

    project
        .execute("INSERT INTO acme.boards VALUES (1, 'a')")
        .await;
    project.run("clone acme initech").succeeds();
    project.run("rename initech hooli").succeeds();
    assert_eq!(project.value("SELECT title FROM hooli.boards").await, "a");
    project.run("diff acme globex").succeeds();
    project.run("spares 1").succeeds().prints("1 spare");
    let quick = project.run("create umbrella --json").succeeds();
    assert_eq!(quick.json()["tenants"][0]["from_spare"], true, "{quick}");

    let back = project.run("rollback --steps 1 --yes").succeeds();
    back.prints("4 tenants: 4 rolled back (");
    assert_eq!(project.applied("acme").await, VERSIONS);
    project.run("migrate").succeeds();
    let broken = "ALTER TABLE globex.boards DROP COLUMN position";
    project.execute(broken).await;
    project.run("health").exits_with(1);
    project.run("repair globex").succeeds();
    project.run("health").succeeds();
    for name in ["acme", "globex", "hooli", "umbrella"] {
        project.run(&format!("drop {name} --yes")).succeeds();
    }
    let listed = project.run("list").succeeds();
    listed.says(
        "note: there are no tenants yet\nhint: Create a tenant.\n      tenants create NAME\n",
    );
}

#[tokio::test]
async fn the_projects_own_public_migrations_are_applied_with_those_of_the_list_of_tenants() {
    let project = Project::new().await;
    project.public(
        "00000000000000_diesel_initial_setup",
        "CREATE FUNCTION set_updated_at() RETURNS TRIGGER AS 'BEGIN RETURN NEW; END' \
         LANGUAGE plpgsql;",
    );
    project.public(
        "2025-01-01-000000_organizations",
        "CREATE TABLE organizations (slug TEXT PRIMARY KEY);",
    );
    let applied = project.run("migrate --public --json").succeeds();
    assert_eq!(applied.json()["migrated"], 7, "{applied}");
    project.run("create acme").succeeds();
    project.run("health").succeeds();
    project.execute("SELECT FROM organizations").await;
    // A later one of the project, older than those of the list.
    project.public(
        "2025-06-01-000000_plans",
        "CREATE TABLE plans (name TEXT PRIMARY KEY);",
    );
    let dry = project.run("migrate --public --dry-run --json").succeeds();
    assert_eq!(dry.json()["pending"], json!(["20250601000000"]), "{dry}");
    project.run("migrate --public").succeeds();
    project.run("health").succeeds();
}

#[tokio::test]
async fn the_studio_shows_the_projects_tenants_until_it_is_interrupted() {
    let project = Project::set_up().await;
    project.run("create acme").succeeds();
    let running = project.command("studio --tenant acme --no-open").start();
    let url = running.first_line().await;
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    running.interrupt();
    running.finish().succeeds();
    project
        .run("studio --tenant nobody --no-open")
        .exits_with(2);
}

#[tokio::test]
async fn a_project_is_found_from_each_folder_in_it() {
    let project = Project::set_up().await;
    let created = project.command("create acme").within("src/handlers").run();
    created.succeeds();
    assert_eq!(project.tracked().await, ["acme"]);
}

#[tokio::test]
async fn the_folder_that_diesels_configuration_names_is_read() {
    let project = Project::set_up().await;
    let sql = "[migrations_directory]\ndir = \"db/per_tenant\"\n";
    project.file("diesel.tenant.toml", sql);
    let up = "db/per_tenant/2025-05-01-000000_notes/up.sql";
    project.file(up, "CREATE TABLE notes (id INT PRIMARY KEY);");
    project.run("create acme").succeeds();
    assert_eq!(project.applied("acme").await, ["20250501000000"]);
}

#[tokio::test]
async fn migrations_of_another_project_do_not_touch_the_tenants_of_this_one() {
    let project = Project::set_up().await;
    project.run("create acme").succeeds();
    let other = Project::new().await;
    std::fs::remove_dir_all(other.folder.path().join("migrations/tenant")).unwrap();
    other.tenant(
        "2025-07-01-000000_other",
        "CREATE TABLE other (id INT);",
        "",
    );
    let refused = other.command("migrate").on(&project.url()).run();
    refused.exits_with(1).says("belongs to another program");
    let emptied = Project::new().await;
    std::fs::remove_dir_all(emptied.folder.path().join("migrations/tenant")).unwrap();
    std::fs::create_dir_all(emptied.folder.path().join("migrations/tenant")).unwrap();
    let checked = emptied.command("health").on(&project.url()).run();
    checked.exits_with(1);
    assert_eq!(project.applied("acme").await, VERSIONS);
}

#[tokio::test]
async fn a_tenant_that_fails_is_exit_code_1_and_no_database_is_3() {
    let project = Project::set_up().await;
    project.run("create acme").succeeds();
    project.tenant("2025-04-01-000000_wrong", "SELECT FROM nowhere;", "");
    let failed = project.run("migrate").exits_with(1);
    failed.says("2025-04-01-000000_wrong").says("42P01");
    let unreachable = project.folder.command("tenants list");
    let unreachable = unreachable.on("postgres://localhost:1/none").run();
    unreachable.exits_with(3);
    let empty = Project::new().await;
    let refused = empty.run("list").exits_with(3);
    refused.says("hint: Apply the public migrations.\n      tenants migrate --public\n");
}

#[tokio::test]
async fn a_name_that_breaks_the_rule_is_refused_before_anything_is_made() {
    let project = Project::set_up().await;
    for line in [
        "create acme 2fast",
        "migrate --only 2fast",
        "drop 2fast --yes",
    ] {
        project.run(line).exits_with(2).says("it starts with '2'");
    }
    assert!(project.tracked().await.is_empty());
    assert!(project.schemas().await.is_empty());
}
