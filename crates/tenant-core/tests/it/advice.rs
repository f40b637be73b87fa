//! What is advised can be followed: it fits what was found, and does not lead in a circle.

use tenant_core::remedy::{Advice, Purpose};
use tenant_core::{Error, ExtensionsSchema, Problem, ProblemKind, Remedy, Settings, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, open, tenants, two_steps};

/// Tables with rules that somebody can loosen.
const GUARDED: &str = "CREATE TABLE tasks (id int PRIMARY KEY, owner text, \
                           CONSTRAINT small CHECK (id < 10)); \
                       CREATE POLICY own_rows ON tasks USING (owner = current_user); \
                       CREATE TABLE notes (id int);";

async fn problems(tenants: &Tenants) -> Vec<Problem> {
    tenants.health().await.unwrap().problems
}

/// What the SQL is for that is advised about `part`.
fn purpose(problems: &[Problem], tenants: &Tenants, part: &str) -> Purpose {
    let problem = problems
        .iter()
        .find(|it| it.kind.to_string().contains(part));
    let problem = problem.unwrap_or_else(|| panic!("{part}: {problems:?}"));
    let remedies = problem.remedies(tenants.registry());
    let sql = remedies.iter().find_map(|it| match it {
        Remedy::Sql(sql) => Some(sql.purpose),
        _ => None,
    });
    sql.unwrap_or_else(|| panic!("{part}: {remedies:?}"))
}

#[tokio::test]
async fn a_loosened_rule_is_undone_an_additional_right_revoked_and_an_additional_object_dropped() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &Stream::new().with(GUARDED)).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "ALTER TABLE acme.tasks DROP CONSTRAINT small, ADD CONSTRAINT small CHECK (id < 5);
             ALTER POLICY own_rows ON acme.tasks USING (owner = 'a');
             ALTER TABLE acme.notes ENABLE ROW LEVEL SECURITY;
             GRANT SELECT ON acme.notes TO PUBLIC;
             CREATE TABLE acme.legacy (id int)",
        )
        .await;
    let found = problems(&tenants).await;
    for (part, expected) in [
        ("constraint `small`", Purpose::UndoChange),
        ("policy `own_rows`", Purpose::UndoChange),
        ("row-level security", Purpose::UndoChange),
        ("SELECT", Purpose::RevokeGrants),
        ("table `legacy`", Purpose::DropObject),
    ] {
        assert_eq!(purpose(&found, &tenants, part), expected, "{part}");
    }
}

/// For a table of another server no SQL is known, and what hangs on it is none of its own.
#[tokio::test]
async fn where_no_sql_is_certain_none_is_shown() {
    let database = TestDatabase::new().await;
    database
        .execute(
            "CREATE FOREIGN DATA WRAPPER far; CREATE SERVER elsewhere FOREIGN DATA WRAPPER far",
        )
        .await;
    let stream = Stream::new().with(
        "CREATE FOREIGN TABLE far (id int, CONSTRAINT small CHECK (id < 10)) SERVER elsewhere; \
         COMMENT ON FOREIGN TABLE far IS 'elsewhere'; CREATE TABLE near (id int);",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database.execute("DROP FOREIGN TABLE acme.far").await;
    let found = problems(&tenants).await;
    let [problem] = found.as_slice() else {
        panic!("{found:?}")
    };
    let registry = tenants.registry();
    assert_eq!(problem.remedies(registry), [Advice::CompareByHand.into()]);
    assert_eq!(problem.sql(registry), Vec::<String>::new());
}

#[tokio::test]
async fn a_schema_that_matches_no_version_is_left_or_adopted_at_a_version_by_name() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    database
        .execute("CREATE SCHEMA acme; CREATE TABLE acme.invoices (id int)")
        .await;
    let error = tenants.adopt(&name("acme")).await.unwrap_err();
    let expected = [Advice::LeaveSchema, Advice::NameAdoptedVersion];
    assert_eq!(error.remedies(), expected.map(Remedy::from));
}

/// As others have met it: an extension in a schema of its own, or in the first tenant's.
#[tokio::test]
async fn what_an_extension_elsewhere_has_leads_to_its_schema() {
    let database = TestDatabase::new().await;
    database
        .execute(
            "CREATE SCHEMA shared; CREATE EXTENSION citext SCHEMA shared; \
             CREATE EXTENSION pg_trgm SCHEMA shared",
        )
        .await;
    tenants(&database, &Stream::new()).await;
    for (number, (up, object)) in [
        ("CREATE TABLE users (name citext)", "citext"),
        (
            "CREATE TABLE users (name text); CREATE INDEX ON users USING gin (name gin_trgm_ops)",
            "gin_trgm_ops",
        ),
        ("SELECT similarity('a', 'b')", "similarity"),
        ("SELECT 'a'::text % 'b'::text", "%"),
    ]
    .into_iter()
    .enumerate()
    {
        let tenants = open(&database, &Stream::new().with(up), Settings::default()).await;
        let error = tenants.create(&name(&format!("t_{number}"))).await;
        let error = error.unwrap_err();
        let place = format!("; `{object}` is in the schema `shared`;");
        assert!(error.to_string().contains(&place), "{up}: {error}");
        assert_eq!(error.remedies()[0], Advice::NameExtensionsSchema.into());
    }
}

#[tokio::test]
async fn a_missing_type_leads_to_the_option_for_the_schema_that_has_it() {
    let database = TestDatabase::new().await;
    database
        .execute("CREATE SCHEMA shared; CREATE TYPE shared.mood AS ENUM ('good')")
        .await;
    let stream = Stream::new().with("CREATE TABLE tasks (id int, mood mood);");
    let settings = Settings {
        extensions: Some(ExtensionsSchema::new("shared")),
        ..Settings::default()
    };
    let with = open(&database, &stream, settings).await;
    with.migrate_public().await.unwrap();
    create(&with, &["acme"]).await;
    let without = open(&database, &stream, Settings::default()).await;
    let found = problems(&without).await;
    let [Problem { kind, .. }] = found.as_slice() else {
        panic!("{found:?}")
    };
    let ProblemKind::BrokenMigrations(error) = kind else {
        panic!("{kind:?}")
    };
    assert!(
        error
            .to_string()
            .contains("; `mood` is in the schema `shared`;"),
        "{error}"
    );
    let remedies = found[0].remedies(without.registry());
    assert_eq!(remedies[0], Advice::NameExtensionsSchema.into());
    let created = without.create(&name("beta")).await.unwrap_err();
    assert_eq!(created.remedies()[0], Advice::NameExtensionsSchema.into());
    // The same for what tenants share in `public`.
    let in_public = "CREATE TYPE public.tone AS ENUM ('low'); \
         CREATE FUNCTION public.slug(text) RETURNS text LANGUAGE sql AS 'SELECT $1'";
    database.execute(in_public).await;
    for (number, up) in [
        "CREATE TABLE tasks (id int, tone tone);",
        "CREATE TABLE tasks (id int, slug text DEFAULT slug('a'));",
    ]
    .into_iter()
    .enumerate()
    {
        let misses = open(&database, &Stream::new().with(up), Settings::default()).await;
        let error = misses.create(&name(&format!("delta_{number}"))).await;
        let error = error.unwrap_err();
        assert!(
            error.to_string().contains("is in the schema `public`;"),
            "{error}"
        );
        assert_eq!(error.remedies()[0], Advice::NameExtensionsSchema.into());
    }
    // A type that nobody has is the migration's fault.
    let unknown = Stream::new().with("CREATE TABLE tasks (id int, mood moods);");
    let unknown = open(&database, &unknown, Settings::default()).await;
    let error = unknown.create(&name("gamma")).await.unwrap_err();
    assert!(matches!(error, Error::Migration(_)), "{error:?}");
    assert_eq!(error.remedies(), [Advice::FixMigration.into()]);
}
