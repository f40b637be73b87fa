//! What is answered when there is nothing better to answer.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::json;
use test_support::{TestDatabase, eventually, own_server};

use crate::client::Answer;
use crate::fixture::Service;

/// What a client is told when the database cannot be used.
const UNAVAILABLE: &str = "the service cannot reach its data; try again in a moment";

#[tokio::test]
async fn a_request_for_what_cannot_be_a_tenant_is_told_why() {
    let service = Service::start().await;
    for (name, reason) in [
        ("1acme", "starts with '1'"),
        ("acme corp", "contains ' '"),
        ("a\"b", "contains '\"'"),
        ("select", "reserved word"),
        ("public", "PostgreSQL system schema"),
        ("pg_acme", "PostgreSQL system schema"),
    ] {
        let listed = service.get("/tasks").of(name).answer().await;
        let made = service.post("/tenants", json!({ "name": name }));
        for answer in [listed, made.answer().await] {
            let told = answer.refused(StatusCode::BAD_REQUEST);
            assert!(told.contains(reason), "{name}: {told}");
        }
    }
    for (host, reason) in [
        ("a.b.tasks.example", "contains '.'"),
        (".tasks.example", "empty"),
    ] {
        let answer = service.get("/tasks").header("host", host).answer().await;
        let told = answer.refused(StatusCode::BAD_REQUEST);
        assert!(told.contains(reason), "{host}: {told}");
    }
    let nobody = service.get("/tasks").answer().await;
    let told = nobody.refused(StatusCode::BAD_REQUEST);
    assert_eq!(
        told,
        "name a tenant: NAME.tasks.example, or the header X-Tenant"
    );
}

#[tokio::test]
async fn a_name_of_nobody_is_not_found_and_no_schema_is_read_for_it() {
    let service = Service::with_spares(1).await;
    // Such schemas are there, and nobody is registered under their names.
    service
        .database
        .execute("CREATE SCHEMA shadow; CREATE TABLE shadow.tasks (id int)")
        .await;
    eventually("there is a spare", async || {
        service.app.tenants.spares().count().await.unwrap().ready == 1
    })
    .await;
    let schemas = service.database.schemas().await;
    assert_eq!(schemas.len(), 2, "{schemas:?}");
    for name in ["nobody"]
        .into_iter()
        .chain(schemas.iter().map(String::as_str))
    {
        for call in [
            service.get("/tasks"),
            service.post("/tasks", json!({ "title": "Call back" })),
        ] {
            let reason = call.of(name).answer().await.refused(StatusCode::NOT_FOUND);
            assert_eq!(reason, format!("there is no tenant `{name}`"));
        }
    }
    for name in &schemas {
        let taken = service.post("/tenants", json!({ "name": name })).answer();
        let reason = taken.await.refused(StatusCode::CONFLICT);
        assert_eq!(reason, format!("the name `{name}` is not free"));
    }
}

#[tokio::test]
async fn a_request_that_is_none_is_told_what_is_wrong_with_it() {
    let service = Service::start().await;
    service.sign_up("acme").await;
    let path = service.add("acme", "Call back").await;
    let refused = async |method, path: &str, json: &str, status| {
        let call = service.call(method, path).of("acme").json(json);
        call.answer().await.refused(status)
    };
    for (json, status, reason) in [
        ("{", StatusCode::BAD_REQUEST, "parse"),
        (
            "{}",
            StatusCode::UNPROCESSABLE_ENTITY,
            "missing field `title`",
        ),
        (
            r#"{"title": " "}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
            "not empty",
        ),
        (
            r#"{"title": "a\u0000"}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
            "control",
        ),
        (
            r#"{"title": "a", "progress": "lost"}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
            "unknown variant `lost`",
        ),
    ] {
        let told = refused(Method::POST, "/tasks", json, status).await;
        assert!(told.contains(reason), "{json}: {told}");
    }
    let bad = StatusCode::BAD_REQUEST;
    refused(Method::GET, "/tasks?progress=lost", "", bad).await;
    refused(Method::GET, "/tasks/one", "", bad).await;
    let blank = r#"{"title": ""}"#;
    refused(
        Method::PATCH,
        &path,
        blank,
        StatusCode::UNPROCESSABLE_ENTITY,
    )
    .await;
    refused(Method::PUT, &path, "{}", StatusCode::METHOD_NOT_ALLOWED).await;
    refused(Method::GET, "/elsewhere", "", StatusCode::NOT_FOUND).await;
    assert_eq!(service.titles("acme").await, ["Call back"]);
}

#[tokio::test]
async fn a_used_up_pool_is_told_as_unavailable_and_serves_again_later() {
    let service = Service::start_with(TestDatabase::new().await, |config| {
        config.connections = 1;
        config.wait = Duration::from_millis(100);
    })
    .await;
    service.sign_up("acme").await;
    let locked = service.database.client().await;
    locked
        .batch_execute("BEGIN; LOCK TABLE acme.tasks")
        .await
        .unwrap();
    let first = tokio::spawn(service.get("/tasks").of("acme").answer());
    eventually("the only connection waits", async || {
        service.are_waiting_for_acme(1).await
    })
    .await;
    let second = service.get("/tasks").of("acme").answer().await;
    assert_unavailable(second);
    locked.batch_execute("ROLLBACK").await.unwrap();
    assert!(first.await.unwrap().titles().is_empty());
    assert!(service.titles("acme").await.is_empty());
}

#[tokio::test]
async fn a_server_that_is_gone_is_told_as_unavailable() {
    let server = own_server().start().unwrap();
    let database = TestDatabase::on(&server).await;
    let service = Service::start_with(database, |_| {}).await;
    service.sign_up("acme").await;
    service.add("acme", "Call back").await;
    drop(server);
    assert_unavailable(service.get("/tasks").of("acme").answer().await);
    let sign_up = service.post("/tenants", json!({ "name": "globex" }));
    assert_unavailable(sign_up.answer().await);
}

#[tokio::test]
async fn a_database_that_is_not_set_up_is_told_as_unavailable() {
    let service = Service::start().await;
    service
        .database
        .execute("DROP TABLE schema_tracker CASCADE")
        .await;
    assert_unavailable(service.get("/tasks").of("acme").answer().await);
    let sign_up = service.post("/tenants", json!({ "name": "acme" }));
    assert_unavailable(sign_up.answer().await);
}

#[tokio::test]
async fn what_nobody_expected_is_told_without_the_words_of_the_database() {
    let service = Service::start().await;
    for tenant in ["acme", "globex"] {
        service.sign_up(tenant).await;
    }
    service
        .database
        .execute("ALTER TABLE acme.tasks DROP COLUMN title")
        .await;
    for call in [
        service.get("/tasks"),
        service.post("/tasks", json!({ "title": "Call back" })),
    ] {
        let answer = call.of("acme").answer().await;
        let reason = answer.refused(StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(reason, "something went wrong here, and was noted");
    }
    assert!(service.titles("globex").await.is_empty());
}

#[track_caller]
fn assert_unavailable(answer: Answer) {
    let reason = answer.refused(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reason, UNAVAILABLE);
}

#[tokio::test]
async fn a_tenant_whose_server_is_away_is_no_error_of_the_service() {
    let service = Service::start().await;
    for tenant in ["acme", "globex"] {
        service.sign_up(tenant).await;
    }
    // What the coordinator of a cluster says of rows on a server that it does not reach.
    service
        .database
        .execute(
            "CREATE FUNCTION acme.away() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN \
                 RAISE 'connection to the remote node failed' USING ERRCODE = '08006'; END $$; \
             ALTER TABLE acme.tasks RENAME TO kept; \
             CREATE VIEW acme.tasks AS SELECT * FROM acme.kept WHERE acme.away()",
        )
        .await;
    service
        .database
        .execute("INSERT INTO acme.kept (title) VALUES ('one')")
        .await;
    let listed = service.get("/tasks").of("acme").answer().await;
    assert_eq!(listed.refused(StatusCode::SERVICE_UNAVAILABLE), UNAVAILABLE);
    assert!(service.titles("globex").await.is_empty());
}
