//! The session that migrations run in is Diesel's, whatever the server, the role and the
//! database set.

use tenant_core::remedy::Advice;
use tenant_core::{Database, Error, ErrorKind, Settings, Status, Tenants};
use test_support::{PgBouncer, Role, TestDatabase};

use crate::fixture::{
    Stream, at, chain, create, migrate, name, open, open_at, rollback, tenants, two_steps,
};

/// Sets something for all who connect to the database from now on.
pub(crate) async fn set(database: &TestDatabase, setting: &str) {
    let name = database.name();
    database
        .execute(&format!(
            "BEGIN READ WRITE; ALTER DATABASE {name} SET {setting}; COMMIT"
        ))
        .await;
}

/// A role that owns what it creates, like an operator's, for whom all of `settings` are set.
pub(crate) async fn operator(database: &TestDatabase, settings: &[&str]) -> Role {
    let role = database.role("secret").await;
    let (name, shop) = (role.name(), database.name());
    database
        .execute(&format!(
            "GRANT CREATE ON DATABASE {shop} TO {name}; \
             GRANT USAGE, CREATE ON SCHEMA public TO {name}"
        ))
        .await;
    for setting in settings {
        database
            .execute(&format!("ALTER ROLE {name} SET {setting}"))
            .await;
    }
    role
}

pub(crate) async fn as_operator(role: &Role, stream: &Stream, settings: Settings) -> Tenants {
    let tenants = open_at(&role.url(), stream, settings).await;
    tenants.migrate_public().await.unwrap();
    tenants
}

/// Whether something has a meaning in each zone: a literal, a cast, a seed, a default, a
/// partition's bound, a check.
const ZONED: &str = "
    CREATE TABLE times (
        id int PRIMARY KEY,
        at timestamptz NOT NULL DEFAULT '2026-07-01 12:00',
        local timestamp,
        CHECK (at > '2000-01-01 00:00'));
    INSERT INTO times (id) VALUES (1);
    INSERT INTO times (id, at) SELECT 2, timestamp '2026-07-01 12:00';
    INSERT INTO times (id, at, local) VALUES (3, '2026-01-01', '2026-07-01 12:00');
    CREATE TABLE log (at timestamptz NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE log_july PARTITION OF log FOR VALUES FROM ('2026-07-01') TO ('2026-08-01');";

/// The same for rows that are there already.
const CONVERTED: &str =
    "ALTER TABLE times ALTER COLUMN local TYPE timestamptz; CREATE INDEX ON times (local);";

/// What all of it is in UTC.
async fn in_utc(database: &TestDatabase, tenant: &str) -> Vec<String> {
    let sql = format!(
        "SET timezone = 'UTC'; \
         SELECT concat_ws(' ', id, at, local) FROM {tenant}.times \
         UNION ALL SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef \
             WHERE adrelid = '{tenant}.times'::regclass \
         UNION ALL SELECT pg_get_expr(relpartbound, oid) FROM pg_class \
             WHERE oid = '{tenant}.log_july'::regclass ORDER BY 1"
    );
    database.column(&sql).await
}

const EXPECTED: [&str; 5] = [
    "'2026-07-01 12:00:00+00'::timestamp with time zone",
    "1 2026-07-01 12:00:00+00",
    "2 2026-07-01 12:00:00+00",
    "3 2026-01-01 00:00:00+00 2026-07-01 12:00:00+00",
    "FOR VALUES FROM ('2026-07-01 00:00:00+00') TO ('2026-08-01 00:00:00+00')",
];

#[tokio::test]
async fn migrations_run_in_utc_for_new_tenants_existing_ones_spares_and_clones() {
    let database = TestDatabase::new().await;
    set(&database, "timezone = 'Europe/Zurich'").await;
    let older = tenants(&database, &Stream::new().with(ZONED)).await;
    create(&older, &["existing"]).await;
    older.spares().keep(1).await.unwrap();

    let both = Stream::new().with(ZONED).with(CONVERTED);
    let newer = open(&database, &both, Settings::default()).await;
    assert_eq!(migrate(&newer).await.count(Status::Migrated), 1);
    assert!(newer.create(&name("spare")).await.unwrap().from_spare);
    create(&newer, &["fresh"]).await;
    newer
        .clone_tenant(&name("existing"), &name("copy"))
        .await
        .unwrap();
    for tenant in ["existing", "spare", "fresh", "copy"] {
        assert_eq!(in_utc(&database, tenant).await, EXPECTED, "{tenant}");
    }
    let health = newer.health().await.unwrap();
    assert!(health.is_healthy(), "{health:?}");
}

#[tokio::test]
async fn a_scratch_database_is_in_utc_and_has_the_settings_of_the_database() {
    let database = TestDatabase::new().await;
    set(&database, "timezone = 'Asia/Tokyo'").await;
    set(&database, "DateStyle = 'SQL, DMY'").await;
    set(&database, "\"my.Flavour\" = 'sour'").await;
    set(&database, "temp_tablespaces = ''").await;
    // The trial can't be one transaction, so a database of its own is used.
    let stream = Stream::new()
        .with("CREATE TYPE state AS ENUM ('open');")
        .outside("ALTER TYPE state ADD VALUE 'done';")
        .with(
            "CREATE TABLE days (state state DEFAULT 'done', day date DEFAULT '01/02/2026', \
                 at timestamptz DEFAULT '2026-07-01 12:00'); \
             DO $$ BEGIN EXECUTE pg_catalog.format('ALTER TABLE days ADD %I int', \
                 pg_catalog.current_setting('my.flavour')); END $$;",
        );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let health = tenants.health().await.unwrap();
    assert!(health.is_healthy(), "{health:?}");
    assert_eq!(health.as_expected, Some(1));
    let day = database
        .value("SELECT column_default FROM information_schema.columns WHERE table_schema = 'acme' AND column_name = 'day'")
        .await;
    assert_eq!(day, "'01/02/2026'::date", "the first of February");
    let scratch = "SELECT count(*) FROM pg_database WHERE datname LIKE '\\_rehearsal%'";
    assert_eq!(database.value(scratch).await, "0");
}

#[tokio::test]
async fn behind_a_pooler_the_session_is_the_same_and_nothing_of_it_is_left() {
    let options = "ignore_startup_parameters = options";
    for configuration in [
        "",
        options,
        "ignore_startup_parameters = extra_float_digits",
    ] {
        let database = TestDatabase::new().await;
        set(&database, "timezone = 'Europe/Zurich'").await;
        set(&database, "default_transaction_read_only = on").await;
        set(&database, "default_transaction_isolation = serializable").await;
        set(&database, "quote_all_identifiers = on").await;
        set(&database, "statement_timeout = '1s'").await;
        let pooler = PgBouncer::start_with(&database, 2, configuration);
        for url in [pooler.url(), format!("{}?pooler=transaction", pooler.url())] {
            let url = Database::parse(&url).unwrap();
            let tenant = if url.is_direct().await.unwrap() {
                "direct"
            } else {
                "behind"
            };
            let stream = Stream::new()
                .with(ZONED)
                .with(CONVERTED)
                .with("SELECT pg_sleep(1.3); SET LOCAL row_security = on;");
            let tenants = at(url, &stream, Settings::default()).await;
            tenants.migrate_public().await.unwrap();
            create(&tenants, &[tenant]).await;
            assert_eq!(in_utc(&database, tenant).await, EXPECTED);
            let health = tenants.health().await.unwrap();
            assert!(health.is_healthy(), "{health:?}");
            tenants.drop_tenant(&name(tenant)).await.unwrap();
        }
    }
}

#[tokio::test]
async fn every_call_works_where_transactions_are_read_only_serializable_and_deferrable() {
    let database = TestDatabase::new().await;
    for setting in [
        "default_transaction_read_only = on",
        "default_transaction_isolation = serializable",
        "default_transaction_deferrable = on",
        "quote_all_identifiers = on",
        "client_min_messages = error",
    ] {
        set(&database, setting).await;
    }
    let stream = Stream::new()
        .with("CREATE TABLE tasks (id int PRIMARY KEY, \"order\" text DEFAULT 'a');")
        .with("ALTER TABLE tasks ADD COLUMN due date;")
        .back("ALTER TABLE tasks DROP COLUMN due;")
        .outside("CREATE INDEX CONCURRENTLY tasks_order ON tasks (\"order\");")
        .back("DROP INDEX tasks_order;");
    let all = tenants(&database, &stream).await;
    create(&all, &["acme", "globex"]).await;
    all.spares().keep(1).await.unwrap();
    assert!(all.create(&name("spare")).await.unwrap().from_spare);
    assert!(all.health().await.unwrap().is_healthy());
    all.rename(&name("globex"), &name("initech")).await.unwrap();
    all.clone_tenant(&name("acme"), &name("copy"))
        .await
        .unwrap();
    assert_eq!(rollback(&all).await.count(Status::Reverted), 4);
    assert_eq!(migrate(&all).await.count(Status::Migrated), 4);
    let change = "BEGIN READ WRITE; DROP TABLE acme.tasks; COMMIT";
    database.execute(change).await;
    let health = all.health().await.unwrap();
    assert_eq!(health.problems.len(), 1, "{health:?}");
    all.repair(&name("acme")).await.unwrap();
    assert!(all.health().await.unwrap().is_healthy());
    all.drop_tenant(&name("acme")).await.unwrap();
}

#[tokio::test]
async fn strings_of_old_are_refused_with_the_remedy_unless_the_url_says_otherwise() {
    let database = TestDatabase::new().await;
    let role = operator(&database, &["standard_conforming_strings = off"]).await;
    let open = async |url: &str| {
        let migrations = tenant_core::Migrations {
            public: tenant_core::MigrationSet::default(),
            tenant: two_steps().set(),
        };
        let url = Database::parse(url).unwrap();
        Tenants::open(url, migrations, Settings::default()).await
    };
    let error = open(&role.url()).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(
        chain(&error).contains("standard_conforming_strings = off"),
        "{error}"
    );
    assert_eq!(error.remedies(), [Advice::ResetStrings.into()]);
    let url = format!(
        "{}?options=-c%20standard_conforming_strings%3Don",
        role.url()
    );
    open(&url).await.unwrap();
    let pooler = PgBouncer::start(&database, 1);
    set(&database, "standard_conforming_strings = off").await;
    let behind = format!("{}?pooler=transaction", pooler.url());
    assert!(matches!(open(&behind).await, Err(Error::Connect(_))));
}

#[tokio::test]
async fn a_session_that_a_migration_changed_is_pinned_again_for_the_next() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "SET statement_timeout = '1ms'; SET TimeZone = 'Asia/Tokyo'; SET row_security = on; \
         SET statement_timeout = '1h';",
    );
    let one = tenants(&database, &stream).await;
    create(&one, &["one"]).await;
    let next = stream.with(
        "CREATE TABLE seen AS SELECT current_setting('timezone') AS zone, \
             current_setting('statement_timeout') AS slow, current_setting('row_security') AS rows;",
    );
    let next = open(&database, &next, Settings::default()).await;
    migrate(&next).await;
    let seen = database
        .value("SELECT concat_ws(' ', zone, slow, rows) FROM one.seen")
        .await;
    assert_eq!(seen, "UTC 0 off");
}

#[tokio::test]
async fn definitions_are_read_alike_in_every_style_and_copied_without_loss() {
    let database = TestDatabase::new().await;
    set(&database, "extra_float_digits = -15").await;
    set(&database, "bytea_output = 'escape'").await;
    set(&database, "IntervalStyle = 'sql_standard'").await;
    set(&database, "DateStyle = 'German'").await;
    let stream = Stream::new().with(
        "CREATE DOMAIN exact AS float8; \
         CREATE TABLE kept (id int, x float8 DEFAULT 0.12345678901234567, y exact, \
             i interval DEFAULT interval '1 day -2 hours', d date DEFAULT '02.01.2026'); \
         INSERT INTO kept (id, y) VALUES (1, 0.12345678901234567);",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    tenants
        .clone_tenant(&name("acme"), &name("copy"))
        .await
        .unwrap();
    database
        .execute("INSERT INTO acme.kept (id) VALUES (2); INSERT INTO copy.kept (id) VALUES (2)")
        .await;
    let differ = "SELECT count(*) FROM (TABLE acme.kept EXCEPT ALL TABLE copy.kept) AS d";
    let rows = "SET extra_float_digits = 1; SELECT concat_ws('/', x, y::float8, i, to_char(d, 'YYYY-MM-DD')) FROM copy.kept WHERE id = 1";
    let row = database.value(rows).await;
    let whole = "0.12345678901234566/0.12345678901234566/";
    assert!(row.starts_with(whole), "{row}");
    let differ = differ.replace(
        "TABLE copy.kept",
        "SELECT id, x, y::float8::acme.exact, i, d FROM copy.kept",
    );
    assert_eq!(database.value(&differ).await, "0");
    assert!(tenants.health().await.unwrap().is_healthy());
}
