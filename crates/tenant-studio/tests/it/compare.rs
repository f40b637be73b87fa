//! Two tenants compared.

use crate::console_support::Served;

const FIRST: &str = "00000000-0000-0000-0000-000000000001";

async fn two() -> Served {
    let studio = Served::reading(&["acme", "globex"]).await;
    studio
        .execute(&format!(
            "INSERT INTO acme.dummy_table (id, name, value, created_at) VALUES \
                ('{FIRST}', 'same', NULL, '2020-01-01'), \
                ('00000000-0000-0000-0000-000000000002', 'old <b>', NULL, '2020-01-01'), \
                ('00000000-0000-0000-0000-000000000003', 'gone', NULL, '2020-01-01'); \
             INSERT INTO globex.dummy_table (id, name, value, created_at) VALUES \
                ('{FIRST}', 'same', NULL, '2020-01-01'), \
                ('00000000-0000-0000-0000-000000000002', 'new', '', '2020-01-01'); \
             CREATE TABLE acme.\"odd \"\"one\" (id int)"
        ))
        .await;
    studio
}

#[tokio::test]
async fn the_rows_of_all_tables_are_counted_side_by_side() {
    let studio = two().await;
    let page = studio.get("/across/compare?one=acme&other=globex").await;
    assert_eq!(page.status, 200);
    page.has(
        "<th scope=\"row\">dummy_table</th><td class=\"number\">3</td><td class=\"number\">2</td>",
    );
    page.has("odd &quot;one</th><td class=\"number\">0</td><td class=\"number\"><span class=\"quiet\">no such table");
    page.has("href=\"across/compare?one=acme&amp;other=globex&amp;table=dummy_table\"");
    page.has("<tr class=\"differs\"><th scope=\"row\">dummy_table");
    page.has("<tr class=\"\"><th scope=\"row\">__diesel_schema_migrations</th>");
}

#[tokio::test]
async fn a_table_that_cannot_be_counted_does_not_hide_the_others() {
    let studio = two().await;
    let client = studio.database.client().await;
    let lock = "BEGIN; LOCK TABLE acme.dummy_table IN ACCESS EXCLUSIVE MODE";
    client.batch_execute(lock).await.unwrap();
    let page = studio.get("/across/compare?one=acme&other=globex").await;
    page.has(
        "<th scope=\"row\">dummy_table</th><td class=\"number\"><span class=\"badge bad\">could not be read</span>",
    );
    page.has("odd &quot;one</th><td class=\"number\">0</td>");
    page.has("lock timeout")
        .has_no("differs\"><th scope=\"row\">dummy");
}

#[tokio::test]
async fn the_rows_that_differ_are_found_by_their_primary_key() {
    let studio = two().await;
    let page = studio
        .get("/across/compare?one=acme&other=globex&table=dummy_table")
        .await;
    page.has(
        "name: </span><del class=\"mono\">old &lt;b&gt;</del> → <ins class=\"mono\">new</ins>",
    );
    page.has("value: </span><del class=\"mono\"><span class=\"null\">NULL</span></del>");
    page.has("only in acme")
        .has_no("only in globex")
        .has("2 rows")
        .has_no(FIRST);
    let swapped = "/across/compare?one=globex&other=acme&table=dummy_table";
    studio.get(swapped).await.has("only in acme");
}

#[tokio::test]
async fn enums_of_each_tenants_own_and_columns_of_one_can_be_compared() {
    let studio = two().await;
    for (tenant, values, more) in [
        ("acme", "('a', 1), ('b', 2)", ""),
        ("globex", "('a', 1), ('c', 2)", ", more int"),
    ] {
        let sql = format!(
            "CREATE TYPE {tenant}.kind AS ENUM ('a', 'b', 'c'); \
             CREATE TABLE {tenant}.item (kind {tenant}.kind, n int{more}, PRIMARY KEY (n, kind)); \
             INSERT INTO {tenant}.item (kind, n) VALUES {values}"
        );
        studio.execute(&sql).await;
    }
    let page = studio
        .get("/across/compare?one=acme&other=globex&table=item")
        .await;
    page.has("only one tenant has it: more");
    page.has("<th class=\"mono\" scope=\"row\">b</th><th class=\"mono\" scope=\"row\">2</th><td>only in acme");
    page.has("2 rows");
    let same = studio
        .get("/across/compare?one=acme&other=acme&table=item")
        .await;
    same.has("All rows are equal");
}

#[tokio::test]
async fn what_cannot_be_compared_is_said() {
    let studio = two().await;
    studio
        .execute(
            "CREATE TABLE acme.keys (a int PRIMARY KEY, b int); \
             CREATE TABLE globex.keys (a int, b int, PRIMARY KEY (a, b))",
        )
        .await;
    for table in ["keys", "odd+%22one", "no_such_table"] {
        let path = format!("/across/compare?one=acme&other=globex&table={table}");
        studio.get(&path).await.has("no primary key in common");
    }
    let nobody = studio.get("/across/compare?one=acme&other=nobody").await;
    assert_eq!(nobody.status, 404);
    let catalog = studio
        .get("/across/compare?one=acme&other=pg_catalog&table=pg_class")
        .await;
    assert_eq!(catalog.status, 404);
    let form = studio.get("/across/compare").await;
    form.has("name=\"one\"").has_no("<td");
}

#[tokio::test]
async fn rows_that_a_policy_hides_from_the_role_are_neither_counted_nor_compared_without_saying_so()
{
    let studio = Served::onlooking(&["acme", "globex"]).await;
    studio
        .execute(
            "ALTER TABLE acme.dummy_table ENABLE ROW LEVEL SECURITY; \
             INSERT INTO acme.dummy_table (name) VALUES ('a'), ('b')",
        )
        .await;
    let page = studio.get("/across/compare?one=acme&other=globex").await;
    page.has(
        "<th scope=\"row\">dummy_table</th><td class=\"number\"><span class=\"badge bad\">could not be read</span>",
    );
    let page = studio
        .get("/across/compare?one=acme&other=globex&table=dummy_table")
        .await;
    page.has("row-level security policy");
    let fields = [("sql", "SELECT count(*) FROM dummy_table")];
    let page = studio.post("/across", &fields).await;
    page.has("row-level security policy");
}

#[tokio::test]
async fn a_key_with_a_null_field_is_in_both_tenants() {
    let studio = two().await;
    for tenant in ["acme", "globex"] {
        let sql = format!(
            "CREATE TYPE {tenant}.place AS (street text, town text); \
             CREATE TABLE {tenant}.house (at {tenant}.place PRIMARY KEY); \
             INSERT INTO {tenant}.house VALUES (ROW('Elm', NULL))"
        );
        studio.execute(&sql).await;
    }
    studio
        .execute("INSERT INTO acme.house VALUES (ROW('Oak', NULL))")
        .await;
    let page = studio
        .get("/across/compare?one=acme&other=globex&table=house")
        .await;
    page.has("only in acme")
        .has("1 row")
        .has("Oak")
        .has_no("Elm");
}
