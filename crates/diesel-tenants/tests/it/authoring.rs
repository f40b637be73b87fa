//! Writing migrations, and checking them, in a project that is not this repository.

use crate::support::{Project, SCHEMA, repository};

#[tokio::test]
async fn an_edited_schema_becomes_a_migration_that_is_applied() {
    let project = Project::set_up().await;
    project.run("create acme").succeeds();
    let agree = project.run("schema --check").succeeds();
    assert_eq!(
        agree.stdout, "src/schema.rs matches the tenant migrations.\n",
        "{agree}"
    );
    let edited = SCHEMA.replace(
        "title -> Text,",
        "title -> Text,\n        color -> Nullable<Text>,",
    );
    project.file("src/schema.rs", &edited);
    let differs = project.run("schema --check").exits_with(1);
    differs.prints("\n      tenants generate --stream tenant\n");
    let written = project.run("generate add_color").succeeds();
    written
        .prints("Wrote migrations/tenant/")
        .says("then apply it.\n      tenants migrate\n");
    // Wherever in the project one is.
    let within = |line: &str| project.command(line).within("src/handlers").run();
    within("schema --check").succeeds();
    within("lint").succeeds();
    assert!(!project.has("src/handlers/src"));
    project.run("migrate").succeeds().prints("1 migrated");
    project.execute("SELECT color FROM acme.boards").await;
    project.run("health").succeeds();
    assert!(!project.has("crates"));
    assert!(!project.has("src/schema_public.rs"));
}

#[tokio::test]
async fn public_tables_of_the_project_are_told_apart_from_those_of_the_list_of_tenants() {
    let project = Project::new().await;
    project.public(
        "2025-01-01-000000_organizations",
        "CREATE TABLE organizations (id INT PRIMARY KEY);",
    );
    project.run("migrate --public").succeeds();
    project.file(
        "src/schema_public.rs",
        "diesel::table! {\n    organizations (id) {\n        id -> Int4,\n    }\n}\n",
    );
    project.run("schema --check").succeeds();
    let generated = project.run("generate --stream public").succeeds();
    generated.prints("src/schema_public.rs matches the public migrations.");
    // What uses the list of tenants has it in its file.
    project.public(
        "2025-02-01-000000_members",
        "ALTER TABLE organizations ADD COLUMN name TEXT;",
    );
    project
        .run("schema --check")
        .exits_with(1)
        .prints("organizations");
    let edited = "diesel::table! {\n    organizations (id) {\n        id -> Int4,\n        \
                  name -> Nullable<Text>,\n        slug -> Nullable<Text>,\n    }\n}\n";
    project.file("src/schema_public.rs", edited);
    let generated = project.run("generate add_slug --stream public").succeeds();
    generated.says("then apply it.\n      tenants migrate --public\n");
    project.run("migrate --public").succeeds();
    project.execute("SELECT slug FROM organizations").await;
}

#[tokio::test]
async fn public_migrations_without_a_file_of_public_tables_are_in_nobodys_way() {
    let project = Project::new().await;
    project.public(
        "2025-01-01-000000_organizations",
        "CREATE TABLE organizations (id INT PRIMARY KEY);",
    );
    let agree = project.run("schema --check").succeeds();
    agree
        .says("note: skipped the public stream: src/schema_public.rs does not exist")
        .prints("src/schema.rs matches the tenant migrations.");
    let none = project.run("generate").succeeds();
    none.prints("src/schema.rs matches the tenant migrations.");
    let asked = project.run("schema --check --stream public").exits_with(2);
    asked.says("could not read src/schema_public.rs");
}

#[tokio::test]
async fn two_streams_with_one_schema_file_are_refused() {
    let project = Project::new().await;
    let config = "[print_schema]\nfile = \"src/schema.rs\"\n";
    project.file("diesel.public.toml", config);
    for line in ["schema --check", "schema", "generate"] {
        let refused = project.run(line).exits_with(2);
        refused.says("both streams use src/schema.rs");
    }
    assert_eq!(project.text("src/schema.rs"), SCHEMA);
}

#[tokio::test]
async fn a_schema_file_that_nobody_has_named_keeps_tables_that_are_not_the_tenants() {
    let project = Project::new().await;
    std::fs::remove_file(project.folder.path().join("diesel.toml")).unwrap();
    let users = "diesel::table! {\n    users (id) {\n        id -> Int4,\n    }\n}\n";
    let mixed = format!("{users}{SCHEMA}");
    project.file("src/schema.rs", &mixed);
    project.file("printed.rs", SCHEMA);
    let path = std::env::var("PATH").unwrap();
    let diesel = repository().join("crates/authoring-scripts/tests/fake-diesel");
    let print = |line: &str| {
        let command = project.command(line).env("FAKE_DIESEL", "print");
        let printed = project.folder.path().join("printed.rs");
        let command = command.env("FAKE_DIESEL_TEXT", printed.to_str().unwrap());
        command
            .env("PATH", format!("{}:{path}", diesel.display()))
            .run()
    };
    let refused = print("schema").exits_with(2);
    refused
        .says("src/schema.rs was not replaced")
        .says("users")
        .says("--stream tenant --schema-file src/schema.rs");
    assert_eq!(project.text("src/schema.rs"), mixed);
    print("schema --stream tenant --schema-file src/schema.rs").succeeds();
    assert_eq!(project.text("src/schema.rs"), SCHEMA);
}

#[tokio::test]
async fn rules_for_migrations_are_asked_without_a_public_folder() {
    let project = Project::new().await;
    project
        .run("lint")
        .succeeds()
        .prints("Checked 2 migrations: no findings.");
    project.tenant(
        "2025-04-01-000000_wrong",
        "CREATE TABLE public.x (id INT);",
        "DROP TABLE x;",
    );
    let found = project.run("lint").exits_with(1);
    found.prints("migrations/tenant/2025-04-01-000000_wrong/up.sql:1:");
    let public = project.run("lint --stream public").exits_with(2);
    public.says("the folder migrations/public of the public migrations does not exist");
}
