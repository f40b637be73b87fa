//! Files that are hard to take apart: statement by statement they do what the server
//! makes of the whole.

use sql_text::{Split, split};
use test_support::TestDatabase;
use tokio_postgres::{Client, SimpleQueryMessage};

const TABLES: &str = "CREATE TABLE t (a int); CREATE TABLE u (a int); \
     CREATE TABLE begin (atomic int, \"end\" int, \"case\" int); \
     CREATE TABLE my$tab$le (a int);";

const HARD: &[&str] = &[
    // The words of a body, as names of all kinds.
    "CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT begin();",
    "CREATE FUNCTION atomic(begin int, \"end\" int) RETURNS int BEGIN ATOMIC \
     SELECT begin AS end; SELECT \"end\" end; END; SELECT atomic(1, 2) AS case",
    "CREATE TYPE begin_ AS ENUM ('atomic', 'end'); CREATE DOMAIN atomic AS int; \
     CREATE FUNCTION f() RETURNS atomic BEGIN ATOMIC SELECT 1::atomic; END; SELECT f();",
    "CREATE SCHEMA s; CREATE FUNCTION s.end() RETURNS int RETURN 1; SELECT s.end(), 2 AS begin;",
    "CREATE FUNCTION \"begin atomic\"() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$; SELECT 2",
    "CREATE FUNCTION f() RETURNS int SET search_path TO begin BEGIN ATOMIC SELECT 1; END; SELECT 2;",
    "SELECT begin atomic FROM (SELECT 1 AS begin) s; SELECT 1 begin; SELECT 1 end; SELECT 1 AS case;",
    // Bodies.
    "CREATE FUNCTION f() RETURNS SETOF int BEGIN ATOMIC SELECT b.end FROM begin b; \
     SELECT b . case FROM begin AS b; SELECT atomic FROM begin; END; SELECT f();",
    "CREATE FUNCTION f(a int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a = 1 THEN \
     CASE WHEN true THEN 2 END ELSE (CASE a WHEN 3 THEN 4 END) END; END; SELECT f(1);",
    "CREATE PROCEDURE p() BEGIN /* of */ ATOMIC\n-- ; END\nINSERT INTO t VALUES (1); \
     DELETE FROM t; END ; CALL p();",
    "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC END; CALL p();",
    "CREATE PROCEDURE p() BEGIN ATOMIC ;; END; CALL p();",
    "CREATE FUNCTION f() RETURNS int RETURN CASE WHEN true THEN 1 END; SELECT f();",
    "DO $do$ BEGIN CASE WHEN true THEN NULL; END CASE; END; $do$; SELECT 1;",
    // Parentheses.
    "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM u; INSERT INTO u VALUES (1)); \
     INSERT INTO t VALUES (1);",
    "CREATE OR REPLACE RULE r AS ON UPDATE TO t DO(select 1 ; select 1);SELECT 2",
    // Strings.
    r"SELECT E'a\';b', e'\\', U&'\0041;', 'C:\', N'a;', B'01', X'1F'; SELECT 2",
    "SELECT E'a' -- it's; not over\n 'b\\';c', 'd'; SELECT 2",
    "SELECT $$;$$, $a$ $$;$$ $b$;$a$, $\u{e9}1$ ; $1$ $\u{e9}1$; SELECT 2",
    "SELECT U&\"\\0061\" FROM (SELECT 1 AS a) s; SELECT 1 AS \"a;\"\"b\"",
    // Comments and operators.
    "/* a; /* b; */ c; */ SELECT 1 /*/* ; */*/; -- it's; d\nSELECT 2; /* the end; */",
    "SELECT 1 <--> ;\n2; SELECT 1 -/* ; */-2; SELECT 3 - -4",
    "SELECT * FROM my$tab$le; SELECT 1; SELECT * FROM my$tab$le",
    "PREPARE q (int) AS SELECT $1+$1; EXECUTE q (1); DEALLOCATE q;",
    ";; SELECT 1;;;\n; SELECT 2 ;;",
    "SELECT 1\r\n;\r\nSELECT 2 -- a\r;\rSELECT 3",
];

/// What the server cannot read to its end.
const OPEN: &[&str] = &[
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2;",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 END; SELECT 2;",
    "CREATE PROCEDURE p() BEGIN ATOMIC SELECT 1; SELECT t.end;",
    "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM u; SELECT 2;",
    "SELECT 'a; SELECT 2;",
    "SELECT E'a\\'; SELECT 2;",
    "SELECT \"a; SELECT 2;",
    "SELECT $a$; $A$; SELECT 2;",
    "SELECT 1; /* /* */ SELECT 2;",
];

/// How many rows each command that was completed gave or changed.
async fn completed(client: &Client, sql: &str) -> Result<Vec<u64>, tokio_postgres::Error> {
    let answers = client.simple_query(sql).await?.into_iter();
    let counts = answers.filter_map(|answer| match answer {
        SimpleQueryMessage::CommandComplete(count) => Some(count),
        _ => None,
    });
    Ok(counts.collect())
}

async fn begun(client: &Client) {
    client.simple_query("ROLLBACK; BEGIN").await.unwrap();
}

#[tokio::test]
async fn statement_by_statement_a_file_does_what_the_server_makes_of_the_whole() {
    let database = TestDatabase::new().await;
    database.execute(TABLES).await;
    let client = database.client().await;
    for file in HARD {
        begun(&client).await;
        let whole = completed(&client, file).await;
        let whole = whole.unwrap_or_else(|error| panic!("{error:?}: {file}"));
        begun(&client).await;
        let Split {
            statements, open, ..
        } = split(file);
        assert_eq!(open, None, "{file}");
        let mut pieces = Vec::new();
        for statement in statements {
            let statement = &file[statement.range];
            let one = completed(&client, statement).await;
            let one = one.unwrap_or_else(|error| panic!("{error:?}: {statement}"));
            assert_eq!(one.len(), 1, "{statement}");
            pieces.extend(one);
        }
        assert_eq!(pieces, whole, "{file}");
    }
}

#[tokio::test]
async fn what_the_server_cannot_read_to_its_end_is_known_before_it_is_sent() {
    let database = TestDatabase::new().await;
    database.execute(TABLES).await;
    let client = database.client().await;
    for file in OPEN {
        begun(&client).await;
        let refused = completed(&client, file).await.unwrap_err();
        assert_eq!(refused.code().map(|it| it.code()), Some("42601"), "{file}");
        assert!(split(file).open.is_some(), "{file}");
    }
}
