//! Corners of what is expected of tenants: tables that cannot be read, parts of names, and
//! what a repair does not create.

use test_support::TestDatabase;

use crate::expectation::{SEEDED, health, problems};
use crate::fixture::{Stream, create, name, tenants};

#[tokio::test]
async fn a_table_that_cannot_be_read_hides_no_rows_of_others() {
    let database = TestDatabase::new().await;
    // PostgreSQL calls the function to plan any query on the table.
    let stream = Stream::new().with(SEEDED).with(
        "CREATE FUNCTION f() RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
         CREATE TABLE broken (x int); CREATE INDEX ON broken ((x + f()));
         CREATE OR REPLACE FUNCTION f() RETURNS int IMMUTABLE LANGUAGE plpgsql
             AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;",
    );
    for stream in [
        stream,
        Stream::new()
            .with(SEEDED)
            .outside("DO $$ BEGIN COMMIT; END $$;"),
    ] {
        let tenants = tenants(&database, &stream).await;
        let error = tenants.spares().keep(1).await.unwrap_err();
        assert!(error.to_string().contains("rows of `boards`"), "{error}");
    }
}

#[tokio::test]
async fn a_part_of_a_word_is_not_a_part_of_the_name() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE t (short text);
         DO $$ BEGIN EXECUTE format('ALTER TABLE t ALTER short SET DEFAULT %L',
             replace(current_schema(), 'cust_', '')); END $$;",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["cust_acme", "cust_globex"]).await;
    assert!(health(&tenants).await.is_healthy());
    database
        .execute("ALTER TABLE cust_acme.t ALTER short SET DEFAULT 'me'")
        .await;
    assert_eq!(health(&tenants).await.problems.len(), 1);
}

#[tokio::test]
async fn a_missing_foreign_table_says_that_a_repair_does_not_create_it() {
    let database = TestDatabase::new().await;
    database
        .execute("CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw")
        .await;
    let stream = Stream::new().with(
        "CREATE FOREIGN TABLE lines (line text) SERVER files OPTIONS (filename '/dev/null');
         CREATE TYPE spans AS RANGE (subtype = date);",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("DROP FOREIGN TABLE acme.lines; DROP TYPE acme.spans")
        .await;
    assert_eq!(
        problems(&health(&tenants).await),
        [
            "Some(\"acme\"): type `spans` is missing (repair cannot create range types)",
            "Some(\"acme\"): table `lines` is missing (repair cannot create foreign tables)",
        ]
    );
    let repair = tenants.repair(&name("acme")).await.unwrap();
    assert!(
        repair.mended.is_empty() && repair.left.len() == 2,
        "{repair:?}"
    );
}
