//! Row-level security hides rows from a table's owner too, with FORCE and without
//! BYPASSRLS. What works on tenants' rows sees all of them, or fails with the reason.

use tenant_core::remedy::Advice;
use tenant_core::{ErrorKind, RollbackTo, Rows, Settings, Status};
use test_support::{Role, TestDatabase};

use crate::fixture::{Stream, chain, create, migrate, name, open_at, outcome, rollback, version};
use crate::session::operator;

const REASON: &str = "would be affected by row-level security policy";

/// A table whose rows only those see who say so.
fn hidden() -> Stream {
    Stream::new()
        .with("CREATE TABLE tasks (id int PRIMARY KEY, title text);")
        .back("DROP TABLE tasks;")
        .with(
            "ALTER TABLE tasks ENABLE ROW LEVEL SECURITY; ALTER TABLE tasks FORCE ROW LEVEL SECURITY; \
             CREATE POLICY mine ON tasks USING (current_setting('app.all', true) = 'yes');",
        )
        .back("DROP POLICY mine ON tasks; ALTER TABLE tasks NO FORCE ROW LEVEL SECURITY; \
               ALTER TABLE tasks DISABLE ROW LEVEL SECURITY;")
}

/// A tenant of an operator without BYPASSRLS, with two rows that it can't see.
async fn with_rows(database: &TestDatabase) -> Role {
    let role = operator(database, &[]).await;
    let tenants = open_at(&role.url(), &hidden(), Settings::default()).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme"]).await;
    database
        .execute("INSERT INTO acme.tasks VALUES (1, 'a'), (2, 'b')")
        .await;
    role
}

#[tokio::test]
async fn a_backfill_that_would_miss_rows_fails_and_is_not_recorded() {
    for backfill in [
        "UPDATE tasks SET title = 'done';",
        "DELETE FROM tasks;",
        "INSERT INTO tasks VALUES (3, 'c');",
        "DO $$ BEGIN UPDATE tasks SET title = 'done'; END $$;",
        "CREATE TABLE copied AS SELECT * FROM tasks;",
        "CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM tasks;",
    ] {
        let database = TestDatabase::new().await;
        let role = with_rows(&database).await;
        let newer = open_at(&role.url(), &hidden().with(backfill), Settings::default()).await;
        let report = migrate(&newer).await;
        let error = outcome(&report, "acme").error.as_ref().unwrap();
        assert_eq!(error.kind(), ErrorKind::Denied, "{backfill}: {error:?}");
        assert!(chain(error).contains(REASON), "{backfill}: {error:?}");
        let expected = [Advice::SeeAllRows.into(), Advice::AllowHiddenRows.into()];
        assert_eq!(error.remedies(), expected, "{backfill}");
        assert_eq!(
            newer.list().await.unwrap()[0].version,
            Some(version(2)),
            "{backfill}"
        );
    }
}

#[tokio::test]
async fn each_of_the_three_ways_that_the_hint_names_works() {
    let database = TestDatabase::new().await;
    let role = with_rows(&database).await;
    let visible = hidden().with(
        "SET LOCAL row_security = on; SELECT set_config('app.all', 'yes', true); \
         UPDATE tasks SET title = 'visible';",
    );
    let visible = open_at(&role.url(), &visible, Settings::default()).await;
    assert_eq!(migrate(&visible).await.count(Status::Migrated), 1);
    let titles = "SELECT string_agg(title, ' ') FROM acme.tasks";
    assert_eq!(database.value(titles).await, "visible visible");

    let database = TestDatabase::new().await;
    let role = with_rows(&database).await;
    let owner = hidden().with(
        "ALTER TABLE tasks NO FORCE ROW LEVEL SECURITY; UPDATE tasks SET title = 'owner'; \
         ALTER TABLE tasks FORCE ROW LEVEL SECURITY;",
    );
    let owner = open_at(&role.url(), &owner, Settings::default()).await;
    assert_eq!(migrate(&owner).await.count(Status::Migrated), 1);
    assert_eq!(database.value(titles).await, "owner owner");

    let database = TestDatabase::new().await;
    let role = with_rows(&database).await;
    database
        .execute(&format!("ALTER ROLE {} BYPASSRLS", role.name()))
        .await;
    let bypass = hidden().with("UPDATE tasks SET title = 'all';");
    let bypass = open_at(&role.url(), &bypass, Settings::default()).await;
    assert_eq!(migrate(&bypass).await.count(Status::Migrated), 1);
    assert_eq!(database.value(titles).await, "all all");
}

#[tokio::test]
async fn what_a_rollback_or_a_drop_would_lose_is_never_said_to_be_nothing() {
    let database = TestDatabase::new().await;
    let role = with_rows(&database).await;
    let tenants = open_at(&role.url(), &hidden(), Settings::default()).await;
    let plan = tenants
        .plan_rollback()
        .to(RollbackTo::Nothing)
        .await
        .unwrap();
    assert_eq!(plan.loss(), None);
    let notes = plan.notes().iter().map(ToString::to_string);
    let notes = notes.collect::<Vec<_>>().join("; ");
    assert!(notes.contains(REASON), "{notes}");
    // Its policy goes before its rows do.
    let policy = tenants.plan_rollback().await.unwrap();
    assert_eq!(policy.loss(), Some(&[][..]), "{policy:?}");
    assert_eq!(rollback(&tenants).await.count(Status::Reverted), 1);
    let plan = tenants
        .plan_rollback()
        .to(RollbackTo::Nothing)
        .await
        .unwrap();
    assert_eq!(plan.loss().unwrap().len(), 1, "{plan:?}");
}

#[tokio::test]
async fn a_copy_has_all_rows_or_there_is_none_and_a_repair_keeps_them() {
    let database = TestDatabase::new().await;
    let role = with_rows(&database).await;
    let tenants = open_at(&role.url(), &hidden(), Settings::default()).await;
    let (acme, copy) = (name("acme"), name("copy"));
    let error = tenants.clone_tenant(&acme, &copy).await.unwrap_err();
    assert!(chain(&error).contains(REASON), "{error:?}");
    assert_eq!(error.remedies(), [Advice::SeeAllRows.into()]);
    assert_eq!(database.tracked().await, ["acme"]);
    tenants
        .clone_tenant(&acme, &copy)
        .rows(Rows::None)
        .await
        .unwrap();
    database
        .execute("ALTER TABLE acme.tasks DROP COLUMN title")
        .await;
    tenants.repair(&acme).await.unwrap();
    assert_eq!(database.value("SELECT count(*) FROM acme.tasks").await, "2");
    assert!(tenants.health().await.unwrap().is_healthy());
}

#[tokio::test]
async fn a_registry_whose_rows_are_hidden_is_not_taken_for_an_empty_one() {
    let database = TestDatabase::new().await;
    let role = with_rows(&database).await;
    let tenants = open_at(&role.url(), &hidden(), Settings::default()).await;
    for table in ["schema_tracker", "acme.__diesel_schema_migrations"] {
        let hide = format!(
            "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
        );
        database.execute(&hide).await;
        if table == "schema_tracker" {
            let error = tenants.list().await.unwrap_err();
            assert!(chain(&error).contains(REASON), "{error:?}");
            let error = tenants.health().await.unwrap_err();
            assert!(chain(&error).contains(REASON), "{error:?}");
            let error = tenants.create(&name("globex")).await.unwrap_err();
            assert!(chain(&error).contains(REASON), "{error:?}");
            let error = tenants.drop_tenant(&name("acme")).await.unwrap_err();
            assert!(chain(&error).contains(REASON), "{error:?}");
        } else {
            let report = migrate(&tenants).await;
            let error = outcome(&report, "acme").error.as_ref().unwrap();
            assert!(chain(error).contains(REASON), "{error:?}");
            assert!(!tenants.health().await.unwrap().is_healthy());
        }
        database
            .execute(&format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))
            .await;
    }
    assert!(tenants.health().await.unwrap().is_healthy());
}

#[tokio::test]
async fn a_session_in_which_a_migration_let_rows_be_hidden_hides_none_from_the_next_question() {
    let database = TestDatabase::new().await;
    let role = operator(&database, &[]).await;
    let hides = "CREATE FUNCTION hide() RETURNS text LANGUAGE plpgsql AS $$ BEGIN \
                     RETURN pg_catalog.set_config('row_' || 'security', 'on', false); END $$; \
                 SELECT hide();";
    let stream = hidden().with(hides).back("DROP FUNCTION hide();");
    let tenants = open_at(&role.url(), &stream, Settings::default()).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["globex"]).await;
    tenants.create(&name("acme")).await.unwrap();
    database
        .execute("INSERT INTO acme.tasks VALUES (1, 'a')")
        .await;
    let plan = tenants
        .plan_rollback()
        .to(RollbackTo::Nothing)
        .await
        .unwrap();
    assert_eq!(plan.loss(), None, "{plan:?}");
}
