//! Tables whose rows are in several tables: by inheritance, and in partitions.

use serde_json::json;

use crate::browser::{Site, cells, link};
use crate::editing::{form_urlencoded, row, send, writing};

/// The last value of each row of all pages, from `path` on by the links that have
/// `attribute`.
async fn walk(site: &Site, path: &str, attribute: &str) -> (Vec<String>, String) {
    let (mut ids, mut path) = (Vec::new(), path.to_owned());
    for _ in 0..50 {
        let page = site.page(&path).await;
        let rows = cells(&page).into_iter();
        let mut shown = rows.map(|row| row[0].clone()).collect::<Vec<_>>();
        if attribute.contains("prev") {
            shown.reverse();
        }
        ids.extend(shown);
        match link(&page, attribute) {
            Some(next) => path = next,
            None => return (ids, path),
        }
    }
    panic!("{path} goes on for ever");
}

/// Walks there and back, and sees each of the rows once each time.
async fn is_complete(site: &Site, table: &str, query: &str, count: usize) {
    let all = (1..=count).map(|id| id.to_string()).collect::<Vec<_>>();
    let sorted = |mut ids: Vec<String>| {
        ids.sort_by_key(|id| id.parse::<usize>().unwrap());
        ids
    };
    let path = format!("/t/acme/table/{table}?size=5{query}");
    let (there, last) = walk(site, &path, "rel=\"next\"").await;
    assert_eq!(sorted(there.clone()), all, "{path}");
    let (mut back, _) = walk(site, &last, "rel=\"prev\"").await;
    back.reverse();
    assert_eq!(back, there, "{path}");
}

/// Three tables with four rows each, of which two inherit from the first; and the same in
/// three partitions.
const TABLES: &str = "\
    CREATE TABLE beings (id int PRIMARY KEY, kind text); \
    CREATE TABLE animals (legs int) INHERITS (beings); \
    CREATE TABLE dogs (name text) INHERITS (animals); \
    CREATE TABLE free (id int, kind text); \
    CREATE TABLE free_2 () INHERITS (free); \
    CREATE TABLE free_3 () INHERITS (free); \
    INSERT INTO beings SELECT i, 'same' FROM generate_series(1, 4) i; \
    INSERT INTO animals SELECT i, 'same', 4 FROM generate_series(5, 8) i; \
    INSERT INTO dogs SELECT i, 'same', 4, 'Rex' FROM generate_series(9, 12) i; \
    INSERT INTO free SELECT i, 'same' FROM generate_series(1, 4) i; \
    INSERT INTO free_2 SELECT i, 'same' FROM generate_series(5, 8) i; \
    INSERT INTO free_3 SELECT i, 'same' FROM generate_series(9, 12) i; \
    CREATE TABLE parted (id int, kind text) PARTITION BY LIST (id); \
    CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1, 4, 7, 10); \
    CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2, 5, 8, 11); \
    CREATE TABLE parted_3 PARTITION OF parted DEFAULT; \
    INSERT INTO parted SELECT i, 'same' FROM generate_series(1, 12) i; \
    CREATE TABLE keyed (id int PRIMARY KEY, kind text) PARTITION BY HASH (id); \
    CREATE TABLE keyed_1 PARTITION OF keyed FOR VALUES WITH (MODULUS 2, REMAINDER 0); \
    CREATE TABLE keyed_2 PARTITION OF keyed FOR VALUES WITH (MODULUS 2, REMAINDER 1); \
    INSERT INTO keyed SELECT i, 'same' FROM generate_series(1, 12) i; \
    CREATE VIEW watched AS SELECT * FROM parted;";

#[tokio::test]
async fn every_row_is_seen_once_whichever_part_it_is_in() {
    let site = Site::new().await;
    site.sql("acme", TABLES).await;
    for table in ["beings", "free", "parted", "keyed", "watched"] {
        for query in ["", "&sort=kind", "&sort=kind&dir=desc", "&sort=id"] {
            is_complete(&site, table, query, 12).await;
        }
        is_complete(&site, table, "&fc=kind&fo=eq&fv=same", 12).await;
    }
}

#[tokio::test]
async fn a_policy_of_the_whole_hides_rows_of_the_parts_too() {
    let site = Site::as_reader().await;
    site.sql("acme", TABLES).await;
    let policy = "ALTER TABLE parted ENABLE ROW LEVEL SECURITY; \
        CREATE POLICY low ON parted USING (id <= 6)";
    site.sql("acme", policy).await;
    for query in ["", "&sort=kind"] {
        is_complete(&site, "parted", query, 6).await;
    }
}

#[tokio::test]
async fn a_page_goes_on_from_one_part_into_the_next() {
    let site = Site::new().await;
    site.sql(
        "acme",
        "CREATE TABLE logs (id int) PARTITION BY RANGE (id); \
         CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (10); \
         CREATE TABLE logs_2 PARTITION OF logs FOR VALUES FROM (10) TO (20); \
         CREATE TABLE logs_3 PARTITION OF logs FOR VALUES FROM (20) TO (30); \
         CREATE TABLE logs_4 PARTITION OF logs FOR VALUES FROM (30) TO (40); \
         INSERT INTO logs SELECT i FROM generate_series(0, 9) i; \
         INSERT INTO logs SELECT i FROM generate_series(30, 39) i; DELETE FROM logs WHERE id = 9",
    )
    .await;
    let shown = |page: &str| {
        let ids = cells(page).into_iter().map(|row| row[0].clone());
        ids.collect::<Vec<_>>().join(" ")
    };
    let first = site.page("/t/acme/table/logs?size=5").await;
    assert_eq!(shown(&first), "0 1 2 3 4");
    let next = site.page(&link(&first, "rel=\"next\"").unwrap()).await;
    assert_eq!(shown(&next), "5 6 7 8 30");
    let third = site.page(&link(&next, "rel=\"next\"").unwrap()).await;
    assert_eq!(shown(&third), "31 32 33 34 35");
    let back = site.page(&link(&third, "rel=\"prev\"").unwrap()).await;
    assert_eq!(shown(&back), "5 6 7 8 30");
    let last = site.page(&link(&first, "end=1").unwrap()).await;
    assert_eq!(shown(&last), "35 36 37 38 39");
    let filtered = site
        .page("/t/acme/table/logs?size=3&fc=id&fo=gt&fv=6")
        .await;
    assert_eq!(shown(&filtered), "7 8 30");
    let next = site.page(&link(&filtered, "rel=\"next\"").unwrap()).await;
    assert_eq!(shown(&next), "31 32 33");
}

#[tokio::test]
async fn rows_with_one_key_in_two_tables_are_two_rows() {
    let site = Site::new().await;
    site.sql("acme", TABLES).await;
    site.sql("acme", "INSERT INTO dogs VALUES (1, 'twin', 4, 'Twin')")
        .await;
    let page = site.page("/t/acme/table/beings?sort=id&size=5").await;
    let kinds = cells(&page).into_iter().take(2);
    let mut kinds = kinds.map(|row| row[1].clone()).collect::<Vec<_>>();
    kinds.sort();
    assert_eq!(kinds, ["same", "twin"]);
    let mut opened = Vec::new();
    for number in [1, 2] {
        let row = link(&page, &format!("aria-label=\"Open row {number}\"")).unwrap();
        let row = site.page(&row).await;
        opened.push(row.contains("<dd>twin</dd>"));
    }
    opened.sort_unstable();
    assert_eq!(opened, [false, true]);
}

#[tokio::test]
async fn the_rows_of_all_parts_are_counted_and_estimated() {
    let site = Site::new().await;
    for tenant in ["acme", "globex"] {
        site.sql(tenant, TABLES).await;
        site.sql(tenant, "ANALYZE").await;
    }
    let tables = site.page("/t/acme").await;
    for table in ["beings", "free", "parted", "keyed"] {
        let row = tables
            .split("<tr>")
            .find(|row| row.contains(&format!("Structure of {table}\"")));
        assert!(row.unwrap().contains(">~12<"), "{table}: {tables}");
        let page = site.page(&format!("/t/acme/table/{table}?count=1")).await;
        assert!(page.contains("12 rows"), "{table}: {page}");
    }
    // Two of the parts can have the same key.
    let compared = "/across/compare?one=acme&other=globex&table=";
    let beings = site.page(&format!("{compared}beings")).await;
    assert!(beings.contains("no primary key in common"), "{beings}");
    let keyed = site.page(&format!("{compared}keyed")).await;
    assert!(keyed.contains("All rows are equal"), "{keyed}");
}

#[tokio::test]
async fn a_row_of_a_part_is_changed_through_the_whole_and_no_other() {
    let site = writing().await;
    site.sql("acme", TABLES).await;
    site.sql("acme", "INSERT INTO dogs VALUES (1, 'twin', 4, 'Twin')")
        .await;
    for (table, part, id) in [("beings", "dogs", "1"), ("parted", "parted_2", "5")] {
        let place = format!(
            "SELECT '[\"' || tableoid::oid || '\",\"' || ctid || '\"]' FROM acme.{part} WHERE id = {id}"
        );
        let key = site.database.value(&place).await;
        let version = row(&site, table, &key).await["version"].clone();
        let key = serde_json::from_str::<serde_json::Value>(&key).unwrap();
        let change = json!([{"do": "update", "key": key, "version": version,
            "set": {"kind": "changed"}}]);
        let (status, answer) = send(&site, table, change.clone()).await;
        assert_eq!(status, 200, "{answer}");
        let changed = format!(
            "SELECT string_agg(tableoid::regclass::text, ',') FROM acme.{table} WHERE kind = 'changed'"
        );
        assert_eq!(site.database.value(&changed).await, format!("acme.{part}"));
        // It is elsewhere now, or another one.
        assert_eq!(send(&site, table, change).await.0, 409);
    }
}

#[tokio::test]
async fn a_table_with_parts_elsewhere_is_paged_by_number() {
    let site = Site::new().await;
    site.sql("acme", TABLES).await;
    let file = "CREATE EXTENSION file_fdw SCHEMA public; \
        CREATE SERVER files FOREIGN DATA WRAPPER file_fdw; \
        CREATE TABLE mixed (id int, kind text) PARTITION BY LIST (kind); \
        CREATE TABLE mixed_1 PARTITION OF mixed FOR VALUES IN ('same'); \
        INSERT INTO mixed SELECT i, 'same' FROM generate_series(1, 9) i; \
        CREATE FOREIGN TABLE mixed_2 PARTITION OF mixed FOR VALUES IN ('far') SERVER files \
            OPTIONS (program 'printf ''10,far\\n11,far\\n12,far\\n''', format 'csv')";
    site.sql("acme", file).await;
    for query in ["", "&sort=kind", "&sort=id"] {
        is_complete(&site, "mixed", query, 12).await;
    }
    let key = form_urlencoded("[\"1\",\"(0,1)\"]");
    let row = format!("/t/acme/table/mixed/row?key={key}");
    assert_eq!(site.get(&row).await.status, 400);
}
