//! A tenant's pages show that tenant, whatever an address says.

use crate::browser::{Site, first_cells};

#[tokio::test]
async fn a_crafted_name_reaches_no_other_schema() {
    let site = Site::new().await;
    site.sql("globex", "CREATE TABLE secrets (id int PRIMARY KEY, word text); INSERT INTO secrets VALUES (1, 'hush')").await;
    for name in [
        "globex.secrets",
        "globex%2Esecrets",
        "%22globex%22.%22secrets%22",
        "secrets",
        "schema_tracker",
        "public.schema_tracker",
        "pg_class",
        "pg_catalog.pg_class",
        "dummy_table%22%20UNION%20SELECT",
        "..%2F..%2Fglobex%2Ftable%2Fsecrets",
        "",
    ] {
        for page in [
            "",
            "/structure",
            "/row?key=[%221%22]",
            "/value?column=word&key=[%221%22]",
            "/export.csv",
            "/export.json",
        ] {
            let answer = site.get(&format!("/t/acme/table/{name}{page}")).await;
            assert_eq!(answer.status, 404, "{name}{page}: {answer:?}");
            assert!(!answer.body.contains("hush"), "{name}{page}");
        }
    }
    let answer = site.get("/t/acme/../globex/table/secrets").await;
    assert_eq!(answer.status, 404, "{answer:?}");
}

#[tokio::test]
async fn each_tenant_shows_its_own_rows() {
    let site = Site::new().await;
    for tenant in ["acme", "globex"] {
        site.sql(
            tenant,
            &format!("INSERT INTO dummy_table (name) VALUES ('of {tenant}')"),
        )
        .await;
    }
    for tenant in ["acme", "globex", "acme"] {
        let page = site
            .page(&format!("/t/{tenant}/table/dummy_table?col=name"))
            .await;
        assert_eq!(first_cells(&page), [format!("of {tenant}")]);
    }
}

#[tokio::test]
async fn a_page_writes_nothing_even_when_a_view_would() {
    let site = Site::new().await;
    site.sql(
        "acme",
        "CREATE TABLE log (n int); \
         CREATE FUNCTION note() RETURNS int LANGUAGE sql AS 'INSERT INTO log VALUES (1) RETURNING n'; \
         CREATE VIEW noting AS SELECT note() AS n",
    )
    .await;
    let answer = site.get("/t/acme/table/noting").await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("read-only transaction"), "{answer:?}");
    assert_eq!(
        site.database.value("SELECT count(*) FROM acme.log").await,
        "0"
    );
}

#[tokio::test]
async fn a_tenant_that_was_dropped_is_gone_and_a_new_one_is_there() {
    let site = Site::new().await;
    site.page("/t/globex").await;
    site.tenants
        .drop_tenant(&"globex".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(site.get("/t/globex").await.status, 404);
    site.tenants
        .create(&"newcomer".parse().unwrap())
        .await
        .unwrap();
    site.page("/t/newcomer").await;
}
