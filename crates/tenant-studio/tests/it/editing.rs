//! Changes as a document: all or none, and nobody's overwritten unseen.

use serde_json::{Value, json};
use tenant_studio::Options;
use test_support::eventually;

use crate::browser::{Answer, Site};

const JSON: &str = "application/json";

const TABLES: &str = "
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
async fn send(site: &Site, table: &str, changes: Value) -> (u16, Value) {
    let path = format!("/t/acme/table/{table}/changes");
    let body = json!({ "changes": changes }).to_string();
    document(&site.post(&path, JSON, &body).await)
}

fn document(answer: &Answer) -> (u16, Value) {
    let document = serde_json::from_str(&answer.body);
    (
        answer.status,
        document.unwrap_or_else(|_| panic!("{answer:?}")),
    )
}

/// A row of acme as it is now: its version and values.
async fn row(site: &Site, table: &str, key: &str) -> Value {
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
        assert!(says.contains("in between"), "{answer}");
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
async fn what_a_trigger_does_to_another_of_the_rows_is_nobody_elses_doing() {
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

#[tokio::test]
async fn null_the_empty_text_and_the_default_are_three_things() {
    let site = writing().await;
    site.sql("acme", "ALTER TABLE people ALTER note SET DEFAULT 'usual'")
        .await;
    let notes = [json!(null), json!(""), json!({"default": true})];
    for (at, note) in notes.iter().enumerate() {
        let id = (10 + at).to_string();
        let change = json!([{"do": "insert", "set": {"id": id, "name": "N", "note": note}}]);
        assert_eq!(send(&site, "people", change).await.0, 200);
    }
    let left_out = json!([{"do": "insert", "set": {"id": "13", "name": "N"}}]);
    assert_eq!(send(&site, "people", left_out).await.0, 200);
    let sql =
        "SELECT coalesce('<' || note || '>', 'none') FROM acme.people WHERE id >= 10 ORDER BY id";
    assert_eq!(
        site.database.column(sql).await,
        ["none", "<>", "<usual>", "<usual>"]
    );
    let values = row(&site, "people", r#"["10"]"#).await;
    assert_eq!(values["values"]["note"], Value::Null);
    assert_eq!(
        row(&site, "people", r#"["11"]"#).await["values"]["note"],
        ""
    );
}

#[tokio::test]
async fn values_of_every_type_come_back_as_they_were_written() {
    let site = writing().await;
    site.sql(
        "acme",
        "CREATE DOMAIN code AS text CHECK (VALUE ~ '^[A-Z]+$'); \
         CREATE DOMAIN short AS varchar(3); \
         CREATE TABLE kinds (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, \
             i int, n numeric(8,2), b boolean, d date, t timestamptz, j jsonb, u uuid, \
             a text[], m mood[], y bytea, r int4range, c code, p char(4), f float8, k bit(3), s short, v varchar(2)[])",
    )
    .await;
    let values = json!({
        "i": "-7", "n": "12.50", "b": "true", "d": "2026-02-28", "t": "2026-01-31 12:00:00+00",
        "j": "{\"a\": [1, null]}", "u": "6f1c1a52-0000-4000-8000-000000000001",
        "a": "{one,\"two, three\",NULL}", "m": "{good,\"it's bad\"}", "y": "\\x00ff", "r": "[1,5)",
        "c": "ABC", "p": "ab", "f": "0.1", "k": "101", "s": "abc", "v": "{ab}",
    });
    let change = json!([{"do": "insert", "set": values}]);
    let (status, answer) = send(&site, "kinds", change).await;
    assert_eq!(status, 200, "{answer}");
    let mut read = row(&site, "kinds", r#"["1"]"#).await["values"].clone();
    read.as_object_mut().unwrap().remove("id");
    // PostgreSQL's text of a char(4) has no blanks at its end, and of a time the
    // server's zone.
    let time = read["t"].as_str().unwrap().to_owned();
    let same = format!("SELECT '{time}'::timestamptz = '2026-01-31 12:00:00+00'");
    assert_eq!(site.database.value(&same).await, "t");
    read["t"] = values["t"].clone();
    assert_eq!(read, values);
    for (column, value, sqlstate) in [
        ("c", "abc", "23514"),
        ("p", "abcde", "22001"),
        ("s", "abcd", "22001"),
        ("v", "{abc}", "22001"),
        ("k", "1111", "22026"),
        ("n", "1234567.8", "22003"),
        ("d", "2026-02-30", "22008"),
        ("j", "{", "22P02"),
        ("i", "", "22P02"),
    ] {
        let change = json!([{"do": "insert", "set": {column: value}}]);
        let (status, answer) = send(&site, "kinds", change).await;
        assert_eq!(
            (status, &answer["refused"]["sqlstate"]),
            (422, &json!(sqlstate)),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn what_postgresql_computes_and_what_is_no_table_cannot_be_changed() {
    let site = writing().await;
    site.sql(
        "acme",
        "CREATE TABLE always (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text)",
    )
    .await;
    for (table, set) in [
        ("people", json!({"id": "3", "name": "N", "doubled": "1"})),
        ("always", json!({"id": "3"})),
        ("seen", json!({"name": "N"})),
    ] {
        let (status, answer) = send(&site, table, json!([{"do": "insert", "set": set}])).await;
        assert_eq!(
            (status, &answer["refused"]["index"]),
            (422, &json!(0)),
            "{answer}"
        );
    }
    let delete = json!([{"do": "delete", "key": ["1"], "version": "1"}]);
    assert_eq!(send(&site, "seen", delete).await.0, 422);
    let usual = json!([{"do": "insert", "set": {}}]);
    assert_eq!(send(&site, "always", usual).await.0, 200);
    let path = "/t/acme/table/people/changes";
    let (_, columns) = document(&site.get(path).await);
    let columns = columns["columns"].as_array().unwrap().clone();
    let find = |name: &str| columns.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(find("doubled")["writable"], false);
    assert_eq!(find("feeling")["labels"], json!(["good", "it's bad"]));
    assert!(
        find("team")["choices"]
            .as_str()
            .unwrap()
            .contains("choices?column=team")
    );
}

#[tokio::test]
async fn rows_of_a_partitioned_table_are_changed_and_go_to_their_part() {
    let site = writing().await;
    site.sql(
        "acme",
        "CREATE TABLE parted (id int PRIMARY KEY, name text) PARTITION BY RANGE (id); \
         CREATE TABLE low PARTITION OF parted FOR VALUES FROM (0) TO (10); \
         CREATE TABLE high PARTITION OF parted FOR VALUES FROM (10) TO (20); \
         INSERT INTO parted VALUES (1, 'one'); \
         CREATE TABLE keyless (id int) PARTITION BY LIST (id)",
    )
    .await;
    let one = row(&site, "parted", r#"["1"]"#).await;
    let change = json!([
        {"do": "update", "key": ["1"], "version": one["version"], "set": {"id": "11"}},
        {"do": "insert", "set": {"id": "2"}},
    ]);
    let (status, answer) = send(&site, "parted", change).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(site.database.value("SELECT id FROM acme.high").await, "11");
    let unnamed = json!([{"do": "delete", "key": ["(0,1)"], "version": "1"}]);
    assert_eq!(send(&site, "keyless", unnamed).await.0, 422);
}

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
async fn names_that_need_quotes_are_changed_like_any_other() {
    let site = writing().await;
    site.sql(
        "acme",
        r#"CREATE TABLE "a ""b" ("the ""key" text PRIMARY KEY, "select" text);
           INSERT INTO "a ""b" VALUES ('k''1', 'x')"#,
    )
    .await;
    let table = form_urlencoded("a \"b");
    let seen = row(&site, &table, r#"["k'1"]"#).await;
    let change = json!([{"do": "update", "key": ["k'1"], "version": seen["version"], "set": {"select": "y"}}]);
    assert_eq!(send(&site, &table, change).await.0, 200);
    let value = r#"SELECT "select" FROM acme."a ""b""#;
    assert_eq!(site.database.value(value).await, "y");
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
            assert!(answer.body.contains("--write"), "{answer:?}");
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
