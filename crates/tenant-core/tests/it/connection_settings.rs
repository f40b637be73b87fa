//! Passwords, services and variables as users of libpq have them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use local_postgres::ThrowawayServer;
use tempfile::TempDir;
use tenant_core::{ConnectError, Database, LibpqDefaults};
use test_support::own_server;

use crate::fixture::chain;

/// A server that wants passwords: ann's by SCRAM, bob's by MD5.
async fn server() -> ThrowawayServer {
    let server = own_server()
        .tcp()
        .hba("local all all trust")
        .hba("host all bob 127.0.0.1/32 md5")
        .hba("host all all 127.0.0.1/32 scram-sha-256")
        .start()
        .unwrap();
    let client = Database::parse(&server.url("postgres")).unwrap();
    let client = client.driver().await.unwrap();
    let roles = "CREATE ROLE ann LOGIN PASSWORD 'a:n\\n'; \
                 SET password_encryption = 'md5'; CREATE ROLE bob LOGIN PASSWORD 'b$b'";
    client.batch_execute(roles).await.unwrap();
    server
}

fn private(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap();
    mode(file, 0o600);
}

fn mode(file: &Path, mode: u32) {
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn defaults(variables: &[(&str, &str)]) -> LibpqDefaults {
    let variables = variables.iter();
    LibpqDefaults::from_variables(
        variables.map(|(name, value)| (name.to_string(), value.to_string())),
    )
}

/// As whom one is logged in.
async fn role(database: &Database) -> Result<String, ConnectError> {
    let client = database.driver().await?;
    let row = client.query_one("SELECT current_user::text", &[]).await;
    Ok(row.unwrap().get(0))
}

#[tokio::test]
async fn a_password_is_found_in_the_password_file_by_host_port_database_and_role() {
    let server = server().await;
    let port = server.tcp_port().unwrap();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("passwords");
    let text =
        format!("other:*:*:*:x\n127.0.0.1:{port}:postgres:ann:a\\:n\\\\n\n*:*:*:bob:b$b\r\n");
    private(&file, &text);
    for name in ["ann", "bob"] {
        let url = format!(
            "postgres://{name}@127.0.0.1:{port}/postgres?passfile={}",
            file.display()
        );
        let database = Database::parse(&url).unwrap();
        for database in [database.clone(), database.behind_pooler()] {
            assert_eq!(role(&database).await.unwrap(), name);
        }
    }
    let url = format!(
        "postgres://ann@127.0.0.1:{port}/other?passfile={}",
        file.display()
    );
    let error = role(&Database::parse(&url).unwrap()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Login { .. }), "{error}");
}

#[tokio::test]
async fn a_password_file_that_others_can_read_is_ignored_with_a_warning() {
    let server = server().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(".pgpass");
    private(&file, "*:*:*:*:b$b\n");
    mode(&file, 0o640);
    let home = folder.path().to_str().unwrap();
    let url = format!(
        "postgres://bob@127.0.0.1:{}/postgres",
        server.tcp_port().unwrap()
    );
    let open = || Database::with_libpq_defaults(&url, &defaults(&[("HOME", home)])).unwrap();
    let warnings = open().warnings().join("; ");
    let expected = ".pgpass was ignored: others can read it";
    assert!(warnings.contains(expected), "{warnings}");
    let error = role(&open()).await.unwrap_err();
    assert!(chain(&error).contains("password missing"), "{error}");
    mode(&file, 0o600);
    assert!(open().warnings().is_empty());
    assert_eq!(role(&open()).await.unwrap(), "bob");
}

#[tokio::test]
async fn variables_say_what_the_url_leaves_out_and_nothing_else() {
    let server = server().await;
    let port = server.tcp_port().unwrap().to_string();
    let all = [
        ("PGHOST", "127.0.0.1"),
        ("PGPORT", &port),
        ("PGUSER", "bob"),
        ("PGPASSWORD", "b$b"),
        ("PGDATABASE", "postgres"),
        ("PGAPPNAME", "shop"),
        ("PGOPTIONS", "-c geqo=off"),
        ("PGCONNECT_TIMEOUT", "5"),
        ("NOTHING", "x"),
    ];
    for url in ["postgres://", "postgres://bob@/postgres", "dbname=postgres"] {
        let database = Database::with_libpq_defaults(url, &defaults(&all)).unwrap();
        let shown = format!("bob@127.0.0.1:{port}/postgres");
        assert_eq!(database.to_string(), shown, "{url}");
        let client = database.driver().await.unwrap();
        let row = "SELECT current_setting('application_name') || ' ' || current_setting('geqo')";
        let row = client.query_one(row, &[]).await.unwrap();
        assert_eq!(row.get::<_, &str>(0), "shop off");
    }
    let url = format!("postgres://ann:a%3An%5Cn@127.0.0.1:{port}/postgres");
    let database = Database::with_libpq_defaults(&url, &defaults(&all)).unwrap();
    assert_eq!(role(&database).await.unwrap(), "ann");
    let shown = format!("{:?} {:?}", defaults(&all), database);
    assert!(!shown.contains("b$b"), "{shown}");
}

#[tokio::test]
async fn a_service_counts_before_the_variables_and_after_the_url() {
    let server = server().await;
    let port = server.tcp_port().unwrap();
    let folder = TempDir::new().unwrap();
    let home = folder.path().to_str().unwrap();
    let text =
        format!("[shop]\nhost=127.0.0.1\nport={port}\nuser=bob\ndbname=postgres\npassword=b$b\n");
    private(&folder.path().join(".pg_service.conf"), &text);
    let variables = [
        ("HOME", home),
        ("PGSERVICE", "shop"),
        ("PGUSER", "x"),
        ("PGPORT", "1"),
    ];
    let database = Database::with_libpq_defaults("postgres://", &defaults(&variables)).unwrap();
    assert_eq!(role(&database).await.unwrap(), "bob");
    for url in ["service=shop", "postgres://?service=shop"] {
        let database = Database::with_libpq_defaults(url, &defaults(&[("HOME", home)])).unwrap();
        assert_eq!(role(&database).await.unwrap(), "bob", "{url}");
    }
    let url = "postgres://ann:a%3An%5Cn@/?service=shop";
    let database = Database::with_libpq_defaults(url, &defaults(&variables)).unwrap();
    assert_eq!(role(&database).await.unwrap(), "ann");
    let error = Database::with_libpq_defaults("service=none", &defaults(&variables)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the service that it names is not in"),
        "{error}"
    );
    let wrong = defaults(&[("HOME", home), ("PGSERVICE", "shop_eu")]);
    let error = Database::with_libpq_defaults("postgres://", &wrong).unwrap_err();
    let said = "cannot use PGSERVICE: the service that it names is not in ";
    assert!(error.to_string().starts_with(said), "{error}");
}

#[tokio::test]
async fn a_completed_url_works_without_the_files_and_variables() {
    let server = server().await;
    let port = server.tcp_port().unwrap();
    let folder = TempDir::new().unwrap();
    private(&folder.path().join(".pgpass"), "*:*:*:ann:a\\:n\\\\n\n");
    let defaults = defaults(&[
        ("HOME", folder.path().to_str().unwrap()),
        ("PGSSLMODE", "disable"),
    ]);
    let given = format!("host=127.0.0.1 port={port} user=ann dbname=postgres");
    let url = defaults.complete(&given).unwrap();
    let expected = format!("postgresql://ann:a%3An%5Cn@127.0.0.1:{port}/postgres?sslmode=disable");
    assert_eq!(url, expected);
    drop(folder);
    assert_eq!(role(&Database::parse(&url).unwrap()).await.unwrap(), "ann");
    let connected = tokio_postgres::connect(&url, tokio_postgres::NoTls).await;
    drop(connected.unwrap());
}

#[test]
fn a_url_that_says_everything_stays_as_it_is() {
    let url = "postgres://ann:b@h:1/d?sslmode=disable&application_name=a";
    assert_eq!(LibpqDefaults::default().complete(url).unwrap(), url);
}

#[test]
fn a_variable_that_means_nothing_is_named_without_its_value() {
    for (name, value) in [
        ("PGSSLMODE", "s3cret"),
        ("PGPORT", "s3cret"),
        ("PGREQUIREAUTH", "s3cret"),
    ] {
        let done = Database::with_libpq_defaults("postgres://h/d", &defaults(&[(name, value)]));
        let text = done.unwrap_err().to_string();
        assert!(text.contains(name) && !text.contains("s3cret"), "{text}");
    }
}
