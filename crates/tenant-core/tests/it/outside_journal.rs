//! What a run outside a transaction writes down, and how the next one continues.

use std::fs;

use tenant_core::{
    Consequence, Database, Error, FleetReport, MigrationSet, Migrations, ProblemKind, RollbackTo,
    Settings, Status, Tenants,
};
use test_support::TestDatabase;

use crate::fixture::{
    Stream, chain, create, migrate, name, open, open_at, outcome, rollback_to, tenants, two_steps,
    version,
};

/// The comment on a tenant's table of applied migrations.
async fn comment(database: &TestDatabase, tenant: &str) -> String {
    let sql = format!(
        "SELECT obj_description('{tenant}.__diesel_schema_migrations'::regclass, 'pg_class')"
    );
    database.value(&sql).await
}

/// The tenant `acme` with the migrations of `stream`, and tenants with one more, outside a
/// transaction.
pub(crate) async fn acme_before(
    database: &TestDatabase,
    stream: Stream,
    file: &str,
) -> (Stream, Tenants) {
    create(&tenants(database, &stream).await, &["acme"]).await;
    let stream = stream.outside(file);
    let new = open(database, &stream, Settings::default()).await;
    (stream, new)
}

pub(crate) fn error(report: &FleetReport) -> &Error {
    outcome(report, "acme").error.as_ref().unwrap()
}

pub(crate) async fn succeeds(tenants: &Tenants) {
    let report = migrate(tenants).await;
    assert_eq!(report.count(Status::Migrated), 1, "{report:?}");
}

#[tokio::test]
async fn a_file_that_is_corrected_continues_with_what_is_not_done() {
    let database = TestDatabase::new().await;
    let stream = two_steps().with("INSERT INTO tasks VALUES (1, 'one');");
    let first = "UPDATE tasks SET id = id * 2;\nCALL nothing();";
    let (stream, new) = acme_before(&database, stream, first).await;
    let report = migrate(&new).await;
    let Error::Migration(failure) = error(&report) else {
        panic!("{report:?}")
    };
    assert_eq!(
        (failure.line, failure.consequence),
        (2, Consequence::PartlyApplied)
    );
    let corrected = "SET work_mem = '8MB';\n-- as before\nUPDATE tasks SET id = id*2;\n\
                     UPDATE tasks SET title = 'two';\nDO $$ BEGIN COMMIT; END $$;";
    fs::write(stream.newest().join("up.sql"), corrected).unwrap();
    succeeds(&open(&database, &stream, Settings::default()).await).await;
    let rows = "SELECT id || title FROM acme.tasks";
    assert_eq!(database.value(rows).await, "2two");
    assert_eq!(comment(&database, "acme").await, "NULL");
}

#[tokio::test]
async fn the_same_statement_twice_runs_twice() {
    let database = TestDatabase::new().await;
    let stream = two_steps().with("INSERT INTO tasks VALUES (1, 'one');");
    let file = "UPDATE tasks SET id = id + 1;\nUPDATE tasks SET id = id + 1;\n\
                CALL nothing();\nUPDATE tasks SET id = id + 1;";
    let (_, new) = acme_before(&database, stream, file).await;
    for _ in 0..2 {
        let report = migrate(&new).await;
        assert_eq!(outcome(&report, "acme").status, Status::Failed);
        assert_eq!(database.value("SELECT id FROM acme.tasks").await, "3");
    }
    database
        .execute("CREATE PROCEDURE acme.nothing() LANGUAGE sql AS 'SELECT 1'")
        .await;
    succeeds(&new).await;
    assert_eq!(database.value("SELECT id FROM acme.tasks").await, "4");
}

#[tokio::test]
async fn a_setting_holds_for_the_rest_of_its_file_and_is_made_again_by_the_next_run() {
    let database = TestDatabase::new().await;
    let stream = two_steps().with("CREATE TABLE seen (what text);");
    let file = "SET statement_timeout = '7s';\nSELECT set_config('shop.step', 'one', false);\n\
                DO $$ BEGIN INSERT INTO seen VALUES (current_setting('statement_timeout') || \
                current_setting('shop.step')); COMMIT; END $$;\nCALL check_it();\n\
                INSERT INTO seen VALUES (current_setting('statement_timeout'));";
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let stream = stream.outside(file).with(
        "INSERT INTO seen VALUES (current_setting('statement_timeout') \
         || coalesce(current_setting('shop.step', true), ''));",
    );
    let new = open(&database, &stream, Settings::default()).await;
    assert_eq!(error(&migrate(&new).await).sqlstate(), Some("42883"));
    database
        .execute(
            "CREATE PROCEDURE acme.check_it() LANGUAGE plpgsql AS $$ BEGIN \
             ASSERT current_setting('statement_timeout') = '7s'; \
             ASSERT current_setting('shop.step') = 'one'; END $$",
        )
        .await;
    succeeds(&new).await;
    let seen = database.column("SELECT what FROM acme.seen").await;
    assert_eq!(seen, ["7sone", "7s", "0"]);
}

#[tokio::test]
async fn a_comment_of_people_on_the_table_is_kept() {
    let database = TestDatabase::new().await;
    let file =
        "VACUUM tasks;\nCREATE INDEX CONCURRENTLY by_title ON tasks (title);\nVACUUM nothing;";
    let (_, new) = acme_before(&database, two_steps(), file).await;
    let theirs = "Diesel''s own table.\nDo not touch: \\d";
    let keep = format!("COMMENT ON TABLE acme.__diesel_schema_migrations IS '{theirs}'");
    database.execute(&keep).await;
    let theirs = theirs.replace("''", "'");
    for _ in 0..2 {
        let report = migrate(&new).await;
        assert_eq!(error(&report).sqlstate(), Some("42P01"));
        let now = comment(&database, "acme").await;
        assert!(now.ends_with(&theirs) && now != theirs, "{now}");
    }
    database.execute("CREATE TABLE acme.nothing (a int)").await;
    succeeds(&new).await;
    assert_eq!(comment(&database, "acme").await, theirs);
}

#[tokio::test]
async fn a_tenant_that_was_renamed_half_way_is_completed_under_its_new_name() {
    let database = TestDatabase::new().await;
    let file = "CREATE INDEX CONCURRENTLY by_title ON tasks (title);\nVACUUM nothing;";
    let (_, new) = acme_before(&database, two_steps(), file).await;
    let report = migrate(&new).await;
    assert_eq!(outcome(&report, "acme").status, Status::Failed);
    new.rename(&name("acme"), &name("globex")).await.unwrap();
    database
        .execute("CREATE TABLE globex.nothing (a int)")
        .await;
    succeeds(&new).await;
    assert_eq!(comment(&database, "globex").await, "NULL");
}

#[tokio::test]
async fn a_copy_of_a_tenant_that_is_half_way_is_completed_like_it() {
    let database = TestDatabase::new().await;
    let file = "CREATE INDEX CONCURRENTLY by_title ON tasks (title);\nVACUUM nothing;\n\
                CREATE UNIQUE INDEX CONCURRENTLY ON tasks (id);";
    let (_, new) = acme_before(&database, two_steps(), file).await;
    migrate(&new).await;
    let (acme, globex) = (name("acme"), name("globex"));
    new.clone_tenant(&acme, &globex).await.unwrap();
    assert_eq!(
        comment(&database, "globex").await,
        comment(&database, "acme").await
    );
    for tenant in ["acme", "globex"] {
        let make = format!("CREATE TABLE {tenant}.nothing (a int)");
        database.execute(&make).await;
    }
    let report = migrate(&new).await;
    assert_eq!(report.count(Status::Migrated), 2, "{report:?}");
}

#[tokio::test]
async fn a_journal_is_no_drift() {
    let database = TestDatabase::new().await;
    let file = "CREATE INDEX CONCURRENTLY by_title ON tasks (title);\nVACUUM nothing;";
    let (_, new) = acme_before(&database, two_steps(), file).await;
    migrate(&new).await;
    assert!(
        comment(&database, "acme")
            .await
            .starts_with("diesel-tenants journal")
    );
    database.execute("DROP INDEX acme.by_title").await;
    let health = new.health().await.unwrap();
    let kinds = health.problems.iter().map(|problem| &problem.kind);
    for kind in kinds {
        assert!(
            matches!(kind, ProblemKind::PendingMigrations(_)),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn a_role_that_does_not_own_the_table_is_told_so_before_anything_runs() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let role = database.role("secret").await;
    database
        .execute(&format!(
            "GRANT ALL ON SCHEMA public, acme TO {0}; \
             GRANT ALL ON ALL TABLES IN SCHEMA public, acme TO {0}",
            role.name()
        ))
        .await;
    let stream = stream.outside("DO $$ BEGIN INSERT INTO tasks VALUES (1); COMMIT; END $$;");
    let new = open_at(&role.url(), &stream, Settings::default()).await;
    let report = migrate(&new).await;
    let told = chain(error(&report));
    assert!(
        told.contains("must be owner of table __diesel_schema_migrations"),
        "{told}"
    );
    assert!(told.contains("progress of the migration"), "{told}");
    assert_eq!(database.value("SELECT count(*) FROM acme.tasks").await, "0");
}

#[tokio::test]
async fn a_file_of_ordinary_statements_is_one_transaction_with_its_record() {
    let database = TestDatabase::new().await;
    let stream = two_steps().with("INSERT INTO tasks VALUES (1, 'one');");
    let file = "UPDATE tasks SET id = id + 1;\nCREATE TABLE more (a int);\n\
                CREATE TEMP TABLE ids AS SELECT id FROM tasks;\nINSERT INTO more SELECT id FROM ids;\n\
                SELECT 1 / 0;";
    let (stream, new) = acme_before(&database, stream, file).await;
    let report = migrate(&new).await;
    let Error::Migration(failure) = error(&report) else {
        panic!("{report:?}")
    };
    assert_eq!(
        (failure.line, failure.consequence),
        (5, Consequence::RolledBack)
    );
    assert_eq!(database.value("SELECT id FROM acme.tasks").await, "1");
    let corrected = file.replace("SELECT 1 / 0;", "");
    fs::write(stream.newest().join("up.sql"), corrected).unwrap();
    succeeds(&open(&database, &stream, Settings::default()).await).await;
    assert_eq!(database.value("SELECT a FROM acme.more").await, "2");
    assert_eq!(comment(&database, "acme").await, "NULL");
}

#[tokio::test]
async fn a_path_that_a_statement_changes_stops_the_run_there() {
    let database = TestDatabase::new().await;
    let file = "SET search_path TO public;\nCALL nothing();\nVACUUM;";
    let (_, new) = acme_before(&database, two_steps(), file).await;
    let report = migrate(&new).await;
    assert!(
        matches!(error(&report), Error::ChangedPath { line: Some(1), .. }),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_rollback_that_was_cut_off_knows_its_own_work() {
    let database = TestDatabase::new().await;
    let stream = two_steps()
        .outside("CREATE INDEX CONCURRENTLY one ON tasks (title);\nVACUUM tasks;")
        .back("DROP INDEX CONCURRENTLY one;\nVACUUM nothing;");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let back = || RollbackTo::Version(version(2));
    for _ in 0..2 {
        let report = rollback_to(&tenants, back()).await.unwrap();
        assert_eq!(error(&report).sqlstate(), Some("42P01"), "{report:?}");
    }
    database.execute("CREATE TABLE acme.nothing (a int)").await;
    let report = rollback_to(&tenants, back()).await.unwrap();
    assert_eq!(outcome(&report, "acme").reverted, [version(3)]);
    assert_eq!(comment(&database, "acme").await, "NULL");
    // What was done then says nothing of the next time.
    succeeds(&tenants).await;
    let report = rollback_to(&tenants, back()).await.unwrap();
    assert_eq!(outcome(&report, "acme").reverted, [version(3)]);
}

#[tokio::test]
async fn a_role_that_a_file_takes_is_given_back() {
    let database = TestDatabase::new().await;
    let role = database.role("secret").await;
    let file = format!(
        "SET ROLE {};\nDO $$ BEGIN CREATE TABLE theirs (a int); COMMIT; END $$;\n\
         INSERT INTO theirs VALUES (1);\nCALL nothing();",
        role.name()
    );
    let (_, new) = acme_before(&database, two_steps(), &file).await;
    let grant = format!("GRANT ALL ON SCHEMA acme TO {}", role.name());
    database.execute(&grant).await;
    assert_eq!(error(&migrate(&new).await).sqlstate(), Some("42883"));
    database
        .execute("CREATE PROCEDURE acme.nothing() LANGUAGE plpgsql AS 'BEGIN INSERT INTO theirs VALUES (2); END'")
        .await;
    succeeds(&new).await;
    let owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'theirs'";
    assert_eq!(database.value(owner).await, role.name());
    let rows = "SELECT string_agg(a::text, ',') FROM acme.theirs";
    assert_eq!(database.value(rows).await, "1,2");
}

#[tokio::test]
async fn the_public_schema_keeps_such_a_journal_as_well() {
    let database = TestDatabase::new().await;
    let plans = Stream::new()
        .with("CREATE TABLE plans (name text UNIQUE);")
        .outside("CREATE UNIQUE INDEX CONCURRENTLY ON plans (name);\nVACUUM nothing;");
    let opened = async || {
        let ours = MigrationSet::from_source(&schema_public::MIGRATIONS).unwrap();
        let migrations = Migrations {
            public: ours.merge(plans.set()).unwrap(),
            tenant: Stream::new().set(),
        };
        let url = Database::parse(&database.url()).unwrap();
        Tenants::open(url, migrations, Settings::default())
            .await
            .unwrap()
    };
    for _ in 0..2 {
        opened().await.migrate_public().await.unwrap_err();
    }
    database
        .execute("CREATE TABLE public.nothing (a int)")
        .await;
    opened().await.migrate_public().await.unwrap();
    let indexes = "SELECT count(*) FROM pg_index WHERE indrelid = 'public.plans'::regclass";
    assert_eq!(database.value(indexes).await, "2");
    assert_eq!(comment(&database, "public").await, "NULL");
}

#[tokio::test]
async fn what_was_done_before_an_older_migration_was_reverted_counts_no_more() {
    let database = TestDatabase::new().await;
    let stream = two_steps()
        .with("CREATE TABLE more (n int);")
        .back("DROP TABLE more;");
    let file = "INSERT INTO more VALUES (1);\nCALL nothing();";
    let (_, new) = acme_before(&database, stream, file).await;
    migrate(&new).await;
    let back = RollbackTo::Version(version(2));
    let report = rollback_to(&new, back).await.unwrap();
    assert_eq!(outcome(&report, "acme").reverted, [version(3)]);
    database
        .execute("CREATE PROCEDURE acme.nothing() LANGUAGE sql AS 'SELECT 1'")
        .await;
    let report = migrate(&new).await;
    assert_eq!(outcome(&report, "acme").applied, [3, 4].map(version));
    assert_eq!(database.value("SELECT n FROM acme.more").await, "1");
}
