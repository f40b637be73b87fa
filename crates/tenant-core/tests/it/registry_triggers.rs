//! A trigger of somebody's on the list of tenants that fails: the error is the
//! trigger's, with its words, and the tenant stays as it was.

use tenant_core::{Error, Tenants};
use test_support::TestDatabase;

use crate::fixture::{
    Stream, chain, create, migrate, name, open, outcome, rollback, tenants, two_steps_and_back,
    version,
};

/// What a trigger may do, and what PostgreSQL says of it. The first is how conditions
/// were once written, the last one is how they are.
const FAULTS: [(&str, &str); 5] = [
    (
        "PERFORM 1 / (length(NEW.name) - length(NEW.name));",
        "division by zero (SQLSTATE 22012)",
    ),
    (
        "RAISE EXCEPTION 'the auditor says no';",
        "the auditor says no (SQLSTATE P0001)",
    ),
    (
        "RAISE EXCEPTION 'no path leads here' USING ERRCODE = '42P01';",
        "no path leads here (SQLSTATE 42P01)",
    ),
    (
        "NEW.missing := 1;",
        "record \"new\" has no field \"missing\" (SQLSTATE 42703)",
    ),
    (
        "PERFORM CAST(NEW.name || '!' AS int);",
        "invalid input syntax for type integer: ",
    ),
];

async fn guard(database: &TestDatabase, body: &str) {
    let sql = format!(
        "CREATE FUNCTION public.guard() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN {body} RETURN NEW; END $$;
         CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON public.schema_tracker
         FOR EACH ROW EXECUTE FUNCTION public.guard()"
    );
    database.execute(&sql).await;
}

/// A database with the tenant `acme` at the second of three migrations, and a spare
/// at the newest; and the tenants as a program with all three sees them.
async fn guarded(body: &str) -> (TestDatabase, Stream, Tenants) {
    let database = TestDatabase::new().await;
    let before = tenants(&database, &two_steps_and_back()).await;
    create(&before, &["acme"]).await;
    database.execute("INSERT INTO acme.tasks VALUES (1)").await;
    let stream = two_steps_and_back()
        .with("CREATE TABLE notes (id int);")
        .back("DROP TABLE notes;");
    let now = open(&database, &stream, tenant_core::Settings::default()).await;
    let kept = now.spares().keep(1).await.unwrap();
    assert_eq!(kept.ready, 1, "{kept:?}");
    guard(&database, body).await;
    (database, stream, now)
}

/// Everything that a user would look at.
async fn state(database: &TestDatabase) -> Vec<String> {
    let mut all = database.schemas().await;
    all.extend(
        database
            .column("SELECT concat_ws(' ', name, version) FROM schema_tracker ORDER BY name")
            .await,
    );
    all.extend(
        database
            .column("SELECT concat_ws(' ', name, version) FROM spare_schemas ORDER BY name")
            .await,
    );
    all.extend(
        database
            .column("SELECT version FROM acme.__diesel_schema_migrations ORDER BY version")
            .await,
    );
    all.extend(
        database
            .column(
                "SELECT relname FROM pg_class WHERE relnamespace = 'acme'::regnamespace ORDER BY 1",
            )
            .await,
    );
    all
}

/// The error is the trigger's.
fn assert_of_the_trigger(error: &Error, said: &str, what: &str) {
    let told = chain(error);
    assert!(told.contains(said), "{what}: {told}");
    assert!(told.contains("guard() line "), "{what}: {told}");
    assert!(!told.contains("search path"), "{what}: {told}");
    assert!(matches!(error, Error::Database { .. }), "{what}: {told}");
}

#[tokio::test]
async fn a_migration_fails_with_the_words_of_the_trigger_and_changes_nothing() {
    for (body, said) in FAULTS {
        let (database, _stream, tenants) = guarded(body).await;
        let before = state(&database).await;
        let report = migrate(&tenants).await;
        let error = outcome(&report, "acme").error.as_ref().unwrap();
        assert_of_the_trigger(error, said, body);
        let told = chain(error);
        let step = "tenant `acme`: could not update the registry: ";
        assert!(told.starts_with(step), "{told}");
        assert_eq!(state(&database).await, before, "{body}");
    }
}

#[tokio::test]
async fn a_rollback_fails_with_the_words_of_the_trigger_and_changes_nothing() {
    for (body, said) in FAULTS {
        let (database, _stream, tenants) = guarded(body).await;
        let before = state(&database).await;
        let report = rollback(&tenants).await;
        let error = outcome(&report, "acme").error.as_ref().unwrap();
        assert_of_the_trigger(error, said, body);
        assert_eq!(state(&database).await, before, "{body}");
    }
}

#[tokio::test]
async fn no_tenant_is_made_renamed_or_cloned_where_the_trigger_fails() {
    for (body, said) in FAULTS {
        let (database, _stream, tenants) = guarded(body).await;
        let before = state(&database).await;
        // The spare is tried first, and then the tenant is built.
        let created = tenants.create(&name("fresh")).await.unwrap_err();
        assert_of_the_trigger(&created, said, "create, with a spare");
        assert_eq!(state(&database).await, before, "{body}");
        let renamed = tenants.rename(&name("acme"), &name("globex")).await;
        assert_of_the_trigger(&renamed.unwrap_err(), said, "rename");
        assert_eq!(state(&database).await, before, "{body}");
        let (acme, copy) = (name("acme"), name("copy"));
        let cloned = tenants.clone_tenant(&acme, &copy).await;
        assert_of_the_trigger(&cloned.unwrap_err(), said, "clone");
        assert_eq!(state(&database).await, before, "{body}");
    }
}

#[tokio::test]
async fn a_path_that_a_migration_changed_is_still_told_apart_from_a_trigger() {
    let database = TestDatabase::new().await;
    let before = tenants(&database, &two_steps_and_back()).await;
    create(&before, &["acme"]).await;
    for text in [
        "CREATE TABLE notes (id int);\nSET search_path TO public;",
        "CREATE TABLE notes (id int);\nSET LOCAL search_path TO acme, public;",
    ] {
        let stream = two_steps_and_back().with(text);
        let now = open(&database, &stream, tenant_core::Settings::default()).await;
        let report = migrate(&now).await;
        let error = outcome(&report, "acme").error.as_ref().unwrap();
        assert!(
            matches!(error, Error::ChangedPath { line: Some(2), .. }),
            "{error:?}"
        );
        let ledger = "SELECT max(version) FROM acme.__diesel_schema_migrations";
        assert_eq!(database.value(ledger).await, version(2));
    }
}
