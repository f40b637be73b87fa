//! The rows of a table: what is shown of them, in which order, and which.

use crate::browser::{SCRIPTS, Site, cells, first_cells, link};

const PEOPLE: &str = "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); \
    CREATE TABLE people (id int PRIMARY KEY, name text, age int, mood mood, tags text[], \
        data json, at point, made timestamptz, code char(4)); \
    INSERT INTO people VALUES \
        (1, 'Ann', 30, 'happy', '{a,b}', '{\"k\": 1}', '(1,2)', '2026-01-01', 'x'), \
        (2, 'Bob', NULL, 'sad', NULL, NULL, NULL, NULL, 'yy'), \
        (3, '', 25, 'ok', '{}', '[]', '(0,0)', '2026-02-01', NULL), \
        (4, NULL, 41, NULL, '{c}', 'null', NULL, '2026-03-01', 'zz')";

async fn people() -> Site {
    let site = Site::new().await;
    site.sql("acme", PEOPLE).await;
    site
}

async fn found(site: &Site, query: &str) -> Vec<String> {
    first_cells(&site.page(&format!("/t/acme/table/people?{query}")).await)
}

#[tokio::test]
async fn null_and_the_empty_text_can_be_told_apart() {
    let site = people().await;
    let page = site.page("/t/acme/table/people?col=id&col=name").await;
    let expected = [["1", "Ann"], ["2", "Bob"], ["3", "(empty)"], ["4", "NULL"]];
    assert_eq!(cells(&page), expected);
    assert!(page.contains("<span class=\"null\">NULL</span>"), "{page}");
    assert!(
        page.contains("<span class=\"blank\">(empty)</span>"),
        "{page}"
    );
}

#[tokio::test]
async fn the_head_names_types_and_keys() {
    let site = people().await;
    site.sql(
        "acme",
        "CREATE TABLE pet (id int PRIMARY KEY, who int NOT NULL REFERENCES people)",
    )
    .await;
    let page = site.page("/t/acme/table/pet").await;
    assert!(page.contains("Primary key"), "{page}");
    assert!(page.contains("Refers to people"), "{page}");
    assert!(
        page.contains("<span class=\"type\">integer</span>"),
        "{page}"
    );
    let page = site.page("/t/acme/table/people").await;
    assert!(page.contains("<span class=\"type\">mood?</span>"), "{page}");
    assert!(
        page.contains("<span class=\"type\">character(4)?</span>"),
        "{page}"
    );
}

#[tokio::test]
async fn each_filter_finds_what_it_says() {
    let site = people().await;
    for (filter, ids) in [
        ("fc=age&fo=eq&fv=30", vec!["1"]),
        ("fc=age&fo=ne&fv=30", vec!["3", "4"]),
        ("fc=age&fo=lt&fv=30", vec!["3"]),
        ("fc=age&fo=le&fv=30", vec!["1", "3"]),
        ("fc=age&fo=gt&fv=30", vec!["4"]),
        ("fc=age&fo=ge&fv=30", vec!["1", "4"]),
        ("fc=age&fo=null&fv=", vec!["2"]),
        ("fc=age&fo=some&fv=", vec!["1", "3", "4"]),
        ("fc=age&fo=in&fv=25,+41", vec!["3", "4"]),
        ("fc=name&fo=has&fv=NN", vec!["1"]),
        ("fc=name&fo=has&fv=%25", vec![]),
        ("fc=name&fo=eq&fv=", vec!["3"]),
        ("fc=mood&fo=in&fv=sad,ok", vec!["2", "3"]),
        ("fc=mood&fo=gt&fv=sad", vec!["1", "3"]),
        ("fc=tags&fo=eq&fv={a,b}", vec!["1"]),
        ("fc=tags&fo=has&fv=c", vec!["4"]),
        ("fc=data&fo=eq&fv=[]", vec!["3"]),
        ("fc=data&fo=has&fv=k", vec!["1"]),
        ("fc=at&fo=in&fv=%22(1,2)%22", vec!["1"]),
        ("fc=made&fo=ge&fv=2026-02-01", vec!["3", "4"]),
        ("fc=code&fo=eq&fv=yy", vec!["2"]),
        ("fc=age&fo=gt&fv=20&fc=name&fo=has&fv=a", vec!["1"]),
    ] {
        assert_eq!(found(&site, filter).await, ids, "{filter}");
    }
}

#[tokio::test]
async fn a_row_with_a_null_field_is_a_value_for_filters() {
    let site = Site::new().await;
    let homes = "CREATE TYPE place AS (street text, town text); \
        CREATE TABLE people (id int PRIMARY KEY, home place); \
        INSERT INTO people VALUES (1, ROW('Elm', NULL)), (2, NULL), (3, ROW(NULL, NULL))";
    site.sql("acme", homes).await;
    assert_eq!(found(&site, "fc=home&fo=null&fv=").await, ["2"]);
    assert_eq!(found(&site, "fc=home&fo=some&fv=").await, ["1", "3"]);
}

#[tokio::test]
async fn a_filter_that_does_not_fit_its_column_says_why_and_can_be_corrected() {
    let site = people().await;
    for (filter, says) in [
        (
            "fc=age&fo=eq&fv=thirty",
            "invalid input syntax for type integer",
        ),
        (
            "fc=mood&fo=eq&fv=angry",
            "invalid input value for enum mood",
        ),
        ("fc=nothing&fo=eq&fv=1", "the table has no column `nothing`"),
        ("sort=nothing", "the table has no column `nothing`"),
    ] {
        let answer = site.get(&format!("/t/acme/table/people?{filter}")).await;
        assert_eq!(answer.status, 400, "{filter}");
        assert!(answer.body.contains(says), "{filter}: {}", answer.body);
        assert!(answer.body.contains("name=\"fv\""), "{filter}");
    }
}

#[tokio::test]
async fn rows_are_sorted_by_any_column_with_null_above_everything() {
    let site = people().await;
    for (sort, ids) in [
        ("sort=age", ["3", "1", "4", "2"]),
        ("sort=age&dir=desc", ["2", "4", "1", "3"]),
        ("sort=mood", ["2", "3", "1", "4"]),
        ("sort=name", ["3", "1", "2", "4"]),
        ("sort=id&dir=desc", ["4", "3", "2", "1"]),
    ] {
        assert_eq!(found(&site, sort).await, ids, "{sort}");
    }
    for column in ["tags", "data", "at", "made", "code"] {
        assert_eq!(
            found(&site, &format!("sort={column}")).await.len(),
            4,
            "{column}"
        );
    }
    let page = site.page("/t/acme/table/people?sort=age").await;
    assert!(page.contains("aria-sort=\"ascending\""), "{page}");
}

#[tokio::test]
async fn types_of_all_kinds_are_filtered_sorted_and_paged() {
    let site = Site::new().await;
    site.sql(
        "acme",
        "CREATE DOMAIN plz AS text CHECK (VALUE ~ '^[0-9]+$'); \
         CREATE TYPE \"Odd Type\" AS ENUM ('a''b', 'c'); \
         CREATE TYPE pair AS (x int, y text); \
         CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false); \
         CREATE TABLE kinds (d plz, e \"Odd Type\", p pair, c text COLLATE loose, i interval, n numeric(6,2), \
            b bit(3), f float8, net cidr, u uuid, by bytea, ts tsvector, x xml, v varchar(3), o oid, m money, \
            r int4range, a int[], j json[]); \
         INSERT INTO kinds VALUES ('123', 'a''b', '(1,z)', 'Straße', '1 day', 1.5, B'101', 1e-7, '10.0.0.0/8', \
            gen_random_uuid(), '\\x00', 'fat cat', '<a/>', 'abc', 7, 1, '[1,3)', '{1,2}', '{1}'), \
            (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    )
    .await;
    let page = site.page("/t/acme/table/kinds").await;
    let values = cells(&page).remove(0);
    let names = site.database.column(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'acme.kinds'::regclass AND attnum > 0 ORDER BY attnum",
    );
    for (name, value) in names.await.iter().zip(&values) {
        let sorted = site
            .page(&format!("/t/acme/table/kinds?sort={name}&size=1"))
            .await;
        let next = site.page(&link(&sorted, "rel=\"next\"").unwrap()).await;
        assert!(link(&next, "rel=\"next\"").is_none(), "{name}");
        for operator in ["eq", "in", "has"] {
            let quoted = if operator == "in" {
                format!("\"{value}\"")
            } else {
                value.clone()
            };
            let filter = format!("fc={name}&fo={operator}&fv={}", form(&quoted));
            let page = site.page(&format!("/t/acme/table/kinds?{filter}")).await;
            assert_eq!(cells(&page).len(), 1, "{filter}");
        }
    }
}

#[tokio::test]
async fn columns_can_be_chosen() {
    let site = people().await;
    let page = site
        .page("/t/acme/table/people?col=name&col=id&col=gone")
        .await;
    assert_eq!(cells(&page)[0], ["1", "Ann"]);
    assert!(page.contains("Columns (2 of 9)"), "{page}");
}

#[tokio::test]
async fn rows_are_counted_when_that_is_asked_for() {
    let site = people().await;
    let page = site.page("/t/acme/table/people?fc=age&fo=some").await;
    assert!(!page.contains("3 rows"), "{page}");
    let count = link(&page, "count=1").unwrap();
    assert!(site.page(&count).await.contains("3 rows"));
}

#[tokio::test]
async fn names_of_tables_and_columns_are_only_names() {
    let site = Site::new().await;
    let table = r#"x"; DROP TABLE dummy_table; --"#;
    site.sql(
        "acme",
        r#"CREATE TABLE "x""; DROP TABLE dummy_table; --" ("a""b" int PRIMARY KEY, "c'd$1" text,
           "<script>" json, "e/f?g#h%" text);
           INSERT INTO "x""; DROP TABLE dummy_table; --" VALUES (1, 'one', '{}', 'e'), (2, NULL, NULL, 'f')"#,
    )
    .await;
    let list = site.page("/t/acme").await;
    let path = link(&list, "DROP%20TABLE").unwrap();
    let page = site.page(&path).await;
    assert_eq!(cells(&page).len(), 2);
    let encode = |name: &str| form(name);
    for column in ["a\"b", "c'd$1", "<script>", "e/f?g#h%"] {
        let name = encode(column);
        let page = site
            .page(&format!(
                "{path}?col={name}&sort={name}&fc={name}&fo=some&fv="
            ))
            .await;
        assert!(!cells(&page).is_empty(), "{column}");
        assert!(!page.contains("<script>"), "{column}");
        site.page(&format!("{path}?col={name}&sort={name}&size=1"))
            .await;
        let next = link(&page, "rel=\"next\"");
        assert!(next.is_none(), "{column}");
        let first = site.page(&format!("{path}?sort={name}&size=1")).await;
        let next = site.page(&link(&first, "rel=\"next\"").unwrap()).await;
        assert_eq!(cells(&next).len(), 1, "{column}");
    }
    let row = site
        .page(&link(&page, "aria-label=\"Open row 1\"").unwrap())
        .await;
    assert!(row.contains("a&quot;b"), "{row}");
    site.page(&format!("{path}/structure")).await;
    assert_eq!(
        site.database
            .value("SELECT count(*) FROM acme.dummy_table")
            .await,
        "0"
    );
    let filter = format!(
        "fc=a%22b&fo=eq&fv={}",
        encode("1); DROP TABLE dummy_table; --")
    );
    assert_eq!(site.get(&format!("{path}?{filter}")).await.status, 400);
    assert_eq!(
        site.database
            .value("SELECT count(*) FROM acme.dummy_table")
            .await,
        "0"
    );
    assert!(list.contains("x&quot;; DROP TABLE"), "{table}: {list}");
}

fn form(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn what_stands_in_a_cell_is_only_text() {
    let site = Site::new().await;
    site.sql(
        "acme",
        "CREATE TABLE hostile (id text PRIMARY KEY, v text); \
         INSERT INTO hostile VALUES ('\"><script>alert(1)</script>', '</td><img src=x onerror=alert(1)>'), \
            ('b', E'\\u202Etxt.exe\\u0001')",
    )
    .await;
    let page = site.page("/t/acme/table/hostile").await;
    assert_eq!(page.matches("<script").count(), SCRIPTS, "{page}");
    assert!(!page.contains("<img"), "{page}");
    assert!(
        !page.contains('\u{202e}') && !page.contains('\u{1}'),
        "{page}"
    );
    let row = site
        .page(&link(&page, "aria-label=\"Open row 1\"").unwrap())
        .await;
    assert_eq!(row.matches("<script").count(), SCRIPTS, "{row}");
    assert!(!row.contains("<img"), "{row}");
}
