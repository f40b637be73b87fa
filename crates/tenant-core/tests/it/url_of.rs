//! A URL for one tenant, in the hands of other programs.

use std::process::Command;

use diesel_async::{AsyncConnection, AsyncPgConnection};
use tenant_core::{ConnectError, Error, ExtensionsSchema, Settings};
use test_support::{PgBouncer, TestDatabase};

use crate::fixture::{create, name, open_at, tenants, two_steps};

const PATH: &str = "SELECT current_setting('search_path')";

/// What `psql` prints.
fn psql(url: &str, sql: &str) -> String {
    let done = Command::new("psql")
        .args(["-XAtd", url, "-c", sql])
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

#[derive(diesel::QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

#[tokio::test]
async fn other_programs_find_the_tenants_tables_by_it() {
    let database = TestDatabase::new().await;
    let odd = "My \\ \"Ext\", d-é'$%";
    let quoted = tenant_core::quote_ident(odd);
    database.execute(&format!("CREATE SCHEMA {quoted}")).await;
    let settings = Settings {
        extensions: Some(ExtensionsSchema::new(odd)),
        ..Settings::default()
    };
    let given = format!(
        "{}?options=-c%20geqo%3Doff%20--search_path%3D%22Abc%22,Def",
        database.url()
    );
    let tenants = open_at(&given, &two_steps(), settings).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme"]).await;
    let url = tenants.url_of(&name("acme")).await.unwrap();
    let path = format!("\"acme\", {quoted}");
    assert_eq!(psql(&url, PATH), path);
    assert_eq!(psql(&url, "SHOW geqo"), "off");
    assert_eq!(psql(&url, "SELECT count(*) FROM tasks"), "0");
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let row = client.query_one(PATH, &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), path);
    let mut diesel = AsyncPgConnection::establish(&url).await.unwrap();
    let query = diesel::sql_query("SELECT current_schema()::text AS text");
    let row: Text = diesel_async::RunQueryDsl::get_result(query, &mut diesel)
        .await
        .unwrap();
    assert_eq!(row.text, "acme");
}

#[tokio::test]
async fn the_password_is_in_it_when_it_is_asked_for_only() {
    let database = TestDatabase::new().await;
    let direct = tenants(&database, &two_steps()).await;
    create(&direct, &["acme"]).await;
    let (scheme, rest) = database
        .url()
        .split_once("://")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let (role, server) = rest.split_once('@').unwrap();
    let url = format!("{scheme}://{role}:s3cr%24%20t@{server}");
    let tenants = open_at(&url, &two_steps(), Settings::default()).await;
    let acme = name("acme");
    let without = tenants.url_of(&acme).await.unwrap();
    assert!(!without.contains("s3cr"), "{without}");
    let with = tenants.url_of(&acme).with_password().await.unwrap();
    assert!(with.contains(":s3cr%24%20t@"), "{with}");
    assert_eq!(psql(&with, PATH), "\"acme\"");
}

#[tokio::test]
async fn there_is_none_for_a_tenant_that_is_not_there() {
    let database = TestDatabase::new().await;
    let tenants = open_at(&database.url(), &two_steps(), Settings::default()).await;
    let acme = name("acme");
    let error = tenants.url_of(&acme).await.unwrap_err();
    assert!(matches!(error, Error::NotSetUp { .. }), "{error:?}");
    tenants.migrate_public().await.unwrap();
    let error = tenants.url_of(&acme).await.unwrap_err();
    assert!(matches!(error, Error::Unknown(_)), "{error:?}");
    create(&tenants, &["acme"]).await;
    database.execute("DROP SCHEMA acme CASCADE").await;
    let error = tenants.url_of(&acme).await.unwrap_err();
    assert!(matches!(error, Error::MissingSchema(_)), "{error:?}");
}

#[tokio::test]
async fn a_pooler_keeps_no_path_and_there_is_no_url_through_one() {
    let database = TestDatabase::new().await;
    let direct = tenants(&database, &two_steps()).await;
    create(&direct, &["acme"]).await;
    let pooler = PgBouncer::start(&database, 1);
    for url in [pooler.url(), format!("{}?pooler=transaction", pooler.url())] {
        let tenants = open_at(&url, &two_steps(), Settings::default()).await;
        let error = tenants.url_of(&name("acme")).await.unwrap_err();
        let is_of_pooler = matches!(error, Error::Connect(ConnectError::PoolerHasNoPath { .. }));
        assert!(is_of_pooler, "{error:?}");
    }
}
