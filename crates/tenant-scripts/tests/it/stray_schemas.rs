//! Schemas that nobody registered: found, told apart from a neighbour's, and
//! brought in by doing exactly what the commands say.

use serde_json::{Value, json};

use crate::support::{Database, Finished};

/// The part of `text` between `before` and the next `end`.
fn cut<'a>(text: &'a str, before: &str, end: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(end)
        .unwrap_or_else(|| panic!("no {end} in {rest}"))
        .0
}

/// Does what a message says: runs the command that it names, and then brings the
/// tenant up to date.
async fn obey(database: &Database, message: &str) {
    assert!(message.contains("Adopt the schema as a tenant.\n"));
    let tenant = cut(message, "cargo xtask db:adopt:tenant ", " ");
    database.run(&format!("adopt-tenant {tenant}")).succeeds();
    database
        .run(&format!("migrate-tenants --only {tenant}"))
        .succeeds();
}

fn orphans(checked: &Finished) -> Vec<Value> {
    let document = checked.json();
    let problems = document["problems"].as_array().unwrap().clone();
    let orphan = |problem: &Value| problem["kind"] == "orphaned_schema";
    assert!(problems.iter().all(orphan), "{checked}");
    problems
        .iter()
        .map(|problem| problem["tenant"].clone())
        .collect()
}

#[tokio::test]
async fn a_schema_in_the_way_is_told_how_to_be_registered_and_that_works() {
    let database = Database::with_tenants("beta").await;
    database.execute("CREATE SCHEMA acme").await;
    let refused = database.run("create-tenant acme").exits_with(1);
    let refused = refused.says("the schema `acme` exists but is not registered as a tenant");
    obey(&database, &refused.stderr).await;
    database
        .run("health-check --only acme")
        .succeeds()
        .prints("1 tenant checked: all well.");
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn a_tenant_that_lost_its_registration_gets_it_back_with_its_data() {
    let database = Database::with_tenants("acme beta").await;
    database
        .execute(
            "INSERT INTO acme.dummy_table (name) VALUES ('kept');
             DELETE FROM schema_tracker WHERE name = 'acme'",
        )
        .await;
    for command in ["create-tenant acme", "drop-tenant acme --yes"] {
        database
            .run(command)
            .exits_with(1)
            .says("the schema `acme` exists but is not registered as a tenant");
    }
    let refused = database.run("create-tenant acme --json").exits_with(1);
    let hint = refused.json()["tenants"][0]["error"]["hint"].clone();
    obey(&database, hint.as_str().unwrap()).await;
    assert_eq!(
        database.value("SELECT name FROM acme.dummy_table").await,
        "kept"
    );
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn leftovers_of_tenants_are_found_and_a_neighbours_schemas_are_not() {
    let database = Database::with_tenants("acme lost").await;
    database
        .execute(
            "DELETE FROM schema_tracker WHERE name = 'lost';
             CREATE SCHEMA empty;
             CREATE SCHEMA half;
             CREATE TABLE half.dummy_table (id uuid, name text, value text);
             CREATE SCHEMA rivals;
             CREATE TABLE rivals.dummy_table (id int, colour text);
             CREATE SCHEMA billing;
             CREATE TABLE billing.invoices (id INT);
             CREATE SCHEMA tools;
             CREATE FUNCTION tools.one() RETURNS INT LANGUAGE sql AS 'SELECT 1';
             CREATE SCHEMA kinds;
             CREATE TYPE kinds.colour AS ENUM ('red');
             CREATE SCHEMA views;
             CREATE VIEW views.tenants AS SELECT name FROM public.schema_tracker",
        )
        .await;
    let checked = database.run("health-check --json").exits_with(1);
    assert_eq!(orphans(&checked), ["empty", "half", "lost"]);
    database
        .run("health-check")
        .exits_with(1)
        .prints("error: the schema is empty, and no tenant with that name is registered\n  empty\n")
        .prints("1 tenant checked: 3 problems.");
}

#[tokio::test]
async fn an_orphan_is_brought_in_by_doing_what_the_check_says() {
    let database = Database::with_tenants("acme lost").await;
    database
        .execute("DELETE FROM schema_tracker WHERE name = 'lost'; CREATE SCHEMA \"Empty\"")
        .await;
    let checked = database.run("health-check --json").exits_with(1);
    assert_eq!(orphans(&checked), ["Empty", "lost"]);
    for problem in checked.json()["problems"].as_array().unwrap() {
        let remedy = problem["hint"].as_str().unwrap();
        let adopt = cut(remedy, "cargo xtask db:adopt:tenant ", " ");
        let remove = cut(remedy, "Or if nothing uses the schema, drop it.\n", ";");
        if problem["tenant"] == "lost" {
            database.run(&format!("adopt-tenant {adopt}")).succeeds();
        } else {
            database.execute(remove).await;
        }
    }
    assert_eq!(database.tracked().await, ["acme", "lost"]);
    let checked = database.run("health-check --json").succeeds();
    assert_eq!(
        checked.json(),
        json!({
            "healthy": true, "tables_checked": true, "checked": 2, "unread": 0, "as_expected": 2,
            "not_checked": null, "busy": [], "varying": [], "in_both": [], "groups": [], "problems": []
        })
    );
}

#[tokio::test]
async fn the_schema_with_extensions_is_no_orphan() {
    let database = Database::with_tenants("acme").await;
    database.execute("CREATE SCHEMA extensions").await;
    let checked = database.run("health-check --json").exits_with(1);
    assert_eq!(orphans(&checked), ["extensions"]);
    database
        .run("health-check --extensions-schema extensions")
        .succeeds();
}

#[tokio::test]
async fn a_registered_name_that_a_terminal_would_obey_is_shown_harmlessly() {
    let database = Database::set_up().await;
    database
        .execute("INSERT INTO schema_tracker (name) VALUES (E'bell\\x07\\x1b[31m')")
        .await;
    for command in ["list-tenants", "health-check", "migrate-tenants"] {
        let shown = database.run(command).exits_with(1);
        assert!(
            !shown.stdout.contains('\x07') && !shown.stderr.contains('\x07'),
            "{shown}"
        );
    }
}
