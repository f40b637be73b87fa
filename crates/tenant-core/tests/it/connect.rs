//! Connections that cannot be made, and what is said of them.

use std::time::Duration;

use tenant_core::{ConnectError, Database, Error, Migrations, Settings, Tenants};
use test_support::own_server;

use crate::fixture::Stream;

/// Why there is no connection, which is the same for one to a pooler.
async fn refused(url: &str) -> (ConnectError, String) {
    let (error, pooled) = match Database::parse(url) {
        Ok(database) => {
            let error = database.connect().await.err().unwrap();
            (error, database.behind_pooler().connect().await.err())
        }
        Err(error) => (error, None),
    };
    let text = crate::fixture::chain(&error);
    if let Some(pooled) = pooled {
        // Where a socket is looked for, the driver adds words of its own.
        let cause = text.rsplit(": ").next().unwrap();
        let said = crate::fixture::chain(&pooled);
        assert!(said.ends_with(cause), "{said} instead of {text}");
        let kind = std::mem::discriminant(&pooled);
        assert_eq!(kind, std::mem::discriminant(&error), "{said}");
    }
    assert!(
        !text.contains("s3cret") && !format!("{error:?}").contains("s3cret"),
        "{error:?}"
    );
    (error, text)
}

#[tokio::test]
async fn nobody_there() {
    let (error, text) = refused("postgres://ann:s3cret@127.0.0.1:1/shop").await;
    assert!(matches!(error, ConnectError::NoServer { .. }), "{text}");
    assert!(
        text.starts_with("no PostgreSQL server answers at ann@127.0.0.1:1/shop: "),
        "{text}"
    );
    let (error, text) = refused("postgres://ann:s3cret@%2Fnowhere/shop").await;
    assert!(matches!(error, ConnectError::NoServer { .. }), "{text}");
}

#[tokio::test]
async fn a_wrong_password_a_missing_one_and_a_missing_database() {
    let server = own_server()
        .tcp()
        .hba("local all all trust")
        .hba("host all all 127.0.0.1/32 scram-sha-256")
        .start()
        .unwrap();
    let (client, connection) =
        tokio_postgres::connect(&server.url("postgres"), tokio_postgres::NoTls)
            .await
            .unwrap();
    let connection = tokio::spawn(connection);
    client
        .batch_execute("CREATE ROLE ann LOGIN PASSWORD 'right'")
        .await
        .unwrap();
    let port = server.tcp_port().unwrap();

    let (error, text) = refused(&format!("postgres://ann:s3cret@127.0.0.1:{port}/postgres")).await;
    assert!(matches!(error, ConnectError::Login { .. }), "{text}");
    assert!(text.contains("(SQLSTATE 28P01)"), "{text}");
    let (error, text) = refused(&format!("postgres://ann@127.0.0.1:{port}/postgres")).await;
    assert!(matches!(error, ConnectError::Login { .. }), "{text}");
    assert!(text.contains("password missing"), "{text}");
    let (error, text) = refused(&format!("postgres://ann:right@127.0.0.1:{port}/nothing")).await;
    assert!(matches!(error, ConnectError::NoDatabase { .. }), "{text}");
    Database::parse(&format!("postgres://ann:right@127.0.0.1:{port}/postgres"))
        .unwrap()
        .connect()
        .await
        .unwrap();
    connection.abort();
}

#[tokio::test]
async fn a_url_with_a_port_that_is_none_is_refused_without_its_password() {
    let (error, text) = refused("postgres://ann:s3cret@h:port/shop").await;
    assert!(matches!(error, ConnectError::Url { .. }), "{text}");
}

#[tokio::test]
async fn the_reason_reaches_whoever_opens_the_tenants_and_at_once() {
    let database = Database::parse("postgres://ann:s3cret@127.0.0.1:1/shop").unwrap();
    let migrations = Migrations {
        public: Stream::new().set(),
        tenant: Stream::new().set(),
    };
    let opened = Tenants::open(database, migrations, Settings::default());
    let opened = tokio::time::timeout(Duration::from_secs(10), opened)
        .await
        .unwrap();
    let error = opened.err().unwrap();
    assert!(
        matches!(error, Error::Connect(ConnectError::NoServer { .. })),
        "{error}"
    );
}
