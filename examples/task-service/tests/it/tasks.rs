//! Tasks of a tenant, from the first to the last request.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::fixture::Service;

#[tokio::test]
async fn a_task_is_made_read_changed_and_deleted() {
    let service = Service::start().await;
    service.sign_up("acme").await;
    let new = json!({ "title": "Call back", "due_on": "2026-12-24" });
    let made = service.post("/tasks", new).of("acme").answer().await;
    let made = made.expect(StatusCode::CREATED);
    assert_eq!(made["progress"], "open");
    let path = format!("/tasks/{}", made["id"]);
    let read = service.get(&path).of("acme").answer().await;
    assert_eq!(read.expect(StatusCode::OK), made);

    let changes = json!({ "title": "Called back", "progress": "done" });
    let changed = service.patch(&path, changes).of("acme").answer().await;
    let changed = changed.expect(StatusCode::OK);
    let mut expected = made.clone();
    expected["title"] = "Called back".into();
    expected["progress"] = "done".into();
    assert_eq!(changed, expected);
    let nothing = service.patch(&path, json!({})).of("acme").answer().await;
    assert_eq!(nothing.expect(StatusCode::OK), expected);

    let deleted = service.delete(&path).of("acme").answer().await;
    assert_eq!(deleted.expect(StatusCode::NO_CONTENT), Value::Null);
    let gone = "there is no such row";
    for again in [
        service.get(&path),
        service.delete(&path),
        service.patch(&path, json!({})),
        service.patch(&path, json!({ "progress": "open" })),
    ] {
        let again = again.of("acme").answer().await;
        assert_eq!(again.refused(StatusCode::NOT_FOUND), gone);
    }
}

#[tokio::test]
async fn each_tenant_has_its_own_progress_and_finds_its_tasks_by_it() {
    // One connection, so that each tenant meets what the other has prepared.
    let database = test_support::TestDatabase::new().await;
    let service = Service::start_with(database, |config| config.connections = 1).await;
    for tenant in ["acme", "globex"] {
        service.sign_up(tenant).await;
    }
    for progress in ["open", "started", "done"] {
        for tenant in ["acme", "globex"] {
            let title = format!("{progress} of {tenant}");
            let new = json!({ "title": title, "progress": progress });
            let made = service.post("/tasks", new).of(tenant).answer().await;
            assert_eq!(made.expect(StatusCode::CREATED)["progress"], progress);
            let list = service.get(&format!("/tasks?progress={progress}"));
            assert_eq!(list.of(tenant).answer().await.titles(), [title]);
        }
    }
    assert_eq!(service.titles("acme").await.len(), 3);
}

#[tokio::test]
async fn a_tenant_is_named_by_subdomain_or_header_and_the_subdomain_counts_first() {
    let service = Service::start().await;
    for tenant in ["acme_corp", "globex"] {
        service.sign_up(tenant).await;
        service.add(tenant, tenant).await;
    }
    for (host, header, expected) in [
        ("acme-corp.tasks.example", None, "acme_corp"),
        ("ACME-corp.Tasks.Example:8080", None, "acme_corp"),
        ("acme_corp.tasks.example", Some("globex"), "acme_corp"),
        ("tasks.example", Some("globex"), "globex"),
        ("elsewhere.example", Some("Globex"), "globex"),
    ] {
        let mut list = service.get("/tasks").header("host", host);
        if let Some(header) = header {
            list = list.of(header);
        }
        assert_eq!(list.answer().await.titles(), [expected], "{host}");
    }
}

#[tokio::test]
async fn a_task_of_one_tenant_is_no_task_of_another() {
    let service = Service::start().await;
    for tenant in ["acme", "globex"] {
        service.sign_up(tenant).await;
    }
    let path = service.add("acme", "Call back").await;
    for call in [
        service.get(&path),
        service.delete(&path),
        service.patch(&path, json!({ "title": "Mine now" })),
    ] {
        let answer = call.of("globex").answer().await;
        answer.refused(StatusCode::NOT_FOUND);
    }
    assert_eq!(service.titles("acme").await, ["Call back"]);
    assert!(service.titles("globex").await.is_empty());
}
