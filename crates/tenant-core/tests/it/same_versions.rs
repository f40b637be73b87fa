//! Programs whose migrations have the same versions, and nothing else in common: none of
//! them touches the tenants of another.

use tenant_core::remedy::{Advice, Command};
use tenant_core::{
    Error, FleetReport, ForeignSign, Note, Problem, ProblemKind, Remedy, Settings, Status, Tenants,
};
use test_support::TestDatabase;

use crate::fixture::{
    Stream, create, migrate, name, open, outcome, tenants, two_steps, two_steps_and_back, version,
};

/// What Diesel writes into every project.
const SETUP: &str = "CREATE FUNCTION touch() RETURNS int LANGUAGE sql AS 'SELECT 1'";

/// Another program with two migrations.
fn stranger() -> Stream {
    Stream::new()
        .with("CREATE TABLE invoices (id int PRIMARY KEY);")
        .with("ALTER TABLE invoices ADD COLUMN total int;")
}

/// The tenants of `theirs` as a program sees them that has `ours`.
async fn seen(database: &TestDatabase, theirs: &Stream, ours: &Stream) -> Tenants {
    let first = tenants(database, theirs).await;
    create(&first, &["acme", "globex"]).await;
    first.spares().keep(1).await.unwrap();
    open(database, ours, Settings::default()).await
}

/// Everything in the schemas, and in the lists.
async fn contents(database: &TestDatabase) -> Vec<String> {
    let sql = "SELECT concat_ws(' ', table_schema, table_name, column_name) \
               FROM information_schema.columns WHERE table_schema IN ('acme', 'globex') \
                    OR table_schema LIKE E'\\\\_spare\\\\_%' \
               UNION ALL SELECT t::text FROM schema_tracker t \
               UNION ALL SELECT s::text FROM spare_schemas s \
               UNION ALL SELECT 'applied ' || version FROM acme.__diesel_schema_migrations \
               ORDER BY 1";
    database.column(sql).await
}

/// The sign by which it is found to be another program's.
fn sign(error: &Error) -> ForeignSign {
    match error {
        Error::OtherProgram { sign, .. } => *sign,
        other => panic!("{other:?}"),
    }
}

fn assert_refused(report: &FleetReport, is: ForeignSign) {
    assert_eq!(report.count(Status::Failed), 2, "{report:?}");
    for (_, error) in report.failures() {
        assert_eq!(sign(error), is);
    }
    assert!(report.notes.is_empty(), "{:?}", report.notes);
}

/// One problem for each tenant, which nothing that writes to it is advised for.
fn assert_told(problems: &[Problem], tenants: &Tenants, is: ForeignSign) {
    let told = problems.iter().map(|it| match &it.kind {
        ProblemKind::OtherProgram { sign, .. } => {
            assert_eq!(*sign, is);
            it.tenant.as_deref().unwrap_or_default()
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(told.collect::<Vec<_>>(), ["acme", "globex"], "{problems:?}");
    let registry = tenants.registry();
    for problem in problems {
        assert!(problem.sql(registry).is_empty());
        let remedies = problem.remedies(registry);
        assert_eq!(remedies.first(), Some(&Advice::UseOtherProgram.into()));
        assert!(!remedies.iter().any(|it| matches!(it, Remedy::Sql(_))));
    }
}

/// Nothing that the program does changes anything.
async fn assert_untouched(database: &TestDatabase, tenants: &Tenants, is: ForeignSign) {
    let before = contents(database).await;
    assert_refused(&migrate(tenants).await, is);
    assert_refused(&tenants.migrate().dry_run().await.unwrap(), is);
    let plan = tenants.plan_rollback().await.unwrap();
    assert_refused(&tenants.rollback(plan).await.unwrap(), is);
    for repaired in [
        tenants.repair(&name("acme")).await,
        tenants.try_repair(&name("acme")).await,
    ] {
        assert_eq!(sign(&repaired.unwrap_err()), is);
    }
    assert_told(&tenants.health().await.unwrap().problems, tenants, is);
    assert_eq!(contents(database).await, before);
}

#[tokio::test]
async fn a_program_with_the_same_versions_and_other_texts_changes_nothing() {
    for is_behind in [false, true] {
        let database = TestDatabase::new().await;
        let ours = two_steps_and_back();
        let ours = if is_behind {
            ours.with("CREATE TABLE notes ();")
                .back("DROP TABLE notes;")
        } else {
            ours
        };
        let tenants = seen(&database, &stranger(), &ours).await;
        assert_untouched(&database, &tenants, ForeignSign::OtherTexts).await;
        let quick = tenants.health().quick().await.unwrap().problems;
        assert_told(&quick, &tenants, ForeignSign::OtherTexts);

        let before = contents(&database).await;
        let error = tenants.repair(&name("acme")).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "tenant `acme` belongs to another program: it has 2 applied migrations, each with a different text in this program: `20260201000000`, `20260202000000`"
        );
        let accept = Command::AcceptEdits(vec![version(1), version(2)]);
        let expected = [Advice::UseOtherProgram.into(), Remedy::from(accept)];
        assert_eq!(error.remedies(), expected);
        // Named or not, the schema is not what these migrations create.
        let all = tenants.accept_edits().await.unwrap();
        assert_eq!(
            sign(outcome(&all, "acme").error.as_ref().unwrap()),
            ForeignSign::OtherTexts
        );
        let named = tenants.accept_edits();
        let named = named.migration(version(1)).migration(version(2));
        let named = named.await.unwrap();
        let error = outcome(&named, "acme").error.as_ref().unwrap();
        assert!(matches!(error, Error::EditMatters { .. }), "{error:?}");
        assert_eq!(contents(&database).await, before);
    }
}

#[tokio::test]
async fn a_spare_of_another_program_is_neither_taken_nor_migrated_nor_dropped() {
    let database = TestDatabase::new().await;
    let ours = two_steps().with("CREATE TABLE notes ();");
    for ours in [two_steps(), ours] {
        let tenants = seen(&database, &stranger(), &ours).await;
        let count = tenants.spares().count().await.unwrap();
        assert_eq!((count.ready, count.behind, count.ahead), (0, 0, 1));
        create(&tenants, &["new"]).await;
        let made = "SELECT to_regclass('new.tasks') IS NOT NULL";
        assert_eq!(database.value(made).await, "t");
        let kept = tenants.spares().keep(1).await.unwrap();
        assert_eq!((kept.ready, kept.ahead), (1, 1), "{kept:?}");
        let theirs = "SELECT count(*) FROM information_schema.tables \
                      WHERE table_name = 'invoices' AND table_schema LIKE E'\\\\_spare\\\\_%'";
        assert_eq!(database.value(theirs).await, "1");
        tenants.spares().keep(0).await.unwrap();
        for tenant in ["acme", "globex", "new"] {
            let tenant = name(tenant);
            let dropped = tenants.drop_tenant(&tenant).allow_other_program();
            dropped.await.unwrap();
        }
    }
}

#[tokio::test]
async fn the_list_says_which_tenants_are_another_programs() {
    let database = TestDatabase::new().await;
    let tenants = seen(&database, &stranger(), &two_steps()).await;
    create(&tenants, &["ours"]).await;
    let listed = tenants.list().await.unwrap();
    let listed = listed
        .iter()
        .map(|it| (it.name.as_str(), it.is_of_other_program, it.pending));
    assert_eq!(
        listed.collect::<Vec<_>>(),
        [
            ("acme", true, Some(0)),
            ("globex", true, Some(0)),
            ("ours", false, Some(0))
        ]
    );
    let report = migrate(&tenants).await;
    assert_eq!(outcome(&report, "ours").status, Status::UpToDate);
}

#[tokio::test]
async fn the_only_migration_is_an_edited_one_where_the_tables_are_its_tables() {
    let database = TestDatabase::new().await;
    let first = Stream::new().with("CREATE TABLE tasks (id int);");
    let edited = Stream::new().with("CREATE TABLE tasks (id bigint);");
    let tenants = seen(&database, &first, &edited).await;
    let report = migrate(&tenants).await;
    assert_eq!(report.count(Status::UpToDate), 2, "{report:?}");
    assert!(matches!(report.notes.as_slice(), [Note::Edited { .. }]));

    let other = Stream::new().with("CREATE TABLE invoices (id int);");
    let stranger = open(&database, &other, Settings::default()).await;
    assert_untouched(&database, &stranger, ForeignSign::OtherTexts).await;
}

/// A release that touches most of its old migrations is still the same program.
#[tokio::test]
async fn edited_migrations_beside_one_that_is_as_it_was_are_edits() {
    let database = TestDatabase::new().await;
    let first = two_steps().with("CREATE TABLE notes (id int);");
    let edited = Stream::new()
        .with("CREATE TABLE tasks (id int NOT NULL PRIMARY KEY, title text);")
        .with("ALTER TABLE tasks ADD due date;")
        .with("CREATE TABLE notes (id int);")
        .with("CREATE TABLE more ();");
    let tenants = seen(&database, &first, &edited).await;
    let report = migrate(&tenants).await;
    assert_eq!(report.count(Status::Migrated), 2, "{report:?}");
    let codes = report.notes.iter().map(Note::code);
    assert_eq!(codes.collect::<Vec<_>>(), ["edited_migration"; 2]);
    let report = tenants.accept_edits().await.unwrap();
    assert_eq!(report.count(Status::Accepted), 2, "{report:?}");
}

#[tokio::test]
async fn the_migration_that_diesel_writes_into_every_project_shows_nothing() {
    let database = TestDatabase::new().await;
    let setup = "00000000000000_diesel_initial_setup";
    let theirs = stranger().named(setup, SETUP);
    let ours = two_steps_and_back().named(setup, SETUP);
    let tenants = seen(&database, &theirs, &ours).await;
    assert_untouched(&database, &tenants, ForeignSign::OtherTexts).await;

    // An edited one of several is an edit with it as without.
    let edited = Stream::new()
        .with("CREATE TABLE invoices (id int PRIMARY KEY);")
        .with("ALTER TABLE invoices ADD COLUMN total bigint;")
        .named(setup, SETUP);
    let edited = open(&database, &edited, Settings::default()).await;
    let report = migrate(&edited).await;
    assert_eq!(report.count(Status::UpToDate), 2, "{report:?}");
}

#[tokio::test]
async fn without_recorded_texts_the_tables_show_whose_a_tenant_is() {
    for forget in [
        "UPDATE schema_tracker SET fingerprints = '{}'",
        "ALTER TABLE schema_tracker DROP COLUMN fingerprints",
    ] {
        let database = TestDatabase::new().await;
        let ours = two_steps_and_back();
        drop(seen(&database, &stranger(), &ours).await);
        database.execute(forget).await;
        let tenants = open(&database, &ours, Settings::default()).await;
        assert_untouched(&database, &tenants, ForeignSign::OtherTables).await;
        let more = ours
            .with("CREATE TABLE notes ();")
            .back("DROP TABLE notes;");
        let more = open(&database, &more, Settings::default()).await;
        assert_untouched(&database, &more, ForeignSign::OtherTables).await;
    }
}

/// A table can be created by a name that no text contains.
#[tokio::test]
async fn tables_with_computed_names_are_no_other_programs() {
    let database = TestDatabase::new().await;
    let computed = |count: usize| {
        let sql = "DO $$ BEGIN EXECUTE format('CREATE TABLE %I ()', 'ta' || 'sks'); END $$";
        let stream = Stream::new().with(sql);
        (1..count).fold(stream, |stream, _| stream.with("SELECT 1;"))
    };
    drop(seen(&database, &computed(1), &computed(1)).await);
    database
        .execute("UPDATE schema_tracker SET fingerprints = '{}'")
        .await;
    let tenants = open(&database, &computed(2), Settings::default()).await;
    assert_eq!(migrate(&tenants).await.count(Status::Migrated), 2);
    assert!(tenants.health().await.unwrap().is_healthy());
}

/// A schema in no list with these tables and the history of [`two_steps`].
async fn restored(database: &TestDatabase, tables: &str) -> Tenants {
    let tenants = tenants(database, &two_steps()).await;
    let sql = format!(
        "CREATE SCHEMA acme; SET search_path TO acme; {tables}; \
         CREATE TABLE __diesel_schema_migrations \
             (version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT now()); \
         INSERT INTO __diesel_schema_migrations VALUES ('{}'), ('{}')",
        version(1),
        version(2)
    );
    database.execute(&sql).await;
    tenants
}

#[tokio::test]
async fn a_history_with_other_tables_is_not_adopted() {
    let database = TestDatabase::new().await;
    let tenants = restored(&database, "CREATE TABLE invoices (id int)").await;
    let error = tenants.adopt(&name("acme")).await.unwrap_err();
    assert_eq!(sign(&error), ForeignSign::OtherTables);
    assert_eq!(error.remedies(), [Advice::UseOtherProgram.into()]);
    assert_eq!(database.tracked().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_history_is_compared_with_the_schema_that_is_adopted() {
    let database = TestDatabase::new().await;
    let tables = "CREATE TABLE tasks (id int PRIMARY KEY, title text, done bool)";
    let tenants = restored(&database, tables).await;
    let adopted = tenants.adopt(&name("acme")).await.unwrap();
    assert_eq!(adopted.version, Some(version(2)));
    let [missing, extra] = adopted.differences.as_slice() else {
        panic!("{adopted:?}")
    };
    assert!(extra.contains("`tasks.done`"), "{extra}");
    assert!(missing.contains("`tasks.due`"), "{missing}");

    let same = TestDatabase::new().await;
    let tables = "CREATE TABLE tasks (id int PRIMARY KEY, title text, due date)";
    let tenants = restored(&same, tables).await;
    let adopted = tenants.adopt(&name("acme")).await.unwrap();
    assert!(adopted.differences.is_empty(), "{adopted:?}");
    assert!(adopted.notes.is_empty(), "{adopted:?}");
    assert!(tenants.health().await.unwrap().is_healthy());
}
