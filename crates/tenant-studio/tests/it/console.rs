//! SQL in one schema, of a studio that only reads. The role is a superuser's, so
//! that nothing is refused for want of rights.

use std::time::Duration;

use tenant_studio::Options;
use test_support::eventually;
use tokio::io::AsyncReadExt;

use crate::console_support::{Reply, Served};

async fn run(studio: &Served, sql: &str) -> Reply {
    studio
        .post("/t/acme/sql", &[("sql", sql), ("part", "1")])
        .await
}

/// A studio with one row for `acme`.
async fn with_a_row() -> Served {
    let studio = Served::reading(&["acme", "globex"]).await;
    let row = "INSERT INTO acme.dummy_table (name, value) VALUES ('first', NULL)";
    studio.execute(row).await;
    studio
}

#[tokio::test]
async fn a_query_sees_the_tables_of_its_schema_and_shows_what_they_hold() {
    let studio = with_a_row().await;
    let sql = "SELECT name, value, '<b>' AS \"a<b\", '' AS nothing FROM dummy_table";
    let reply = run(&studio, sql).await;
    assert_eq!(reply.status, 200);
    reply
        .has("<td>first</td>")
        .has(">NULL</span>")
        .has("(empty)");
    reply.has("&lt;b&gt;").has("a&lt;b").has_no("<td><b>");
    reply.has("<span class=\"type\">text</span>").has("1 row");
    let other = "SELECT count(*) || ' in globex' FROM dummy_table";
    let other = studio.post("/t/globex/sql", &[("sql", other)]).await;
    other.has("0 in globex").has("<h1>SQL in globex</h1>");
    let public = "SELECT string_agg(name, '+' ORDER BY name) FROM schema_tracker";
    let public = studio.post("/public/sql", &[("sql", public)]).await;
    public.has("acme+globex");
}

#[tokio::test]
async fn what_is_not_a_query_is_refused_and_nothing_of_it_happens() {
    let studio = with_a_row().await;
    studio
        .execute("CREATE PROCEDURE acme.clear() LANGUAGE sql AS 'DELETE FROM acme.dummy_table'")
        .await;
    let marker = std::env::temp_dir().join(format!("studio-copy-{}", std::process::id()));
    let program = format!("'touch {}'", marker.display());
    for sql in [
        format!("COPY dummy_table TO PROGRAM {program}"),
        format!("COPY (SELECT 1) TO PROGRAM {program}"),
        format!("EXPLAIN COPY dummy_table TO PROGRAM {program}"),
        format!("SELECT query_to_xml($$COPY (SELECT 1) TO PROGRAM {program}$$, true, true, '')"),
        "SELECT 1; COMMIT; DROP TABLE dummy_table".to_owned(),
        "SELECT 1; DROP TABLE dummy_table".to_owned(),
        "SELECT 1) x; COMMIT; DROP TABLE dummy_table; --".to_owned(),
        "SELECT 1 /* ; */ ; /* -- */ DELETE FROM dummy_table".to_owned(),
        "-- SELECT 1\nDELETE FROM dummy_table".to_owned(),
        "/* /* */ SELECT 1 */ DELETE FROM dummy_table".to_owned(),
        "; DELETE FROM dummy_table".to_owned(),
        "WITH gone AS (DELETE FROM dummy_table RETURNING *) SELECT * FROM gone".to_owned(),
        "SELECT * INTO acme.copied FROM dummy_table".to_owned(),
        "SELECT * FROM dummy_table FOR UPDATE".to_owned(),
        "DO $$ BEGIN DELETE FROM dummy_table; END $$".to_owned(),
        "CALL clear()".to_owned(),
        "SET ROLE postgres".to_owned(),
        "SET TRANSACTION READ WRITE".to_owned(),
        "LOCK TABLE dummy_table".to_owned(),
        "INSERT INTO dummy_table (name) VALUES ('x')".to_owned(),
        "UPDATE dummy_table SET name = 'x'".to_owned(),
        "DROP TABLE dummy_table".to_owned(),
        "COMMIT".to_owned(),
        "ROLLBACK".to_owned(),
        "SHOW search_path".to_owned(),
        "LISTEN x".to_owned(),
        "PREPARE x AS SELECT 1".to_owned(),
        "EXECUTE x".to_owned(),
        "DECLARE x CURSOR FOR SELECT 1".to_owned(),
        "EXPLAIN ANALYZE DELETE FROM dummy_table".to_owned(),
        "EXPLAIN ANALYZE DECLARE x CURSOR FOR SELECT 1".to_owned(),
        "EXPLAIN ANALYZE EXECUTE x".to_owned(),
        "EXPLAIN (ANALYZE, ANALYZE) DELETE FROM dummy_table".to_owned(),
        "SELECT 'a\0'".to_owned(),
        "EXPLAIN (ANALYZE) SELECT 1; DELETE FROM dummy_table".to_owned(),
        "EXPLAIN ANALYZE CREATE TABLE acme.copied AS SELECT 1".to_owned(),
        "EXPLAIN ANALYZE SELECT 1 INTO acme.copied".to_owned(),
        "EXPLAIN ANALYZE WITH x AS (DELETE FROM dummy_table RETURNING 1) TABLE x".to_owned(),
        "SELECT set_config('transaction_read_only', 'off', true)".to_owned(),
        "SELECT $1::text".to_owned(),
        "-- nothing".to_owned(),
        "VACUUM".to_owned(),
        String::new(),
    ] {
        let reply = run(&studio, &sql).await;
        assert_eq!(reply.status, 400, "{sql}: {}", reply.body);
        reply.has("class=\"error\"");
    }
    let left = "SELECT (SELECT count(*) FROM acme.dummy_table WHERE name = 'first') \
                || ' ' || (SELECT count(*) FROM pg_class WHERE relname = 'copied')";
    assert_eq!(studio.value(left).await, "1 0");
    assert!(!marker.exists(), "a program was run");
}

#[tokio::test]
async fn names_without_a_schema_never_lead_out_of_the_tenant() {
    let studio = with_a_row().await;
    let public = run(&studio, "SELECT * FROM schema_tracker").await;
    public.has("relation &quot;schema_tracker&quot; does not exist");
    // A function can change the path; the next statement begins anew.
    let sql = "SELECT set_config('search_path', 'globex', false)";
    assert_eq!(run(&studio, sql).await.status, 200);
    let sql = "SELECT count(*) || ' in ' || current_schema() FROM dummy_table";
    run(&studio, sql).await.has("1 in acme");
}

#[tokio::test]
async fn what_a_function_did_is_rolled_back() {
    let studio = with_a_row().await;
    // PostgreSQL lets it run in a read-only transaction before version 16.
    run(&studio, "SELECT lo_create(4711)").await;
    let objects = "SELECT count(*) FROM pg_largeobject_metadata";
    assert_eq!(studio.value(objects).await, "0");
}

#[tokio::test]
async fn all_that_a_cursor_takes_can_be_read() {
    let studio = with_a_row().await;
    for (sql, shown) in [
        ("VALUES (1, 'one'), (2, 'two')", "<td>two</td>"),
        ("TABLE dummy_table", "<td>first</td>"),
        ("(SELECT 7) UNION ALL (SELECT 8);", "<td>8</td>"),
        (
            "WITH x AS (SELECT 5 AS a) SELECT a FROM x -- end",
            "<td>5</td>",
        ),
        ("/* a */ SELECT ARRAY[1,2], '{\"a\": 1}'::jsonb", "{1,2}"),
        ("SELECT count(*) FROM globex.dummy_table", "<td>0</td>"),
        ("SELECT $$ a ' \" ; -- $$ AS x", "a &#39; &quot; ; --"),
    ] {
        let reply = run(&studio, sql).await;
        let body = reply.body.replace('\'', "&#39;");
        assert_eq!(reply.status, 200, "{sql}: {}", reply.body);
        assert!(body.contains(shown), "{sql}: {body}");
    }
}

#[tokio::test]
async fn a_plan_is_shown_in_any_format() {
    let studio = with_a_row().await;
    for (sql, shown) in [
        (
            "EXPLAIN SELECT * FROM dummy_table",
            "Seq Scan on dummy_table",
        ),
        ("explain analyze verbose table dummy_table", "actual time"),
        (
            "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) SELECT 1",
            "Execution Time",
        ),
        ("EXPLAIN (FORMAT JSON) SELECT 1", "&quot;Plan&quot;"),
        ("EXPLAIN (FORMAT XML) SELECT 1", "&lt;explain"),
        ("EXPLAIN (FORMAT YAML) (SELECT 1)", "Plan:"),
    ] {
        let reply = run(&studio, sql).await;
        assert_eq!(reply.status, 200, "{sql}: {}", reply.body);
        reply.has(shown);
    }
}

#[tokio::test]
async fn an_error_is_marked_where_postgresql_saw_it() {
    let studio = with_a_row().await;
    let reply = run(&studio, "SELECT 'ä',\n  nam FROM dummy_table").await;
    assert_eq!(reply.status, 400);
    reply.has("column &quot;nam&quot; does not exist");
    reply.has("Line 2, column 3").has("<mark>nam</mark>");
    reply.has("data-position=\"14\"");
    // What was put in front of the text is not counted.
    let reply = run(&studio, "  DELETE FROM dummy_table").await;
    reply.has("Line 1, column 3").has("<mark>DELETE</mark>");
    let reply = run(&studio, "EXPLAIN ANALYZE DELETE FROM dummy_table").await;
    reply
        .has("<mark>DELETE</mark>")
        .has("Only reading is possible");
    run(&studio, "SELECT 1 / 0").await.has("division by zero");
}

#[tokio::test]
async fn rows_and_long_values_are_cut_and_say_so() {
    let studio = with_a_row().await;
    let sql = "SELECT repeat('ä', 3000) FROM generate_series(1, 700)";
    let usual = run(&studio, sql).await;
    usual
        .has("The first 500 rows; there are more")
        .has("3,000 letters");
    usual.has_no(&"ä".repeat(2001));
    let few = [("sql", "SELECT generate_series(1, 100)"), ("rows", "100")];
    let few = studio.post("/t/acme/sql", &few).await;
    few.has("100 rows").has_no("there are more");
    let most = [
        ("sql", "SELECT generate_series(1, 9000)"),
        ("rows", "99999"),
    ];
    let most = studio.post("/t/acme/sql", &most).await;
    most.has("The first 5,000 rows")
        .has("<td>5000</td>")
        .has_no("<td>5001</td>");
}

#[tokio::test]
async fn the_sql_of_a_link_is_shown_and_not_run() {
    let studio = with_a_row().await;
    let page = studio
        .get("/t/acme/sql?sql=SELECT+6*7+AS+%22%3Cx%3E%22")
        .await;
    assert_eq!(page.status, 200);
    page.has("SELECT 6*7 AS &quot;&lt;x&gt;&quot;</textarea>")
        .has_no("<td>42</td>");
    page.has("href=\"t/acme/sql\" aria-current=\"page\"");
    // Without the script it is a form, and the page with the result has it again.
    let sql = "SELECT 6*7\r\nAS answer";
    let whole = studio.post("/t/acme/sql", &[("sql", sql)]).await;
    whole
        .has("<td>42</td>")
        .has("SELECT 6*7\nAS answer</textarea>");
    whole.has("href=\"t/acme/sql?sql=SELECT+6*7%0AAS+answer\"");
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let studio = with_a_row().await;
    let reply = studio
        .post_from_elsewhere("/t/acme/sql", &[("sql", "SELECT 6*7")])
        .await;
    assert_eq!(reply.status, 403);
    reply.has_no("<td>42</td>");
}

#[tokio::test]
async fn the_answer_can_be_taken_as_a_file() {
    let studio = with_a_row().await;
    let sql = "SELECT 'a,\"b' AS x, NULL AS y, '' AS z";
    let file = studio
        .post("/t/acme/sql", &[("sql", sql), ("as", "csv")])
        .await;
    assert_eq!(file.body, "x,y,z\r\n\"a,\"\"b\",,\"\"\r\n");
    assert!(
        file.head.contains("filename=\"acme-sql.csv\""),
        "{}",
        file.head
    );
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_given_up() {
    let studio = with_a_row().await;
    let fields = [("sql", "SELECT pg_sleep(300)"), ("seconds", "1")];
    let reply = studio.post("/t/acme/sql", &fields).await;
    assert_eq!(reply.status, 400);
    reply.has("57014").has("choose a longer time limit");
}

#[tokio::test]
async fn a_query_whose_page_is_closed_is_cancelled() {
    let options = Options {
        statement_timeout: Duration::from_secs(600),
        ..Options::default()
    };
    let studio = Served::new(&["acme"], options).await;
    let running = async || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' \
                   AND datname = current_database()";
        studio.value(sql).await != "0"
    };
    for path in ["/t/acme/sql", "/across"] {
        let fields = [("sql", "SELECT pg_sleep(300)"), ("part", "1")];
        let mut page = studio.begin_post(path, &fields).await;
        eventually("it sleeps", running).await;
        if path == "/across" {
            // The answer has begun.
            assert_ne!(page.read(&mut [0; 10]).await.unwrap(), 0);
        }
        drop(page);
        eventually("it is woken", async || !running().await).await;
    }
}

#[tokio::test]
async fn a_tenant_that_is_not_there_is_said_not_to_be() {
    let studio = with_a_row().await;
    let reply = studio.post("/t/nobody/sql", &[("sql", "SELECT 1")]).await;
    assert_eq!(reply.status, 404);
    reply.has("there is no tenant `nobody`");
    let page = studio.get("/t/nobody/sql").await;
    assert_eq!(page.status, 404);
}
