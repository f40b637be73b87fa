//! Tenants that cannot be read: what is not known is not made up.

use crate::browser::Site;

/// Holds a table for itself until the client is dropped.
async fn holding(site: &Site, table: &str) -> tokio_postgres::Client {
    let client = site.database.client().await;
    let lock = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
    client.batch_execute(&lock).await.unwrap();
    client
}

/// The row of a tenant in a list.
fn of<'a>(page: &'a str, tenant: &str) -> &'a str {
    let rows = page
        .split("<tr")
        .filter(|row| row.contains(&format!(">{tenant}</a>")));
    rows.last()
        .unwrap_or_else(|| panic!("{tenant} is not in {page}"))
}

const LEDGER: &str = "acme.__diesel_schema_migrations";

#[tokio::test]
async fn a_tenant_is_up_to_date_only_when_it_says_so_itself() {
    let site = Site::new().await;
    let first = site.page("/tenants").await;
    assert!(
        of(&first, "acme").contains("listed as up to date"),
        "{first}"
    );
    let newest =
        format!("DELETE FROM {LEDGER} WHERE version = (SELECT max(version) FROM {LEDGER})");
    site.database.execute(&newest).await;
    let asked = site.page("/tenants?sizes=1").await;
    assert!(of(&asked, "acme").contains("1 pending"), "{asked}");
    assert!(
        of(&asked, "globex").contains("\"badge good\">up to date"),
        "{asked}"
    );
}

#[tokio::test]
async fn a_tenant_whose_migrations_are_locked_could_not_be_read_and_the_reason_is_given() {
    let site = Site::new().await;
    let holding = holding(&site, LEDGER).await;
    let asked = site.page("/tenants?sizes=1").await;
    let acme = of(&asked, "acme");
    assert!(
        acme.contains("could not be read") && acme.contains("lock timeout"),
        "{acme}"
    );
    assert!(!acme.contains("up to date"), "{acme}");
    assert!(
        of(&asked, "globex").contains("\"badge good\">up to date"),
        "{asked}"
    );
    assert!(asked.contains("Not all could be read: "), "{asked}");
    let tables = site.page("/t/acme").await;
    assert!(tables.contains("The sizes could not be read: "), "{tables}");
    let all = site.page("/migrations").await;
    assert!(
        all.contains("1 of 2 tenants could not be read and are not counted"),
        "{all}"
    );
    let version = crate::browser::between(&all, "href=\"migrations/tenant/", "\"").next();
    let one = site
        .page(&format!("/migrations/tenant/{}", version.unwrap()))
        .await;
    assert!(
        one.contains("None of the tenants that could be read"),
        "{one}"
    );
    assert!(one.contains("acme: "), "{one}");
    let own = site.get("/t/acme/migrations").await;
    assert_eq!(own.status, 400);
    assert!(
        own.body.contains("lock timeout") && !own.body.contains("pending"),
        "{own:?}"
    );
    drop(holding);
}

#[tokio::test]
async fn a_table_that_cannot_be_counted_says_why() {
    let site = Site::new().await;
    site.sql(
        "acme",
        "CREATE TABLE fails (n int); INSERT INTO fails VALUES (1), (2), (0); \
         CREATE VIEW divided AS SELECT n FROM fails WHERE 10 / n > 0",
    )
    .await;
    site.sql("globex", "CREATE TABLE fails (n int)").await;
    let holding = holding(&site, "acme.fails").await;
    let compared = site.page("/across/compare?one=acme&other=globex").await;
    let row = compared
        .split("<tr")
        .find(|row| row.contains(">fails</th>"))
        .unwrap();
    assert!(
        row.contains("could not be read") && row.contains("lock timeout"),
        "{row}"
    );
    assert!(!row.contains("differs\""), "{row}");
    drop(holding);
    let page = site.page("/t/acme/table/divided?size=1&count=1").await;
    assert!(
        page.contains("could not be counted: ") && page.contains("division by zero"),
        "{page}"
    );
}

#[tokio::test]
async fn a_tenant_that_was_dropped_meanwhile_is_missing_and_has_no_migrations() {
    let site = Site::new().await;
    site.database.execute("DROP SCHEMA acme CASCADE").await;
    let asked = site.page("/tenants?sizes=1").await;
    assert!(of(&asked, "acme").contains("missing schema"), "{asked}");
    let own = site.get("/t/acme/migrations").await;
    assert!(
        own.status >= 400 && !own.body.contains("up to date"),
        "{own:?}"
    );
    site.sql("globex", "DROP TABLE __diesel_schema_migrations")
        .await;
    let own = site.page("/t/globex/migrations").await;
    assert!(own.contains("No migration is recorded"), "{own}");
}
