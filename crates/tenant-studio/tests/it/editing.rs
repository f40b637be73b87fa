//! Changes as a document: all or none, and nobody's overwritten unseen.

use serde_json::{Value, json};
use tenant_studio::Options;
use test_support::eventually;

use crate::browser::{Answer, Site};

pub(crate) const JSON: &str = "application/json";

pub(crate) const TABLES: &str = "
    CREATE TYPE mood AS ENUM ('good', 'it''s bad');
    CREATE TABLE teams (id int PRIMARY KEY, name text NOT NULL);
    CREATE TABLE people (
        id int PRIMARY KEY, name varchar(5) NOT NULL, note text, feeling mood,
        team int REFERENCES teams DEFERRABLE INITIALLY DEFERRED,
        doubled int GENERATED ALWAYS AS (id * 2) STORED);
    CREATE TABLE loose (name text, value int);
    INSERT INTO teams VALUES (1, 'one'), (2, 'two');
    INSERT INTO people (id, name, note, feeling, team)
        VALUES (1, 'Ann', NULL, 'good', 1), (2, 'Bob', '', NULL, NULL);
    INSERT INTO loose VALUES ('a', 1), ('b', 2);
    CREATE VIEW seen AS SELECT * FROM people;
";

/// A studio that writes, with these tables in both tenants.
pub(crate) async fn writing() -> Site {
    let site = Site::with(Options {
        write: true,
        ..Options::default()
    })
    .await;
    site.sql("acme", TABLES).await;
    site.sql("globex", TABLES).await;
    site
}

/// Sends changes of a table of acme.
pub(crate) async fn send(site: &Site, table: &str, changes: Value) -> (u16, Value) {
    let path = format!("/t/acme/table/{table}/changes");
    let body = json!({ "changes": changes }).to_string();
    document(&site.post(&path, JSON, &body).await)
}

pub(crate) fn document(answer: &Answer) -> (u16, Value) {
    let document = serde_json::from_str(&answer.body);
    (
        answer.status,
        document.unwrap_or_else(|_| panic!("{answer:?}")),
    )
}

/// A row of acme as it is now: its version and values.
pub(crate) async fn row(site: &Site, table: &str, key: &str) -> Value {
    let key = form_urlencoded(key);
    let path = format!("/t/acme/table/{table}/changes?key={key}");
    let (status, row) = document(&site.get(&path).await);
    assert_eq!(status, 200, "{row}");
    row
}

pub(crate) fn form_urlencoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn changes_of_all_kinds_are_kept_together() {
    let site = writing().await;
    let one = row(&site, "people", r#"["1"]"#).await;
    let two = row(&site, "people", r#"["2"]"#).await;
    let changes = json!([
        {"do": "update", "key": ["1"], "version": one["version"], "set": {"name": "Eve", "team": "2"}},
        {"do": "insert", "set": {"id": "3", "name": "Cy", "feeling": "it's bad"}},
        {"do": "delete", "key": ["2"], "version": two["version"]},
    ]);
    let (status, answer) = send(&site, "people", changes).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        answer["applied"],
        json!({"updated": 1, "inserted": 1, "deleted": 1})
    );
    let sql = "SELECT concat_ws('|', id, name, feeling, team) FROM acme.people ORDER BY id";
    assert_eq!(
        site.database.column(sql).await,
        ["1|Eve|good|2", "3|Cy|it's bad"]
    );
    let other = "SELECT count(*) FROM globex.people WHERE name IN ('Ann', 'Bob')";
    assert_eq!(site.database.value(other).await, "2");
}

#[tokio::test]
async fn one_refused_change_keeps_all_from_being_made() {
    let site = writing().await;
    let one = row(&site, "people", r#"["1"]"#).await;
    for (refused, sqlstate, says) in [
        (json!({"id": "1", "name": "Dup"}), "23505", "duplicate key"),
        (
            json!({"id": "x", "name": "Bad"}),
            "22P02",
            "invalid input syntax",
        ),
        (
            json!({"id": "9", "name": "much too long"}),
            "22001",
            "value too long",
        ),
        (json!({"id": "9", "name": null}), "23502", "null value"),
        (
            json!({"id": "9", "name": "Bad", "feeling": "none"}),
            "22P02",
            "enum mood",
        ),
    ] {
        let changes = json!([
            {"do": "update", "key": ["1"], "version": one["version"], "set": {"name": "Eve"}},
            {"do": "insert", "set": refused},
        ]);
        let (status, answer) = send(&site, "people", changes).await;
        assert_eq!(status, 422, "{answer}");
        let refused = &answer["refused"];
        assert_eq!(
            (&refused["index"], &refused["sqlstate"]),
            (&json!(1), &json!(sqlstate))
        );
        assert!(
            refused["message"].as_str().unwrap().contains(says),
            "{answer}"
        );
    }
    let name = "SELECT name FROM acme.people WHERE id = 1";
    assert_eq!(site.database.value(name).await, "Ann");
    // A constraint that is checked at the end is nobody's in particular.
    let late = json!([{"do": "insert", "set": {"id": "9", "name": "Cy", "team": "77"}}]);
    let (status, answer) = send(&site, "people", late).await;
    assert_eq!((status, &answer["refused"]["index"]), (422, &Value::Null));
    assert_eq!(answer["refused"]["sqlstate"], "23503");
    assert_eq!(
        site.database
            .value("SELECT count(*) FROM acme.people")
            .await,
        "2"
    );
}

#[tokio::test]
async fn a_change_that_somebody_made_in_between_is_noticed() {
    let site = writing().await;
    let seen = row(&site, "people", r#"["1"]"#).await;
    site.sql("acme", "UPDATE people SET note = 'theirs' WHERE id = 1")
        .await;
    for change in [
        json!({"do": "update", "key": ["1"], "version": seen["version"], "set": {"note": "mine"}}),
        json!({"do": "delete", "key": ["1"], "version": seen["version"]}),
    ] {
        let changes = json!([{"do": "insert", "set": {"id": "5", "name": "Cy"}}, change]);
        let (status, answer) = send(&site, "people", changes).await;
        assert_eq!(
            (status, &answer["refused"]["index"]),
            (409, &json!(1)),
            "{answer}"
        );
        let says = answer["refused"]["message"].as_str().unwrap();
        assert!(says.contains("another session"), "{answer}");
        assert_eq!(answer["refused"]["current"]["values"]["note"], "theirs");
    }
    let now = row(&site, "people", r#"["1"]"#).await;
    let again =
        json!([{"do": "update", "key": ["1"], "version": now["version"], "set": {"note": "mine"}}]);
    assert_eq!(send(&site, "people", again).await.0, 200);
    site.sql("acme", "DELETE FROM people WHERE id = 2").await;
    let gone = json!([{"do": "delete", "key": ["2"], "version": "1"}]);
    let (status, answer) = send(&site, "people", gone).await;
    assert_eq!(
        (status, &answer["refused"]["current"]),
        (409, &Value::Null),
        "{answer}"
    );
    let left = "SELECT string_agg(id || coalesce(note, ''), ',') FROM acme.people";
    assert_eq!(site.database.value(left).await, "1mine");
}

#[tokio::test]
async fn without_a_key_a_row_is_known_by_its_place_and_all_that_is_in_it() {
    let site = writing().await;
    let place = "SELECT ctid FROM acme.loose WHERE name = 'a'";
    let place = site.database.value(place).await;
    let key = json!([place]).to_string();
    let seen = row(&site, "loose", &key).await;
    let change = |version: &Value| json!([{"do": "update", "key": [place], "version": version, "set": {"value": "7"}}]);
    // Another row has taken the place.
    site.sql(
        "acme",
        "TRUNCATE loose; INSERT INTO loose VALUES ('other', 1)",
    )
    .await;
    let (status, answer) = send(&site, "loose", change(&seen["version"])).await;
    assert_eq!(status, 409, "{answer}");
    assert_eq!(answer["refused"]["current"]["values"]["name"], "other");
    let now = row(&site, "loose", &key).await;
    assert_eq!(send(&site, "loose", change(&now["version"])).await.0, 200);
    let value = "SELECT name || value FROM acme.loose";
    assert_eq!(site.database.value(value).await, "other7");
    // The row has moved, and its place is nobody's.
    let (status, answer) = send(&site, "loose", change(&now["version"])).await;
    assert_eq!(status, 409, "{answer}");
}

#[tokio::test]
async fn somebody_who_is_still_changing_the_row_is_not_overtaken() {
    let site = writing().await;
    let seen = row(&site, "people", r#"["1"]"#).await;
    let mut other = site.database.client().await;
    let transaction = other.transaction().await.unwrap();
    let update = "UPDATE acme.people SET note = 'theirs' WHERE id = 1";
    transaction.batch_execute(update).await.unwrap();
    let change = json!([{"do": "update", "key": ["1"], "version": seen["version"], "set": {"note": "mine"}}]);
    let sending = send(&site, "people", change.clone());
    let committing = async {
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        eventually("it waits", async || site.database.value(waits).await == "1").await;
        transaction.commit().await.unwrap();
    };
    let ((status, answer), ()) = tokio::join!(sending, committing);
    assert_eq!(status, 409, "{answer}");
    assert_eq!(answer["refused"]["current"]["values"]["note"], "theirs");
}

#[tokio::test]
async fn what_a_trigger_does_to_another_of_the_rows_is_empty_elses_doing() {
    let site = writing().await;
    site.sql(
        "acme",
        "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             UPDATE acme.people SET note = 'told' WHERE id = 2 AND OLD.id = 1; RETURN NULL; END $$; \
         CREATE TRIGGER tell AFTER UPDATE ON people FOR EACH ROW EXECUTE FUNCTION tell()",
    )
    .await;
    let one = row(&site, "people", r#"["1"]"#).await;
    let two = row(&site, "people", r#"["2"]"#).await;
    let changes = json!([
        {"do": "update", "key": ["1"], "version": one["version"], "set": {"name": "Eve"}},
        {"do": "update", "key": ["2"], "version": two["version"], "set": {"name": "Ida"}},
    ]);
    let (status, answer) = send(&site, "people", changes).await;
    assert_eq!(status, 200, "{answer}");
    let row = "SELECT name || note FROM acme.people WHERE id = 2";
    assert_eq!(site.database.value(row).await, "Idatold");
}
