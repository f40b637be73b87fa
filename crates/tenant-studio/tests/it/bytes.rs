//! A database in SQL_ASCII, which keeps bytes and does not know what they mean.

use serde_json::{Value, json};

use crate::browser::{Site, cells, link};
use crate::editing::{form_urlencoded, row, send};

const TABLES: &str = "\
    CREATE FUNCTION latin(text) RETURNS text LANGUAGE sql AS \
        'SELECT pg_catalog.replace($1, ''~'', convert_from(''\\xe4'', ''SQL_ASCII''))'; \
    CREATE TABLE names (id int PRIMARY KEY, name text, note text); \
    INSERT INTO names VALUES (1, latin('M~rz'), 'ok'), (2, 'März', NULL), \
        (3, repeat('ä', 400), latin(repeat('~', 400))); \
    CREATE TABLE keyed (name text PRIMARY KEY, n int REFERENCES names); \
    INSERT INTO keyed VALUES (latin('k~'), 1), ('kä', 2); \
    CREATE TABLE \"C:\\User\\te\" (\"C:\\User\\te\" \"char\" NOT NULL PRIMARY KEY, t text); \
    INSERT INTO \"C:\\User\\te\" VALUES ('a', '\\xe4'), ('b', latin('~')); \
    COMMENT ON TABLE names IS 'plain'; \
    DO $$ BEGIN EXECUTE format('COMMENT ON COLUMN names.name IS %L', latin('M~')); END $$";

#[tokio::test]
async fn bytes_that_are_no_letters_are_shown_and_no_page_fails() {
    let site = Site::in_sql_ascii(TABLES).await;
    let page = site.page("/t/acme/table/names?sort=name").await;
    let rows = cells(&page);
    let first = rows.iter().find(|row| row[0] == "1").unwrap();
    assert_eq!(first[1], "M\\xe4rz");
    let second = rows.iter().find(|row| row[0] == "2").unwrap();
    assert_eq!(second[1], "März");
    let long = rows.iter().find(|row| row[0] == "3").unwrap();
    assert_eq!(long[1], format!("{}…", "ä".repeat(300)));
    assert!(
        long[2].starts_with("\\xe4\\xe4") && long[2].ends_with('…'),
        "{}",
        long[2]
    );
    for path in [
        "/t/acme",
        "/t/acme/table/names/structure",
        "/t/acme/table/names/row?key=[%221%22]",
        "/t/acme/table/names/value?key=[%221%22]&column=name",
        "/t/acme/table/names?fc=name&fo=has&fv=rz",
        "/t/acme/diagram",
        "/t/acme/migrations",
        "/tenants",
    ] {
        site.page(path).await;
    }
    let row = site.page("/t/acme/table/names/row?key=[%221%22]").await;
    assert!(row.contains("M\\xe4rz"), "{row}");
    // What looks like such a byte is a text, and can be edited.
    let odd = format!("/t/acme/table/{}", form_urlencoded("C:\\User\\te"));
    let rows = cells(&site.page(&odd).await);
    assert_eq!(rows, [["a", "\\xe4"], ["b", "\\xe4"]]);
    let edit = site.page(&format!("{odd}/edit?key=[%22a%22]")).await;
    assert!(edit.contains("name=\"c.t\""), "{edit}");
    let file = site
        .page("/t/acme/table/names/export.csv?col=id&col=name")
        .await;
    assert!(file.contains("1,M\\xe4rz\r\n2,März\r\n"), "{file}");
    let file = site
        .page("/t/acme/table/names/export.json?size=2&col=id&col=name")
        .await;
    let all = serde_json::from_str::<Value>(&file).unwrap();
    assert_eq!(all[0]["name"], "M\\xe4rz");
    site.end_and_drop().await;
}

#[tokio::test]
async fn rows_with_such_keys_are_seen_and_their_values_are_not_edited() {
    let site = Site::in_sql_ascii(TABLES).await;
    let page = site.page("/t/acme/table/keyed?size=1").await;
    let next = site.page(&link(&page, "rel=\"next\"").unwrap()).await;
    let mut names = [cells(&page)[0][0].clone(), cells(&next)[0][0].clone()];
    names.sort();
    assert_eq!(names, ["k\\xe4", "kä"]);
    let opened = site
        .page(&link(&page, "aria-label=\"Open row 1\"").unwrap())
        .await;
    assert!(opened.contains(&cells(&page)[0][0]), "{opened}");
    let edit = site.page("/t/acme/table/names/edit?key=[%221%22]").await;
    assert!(
        edit.contains("This value cannot be edited: some of its bytes are not UTF-8."),
        "{edit}"
    );
    assert!(
        !edit.contains("name=\"c.name\"") && edit.contains("name=\"c.note\""),
        "{edit}"
    );
    let seen = row(&site, "names", r#"["1"]"#).await;
    assert_eq!(seen["values"]["name"], Value::Null);
    let change = |set: Value| json!([{"do": "update", "key": ["1"], "version": seen["version"], "set": set}]);
    let (status, answer) = send(&site, "names", change(json!({"name": "M\\xe4rz"}))).await;
    assert_eq!(status, 422, "{answer}");
    let message = answer["refused"]["message"].as_str().unwrap();
    assert!(
        message.contains("some of its bytes are not UTF-8"),
        "{message}"
    );
    let (status, answer) = send(&site, "names", change(json!({"note": "größer"}))).await;
    assert_eq!(status, 200, "{answer}");
    let page = site
        .page("/t/acme/table/names?fc=note&fo=eq&fv=gr%C3%B6%C3%9Fer")
        .await;
    assert_eq!(cells(&page)[0], ["1", "M\\xe4rz", "größer"]);
    site.end_and_drop().await;
}
