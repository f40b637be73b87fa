//! `health-check`: each kind of problem, made by hand, with what to do about it.

use serde_json::{Value, json};
use tenant_core::TenantName;

use crate::support::{Call, Database, Finished, Migrations};

fn acme() -> TenantName {
    "acme".parse().unwrap()
}

/// The kinds of problems, with whom they are about.
fn problems(checked: &Finished) -> Vec<(String, String)> {
    let document = checked.json();
    let problems = document["problems"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("public").to_owned();
    let pair = |problem: &Value| (text(&problem["tenant"]), text(&problem["kind"]));
    problems.iter().map(pair).collect()
}

fn pair(tenant: &str, kind: &str) -> (String, String) {
    (tenant.to_owned(), kind.to_owned())
}

/// The check finds exactly this problem, and shows it in text too.
async fn finds(database: &Database, problem: Value) {
    let checked = database.run("health-check --json").exits_with(1);
    let mut document = checked.json();
    assert_eq!(document["healthy"], false);
    let found = document["problems"][0].as_object_mut().unwrap();
    for key in ["sql", "notes", "sqlstate", "file", "line", "column"] {
        assert!(found.remove(key).is_some(), "no {key}: {checked}");
    }
    assert_eq!(document["problems"], json!([problem]), "{checked}");
    let shown = database.run("health-check").exits_with(1).says_nothing();
    let about = problem["tenant"].as_str().unwrap();
    let message = problem["message"].as_str().unwrap();
    let hint = problem["hint"].as_str().unwrap();
    for line in hint.lines() {
        assert!(shown.stdout.contains(line), "no {line}: {shown}");
    }
    shown
        .prints(&format!("error: {message}\n  {about}\nhint: "))
        .prints("checked: 1 problem.");
}

#[tokio::test]
async fn a_healthy_database_is_said_to_be_well() {
    let database = Database::with_tenants("acme beta").await;
    let checked = database.run("health-check").succeeds().says_nothing();
    assert_eq!(checked.stdout, "2 tenants checked: all well.\n");
    let checked = database.run("health-check --json").succeeds();
    assert_eq!(
        checked.json(),
        json!({
            "healthy": true, "tables_checked": true, "not_checked": null, "checked": 2, "unread": 0, "as_expected": 2, "busy": [],
            "varying": [], "in_both": [], "groups": [], "problems": []
        })
    );
}

#[tokio::test]
async fn a_database_without_tenants_is_healthy() {
    let database = Database::set_up().await;
    database
        .run("health-check")
        .succeeds()
        .prints("0 tenants checked: all well.");
}

#[tokio::test]
async fn a_schema_that_is_gone_is_found() {
    let database = Database::with_tenants("acme beta").await;
    database.execute("DROP SCHEMA acme CASCADE").await;
    let problem = json!({
        "tenant": "acme",
        "kind": "missing_schema",
        "message": "the tenant is registered, but its schema does not exist",
        "hint": format!(
            "Restore the schema from a backup.\nOr drop the tenant.\n{}",
            database.hint(&Call::DropTenant(acme()))
        ),
    });
    finds(&database, problem).await;
    database.run("drop-tenant acme --yes").succeeds();
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn a_table_that_is_gone_is_found() {
    let database = Database::with_tenants("acme beta").await;
    database.execute("DROP TABLE acme.dummy_table").await;
    let problem = json!({
        "tenant": "acme",
        "kind": "missing_table",
        "message": "table `dummy_table` is missing",
        "hint": format!("Repair the tenant.\n{}", database.hint(&Call::RepairTenant(acme()))),
    });
    finds(&database, problem).await;
}

#[tokio::test]
async fn a_tenant_that_is_behind_is_found() {
    let database = Database::with_tenants("beta").await;
    database
        .execute("CREATE SCHEMA acme; INSERT INTO schema_tracker (name) VALUES ('acme')")
        .await;
    let problem = json!({
        "tenant": "acme",
        "kind": "pending_migrations",
        "message": "2 pending migrations: 20260101000000, 20260102000000",
        "hint": format!("Migrate the tenant.\n{}", database.hint(&Call::MigrateTenant(acme()))),
    });
    finds(&database, problem).await;
    database.run("migrate-tenants --only acme").succeeds();
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn a_public_schema_that_is_behind_is_found() {
    let database = Database::with_tenants("acme").await;
    let migrations = Migrations::ours().public("2026-02-01-000000_plans", "CREATE TABLE plans ();");
    let hint = database.hint_with(&migrations, &Call::MigratePublic);
    database
        .run_with(&migrations, "health-check")
        .exits_with(1)
        .prints("error: 1 pending migration: 20260201000000\n  public schema\n")
        .prints(&format!(
            "hint: Apply the public migrations.\n      {hint}\n"
        ))
        .prints("1 tenant checked: 1 problem.");
    let checked = database
        .run_with(&migrations, "health-check --json")
        .exits_with(1);
    let problem = &checked.json()["problems"][0];
    assert_eq!(problem["tenant"], Value::Null);
    assert_eq!(problem["kind"], "pending_migrations");
    database.run_with(&migrations, "migrate-public").succeeds();
    database.run_with(&migrations, "health-check").succeeds();
}

#[tokio::test]
async fn a_migration_that_nobody_has_is_found() {
    let database = Database::with_tenants("acme beta").await;
    database
        .execute("INSERT INTO acme.__diesel_schema_migrations (version) VALUES ('20990101000000')")
        .await;
    let problem = json!({
        "tenant": "acme",
        "kind": "unknown_migration",
        "message": "the applied migration 20990101000000 is not among the migrations of this program",
        "hint": format!(
            "Run the program that applied these migrations, give their folder with \
             --migrations-dir, or restore it.\nIf a baseline replaces them, see what squashing \
             would do.\ncargo xtask db:squash:tenants --dry-run --database-url {}",
            database.url()
        ),
    });
    finds(&database, problem).await;
}

#[tokio::test]
async fn a_name_that_cannot_be_a_tenants_is_found() {
    let database = Database::with_tenants("acme").await;
    database
        .execute("INSERT INTO schema_tracker (name) VALUES ('Not-A-Name')")
        .await;
    let problem = json!({
        "tenant": "Not-A-Name",
        "kind": "invalid_name",
        "message": "the registered name is not a valid tenant name: \"Not-A-Name\" cannot be a \
                   tenant name: it contains '-'; only letters (a-z, A-Z), digits and underscores \
                   are allowed (for example, `acme_corp`)",
        "hint": "Correct the name in the registry, or delete its row.\n\
                 DELETE FROM public.schema_tracker WHERE name = 'Not-A-Name';",
    });
    finds(&database, problem).await;
}

#[tokio::test]
async fn a_ledger_that_cannot_be_read_is_found() {
    let database = Database::with_tenants("acme beta").await;
    database
        .execute("ALTER TABLE acme.__diesel_schema_migrations RENAME version TO number")
        .await;
    let checked = database.run("health-check --json").exits_with(1);
    assert_eq!(problems(&checked), [pair("acme", "unreadable")]);
    let shown = database.run("health-check").exits_with(1);
    shown.prints("column \"version\" does not exist (SQLSTATE 42703)");
}

#[tokio::test]
async fn migrations_that_cannot_make_a_tenant_any_more_are_found() {
    let database = Database::with_tenants("acme").await;
    let migrations = Migrations::ours().tenant("2026-02-01-000000_break", "SELECT 1 / 0;");
    let checked = database
        .run_with(&migrations, "health-check --json")
        .exits_with(1);
    let found = problems(&checked);
    assert!(
        found.contains(&pair("public", "broken_migrations")),
        "{checked}"
    );
    assert!(
        found.contains(&pair("acme", "pending_migrations")),
        "{checked}"
    );
    let shown = database.run_with(&migrations, "health-check").exits_with(1);
    shown
        .prints("division by zero")
        .prints("2026-02-01-000000_break");
}

#[tokio::test]
async fn only_the_named_tenants_are_checked() {
    let database = Database::with_tenants("acme beta gamma").await;
    database
        .execute("DROP TABLE acme.dummy_table; DROP TABLE gamma.dummy_table; CREATE SCHEMA stray")
        .await;
    database
        .run("health-check --only beta")
        .succeeds()
        .prints("1 tenant checked: all well.");
    let checked = database
        .run("health-check --only beta --only gamma --json")
        .exits_with(1);
    assert_eq!(checked.json()["checked"], 2);
    assert_eq!(problems(&checked), [pair("gamma", "missing_table")]);
    database
        .run("health-check --only nobody")
        .exits_with(2)
        .says("there is no tenant `nobody`");
}

#[tokio::test]
async fn all_problems_are_found_at_once_sorted_by_tenant() {
    let database = Database::with_tenants("a b c d").await;
    database
        .execute(
            "DROP SCHEMA a CASCADE;
             DROP TABLE b.dummy_table;
             INSERT INTO b.__diesel_schema_migrations (version) VALUES ('20990101000000');
             DELETE FROM c.__diesel_schema_migrations WHERE version = '20260102000000';
             ALTER TABLE c.dummy_table DROP COLUMN description;
             UPDATE schema_tracker SET fingerprints = '{}' WHERE name = 'c';
             INSERT INTO schema_tracker (name) VALUES ('e-e');
             CREATE SCHEMA f",
        )
        .await;
    let checked = database.run("health-check --json").exits_with(1);
    assert_eq!(checked.json()["checked"], 5);
    let mut found = problems(&checked);
    let tenants = found
        .iter()
        .map(|(tenant, _)| tenant.clone())
        .collect::<Vec<_>>();
    assert!(tenants.is_sorted(), "{checked}");
    found.sort();
    assert_eq!(
        found,
        [
            pair("a", "missing_schema"),
            pair("b", "unknown_migration"),
            pair("c", "pending_migrations"),
            pair("e-e", "invalid_name"),
            pair("f", "orphaned_schema"),
        ]
    );
    database
        .run("health-check --quiet")
        .exits_with(1)
        .prints("5 tenants checked: 5 problems.")
        .says_nothing();
}

#[tokio::test]
async fn a_check_leaves_nothing_behind() {
    let database = Database::with_tenants("acme").await;
    let up = "CREATE INDEX CONCURRENTLY by_name ON dummy_table (name);";
    let migrations = Migrations::ours().outside_transaction("2026-02-01-000000_index", up);
    let everything = "SELECT string_agg(line, '; ' ORDER BY line) FROM (
         SELECT 'schema ' || nspname FROM pg_namespace UNION ALL
         SELECT 'relation ' || oid::regclass || ' ' || reltuples FROM pg_class
             WHERE relnamespace <> 'pg_toast'::regnamespace AND oid > 16383 UNION ALL
         SELECT 'lock ' || count(*) FROM pg_locks WHERE locktype = 'advisory'
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
         ) AS lines (line)";
    let before = database.value(everything).await;
    database.run("health-check").succeeds();
    database.run_with(&migrations, "health-check").exits_with(1);
    let broken = Migrations::ours().tenant("2026-02-01-000000_break", "SELECT 1 / 0;");
    database.run_with(&broken, "health-check").exits_with(1);
    assert_eq!(database.value(everything).await, before);
    assert_eq!(database.schemas().await, ["acme"]);
}

#[tokio::test]
async fn a_role_that_may_only_read_can_check_the_health() {
    let database = Database::with_tenants("acme").await;
    let role = database.role("unused").await;
    let role_name = role.name();
    database
        .execute(&format!(
            "GRANT USAGE ON SCHEMA acme TO {role_name};
             GRANT SELECT ON ALL TABLES IN SCHEMA public, acme TO {role_name}"
        ))
        .await;
    let checked = database
        .folder
        .command("health-check --json")
        .on(&role.url())
        .run();
    assert!(!checked.stdout.contains("broken_migrations"), "{checked}");
}
