//! Schemas with names that need care: they are the same as any other, and what is made for
//! them runs in them.

use test_support::TestDatabase;
use tokio_postgres::Client;

use super::*;
use crate::SchemaName;
use crate::shape::{compare_with_migrations, creation};

const NAMES: [&str; 6] = [
    "plain",
    "o'ne",
    "b\\ack",
    "a\"b",
    "a'\"\\b.c",
    "Ä \u{1f600}",
];

/// Definitions that name the schema in constants, paths and expressions.
const PARTS: &str = r#"
    CREATE SEQUENCE "it's"; CREATE SEQUENCE "b\k"; CREATE TYPE state AS ENUM ('a''b', 'c\d');
    CREATE FUNCTION f(s state) RETURNS state LANGUAGE sql IMMUTABLE AS 'SELECT s';
    CREATE FUNCTION pathed() RETURNS text LANGUAGE sql SET search_path FROM CURRENT AS 'SELECT current_schema()::text';
    CREATE TABLE t (id serial PRIMARY KEY, a int DEFAULT nextval('"it''s"'), b int DEFAULT nextval('"b\k"'),
        c regprocedure DEFAULT 'f(state)'::regprocedure, d regclass DEFAULT '"it''s"'::regclass, s state DEFAULT 'c\d',
        i int GENERATED ALWAYS AS IDENTITY, e text DEFAULT E'\\' || 'x', parent int REFERENCES t,
        n int GENERATED ALWAYS AS (CASE s WHEN 'a''b' THEN 1 ELSE 2 END) STORED);
    CREATE INDEX i ON t (f(s)) WHERE s <> 'c\d'; CREATE VIEW v AS SELECT nextval('"b\k"') AS n, s FROM t;
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER touch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch('x\y');
    COMMENT ON TABLE t IS 'x\y''z'"#;

/// Damage that a repair has SQL for.
const DAMAGE: &str = r#"
    INSERT INTO t DEFAULT VALUES; DROP SEQUENCE "it's", "b\k" CASCADE; DROP SEQUENCE t_id_seq CASCADE;
    ALTER TABLE t ALTER i DROP IDENTITY, ALTER c DROP DEFAULT; DROP TRIGGER touch ON t; DROP INDEX i;
    ALTER FUNCTION pathed() RESET search_path; COMMENT ON TABLE t IS NULL"#;

async fn run(client: &Client, schema: &str, sql: &str) {
    let path = format!("SET search_path TO {}", sql_text::ident(schema));
    client.batch_execute(&path).await.unwrap();
    let done = client.batch_execute(sql).await;
    done.unwrap_or_else(|error| panic!("{schema}: {sql}: {error:?}"));
}

async fn shape(client: &Client, schema: &str) -> Shape {
    client.batch_execute("BEGIN").await.unwrap();
    let shapes = read(client, Catalog::Plain, &[schema]).await.unwrap();
    client.batch_execute("COMMIT").await.unwrap();
    shapes.into_iter().next().unwrap()
}

#[tokio::test]
async fn schemas_of_any_name_are_alike_and_repaired() {
    let database = TestDatabase::new().await;
    let client = database.client().await;
    for schema in NAMES {
        let create = format!("CREATE SCHEMA {}", sql_text::ident(schema));
        client.batch_execute(&create).await.unwrap();
        run(&client, schema, PARTS).await;
    }
    for one in NAMES {
        let expected = shape(&client, one).await;
        for other in NAMES {
            let found = shape(&client, other).await;
            let differences = compare_with_migrations(&expected, &found);
            assert!(differences.is_empty(), "{one} {other}: {differences:#?}");
            assert_eq!(expected.fingerprint(), found.fingerprint(), "{one} {other}");
        }
    }
    let expected = shape(&client, "plain").await;
    for schema in NAMES {
        run(&client, schema, DAMAGE).await;
        for difference in compare_with_migrations(&expected, &shape(&client, schema).await) {
            for statement in difference.sql(&schema.parse::<SchemaName>().unwrap()) {
                run(&client, schema, &statement).await;
            }
        }
        let left = compare_with_migrations(&expected, &shape(&client, schema).await);
        assert!(left.is_empty(), "{schema}: {left:#?}");
        run(&client, schema, "INSERT INTO t DEFAULT VALUES").await;
    }
}

#[tokio::test]
async fn a_schema_of_any_name_is_made_like_one_of_any_other() {
    let database = TestDatabase::new().await;
    let client = database.client().await;
    client
        .batch_execute("CREATE SCHEMA \"o'n\\e\"")
        .await
        .unwrap();
    run(&client, "o'n\\e", PARTS).await;
    let expected = shape(&client, "o'n\\e").await;
    for schema in ["plain", "\\", "''"] {
        let create = format!("CREATE SCHEMA {}", sql_text::ident(schema));
        client.batch_execute(&create).await.unwrap();
        for statement in creation(&expected, schema) {
            run(&client, schema, &statement.sql).await;
        }
        let found = shape(&client, schema).await;
        let differences = compare_with_migrations(&expected, &found);
        assert!(differences.is_empty(), "{schema}: {differences:#?}");
    }
}
