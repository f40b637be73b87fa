//! Values that are large, strange, or of types of their own.

use serde_json::json;
use tenant_studio::Options;

use crate::browser::{Site, cells, first_cells, link};
use crate::editing::{form_urlencoded, row, send, writing};

async fn found(site: &Site, table: &str, filter: &str) -> Vec<String> {
    first_cells(&site.page(&format!("/t/acme/table/{table}?{filter}")).await)
}

#[tokio::test]
async fn a_column_of_a_domain_is_compared_as_what_the_domain_is_made_of() {
    let site = Site::new().await;
    site.sql(
        "acme",
        "CREATE DOMAIN positive AS int CHECK (VALUE > 0); \
         CREATE DOMAIN small AS positive CHECK (VALUE < 100); \
         CREATE DOMAIN code AS varchar(3); \
         CREATE DOMAIN flags AS int[] CHECK (VALUE[1] > 0); \
         CREATE TABLE things (id int PRIMARY KEY, p positive, s small, c code, f flags); \
         INSERT INTO things VALUES (1, 1, 1, 'abc', '{1}'), (2, 20, 20, 'abd', '{2}')",
    )
    .await;
    for (filter, ids) in [
        ("fc=p&fo=gt&fv=0", vec!["1", "2"]),
        ("fc=p&fo=ge&fv=-5", vec!["1", "2"]),
        ("fc=s&fo=lt&fv=1000", vec!["1", "2"]),
        ("fc=s&fo=in&fv=0,1,1000", vec!["1"]),
        ("fc=s&fo=gt&fv=9", vec!["2"]),
        ("fc=c&fo=eq&fv=abcd", vec![]),
        ("fc=c&fo=ne&fv=abcd", vec!["1", "2"]),
        ("fc=c&fo=in&fv=abcd,abd", vec!["2"]),
        ("fc=c&fo=lt&fv=abcz", vec!["1"]),
        ("fc=f&fo=eq&fv={0}", vec![]),
        ("fc=f&fo=eq&fv={2}", vec!["2"]),
    ] {
        assert_eq!(found(&site, "things", filter).await, ids, "{filter}");
    }
    for sort in ["p", "s", "c", "f"] {
        let page = site
            .page(&format!("/t/acme/table/things?size=1&sort={sort}"))
            .await;
        let next = site.page(&link(&page, "rel=\"next\"").unwrap()).await;
        assert_eq!(first_cells(&next), ["2"], "{sort}");
    }
}

/// A collation that takes capital letters for small ones, a type of its own with operators
/// of its own, and tables with them.
const LETTERS: &str = "\
    CREATE COLLATION plain (provider = icu, locale = 'und-u-ks-level2', deterministic = false); \
    CREATE TABLE towns (name text COLLATE plain PRIMARY KEY, about text COLLATE plain); \
    CREATE TABLE people (id int PRIMARY KEY, town text COLLATE plain REFERENCES towns); \
    INSERT INTO towns VALUES ('Bern', 'On the Aare'), ('Lyon', NULL), ('Malmö', 'By the Sound'); \
    INSERT INTO people VALUES (1, 'bern'), (2, 'LYON'), (3, NULL);";

#[tokio::test]
async fn an_order_of_letters_that_cannot_be_searched_is_searched_all_the_same() {
    let site = writing().await;
    site.sql("acme", &format!("DROP TABLE people CASCADE; {LETTERS}"))
        .await;
    for (text, names) in [
        ("", "Bern Lyon Malmö"),
        ("ER", "Bern"),
        ("sound", "Malmö"),
        ("x", ""),
    ] {
        let path = format!("/t/acme/table/people/choices?column=town&part=1&q={text}");
        let page = site.page(&path).await;
        let offered = crate::browser::between(&page, "value=\"", "\"").collect::<Vec<_>>();
        assert_eq!(offered.join(" "), names, "{text}");
    }
    for (filter, ids) in [
        ("fc=town&fo=has&fv=ER", vec!["1"]),
        ("fc=town&fo=eq&fv=BERN", vec!["1"]),
        ("fc=town&fo=in&fv=bern,lyon", vec!["1", "2"]),
        ("fc=town&fo=gt&fv=c", vec!["2"]),
        ("fc=town&fo=null&fv=", vec!["3"]),
    ] {
        assert_eq!(found(&site, "people", filter).await, ids, "{filter}");
    }
    let page = site.page("/t/acme/table/people?size=1&sort=town").await;
    let next = site.page(&link(&page, "rel=\"next\"").unwrap()).await;
    assert_eq!(first_cells(&next), ["2"]);
}

#[tokio::test]
async fn two_tenants_differ_where_an_order_of_letters_sees_no_difference() {
    let site = Site::new().await;
    for tenant in ["acme", "globex"] {
        site.sql(tenant, LETTERS).await;
    }
    site.sql("globex", "UPDATE people SET town = 'BERN' WHERE id = 1")
        .await;
    let page = site
        .page("/across/compare?one=acme&other=globex&table=people")
        .await;
    assert!(page.contains("<ins class=\"mono\">BERN</ins>"), "{page}");
}

#[tokio::test]
async fn choices_come_in_the_order_of_their_values() {
    let site = writing().await;
    site.sql(
        "acme",
        "INSERT INTO teams SELECT i, 'team' FROM generate_series(3, 11) i",
    )
    .await;
    let page = site
        .page("/t/acme/table/people/choices?column=team&part=1")
        .await;
    let offered = crate::browser::between(&page, "value=\"", "\"").collect::<Vec<_>>();
    assert_eq!(
        offered,
        ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]
    );
}

#[tokio::test]
async fn a_type_with_operators_of_its_own_is_paged_and_compared_by_them() {
    let site = Site::new().await;
    site.sql(
        "acme",
        "CREATE EXTENSION citext SCHEMA acme; \
         CREATE TABLE words (word citext, n int, PRIMARY KEY (word, n)); \
         INSERT INTO words SELECT w, n FROM unnest(ARRAY['b','A','c','D']) w, generate_series(1, 3) n",
    )
    .await;
    let mut path = "/t/acme/table/words?size=5".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = site.page(&path).await;
        seen.extend(cells(&page).into_iter().map(|row| row.concat()));
        match link(&page, "rel=\"next\"") {
            Some(next) => path = next,
            None => break,
        }
    }
    assert_eq!(seen.join(" "), "A1 A2 A3 b1 b2 b3 c1 c2 c3 D1 D2 D3");
    assert_eq!(found(&site, "words", "fc=word&fo=eq&fv=a").await.len(), 3);
    assert_eq!(found(&site, "words", "fc=word&fo=gt&fv=B").await.len(), 6);
    let row = site
        .page("/t/acme/table/words/row?key=[%22a%22,%222%22]")
        .await;
    assert!(row.contains("<dd>A</dd>"), "{row}");
}

#[tokio::test]
async fn a_large_value_is_cut_or_its_size_is_shown_and_it_opens_alone() {
    let site = Site::new().await;
    // Random digits are not compressed to less than half.
    site.sql(
        "acme",
        "CREATE FUNCTION digits() RETURNS text LANGUAGE sql AS \
            'SELECT string_agg(md5(i::text), '''') FROM generate_series(1, 40000) i'; \
         CREATE TYPE pair AS (one text, other int); \
         CREATE TABLE big (id int PRIMARY KEY, t text, v varchar, y bytea, j jsonb, js json, x xml, \
            a text[], c pair, k varbit, r numrange, small jsonb); \
         INSERT INTO big SELECT 1, d, d, convert_to(d, 'UTF8'), to_jsonb(d), to_json(d), \
            xmlparse(CONTENT d), ARRAY[d], ROW(d, 1)::pair, repeat('10', 500000)::varbit, '[1,2)', '[1]' \
            FROM digits() d",
    )
    .await;
    let page = site.page("/t/acme/table/big").await;
    let row = cells(&page).swap_remove(0);
    let starts = [
        (1, "c4ca4238"),
        (2, "c4ca4238"),
        (3, "\\x63346361"),
        (6, "c4ca4238"),
        (9, "101010"),
    ];
    for (at, start) in starts {
        assert!(
            row[at].starts_with(start) && row[at].ends_with('…'),
            "{at}: {}",
            row[at]
        );
        assert_eq!(row[at].chars().count(), 301, "{at}");
    }
    for at in [4, 5, 7, 8] {
        assert!(
            row[at].ends_with("kB stored") || row[at].ends_with("MB stored"),
            "{at}: {}",
            row[at]
        );
    }
    assert_eq!((row[10].as_str(), row[11].as_str()), ("[1,2)", "[1]"));
    for column in ["t", "y", "j", "js", "x", "a", "c", "k"] {
        let link = link(&page, &format!("aria-label=\"{column} in full\"")).unwrap();
        let alone = site.page(&link).await;
        assert!(alone.len() > 900_000, "{column}: {}", alone.len());
    }
    let file = site
        .page("/t/acme/table/big/value?key=[%221%22]&column=j&download=1")
        .await;
    assert_eq!(file.len(), 40_000 * 32 + 2);
    assert_eq!(
        site.page("/t/acme/table/big/row?key=[%221%22]")
            .await
            .matches(" stored")
            .count(),
        4
    );
}

#[tokio::test]
async fn a_large_row_without_a_key_says_why_it_is_not_changed() {
    let site = writing().await;
    site.sql(
        "acme",
        "CREATE TABLE heap (n int, t text); ALTER TABLE heap ALTER t SET STORAGE EXTERNAL; \
         INSERT INTO heap VALUES (1, repeat('x', 9000000)), (2, 'y')",
    )
    .await;
    let seen = row(&site, "heap", r#"["(0,1)"]"#).await;
    assert!(seen["values"]["t"].is_null(), "{seen}");
    let change =
        json!([{"do": "update", "key": ["(0,1)"], "version": seen["version"], "set": {"n": "5"}}]);
    let (status, answer) = send(&site, "heap", change).await;
    assert_eq!(status, 422);
    let message = answer["refused"]["message"].as_str().unwrap();
    assert!(
        message.contains("too large to be changed here"),
        "{message}"
    );
}

#[tokio::test]
async fn values_at_the_edges_of_their_types_are_paged_once_each() {
    let site = Site::new().await;
    let table = "CREATE TABLE edges (id int PRIMARY KEY, f float8, n numeric, d date, ts timestamp, \
            tz timestamptz, i interval, m money, b bit(3), y bytea, a int[], r int4range, j json); \
        INSERT INTO edges VALUES \
            (1, '-0', 'NaN', '-infinity', '-infinity', '-infinity', '-1 mon', -1, B'000', '', '{}', 'empty', '1'), \
            (2, '0', '-Infinity', '0044-03-15 BC', '4713-01-01 BC', '0001-01-01 BC', '1 mon', 1, B'001', '\\x00', '{NULL}', '(,)', '\"a\"'), \
            (3, 'NaN', 'Infinity', 'infinity', 'infinity', 'infinity', '30 days', 2, B'010', '\\xff', '{1,NULL}', '[1,2)', 'null'), \
            (4, '-Infinity', '1e-20', '294276-01-01'::timestamp::date, '294276-12-31 23:59:59.999999', now(), '720:00', 3, B'111', NULL, NULL, NULL, NULL), \
            (5, 'Infinity', '1.10', '5874897-12-31', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), \
            (6, 1e-320, '1.1', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), \
            (7, 0.1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)";
    site.sql("acme", table).await;
    for column in ["f", "n", "d", "ts", "tz", "i", "m", "b", "y", "a", "r", "j"] {
        for direction in ["", "&dir=desc"] {
            let start = format!("/t/acme/table/edges?size=2&sort={column}{direction}");
            let (mut path, mut ids) = (start.clone(), Vec::new());
            loop {
                let page = site.page(&path).await;
                ids.extend(first_cells(&page));
                assert!(ids.len() <= 7, "{start}: {ids:?}");
                match link(&page, "rel=\"next\"") {
                    Some(next) => path = next,
                    None => break,
                }
            }
            ids.sort();
            assert_eq!(ids.concat(), "1234567", "{start}");
        }
    }
}

#[tokio::test]
async fn a_table_may_have_no_columns_or_hundreds_of_them() {
    let site = Site::with(Options {
        write: true,
        ..Options::default()
    })
    .await;
    let columns = (1..=900).map(|at| format!("c{at} int DEFAULT {at}"));
    let columns = columns.collect::<Vec<_>>().join(", ");
    site.sql(
        "acme",
        &format!(
            "CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES; \
             CREATE TABLE wide ({columns}); INSERT INTO wide DEFAULT VALUES; \
             CREATE VIEW seen AS SELECT * FROM wide; CREATE VIEW blank AS SELECT"
        ),
    )
    .await;
    for table in ["nothing", "blank"] {
        for page in ["", "?count=1", "/structure", "/export.json"] {
            site.page(&format!("/t/acme/table/{table}{page}")).await;
        }
    }
    assert!(
        site.page("/t/acme/table/nothing?count=1")
            .await
            .contains("1 row")
    );
    for table in ["wide", "seen"] {
        let page = site.page(&format!("/t/acme/table/{table}?sort=c5")).await;
        assert_eq!(cells(&page)[0].len(), 900);
        let row = site
            .page(&link(&page, "aria-label=\"Open row 1\"").unwrap())
            .await;
        assert!(row.contains("<dd>900</dd>"), "{table}");
    }
    let edit = format!(
        "/t/acme/table/wide/edit?key={}",
        form_urlencoded("[\"(0,1)\"]")
    );
    assert!(site.page(&edit).await.contains("c.c900"));
}

#[tokio::test]
async fn what_a_typed_query_gives_is_cut_before_it_is_sent() {
    let site = Site::new().await;
    let digits = "SELECT string_agg(md5(i::text), '') AS d FROM generate_series(1, 60000) i";
    let query = format!(
        "SELECT d, convert_to(d, 'UTF8') AS y, to_jsonb(d) AS j, ARRAY[d] AS a, NULL AS n, \
         repeat('10', 1000000)::varbit AS k, ROW(1, 'x') AS r, repeat('ä', 2400) AS short, '' AS e, 1 AS one, 2 AS one \
         FROM ({digits}) q -- a comment"
    );
    let form = format!("sql={}", form_urlencoded(&query));
    let kind = "application/x-www-form-urlencoded";
    let page = site.post("/t/acme/sql", kind, &form).await;
    assert_eq!(page.status, 200, "{page:?}");
    let page = page.body;
    for size in ["1.8 MB", "1.8 MB stored", "244 kB", "2,400 letters"] {
        assert!(page.contains(&format!(">{size}<")), "{size}: {page}");
    }
    assert!(
        page.contains("c4ca4238") && page.contains("\\x63346361"),
        "{page}"
    );
    assert!(
        page.contains("(1,x)") && page.contains("(empty)") && page.contains("NULL"),
        "{page}"
    );
    assert!(page.len() < 30_000, "{}", page.len());
    for (sql, says) in [
        ("SELECT", "1 row"),
        ("SELECT 1 AS a;  ; ", "<td>1</td>"),
        ("VALUES (1, 'b'), (2, NULL)", "2 rows"),
        ("TABLE dummy_table", "0 rows"),
        (
            "WITH x AS (SELECT 5 AS q) SELECT q FROM x ORDER BY q",
            "<td>5</td>",
        ),
        ("SELECT pg_sleep(0)", "1 row"),
        (
            "SELECT i FROM generate_series(3, 1, -1) i",
            "<td>3</td></tr><tr><td>2</td>",
        ),
        ("SELECT 1 /* open ( */ AS c0", "<td>1</td>"),
        ("SELECT 1/0", "division by zero"),
        ("SELECT nothing", "column 8:"),
    ] {
        let form = format!("sql={}", form_urlencoded(sql));
        let page = site.post("/t/acme/sql", kind, &form).await.body;
        assert!(page.contains(says), "{sql}: {page}");
    }
}

#[tokio::test]
async fn a_typed_query_computes_each_of_its_values_once() {
    let site = writing().await;
    site.sql(
        "acme",
        "CREATE SEQUENCE calls; CREATE FUNCTION called() RETURNS text STABLE LANGUAGE plpgsql AS \
            'BEGIN RETURN nextval(''calls''); END'",
    )
    .await;
    let form = format!(
        "sql={}",
        form_urlencoded("SELECT called(), id FROM teams ORDER BY id DESC")
    );
    let kind = "application/x-www-form-urlencoded";
    let page = site.post("/t/acme/sql", kind, &form).await.body;
    assert!(
        page.contains("<td>2</td></tr>") && page.contains("2 rows"),
        "{page}"
    );
    let calls = "SELECT last_value FROM acme.calls";
    assert_eq!(site.database.value(calls).await, "2");
}
