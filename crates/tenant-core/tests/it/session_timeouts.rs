//! Time-outs are what the settings say, whatever the role and the database have.

use std::time::Duration;

use tenant_core::Settings;
use tenant_core::remedy::Advice;
use test_support::TestDatabase;

use crate::fixture::{Stream, create, migrate, name, open, open_at, outcome, tenants, two_steps};
use crate::session::{as_operator, operator, set};

#[tokio::test]
async fn a_time_out_of_the_role_or_the_database_bounds_nothing() {
    for setting in [
        "statement_timeout = '1s'",
        "lock_timeout = '1ms'",
        "idle_in_transaction_session_timeout = '1ms'",
    ] {
        let database = TestDatabase::new().await;
        let role = operator(&database, &[setting]).await;
        set(&database, setting).await;
        let stream = two_steps().with("SELECT pg_sleep(1.3);");
        let stream = stream.outside("SELECT pg_sleep(1.3);");
        let tenants = as_operator(&role, &stream, Settings::default()).await;
        create(&tenants, &["acme"]).await;
        let health = tenants.health().await.unwrap();
        assert!(health.is_healthy(), "{setting}: {health:?}");
    }
}

#[tokio::test]
async fn a_time_out_that_was_chosen_holds_in_each_transaction_and_outside() {
    let database = TestDatabase::new().await;
    set(&database, "statement_timeout = 0").await;
    let settings = Settings {
        statement_timeout: Duration::from_millis(300),
        ..Settings::default()
    };
    for slow in [
        Stream::new().with("SELECT pg_sleep(30);"),
        Stream::new().outside("SELECT pg_sleep(30);"),
        Stream::new()
            .outside("SELECT 1;")
            .with("CREATE TABLE a (); SELECT pg_sleep(30);"),
    ] {
        let tenants = open(&database, &slow, settings.clone()).await;
        tenants.migrate_public().await.unwrap();
        let error = tenants.create(&name("acme")).await.unwrap_err();
        assert_eq!(error.sqlstate(), Some("57014"), "{error:?}");
        drop(tenants.drop_tenant(&name("acme")).await);
    }
}

#[tokio::test]
async fn the_lock_time_out_holds_again_behind_a_migration_outside_a_transaction() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with("CREATE TABLE tasks (id int);");
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let holder = database.client().await;
    let hold = "BEGIN; LOCK TABLE acme.tasks IN ACCESS SHARE MODE";
    holder.batch_execute(hold).await.unwrap();
    let stream = stream
        .outside("SET statement_timeout = '1h'; SELECT 1;")
        .with("ALTER TABLE tasks ADD COLUMN done bool;");
    let settings = Settings {
        lock_timeout: Duration::from_millis(200),
        ..Settings::default()
    };
    let newer = open(&database, &stream, settings).await;
    let report = migrate(&newer).await;
    let error = outcome(&report, "acme").error.as_ref().unwrap();
    assert_eq!(error.sqlstate(), Some("55P03"), "{error:?}");
}

#[tokio::test]
async fn a_statement_that_others_cancel_asks_for_no_time_out() {
    let database = TestDatabase::new().await;
    let canceled = Stream::new().with(
        "SELECT set_config('statement_time' || 'out', '200ms', true); \
                            SELECT pg_sleep(30);",
    );
    for (limit, advice) in [
        (0, Advice::FindCancellation),
        (3_600_000, Advice::AllowMoreTime),
    ] {
        let settings = Settings {
            statement_timeout: Duration::from_millis(limit),
            ..Settings::default()
        };
        let tenants = open(&database, &canceled, settings).await;
        tenants.migrate_public().await.unwrap();
        let error = tenants.create(&name("acme")).await.unwrap_err();
        assert_eq!(error.sqlstate(), Some("57014"), "{error:?}");
        assert_eq!(error.remedies(), [advice.into()]);
    }
}

#[tokio::test]
async fn time_outs_of_newer_servers_bound_nothing_either() {
    let database = TestDatabase::new().await;
    let version = database.value("SHOW server_version_num").await;
    let version = version.parse::<u32>().unwrap();
    // Each is unknown before.
    let newer = [
        (140_000, "idle_session_timeout = '1s'"),
        (170_000, "transaction_timeout = '1s'"),
    ];
    let settings = newer.into_iter().filter(|(since, _)| version >= *since);
    for (_, setting) in settings {
        let role = operator(&database, &[setting]).await;
        let slow = two_steps().with("SELECT pg_sleep(1.3);");
        let slow = slow.outside("SELECT pg_sleep(1.3);");
        let tenants = open_at(&role.url(), &slow, Settings::default()).await;
        database
            .execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            .await;
        let grant = format!("GRANT USAGE, CREATE ON SCHEMA public TO {}", role.name());
        database.execute(&grant).await;
        tenants.migrate_public().await.unwrap();
        create(&tenants, &["acme"]).await;
        tokio::time::sleep(Duration::from_millis(1300)).await;
        let health = tenants.health().await.unwrap();
        assert!(health.is_healthy(), "{setting}: {health:?}");
        tenants.drop_tenant(&name("acme")).await.unwrap();
    }
}
