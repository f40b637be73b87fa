//! A tenant's pages show that tenant, whatever an address says.

use tenant_studio::Options;

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
async fn an_address_that_cannot_be_read_leads_nowhere() {
    let options = Options {
        write: true,
        ..Options::default()
    };
    let site = Site::with(options).await;
    for path in [
        "/t/%ff",
        "/t/%ff/tables",
        "/t/%ff/sql",
        "/t/%ff/table/schema_tracker",
        "/t/%ff/table/schema_tracker/structure",
        "/t/%ff/table/schema_tracker/export.csv",
        "/t/acme%ff/tables",
        "/t/acme/table/%ff",
        "/t/acme/table/dummy_table%ff/structure",
        "/public/table/%ff",
        "/migrations/tenant/%ff",
        "/t/acme/table/dummy_table?sort=%ff",
        "/tenants?q=%ff",
        "/%ff",
    ] {
        let answer = site.get(path).await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        assert!(
            answer.body.contains("not valid UTF-8"),
            "{path}: {answer:?}"
        );
        assert!(
            !answer.body.contains("schema_tracker"),
            "{path}: {answer:?}"
        );
    }
    let form = "application/x-www-form-urlencoded";
    let answer = site
        .post("/t/%ff/sql", form, "sql=CREATE+TABLE+gone+(x+int)")
        .await;
    assert_eq!(answer.status, 404, "{answer:?}");
    let made = "SELECT count(*) FROM pg_class WHERE relname = 'gone'";
    assert_eq!(site.database.value(made).await, "0");
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

#[tokio::test]
async fn a_role_that_may_only_read_is_all_that_the_studio_needs() {
    let site = Site::as_reader().await;
    let insert = "INSERT INTO dummy_table (name) VALUES ('seen')";
    site.sql("acme", insert).await;
    for path in [
        "/tenants?sizes=1",
        "/public/table/schema_tracker",
        "/t/acme/table/dummy_table/structure",
        "/t/acme/diagram",
        "/t/acme/table/dummy_table/export.csv",
    ] {
        site.page(path).await;
    }
    let page = site.page("/t/acme/table/dummy_table?col=name").await;
    assert_eq!(first_cells(&page), ["seen"]);
}

#[tokio::test]
async fn a_schema_that_the_role_may_not_use_is_explained() {
    let site = Site::as_reader().await;
    let revoke = format!("REVOKE pg_read_all_data FROM {}", site.role());
    site.database.execute(&revoke).await;
    let answer = site.get("/t/acme").await;
    assert_eq!(answer.status, 500);
    assert!(answer.body.contains("GRANT USAGE ON SCHEMA"), "{answer:?}");
}
