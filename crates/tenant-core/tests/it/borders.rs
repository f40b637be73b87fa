//! Where a run of several migrations commits, and what each of them finds.

use std::time::Duration;

use tenant_core::{Error, MigrationFile, RollbackTo, Settings, Status, Tenants, TransactionMode};
use test_support::{TestDatabase, eventually};

use crate::fixture::{
    Stream, chain, create, migrate, name, open, open_at, outcome, rollback_to, tenants, two_steps,
    two_steps_and_back, version,
};

/// With a transaction for each migration.
async fn each(database: &TestDatabase, stream: &Stream) -> Tenants {
    let settings = Settings {
        transaction: TransactionMode::Migration,
        ..Settings::default()
    };
    open(database, stream, settings).await
}

/// Tables in which a key is checked at the end.
const FAMILY: &str = "CREATE TABLE parents (id int PRIMARY KEY); \
     CREATE TABLE children (id int, p int CONSTRAINT of_parent REFERENCES parents \
     DEFERRABLE INITIALLY DEFERRED);";

#[tokio::test]
async fn a_check_that_was_put_off_fails_in_its_own_migration_and_runs_once() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(FAMILY);
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database.execute("CREATE SEQUENCE public.runs").await;
    let orphan = "SELECT nextval('public.runs'); INSERT INTO children VALUES (1, 7);";
    for later in [None, Some("CREATE TABLE one (id int);")] {
        let stream = Stream::new().with(FAMILY).with(orphan);
        let stream = later.into_iter().fold(stream, Stream::with);
        let before = database.value("SELECT last_value FROM public.runs").await;
        let report = migrate(&open(&database, &stream, Settings::default()).await).await;
        let failed = outcome(&report, "acme");
        let Some(Error::Deferred {
            migration,
            file,
            source,
            ..
        }) = &failed.error
        else {
            panic!("{failed:?}")
        };
        assert_eq!(migration, "2026-02-02-000000_step");
        assert_eq!(*file, MigrationFile::Up);
        assert_eq!(source.sqlstate(), Some("23503"));
        let text = chain(failed.error.as_ref().unwrap());
        assert!(
            text.contains("of_parent") && text.contains("(p)=(7)"),
            "{text}"
        );
        assert_eq!(tenants.list().await.unwrap()[0].version, Some(version(1)));
        let count = "SELECT last_value FROM public.runs";
        let runs = database.value(count).await.parse::<u32>().unwrap();
        assert!(runs <= before.parse::<u32>().unwrap() + 1, "{runs}");
    }
}

#[tokio::test]
async fn a_new_tenant_is_made_where_each_deployment_had_worked() {
    let database = TestDatabase::new().await;
    let stream = Stream::new()
        .with(FAMILY)
        .with("INSERT INTO children VALUES (1, 1); INSERT INTO parents VALUES (1);")
        .with("ALTER TABLE children ADD COLUMN note text;");
    create(&tenants(&database, &stream).await, &["acme"]).await;
    assert_eq!(database.value("SELECT p FROM acme.children").await, "1");
}

#[tokio::test]
async fn a_role_that_the_last_migration_takes_on_is_not_in_the_way_of_the_registry() {
    let database = TestDatabase::new().await;
    let role = database.role("secret").await;
    for (number, take) in [
        format!("SET LOCAL ROLE {}", role.name()),
        format!("SET ROLE {}", role.name()),
        format!("SELECT set_config('role', '{}', false)", role.name()),
        format!("SET SESSION AUTHORIZATION {}", role.name()),
        format!("DO $$ BEGIN EXECUTE 'SET ROLE {}'; END $$", role.name()),
    ]
    .into_iter()
    .enumerate()
    {
        let grant = format!(
            "DO $$ BEGIN EXECUTE format('GRANT ALL ON SCHEMA %I TO {}', current_schema()); END $$",
            role.name()
        );
        let stream = two_steps()
            .with(&grant)
            .with(&format!("{take}; CREATE TABLE own (id int);"));
        let tenants = tenants(&database, &stream).await;
        let tenant = format!("acme_{number}");
        create(&tenants, &[&tenant]).await;
        let owner = format!(
            "SELECT relowner::regrole::text FROM pg_class WHERE oid = '{tenant}.own'::regclass"
        );
        assert_eq!(database.value(&owner).await, role.name(), "{take}");
    }
}

#[tokio::test]
async fn what_a_definition_runs_unseen_leaves_nothing_either() {
    let database = TestDatabase::new().await;
    let leaves = "CREATE FUNCTION leaves() RETURNS int LANGUAGE plpgsql AS $$ BEGIN \
                  CREATE TEMP TABLE IF NOT EXISTS items (i int); \
                  PERFORM set_config('DateStyle', 'German', false); RETURN 1; END $$; \
                  CREATE TABLE base (id int); INSERT INTO base VALUES (1); \
                  CREATE TABLE items (i text); CREATE SEQUENCE s;";
    let keeps = "INSERT INTO items VALUES ('2026-02-03'::date::text);";
    for (number, unseen) in [
        "CREATE DOMAIN d AS int DEFAULT leaves(); ALTER TABLE base ADD z d;",
        "CREATE DOMAIN d AS int CHECK (leaves() = 1); ALTER TABLE base ADD z d DEFAULT 3;",
        "CREATE DOMAIN d AS int CHECK (leaves() = 1); ALTER TABLE base ALTER id TYPE d;",
        "COMMENT ON TABLE base IS 'an event trigger runs';",
    ]
    .into_iter()
    .enumerate()
    {
        if unseen.starts_with("COMMENT") {
            database
                .execute(
                    "CREATE FUNCTION public.leaves() RETURNS event_trigger LANGUAGE plpgsql \
                     AS $$ BEGIN CREATE TEMP TABLE IF NOT EXISTS items (i int); \
                     PERFORM set_config('DateStyle', 'German', false); END $$; \
                     CREATE EVENT TRIGGER leaves ON ddl_command_end WHEN tag IN ('COMMENT') \
                     EXECUTE FUNCTION public.leaves()",
                )
                .await;
        }
        let stream = Stream::new().with(leaves).with(unseen).with(keeps);
        let tenant = format!("acme_{number}");
        create(&tenants(&database, &stream).await, &[&tenant]).await;
        let rows = format!("SELECT i FROM {tenant}.items");
        assert_eq!(database.value(&rows).await, "2026-02-03", "{unseen}");
    }
}

#[tokio::test]
async fn a_role_that_may_run_no_blocks_migrates_all_the_same() {
    let database = TestDatabase::new().await;
    let role = database.role("secret").await;
    database
        .execute(&format!(
            "REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC; GRANT ALL ON SCHEMA public TO {0}; \
             GRANT ALL ON DATABASE {1} TO {0}",
            role.name(),
            database.name()
        ))
        .await;
    let stream = Stream::new()
        .with(FAMILY)
        .with("INSERT INTO children VALUES (1, 1); INSERT INTO parents VALUES (1);")
        .with("ALTER TABLE children ADD COLUMN note text; UPDATE children SET note = 'a';");
    let tenants = open_at(&role.url(), &stream, Settings::default()).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme"]).await;
    assert_eq!(database.value("SELECT note FROM acme.children").await, "a");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_can_be_read_while_a_constraint_is_validated() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    database
        .execute("INSERT INTO acme.tasks VALUES (1); CREATE TABLE public.gate (id int)")
        .await;
    // It validates for as long as the gate is locked.
    let stream = stream
        .with(
            "CREATE FUNCTION waits(int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN \
             PERFORM count(*) FROM public.gate; RETURN true; END $$; \
             ALTER TABLE tasks ADD CONSTRAINT waits CHECK (waits(id)) NOT VALID;",
        )
        .with("ALTER TABLE tasks VALIDATE CONSTRAINT waits;")
        .with("CREATE TABLE one (id int);");
    let settings = Settings {
        lock_timeout: Duration::from_secs(60),
        ..Settings::default()
    };
    let tenants = open(&database, &stream, settings).await;
    let gate = database.client().await;
    gate.batch_execute("BEGIN; LOCK TABLE public.gate")
        .await
        .unwrap();
    let run = tokio::spawn(async move { migrate(&tenants).await });
    let validates = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                     AND datname = current_database()";
    eventually("it validates", async || {
        database.value(validates).await == "1"
    })
    .await;
    let rows = "SET lock_timeout = '1ms'; SELECT count(*) FROM acme.tasks";
    let reader = database.client().await;
    reader.batch_execute(rows).await.unwrap();
    gate.batch_execute("COMMIT").await.unwrap();
    let report = run.await.unwrap();
    let applied = [version(3), version(4), version(5)];
    assert_eq!(outcome(&report, "acme").applied, applied);
    let valid = "SELECT convalidated FROM pg_constraint WHERE conname = 'waits'";
    assert_eq!(
        database.value(&format!("{valid} AND convalidated")).await,
        "t"
    );
}

#[tokio::test]
async fn a_value_that_is_new_to_an_old_enum_may_be_used_by_the_next_migration() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with("CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE m (m mood);");
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let stream = stream
        .with("ALTER TYPE mood ADD VALUE 'calm';")
        .with("INSERT INTO m VALUES ('calm');");
    let tenants = open(&database, &stream, Settings::default()).await;
    let report = migrate(&tenants).await;
    assert_eq!(outcome(&report, "acme").applied, [version(2), version(3)]);
    create(&tenants, &["globex"]).await;
    assert_eq!(database.value("SELECT m FROM globex.m").await, "calm");
}

#[tokio::test]
async fn all_migrations_of_a_tenant_or_none_unless_each_is_to_have_a_transaction() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let stream = stream
        .with("CREATE TABLE one (id int);")
        .with("CREATE TABLE two (id int);")
        .with("SELECT 1 / 0;");
    let report = migrate(&open(&database, &stream, Settings::default()).await).await;
    assert!(outcome(&report, "acme").applied.is_empty());
    let tenants = each(&database, &stream).await;
    let report = migrate(&tenants).await;
    let failed = outcome(&report, "acme");
    assert_eq!(failed.status, Status::Failed);
    assert_eq!(failed.applied, [version(3), version(4)]);
    assert_eq!(failed.pending, [version(5)]);
    let list = tenants.list().await.unwrap();
    assert_eq!(
        (list[0].version.clone(), list[0].pending),
        (Some(version(4)), Some(1))
    );
}

#[tokio::test]
async fn each_migration_can_be_reverted_in_a_transaction_of_its_own() {
    let database = TestDatabase::new().await;
    let stream = two_steps_and_back()
        .with("SELECT 1;")
        .back("SELECT 1 / 0;")
        .with("CREATE TABLE one (id int);")
        .back("DROP TABLE one;");
    let tenants = each(&database, &stream).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme"]).await;
    let report = rollback_to(&tenants, RollbackTo::Nothing).await.unwrap();
    let failed = outcome(&report, "acme");
    assert_eq!(failed.status, Status::Failed);
    assert_eq!(failed.reverted, [version(4)]);
    assert_eq!(failed.to_revert, [version(3), version(2), version(1)]);
    assert_eq!(tenants.list().await.unwrap()[0].version, Some(version(3)));
}

#[tokio::test]
async fn a_tenant_that_cannot_be_completed_in_several_transactions_is_removed() {
    let database = TestDatabase::new().await;
    let stream = two_steps().with("SELECT 1 / 0;");
    let tenants = each(&database, &stream).await;
    tenants.migrate_public().await.unwrap();
    let error = tenants.create(&name("acme")).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("22012"), "{error}");
    assert!(database.tracked().await.is_empty());
    assert!(!database.schemas().await.contains(&"acme".to_owned()));
}
