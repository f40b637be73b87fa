//! SQL in one schema, of a studio that may write.

use crate::console_support::{Reply, Served};

async fn run(studio: &Served, sql: &str) -> Reply {
    studio
        .post("/t/acme/sql", &[("sql", sql), ("part", "1")])
        .await
}

async fn names(studio: &Served) -> String {
    let sql = "SELECT string_agg(name, ' ' ORDER BY name) FROM acme.dummy_table";
    studio.value(sql).await
}

#[tokio::test]
async fn a_statement_that_succeeds_is_kept_and_the_page_says_so() {
    let studio = Served::writing(&["acme", "globex"]).await;
    studio.get("/t/acme/sql").await.has("Writing is on.");
    let insert = "INSERT INTO dummy_table (name) VALUES ('a'), ('b')";
    run(&studio, insert)
        .await
        .has("Committed. Rows affected: 2");
    let returning = "DELETE FROM dummy_table WHERE name = 'a' RETURNING name || '!'";
    run(&studio, returning)
        .await
        .has("<td>a!</td>")
        .has("Committed. 1 row");
    let changing = "WITH x AS (INSERT INTO dummy_table (name) VALUES ('c') RETURNING name) TABLE x";
    run(&studio, changing).await.has("<td>c</td>");
    let table = "CREATE TABLE own AS SELECT 1 AS one";
    assert_eq!(run(&studio, table).await.status, 200);
    run(&studio, "SELECT one + 6 FROM own")
        .await
        .has("<td>7</td>");
    run(&studio, "EXPLAIN DELETE FROM own")
        .await
        .has("Delete on own");
    assert_eq!(names(&studio).await, "b c");
    let elsewhere = "SELECT count(*) FROM globex.dummy_table";
    assert_eq!(studio.value(elsewhere).await, "0");
}

#[tokio::test]
async fn nothing_is_kept_of_a_statement_that_fails() {
    let studio = Served::writing(&["acme"]).await;
    studio
        .execute("CREATE TABLE acme.once (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        .await;
    let sql = "INSERT INTO dummy_table (name) SELECT CASE n WHEN 3 THEN (1 / (n - 3))::text \
               ELSE 'x' END FROM generate_series(1, 3) n";
    let reply = run(&studio, sql).await;
    assert_eq!(reply.status, 400);
    reply.has("division by zero");
    // What only the commit finds is an error, too.
    let reply = run(&studio, "INSERT INTO once VALUES (1), (1)").await;
    assert_eq!(reply.status, 400);
    reply.has("once_id_key").has_no("Committed");
    let rows = "SELECT (SELECT count(*) FROM acme.dummy_table) + (SELECT count(*) FROM acme.once)";
    assert_eq!(studio.value(rows).await, "0");
}

#[tokio::test]
async fn a_function_is_run_for_rows_that_are_not_shown_as_well() {
    let studio = Served::writing(&["acme"]).await;
    studio.execute("CREATE SEQUENCE acme.calls").await;
    let sql = "SELECT nextval('calls') FROM generate_series(1, 2000)";
    let fields = [("sql", sql), ("rows", "100"), ("part", "1")];
    let reply = studio.post("/t/acme/sql", &fields).await;
    reply.has("Committed. The first 100 rows of 2000");
    assert_eq!(
        studio.value("SELECT last_value FROM acme.calls").await,
        "2000"
    );
}

#[tokio::test]
async fn the_transaction_cannot_be_ended_by_hand_nor_can_two_statements_run() {
    let studio = Served::writing(&["acme"]).await;
    studio
        .execute(
            "CREATE PROCEDURE acme.ending() LANGUAGE plpgsql \
             AS 'BEGIN INSERT INTO acme.dummy_table (name) VALUES (''x''); COMMIT; END'",
        )
        .await;
    for sql in [
        "COMMIT",
        "; ; commit and chain",
        "/* SELECT */ END",
        "ROLLBACK",
        "ABORT",
        "ROLLBACK TO SAVEPOINT studio",
        "BEGIN",
        "START TRANSACTION",
        "SAVEPOINT x",
        "RELEASE SAVEPOINT studio",
        "PREPARE TRANSACTION 'x'",
        "PREPARE x AS SELECT 1",
        "INSERT INTO dummy_table (name) VALUES ('x'); COMMIT",
        "INSERT INTO dummy_table (name) VALUES ('x'); SELECT 1 / 0",
        "CALL ending()",
        "DO 'BEGIN INSERT INTO acme.dummy_table (name) VALUES (''x''); COMMIT; END'",
        "VACUUM",
        "COPY dummy_table FROM STDIN",
        "COPY dummy_table TO STDOUT",
        "",
    ] {
        let reply = run(&studio, sql).await;
        assert_eq!(reply.status, 400, "{sql}: {}", reply.body);
    }
    assert_eq!(names(&studio).await, "NULL");
}

#[tokio::test]
async fn the_rights_of_the_role_are_the_last_word() {
    let studio = Served::onlooking(&["acme", "globex"]).await;
    for sql in [
        "SELECT count(*) FROM dummy_table",
        "SELECT count(*) FROM globex.dummy_table",
    ] {
        run(&studio, sql).await.has("<td>0</td>");
    }
    for sql in [
        "INSERT INTO dummy_table (name) VALUES ('x')",
        "COPY dummy_table TO PROGRAM 'true'",
        "SELECT pg_read_file('PG_VERSION')",
        "CREATE TABLE own (id int)",
    ] {
        let reply = run(&studio, sql).await;
        assert_eq!(reply.status, 400, "{sql}");
        reply.has("SQLSTATE 42501");
    }
}
