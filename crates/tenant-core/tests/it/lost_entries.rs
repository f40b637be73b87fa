//! Tenants whose migration history lacks entries of migrations that were applied.

use tenant_core::remedy::{Advice, Command};
use tenant_core::{Error, LostEntries, ProblemKind, Remedy, Settings, Tenants};
use test_support::TestDatabase;

use crate::fixture::{
    Stream, chain, create, migrate, name, open, outcome, tenants, two_steps_and_back, version,
};

const HISTORY: &str = "SELECT version FROM acme.__diesel_schema_migrations ORDER BY 1";

#[tokio::test]
async fn lost_entries_of_a_history_are_told_and_recorded_again() {
    let database = TestDatabase::new().await;
    let stream = two_steps_and_back()
        .with("CREATE TABLE notes (id int); CREATE TABLE labels (id int)")
        .back("DROP TABLE labels; DROP TABLE notes");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme", "globex"]).await;
    let lose = format!(
        "DELETE FROM acme.__diesel_schema_migrations WHERE version >= '{}'; \
         UPDATE public.schema_tracker SET fingerprints = '{{}}'",
        version(2)
    );
    database.execute(&lose).await;
    let health = tenants.health().await.unwrap();
    let [problem] = health.problems.as_slice() else {
        panic!("{health:?}")
    };
    let missing = [version(2), version(3)];
    assert_eq!(
        problem.kind.to_string(),
        format!(
            "the schema matches version {}, but its migration history lacks {}, {}",
            missing[1], missing[0], missing[1]
        )
    );
    let (acme, at) = (name("acme"), Some(version(3).into()));
    let adopt = Command::AdoptTenant { name: acme, at };
    assert_eq!(problem.remedies(tenants.registry()), [Remedy::from(adopt)]);
    assert!(problem.sql(tenants.registry()).is_empty());

    // Without a version nothing is guessed, and what does not fit is not recorded.
    let error = tenants.adopt(&name("acme")).await.unwrap_err();
    assert!(matches!(error, Error::NothingToAdopt(_)), "{error:?}");
    let error = tenants.adopt(&name("acme")).at(version(2)).await;
    assert!(
        matches!(error, Err(Error::NoVersionFits { .. })),
        "{error:?}"
    );
    assert_eq!(database.column(HISTORY).await, [version(1).as_str()]);

    tenants.adopt(&name("acme")).at(version(3)).await.unwrap();
    assert_eq!(
        database.column(HISTORY).await,
        [1, 2, 3].map(|step| version(step).to_string())
    );
    assert!(tenants.health().await.unwrap().problems.is_empty());
    let report = migrate(&tenants).await;
    assert!(outcome(&report, "acme").applied.is_empty(), "{report:?}");
    let error = tenants
        .adopt(&name("acme"))
        .at(version(3))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::NothingToAdopt(_)), "{error:?}");
}

#[tokio::test]
async fn a_history_whose_versions_are_numbers_is_told_with_the_type_that_it_needs() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps_and_back()).await;
    create(&tenants, &["acme", "globex"]).await;
    database
        .execute(
            "ALTER TABLE acme.__diesel_schema_migrations \
             ALTER COLUMN version TYPE bigint USING version::bigint",
        )
        .await;
    let report = tenants.migrate().dry_run().await.unwrap();
    let error = chain(outcome(&report, "acme").error.as_ref().unwrap());
    let expected = "column `version` of `__diesel_schema_migrations` has type `int8`; expected `character varying(50)`";
    assert!(error.contains(expected), "{error}");
    assert!(outcome(&report, "globex").error.is_none(), "{report:?}");
}

#[tokio::test]
async fn what_a_pending_migration_creates_is_never_to_be_dropped() {
    let database = TestDatabase::new().await;
    create(&tenants(&database, &two_steps_and_back()).await, &["acme"]).await;
    let stream = two_steps_and_back()
        .with("CREATE TABLE notes (id int); CREATE TABLE labels (id int)")
        .back("DROP TABLE labels; DROP TABLE notes");
    let tenants = tenants(&database, &stream).await;
    database
        .execute("CREATE TABLE acme.notes (id int); CREATE TABLE acme.stray (id int)")
        .await;
    let problems = tenants.health().await.unwrap().problems;
    let codes = problems.iter().map(|it| it.kind.code());
    let mut codes = codes.collect::<Vec<_>>();
    codes.sort_unstable();
    assert_eq!(
        codes,
        ["extra_object", "made_by_pending", "pending_migrations"]
    );
    for problem in &problems {
        let sql = problem.sql(tenants.registry()).join(";");
        match &problem.kind {
            ProblemKind::MadeByPending { object } => {
                assert_eq!(object, "table `notes`");
                let remedies = problem.remedies(tenants.registry());
                assert_eq!(remedies, [Remedy::from(Advice::FinishMigration)]);
                assert!(sql.is_empty(), "{sql}");
            }
            ProblemKind::Drift(_) => assert!(sql.contains("stray"), "{sql}"),
            _ => assert!(sql.is_empty(), "{sql}"),
        }
    }
}

/// A table, a step that changes rows only, and another table.
fn with_rows() -> Stream {
    let rows = "CREATE TABLE prices (cents int); INSERT INTO prices VALUES (2)";
    let stream = Stream::new().with(rows);
    let stream = stream.with("UPDATE prices SET cents = cents * 100");
    stream.with("CREATE TABLE notes (id int)")
}

const PRICES: &str = "SELECT cents::text FROM acme.prices";

/// The versions of a refusal to run migrations again.
async fn refused(tenants: &Tenants) -> Vec<String> {
    let report = migrate(tenants).await;
    let planned = tenants.migrate().dry_run().await.unwrap();
    let of = |report| match &outcome(report, "acme").error {
        Some(Error::LostEntries { versions, .. }) => {
            let versions = versions.iter().map(ToString::to_string);
            versions.collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(of(&report), of(&planned));
    of(&report)
}

#[tokio::test]
async fn what_the_registry_records_never_runs_a_second_time() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &with_rows()).await;
    create(&tenants, &["acme", "globex"]).await;
    let all = [1, 2, 3].map(|step| version(step).to_string());
    for (lose, lost) in [
        ("TRUNCATE acme.__diesel_schema_migrations", &all[..]),
        (
            "DELETE FROM acme.__diesel_schema_migrations WHERE version LIKE '20260202%'",
            &all[1..2],
        ),
        (
            "DELETE FROM acme.__diesel_schema_migrations WHERE version LIKE '20260203%'",
            &all[2..],
        ),
    ] {
        database.execute(lose).await;
        assert_eq!(refused(&tenants).await, lost, "{lose}");
        assert_eq!(database.column(PRICES).await, ["200"], "{lose}");
        for health in [tenants.health().await, tenants.health().quick().await] {
            let health = health.unwrap();
            let [problem] = health.problems.as_slice() else {
                panic!("{lose}: {health:?}")
            };
            assert_eq!(problem.kind.code(), "lost_history", "{lose}");
            let complete = Command::CompleteHistory(name("acme"));
            assert_eq!(
                problem.remedies(tenants.registry()),
                [complete.into(), Remedy::from(Advice::RerunRecorded)]
            );
        }
        // The advice puts it right, and no row changes.
        let adopted = tenants.adopt(&name("acme")).await.unwrap();
        assert_eq!(adopted.version, Some(version(3)), "{lose}");
        assert_eq!(database.column(HISTORY).await, all, "{lose}");
        assert!(
            tenants.health().await.unwrap().problems.is_empty(),
            "{lose}"
        );
        assert!(outcome(&migrate(&tenants).await, "acme").applied.is_empty());
        assert_eq!(database.column(PRICES).await, ["200"], "{lose}");
    }
}

#[tokio::test]
async fn only_recorded_entries_are_entered_and_the_others_run() {
    let database = TestDatabase::new().await;
    create(&tenants(&database, &with_rows()).await, &["acme"]).await;
    // It never ran, as the registry knows: entered without a run, it would never run.
    let stream = with_rows().with("UPDATE prices SET cents = cents + 1");
    let tenants = tenants(&database, &stream).await;
    database
        .execute("DELETE FROM acme.__diesel_schema_migrations WHERE version LIKE '20260203%'")
        .await;
    assert_eq!(refused(&tenants).await, [version(3).as_str()]);
    tenants.adopt(&name("acme")).await.unwrap();
    let report = migrate(&tenants).await;
    assert_eq!(outcome(&report, "acme").applied, [version(4)]);
    assert_eq!(database.column(PRICES).await, ["201"]);
}

#[tokio::test]
async fn what_another_tool_reverted_runs_again_on_request() {
    let database = TestDatabase::new().await;
    let stream = with_rows();
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme", "globex"]).await;
    database
        .execute(
            "DROP TABLE acme.notes; \
             DELETE FROM acme.__diesel_schema_migrations WHERE version LIKE '20260203%'",
        )
        .await;
    assert_eq!(refused(&tenants).await, [version(3).as_str()]);
    let error = tenants.adopt(&name("acme")).await.unwrap_err();
    assert!(matches!(error, Error::NoVersionFits { .. }), "{error:?}");
    let settings = Settings {
        lost_entries: LostEntries::Rerun,
        ..Settings::default()
    };
    let again = open(&database, &stream, settings).await;
    let report = migrate(&again).await;
    assert_eq!(outcome(&report, "acme").applied, [version(3)]);
    assert!(tenants.health().await.unwrap().problems.is_empty());
}

#[tokio::test]
async fn a_schema_that_was_created_again_has_lost_nothing() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &with_rows()).await;
    create(&tenants, &["acme"]).await;
    let histories = [
        "",
        "CREATE TABLE acme.__diesel_schema_migrations (\
         version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT now())",
    ];
    for history in histories {
        let again = format!("DROP SCHEMA acme CASCADE; CREATE SCHEMA acme; {history}");
        database.execute(&again).await;
        let planned = tenants.migrate().dry_run().await.unwrap();
        assert_eq!(outcome(&planned, "acme").pending.len(), 3, "{planned:?}");
        assert_eq!(outcome(&migrate(&tenants).await, "acme").applied.len(), 3);
        assert_eq!(database.column(PRICES).await, ["200"]);
    }
}

#[tokio::test]
async fn a_repair_undoes_nothing_of_a_later_version_whose_entries_are_lost() {
    let database = TestDatabase::new().await;
    let stream = two_steps_and_back()
        .with("CREATE TABLE notes (id int); ALTER TABLE tasks ALTER title SET DEFAULT 'new'")
        .back("DROP TABLE notes; ALTER TABLE tasks ALTER title DROP DEFAULT");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let lose = format!(
        "DELETE FROM acme.__diesel_schema_migrations WHERE version = '{}'",
        version(3)
    );
    database.execute(&lose).await;
    let acme = name("acme");
    for repair in [tenants.try_repair(&acme).await, tenants.repair(&acme).await] {
        let repair = repair.unwrap();
        assert!(
            repair.mended.is_empty() && repair.left.is_empty(),
            "{repair:?}"
        );
        let [problem] = repair.unrecorded.as_slice() else {
            panic!("{repair:?}")
        };
        assert_eq!(problem.kind.code(), "lost_history");
        let complete = Command::CompleteHistory(name("acme"));
        let expected = [complete.into(), Remedy::from(Advice::RerunRecorded)];
        assert_eq!(problem.remedies(tenants.registry()), expected);
    }
    let forget = "UPDATE schema_tracker SET fingerprints = '{}'";
    database.execute(forget).await;
    for repair in [tenants.try_repair(&acme).await, tenants.repair(&acme).await] {
        let repair = repair.unwrap();
        assert!(
            repair.mended.is_empty() && repair.left.is_empty(),
            "{repair:?}"
        );
        let [problem] = repair.unrecorded.as_slice() else {
            panic!("{repair:?}")
        };
        let at = Some(version(3).into());
        let adopt = Command::AdoptTenant {
            name: name("acme"),
            at,
        };
        assert_eq!(problem.remedies(tenants.registry()), [Remedy::from(adopt)]);
    }
    tenants.adopt(&acme).at(version(3)).await.unwrap();
    assert!(tenants.health().await.unwrap().problems.is_empty());
}

#[tokio::test]
async fn a_repair_shows_no_drop_of_what_a_pending_migration_creates() {
    let database = TestDatabase::new().await;
    create(&tenants(&database, &two_steps_and_back()).await, &["acme"]).await;
    let stream = two_steps_and_back()
        .with("CREATE TABLE notes (id int); CREATE TABLE labels (id int)")
        .back("DROP TABLE labels; DROP TABLE notes");
    let tenants = tenants(&database, &stream).await;
    database
        .execute(
            "CREATE TABLE acme.notes (id int); CREATE TABLE acme.stray (id int); \
             ALTER TABLE acme.tasks DROP COLUMN due",
        )
        .await;
    let repair = tenants.repair(&name("acme")).await.unwrap();
    assert_eq!(repair.mended.len(), 1, "{repair:?}");
    let left = repair
        .left
        .iter()
        .map(|it| it.difference.object.to_string());
    assert_eq!(left.collect::<Vec<_>>(), ["table `stray`"]);
    let unrecorded = repair.unrecorded.iter().map(|it| it.kind.to_string());
    assert_eq!(
        unrecorded.collect::<Vec<_>>(),
        ["table `notes` exists, but the migration that creates it is pending"]
    );
    let sql = repair.unrecorded[0].sql(tenants.registry());
    assert!(sql.is_empty(), "{sql:?}");
}

#[tokio::test]
async fn an_entry_without_a_version_is_told_and_holds_up_no_other_tenant() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps_and_back()).await;
    create(&tenants, &["acme", "globex"]).await;
    database
        .execute(
            "ALTER TABLE acme.__diesel_schema_migrations \
                 DROP CONSTRAINT __diesel_schema_migrations_pkey, \
                 ALTER COLUMN version DROP NOT NULL; \
             INSERT INTO acme.__diesel_schema_migrations (version) VALUES (NULL)",
        )
        .await;
    let report = tenants.migrate().dry_run().await.unwrap();
    let error = chain(outcome(&report, "acme").error.as_ref().unwrap());
    let expected = "column `version` of `__diesel_schema_migrations` is NULL in some row";
    assert!(error.contains(expected), "{error}");
    assert!(outcome(&report, "globex").error.is_none(), "{report:?}");
}

#[tokio::test]
async fn a_lost_entry_of_the_public_history_is_recorded_by_the_advised_statement() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps_and_back()).await;
    let lost = "SELECT count(*)::text FROM __diesel_schema_migrations";
    let before = database.value(lost).await;
    database
        .execute("DELETE FROM __diesel_schema_migrations WHERE version = '20260103000000'")
        .await;
    let error = tenants.migrate_public().await.unwrap_err();
    let remedies = error.remedies();
    let [first, Remedy::Sql(record)] = remedies.as_slice() else {
        panic!("{remedies:?}")
    };
    assert_eq!(*first, Advice::FindExisting.into());
    database.execute(&record.statements.join("; ")).await;
    assert_eq!(database.value(lost).await, before);
    tenants.migrate_public().await.unwrap();
}
