//! Migrations whose lines end in `\r\n`: the same as those whose lines end in `\n`.

use diesel_migrations::MigrationHarness;
use tenant_core::{Error, Settings};
use test_support::TestDatabase;

use crate::diesel_compatibility::harness;
use crate::drift::found;
use crate::fixture::{Stream, create, migrate, name, open, tenants, version};

/// All that keeps a text as the file has it.
const UP: &str = "-- A table,\n-- and what it says of itself.\nCREATE TABLE tasks (\n    id int \
PRIMARY KEY,\n    note text DEFAULT 'two\nlines' CHECK (note <> 'a\nb')\n);\nCOMMENT ON TABLE \
tasks IS 'two\nlines';\nCREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n    \
-- why\n    RETURN NEW;\nEND;\n$$;\nCREATE TRIGGER touch BEFORE UPDATE ON tasks FOR EACH ROW \
EXECUTE FUNCTION touch('a\nb');\nCREATE FUNCTION two() RETURNS text LANGUAGE sql AS 'SELECT ''a\nb''\
::text';\nCREATE VIEW lines AS SELECT 'a\nb'::text AS line, two() AS other FROM tasks;\nCREATE TYPE \
mood AS ENUM ('so\nso');\nCREATE INDEX i ON tasks (id) WHERE note <> 'c\nd';\nCREATE POLICY p ON tasks \
USING (note <> 'e\nf');\n";

const NEXT: &str = "CREATE TABLE more (\n    id int\n);\n";

fn crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

fn stream(ends: fn(&str) -> String) -> Stream {
    Stream::new().with(&ends(UP)).with(&ends(NEXT))
}

#[tokio::test]
async fn both_forms_make_the_same_tenants_and_have_the_same_fingerprints() {
    let (unix, windows) = (stream(str::to_owned), stream(crlf));
    for (one, other) in unix.set().iter().zip(windows.set().iter()) {
        assert_eq!(one.fingerprint(), other.fingerprint());
        assert_eq!(one.sql(), other.sql());
    }
    let database = TestDatabase::new().await;
    create(&tenants(&database, &unix).await, &["unix"]).await;
    let tenants = open(&database, &windows, Settings::default()).await;
    create(&tenants, &["windows"]).await;
    let texts = "SELECT count(*) FROM pg_proc WHERE prosrc LIKE E'%\\r%'";
    assert_eq!(database.value(texts).await, "0");
    assert_eq!(found(&tenants).await, []);
    let report = migrate(&tenants).await;
    assert!(report.notes.is_empty(), "{report:?}");
    let (one, other) = (name("unix"), name("windows"));
    let compared = tenants.compare(&one, &other).await.unwrap();
    assert!(compared.is_same(), "{compared:?}");
}

/// A tenant that Diesel has made from a checkout with such lines.
async fn with_diesel(database: &TestDatabase, schema: &str, stream: &Stream) {
    database.execute(&format!("CREATE SCHEMA {schema}")).await;
    let mut harness = harness(database, schema).await;
    harness.run_pending_migrations(stream.source()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_diesel_made_of_the_other_form_is_healthy() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream(str::to_owned)).await;
    create(&tenants, &["unix"]).await;
    with_diesel(&database, "acme", &stream(crlf)).await;
    let texts = "SELECT count(*) FROM pg_proc WHERE prosrc LIKE E'%\\r%'";
    assert_eq!(database.value(texts).await, "2");
    tenants.adopt(&name("acme")).await.unwrap();
    assert_eq!(found(&tenants).await, []);
    let (one, other) = (name("unix"), name("acme"));
    let compared = tenants.compare(&one, &other).await.unwrap();
    assert!(compared.is_same(), "{compared:?}");
    let repair = tenants.repair(&other).await.unwrap();
    assert!(repair.statements.is_empty(), "{repair:?}");
    // What is in a body, and not only its line ends, still counts.
    let body = "CREATE OR REPLACE FUNCTION acme.two() RETURNS text LANGUAGE sql AS 'SELECT ''b'''";
    database.execute(body).await;
    assert_eq!(found(&tenants).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_of_a_schema_is_found_whatever_its_line_ends() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream(str::to_owned)).await;
    for (schema, table, at) in [("two", "", 2), ("one", ", one.more", 1)] {
        with_diesel(&database, schema, &stream(crlf)).await;
        let drop = format!("DROP TABLE {schema}.__diesel_schema_migrations{table}");
        database.execute(&drop).await;
        let adopted = tenants.adopt(&name(schema)).await.unwrap();
        assert_eq!(
            (adopted.version, adopted.by_shape),
            (Some(version(at)), true)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_tenant_with_such_lines_is_like_it() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream(str::to_owned)).await;
    with_diesel(&database, "acme", &stream(crlf)).await;
    tenants.adopt(&name("acme")).await.unwrap();
    let (acme, copy) = (name("acme"), name("copy"));
    tenants.clone_tenant(&acme, &copy).await.unwrap();
    assert_eq!(found(&tenants).await, []);
}

#[tokio::test]
async fn a_fingerprint_without_a_version_is_known_again_from_either_checkout() {
    let database = TestDatabase::new().await;
    let (unix, windows) = (stream(str::to_owned), stream(crlf));
    create(&tenants(&database, &unix).await, &["acme"]).await;
    for recorded in [UP.to_owned(), crlf(UP)] {
        let digits = sql_text::unversioned_fingerprint(&recorded, true);
        let set = format!(
            "UPDATE schema_tracker SET fingerprints = fingerprints || \
             jsonb_build_object('{}', '{digits}')",
            version(1)
        );
        database.execute(&set).await;
        for stream in [&unix, &windows] {
            let tenants = open(&database, stream, Settings::default()).await;
            let report = migrate(&tenants).await;
            assert!(report.notes.is_empty(), "{report:?}");
        }
    }
    let edited = Stream::new()
        .with(&UP.replace("two\nlines", "other"))
        .with(NEXT);
    let tenants = open(&database, &edited, Settings::default()).await;
    assert_eq!(migrate(&tenants).await.notes.len(), 1);
}

#[tokio::test]
async fn the_line_of_an_error_is_that_of_the_file() {
    let database = TestDatabase::new().await;
    let up = crlf("-- one\n\nSELECT 'a\nb';\n\n  SELECT nothing_such;\n");
    for stream in [Stream::new().with(&up), Stream::new().outside(&up)] {
        let tenants = open(&database, &stream, Settings::default()).await;
        tenants.migrate_public().await.unwrap();
        let Err(Error::Migration(failure)) = tenants.create(&name("acme")).await else {
            panic!()
        };
        assert_eq!(failure.line, 6);
        assert_eq!(failure.statement, "SELECT nothing_such");
    }
}

#[tokio::test]
async fn a_lone_carriage_return_is_what_postgresql_makes_of_it() {
    let database = TestDatabase::new().await;
    // It ends a comment, divides words, and stays in a string.
    let up = "-- a comment\rCREATE TABLE t (a text DEFAULT 'x\ry');\r\n\
              INSERT\rINTO t VALUES (DEFAULT);";
    let stream = Stream::new().with(up);
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let text = "SELECT a = E'x\\ry' FROM acme.t";
    assert_eq!(database.value(text).await, "t");
    assert_eq!(found(&tenants).await, []);
}

#[test]
fn what_runs_outside_a_transaction_is_known_from_either_form() {
    let stream = Stream::new().outside("VACUUM;");
    for text in [
        "run_in_transaction = false\r\n",
        "# why\r\n\r\nrun_in_transaction = false\r\n",
    ] {
        std::fs::write(stream.newest().join("metadata.toml"), text).unwrap();
        let set = stream.set();
        assert!(set.iter().all(|one| !one.in_transaction()), "{text:?}");
    }
}
