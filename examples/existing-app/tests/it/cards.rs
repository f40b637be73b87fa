//! Cards with their comments, labels and attachments.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::client::each;
use crate::fixture::App;

/// Adds cards to the first column of acme.
async fn add(app: &App, titles: &[&str]) {
    for title in titles {
        let card = json!({ "column_id": 1, "title": title });
        app.post("/orgs/acme/cards", card).await.created();
    }
}

#[tokio::test]
async fn the_history_of_a_card_records_each_change() {
    let app = App::with(&["acme"]).await;
    add(&app, &["Call back"]).await;
    let changes = json!({ "body": "Before noon", "due_on": "2026-12-24" });
    let changed = app.patch("/orgs/acme/cards/1", changes).await.ok();
    assert_eq!(
        (&changed["title"], &changed["due_on"]),
        (&json!("Call back"), &json!("2026-12-24"))
    );
    let moved = app
        .put("/orgs/acme/cards/1/column", json!({ "column_id": 3 }))
        .await;
    assert_eq!(moved.ok()["column_id"], 3);
    let nowhere = app
        .put("/orgs/acme/cards/1/column", json!({ "column_id": 99 }))
        .await;
    nowhere.refused(StatusCode::UNPROCESSABLE_ENTITY);
    app.delete("/orgs/acme/cards/1")
        .await
        .expect(StatusCode::NO_CONTENT);
    app.get("/orgs/acme/cards/1")
        .await
        .refused(StatusCode::NOT_FOUND);
    let told = app.get("/orgs/acme/cards/1/activity").await.ok();
    assert_eq!(each(&told, "action"), ["created", "moved", "archived"]);
    assert_eq!(told[1]["details"], json!({ "from": 1, "to": 3 }));
    let recent = app.get("/orgs/acme/activity").await.ok();
    assert_eq!(recent[0]["details"], json!({ "title": "Call back" }));
}

#[tokio::test]
async fn cards_come_in_pages() {
    let app = App::with(&["acme"]).await;
    add(&app, &["a", "b", "c", "d", "e"]).await;
    let (mut after, mut pages) = (0, Vec::new());
    loop {
        let path = format!("/orgs/acme/boards/1/cards?after={after}&limit=2");
        let page = app.get(&path).await.ok();
        let Some(last) = page.as_array().unwrap().last() else {
            break;
        };
        after = last["id"].as_i64().unwrap();
        pages.push(each(&page, "title").concat());
    }
    assert_eq!(pages, ["ab", "cd", "e"]);
}

#[tokio::test]
async fn search_finds_misspelled_words() {
    let app = App::with(&["acme", "north-wind"]).await;
    add(
        &app,
        &["Quarterly review", "Review of the kitchen", "Buy milk"],
    )
    .await;
    let found = app.get("/orgs/acme/cards?q=quartely").await.ok();
    assert_eq!(each(&found, "title"), ["Quarterly review"]);
    let found = app.get("/orgs/acme/cards?q=review").await.ok();
    assert_eq!(
        each(&found, "title"),
        ["Quarterly review", "Review of the kitchen"]
    );
    assert_eq!(
        app.get("/orgs/acme/cards?q=%27%22%25").await.ok(),
        json!([])
    );
    assert_eq!(
        app.get("/orgs/north-wind/cards?q=review").await.ok(),
        json!([])
    );
}

#[tokio::test]
async fn a_card_with_a_past_due_date_is_overdue() {
    let app = App::with(&["acme"]).await;
    for (title, due_on) in [("late", "2024-02-29"), ("in time", "2999-01-01")] {
        let card = json!({ "column_id": 1, "title": title, "due_on": due_on });
        app.post("/orgs/acme/cards", card).await.created();
    }
    let overdue = app.get("/orgs/acme/cards/overdue").await.ok();
    assert_eq!(each(&overdue, "title"), ["late"]);
}

#[tokio::test]
async fn label_names_ignore_case_and_colors_are_checked() {
    let app = App::with(&["acme"]).await;
    add(&app, &["Call back"]).await;
    let labels = "/orgs/acme/cards/1/labels";
    let put = async |name: &str, color: &str| {
        let label = json!({ "name": name, "color": color });
        app.put(labels, label).await
    };
    let first = put("Urgent", "#e03131").await.ok();
    let again = put("URGENT", "#1c7ed6").await.ok();
    assert_eq!(first["id"], again["id"]);
    put("later", "#888888").await.ok();
    let reason = put("odd", "red")
        .await
        .refused(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(reason.contains("color"), "{reason}");
    let on_card = app.get(labels).await.ok();
    assert_eq!(each(&on_card, "name"), ["later", "Urgent"]);
    assert_eq!(each(&on_card, "color"), ["#888888", "#1c7ed6"]);
    let path = format!("{labels}/{}", first["id"]);
    app.delete(&path).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(each(&app.get(labels).await.ok(), "name"), ["later"]);
    let all = app.get("/orgs/acme/labels").await.ok();
    assert_eq!(each(&all, "name"), ["later", "Urgent"]);
}

#[tokio::test]
async fn comments_and_attachments_are_added_and_removed() {
    let app = App::with(&["acme"]).await;
    add(&app, &["Call back"]).await;
    let comments = "/orgs/acme/cards/1/comments";
    let new = json!({ "author_id": 1, "body": "Twice already" });
    let id: Value = app.post(comments, new).await.created();
    let told = app.get(comments).await.ok();
    assert_eq!(
        (&told["count"], each(&told["comments"], "author")),
        (&json!(1), vec!["Olga"])
    );
    app.delete(&format!("/orgs/acme/comments/{id}"))
        .await
        .expect(StatusCode::NO_CONTENT);
    assert_eq!(app.get(comments).await.ok()["count"], 0);

    let attachments = "/orgs/acme/cards/1/attachments";
    for size in [10, 2_000_000_000_000_i64] {
        let file = json!({ "file_name": "plan.pdf", "size_bytes": size });
        app.put(attachments, file).await.ok();
    }
    let listed = app.get(attachments).await.ok();
    assert_eq!(each(&listed, "file_name"), ["plan.pdf"]);
    assert_eq!(
        app.get("/orgs/acme").await.ok()["attached_bytes"],
        2_000_000_000_000_i64
    );
    let path = format!("/orgs/acme/attachments/{}", listed[0]["id"]);
    app.delete(&path).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(app.get(attachments).await.ok(), json!([]));
}
