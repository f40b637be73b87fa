//! Members, and enums of organizations and of `public`.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::client::each;
use crate::fixture::App;

fn member(email: &str, name: &str, role: &str) -> Value {
    json!({ "email": email, "name": name, "role": role })
}

#[tokio::test]
async fn an_address_matches_in_any_case() {
    let app = App::with(&["acme"]).await;
    let members = "/orgs/acme/members";
    let first = app
        .post(members, member("Ed@Example.org", "Ed", "editor"))
        .await;
    let again = app
        .post(members, member("ed@EXAMPLE.org", "Edward", "editor"))
        .await;
    assert_eq!(first.created()["id"], again.created()["id"]);
    let found = app
        .get("/orgs/acme/members?email=ED@example.ORG")
        .await
        .ok();
    assert_eq!(each(&found, "name"), ["Edward"]);
    let unknown = app.get("/orgs/acme/members?email=no@example.org").await;
    unknown.refused(StatusCode::NOT_FOUND);
    let all = app.get(members).await.ok();
    assert_eq!(each(&all, "name"), ["Edward", "Olga"]);
}

#[tokio::test]
async fn roles_of_several_organizations_are_written_on_one_connection() {
    let slugs = ["acme", "north-wind", "b2b-tools"];
    let app = App::with(&slugs).await;
    for role in ["viewer", "editor", "owner"] {
        for slug in slugs {
            let path = format!("/orgs/{slug}/members");
            let made = app.post(&path, member(&format!("{role}@x.org"), role, role));
            let made = made.await.created();
            assert_eq!(made["role"], role);
            let path = format!("{path}/{}", made["id"]);
            let changed = app.put(&path, json!({ "role": "viewer" })).await.ok();
            assert_eq!(changed["role"], "viewer", "{slug}");
        }
    }
    for slug in slugs {
        let shown = app.get(&format!("/orgs/{slug}")).await.ok();
        assert_eq!(shown["members"], json!([["owner", 1], ["viewer", 3]]));
    }
    let unknown = app
        .put("/orgs/acme/members/1", json!({ "role": "king" }))
        .await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn organizations_share_the_enums_of_public() {
    let app = App::with(&["acme", "north-wind"]).await;
    let changed = app
        .patch("/orgs/north-wind", json!({ "plan": "business" }))
        .await;
    assert_eq!(changed.ok()["plan"], "business");
    assert_eq!(app.get("/orgs/acme").await.ok()["plan"], "free");
    for slug in ["acme", "north-wind"] {
        let board = format!("/orgs/{slug}/boards/1");
        let changed = app
            .patch(&board, json!({ "visibility": "link" }))
            .await
            .ok();
        assert_eq!(
            (&changed["name"], &changed["visibility"]),
            (&json!("Work"), &json!("link"))
        );
    }
    let unknown = app
        .patch("/orgs/acme/boards/1", json!({ "visibility": "all" }))
        .await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn removing_a_member_removes_its_comments_and_keeps_its_cards() {
    let app = App::with(&["acme"]).await;
    let card = json!({ "column_id": 1, "title": "Call back" });
    app.post("/orgs/acme/cards", card).await.created();
    let ed = app
        .post("/orgs/acme/members", member("ed@x.org", "Ed", "editor"))
        .await;
    let ed = ed.created()["id"].clone();
    let assigned = app
        .patch("/orgs/acme/cards/1", json!({ "assignee_id": ed }))
        .await;
    assert_eq!(assigned.ok()["assignee_id"], ed);
    let comment = json!({ "author_id": ed, "body": "On it" });
    app.post("/orgs/acme/cards/1/comments", comment)
        .await
        .created();
    let left = app.delete(&format!("/orgs/acme/members/{ed}")).await;
    left.expect(StatusCode::NO_CONTENT);
    assert_eq!(
        app.get("/orgs/acme/cards/1").await.ok()["assignee_id"],
        Value::Null
    );
    assert_eq!(
        app.get("/orgs/acme/cards/1/comments").await.ok()["count"],
        0
    );
}
