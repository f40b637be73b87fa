//! What changes can never reach: another schema, a studio that only reads.

use serde_json::json;

use crate::browser::Site;
use crate::editing::{JSON, TABLES, document, form_urlencoded, row, send, writing};

#[tokio::test]
async fn no_name_however_it_is_made_leads_to_another_schema() {
    let site = writing().await;
    let before = "SELECT string_agg(p::text, ',') FROM globex.people p";
    let theirs = site.database.value(before).await;
    for table in [
        "globex.people",
        "\"globex\".\"people\"",
        "people\" AS t; DELETE FROM globex.people; --",
        "../../globex/table/people",
        "schema_tracker",
        "public.schema_tracker",
    ] {
        let path = format!("/t/acme/table/{}/changes", form_urlencoded(table));
        let body = json!({"changes": [{"do": "insert", "set": {"name": "x"}}]}).to_string();
        let (status, answer) = document(&site.post(&path, JSON, &body).await);
        assert_eq!(status, 404, "{table}: {answer}");
    }
    for name in [
        "name\" = name; DELETE FROM globex.people; --",
        "globex.people.name",
        "xmin",
        "ctid",
    ] {
        let one = row(&site, "people", r#"["1"]"#).await;
        let change =
            json!([{"do": "update", "key": ["1"], "version": one["version"], "set": {name: "x"}}]);
        let (status, answer) = send(&site, "people", change).await;
        assert_eq!(status, 422, "{answer}");
        assert!(
            answer["refused"]["message"]
                .as_str()
                .unwrap()
                .contains("no column"),
            "{answer}"
        );
    }
    let text = "'; DELETE FROM globex.people; --\\";
    let one = row(&site, "people", r#"["1"]"#).await;
    let change =
        json!([{"do": "update", "key": ["1"], "version": one["version"], "set": {"note": text}}]);
    assert_eq!(send(&site, "people", change).await.0, 200);
    assert_eq!(
        row(&site, "people", r#"["1"]"#).await["values"]["note"],
        text
    );
    assert_eq!(site.database.value(before).await, theirs);
}

#[tokio::test]
async fn the_sql_is_shown_and_nothing_is_done() {
    let site = writing().await;
    let path = "/t/acme/table/people/changes?preview";
    let changes = json!({"changes": [
        {"do": "update", "key": ["1"], "version": "0", "set": {"name": "O'Neil", "note": null}},
        {"do": "insert", "set": {"id": {"default": true}}},
        {"do": "delete", "key": ["2"], "version": "0"},
    ]});
    let (status, answer) = document(&site.post(path, JSON, &changes.to_string()).await);
    assert_eq!(status, 200, "{answer}");
    let expected = [
        r#"UPDATE "acme"."people" SET "name" = 'O''Neil', "note" = NULL WHERE "id" = '1';"#,
        r#"INSERT INTO "acme"."people" ("id") VALUES (DEFAULT);"#,
        r#"DELETE FROM "acme"."people" WHERE "id" = '2';"#,
    ];
    assert_eq!(answer["preview"], json!(expected));
    assert_eq!(
        site.database
            .value("SELECT count(*) FROM acme.people")
            .await,
        "2"
    );
    let wrong = json!({"changes": [{"do": "insert", "set": {"nothing": "1"}}]}).to_string();
    let (status, answer) = document(&site.post(path, JSON, &wrong).await);
    assert_eq!((status, &answer["refused"]["index"]), (422, &json!(0)));
}

#[tokio::test]
async fn a_studio_that_only_reads_refuses_before_it_looks() {
    let site = Site::new().await;
    site.sql("acme", TABLES).await;
    let change = json!({"changes": [{"do": "delete", "key": ["1"], "version": "1"}]}).to_string();
    for body in [change.as_str(), "{", ""] {
        for path in [
            "/t/acme/table/people/changes",
            "/t/acme/table/nothing/changes?preview",
        ] {
            let answer = site.post(path, JSON, body).await;
            assert_eq!(answer.status, 403, "{answer:?}");
            assert!(
                answer.body.contains("this studio is read-only"),
                "{answer:?}"
            );
        }
    }
    for page in [
        "edit?key=%5B%221%22%5D",
        "add",
        "changes",
        "choices?column=team",
    ] {
        let answer = site.get(&format!("/t/acme/table/people/{page}")).await;
        assert_eq!(answer.status, 403, "{page}: {answer:?}");
    }
    for page in ["edit", "add", "delete"] {
        let kind = "application/x-www-form-urlencoded";
        let path = format!("/t/acme/table/people/{page}");
        let answer = site.post(&path, kind, "confirm=1&key=%5B%221%22%5D").await;
        assert_eq!(answer.status, 403, "{page}: {answer:?}");
    }
    assert_eq!(
        site.database
            .value("SELECT count(*) FROM acme.people")
            .await,
        "2"
    );
}

#[tokio::test]
async fn a_document_that_makes_no_sense_is_refused() {
    let site = writing().await;
    let path = "/t/acme/table/people/changes";
    for body in [
        "",
        "{",
        "[]",
        r#"{"changes": []}"#,
        r#"{"changes": [{"do": "drop"}]}"#,
        r#"{"changes": [{"do": "delete", "key": ["1"]}]}"#,
        r#"{"changes": [{"do": "insert", "set": {"id": 7}}]}"#,
        r#"{"changes": [{"do": "insert", "set": {}, "schema": "globex"}]}"#,
    ] {
        let (status, answer) = document(&site.post(path, JSON, body).await);
        assert_eq!(status, 400, "{body}: {answer}");
        assert!(answer["error"].is_string(), "{answer}");
    }
    let valid = r#"{"changes": [{"do": "delete", "key": ["1"], "version": "1"}]}"#;
    assert_eq!(site.post(path, "text/plain", valid).await.status, 400);
    for key in [json!([]), json!(["1", "2"]), json!([null]), json!(["x"])] {
        let change = json!([{"do": "delete", "key": key, "version": "1"}]);
        assert_eq!(send(&site, "people", change).await.0, 422, "{key}");
    }
}

#[tokio::test]
async fn the_public_schema_is_changed_as_a_place_of_its_own() {
    let site = writing().await;
    site.database
        .execute("CREATE TABLE public.people (id int PRIMARY KEY, name text)")
        .await;
    let add = json!({"changes": [{"do": "insert", "set": {"id": "7", "name": "P"}}]}).to_string();
    let answer = site.post("/public/table/people/changes", JSON, &add).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        site.database.value("SELECT name FROM public.people").await,
        "P"
    );
    assert_eq!(
        site.database
            .value("SELECT count(*) FROM acme.people")
            .await,
        "2"
    );
}

#[tokio::test]
async fn a_request_of_another_site_changes_nothing() {
    let site = writing().await;
    let host = format!("127.0.0.1:{}", site.port);
    let path = "/t/acme/table/people/delete";
    for origin in ["http://evil.example", "null"] {
        let headers = [
            ("Host", host.as_str()),
            ("Cookie", site.session.cookie.as_str()),
            ("Origin", origin),
        ];
        let answer = site.send("POST", path, &headers).await;
        assert_eq!(answer.status, 403, "{answer:?}");
    }
    assert_eq!(
        site.database
            .value("SELECT count(*) FROM acme.people")
            .await,
        "2"
    );
}

#[tokio::test]
async fn a_foreign_key_that_leads_to_another_tenant_offers_nothing_of_it() {
    let site = writing().await;
    site.sql(
        "acme",
        "ALTER TABLE loose ADD theirs int REFERENCES globex.people",
    )
    .await;
    let answer = site.get("/t/acme/table/loose/choices?column=theirs").await;
    assert_eq!(answer.status, 404, "{answer:?}");
    let form = site.page("/t/acme/table/loose/add").await;
    assert!(!form.contains("Ann"), "{form}");
}
