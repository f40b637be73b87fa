//! How migrations are tried: without holding others up, once for each state of the
//! database, over few connections.

use tenant_core::{Database, MigrationSet, Migrations, Settings, Tenants};
use test_support::{TestDatabase, own_server};

use crate::expectation::{NAMED, health, problems};
use crate::fixture::{Stream, create, name, tenants};

const SHARED: &str = "CREATE TABLE subscriptions (plan int REFERENCES public.plans (id)); \
                      SELECT pg_sleep(2);";

#[tokio::test]
async fn writers_of_a_shared_table_go_on_while_the_migrations_are_tried() {
    let database = TestDatabase::new().await;
    database
        .execute("CREATE TABLE public.plans (id int PRIMARY KEY)")
        .await;
    let tenants = tenants(&database, &Stream::new().with(SHARED)).await;
    create(&tenants, &["acme"]).await;
    let checking = tokio::spawn(async move { tenants.health().await.unwrap() });
    let writer = database.client().await;
    writer
        .batch_execute("SET lock_timeout = '1s'")
        .await
        .unwrap();
    let mut count = 0;
    while !checking.is_finished() {
        count += 1;
        let insert = format!("INSERT INTO public.plans VALUES ({count})");
        writer.batch_execute(&insert).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(count > 0, "nothing was inserted beside the trial");
    // The database that the migrations are tried in instead has no such table.
    let found = checking.await.unwrap();
    assert!(found.problems.is_empty(), "{:?}", problems(&found));
    assert!(found.not_checked.is_some() && !found.is_healthy());
}

#[tokio::test]
async fn a_lock_in_the_way_of_a_trial_is_no_fault_of_the_migrations() {
    let database = TestDatabase::new().await;
    database
        .execute("CREATE TABLE public.plans (id int PRIMARY KEY)")
        .await;
    let tenants = tenants(&database, &Stream::new().with(SHARED)).await;
    create(&tenants, &["acme"]).await;
    let writer = database.client().await;
    writer
        .batch_execute("BEGIN; INSERT INTO public.plans VALUES (1)")
        .await
        .unwrap();
    let found = health(&tenants).await;
    assert!(found.problems.is_empty(), "{:?}", problems(&found));
    assert!(found.not_checked.is_some() && found.compared_nothing());
    writer.batch_execute("COMMIT").await.unwrap();
    assert!(health(&tenants).await.is_healthy());
    // Now it is known, and nothing has to be tried.
    writer
        .batch_execute("BEGIN; INSERT INTO public.plans VALUES (2)")
        .await
        .unwrap();
    let again = again(&database, SHARED).await;
    assert!(health(&again).await.is_healthy());
}

#[tokio::test]
async fn what_public_migrations_make_is_there_where_tenants_migrations_are_tried_apart() {
    // Tests on the same server may be trying theirs.
    let server = own_server().start().unwrap();
    let database = TestDatabase::on(&server).await;
    let public = Stream::new().with("CREATE TABLE plans (id int PRIMARY KEY);");
    let stream = Stream::new().with(SHARED);
    let migrations = Migrations {
        public: MigrationSet::registry().merge(public.set()).unwrap(),
        tenant: stream.set(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default());
    let tenants = tenants.await.unwrap();
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme"]).await;
    let writer = database.client().await;
    writer
        .batch_execute("BEGIN; INSERT INTO public.plans VALUES (1)")
        .await
        .unwrap();
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
    let left = "SELECT count(*) FROM pg_database WHERE datname LIKE '\\_rehearsal%'";
    assert_eq!(database.value(left).await, "0");
}

async fn again(database: &TestDatabase, sql: &str) -> Tenants {
    crate::fixture::open(database, &Stream::new().with(sql), Settings::default()).await
}

const MADE: &str = "SELECT nextval('made')";

#[tokio::test]
async fn migrations_are_tried_once_and_again_when_their_result_can_be_another() {
    let database = TestDatabase::new().await;
    let table = "CREATE TABLE t (id int, plan public.plan);";
    database
        .execute(
            "CREATE TYPE public.plan AS ENUM ('free'); CREATE SEQUENCE public.made; \
             CREATE FUNCTION public.count() RETURNS event_trigger LANGUAGE plpgsql \
             AS $$ BEGIN PERFORM nextval('public.made'); END $$",
        )
        .await;
    let tenants = tenants(&database, &Stream::new().with(table)).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "CREATE EVENT TRIGGER made ON ddl_command_end WHEN TAG IN ('CREATE SCHEMA') \
             EXECUTE FUNCTION public.count()",
        )
        .await;
    let made = async || database.value(MADE).await.parse::<i64>().unwrap();
    let before = made().await;
    assert!(health(&again(&database, table).await).await.is_healthy());
    let first = made().await - before - 1;
    assert!(first > 0, "nothing was tried");
    assert!(health(&again(&database, table).await).await.is_healthy());
    assert_eq!(made().await - before - first, 2, "tried again for nothing");
    for change in [
        "ALTER TYPE public.plan ADD VALUE 'gold'",
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE public.template (id int)",
        "ALTER TABLE public.template ADD COLUMN more int",
        "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
    ] {
        database.execute(change).await;
        let before = made().await;
        assert!(health(&again(&database, table).await).await.is_healthy());
        assert!(made().await > before + 1, "not tried after {change}");
    }
}

#[tokio::test]
async fn a_role_with_two_connections_can_check() {
    let database = TestDatabase::new().await;
    let role = database.role("secret").await;
    let (who, name) = (role.name(), database.name());
    database
        .execute(&format!(
            "ALTER ROLE {who} CONNECTION LIMIT 2; GRANT CREATE ON DATABASE \"{name}\" TO {who}; \
             GRANT ALL ON SCHEMA public TO {who}"
        ))
        .await;
    let stream = Stream::new().with("CREATE TABLE tasks (id int);");
    let migrations = Migrations {
        public: MigrationSet::registry(),
        tenant: stream.set(),
    };
    let url = Database::parse(&role.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default());
    let tenants = tenants.await.unwrap();
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme"]).await;
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
}

#[tokio::test]
async fn the_name_of_a_database_for_trials_is_expected_of_no_tenant() {
    let database = TestDatabase::new().await;
    let stream = Stream::new()
        .with("CREATE TABLE t (id int, place text);")
        .outside("DO $$ BEGIN EXECUTE format('ALTER TABLE t ALTER place SET DEFAULT %L', current_database()); COMMIT; END $$;");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
    assert_eq!(found.varying, ["default of column `t.place`"]);
}

#[tokio::test]
async fn many_checks_at_once_do_not_wait_for_each_other() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &Stream::new().with(NAMED)).await;
    create(&tenants, &["acme"]).await;
    let checks = (0..24).map(|_| tenants.health().into_future());
    let checks = futures_util::future::join_all(checks);
    let patience = std::time::Duration::from_secs(120);
    let checked = tokio::time::timeout(patience, checks).await;
    for found in checked.expect("the checks wait for each other") {
        assert!(found.unwrap().is_healthy());
    }
}

#[tokio::test]
async fn a_repair_trusts_nothing_that_was_only_kept() {
    let database = TestDatabase::new().await;
    database
        .execute("CREATE TABLE public.plans (id int PRIMARY KEY)")
        .await;
    let tenants = tenants(&database, &Stream::new().with(SHARED)).await;
    create(&tenants, &["acme"]).await;
    assert!(health(&tenants).await.is_healthy());
    database
        .execute(
            "UPDATE public.expected_shapes SET expectation = \
             replace(expectation, 'integer', 'bigint'); ALTER TABLE acme.subscriptions DROP COLUMN plan",
        )
        .await;
    let writer = database.client().await;
    writer
        .batch_execute("BEGIN; INSERT INTO public.plans VALUES (1)")
        .await
        .unwrap();
    let again = again(&database, SHARED).await;
    again.repair(&name("acme")).await.unwrap_err();
    writer.batch_execute("COMMIT").await.unwrap();
    again.repair(&name("acme")).await.unwrap();
    let kind = "SELECT format_type(atttypid, atttypmod) FROM pg_attribute \
                WHERE attrelid = 'acme.subscriptions'::regclass AND attname = 'plan'";
    assert_eq!(database.value(kind).await, "integer");
}
