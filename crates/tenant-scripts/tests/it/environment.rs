//! Which database is meant: the option, else the variable, else `.env`.

use crate::support::{Database, Folder};

/// Two databases, told apart by their only tenant.
async fn two() -> (Database, Database) {
    (
        Database::with_tenants("acme").await,
        Database::with_tenants("beta").await,
    )
}

#[tokio::test]
async fn the_url_in_the_env_file_of_the_current_folder_is_used() {
    let database = Database::with_tenants("acme").await;
    let folder = Folder::new();
    folder.file(
        ".env",
        &format!("# Ours\nDATABASE_URL=\"{}\"\n", database.url()),
    );
    folder.run("list-tenants").succeeds().prints("acme");
    let below = folder.command("list-tenants").within("crates/shop");
    below.run().succeeds().prints("acme");
}

#[tokio::test]
async fn an_env_file_may_end_its_lines_as_windows_does() {
    let database = Database::with_tenants("acme").await;
    for quote in ["", "\"", "'"] {
        let folder = Folder::new();
        let url = database.url();
        let text =
            format!("# Ours\r\n\r\nDATABASE_URL={quote}{url}{quote}\r\nTENANT_APP_ROLE=\r\n");
        folder.file(".env", &text);
        folder.run("list-tenants").succeeds().prints("acme");
    }
}

#[tokio::test]
async fn an_env_file_that_cannot_be_read_is_not_passed_over() {
    let database = Database::with_tenants("acme").await;
    let folder = Folder::new();
    folder.file(".env", &format!("DATABASE_URL={}\n", database.url()));
    std::fs::create_dir(folder.path().join("below")).unwrap();
    let below = folder.path().join("below/.env");
    // Not the one above, nor the project's own server.
    std::os::unix::fs::symlink("nowhere", &below).unwrap();
    let refused = folder.command("list-tenants").within("below").run();
    refused
        .exits_with(2)
        .prints_nothing()
        .says("below/.env cannot be read")
        .says("No such file or directory");
    std::fs::remove_file(&below).unwrap();
    // A folder of that name, as of a virtual environment, is none of ours.
    std::fs::create_dir(&below).unwrap();
    let found = folder.command("list-tenants").within("below").run();
    found.succeeds().prints("acme");
}

#[tokio::test]
async fn a_variable_counts_before_the_env_file() {
    let (acme, beta) = two().await;
    let folder = Folder::new();
    folder.file(".env", &format!("DATABASE_URL={}\n", acme.url()));
    let command = folder
        .command("list-tenants")
        .env("DATABASE_URL", beta.url());
    command.run().succeeds().prints("beta");
}

#[tokio::test]
async fn an_empty_variable_counts_as_none() {
    let database = Database::with_tenants("acme").await;
    let folder = Folder::new();
    folder.file(".env", "DATABASE_URL=\n");
    let command = folder.command("list-tenants").on(&database.url());
    command
        .env("DATABASE_URL", "")
        .run()
        .succeeds()
        .prints("acme");
}

#[tokio::test]
async fn the_option_counts_before_the_variable_and_the_env_file() {
    let (acme, beta) = two().await;
    let folder = Folder::new();
    folder.file(".env", &format!("DATABASE_URL={}\n", acme.url()));
    let command = folder
        .command("list-tenants")
        .env("DATABASE_URL", acme.url());
    command.on(&beta.url()).run().succeeds().prints("beta");
}

#[test]
fn an_env_file_that_cannot_be_read_is_an_error_that_does_not_quote_it() {
    let folder = Folder::new();
    folder.file(
        ".env",
        "# Ours\nPG_BIN=/opt/pg\n\nDATABASE_URL=postgres://ann:two words@db/shop\n",
    );
    for command in ["list-tenants", "list-tenants --verbose", "stop-server"] {
        folder
            .run(command)
            .exits_with(2)
            .prints_nothing()
            .says(".env is not of the form NAME=value")
            .says("put quotes around a value with spaces")
            .conceals("ann")
            .conceals("words");
    }
    let refused = folder.run("list-tenants --json").exits_with(2);
    let refused = refused.conceals("ann").conceals("words");
    assert!(refused.error_message().contains(".env"), "{refused}");
}

#[test]
fn an_env_file_with_a_broken_url_is_refused_without_the_password() {
    let folder = Folder::new();
    folder.file(".env", "DATABASE_URL=postgres://ann:hush8puppy@db:x/shop\n");
    for command in [
        "list-tenants",
        "list-tenants --verbose",
        "list-tenants --json",
    ] {
        folder
            .run(command)
            .exits_with(3)
            .says("its port must be a number from 1 to 65535")
            .conceals("hush8puppy");
    }
}

#[tokio::test]
async fn the_schema_with_extensions_comes_from_the_option_else_from_the_environment() {
    let database = Database::set_up().await;
    database
        .execute("CREATE SCHEMA shared; CREATE DOMAIN shared.money_amount AS NUMERIC(12, 2)")
        .await;
    let migrations = crate::support::Migrations::ours().tenant(
        "2026-02-01-000000_prices",
        "CREATE TABLE prices (amount money_amount NOT NULL);",
    );
    database
        .run_with(&migrations, "create-tenant acme")
        .exits_with(1)
        .says("type \"money_amount\" does not exist (SQLSTATE 42704)");
    database
        .run_with(&migrations, "create-tenant acme --extensions-schema shared")
        .succeeds();
    let command = database
        .command("create-tenant beta")
        .migrations(&migrations);
    command
        .env("TENANT_EXTENSIONS_SCHEMA", "shared")
        .run()
        .succeeds();
    database
        .run_with(&migrations, "health-check --extensions-schema shared")
        .succeeds();
}

#[test]
fn the_line_of_the_env_file_is_right() {
    let folder = Folder::new();
    folder.file(
        ".env",
        "# Ours\nPG_BIN=/opt/pg\n\nDATABASE_URL=postgres://ann:two words@db/shop\n",
    );
    folder.run("list-tenants").exits_with(2).says("line 4");
}
