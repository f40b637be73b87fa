//! The program itself: its variables, its start and its end.

use std::net::TcpListener;

use axum::http::StatusCode;
use serde_json::json;
use test_support::{Folder, TestDatabase};

use crate::client::Client;

#[tokio::test]
async fn the_program_sets_an_empty_database_up_serves_and_ends_when_it_is_told_to() {
    let database = TestDatabase::new().await;
    // A port that is free a moment before.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let address = address.unwrap();
    let folder = Folder::new();
    let program = folder.command("task-service");
    let program = program
        .env("DATABASE_URL", database.url())
        .env("LISTEN", address.to_string())
        .env("DOMAIN", "shop.example")
        .start();
    program.until_said("listening on").await;
    let client = Client::new(address);
    let made = client.post("/tenants", json!({ "name": "acme" })).answer();
    made.await.expect(StatusCode::CREATED);
    let list = client.get("/tasks").header("host", "acme.shop.example");
    assert!(list.answer().await.titles().is_empty());
    program.terminate();
    program.finish().succeeds().prints_nothing();
    assert_eq!(database.tracked().await, ["acme"]);
}

#[test]
fn without_a_database_the_program_says_which_variable_is_missing() {
    let ended = Folder::new().run("task-service").exits_with(1);
    ended.says("DATABASE_URL is not set").prints_nothing();
}
