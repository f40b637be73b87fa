//! Migrations that commit by themselves, in a block or a procedure: they cannot be tried in
//! a transaction.

use tenant_core::{Note, ProblemKind, RollbackTo, Settings, Tenants};
use test_support::TestDatabase;

use crate::fixture::{
    Stream, create, name, open, open_at, outcome, rollback_to, tenants, two_steps_and_back, version,
};

const BLOCK: &str = "DO $$ BEGIN UPDATE tasks SET due = '2026-01-01'; COMMIT; \
                     UPDATE tasks SET title = 'late' WHERE title IS NULL; END $$;";

/// Each way to commit, between a migration before it and one after it.
fn streams() -> Vec<Stream> {
    let procedure = "CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN \
                     UPDATE tasks SET due = '2026-01-01'; COMMIT; END $$;";
    let of = |before: &str, file: &str, back: &str| {
        two_steps_and_back()
            .with(before)
            .back("SELECT 1;")
            .outside(file)
            .back(back)
            .with("CREATE TABLE notes (text text);")
            .back("DROP TABLE notes;")
    };
    vec![
        of("SELECT 1;", BLOCK, "SELECT 1;"),
        of(procedure, "CALL fill();", "VACUUM tasks;"),
        of(procedure, "VACUUM tasks; CALL fill();", BLOCK),
        of("SELECT 1;", "VACUUM tasks;", BLOCK),
        of(
            procedure,
            "DO $$ BEGIN CALL fill(); END $$; ALTER TABLE tasks ALTER title SET DEFAULT 'none';",
            "ALTER TABLE tasks ALTER title DROP DEFAULT;",
        ),
    ]
}

#[tokio::test]
async fn health_repair_and_adoption_know_what_they_make() {
    for stream in streams() {
        let database = TestDatabase::new().await;
        let tenants = tenants(&database, &stream).await;
        create(&tenants, &["acme", "globex"]).await;
        let health = tenants.health().await.unwrap();
        assert!(health.problems.is_empty(), "{health:?}");
        assert_eq!(health.as_expected, Some(2));
        assert!(health.not_checked.is_none());

        database.execute("DROP TABLE acme.notes").await;
        let fresh = open(&database, &stream, Settings::default()).await;
        let health = fresh.health().await.unwrap();
        let [problem] = health.problems.as_slice() else {
            panic!("{health:?}")
        };
        assert!(matches!(problem.kind, ProblemKind::Drift(_)), "{health:?}");
        let acme = name("acme");
        let repair = fresh.repair(&acme).await.unwrap();
        assert_eq!(repair.mended.len(), 1, "{repair:?}");

        database
            .execute(
                "DELETE FROM public.schema_tracker WHERE name = 'globex'; \
                 DROP TABLE globex.__diesel_schema_migrations",
            )
            .await;
        let globex = name("globex");
        let adopted = open(&database, &stream, Settings::default()).await;
        let adopted = adopted.adopt(&globex).at(version(5)).await;
        adopted.unwrap();
        let count = "SELECT count(*) FROM globex.__diesel_schema_migrations";
        assert_eq!(database.value(count).await, "5");
    }
}

#[tokio::test]
async fn a_tenant_with_a_gap_is_compared_as_well() {
    let database = TestDatabase::new().await;
    let stream = Stream::new()
        .with("CREATE TABLE tasks (id int, due date);")
        .with("CREATE TABLE gap (id int);")
        .outside("DO $$ BEGIN UPDATE tasks SET due = '2026-01-01'; COMMIT; END $$;");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let gap = format!(
        "DROP TABLE acme.gap; DELETE FROM acme.__diesel_schema_migrations WHERE version = '{}'",
        version(2)
    );
    database.execute(&gap).await;
    let health = tenants.health().await.unwrap();
    assert_eq!(health.as_expected, Some(1), "{health:?}");
}

#[tokio::test]
async fn the_preview_of_a_rollback_says_what_would_be_lost() {
    for stream in streams() {
        let database = TestDatabase::new().await;
        let tenants = tenants(&database, &stream).await;
        create(&tenants, &["acme"]).await;
        database
            .execute("INSERT INTO acme.notes VALUES ('kept'); INSERT INTO acme.tasks (id, due) VALUES (1, now())")
            .await;
        let to = || RollbackTo::Version(version(1));
        let plan = tenants.plan_rollback().to(to()).await.unwrap();
        let loss = plan.loss().unwrap_or_else(|| panic!("{:?}", plan.notes()));
        let lost = loss
            .iter()
            .map(|loss| (loss.table.as_str(), loss.column.as_deref()))
            .collect::<Vec<_>>();
        assert_eq!(lost, [("notes", None), ("tasks", Some("due"))]);
        let report = rollback_to(&tenants, to()).await.unwrap();
        let reverted = &outcome(&report, "acme").reverted;
        assert_eq!(reverted.as_slice(), [5, 4, 3, 2].map(version), "{report:?}");
    }
}

/// As a role that may create schemas, and no database.
async fn without_databases(
    database: &TestDatabase,
    url: &str,
    role: &str,
    stream: &Stream,
) -> Tenants {
    database
        .execute(&format!(
            "GRANT CREATE ON DATABASE \"{}\" TO {role}; GRANT ALL ON SCHEMA public TO {role}",
            database.name(),
        ))
        .await;
    let tenants = open_at(url, stream, Settings::default()).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme"]).await;
    tenants
}

#[tokio::test]
async fn a_role_that_may_create_no_database_is_told_so_and_nothing_is_called_healthy() {
    let database = TestDatabase::new().await;
    let role = database.role("secret").await;
    let stream = two_steps_and_back().outside(BLOCK).back("SELECT 1;");
    let tenants = without_databases(&database, &role.url(), role.name(), &stream).await;
    let health = tenants.health().await.unwrap();
    let [problem] = health.problems.as_slice() else {
        panic!("{health:?}")
    };
    let ProblemKind::TablesNotChecked(error) = &problem.kind else {
        panic!("{health:?}")
    };
    assert_eq!(error.sqlstate(), Some("42501"));
    assert!(
        error
            .to_string()
            .contains("could not create a scratch database"),
        "{error}"
    );
    assert_eq!(health.as_expected, None);

    let plan = tenants.plan_rollback().await.unwrap();
    assert!(plan.loss().is_none());
    let said = plan.notes().iter().any(|note| {
        matches!(note, Note::LossUnknown { reason, .. } if reason.contains("permission denied to create database"))
    });
    assert!(said, "{:?}", plan.notes());
    assert!(tenants.repair(&name("acme")).await.is_err());
}

#[tokio::test]
async fn a_block_that_cannot_commit_is_tried_in_a_transaction() {
    let database = TestDatabase::new().await;
    let role = database.role("secret").await;
    let stream = two_steps_and_back()
        .outside("DO $$ BEGIN UPDATE tasks SET due = '2026-01-01'; END $$;")
        .back("SELECT 1;");
    let tenants = without_databases(&database, &role.url(), role.name(), &stream).await;
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");
    assert_eq!(health.as_expected, Some(1));
}
