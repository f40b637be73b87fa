//! `list-tenants`: who there is, and at which version.

use serde_json::{Value, json};

use crate::support::{Call, Database, Finished, Migrations, OUR_VERSIONS};

/// The document with the times of creation left out, once it is sure that they
/// are RFC 3339 in UTC.
fn rows(listed: &Finished) -> Value {
    let mut document = listed.json();
    for row in document["tenants"].as_array_mut().unwrap() {
        let created = row.as_object_mut().unwrap().remove("created_at").unwrap();
        let created = created.as_str().unwrap();
        assert!(
            created.starts_with("20") && created.contains('T'),
            "{created}"
        );
        assert!(
            created.ends_with('Z') || created.ends_with("+00:00"),
            "{created}"
        );
    }
    document
}

#[tokio::test]
async fn no_tenants_yet_is_an_invitation_to_make_one_and_an_empty_list() {
    let database = Database::set_up().await;
    let create = database.hint(&Call::CreateTenant(None));
    let told = format!("note: there are no tenants yet\nhint: Create a tenant.\n      {create}");
    for line in [
        "list-tenants",
        "list-tenants -o name",
        "list-tenants -o wide",
    ] {
        database.run(line).succeeds().prints_nothing().says(&told);
    }
    for line in ["list-tenants --json", "list-tenants -o json"] {
        let listed = database.run(line).succeeds().says_nothing();
        assert_eq!(listed.json(), json!({"tenants": []}));
    }
}

#[tokio::test]
async fn tenants_are_listed_by_name_with_version_and_state() {
    let database = Database::with_tenants("beta acme").await;
    let listed = database.run("list-tenants").succeeds().says_nothing();
    let lines = listed.stdout.lines().collect::<Vec<_>>();
    assert_eq!(lines.len(), 3, "{listed}");
    let cells = |line: &str| {
        let cells = line.split("  ").filter(|cell| !cell.is_empty());
        cells.map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        cells(lines[0]),
        ["Tenant", "State", "Version", "Created (UTC)"]
    );
    for (line, name) in lines[1..].iter().zip(["acme", "beta"]) {
        let cells = cells(line);
        assert_eq!(
            cells[..3],
            [name, "up to date", OUR_VERSIONS[1]],
            "{listed}"
        );
    }
}

/// A narrow terminal breaks no name and no number, and a pipe gets no frame.
#[tokio::test]
async fn a_row_is_one_line_however_long_it_is() {
    let name = "a_tenant_with_a_name_of_sixty_three_letters_".repeat(2)[..63].to_owned();
    let database = Database::with_tenants(&name).await;
    let listed = database.command("list-tenants").env("COLUMNS", "40").run();
    let line = listed.stdout.lines().nth(1).unwrap();
    assert!(
        line.starts_with(&format!("{name}  up to date  ")),
        "{listed}"
    );
    assert!(listed.stdout.is_ascii(), "{listed}");
}

#[tokio::test]
async fn the_form_and_the_order_are_what_was_asked_for() {
    let database = Database::with_tenants("acme beta eu_one eu_two").await;
    database
        .execute(
            "UPDATE schema_tracker SET created_at = CASE name WHEN 'beta' THEN '2019-01-01' \
             WHEN 'eu_one' THEN '2020-01-01' WHEN 'acme' THEN '2021-01-01' \
             ELSE '2022-01-01' END::timestamptz",
        )
        .await;
    let names = |line: &str| {
        let listed = database.run(&format!("list-tenants -o name {line}"));
        let listed = listed.succeeds();
        listed
            .stdout
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    database
        .run("rollback-tenants beta --to 0 --yes")
        .succeeds();
    database
        .run("rollback-tenants acme --steps 1 --yes")
        .succeeds();
    assert_eq!(names(""), "acme beta eu_one eu_two");
    assert_eq!(names("--sort created"), "beta eu_one acme eu_two");
    assert_eq!(names("--sort version"), "beta acme eu_one eu_two");
    assert_eq!(names("--sort pending"), "beta acme eu_one eu_two");
    assert_eq!(names("--pending"), "acme beta");
    assert_eq!(names("--match eu_* beta"), "beta eu_one eu_two");
    assert_eq!(names("eu_two acme --sort name"), "acme eu_two");
    let wide = database.run("list-tenants -o wide beta").succeeds();
    let heading = wide.stdout.lines().next().unwrap();
    for column in ["Schema", "Pending", "Unknown"] {
        assert!(heading.contains(column), "{wide}");
    }
    let document = database.run("list-tenants -o json --pending").succeeds();
    let document = document.json();
    assert_eq!(document["tenants"].as_array().unwrap().len(), 2);
    database.run("migrate-tenants").succeeds();
    database
        .run("list-tenants --pending")
        .succeeds()
        .prints_nothing()
        .says("no tenant is behind");
}

#[tokio::test]
async fn the_document_has_a_row_for_each_tenant() {
    let database = Database::with_tenants("beta acme").await;
    let listed = database.run("list-tenants --json").succeeds();
    let row = |name| json!({"name": name, "schema": name, "version": OUR_VERSIONS[1], "pending": 0, "unknown": 0, "state": "up_to_date", "error": null});
    assert_eq!(
        rows(&listed),
        json!({"tenants": [row("acme"), row("beta")]})
    );
}

#[tokio::test]
async fn a_tenant_that_is_behind_shows_how_many_migrations_it_lacks() {
    let database = Database::with_tenants("acme").await;
    let migrations = Migrations::ours()
        .tenant("2026-02-01-000000_a", "CREATE TABLE a (id INT);")
        .tenant("2026-02-02-000000_b", "CREATE TABLE b (id INT);");
    database
        .run_with(&migrations, "list-tenants")
        .succeeds()
        .prints(OUR_VERSIONS[1])
        .prints("2 pending");
    let listed = database
        .run_with(&migrations, "list-tenants --json")
        .succeeds();
    let row = json!({"name": "acme", "schema": "acme", "version": OUR_VERSIONS[1], "pending": 2, "unknown": 0, "state": "behind", "error": null});
    assert_eq!(rows(&listed), json!({"tenants": [row]}));
}

#[tokio::test]
async fn a_tenant_registered_by_hand_without_migrations_has_no_version() {
    let database = Database::set_up().await;
    database
        .execute("CREATE SCHEMA acme; INSERT INTO schema_tracker (name) VALUES ('acme')")
        .await;
    let listed = database.run("list-tenants --json").succeeds();
    let row = json!({"name": "acme", "schema": "acme", "version": null, "pending": 2, "unknown": 0, "state": "behind", "error": null});
    assert_eq!(rows(&listed), json!({"tenants": [row]}));
    database.run("list-tenants").succeeds().prints("2 pending");
}

#[tokio::test]
async fn a_tenant_whose_state_cannot_be_read_does_not_hide_the_others() {
    let database = Database::with_tenants("acme gone odd").await;
    database
        .execute(
            "DROP SCHEMA gone CASCADE;
             ALTER TABLE odd.__diesel_schema_migrations RENAME COLUMN version TO number",
        )
        .await;
    database
        .run("list-tenants")
        .exits_with(1)
        .says("tenant `gone` is registered, but its schema does not exist")
        .says("could not read the migration history of tenant `odd`")
        .prints("up to date")
        .prints("unreadable");
    let listed = database.run("list-tenants --json").exits_with(1);
    let document = rows(&listed);
    assert_eq!(document["tenants"][0]["error"], Value::Null);
    assert_eq!(document["tenants"][0]["pending"], 0);
    for unknown in [1, 2] {
        let tenant = document["tenants"][unknown].as_object().unwrap();
        assert_eq!(tenant["pending"], Value::Null, "{listed}");
        assert_eq!(tenant["version"], Value::Null, "{listed}");
        assert_eq!(tenant["unknown"], Value::Null, "{listed}");
        assert_eq!(tenant["state"], "unreadable", "{listed}");
    }
    let gone = &document["tenants"][1]["error"];
    assert_eq!(
        gone["message"],
        "tenant `gone` is registered, but its schema does not exist"
    );
    assert!(
        gone["hint"]
            .as_str()
            .unwrap()
            .contains("cargo xtask db:drop:tenant gone")
    );
    assert_eq!(document["tenants"][2]["error"]["sqlstate"], "42703");
}

#[tokio::test]
async fn tenants_ahead_of_this_program_and_of_another_one_are_not_called_up_to_date() {
    let database = Database::with_tenants("acme globex").await;
    database
        .execute(
            "INSERT INTO acme.__diesel_schema_migrations (version) VALUES ('20300101000000');
             UPDATE schema_tracker SET fingerprints = (SELECT jsonb_object_agg(key, \
                 'v1:0123456789abcdef') FROM jsonb_each_text(fingerprints)) WHERE name = 'globex'",
        )
        .await;
    let listed = database.run("list-tenants").succeeds();
    let listed = listed.prints("  ahead  ").prints("other program");
    assert!(!listed.stdout.contains("up to date"), "{listed}");
    let listed = database.run("list-tenants --json").succeeds();
    let row = |name, version, unknown, state| json!({"name": name, "schema": name, "version": version, "pending": 0, "unknown": unknown, "state": state, "error": null});
    let ahead = row("acme", "20300101000000", 1, "ahead");
    let other = row("globex", OUR_VERSIONS[1], 0, "other_program");
    assert_eq!(rows(&listed), json!({"tenants": [ahead, other]}));
}

#[tokio::test]
async fn a_quiet_list_is_still_a_list() {
    let database = Database::with_tenants("acme").await;
    database
        .run("list-tenants --quiet")
        .succeeds()
        .prints("acme")
        .says_nothing();
}

#[tokio::test]
async fn the_list_shows_why_a_state_cannot_be_read() {
    let database = Database::with_tenants("odd").await;
    database
        .execute("ALTER TABLE odd.__diesel_schema_migrations RENAME version TO number")
        .await;
    database
        .run("list-tenants")
        .exits_with(1)
        .prints("unreadable")
        .says("column \"version\" does not exist");
}
