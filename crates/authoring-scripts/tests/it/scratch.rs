//! Scratch databases: what is in them, and that nothing else is touched.

use authoring_commands::Stream;
use authoring_commands::scratch::Scratch;

use crate::support::Site;

async fn value(scratch: &Scratch, sql: &str) -> String {
    let client = scratch.client().await.unwrap();
    let row = client
        .query_one(&format!("SELECT ({sql})::text"), &[])
        .await;
    row.unwrap().get::<_, Option<String>>(0).unwrap_or_default()
}

const TABLES: &str = "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables \
                      WHERE schemaname = 'public'";

#[tokio::test]
async fn a_plain_connection_finds_the_tables_of_the_public_stream() {
    let site = Site::new().await;
    let scratch = site.scratch(Stream::Public).await;
    let tables = value(&scratch, TABLES).await;
    assert_eq!(
        tables,
        "__diesel_schema_migrations expected_shapes schema_tracker spare_schemas"
    );
    scratch.drop().await.unwrap();
    assert!(site.databases().await.is_empty());
}

#[tokio::test]
async fn a_plain_connection_finds_a_tenants_tables_and_its_ledger() {
    let site = Site::new().await;
    let scratch = site.scratch(Stream::Tenant).await;
    let tables = value(&scratch, TABLES).await;
    assert_eq!(tables, "__diesel_schema_migrations dummy_table");
    let ledger = "SELECT string_agg(version, ' ' ORDER BY version) FROM __diesel_schema_migrations";
    assert_eq!(
        value(&scratch, ledger).await,
        "20260101000000 20260102000000"
    );
    scratch.drop().await.unwrap();
    assert!(site.databases().await.is_empty());
}

#[tokio::test]
async fn a_tenants_table_may_refer_to_the_public_schema() {
    let site = Site::new().await;
    site.migration(
        Stream::Public,
        "2026-02-01-000000_plans",
        "CREATE TYPE public.plan_kind AS ENUM ('free', 'paid');\n\
         CREATE TABLE plans (id INT PRIMARY KEY, kind public.plan_kind NOT NULL);",
    );
    site.migration(
        Stream::Tenant,
        "2026-02-01-000000_subscriptions",
        "CREATE TABLE subscriptions (id INT PRIMARY KEY REFERENCES public.plans, \
         kind public.plan_kind NOT NULL);",
    );
    let scratch = site.scratch(Stream::Tenant).await;
    let referred = "SELECT confrelid::regclass FROM pg_constraint \
                    WHERE conrelid = 'subscriptions'::regclass AND contype = 'f'";
    assert_eq!(
        value(&scratch, referred).await,
        "diesel_tenants_public_aside.plans"
    );
}

#[tokio::test]
async fn a_scratch_database_goes_when_its_value_is_dropped() {
    let site = Site::new().await;
    let scratch = site.scratch(Stream::Public).await;
    let client = scratch.client().await.unwrap();
    assert_eq!(site.databases().await.len(), 1);
    drop(scratch);
    assert!(site.databases().await.is_empty());
    assert!(client.simple_query("SELECT 1").await.is_err());
}

/// Everything in a database that a careless command could change.
const CATALOG: &str = "
    SELECT 'schema ' || nspname || ' ' || coalesce(nspacl::text, '') FROM pg_namespace
    UNION ALL SELECT 'relation ' || oid::regclass || ' ' || relkind::text || ' ' || relfilenode
        FROM pg_class WHERE relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
    UNION ALL SELECT 'type ' || oid::regtype FROM pg_type
        WHERE typnamespace::regnamespace::text !~ '^(pg_|information_schema)'
    UNION ALL SELECT 'extension ' || extname || extversion FROM pg_extension
    UNION ALL SELECT 'column ' || attrelid::regclass || ' ' || attname || ' ' || atttypid
        FROM pg_attribute WHERE attrelid::regclass::text !~ '^(pg_|information_schema)'
    UNION ALL SELECT 'setting ' || setconfig::text FROM pg_db_role_setting \
        WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    ORDER BY 1";

#[tokio::test]
async fn the_database_beside_is_as_it_was() {
    let site = Site::new().await;
    site.database
        .execute(
            "CREATE TABLE schema_tracker (id INT); CREATE SCHEMA acme;\n\
             CREATE TABLE acme.dummy_table (old INT); INSERT INTO acme.dummy_table VALUES (1)",
        )
        .await;
    let before = site.database.column(CATALOG).await;
    site.run("print-schema").succeeds();
    let broken = "CREATE TABLE a (id INT); SELECT nonsense;";
    site.migration(Stream::Tenant, "2026-02-01-000000_broken", broken);
    site.run("print-schema").exits_with(1);
    assert_eq!(site.database.column(CATALOG).await, before);
    let rows = site
        .database
        .value("SELECT old FROM acme.dummy_table")
        .await;
    assert_eq!(rows, "1");
}

#[tokio::test]
async fn what_is_set_for_the_database_beside_holds_in_a_scratch_database_and_hinders_nothing() {
    let site = Site::new().await;
    let name = site.database.name();
    for setting in [
        "timezone = 'Asia/Tokyo'",
        "quote_all_identifiers = on",
        "my.flavour = 'sour'",
        "DateStyle = 'SQL, DMY'",
        "default_transaction_read_only = on",
        "statement_timeout = '500ms'",
    ] {
        let set = format!("BEGIN READ WRITE; ALTER DATABASE {name} SET {setting}; COMMIT");
        site.database.execute(&set).await;
    }
    site.migration(
        Stream::Tenant,
        "2026-02-01-000000_settings",
        "CREATE TABLE kept (flavour text DEFAULT current_setting('my.flavour'), \
             day date DEFAULT '01/02/2026', at timestamptz DEFAULT '2026-07-01 12:00'); \
         INSERT INTO kept DEFAULT VALUES; SELECT pg_sleep(0.7);",
    );
    let scratch = site.scratch(Stream::Tenant).await;
    let kept = "SELECT concat_ws(' ', flavour, to_char(day, 'YYYY-MM-DD'), extract(epoch FROM at)::int) FROM kept";
    assert_eq!(value(&scratch, kept).await, "sour 2026-02-01 1782907200");
    let day = "SELECT column_default FROM information_schema.columns WHERE column_name = 'day'";
    assert_eq!(value(&scratch, day).await, "'2026-02-01'::date");
    scratch.drop().await.unwrap();
    assert!(site.databases().await.is_empty());
}
