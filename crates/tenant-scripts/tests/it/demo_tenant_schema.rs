//! `demo-tenant-schema`: makes a tenant, fills it, queries it, and cleans up.

use serde_json::{Value, json};

use crate::support::{Call, Database, Migrations};

const ROWS: [&str; 3] = ["first", "second", "third"];

#[tokio::test]
async fn the_demo_shows_its_steps_and_rows_and_leaves_nothing_behind() {
    let database = Database::with_tenants("acme").await;
    let shown = database.run("demo-tenant-schema").succeeds();
    for step in [
        "The public schema is up to date",
        "schema, 2 migrations, registration",
        "beside it",
        "Found it in public.schema_tracker",
        "Inserted 3 rows into its dummy_table",
        "Queried them back: 3 rows",
        "for the same table: 0 rows",
        "Dropped both tenants",
    ] {
        assert!(shown.stderr.contains(step), "{shown}");
        assert!(!shown.stderr.contains(" ms)"), "{shown}");
    }
    for row in ROWS {
        assert!(shown.stdout.contains(row), "{shown}");
    }
    let create = database.hint(&Call::CreateTenant("acme_corp".parse().ok()));
    shown
        .prints("it's quoted")
        .prints("has 3 rows; tenant `demo_globex_")
        .prints("sees 0 of them.")
        .prints(&format!("To create your own tenant, run:\n  {create}\n"));
    assert_eq!(database.schemas().await, ["acme"]);
    assert_eq!(database.tracked().await, ["acme"]);
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn the_document_has_rows_steps_and_the_proof_of_isolation() {
    let database = Database::set_up().await;
    let shown = database
        .run("demo-tenant-schema --json")
        .succeeds()
        .says_nothing();
    let mut document = shown.json_without_times();
    let name = document["tenant"].as_str().unwrap().to_owned();
    let other = document["other_tenant"].as_str().unwrap().to_owned();
    assert_ne!(name, other);
    let steps = document["steps"].take();
    assert_eq!(
        document,
        json!({
            "tenant": name,
            "other_tenant": other,
            "rows": [
                {
                    "name": "first", "value": "42",
                    "description": "inserted through the tenant's search_path",
                },
                {"name": "second", "value": null, "description": "a value may be missing"},
                {"name": "third", "value": "it's quoted", "description": null},
            ],
            "rows_in_other_tenant": 0,
            "isolated": true,
            "kept": false,
            "steps": null,
            "duration_ms": 0,
        })
    );
    let steps = steps
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["step"].clone());
    assert_eq!(
        steps.collect::<Value>(),
        json!([
            "migrate_public",
            "create_tenant",
            "create_other_tenant",
            "find_registration",
            "insert",
            "query",
            "query_other_tenant",
            "clean_up",
        ])
    );
    assert!(database.schemas().await.is_empty());
}

#[tokio::test]
async fn keep_leaves_the_tenant_in_place_with_its_rows_and_only_that() {
    let database = Database::empty().await;
    let shown = database.run("demo-tenant-schema --keep").succeeds();
    let shown = shown.says("Dropped the second tenant").prints(&format!(
        "To list the tenants, run:\n  {}\n",
        database.hint(&Call::ListTenants)
    ));
    let [name] = database.tracked().await.try_into().unwrap();
    let name: String = name;
    assert!(
        shown.stdout.contains(&format!("Kept tenant `{name}`.")),
        "{shown}"
    );
    assert_eq!(database.schemas().await, [name.as_str()]);
    let rows = format!("SELECT name FROM {name}.dummy_table ORDER BY name");
    assert_eq!(database.column(&rows).await, ROWS);
    database
        .run("list-tenants")
        .succeeds()
        .prints(&name)
        .prints("up to date");
    database.run("health-check").succeeds();
    database
        .run(&format!("drop-tenant {name} --yes"))
        .succeeds();
}

#[tokio::test]
async fn a_demo_can_be_kept_more_than_once() {
    let database = Database::set_up().await;
    for _ in 0..3 {
        let shown = database.run("demo-tenant-schema --keep --json").succeeds();
        assert_eq!(shown.json()["kept"], true);
    }
    assert_eq!(database.tracked().await.len(), 3);
}

#[tokio::test]
async fn timing_shows_how_long_each_step_took() {
    let database = Database::empty().await;
    let shown = database.run("demo-tenant-schema --timing").succeeds();
    assert_eq!(shown.stderr.lines().count(), 8, "{shown}");
    for step in shown.stderr.lines() {
        let (_, time) = step.rsplit_once(" (").unwrap();
        let milliseconds = time.strip_suffix(" ms)").unwrap().parse::<f64>().unwrap();
        assert!(milliseconds > 0.0, "{step}");
    }
}

#[tokio::test]
async fn a_demo_that_fails_cleans_up_too() {
    let database = Database::set_up().await;
    let migrations = Migrations::ours().tenant(
        "2026-02-01-000000_drop_description",
        "ALTER TABLE dummy_table DROP COLUMN description;",
    );
    database
        .run_with(&migrations, "demo-tenant-schema --keep")
        .exits_with(1)
        .prints_nothing()
        .says("column \"description\" of relation \"dummy_table\" does not exist");
    assert!(database.schemas().await.is_empty());
    assert!(database.tracked().await.is_empty());
}

#[tokio::test]
async fn a_quiet_demo_says_nothing() {
    let database = Database::set_up().await;
    database
        .run("demo-tenant-schema --quiet")
        .succeeds()
        .prints_nothing()
        .says_nothing();
}
