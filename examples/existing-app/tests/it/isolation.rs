//! Several organizations on the same connections.

use axum::http::StatusCode;
use serde_json::json;
use tokio::task::JoinSet;

use crate::client::each;
use crate::fixture::App;

/// Adds a card to the first column.
async fn add(client: &crate::client::Client, slug: &str, title: &str) -> i64 {
    let card = json!({ "column_id": 1, "title": title });
    let card = client.post(&format!("/orgs/{slug}/cards"), card).await;
    card.created()["id"].as_i64().unwrap()
}

#[tokio::test]
async fn two_organizations_with_the_same_ids_have_their_own_rows() {
    let app = App::with(&["acme", "north-wind"]).await;
    assert_eq!(add(&app, "acme", "of acme").await, 1);
    assert_eq!(add(&app, "north-wind", "of north-wind").await, 1);
    for slug in ["acme", "north-wind", "acme"] {
        let card = app.get(&format!("/orgs/{slug}/cards/1")).await.ok();
        assert_eq!(card["title"], format!("of {slug}"));
    }
    app.delete("/orgs/acme/cards/1")
        .await
        .expect(StatusCode::NO_CONTENT);
    let gone = app.get("/orgs/acme/cards/1").await;
    assert_eq!(gone.refused(StatusCode::NOT_FOUND), "there is no such row");
    app.get("/orgs/north-wind/cards/1").await.ok();
}

#[tokio::test]
async fn concurrent_requests_of_several_organizations_stay_apart() {
    let slugs = ["acme", "north-wind", "b2b-tools", "initech"];
    let app = App::with(&slugs).await;
    let mut clients = JoinSet::new();
    for number in 0..48 {
        let (client, slug) = ((*app).clone(), slugs[number % slugs.len()]);
        clients.spawn(async move {
            add(&client, slug, &format!("{slug} {number}")).await;
            let cards = client.get(&format!("/orgs/{slug}/boards/1/cards")).await;
            let cards = cards.ok();
            let titles = each(&cards, "title");
            assert!(titles.iter().all(|it| it.starts_with(slug)), "{titles:?}");
        });
    }
    clients.join_all().await;
    for slug in slugs {
        let boards = app.get(&format!("/orgs/{slug}/boards")).await.ok();
        assert_eq!(boards[0]["cards"], 12, "{slug}");
    }
}

#[tokio::test]
async fn an_organization_that_is_unknown_or_deleted_is_not_found() {
    let app = App::with(&["acme", "north-wind"]).await;
    app.delete("/orgs/acme")
        .await
        .expect(StatusCode::NO_CONTENT);
    for slug in ["acme", "globex", "public", "%22--"] {
        for path in ["", "/boards", "/cards/1"] {
            let refused = app.get(&format!("/orgs/{slug}{path}")).await;
            let reason = refused.refused(StatusCode::NOT_FOUND);
            assert_eq!(reason, "there is no such organization");
        }
    }
    // Its schema is kept.
    assert_eq!(app.schemas().await, ["org_acme", "org_north-wind"]);
    app.get("/orgs/north-wind").await.ok();
}

#[tokio::test]
async fn a_table_of_an_organization_does_not_hide_a_public_one() {
    let app = App::with(&["acme", "north-wind"]).await;
    app.execute("CREATE TABLE \"org_acme\".organizations (LIKE public.organizations)")
        .await;
    // The connection returns to the pool with the path of acme.
    for slug in ["acme", "north-wind", "acme"] {
        app.get(&format!("/orgs/{slug}/boards")).await.ok();
    }
    app.patch("/orgs/acme", json!({ "plan": "team" }))
        .await
        .ok();
    assert_eq!(app.get("/orgs/acme").await.ok()["plan"], "team");
}

#[tokio::test]
async fn more_requests_than_connections_wait_for_each_other() {
    let app = App::with(&["acme"]).await;
    let mut clients = JoinSet::new();
    for _ in 0..40 {
        let client = (*app).clone();
        clients.spawn(async move {
            let changed = client.patch("/orgs/acme", json!({ "plan": "team" })).await;
            changed.ok();
        });
    }
    clients.join_all().await;
}
