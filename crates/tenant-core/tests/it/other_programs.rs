//! An older program does not undo what a newer one has done, and a program with other
//! migrations does not touch the tenants.

use tenant_core::remedy::{Advice, Command};
use tenant_core::{
    Error, MigrationSet, Migrations, Note, Problem, ProblemKind, Remedy, Settings, Status, Tenants,
    UnknownMigrations,
};
use test_support::TestDatabase;

use crate::fixture::{
    Stream, create, name, open, outcome, tenants, two_steps, two_steps_and_back, version,
};

const UNDER_WAY: &str = "ALTER TABLE tasks DROP COLUMN title, ALTER COLUMN due SET DEFAULT now(); \
                         CREATE TABLE notes (body text); INSERT INTO notes VALUES ('kept')";

/// Tenants that a newer program has migrated, as the older one sees them. The older has a
/// migration of its own that is pending, if `is_behind`.
async fn ahead(database: &TestDatabase, settings: Settings, is_behind: bool) -> Tenants {
    let newer = tenants(database, &two_steps().with(UNDER_WAY)).await;
    create(&newer, &["acme", "globex"]).await;
    let older = older_set(is_behind);
    open_set(database, older, settings).await
}

/// Two steps, and, if `is_behind`, one that no other program has.
fn older_set(is_behind: bool) -> MigrationSet {
    let stream = if is_behind {
        two_steps().with("SELECT 1").with("CREATE TABLE late ()")
    } else {
        two_steps()
    };
    let without_third = stream
        .newest()
        .parent()
        .unwrap()
        .join("2026-02-03-000000_step");
    if is_behind {
        std::fs::remove_dir_all(without_third).unwrap();
    }
    stream.set()
}

async fn open_set(database: &TestDatabase, tenant: MigrationSet, settings: Settings) -> Tenants {
    let migrations = Migrations {
        public: MigrationSet::from_source(&schema_public::MIGRATIONS).unwrap(),
        tenant,
    };
    let at = tenant_core::Database::parse(&database.url()).unwrap();
    Tenants::open(at, migrations, settings).await.unwrap()
}

fn allowed() -> Settings {
    Settings {
        unknown_migrations: UnknownMigrations::Allow,
        ..Settings::default()
    }
}

/// A program that has nothing to do with these tenants, and whose migrations could be
/// applied to their schemas.
async fn stranger(database: &TestDatabase, settings: Settings) -> Tenants {
    let stream = Stream::new();
    let folder = stream
        .newest()
        .parent()
        .unwrap()
        .join("2020-01-01-000000_other");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("up.sql"), "CREATE TABLE dummy_table (id int)").unwrap();
    open_set(database, stream.set(), settings).await
}

async fn contents(database: &TestDatabase) -> Vec<String> {
    let sql = "SELECT concat_ws(' ', table_schema, table_name, column_name, column_default) \
               FROM information_schema.columns WHERE table_schema IN ('acme', 'globex') \
               UNION ALL SELECT 'note ' || body FROM acme.notes \
               UNION ALL SELECT 'applied ' || version FROM acme.__diesel_schema_migrations \
               ORDER BY 1";
    database.column(sql).await
}

fn may_drop_or_write(problem: &Problem, tenants: &Tenants) -> bool {
    let registry = tenants.registry();
    let writes = |remedy: &Remedy| match remedy {
        Remedy::Advice(_) => false,
        Remedy::Command(command) => !command.only_reads(),
        _ => true,
    };
    !problem.sql(registry).is_empty() || problem.remedies(registry).iter().any(writes)
}

#[tokio::test]
async fn an_older_program_repairs_nothing_that_a_newer_one_has_migrated() {
    for is_behind in [false, true] {
        let database = TestDatabase::new().await;
        let older = ahead(&database, allowed(), is_behind).await;
        let before = contents(&database).await;
        for repaired in [
            older.repair(&name("acme")).await,
            older.try_repair(&name("acme")).await,
        ] {
            let error = repaired.unwrap_err();
            let Error::CannotRepairAhead { versions, .. } = &error else {
                panic!("{error:?}")
            };
            assert_eq!(*versions, [version(3)]);
            assert_eq!(error.remedies(), [Advice::UseOtherProgram.into()]);
        }
        assert_eq!(contents(&database).await, before);
    }
}

#[tokio::test]
async fn the_check_says_of_a_tenant_that_is_ahead_only_which_migrations_it_does_not_know() {
    for is_behind in [false, true] {
        let database = TestDatabase::new().await;
        let older = ahead(&database, Settings::default(), is_behind).await;
        database.execute("DROP TABLE acme.notes").await;
        for health in [older.health().await, older.health().quick().await] {
            let problems = health.unwrap().problems;
            let told = problems.iter().map(|it| {
                assert!(
                    matches!(it.kind, ProblemKind::UnknownMigration(_)),
                    "{it:?}"
                );
                assert!(!may_drop_or_write(it, &older), "{it:?}");
                it.tenant.as_deref().unwrap_or_default()
            });
            assert_eq!(told.collect::<Vec<_>>(), ["acme", "globex"], "{problems:?}");
        }
    }
}

#[tokio::test]
async fn a_tenant_that_is_ahead_is_migrated_only_where_that_is_meant() {
    let database = TestDatabase::new().await;
    let older = ahead(&database, Settings::default(), true).await;
    let before = contents(&database).await;
    create_behind(&database).await;
    for dry_run in [true, false] {
        let call = older.migrate();
        let call = if dry_run { call.dry_run() } else { call };
        let report = call.await.unwrap();
        for tenant in ["acme", "globex"] {
            let outcome = outcome(&report, tenant);
            let error = outcome.error.as_ref().unwrap();
            let Error::AheadOfProgram { versions, .. } = error else {
                panic!("{error:?}")
            };
            assert_eq!(*versions, [version(3)]);
            let remedies = [Advice::UseOtherProgram, Advice::AllowUnknownMigrations];
            assert_eq!(error.remedies(), remedies.map(Remedy::from));
        }
        // What is no failure of these tenants is no note about them either.
        assert!(report.notes.is_empty(), "{:?}", report.notes);
        let behind = outcome(&report, "behind").status;
        let expected = if dry_run {
            Status::Skipped
        } else {
            Status::Migrated
        };
        assert_eq!(behind, expected, "{report:?}");
    }
    assert_eq!(contents(&database).await, before);

    let meant = open_set(&database, older_set(true), allowed()).await;
    let report = meant.migrate().await.unwrap();
    assert_eq!(report.count(Status::Migrated), 2, "{report:?}");
    let late = "SELECT to_regclass('acme.late') IS NOT NULL AND count(*) = 4 \
                FROM acme.__diesel_schema_migrations";
    assert_eq!(database.value(late).await, "t");
    // Elsewhere a run without the option stumbled over what one with it had done.
    let report = older.migrate().await.unwrap();
    assert_eq!(report.count(Status::UpToDate), 3, "{report:?}");
}

/// A tenant that is only behind.
async fn create_behind(database: &TestDatabase) {
    let first = tenants(database, &two_steps()).await;
    create(&first, &["behind"]).await;
}

#[tokio::test]
async fn what_the_list_takes_for_behind_is_looked_at_before_it_is_migrated() {
    let database = TestDatabase::new().await;
    let older = ahead(&database, Settings::default(), true).await;
    let before = contents(&database).await;
    let guessed = format!("UPDATE schema_tracker SET version = '{}'", version(1));
    database.execute(&guessed).await;
    let report = older.migrate().await.unwrap();
    let refused = report
        .failures()
        .filter(|(_, error)| matches!(error, Error::AheadOfProgram { .. }));
    assert_eq!(refused.count(), 2, "{report:?}");
    assert_eq!(contents(&database).await, before);
}

#[tokio::test]
async fn a_tenant_with_nothing_pending_stays_up_to_date_with_a_note() {
    let database = TestDatabase::new().await;
    let older = ahead(&database, Settings::default(), false).await;
    let report = older.migrate().await.unwrap();
    assert_eq!(report.count(Status::UpToDate), 2, "{report:?}");
    let codes = report.notes.iter().map(tenant_core::Note::code);
    assert_eq!(codes.collect::<Vec<_>>(), ["unknown_migration"]);
}

#[tokio::test]
async fn a_program_that_knows_nothing_of_a_tenant_does_not_touch_it_in_any_case() {
    for settings in [Settings::default(), allowed()] {
        let database = TestDatabase::new().await;
        ahead(&database, Settings::default(), false).await;
        let before = contents(&database).await;
        let stranger = stranger(&database, settings).await;
        let report = stranger.migrate().await.unwrap();
        assert_eq!(report.count(Status::Failed), 2, "{report:?}");
        let mut errors = report
            .failures()
            .map(|(_, error)| error.to_string())
            .collect::<Vec<_>>();
        errors.push(
            stranger
                .repair(&name("acme"))
                .await
                .unwrap_err()
                .to_string(),
        );
        for error in errors {
            assert!(error.contains("belongs to another program"), "{error}");
        }
        let problems = stranger.health().await.unwrap().problems;
        let codes = problems.iter().map(|it| it.kind.code());
        assert_eq!(
            codes.collect::<Vec<_>>(),
            ["other_program"; 2],
            "{problems:?}"
        );
        assert!(!problems.iter().any(|it| may_drop_or_write(it, &stranger)));
        assert_eq!(contents(&database).await, before);
    }
}

#[tokio::test]
async fn ten_versions_of_another_program_are_not_adopted() {
    let database = TestDatabase::new().await;
    let ours = tenants(&database, &two_steps()).await;
    database
        .execute(
            "CREATE SCHEMA customer; CREATE TABLE customer.invoices (id int);
             CREATE TABLE customer.__diesel_schema_migrations
                 (version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT now());
             INSERT INTO customer.__diesel_schema_migrations
                 SELECT '2024010100000' || n FROM generate_series(0, 9) n",
        )
        .await;
    for tenants in [ours, open(&database, &two_steps(), allowed()).await] {
        let error = tenants.adopt(&name("customer")).await.unwrap_err();
        let Error::OtherProgram { versions, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!(versions.len(), 10);
        assert_eq!(
            error.to_string(),
            "tenant `customer` belongs to another program: it has 10 applied migrations, and this program has none of them: `20240101000000`, `20240101000001`, `20240101000002` and 7 more"
        );
        assert_eq!(error.remedies(), [Advice::UseOtherProgram.into()]);
        assert_eq!(database.tracked().await, Vec::<String>::new());
        assert_eq!(tenants.migrate().await.unwrap().outcomes.len(), 0);
    }
    let dummy = "SELECT to_regclass('customer.tasks') IS NULL";
    assert_eq!(database.value(dummy).await, "t");
}

#[tokio::test]
async fn a_schema_that_is_ahead_is_adopted_only_where_that_is_meant() {
    let database = TestDatabase::new().await;
    let older = ahead(&database, Settings::default(), false).await;
    database
        .execute("DELETE FROM schema_tracker WHERE name = 'acme'")
        .await;
    let error = older.adopt(&name("acme")).await.unwrap_err();
    assert!(matches!(error, Error::AheadOfProgram { .. }), "{error:?}");
    assert_eq!(database.tracked().await, ["globex"]);
    // Nobody is told to adopt it, and less to drop it.
    let health = older.health().await.unwrap();
    let orphan = health
        .problems
        .iter()
        .find(|it| it.kind.code() == "orphaned_schema")
        .unwrap();
    assert!(!may_drop_or_write(orphan, &older), "{orphan:?}");

    let meant = open_set(&database, older_set(false), allowed()).await;
    let adopted = meant.adopt(&name("acme")).await.unwrap();
    assert_eq!(adopted.version, Some(version(3)));
    // What these migrations create together is not known.
    assert!(matches!(
        adopted.notes.as_slice(),
        [Note::NothingCompared { .. }]
    ));
    assert_eq!(database.tracked().await, ["acme", "globex"]);
}

#[tokio::test]
async fn a_tenant_without_a_record_is_led_to_adoption_and_never_to_dropping_tables() {
    for lost in [
        "DROP TABLE acme.__diesel_schema_migrations",
        "DELETE FROM acme.__diesel_schema_migrations",
    ] {
        let database = TestDatabase::new().await;
        let tenants = tenants(&database, &two_steps_and_back()).await;
        create(&tenants, &["acme"]).await;
        database.execute(lost).await;
        let error = tenants.repair(&name("acme")).await.unwrap_err();
        assert!(matches!(error, Error::NoHistory(_)), "{lost}: {error:?}");
        let adopt = Command::AdoptTenant {
            name: name("acme"),
            at: None,
        };
        assert_eq!(error.remedies(), [adopt.clone().into()], "{lost}");
        let health = tenants.health().await.unwrap();
        let remedies = health
            .problems
            .iter()
            .flat_map(|it| it.remedies(tenants.registry()));
        let complete = Command::CompleteHistory(name("acme"));
        let expected = match lost.starts_with("DROP") {
            true => vec![adopt.into()],
            // The registry still knows what has run.
            false => vec![complete.into(), Advice::RerunRecorded.into()],
        };
        assert_eq!(remedies.collect::<Vec<_>>(), expected, "{lost}");

        tenants.adopt(&name("acme")).await.unwrap();
        let repaired = tenants.repair(&name("acme")).await.unwrap();
        assert!(repaired.mended.is_empty() && repaired.left.is_empty());
        assert!(tenants.health().await.unwrap().is_healthy());
    }
}

/// An empty tenant without a record is behind, and nothing is wrong with it.
#[tokio::test]
async fn in_an_empty_tenant_nothing_is_to_be_repaired() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    database
        .execute("CREATE SCHEMA acme; INSERT INTO schema_tracker (name) VALUES ('acme')")
        .await;
    let repaired = tenants.repair(&name("acme")).await.unwrap();
    assert!(repaired.mended.is_empty() && repaired.left.is_empty());
}

#[tokio::test]
async fn where_only_others_tables_are_check_adoption_and_repair_say_one_thing_which_helps() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    database
        .execute(
            "CREATE SCHEMA acme; CREATE TABLE acme.invoices (id int); \
             INSERT INTO acme.invoices VALUES (7); \
             INSERT INTO schema_tracker (name) VALUES ('acme')",
        )
        .await;
    let advice = [Remedy::from(Advice::MoveForeignObjects)];
    let name = name("acme");
    for step in ["at first", "after taking it to be at nothing"] {
        let health = tenants.health().await.unwrap();
        let problems = &health.problems;
        let [problem] = problems.as_slice() else {
            panic!("{step}: {problems:?}")
        };
        assert_eq!(problem.kind.code(), "foreign_objects", "{step}");
        assert_eq!(problem.remedies(tenants.registry()), advice, "{step}");
        let adopted = tenants.adopt(&name).await.unwrap_err();
        assert_eq!(adopted.remedies(), advice, "{step}: {adopted}");
        let repaired = tenants.repair(&name).await.unwrap_err();
        assert_eq!(repaired.remedies(), advice, "{step}: {repaired}");
        tenants
            .adopt(&name)
            .at(tenant_core::At::Nothing)
            .await
            .unwrap();
    }
    database
        .execute("CREATE SCHEMA billing; ALTER TABLE acme.invoices SET SCHEMA billing")
        .await;
    let report = tenants.migrate().await.unwrap();
    assert_eq!(report.count(Status::Migrated), 1, "{report:?}");
    let health = tenants.health().await.unwrap();
    assert!(health.is_healthy(), "{health:?}");
    assert_eq!(database.value("SELECT id FROM billing.invoices").await, "7");
}
