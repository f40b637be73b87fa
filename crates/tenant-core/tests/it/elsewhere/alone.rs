//! What belongs to the database, where the tenant's schema is alone in the path.

use tenant_core::{Error, Settings, Status};
use test_support::TestDatabase;

use crate::fixture::{self, Stream, chain, create, migrate, name, outcome};

#[tokio::test]
async fn an_extension_is_made_by_no_tenant_when_the_schema_is_alone_either() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with("CREATE TABLE tasks (id int)");
    let tenants = fixture::tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let count = "SELECT count(*)::text FROM pg_extension";
    let before = database.value(count).await;
    for text in [
        "CREATE EXTENSION pgcrypto",
        "CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA public",
        "DO $$ BEGIN CREATE EXTENSION pgcrypto; END $$",
        "SAVEPOINT a; CREATE EXTENSION pgcrypto; RELEASE a",
        "DO $$ BEGIN ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC; END $$",
        "DROP EXTENSION plpgsql",
    ] {
        let stream = Stream::new().with("CREATE TABLE tasks (id int)").with(text);
        let tenants = fixture::open(&database, &stream, Settings::default()).await;
        let report = migrate(&tenants).await;
        let error = outcome(&report, "acme").error.as_ref().unwrap();
        let is_refused = matches!(error, Error::ChangedElsewhere { line: Some(1), .. });
        assert!(is_refused, "{text}: {}", chain(error));
        assert_eq!(database.value(count).await, before, "{text}");
        let new = tenants.create(&name("newer")).await.unwrap_err();
        assert!(matches!(new, Error::ChangedElsewhere { .. }), "{text}");
    }
    database.execute("CREATE EXTENSION pgcrypto").await;
    let text = "CREATE EXTENSION IF NOT EXISTS pgcrypto; CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA public";
    let stream = Stream::new().with("CREATE TABLE tasks (id int)").with(text);
    let tenants = fixture::open(&database, &stream, Settings::default()).await;
    let report = migrate(&tenants).await;
    assert_eq!(outcome(&report, "acme").status, Status::Migrated);
    create(&tenants, &["newer"]).await;
}

#[tokio::test]
async fn an_extension_is_made_beside_a_statement_outside_a_transaction_neither() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with("CREATE TABLE tasks (id int)");
    create(&fixture::tenants(&database, &stream).await, &["acme"]).await;
    let stream = stream.outside(
        "CREATE EXTENSION IF NOT EXISTS pgcrypto; CREATE INDEX CONCURRENTLY ON tasks (id)",
    );
    let tenants = fixture::open(&database, &stream, Settings::default()).await;
    let report = migrate(&tenants).await;
    let error = outcome(&report, "acme").error.as_ref().unwrap();
    assert!(matches!(error, Error::ChangedElsewhere { .. }), "{error:?}");
    let count = "SELECT count(*) FROM pg_extension WHERE extname = 'pgcrypto'";
    assert_eq!(database.value(count).await, "0");
}

#[tokio::test]
async fn default_privileges_of_the_database_are_refused_before_anything_runs() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE t (id int);\nALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
    );
    let tenants = fixture::tenants(&database, &stream).await;
    let error = tenants.create(&name("acme")).await.unwrap_err();
    let said = chain(&error);
    assert!(
        said.contains("cannot run: without IN SCHEMA") && said.contains("line 2"),
        "{said}"
    );
}
