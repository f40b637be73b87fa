//! Rows as files.

use test_support::eventually;

use crate::browser::Site;

#[tokio::test]
async fn what_is_shown_is_exported_with_all_its_pages() {
    let site = Site::new().await;
    site.sql(
        "acme",
        "CREATE TABLE goods (id int PRIMARY KEY, name text, price numeric, data jsonb, hidden text); \
         INSERT INTO goods VALUES (1, 'a \"quoted\", one', 1.50, '{\"k\": [1]}', 'h'), (2, NULL, NULL, NULL, 'h'), \
            (3, '', 3, 'null', 'h'), (4, E'two\\nlines', 4, '4', 'h')",
    )
    .await;
    let query = "col=id&col=name&col=price&col=data&sort=id&dir=desc&size=1&fc=id&fo=ne&fv=2";
    let page = site.page(&format!("/t/acme/table/goods?{query}")).await;
    // The button's form has what is shown in hidden fields.
    for (name, value) in [
        ("col", "data"),
        ("sort", "id"),
        ("dir", "desc"),
        ("fo", "ne"),
        ("size", "1"),
    ] {
        let field = format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
        assert!(page.contains(&field), "{field}: {page}");
    }
    let csv = site
        .get(&format!("/t/acme/table/goods/export.csv?{query}"))
        .await;
    assert!(
        csv.headers
            .contains("attachment; filename=\"acme_goods.csv\""),
        "{csv:?}"
    );
    assert_eq!(
        csv.body,
        "id,name,price,data\r\n4,\"two\nlines\",4,4\r\n3,\"\",3,null\r\n\
         1,\"a \"\"quoted\"\", one\",1.50,\"{\"\"k\"\": [1]}\"\r\n"
    );
    let json = site
        .page("/t/acme/table/goods/export.json?col=id&col=price&col=data")
        .await;
    assert_eq!(
        json,
        "[\n{\"id\":1,\"price\":1.50,\"data\":{\"k\": [1]}},\n{\"id\":2,\"price\":null,\"data\":null},\n\
         {\"id\":3,\"price\":3,\"data\":null},\n{\"id\":4,\"price\":4,\"data\":4}\n]\n"
    );
}

#[tokio::test]
async fn a_table_without_rows_is_a_whole_file_too() {
    let site = Site::new().await;
    let csv = site
        .page("/t/acme/table/dummy_table/export.csv?col=name")
        .await;
    assert_eq!(csv, "name\r\n");
    let json = site.page("/t/acme/table/dummy_table/export.json").await;
    assert_eq!(json, "[\n]\n");
}

#[tokio::test]
async fn the_name_of_a_file_can_end_no_header_and_is_no_other_tables() {
    let site = Site::new().await;
    site.sql("acme", "CREATE TABLE \"a\"\"b;c/d\" (id int)")
        .await;
    let csv = site.get("/t/acme/table/a%22b%3Bc%2Fd/export.csv").await;
    assert!(
        csv.headers
            .contains("filename=\"acme_a~22~b~3B~c~2F~d.csv\""),
        "{csv:?}"
    );
}

#[tokio::test]
async fn a_download_that_is_given_up_ends_its_query() {
    let site = Site::new().await;
    site.sql("acme", "CREATE VIEW endless AS SELECT i, repeat('x', 1000) AS x FROM generate_series(1, 100000000) i").await;
    let host = format!("127.0.0.1:{}", site.port);
    let headers = [
        ("Host", host.as_str()),
        ("Cookie", site.session.cookie.as_str()),
    ];
    let download = site
        .ask("GET", "/t/acme/table/endless/export.csv", &headers)
        .await;
    let running = async || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%\"endless\"%' \
                   AND state <> 'idle' AND pid <> pg_backend_pid()";
        site.database.value(sql).await != "0"
    };
    eventually("it runs", running).await;
    drop(download);
    eventually("it ends", async || !running().await).await;
}
