//! Making tenants: wholly or not at all.

use std::time::Duration;

use futures_util::future::join_all;
use tenant_core::{Error, Settings, Status};
use test_support::TestDatabase;

use crate::fixture::{Stream, chain, create, name, open, outcome, tenants, two_steps, version};

#[tokio::test]
async fn a_new_tenant_has_schema_migrations_and_registration() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    let outcome = tenants.create(&name("acme")).await.unwrap();
    assert_eq!(outcome.status, Status::Created);
    assert_eq!(outcome.applied, [version(1), version(2)]);
    assert_eq!(database.schemas().await, ["acme"]);
    let ledger = "SELECT version FROM acme.__diesel_schema_migrations ORDER BY 1";
    assert_eq!(database.column(ledger).await, [version(1), version(2)]);
    let row =
        "SELECT name || ' ' || version || ' ' || (migrated_at IS NOT NULL) FROM schema_tracker";
    assert_eq!(
        database.value(row).await,
        format!("acme {} true", version(2))
    );
    database
        .execute("INSERT INTO acme.tasks (id, title, due) VALUES (1, 'a', now())")
        .await;
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused_and_the_tenant_stays_as_it_is() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("INSERT INTO acme.tasks (id) VALUES (1)")
        .await;
    let error = tenants.create(&name("acme")).await.unwrap_err();
    assert!(matches!(error, Error::Taken(_)), "{error}");
    assert_eq!(database.value("SELECT count(*) FROM acme.tasks").await, "1");
}

#[tokio::test]
async fn a_schema_that_is_no_tenant_is_neither_taken_over_nor_changed() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    database
        .execute("CREATE SCHEMA acme; CREATE TABLE acme.precious (id int)")
        .await;
    let error = tenants.create(&name("acme")).await.unwrap_err();
    assert!(matches!(error, Error::Untracked(_)), "{error}");
    assert!(database.tracked().await.is_empty());
    assert_eq!(
        database
            .column("SELECT relname FROM pg_class WHERE relnamespace = 'acme'::regnamespace")
            .await,
        ["precious"]
    );
}

#[tokio::test]
async fn names_that_differ_in_case_are_two_tenants() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme", "Acme"]).await;
    assert_eq!(database.schemas().await, ["Acme", "acme"]);
    assert_eq!(database.tracked().await, ["Acme", "acme"]);
}

#[tokio::test]
async fn nothing_remains_of_a_tenant_whose_last_statement_fails() {
    let database = TestDatabase::new().await;
    let stream =
        two_steps().with("CREATE TABLE a (id int);\nINSERT INTO a VALUES (1);\nSELECT 1 / 0;");
    let tenants = tenants(&database, &stream).await;
    let error = tenants.create(&name("acme")).await.unwrap_err();
    assert_eq!(
        chain(&error),
        "migration `2026-02-03-000000_step` failed for tenant `acme` (up.sql, line 3: \
         `SELECT 1 / 0`; its transaction was rolled back): division by zero (SQLSTATE 22012)"
    );
    assert!(database.schemas().await.is_empty());
    assert!(database.tracked().await.is_empty());
    assert_eq!(
        database
            .value("SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE locktype = 'advisory' AND datname = current_database()")
            .await,
        "0"
    );
}

#[tokio::test]
async fn nothing_remains_of_a_tenant_when_a_migration_outside_the_transaction_fails() {
    let database = TestDatabase::new().await;
    let stream = two_steps()
        .outside("CREATE INDEX CONCURRENTLY ON tasks (title);\nVACUUM nothing;")
        .with("CREATE TABLE later (id int);");
    let tenants = tenants(&database, &stream).await;
    let error = tenants.create(&name("acme")).await.unwrap_err();
    assert!(matches!(error, Error::Migration(_)), "{error}");
    assert!(database.schemas().await.is_empty());
    assert!(database.tracked().await.is_empty());
}

#[tokio::test]
async fn nothing_remains_of_a_tenant_when_a_part_after_that_fails() {
    let database = TestDatabase::new().await;
    let stream = two_steps()
        .outside("CREATE INDEX CONCURRENTLY ON tasks (title);")
        .with("CREATE TABLE later (id int);\nSELECT 1 / 0;");
    let tenants = tenants(&database, &stream).await;
    let error = tenants.create(&name("acme")).await.unwrap_err();
    assert!(
        chain(&error).contains("; the new tenant was removed)"),
        "{}",
        chain(&error)
    );
    assert!(database.schemas().await.is_empty());
    assert!(database.tracked().await.is_empty());
    let mended = open(&database, &two_steps(), Settings::default()).await;
    create(&mended, &["acme"]).await;
}

#[tokio::test]
async fn without_the_tracker_it_is_said_that_the_database_is_not_set_up() {
    let database = TestDatabase::new().await;
    let tenants = open(&database, &two_steps(), Settings::default()).await;
    let alone = tenants.create(&name("acme")).await.unwrap_err();
    assert!(matches!(alone, Error::NotSetUp { .. }), "{alone}");
    let names = vec![name("acme"), name("globex")];
    let many = tenants.create_many(names).await.unwrap_err();
    assert!(matches!(many, Error::NotSetUp { .. }), "{many}");
    assert!(database.schemas().await.is_empty());
}

#[tokio::test]
async fn of_sixteen_who_create_the_same_name_one_wins_and_the_others_are_told() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    let attempts = (0..16).map(|_| {
        let tenants = tenants.clone();
        tokio::spawn(async move {
            // Each with connections of its own.
            tenants.create_many(vec![name("acme")]).await
        })
    });
    let mut made = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        let report = attempt.await.unwrap().unwrap();
        match &outcome(&report, "acme").error {
            None => made += 1,
            Some(error) => assert!(matches!(error, Error::Taken(_)), "{error}"),
        }
    }
    assert_eq!(made, 1);
    assert_eq!(database.tracked().await, ["acme"]);
}

#[tokio::test]
async fn a_role_that_may_not_create_schemas_is_told_so() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let _owner = tenants(&database, &stream).await;
    let role = database.role("secret").await;
    database
        .execute(&format!(
            "GRANT SELECT, INSERT ON schema_tracker TO {}",
            role.name()
        ))
        .await;
    let migrations = tenant_core::Migrations {
        public: Stream::new().set(),
        tenant: stream.set(),
    };
    let database_url = tenant_core::Database::parse(&role.url()).unwrap();
    let weak = tenant_core::Tenants::open(database_url, migrations, Settings::default()).await;
    let error = weak.unwrap().create(&name("acme")).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("42501"));
    assert!(
        chain(&error).contains("could not create the schema: permission denied for database"),
        "{}",
        chain(&error)
    );
    assert!(database.schemas().await.is_empty());
}

#[tokio::test]
async fn a_creation_that_is_cut_off_takes_effect_wholly_or_not_at_all() {
    let database = TestDatabase::new().await;
    let stream = two_steps().with("CREATE TABLE slow (id int);\nSELECT pg_sleep(1);");
    let tenants = tenants(&database, &stream).await;
    let first = name("first");
    let cut_off = tokio::time::timeout(Duration::from_millis(300), tenants.create(&first));
    assert!(cut_off.await.is_err());
    create(&tenants, &["second"]).await;
    assert_eq!(database.schemas().await, database.tracked().await);
    assert!(tenants.health().await.unwrap().problems.is_empty());
}

#[tokio::test]
async fn a_connection_whose_work_was_cut_off_is_closed_with_its_locks() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps().outside("SELECT pg_sleep(1);")).await;
    let first = name("first");
    let cut_off = tokio::time::timeout(Duration::from_millis(500), tenants.create(&first));
    assert!(cut_off.await.is_err());
    let locks = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database \
                 WHERE locktype = 'advisory' AND datname = current_database()";
    for _ in 0..100 {
        if database.value(locks).await == "0" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the lock of the tenant is still held");
}

#[tokio::test]
async fn many_at_a_time_without_a_registry_all_hear_that_it_is_lost() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    database.execute("DROP TABLE schema_tracker").await;
    let names = (0..24).map(|one| name(&format!("t{one}")));
    let names = names.collect::<Vec<_>>();
    let made = join_all(names.iter().map(|name| tenants.create(name)));
    let made = tokio::time::timeout(Duration::from_secs(60), made);
    for made in made
        .await
        .expect("a call waits for the sessions of the others")
    {
        assert!(matches!(made, Err(Error::RegistryLost { .. })), "{made:?}");
    }
}

#[tokio::test]
async fn many_runs_at_a_time_without_lists_all_hear_that_they_are_lost() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    database
        .execute("DROP TABLE schema_tracker; DROP TABLE spare_schemas")
        .await;
    let acme = name("acme");
    let made = join_all((0..24).map(|_| async { tenants.create_many([acme.clone()]).await }));
    let kept = join_all((0..24).map(|_| async { tenants.spares().keep(1).await }));
    let all = async { (made.await, kept.await) };
    let (made, kept) = tokio::time::timeout(Duration::from_secs(60), all)
        .await
        .expect("a call waits for the sessions of the others");
    for made in made {
        assert!(matches!(made, Err(Error::RegistryLost { .. })), "{made:?}");
    }
    for kept in kept {
        assert!(matches!(kept, Err(Error::RegistryLost { .. })), "{kept:?}");
    }
}
