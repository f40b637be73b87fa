//! One query over many tenants.

use test_support::eventually;
use tokio::io::AsyncReadExt;

use crate::console_support::{Reply, Served};

async fn ask(studio: &Served, fields: &[(&str, &str)]) -> Reply {
    studio.post("/across", fields).await
}

/// Three tenants, of which the second has no table, and the third one column more.
async fn three() -> Served {
    let studio = Served::reading(&["acme", "globex", "initech"]).await;
    studio
        .execute(
            "INSERT INTO acme.dummy_table (name) VALUES ('a1'), ('a2'), ('a3'); \
             DROP TABLE globex.dummy_table; \
             INSERT INTO initech.dummy_table (name) VALUES ('i<1>'); \
             ALTER TABLE initech.dummy_table ADD COLUMN more int DEFAULT 5",
        )
        .await;
    studio
}

#[tokio::test]
async fn each_tenant_answers_for_itself_and_one_that_fails_stops_no_other() {
    let studio = three().await;
    let sql = [("sql", "SELECT name FROM dummy_table ORDER BY name")];
    let page = ask(&studio, &sql).await;
    assert_eq!(page.status, 200);
    page.has("<th scope=\"row\"><a href=\"t/acme\">acme</a></th><td>a2</td>");
    page.has("<a href=\"t/initech\">initech</a></th><td>i&lt;1&gt;</td>");
    page.has("3 of 3 tenants, 4 rows, <span class=\"badge bad\">1 failed</span>");
    page.has(
        "<a href=\"t/globex\">globex</a></strong>: relation &quot;dummy_table&quot; does not exist",
    );
}

#[tokio::test]
async fn rows_come_line_by_line_with_how_far_it_is() {
    let studio = three().await;
    let fields = [("sql", "SELECT name FROM dummy_table"), ("part", "1")];
    let reply = ask(&studio, &fields).await;
    assert!(
        reply.head.contains("application/x-ndjson"),
        "{}",
        reply.head
    );
    let lines = reply
        .body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let lines = lines.collect::<Vec<serde_json::Value>>();
    assert_eq!(lines.len(), 5);
    assert!(
        lines[0]["frame"]
            .as_str()
            .unwrap()
            .contains("0 of 3 tenants")
    );
    let done = lines[1..].iter().map(|line| line["done"].as_u64().unwrap());
    assert_eq!(done.collect::<Vec<_>>(), [1, 2, 3, 3]);
    let of = |tenant: &str| lines.iter().find(|line| line["tenant"] == tenant).unwrap();
    assert!(of("acme")["rows"].as_str().unwrap().contains("<td>a1</td>"));
    assert!(
        of("globex")["failure"]
            .as_str()
            .unwrap()
            .contains("does not exist")
    );
    assert!(of("globex")["rows"].is_null());
    assert_eq!(lines[4]["is_over"], true);
}

#[tokio::test]
async fn nobody_waits_for_the_slowest_tenant_to_see_the_others() {
    let studio = Served::reading(&["acme", "globex"]).await;
    let sql = "SELECT pg_sleep(CASE current_schema() WHEN 'acme' THEN 300 ELSE 0 END)";
    let fields = [("sql", sql), ("seconds", "600"), ("part", "1")];
    let mut page = studio.begin_post("/across", &fields).await;
    let mut seen = String::new();
    while !seen.contains("1 of 2 tenants") {
        let mut bytes = [0; 1000];
        let count = page.read(&mut bytes).await.unwrap();
        assert_ne!(count, 0, "it ended: {seen}");
        seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    assert!(seen.contains("globex</a>"), "{seen}");
    let asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' \
                  AND datname = current_database()";
    let sleeps = async || studio.value(asleep).await == "1";
    eventually("the slow one is at it", sleeps).await;
    drop(page);
    let is_over = async || studio.value(asleep).await == "0";
    eventually("the slow one is cancelled", is_over).await;
}

#[tokio::test]
async fn tenants_with_other_columns_have_a_table_of_their_own() {
    let studio = three().await;
    let page = ask(&studio, &[("sql", "SELECT * FROM dummy_table")]).await;
    assert_eq!(page.body.matches("data-table=").count(), 2);
    page.has("more<span class=\"type\">int4</span>");
}

#[tokio::test]
async fn tenants_are_chosen_by_a_part_of_their_name_or_by_a_list() {
    let studio = Served::reading(&["acme", "acme_2", "globex", "my_acme"]).await;
    let names = async |fields: &[(&str, &str)]| {
        let mut all = vec![("sql", "SELECT 1 AS one"), ("as", "csv")];
        all.extend(fields);
        let file = ask(&studio, &all).await;
        let names = file.body.lines().skip(1);
        let names = names.map(|line| line.split(',').next().unwrap().to_owned());
        let mut names = names.collect::<Vec<_>>();
        names.sort();
        names.join(" ")
    };
    let by = async |which, text| names(&[("which", which), ("text", text)]).await;
    assert_eq!(names(&[]).await, "acme acme_2 globex my_acme");
    assert_eq!(by("containing", "ACME").await, "acme acme_2 my_acme");
    assert_eq!(by("beginning", "acme").await, "acme acme_2");
    // What means something to LIKE means nothing here.
    assert_eq!(by("containing", "e_").await, "acme_2");
    assert_eq!(by("containing", "%").await, "");
    let list = [("which", "listed"), ("names", "globex, acme\r\nglobex")];
    assert_eq!(names(&list).await, "acme globex");
}

#[tokio::test]
async fn names_that_are_no_tenants_are_failures() {
    let studio = three().await;
    let list = "nobody acme pg_catalog public \"acme\"";
    let fields = [
        ("sql", "SELECT count(*) FROM dummy_table"),
        ("which", "listed"),
        ("names", list),
    ];
    let page = ask(&studio, &fields).await;
    page.has("5 of 5 tenants, 1 row, <span class=\"badge bad\">4 failed");
    page.has("there is no tenant `nobody`");
}

#[tokio::test]
async fn rows_are_limited_for_each_tenant_and_in_all() {
    let studio = Served::reading(&["t1", "t2", "t3", "t4", "t5", "t6"]).await;
    let sql = ("sql", "SELECT generate_series(1, 50)");
    let page = ask(&studio, &[sql, ("each", "10")]).await;
    page.has("6 of 6 tenants, 60 rows. 6 tenants have more rows than are shown");
    let page = ask(&studio, &[sql, ("all", "120")]).await;
    page.has("3 of 6 tenants, 120 rows")
        .has("Stopped at the limit of rows");
    assert_eq!(page.body.matches("<th scope=\"row\">").count(), 120);
}

#[tokio::test]
async fn a_file_has_the_columns_of_all_and_the_errors() {
    let studio = three().await;
    let sql = "SELECT name AS x, * FROM (SELECT name, more FROM dummy_table) y";
    let fields = [
        ("sql", sql),
        ("as", "csv"),
        ("which", "listed"),
        ("names", "initech acme"),
    ];
    let file = ask(&studio, &fields).await;
    let mut lines = file.body.lines().collect::<Vec<_>>();
    assert_eq!(lines.remove(0), "tenant,x,name,more,error");
    lines.sort_unstable();
    assert!(
        lines[0].starts_with("acme,,,,\"column \"\"more\"\" does not exist"),
        "{lines:?}"
    );
    assert_eq!(lines[1], "initech,i<1>,i<1>,5,");
}

#[tokio::test]
async fn nothing_is_changed_anywhere_also_when_writing_is_on() {
    let studio = Served::writing(&["acme", "globex"]).await;
    for sql in [
        "INSERT INTO dummy_table (name) VALUES ('x')",
        "WITH x AS (INSERT INTO dummy_table (name) VALUES ('x') RETURNING 1) TABLE x",
        "EXPLAIN ANALYZE INSERT INTO dummy_table (name) VALUES ('x')",
        "DROP TABLE dummy_table",
    ] {
        let page = ask(&studio, &[("sql", sql)]).await;
        page.has("2 of 2 tenants, 0 rows, <span class=\"badge bad\">2 failed");
    }
    let rows = "SELECT (SELECT count(*) FROM acme.dummy_table) \
                + (SELECT count(*) FROM globex.dummy_table)";
    assert_eq!(studio.value(rows).await, "0");
}

#[tokio::test]
async fn what_is_no_sql_is_refused_once_and_no_tenant_is_asked() {
    let studio = three().await;
    for sql in [
        "SELEC name",
        "SELECT 1; DROP TABLE dummy_table",
        "SELECT $1",
    ] {
        let page = ask(&studio, &[("sql", sql), ("part", "1")]).await;
        assert_eq!(page.status, 400, "{sql}");
        page.has("class=\"error\"").has_no("tenants");
    }
    let reply = studio
        .post_from_elsewhere("/across", &[("sql", "SELECT 1")])
        .await;
    assert_eq!(reply.status, 403);
}

#[tokio::test]
async fn the_sql_of_a_link_is_shown_with_its_choice_and_not_run() {
    let studio = three().await;
    let page = studio
        .get("/across?sql=SELECT+6*7&which=beginning&text=ac&each=10")
        .await;
    page.has("SELECT 6*7</textarea>").has_no("<td>42</td>");
    page.has("value=\"beginning\" id=\"which-beginning\" checked");
    page.has("value=\"ac\"")
        .has("<option value=\"10\" selected>");
    page.has("href=\"across\" aria-current=\"page\"");
    let fields = [
        ("sql", "SELECT 6*7"),
        ("which", "listed"),
        ("names", "acme globex"),
    ];
    let page = ask(&studio, &fields).await;
    let link = "across?sql=SELECT+6*7&amp;which=listed&amp;names=acme+globex";
    page.has("<td>42</td>").has(link);
    let page = studio
        .get(&format!("/{}", link.replace("&amp;", "&")))
        .await;
    page.has_no("<td>42</td>").has("acme globex</textarea>");
}
