//! Diesel's own tools and this library agree on what is applied.

use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::MigrationHarness;
use tenant_core::{Database, Status};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, migrate, outcome, tenants, two_steps, version};

/// Diesel's harness on a connection whose path is the tenant's, as one would
/// run the Diesel CLI on one tenant.
pub(crate) async fn harness(
    database: &TestDatabase,
    tenant: &str,
) -> AsyncMigrationHarness<AsyncPgConnection> {
    let mut connection = Database::parse(&database.url())
        .unwrap()
        .connect()
        .await
        .unwrap();
    connection
        .batch_execute(&format!("SET search_path TO {tenant}"))
        .await
        .unwrap();
    AsyncMigrationHarness::new(connection)
}

fn rich() -> Stream {
    two_steps()
        .with("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;")
        .outside("CREATE INDEX CONCURRENTLY ON tasks (title);")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_migrated_by_diesel_is_up_to_date_for_us() {
    let database = TestDatabase::new().await;
    let stream = rich();
    let tenants = tenants(&database, &stream).await;
    database
        .execute("CREATE SCHEMA acme; INSERT INTO schema_tracker (name) VALUES ('acme')")
        .await;
    let mut harness = harness(&database, "acme").await;
    harness.run_pending_migrations(stream.source()).unwrap();
    assert_eq!(
        outcome(&migrate(&tenants).await, "acme").status,
        Status::UpToDate
    );
    assert_eq!(tenants.list().await.unwrap()[0].version, Some(version(4)));
    assert!(tenants.health().await.unwrap().problems.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_migrated_by_us_is_up_to_date_for_diesel_which_can_revert_it() {
    let database = TestDatabase::new().await;
    let stream = rich();
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let mut harness = harness(&database, "acme").await;
    assert!(!harness.has_pending_migration(stream.source()).unwrap());
    assert_eq!(harness.applied_migrations().unwrap().len(), 4);
    harness.revert_last_migration(stream.source()).unwrap();
    assert_eq!(tenants.list().await.unwrap()[0].pending, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn our_table_of_applied_migrations_is_column_for_column_diesels() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["ours"]).await;
    database.execute("CREATE SCHEMA diesels").await;
    harness(&database, "diesels")
        .await
        .run_pending_migrations(stream.source())
        .unwrap();
    let columns = |schema: &str| {
        format!(
            "SELECT string_agg(format('%s %s %s %s', attname, format_type(atttypid, atttypmod), \
             attnotnull, pg_get_expr(adbin, adrelid)), ', ' ORDER BY attnum) FROM pg_attribute \
             LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum \
             WHERE attrelid = '{schema}.__diesel_schema_migrations'::regclass AND attnum > 0"
        )
    };
    let diesels = database.value(&columns("diesels")).await;
    assert!(
        diesels.starts_with("version character varying(50) t"),
        "{diesels}"
    );
    assert_eq!(database.value(&columns("ours")).await, diesels);
}
