//! Requests that end before their time, and the end of the service.

use axum::http::StatusCode;
use serde_json::json;
use test_support::eventually;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::fixture::{Service, TOKEN};

const TASK: &str = r#"{"title": "Call back"}"#;

/// Sends a request for a new task of acme by hand, with a body that is announced
/// to have so many bytes.
async fn send(service: &Service, length: usize) -> TcpStream {
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    let request = format!(
        "POST /tasks HTTP/1.1\r\nHost: acme.tasks.example\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{TASK}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_client_that_goes_away_while_its_task_is_made_leaves_none() {
    let service = Service::start().await;
    service.sign_up("acme").await;
    let locked = service.database.client().await;
    let lock = "BEGIN; LOCK TABLE acme.tasks IN EXCLUSIVE MODE";
    locked.batch_execute(lock).await.unwrap();
    let stream = send(&service, TASK.len()).await;
    eventually("the task is about to be made", async || {
        service.are_waiting_for_acme(1).await
    })
    .await;
    drop(stream);
    eventually("nobody makes it any more", async || {
        service.are_waiting_for_acme(0).await
    })
    .await;
    locked.batch_execute("ROLLBACK").await.unwrap();
    assert!(service.titles("acme").await.is_empty());
    service.add("acme", "Another one").await;
}

#[tokio::test]
async fn a_client_that_goes_away_before_it_has_said_all_leaves_no_task() {
    let service = Service::start().await;
    service.sign_up("acme").await;
    // A task could be read from what has come.
    drop(send(&service, TASK.len() + 1).await);
    let (database, served) = service.end();
    served.await.unwrap().unwrap();
    assert_eq!(database.value("SELECT count(*) FROM acme.tasks").await, "0");
}

#[tokio::test]
async fn a_request_that_the_end_of_its_tenant_overtakes_fails_and_the_next_is_not_found() {
    let service = Service::start().await;
    for tenant in ["acme", "globex"] {
        service.sign_up(tenant).await;
    }
    let locked = service.database.client().await;
    let lock = "BEGIN; LOCK TABLE acme.tasks IN EXCLUSIVE MODE";
    locked.batch_execute(lock).await.unwrap();
    let end = service.delete("/tenants/acme");
    let end = end.header("authorization", &format!("Bearer {TOKEN}"));
    let end = tokio::spawn(end.answer());
    eventually("the end waits for the lock", async || {
        service.are_waiting_for_acme(1).await
    })
    .await;
    let call = service.post("/tasks", json!({ "title": "Call back" }));
    let overtaken = tokio::spawn(call.of("acme").answer());
    eventually("the request waits behind it", async || {
        service.are_waiting_for_acme(2).await
    })
    .await;
    locked.batch_execute("ROLLBACK").await.unwrap();
    end.await.unwrap().expect(StatusCode::NO_CONTENT);
    let overtaken = overtaken.await.unwrap();
    overtaken.refused(StatusCode::INTERNAL_SERVER_ERROR);
    let next = service.get("/tasks").of("acme").answer().await;
    next.refused(StatusCode::NOT_FOUND);
    assert!(service.titles("globex").await.is_empty());
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_service_ends() {
    let service = Service::with_spares(1).await;
    service.sign_up("acme").await;
    let locked = service.database.client().await;
    locked
        .batch_execute("BEGIN; LOCK TABLE acme.tasks")
        .await
        .unwrap();
    let call = service.post("/tasks", json!({ "title": "Call back" }));
    let under_way = tokio::spawn(call.of("acme").answer());
    eventually("the task is about to be made", async || {
        service.are_waiting_for_acme(1).await
    })
    .await;
    let address = service.address;
    let (database, served) = service.end();
    eventually("nobody else is let in", async || {
        TcpStream::connect(address).await.is_err()
    })
    .await;
    assert!(!served.is_finished());
    locked.batch_execute("ROLLBACK").await.unwrap();
    under_way.await.unwrap().expect(StatusCode::CREATED);
    served.await.unwrap().unwrap();
    assert_eq!(
        database.value("SELECT title FROM acme.tasks").await,
        "Call back"
    );
}
