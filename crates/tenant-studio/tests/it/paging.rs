//! From page to page: each row is seen exactly once, there and back.

use test_support::eventually;

use crate::browser::{Site, first_cells, link};

/// Walks from `path` by the links that have `attribute`, and collects the first
/// cells of each page.
async fn walk(site: &Site, path: &str, attribute: &str) -> (Vec<Vec<String>>, String) {
    let (mut pages, mut path) = (Vec::new(), path.to_owned());
    loop {
        let page = site.page(&path).await;
        pages.push(first_cells(&page));
        assert!(pages.len() < 50, "{path} goes on for ever");
        match link(&page, attribute) {
            Some(next) => path = next,
            None => return (pages, path),
        }
    }
}

/// There and back over the table, whose rows are `ids` in this order.
async fn there_and_back(site: &Site, path: &str, ids: &[String]) {
    let (pages, last) = walk(site, path, "rel=\"next\"").await;
    assert_eq!(pages.concat(), ids, "{path}");
    let (mut back, first) = walk(site, &last, "rel=\"prev\"").await;
    back.reverse();
    assert_eq!(back.concat(), ids, "{path}");
    assert!(
        !first.contains("before") && !first.contains("after"),
        "{first}"
    );
}

async fn ordered(site: &Site, order: &str) -> Vec<String> {
    let sql = format!("SELECT id FROM acme.many ORDER BY {order}");
    site.database.column(&sql).await
}

const MANY: &str = "CREATE TABLE many (id int PRIMARY KEY, a int, b text NOT NULL, data json); \
    INSERT INTO many SELECT i, nullif(i % 5, 0), chr(97 + i % 3), to_json(i % 4) \
    FROM generate_series(1, 47) i";

#[tokio::test]
async fn every_row_is_seen_once_in_each_order_there_and_back() {
    let site = Site::new().await;
    site.sql("acme", MANY).await;
    for (query, order) in [
        ("", "id"),
        ("&sort=id&dir=desc", "id DESC"),
        ("&sort=a", "a, id"),
        ("&sort=a&dir=desc", "a DESC, id DESC"),
        ("&sort=b", "b, id"),
        ("&sort=b&dir=desc", "b DESC, id DESC"),
        ("&sort=data", "data::text, id"),
    ] {
        let ids = ordered(&site, order).await;
        there_and_back(&site, &format!("/t/acme/table/many?size=7{query}"), &ids).await;
    }
}

#[tokio::test]
async fn pages_keep_their_filters() {
    let site = Site::new().await;
    site.sql("acme", MANY).await;
    let sql = "SELECT id FROM acme.many WHERE b = 'a' ORDER BY a, id";
    let ids = site.database.column(sql).await;
    let path = "/t/acme/table/many?size=4&sort=a&fc=b&fo=eq&fv=a";
    there_and_back(&site, path, &ids).await;
}

#[tokio::test]
async fn the_last_page_is_reached_at_once_and_leads_back() {
    let site = Site::new().await;
    site.sql("acme", MANY).await;
    let first = site.page("/t/acme/table/many?size=7&sort=a").await;
    let last = link(&first, "end=1").unwrap();
    let (mut pages, _) = walk(&site, &last, "rel=\"prev\"").await;
    pages.reverse();
    assert_eq!(pages.concat(), ordered(&site, "a, id").await);
}

#[tokio::test]
async fn a_row_that_goes_away_meanwhile_moves_no_other() {
    let site = Site::new().await;
    site.sql("acme", MANY).await;
    let first = site.page("/t/acme/table/many?size=10").await;
    site.sql("acme", "DELETE FROM many WHERE id IN (2, 10)")
        .await;
    let next = site.page(&link(&first, "rel=\"next\"").unwrap()).await;
    assert_eq!(first_cells(&next)[0], "11");
}

#[tokio::test]
async fn rows_without_a_key_are_paged_too() {
    let site = Site::new().await;
    site.sql(
        "acme",
        "CREATE TABLE many (id int, a int); \
         INSERT INTO many SELECT i, i % 3 FROM generate_series(1, 30) i; \
         CREATE VIEW seen AS SELECT * FROM many ORDER BY id; \
         CREATE TABLE parts (id int, a int) PARTITION BY RANGE (id); \
         CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100); \
         INSERT INTO parts SELECT * FROM many; \
         CREATE MATERIALIZED VIEW kept AS SELECT * FROM many ORDER BY id",
    )
    .await;
    let ids = ordered(&site, "id").await;
    for table in ["many", "seen", "parts", "kept"] {
        there_and_back(&site, &format!("/t/acme/table/{table}?size=7"), &ids).await;
    }
    let ids = ordered(&site, "a, ctid").await;
    there_and_back(&site, "/t/acme/table/many?size=7&sort=a", &ids).await;
    let row = site.page("/t/acme/table/seen?size=7&offset=7").await;
    let row = site
        .page(&link(&row, "aria-label=\"Open row 2\"").unwrap())
        .await;
    assert!(row.contains("<dd>9</dd>"), "{row}");
}

#[tokio::test]
async fn a_deep_page_reads_no_more_rows_than_it_shows() {
    let site = Site::new().await;
    site.sql(
        "acme",
        "CREATE TABLE deep (id int PRIMARY KEY, a int) WITH (autovacuum_enabled = off); \
         INSERT INTO deep SELECT i, nullif(i % 10, 0) FROM generate_series(1, 20000) i; \
         CREATE INDEX ON deep (a, id); ANALYZE deep",
    )
    .await;
    // What a backend has read is reported when it ends, that which made the table too.
    let have_ended = async || {
        eventually("whoever has read the table has ended", async || {
            site.database.value(ASKING).await == "0"
        })
        .await;
    };
    let is_cheap = async |query: &str| {
        have_ended().await;
        site.database.execute("SELECT pg_stat_reset()").await;
        site.page(&format!("/t/acme/table/deep?{query}")).await;
        have_ended().await;
        site.database.value(READ).await.parse::<u32>().unwrap() < 500
    };
    for query in [
        "after=[%2219000%22]",
        "before=[%2219000%22]",
        "sort=a&after=[%229%22,%2219000%22]",
        "sort=a&end=1",
        "sort=a&dir=desc&after=[null,%2210000%22]",
        "end=1",
    ] {
        assert!(is_cheap(query).await, "{query}");
    }
    assert!(!is_cheap("offset=19000").await);
}

/// Whether a page's query runs.
const ASKING: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
    AND pid <> pg_backend_pid() AND query LIKE '%deep%'";

/// How many rows of the table and of its indexes were read.
const READ: &str = "SELECT sum(pg_stat_get_tuples_returned(oid) + pg_stat_get_tuples_fetched(oid)) \
    FROM (SELECT 'acme.deep'::regclass::oid AS oid \
        UNION SELECT indexrelid FROM pg_index WHERE indrelid = 'acme.deep'::regclass) AS all_of_it";
