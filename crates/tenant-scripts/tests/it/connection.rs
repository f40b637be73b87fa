//! No connection: exit code 3, the reason, what to do, and never a password.

use std::net::TcpListener;

use test_support::own_server;
use tokio_postgres::NoTls;

use crate::support::{Database, Finished, Folder};

/// Every command that needs a database.
const COMMANDS: [&str; 14] = [
    "adopt-tenant acme",
    "clone-tenant acme globex",
    "create-tenant acme",
    "demo-tenant-schema",
    "diff-tenants acme globex",
    "drop-tenant acme --yes",
    "health-check",
    "list-tenants",
    "migrate-public",
    "migrate-tenants",
    "rename-tenant acme globex",
    "repair-tenant acme",
    "rollback-tenants --steps 1 --yes",
    "tenant-url acme",
];

const PASSWORD: &str = "hush8puppy";

/// The ways to run a command that must all keep a secret.
const WAYS: [&str; 3] = ["", " --json", " --verbose"];

/// Runs it plainly, with `--json` and with `--verbose`; what it did each time.
/// It must exit with 3, and keep the password to itself.
fn refused(command: &str, url: &str) -> [Finished; 3] {
    WAYS.map(|way| {
        let folder = Folder::new();
        let refused = folder.command(&format!("{command}{way}")).on(url).run();
        refused.exits_with(3).conceals(PASSWORD)
    })
}

/// The same with a message and a cure, in all three ways.
fn is_refused(command: &str, url: &str, message: &str, cure: &str) {
    for refused in refused(command, url) {
        assert!(
            refused.stderr.contains(message),
            "not said: {message}\n{refused}"
        );
        assert!(refused.stderr.contains(cure), "not said: {cure}\n{refused}");
        if !refused.stdout.is_empty() {
            let error = &refused.json()["error"];
            assert!(refused.error_message().contains(message), "{refused}");
            assert!(error["hint"].as_str().unwrap().contains(cure), "{refused}");
        }
    }
}

/// A port where nobody listens.
fn closed_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn a_port_where_nobody_listens_is_named_by_every_command() {
    let port = closed_port();
    let url = format!("postgres://ann:{PASSWORD}@127.0.0.1:{port}/shop");
    let message = format!("no PostgreSQL server answers at ann@127.0.0.1:{port}/shop");
    for command in COMMANDS {
        is_refused(
            command,
            &url,
            &message,
            "Start the server, or correct the host and port",
        );
    }
    let folder = Folder::new();
    let command = folder.command("list-tenants").on(&url);
    command.run().prints_nothing().says("Connection refused");
}

#[test]
fn a_folder_without_a_socket_is_named() {
    let folder = Folder::new();
    let socket = folder.path().join("nobody");
    let url = format!(
        "postgres://ann:{PASSWORD}@{}/shop",
        socket.display().to_string().replace('/', "%2F")
    );
    let message = format!(
        "no PostgreSQL server answers at ann@{}/shop",
        socket.display()
    );
    is_refused("list-tenants", &url, &message, "Start the server");
}

#[test]
fn a_host_that_does_not_exist_is_named() {
    let url = format!("postgres://ann:{PASSWORD}@db.invalid/shop");
    let message = "no PostgreSQL server answers at ann@db.invalid:5432/shop";
    is_refused("list-tenants", &url, message, "correct the host and port");
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_shown_to_nobody() {
    let server = own_server()
        .tcp()
        .hba("local all all trust")
        .hba("host all all 127.0.0.1/32 scram-sha-256")
        .start()
        .unwrap();
    let (client, connection) = tokio_postgres::connect(&server.url("postgres"), NoTls)
        .await
        .unwrap();
    drop(tokio::spawn(connection));
    client
        .batch_execute("CREATE ROLE ann LOGIN PASSWORD 'the right one'")
        .await
        .unwrap();
    let port = server.tcp_port().unwrap();
    let url = |password: &str| format!("postgres://ann{password}@127.0.0.1:{port}/postgres");
    let message = format!("the server refused the login as ann@127.0.0.1:{port}/postgres");
    let cure = "Correct the role and password in --database-url, DATABASE_URL or .env";
    for command in COMMANDS {
        is_refused(command, &url(&format!(":{PASSWORD}")), &message, cure);
    }
    for refused in refused("list-tenants", &url(&format!(":{PASSWORD}"))) {
        refused.says("password authentication failed for user \"ann\" (SQLSTATE 28P01)");
    }
    is_refused("list-tenants", &url(""), &message, cure);

    // With the right one, only the tracker is missing.
    let folder = Folder::new();
    let command = folder
        .command("list-tenants --verbose")
        .on(&url(":the%20right%20one"));
    command
        .run()
        .exits_with(3)
        .says("not set up")
        .conceals("the right one");
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_named() {
    let database = Database::empty().await;
    let url = database.url().replace(database.name(), "no_such_database");
    let cure = "Create the database, or correct its name";
    let message = "no_such_database does not exist";
    is_refused("list-tenants", &url, message, cure);
    let folder = Folder::new();
    let command = folder.command("list-tenants --json").on(&url);
    assert_eq!(command.run().json()["error"]["sqlstate"], "3D000");
}

#[test]
fn an_address_that_is_no_url_of_postgresql_is_refused_with_its_form() {
    let cure = "Write it as postgres://ROLE:PASSWORD@HOST:PORT/DATABASE";
    for (url, reason) in [
        (
            "mysql://ann:PW@db/shop",
            "it must start with `postgres://` or `postgresql://`",
        ),
        (
            "ann:PW@db/shop",
            "it must start with `postgres://` or `postgresql://`",
        ),
        (
            "postgres://ann:PW@db:54x/shop",
            "its port must be a number from 1 to 65535",
        ),
        (
            "postgres://ann:PW@h,i/shop?port=1,2,3",
            "it has more or fewer ports than hosts",
        ),
        (
            "postgres://ann@db/shop?passwrd=PW",
            "it has no option `passwrd`",
        ),
        (
            "postgres://ann:PW@db/shop?sslmode=always",
            "its sslmode must be one of disable",
        ),
        ("", "it must start with"),
    ] {
        let url = url.replace("PW", PASSWORD);
        let message = format!("cannot use the database URL: {reason}");
        is_refused("list-tenants", &url, &message, cure);
    }
}

#[test]
fn a_password_with_unescaped_characters_is_not_shown_either() {
    let port = closed_port();
    for mark in ["/", "#", "?", "%", ":", "["] {
        let url = format!("postgres://ann:ab{mark}{PASSWORD}@127.0.0.1:{port}/shop");
        refused("list-tenants", &url);
    }
    let url = format!("postgres://ann@127.0.0.1:{port}/shop?password={PASSWORD}");
    refused("list-tenants", &url);
}

#[test]
fn a_certificate_that_is_not_there_is_named() {
    let url = format!(
        "postgres://ann:{PASSWORD}@127.0.0.1/shop?sslmode=verify-full&sslrootcert=%2Fno%2Fca.pem"
    );
    let message = "could not use sslrootcert /no/ca.pem";
    is_refused("list-tenants", &url, message, "sslrootcert=FILE");
}

#[tokio::test]
async fn a_server_without_encryption_is_refused_when_it_is_required() {
    let server = own_server().tcp().start().unwrap();
    let port = server.tcp_port().unwrap();
    let url = format!("postgres://postgres:{PASSWORD}@127.0.0.1:{port}/postgres?sslmode=require");
    let message = format!("could not open a TLS connection to postgres@127.0.0.1:{port}/postgres");
    is_refused(
        "list-tenants",
        &url,
        &message,
        "Check sslmode and sslrootcert",
    );
}

#[tokio::test]
async fn a_role_without_rights_is_told_which_it_needs() {
    let database = Database::set_up().await;
    let role = database.role("unused").await;
    database
        .execute(&format!(
            "GRANT SELECT ON schema_tracker TO {}",
            role.name()
        ))
        .await;
    let command = database
        .folder
        .command("create-tenant acme")
        .on(&role.url());
    command
        .run()
        .exits_with(1)
        .says("permission denied for database")
        .says("(SQLSTATE 42501)")
        .says("New tenants need CREATE ON DATABASE");
    let command = database.folder.command("list-tenants").on(&role.url());
    command.run().succeeds();
}

#[test]
fn a_password_with_an_at_sign_is_not_shown() {
    let folder = Folder::new();
    let url = "postgres://ann:ab@hush8puppy@127.0.0.1:9/shop";
    folder
        .command("list-tenants")
        .on(url)
        .run()
        .exits_with(3)
        .conceals("hush8puppy");
}

#[test]
fn a_url_in_the_wrong_place_is_not_repeated() {
    let folder = Folder::new();
    for line in [
        "create-tenant postgres://ann:hush8puppy@db/shop",
        "list-tenants postgres://ann:hush8puppy@db/shop --json",
    ] {
        let refused = folder.run(line).exits_with(2).conceals("hush8puppy");
        refused.says("--database-url URL");
    }
}

#[tokio::test]
async fn a_server_without_a_free_connection_is_named_with_its_reason() {
    let database = Database::with_tenants("acme").await;
    let role = database.role("secret").await;
    let limit = format!("ALTER ROLE {} CONNECTION LIMIT 0", role.name());
    database.execute(&limit).await;
    for command in ["list-tenants", "migrate-tenants", "health-check"] {
        let refused = database.folder.command(command).on(&role.url()).run();
        refused
            .exits_with(3)
            .says("refused the connection")
            .says("too many connections for role")
            .says("SQLSTATE 53300");
    }
}
