//! Tenants that come and go.

use axum::http::StatusCode;
use serde_json::json;
use test_support::{TestDatabase, eventually};

use crate::fixture::{Service, TOKEN};

#[tokio::test]
async fn a_sign_up_makes_a_tenant_that_can_work_at_once() {
    let service = Service::start().await;
    let unknown = service.get("/tasks").of("acme_corp").answer().await;
    unknown.refused(StatusCode::NOT_FOUND);
    let made = service.post("/tenants", json!({ "name": "Acme-Corp" }));
    let made = made.answer().await.expect(StatusCode::CREATED);
    assert_eq!(made, json!({ "name": "acme_corp" }));
    service.add("acme_corp", "Call back").await;
    assert_eq!(service.database.tracked().await, ["acme_corp"]);
}

#[tokio::test]
async fn of_those_who_sign_up_under_one_name_at_once_one_gets_it() {
    for spares in [0, 2] {
        let service = Service::with_spares(spares).await;
        ready(&service, spares).await;
        let mut sign_ups = Vec::new();
        for _ in 0..24 {
            let call = service.post("/tenants", json!({ "name": "acme" }));
            sign_ups.push(tokio::spawn(call.answer()));
        }
        let mut made = 0;
        for sign_up in sign_ups {
            let answer = sign_up.await.unwrap();
            if answer.status == StatusCode::CREATED {
                made += 1;
            } else {
                let reason = answer.refused(StatusCode::CONFLICT);
                assert_eq!(reason, "tenant `acme` already exists");
            }
        }
        assert_eq!(made, 1, "with {spares} spares");
        service.add("acme", "Call back").await;
    }
}

#[tokio::test]
async fn sign_ups_take_spares_and_new_ones_are_made_ready() {
    let service = Service::with_spares(2).await;
    ready(&service, 2).await;
    let beforehand = oids(&service, "_spare_%").await;
    for tenant in ["acme", "globex"] {
        service.sign_up(tenant).await;
        service.add(tenant, tenant).await;
        assert_eq!(service.titles(tenant).await, [tenant]);
    }
    let first = oids(&service, "acme").await;
    assert!(beforehand.contains(&first[0]), "acme was a spare before");
    ready(&service, 2).await;
}

#[tokio::test]
async fn only_the_operator_drops_a_tenant_and_then_it_is_gone() {
    let service = Service::start().await;
    for tenant in ["acme", "globex"] {
        service.sign_up(tenant).await;
        service.add(tenant, tenant).await;
    }
    let refused = [
        service.delete("/tenants/acme"),
        service
            .delete("/tenants/acme")
            .header("authorization", TOKEN),
        bearing(&service, "acme", "the operator'S"),
        bearing(&service, "acme", "the operator's own"),
        bearing(&service, "acme", ""),
    ];
    for call in refused {
        let reason = call.answer().await.refused(StatusCode::FORBIDDEN);
        assert_eq!(reason, "this is for the operator");
    }
    let dropped = bearing(&service, "acme", TOKEN).answer().await;
    dropped.expect(StatusCode::NO_CONTENT);
    let gone = service.get("/tasks").of("acme").answer().await;
    let reason = gone.refused(StatusCode::NOT_FOUND);
    assert_eq!(reason, "there is no tenant `acme`");
    let again = bearing(&service, "acme", TOKEN).answer().await;
    again.refused(StatusCode::NOT_FOUND);
    assert_eq!(service.database.schemas().await, ["globex"]);
    // The name is free again, for somebody who finds nothing of the first.
    service.sign_up("acme").await;
    assert!(service.titles("acme").await.is_empty());
    assert_eq!(service.titles("globex").await, ["globex"]);
}

#[tokio::test]
async fn without_a_token_nobody_is_the_operator() {
    let database = TestDatabase::new().await;
    let service = Service::start_with(database, |config| config.operator_token = None).await;
    service.sign_up("acme").await;
    for token in ["", TOKEN] {
        let refused = bearing(&service, "acme", token).answer().await;
        refused.refused(StatusCode::FORBIDDEN);
    }
    assert!(service.titles("acme").await.is_empty());
}

fn bearing(service: &Service, tenant: &str, token: &str) -> crate::client::Call {
    let call = service.delete(&format!("/tenants/{tenant}"));
    call.header("authorization", &format!("Bearer {token}"))
}

/// Waits until so many spares are ready.
async fn ready(service: &Service, count: usize) {
    eventually("the spares are ready", async || {
        service.app.tenants.spares().count().await.unwrap().ready == count
    })
    .await;
}

/// What tells schemas of these names apart, also from those of other names.
async fn oids(service: &Service, like: &str) -> Vec<String> {
    let sql = format!("SELECT oid FROM pg_namespace WHERE nspname LIKE '{like}'");
    service.database.column(&sql).await
}
