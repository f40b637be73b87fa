//! Boards and their columns.

use axum::http::StatusCode;
use serde_json::json;

use crate::client::each;
use crate::fixture::App;

#[tokio::test]
async fn a_board_is_created_from_a_template_renamed_and_archived() {
    let app = App::with(&["acme"]).await;
    let new = json!({ "name": "Spring", "template": "Ideas", "visibility": "private" });
    let board = app.post("/orgs/acme/boards", new).await.created();
    assert_eq!(board["visibility"], "private");
    let path = format!("/orgs/acme/boards/{}", board["id"]);
    let shown = app.get(&path).await.ok();
    assert_eq!(each(&shown["columns"], "name"), ["New", "Worth a try"]);
    assert_eq!(shown["cards"], json!([["New", 0], ["Worth a try", 0]]));
    let renamed = app.patch(&path, json!({ "name": "Summer" })).await.ok();
    assert_eq!(
        (&renamed["name"], &renamed["visibility"]),
        (&json!("Summer"), &json!("private"))
    );
    assert_ne!(renamed["updated_at"], board["updated_at"]);
    app.delete(&path).await.expect(StatusCode::NO_CONTENT);
    app.get(&path).await.refused(StatusCode::NOT_FOUND);
    let boards = app.get("/orgs/acme/boards").await.ok();
    assert_eq!(each(&boards, "name"), ["Work", "Hiring", "Ideas"]);
}

#[tokio::test]
async fn a_board_needs_a_name_and_an_existing_template() {
    let app = App::with(&["acme"]).await;
    let unnamed = app.post(
        "/orgs/acme/boards",
        json!({ "name": "", "template": "Work" }),
    );
    let reason = unnamed.await.refused(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(reason.contains("boards_name_check"), "{reason}");
    let unknown = app.post("/orgs/acme/boards", json!({ "name": "X", "template": "Y" }));
    unknown.await.refused(StatusCode::NOT_FOUND);
    assert_eq!(
        app.get("/orgs/acme/boards")
            .await
            .ok()
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn columns_are_added_renamed_reordered_and_removed() {
    let app = App::with(&["acme"]).await;
    let added = app
        .post("/orgs/acme/boards/1/columns", json!({ "name": "Later" }))
        .await;
    let id = added.created()["id"].clone();
    let renamed = app
        .put(
            &format!("/orgs/acme/columns/{id}"),
            json!({ "name": "Never" }),
        )
        .await;
    assert_eq!(renamed.ok()["position"], 4);
    let reordered = app
        .put("/orgs/acme/boards/1/columns", json!([id, 3, 2, 1]))
        .await
        .ok();
    assert_eq!(
        each(&reordered, "name"),
        ["Never", "Done", "In progress", "Next"]
    );
    // Two columns share a position, and the commit fails.
    let twice = app.put("/orgs/acme/boards/1/columns", json!([2])).await;
    twice.refused(StatusCode::CONFLICT);
    let removed = app.delete(&format!("/orgs/acme/columns/{id}")).await;
    removed.expect(StatusCode::NO_CONTENT);
    let columns = &app.get("/orgs/acme/boards/1").await.ok()["columns"];
    assert_eq!(each(columns, "name"), ["Done", "In progress", "Next"]);
}

#[tokio::test]
async fn a_board_is_available_as_one_document() {
    let app = App::with(&["acme"]).await;
    for title in ["Call back", "Write it down"] {
        let card = json!({ "column_id": 2, "title": title });
        app.post("/orgs/acme/cards", card).await.created();
    }
    let expected = json!({
        "name": "Work",
        "visibility": "team",
        "columns": [
            { "name": "Next", "cards": [] },
            { "name": "In progress", "cards": ["Call back", "Write it down"] },
            { "name": "Done", "cards": [] },
        ],
    });
    assert_eq!(app.get("/orgs/acme/boards/1/document").await.ok(), expected);
}
