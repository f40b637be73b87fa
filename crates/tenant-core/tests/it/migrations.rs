//! What migrations may contain, and what of them is refused.

use tenant_core::{
    Database, Error, ExtensionsSchema, Migrations, Reason, Settings, Status, Tenants,
};
use test_support::TestDatabase;

use crate::fixture::{Stream, chain, create, migrate, name, open, outcome, tenants, two_steps};

/// Everything that a naive splitter trips over.
const RICH: &str = r#"
-- A comment; with a semicolon and a 'quote
CREATE TYPE mood AS ENUM ('good; or so', 'it''s bad');
/* a block; /* nested; */ still a comment; */
CREATE TABLE people (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "odd; name" text DEFAULT 'a;b' CHECK ("odd; name" <> $q$;$q$),
    feeling mood NOT NULL DEFAULT 'good; or so',
    changed int NOT NULL DEFAULT 0
);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    -- Inside; nothing separates.
    NEW.changed := OLD.changed + 1;
    RETURN NEW;
END;
$body$;
CREATE TRIGGER touched BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION touch();
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql BEGIN ATOMIC
    SELECT CASE WHEN n > 0 THEN n * 2 ELSE 0 END;
END;
CREATE VIEW happy AS SELECT * FROM people WHERE feeling = 'good; or so';
CREATE RULE keep AS ON DELETE TO people DO INSTEAD (SELECT 1; SELECT 2);
DO $$ BEGIN PERFORM 1; END $$;
INSERT INTO people ("odd; name") VALUES (E'a\'; b'), ('c') -- no semicolon at the end
"#;

#[tokio::test]
async fn functions_triggers_enums_views_rules_and_comments_arrive_whole() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &Stream::new().with(RICH)).await;
    create(&tenants, &["a", "b"]).await;
    database
        .execute("UPDATE a.people SET feeling = 'it''s bad' WHERE id = 1")
        .await;
    assert_eq!(
        database
            .value("SELECT changed FROM a.people WHERE id = 1")
            .await,
        "1"
    );
    assert_eq!(database.value("SELECT count(*) FROM a.happy").await, "1");
    assert_eq!(database.value("SELECT count(*) FROM b.happy").await, "2");
    assert_eq!(database.value("SELECT a.twice(21)").await, "42");
    assert_eq!(
        database
            .value("SELECT \"odd; name\" FROM b.people WHERE id = 1")
            .await,
        "a'; b"
    );
}

#[tokio::test]
async fn a_failing_statement_in_the_middle_leaves_nothing_of_its_migration_or_those_before() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let stream = stream
        .with("CREATE TABLE fine (id int);")
        .with("CREATE TABLE one (id int);\n\nCREATE TABLE two (\n    id int,\n    broken nonsense\n);\nCREATE TABLE three (id int);");
    let report = migrate(&open(&database, &stream, Settings::default()).await).await;
    let Some(Error::Migration(failure)) = &outcome(&report, "acme").error else {
        panic!("{report:?}");
    };
    assert_eq!(failure.migration, "2026-02-04-000000_step");
    // Where the server points to, not where the statement starts.
    assert_eq!(failure.line, 5);
    assert_eq!(
        failure.statement,
        "CREATE TABLE two ( id int, broken nonsense )"
    );
    assert_eq!(
        failure.source.to_string(),
        "type \"nonsense\" does not exist (SQLSTATE 42704)"
    );
    let tables = "SELECT relname FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r' ORDER BY 1";
    assert_eq!(
        database.column(tables).await,
        ["__diesel_schema_migrations", "tasks"]
    );
}

#[tokio::test]
async fn the_line_of_an_error_is_right_behind_characters_of_several_bytes() {
    let database = TestDatabase::new().await;
    let stream = Stream::new()
        .with("-- \u{e9}\u{1f600}\nSELECT '\u{1f600}\u{1f600}\u{1f600}';\nSELECT 'a',\n  nothing;");
    let error = tenants(&database, &stream)
        .await
        .create(&name("acme"))
        .await
        .unwrap_err();
    let Error::Migration(failure) = error else {
        panic!("{error}")
    };
    assert_eq!(
        (failure.line, failure.statement.as_str()),
        (4, "SELECT 'a', nothing")
    );
}

#[tokio::test]
async fn a_syntax_error_is_reported_at_its_line() {
    let database = TestDatabase::new().await;
    let stream = two_steps().with("CREATE TABLE a (id int);\nCREATE TABEL b (id int);");
    let error = tenants(&database, &stream)
        .await
        .create(&name("acme"))
        .await
        .unwrap_err();
    assert!(
        chain(&error)
            .contains("`2026-02-03-000000_step` failed for tenant `acme` (up.sql, line 2: "),
        "{}",
        chain(&error)
    );
    assert_eq!(error.sqlstate(), Some("42601"));
}

#[tokio::test]
async fn a_migration_that_leaves_another_search_path_is_rolled_back() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    for path in [
        "SET search_path TO public",
        "SET LOCAL search_path TO acme, public",
        "SELECT set_config('search_path', '', false)",
    ] {
        let stream = two_steps()
            .with(&format!("{path}; CREATE TABLE strays (id int);"))
            .with("SELECT 1;");
        let report = migrate(&open(&database, &stream, Settings::default()).await).await;
        let error = outcome(&report, "acme").error.as_ref().unwrap();
        // With an empty path the table has nowhere to go.
        let ended = matches!(error, Error::ChangedPath { .. }) || error.sqlstate() == Some("3F000");
        assert!(ended, "{path}: {}", chain(error));
        assert_eq!(
            database.value("SELECT to_regclass('public.strays')").await,
            "NULL",
            "{path}"
        );
        assert_eq!(
            database.value("SELECT to_regclass('acme.strays')").await,
            "NULL",
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_table_of_public_is_not_mistaken_for_the_tenants() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with("ALTER TABLE tasks ADD COLUMN due date;");
    let tenants = tenants(&database, &stream).await;
    database.execute("CREATE TABLE public.tasks (id int)").await;
    let error = tenants.create(&name("acme")).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("42P01"), "{}", chain(&error));
    let columns = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'tasks'";
    assert_eq!(database.column(columns).await, ["id"]);
}

#[tokio::test]
async fn what_must_not_run_is_refused_for_all_before_anything_runs() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let cases = [
        (
            "CREATE TABLE a (id int);\nCOMMIT;",
            2,
            Reason::TransactionControl("COMMIT".to_owned()),
        ),
        ("SELECT 'never closed;", 1, Reason::Unterminated("string")),
        (
            "CREATE FUNCTION f() RETURNS int\nBEGIN ATOMIC SELECT 1;\nCREATE TABLE b (id int);",
            2,
            Reason::Unterminated("`BEGIN ATOMIC` block"),
        ),
        ("-- nothing yet\n", 1, Reason::Empty),
        ("COPY tasks FROM STDIN;", 1, Reason::Copy),
    ];
    for (sql, line, reason) in cases {
        let stream = two_steps().with("CREATE TABLE before (id int);").with(sql);
        let tenants = open(&database, &stream, Settings::default()).await;
        for error in [
            tenants.migrate().await.unwrap_err(),
            tenants.create(&name("globex")).await.unwrap_err(),
        ] {
            let Error::Refused {
                migration, refusal, ..
            } = &error
            else {
                panic!("{error}")
            };
            assert_eq!(migration, "2026-02-04-000000_step");
            assert_eq!((refusal.line, &refusal.reason), (line, &reason));
        }
        assert_eq!(
            database.value("SELECT to_regclass('acme.before')").await,
            "NULL"
        );
        assert_eq!(database.schemas().await, ["acme"]);
    }
}

#[tokio::test]
async fn a_refused_migration_that_was_applied_long_ago_is_in_nobodys_way() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    database
        .execute("INSERT INTO acme.__diesel_schema_migrations VALUES ('20260203000000')")
        .await;
    let stream = stream
        .with("-- nothing yet")
        .with("CREATE TABLE more (id int);");
    let report = migrate(&open(&database, &stream, Settings::default()).await).await;
    assert_eq!(report.count(Status::Migrated), 1, "{report:?}");
}

#[tokio::test]
async fn a_migration_older_than_the_newest_applied_one_is_still_applied() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    database
        .execute(
            "DELETE FROM acme.__diesel_schema_migrations WHERE version = '20260201000000'; \
             UPDATE schema_tracker SET fingerprints = '{}'",
        )
        .await;
    database
        .execute("ALTER TABLE acme.tasks RENAME TO set_aside")
        .await;
    let report = migrate(&open(&database, &stream, Settings::default()).await).await;
    assert_eq!(outcome(&report, "acme").applied, ["20260201000000"]);
    assert_eq!(
        database.value("SELECT version FROM schema_tracker").await,
        "20260202000000"
    );
}

#[tokio::test]
async fn extensions_are_found_in_the_schema_that_is_named_for_them() {
    let database = TestDatabase::new().await;
    database
        .execute("CREATE SCHEMA ext; CREATE FUNCTION ext.answer() RETURNS int LANGUAGE sql AS 'SELECT 42'")
        .await;
    let stream = Stream::new().with("CREATE TABLE t (n int DEFAULT answer());");
    let without = tenants(&database, &stream)
        .await
        .create(&name("a"))
        .await
        .unwrap_err();
    assert_eq!(without.sqlstate(), Some("42883"));
    let settings = |name: &str| Settings {
        extensions: Some(ExtensionsSchema::new(name)),
        ..Settings::default()
    };
    let tenants = open(&database, &stream, settings("ext")).await;
    create(&tenants, &["a"]).await;
    assert_eq!(database.value("SELECT to_regclass('a.t')").await, "a.t");
    let migrations = Migrations {
        public: stream.set(),
        tenant: stream.set(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let error = Tenants::open(url, migrations, settings("nowhere"))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, Error::NoExtensionsSchema(_)), "{error}");
    assert_eq!(database.schemas().await, ["a", "ext"]);
}

#[tokio::test]
async fn an_error_in_a_text_that_the_server_made_is_put_down_to_its_statement() {
    let database = TestDatabase::new().await;
    let stream = Stream::new()
        .with("CREATE TABLE t (id int, flag text); CREATE INDEX ON t (id) WHERE flag = 'a';");
    create(&tenants(&database, &stream).await, &["acme"]).await;
    // The server rebuilds the index from its definition, which no longer fits.
    let stream =
        stream.with("SELECT 1;\nSELECT 2;\nALTER TABLE t ALTER COLUMN flag TYPE int USING 1;");
    let report = migrate(&open(&database, &stream, Settings::default()).await).await;
    let Some(Error::Migration(failure)) = &outcome(&report, "acme").error else {
        panic!("{report:?}");
    };
    assert_eq!(failure.line, 3, "{failure}");
}
