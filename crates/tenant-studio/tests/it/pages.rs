//! What the pages say.

use test_support::eventually;

use crate::browser::{Site, link};

#[tokio::test]
async fn the_start_page_finds_tenants_by_a_part_of_their_name() {
    let site = Site::new().await;
    site.database
        .execute("INSERT INTO public.schema_tracker (name) SELECT 'shop_' || i FROM generate_series(1, 120) i")
        .await;
    let page = site.page("/tenants").await;
    assert!(page.contains("122 tenants"), "{page}");
    assert!(page.contains("href=\"t/acme\""), "{page}");
    assert!(page.contains("up to date"), "{page}");
    assert!(page.contains("missing schema"), "{page}");
    let next = site.page(&link(&page, "rel=\"next\"").unwrap()).await;
    assert!(next.contains("showing 51–100"), "{next}");
    let found = site.page("/tenants?q=OP_11&part=1").await;
    assert!(found.contains("11 tenants"), "{found}");
    assert!(
        !found.contains("acme") && !found.contains("<html"),
        "{found}"
    );
    assert!(
        site.page("/tenants?q=%25")
            .await
            .contains("No tenant matches")
    );
    let sizes = site.page("/tenants?q=acme&sizes=1").await;
    assert!(sizes.contains("kB"), "{sizes}");
}

#[tokio::test]
async fn the_start_page_tells_those_that_are_behind() {
    let site = Site::new().await;
    let behind =
        "UPDATE public.schema_tracker SET version = '20260101000000' WHERE name = 'globex'";
    site.database.execute(behind).await;
    let page = site.page("/tenants?behind=1").await;
    assert!(page.contains("1 pending"), "{page}");
    assert!(
        page.contains("t/globex") && !page.contains("t/acme"),
        "{page}"
    );
}

#[tokio::test]
async fn a_tenant_whose_version_the_list_does_not_have_is_not_called_behind() {
    let site = Site::new().await;
    let unlisted = "UPDATE public.schema_tracker SET version = NULL WHERE name = 'globex'";
    site.database.execute(unlisted).await;
    let page = site.page("/tenants?q=globex").await;
    assert!(page.contains(">unknown</span>"), "{page}");
    assert!(!page.contains("pending"), "{page}");
}

#[tokio::test]
async fn a_page_says_unmistakably_whose_it_is() {
    let site = Site::new().await;
    for path in [
        "/t/acme",
        "/t/acme/table/dummy_table",
        "/t/acme/table/dummy_table/structure",
    ] {
        let page = site.page(path).await;
        assert!(
            page.contains("<p class=\"kind\">Tenant</p><p class=\"name\">acme</p>"),
            "{page}"
        );
        assert!(page.contains("<title>acme · "), "{page}");
        assert!(page.contains("read-only"), "{page}");
    }
    let public = site.page("/public").await;
    assert!(public.contains("<p class=\"name\">public</p>"), "{public}");
    assert!(public.contains("schema_tracker"), "{public}");
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_missing() {
    let site = Site::new().await;
    for (path, says) in [
        ("/t/nobody", "there is no tenant `nobody`"),
        ("/t/no%20way", "there is no tenant `no way`"),
        (
            "/t/acme/table/nothing",
            "there is no table or view `nothing` in `acme`",
        ),
        ("/nowhere", "there is no such page"),
    ] {
        let answer = site.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains(says), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn the_structure_names_everything_that_a_table_is_made_of() {
    let site = Site::new().await;
    site.sql(
        "acme",
        "CREATE TYPE mood AS ENUM ('sad', 'happy'); \
         CREATE TABLE owner (id int PRIMARY KEY, mood mood NOT NULL DEFAULT 'sad'); \
         CREATE TABLE pet (id int PRIMARY KEY, owner_id int REFERENCES owner, \
            age int CONSTRAINT not_young CHECK (age > 1)); \
         CREATE INDEX pet_by_age ON pet (age) WHERE age > 3; \
         COMMENT ON COLUMN pet.age IS 'in <years>'; \
         CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
         CREATE TRIGGER watch BEFORE INSERT ON pet FOR EACH ROW EXECUTE FUNCTION noop()",
    )
    .await;
    let pet = site.page("/t/acme/table/pet/structure").await;
    for part in [
        "not_young",
        "CHECK (age &gt; 1)",
        "pet_by_age",
        "in &lt;years&gt;",
        "watch",
        "FOREIGN KEY (owner_id) REFERENCES owner(id)",
        "href=\"t/acme/table/owner/structure\"",
        "<svg",
    ] {
        assert!(pet.contains(part), "no {part} in {pet}");
    }
    let owner = site.page("/t/acme/table/owner/structure").await;
    for part in [
        "sad, happy",
        "'sad'::mood",
        "href=\"t/acme/table/pet/structure\"",
    ] {
        assert!(owner.contains(part), "no {part} in {owner}");
    }
    let diagram = site.page("/t/acme/diagram").await;
    assert!(diagram.contains("pet.owner_id → owner"), "{diagram}");
}

#[tokio::test]
async fn a_foreign_key_leads_to_its_row_and_back() {
    let site = Site::new().await;
    site.sql(
        "acme",
        "CREATE TABLE owner (id int, part text, name text, PRIMARY KEY (id, part)); \
         CREATE TABLE pet (id int PRIMARY KEY, owner_id int, owner_part text, \
            FOREIGN KEY (owner_id, owner_part) REFERENCES owner); \
         INSERT INTO owner VALUES (1, 'a&b', 'Ann'), (2, 'a&b', 'Bob'); \
         INSERT INTO pet VALUES (10, 1, 'a&b'), (11, NULL, NULL)",
    )
    .await;
    let pets = site.page("/t/acme/table/pet").await;
    let owner = site
        .page(&link(&pets, "title=\"Go to owner\"").unwrap())
        .await;
    assert!(owner.contains("Ann") && !owner.contains("Bob"), "{owner}");
    let row = site
        .page(&link(&owner, "aria-label=\"Open row 1\"").unwrap())
        .await;
    assert!(row.contains("Rows that refer to this row"), "{row}");
    let back = link(&row, "/table/pet?").unwrap();
    let pets = site.page(&back).await;
    assert_eq!(crate::browser::first_cells(&pets), ["10"]);
}

#[tokio::test]
async fn a_long_value_and_json_are_opened_in_full() {
    let site = Site::new().await;
    site.sql(
        "acme",
        "CREATE TABLE notes (id int PRIMARY KEY, body text, data jsonb); \
         INSERT INTO notes VALUES (1, repeat('x', 5000) || 'END', '{\"n\": 1.10000000000000000001}')",
    )
    .await;
    let grid = site.page("/t/acme/table/notes").await;
    assert!(!grid.contains("xEND"), "{grid}");
    let body = site
        .page(&link(&grid, "aria-label=\"body in full\"").unwrap())
        .await;
    assert!(body.contains("xEND"), "{body}");
    let data = link(&grid, "aria-label=\"data in full\"").unwrap();
    let page = site.page(&data).await;
    assert!(
        page.contains("&quot;n&quot;: 1.10000000000000000001\n}"),
        "{page}"
    );
    let file = site.get(&format!("{data}&download=1")).await;
    assert!(file.headers.contains("attachment"), "{file:?}");
    assert_eq!(file.body, "{\"n\": 1.10000000000000000001}");
}

#[tokio::test]
async fn closing_the_page_cancels_its_query() {
    let site = Site::new().await;
    site.sql(
        "acme",
        "CREATE VIEW slow AS SELECT pg_sleep(600)::text AS done",
    )
    .await;
    let host = format!("127.0.0.1:{}", site.port);
    let headers = [
        ("Host", host.as_str()),
        ("Cookie", site.session.cookie.as_str()),
    ];
    let waiting = site.ask("GET", "/t/acme/table/slow", &headers).await;
    let running = async || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%\"slow\"%' \
                   AND pid <> pg_backend_pid()";
        site.database.value(sql).await != "0"
    };
    eventually("it runs", running).await;
    drop(waiting);
    eventually("it is cancelled", async || !running().await).await;
}

#[tokio::test]
async fn a_question_that_takes_too_long_is_given_up_and_says_so() {
    let site = Site::with(tenant_studio::Options {
        statement_timeout: std::time::Duration::from_millis(200),
        ..Default::default()
    })
    .await;
    site.sql(
        "acme",
        "CREATE VIEW slow AS SELECT pg_sleep(600)::text AS done",
    )
    .await;
    let answer = site.get("/t/acme/table/slow").await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("statement timeout"), "{answer:?}");
}

#[tokio::test]
async fn more_than_the_database_should_have_to_do_at_a_time_is_put_off() {
    let site = Site::new().await;
    let slow = "CREATE VIEW slow AS SELECT pg_sleep(600)::text AS done";
    site.sql("acme", slow).await;
    let host = format!("127.0.0.1:{}", site.port);
    let headers = [
        ("Host", host.as_str()),
        ("Cookie", site.session.cookie.as_str()),
    ];
    let mut waiting = Vec::new();
    for _ in 0..12 {
        waiting.push(site.ask("GET", "/t/acme/table/slow", &headers).await);
    }
    let running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' \
                   AND query LIKE '%\"slow\"%' AND pid <> pg_backend_pid()";
    let all_run = async || site.database.value(running).await == "12";
    eventually("all run", all_run).await;
    let answer = site.get("/t/globex").await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("all 12 connections"), "{answer:?}");
    drop(waiting);
    let answers = async || site.get("/t/globex").await.status == 200;
    eventually("there is room again", answers).await;
}
