//! Sign-up, and failed sign-ups.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::client::each;
use crate::fixture::App;

fn organization(slug: &str) -> Value {
    let owner = json!({ "email": "Olga@Example.org", "name": "Olga" });
    json!({ "slug": slug, "name": "Some company", "owner": owner })
}

#[tokio::test]
async fn sign_up_creates_an_owner_templates_and_three_boards() {
    let app = App::start().await;
    let made = app.post("/orgs", organization("north-wind")).await;
    let made = made.created();
    assert_eq!(
        (&made["slug"], &made["plan"]),
        (&json!("north-wind"), &json!("free"))
    );
    assert_eq!(app.schemas().await, ["org_north-wind"]);
    let shown = app.get("/orgs/north-wind").await.ok();
    assert_eq!(shown["members"], json!([["owner", 1]]));
    let templates = app.get("/orgs/north-wind/templates").await.ok();
    assert_eq!(each(&templates, "name"), ["Work", "Hiring", "Ideas"]);
    let boards = app.get("/orgs/north-wind/boards").await.ok();
    assert_eq!(each(&boards, "name"), ["Work", "Hiring", "Ideas"]);
    let board = format!("/orgs/north-wind/boards/{}", boards[0]["id"]);
    let columns = &app.get(&board).await.ok()["columns"];
    assert_eq!(each(columns, "name"), ["Next", "In progress", "Done"]);
}

#[tokio::test]
async fn a_slug_allows_hyphens_and_refuses_quotes() {
    let app = App::start().await;
    let longest = format!("a{}", "-9".repeat(25));
    for slug in ["b2b-tools-eu", "a-", "select", &longest] {
        app.post("/orgs", organization(slug)).await.created();
    }
    let longer = format!("{longest}x");
    for slug in [
        "", "a", "Acme", "1up", "-a", "a_b", "a b", "ä-ö", "a\"--", "a'b", &longer,
    ] {
        let refused = app.post("/orgs", organization(slug)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{slug}");
    }
    assert_eq!(app.schemas().await.len(), 4);
}

#[tokio::test]
async fn a_taken_slug_is_a_conflict() {
    let app = App::with(&["acme"]).await;
    let again = app.post("/orgs", organization("acme")).await;
    let reason = again.refused(StatusCode::CONFLICT);
    assert!(reason.contains("organizations_slug_key"), "{reason}");
    assert_eq!(app.schemas().await, ["org_acme"]);
}

#[tokio::test]
async fn a_failed_sign_up_leaves_nothing() {
    let app = App::start().await;
    app.execute("UPDATE board_templates SET column_names = '{New,\"\"}' WHERE name = 'Ideas'")
        .await;
    let failed = app.post("/orgs", organization("acme")).await;
    failed.refused(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(app.schemas().await.is_empty());
    let rows = app.cells("SELECT slug AS cell FROM organizations").await;
    assert!(rows.is_empty(), "{rows:?}");
    // The slug is free, and the connection is usable.
    app.execute("UPDATE board_templates SET column_names = '{New}'")
        .await;
    app.post("/orgs", organization("acme")).await.created();
}

#[tokio::test]
async fn an_existing_schema_is_not_taken_over() {
    let app = App::start().await;
    app.execute("CREATE SCHEMA \"org_north-wind\"").await;
    let failed = app.post("/orgs", organization("north-wind")).await;
    let reason = failed.refused(StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(reason, "something went wrong");
    let tables = "SELECT relname::text AS cell FROM pg_class WHERE relnamespace = \
                  '\"org_north-wind\"'::regnamespace";
    assert!(app.cells(tables).await.is_empty());
    app.get("/orgs/north-wind")
        .await
        .refused(StatusCode::NOT_FOUND);
}
