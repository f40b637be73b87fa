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
        .says("could not read the file")
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
            .says("a line is not of the form NAME=value\n  --> .env:")
            .says("Quote a value that has spaces")
            .conceals("ann")
            .conceals("words");
    }
    let refused = folder.run("list-tenants --json").exits_with(2);
    let refused = refused.conceals("ann").conceals("words");
    assert_eq!(refused.json()["error"]["file"], ".env", "{refused}");
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
    folder
        .run("list-tenants")
        .exits_with(2)
        .says("  --> .env:4\n");
}

/// Writes `.env` as bytes.
fn env_file(text: &[u8]) -> Folder {
    let folder = Folder::new();
    std::fs::write(folder.path().join(".env"), text).unwrap();
    folder
}

#[tokio::test]
async fn an_env_file_may_begin_with_a_byte_order_mark() {
    let database = Database::with_tenants("acme").await;
    let text = format!("\u{feff}DATABASE_URL={}\r\n", database.url());
    env_file(text.as_bytes())
        .run("list-tenants")
        .succeeds()
        .prints("acme");
}

#[test]
fn an_env_file_in_another_encoding_is_named_with_what_to_do() {
    let utf16 = "DATABASE_URL=postgres://ann:hush8puppy@db/shop\n".encode_utf16();
    let little = utf16.clone().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let big = utf16.flat_map(u16::to_be_bytes);
    let big = [0xFE, 0xFF].into_iter().chain(big).collect::<Vec<_>>();
    let marked = [&[0xFF, 0xFE], little.as_slice()].concat();
    for (text, expected) in [
        (marked.as_slice(), ".env is UTF-16"),
        (little.as_slice(), ".env is UTF-16"),
        (big.as_slice(), ".env is UTF-16"),
        (b"A=caf\xE9\n", ".env is not UTF-8"),
    ] {
        env_file(text)
            .run("list-tenants")
            .exits_with(2)
            .prints_nothing()
            .says(expected);
    }
}

#[test]
fn a_dollar_sign_that_stands_for_nothing_is_not_lost_silently() {
    let url = "postgres://ann:s3cr$et@127.0.0.1:1/shop";
    for value in [url.to_owned(), format!("\"{url}\"")] {
        env_file(format!("# Ours\nDATABASE_URL={value}\n").as_bytes())
            .run("list-tenants")
            .exits_with(2)
            .says("the value of DATABASE_URL has a `$` that names no variable\n  --> .env:2\n")
            .says("single quotes")
            .conceals("s3cr");
    }
    // What is quoted so, and what nobody here asks for, is left alone.
    env_file(format!("OTHER=a$b\nDATABASE_URL='{url}'\n").as_bytes())
        .run("list-tenants")
        .exits_with(3)
        .says("no PostgreSQL server answers at ann@127.0.0.1:1/shop");
}

#[tokio::test]
async fn a_value_may_name_variables_that_are_set() {
    let database = Database::with_tenants("acme").await;
    let (role, rest) = database
        .url()
        .split_once('@')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let text = format!("SERVER={rest}\nDATABASE_URL={role}@${{SERVER}}\n");
    env_file(text.as_bytes())
        .run("list-tenants")
        .succeeds()
        .prints("acme");
}

/// The folder of a server's socket, and the database, of a URL.
fn parts(url: &str) -> (String, String) {
    let (_, server) = url.split_once('@').unwrap();
    let (host, database) = server.split_once('/').unwrap();
    let folder = host.split(':').next().unwrap();
    (folder.replace("%2F", "/"), database.to_owned())
}

#[tokio::test]
async fn the_variables_of_libpq_name_a_database_and_it_is_said_which() {
    let database = Database::with_tenants("acme").await;
    let (host, name) = parts(&database.url());
    let folder = Folder::new();
    let command = folder
        .command("list-tenants")
        .env("PGHOST", &host)
        .env("PGUSER", "postgres")
        .env("PGDATABASE", &name);
    command.run().succeeds().prints("acme").says(&format!(
        "Using postgres@{host}/{name}, as PGDATABASE says."
    ));
    let command = folder
        .command("list-tenants")
        .env("PGHOST", &host)
        .env("PGUSER", "postgres");
    command
        .on(&format!("dbname={name}"))
        .run()
        .succeeds()
        .prints("acme");
}

#[tokio::test]
async fn a_url_counts_before_the_variables_of_libpq() {
    let (acme, beta) = two().await;
    let (host, name) = parts(&acme.url());
    let folder = Folder::new();
    folder.file(".env", &format!("DATABASE_URL={}\n", beta.url()));
    let command = folder
        .command("list-tenants")
        .env("PGHOST", &host)
        .env("PGDATABASE", &name);
    command.run().succeeds().says_nothing().prints("beta");
}

#[test]
fn a_host_alone_names_no_database() {
    let folder = Folder::new();
    let command = folder.command("list-tenants").env("PGHOST", "127.0.0.1");
    command.run().says("is not in a project").prints_nothing();
}

#[tokio::test]
async fn a_password_file_that_others_can_read_is_warned_of() {
    let database = Database::with_tenants("acme").await;
    let folder = Folder::new();
    folder.file(".pgpass", "*:*:*:*:hush8puppy\n");
    let home = folder.path().to_str().unwrap();
    let command = folder.command("list-tenants --quiet").env("HOME", home);
    command
        .on(&database.url())
        .run()
        .succeeds()
        .says(".pgpass was ignored: others can read it");
}

#[test]
fn an_option_of_another_tool_is_named_with_what_to_write() {
    let folder = Folder::new();
    let url = "postgres://ann:hush8puppy@db/shop?pgbouncer=true";
    let refused = folder.command("list-tenants").on(url).run();
    refused
        .exits_with(3)
        .says("`pgbouncer` is an option of Prisma; write `pooler=transaction`")
        .conceals("hush8puppy");
}
