//! Migrations that run outside a transaction.

use tenant_core::{Consequence, Error, Settings, Status};
use test_support::TestDatabase;

use crate::fixture::{create, migrate, open, outcome, tenants, two_steps, version};

const INDEX: &str = "CREATE INDEX CONCURRENTLY by_title ON tasks (title);";

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_built_concurrently_in_many_tenants_at_once() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let names = (0..12).map(|n| format!("t{n:02}")).collect::<Vec<_>>();
    create(
        &tenants(&database, &stream).await,
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    )
    .await;
    let stream = stream
        .with("CREATE TABLE one (id int);")
        .outside(INDEX)
        .with("CREATE TABLE two (id int);");
    let report = migrate(&open(&database, &stream, Settings::default()).await).await;
    assert_eq!(report.count(Status::Migrated), 12, "{report:?}");
    assert_eq!(
        outcome(&report, "t05").applied,
        [version(3), version(4), version(5)]
    );
    let valid = "SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid::regclass::text LIKE '%by_title'";
    assert_eq!(database.value(valid).await, "12");
    assert_eq!(
        database
            .value("SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE locktype = 'advisory' AND datname = current_database()")
            .await,
        "0"
    );
}

#[tokio::test]
async fn a_failure_keeps_what_ran_before_and_says_so() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let stream = stream
        .with("CREATE TABLE one (id int);")
        .outside(&format!("{INDEX}\nVACUUM nothing;"));
    let new = open(&database, &stream, Settings::default()).await;
    let report = migrate(&new).await;
    let failed = outcome(&report, "acme");
    assert_eq!(
        (failed.status, failed.applied.as_slice()),
        (Status::Failed, &[version(3)][..])
    );
    let Some(Error::Migration(failure)) = &failed.error else {
        panic!("{failed:?}")
    };
    assert_eq!(
        (failure.line, failure.consequence),
        (2, Consequence::PartlyApplied)
    );
    assert_eq!(new.list().await.unwrap()[0].pending, 1);
}

#[tokio::test]
async fn the_next_tenant_on_the_connection_does_not_inherit_the_path() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["a", "b"]).await;
    let stream = stream.outside("CREATE TABLE here (id int);");
    let new = open(&database, &stream, Settings::default()).await;
    assert_eq!(migrate(&new).await.count(Status::Migrated), 2);
    let homes =
        "SELECT relnamespace::regnamespace::text FROM pg_class WHERE relname = 'here' ORDER BY 1";
    assert_eq!(database.column(homes).await, ["a", "b"]);
}
