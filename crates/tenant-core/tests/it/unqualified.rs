//! Functions that work with the tenant's path only, and what calls them without it.

use tenant_core::remedy::Remedy;
use tenant_core::{ExtensionsSchema, Problem, Settings, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, migrate, open, tenants};

const FUNCTIONS: &str = "
    CREATE FUNCTION strip(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT trim($1) $$;
    CREATE FUNCTION norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(strip($1)) $$;";

/// The problems of that code: the tenant, and what it is in words.
async fn found(tenants: &Tenants) -> Vec<Problem> {
    let health = tenants.health().await.unwrap();
    let found = health.problems.into_iter();
    found
        .inspect(|one| assert_eq!(one.kind.code(), "unqualified_function", "{one:?}"))
        .collect()
}

/// The statements that are advised.
fn advised(problem: &Problem, tenants: &Tenants) -> String {
    match problem.remedies(tenants.registry()).as_slice() {
        [Remedy::Sql(sql)] => sql.statements.join(";"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_function_in_an_index_is_reported_once_and_the_remedy_lets_analyze_and_a_restore_work() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(&format!(
        "{FUNCTIONS} CREATE TABLE people (id int PRIMARY KEY, name text);
         CREATE INDEX by_name ON people (norm(name));"
    ));
    let before = tenants(&database, &stream).await;
    create(&before, &["a", "b"]).await;
    let row = "INSERT INTO people VALUES (1, ' Ada ')";
    database
        .execute(&format!("SET search_path TO a; {row}"))
        .await;
    // As autovacuum and pg_restore do it.
    let empty = "SET search_path TO ''";
    let analyze = format!("{empty}; ANALYZE a.people");
    let again = format!("{empty}; CREATE INDEX again ON a.people (a.norm(name))");
    let client = database.client().await;
    for sql in [&analyze, &again] {
        let error = client.batch_execute(sql).await.unwrap_err();
        let message = error.as_db_error().unwrap().message();
        assert_eq!(message, "function strip(text) does not exist", "{sql}");
    }
    let problems = found(&before).await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].tenant, None);
    assert_eq!(
        problems[0].kind.to_string(),
        "function `norm(text)`, called by index `by_name`, uses `strip` without a schema: it fails in autovacuum and pg_restore, where search_path does not contain the tenant"
    );
    let remedy = advised(&problems[0], &before);
    assert_eq!(
        remedy,
        "ALTER FUNCTION norm(text) SET search_path FROM CURRENT"
    );

    let stream = stream.with(&format!("{remedy};"));
    let after = open(&database, &stream, Settings::default()).await;
    migrate(&after).await;
    create(&after, &["c"]).await;
    assert!(found(&after).await.is_empty());
    for sql in [analyze, again] {
        client.batch_execute(&sql).await.unwrap();
    }
}

#[tokio::test]
async fn every_place_where_postgresql_calls_a_function_by_itself_is_looked_at() {
    for place in [
        "CREATE TABLE people (name text, plain text GENERATED ALWAYS AS (norm(name)) STORED);",
        "CREATE TABLE people (name text CHECK (norm(name) <> ''));",
        "CREATE DOMAIN word AS text CHECK (norm(VALUE) <> '');",
        "CREATE TABLE people (name text, EXCLUDE USING btree (norm(name) WITH =));",
        "CREATE TABLE people (name text) PARTITION BY LIST (norm(name));",
        "CREATE TABLE people (name text); CREATE MATERIALIZED VIEW plain AS SELECT norm(name) FROM people;",
        "CREATE TABLE people (name text); CREATE VIEW v AS SELECT norm(name) AS name FROM people;
         CREATE MATERIALIZED VIEW plain AS SELECT name FROM v;",
        "CREATE TABLE people (name text); CREATE STATISTICS s ON (norm(name)), name FROM people;",
        "CREATE FUNCTION outer_norm(x text) RETURNS text LANGUAGE sql IMMUTABLE RETURN norm(x);
         CREATE TABLE people (name text); CREATE INDEX ON people (outer_norm(name));",
    ] {
        let database = TestDatabase::new().await;
        let tenants = tenants(
            &database,
            &Stream::new().with(&format!("{FUNCTIONS}{place}")),
        )
        .await;
        let problems = found(&tenants).await;
        assert_eq!(problems.len(), 1, "{place}: {problems:?}");
        assert!(
            problems[0].kind.to_string().contains("`norm(text)`"),
            "{place}"
        );
    }
}

#[tokio::test]
async fn a_function_in_an_index_that_reads_a_table_is_found() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE machines (id int PRIMARY KEY, image text);
         CREATE FUNCTION image_of(machine int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
         BEGIN
             RETURN (SELECT reverse(split_part(reverse(image), '.', 1)) AS image
                     FROM machines WHERE machines.id = machine);
         END $$;
         CREATE TABLE requests (machine int);
         CREATE INDEX ON requests (image_of(machine));",
    );
    let tenants = tenants(&database, &stream).await;
    let problems = found(&tenants).await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0]
            .kind
            .to_string()
            .contains("uses `machines` without")
    );
}

#[tokio::test]
async fn rows_with_the_schemas_name_and_such_an_index_do_not_stop_the_check() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(&format!(
        "{FUNCTIONS} CREATE TABLE tags (name text); INSERT INTO tags VALUES (current_schema());
         CREATE INDEX ON tags (norm(name)); CREATE STATISTICS s ON (norm(name)), name FROM tags;"
    ));
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme", "beta"]).await;
    assert_eq!(found(&tenants).await.len(), 1);
}

#[tokio::test]
async fn functions_of_extensions_count_and_what_is_called_in_the_tenants_path_does_not() {
    let database = TestDatabase::new().await;
    database
        .execute("CREATE SCHEMA ext; CREATE EXTENSION fuzzystrmatch SCHEMA ext")
        .await;
    let stream = Stream::new().with(
        "CREATE TABLE people (name text);
         CREATE FUNCTION sounds(x text) RETURNS text LANGUAGE plpgsql IMMUTABLE
             AS 'BEGIN RETURN soundex(lower(x)); END';
         CREATE INDEX ON people (sounds(name));
         CREATE FUNCTION latest() RETURNS text LANGUAGE sql STABLE AS 'SELECT max(name) FROM people';
         CREATE FUNCTION atomic(x text) RETURNS text LANGUAGE sql IMMUTABLE RETURN lower(x);
         CREATE VIEW v AS SELECT latest();
         CREATE TABLE notes (name text DEFAULT latest(), CHECK (atomic(name) <> ''));",
    );
    let settings = Settings {
        extensions: Some(ExtensionsSchema::new("ext")),
        ..Settings::default()
    };
    let tenants = open(&database, &stream, settings).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["a"]).await;
    let problems = found(&tenants).await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0]
            .kind
            .to_string()
            .contains("uses `soundex` without a schema")
    );
    assert_eq!(
        advised(&problems[0], &tenants),
        "ALTER FUNCTION sounds(x text) SET search_path FROM CURRENT"
    );
    // The quick check looks at tables only.
    assert!(tenants.health().quick().await.unwrap().is_healthy());
}
