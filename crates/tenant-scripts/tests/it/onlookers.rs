//! `list-tenants` and `health-check` while others work: they wait for nobody, and
//! take nothing for broken that is merely under way.

use serde_json::Value;
use test_support::{Running, Trials, rounds};
use tokio_postgres::Client;

use crate::support::{Database, Finished, Migrations, Site, WAIT_AT_GATE, names};

const NEW: &str = "20260201000000";

/// The problems of a health check, as `tenant: kind`.
fn problems(checked: &Finished) -> Vec<String> {
    let document = checked.json();
    let problems = document["problems"].as_array().unwrap().iter();
    let problem = |problem: &Value| {
        let text = |field: &str| problem[field].as_str().unwrap_or("public").to_owned();
        format!("{}: {}", text("tenant"), text("kind"))
    };
    problems.map(problem).collect()
}

/// Each tenant of a list, as `tenant: how many migrations it lacks`. None is
/// unreadable.
fn listed(list: &Finished) -> Vec<String> {
    let document = list.json();
    let tenants = document["tenants"].as_array().unwrap().iter();
    let tenant = |tenant: &Value| {
        assert_eq!(tenant["error"], Value::Null, "{list}");
        format!(
            "{}: {}",
            tenant["name"].as_str().unwrap(),
            tenant["pending"]
        )
    };
    tenants.map(tenant).collect()
}

/// Somebody reads a table of `acme` in a transaction that is left open.
async fn reader(database: &Database) -> Client {
    let reader = database.client().await;
    let lock = "BEGIN; LOCK TABLE acme.dummy_table IN ACCESS SHARE MODE";
    reader.batch_execute(lock).await.unwrap();
    reader
}

#[tokio::test]
async fn a_migration_under_way_holds_nobody_up_and_shows_as_pending() {
    let database = Database::with_tenants("acme beta").await;
    let up = "ALTER TABLE dummy_table ADD COLUMN size INT; CREATE TABLE sizes (id INT);";
    let migrations = Migrations::ours().tenant("2026-02-01-000000_size", up);
    let reader = reader(&database).await;
    let migrate = database.command("migrate-tenants --jobs 1 --lock-timeout 60");
    let migrate = migrate.migrations(&migrations).start();
    database.until_waiting(1).await;

    let list = database.run_with(&migrations, "list-tenants --json");
    assert_eq!(listed(&list.succeeds()), ["acme: 1", "beta: 1"]);
    let check = database.run_with(&migrations, "health-check --json");
    let check = check.exits_with(1);
    assert_eq!(
        problems(&check),
        ["acme: pending_migrations", "beta: pending_migrations"]
    );
    let document = check.json();
    assert!(
        document["busy"] == serde_json::json!(["acme"]) || document["as_expected"] == 2,
        "{check}"
    );
    reader.batch_execute("ROLLBACK").await.unwrap();
    migrate
        .finish()
        .succeeds()
        .prints("2 tenants: 2 migrated (");
    database.run_with(&migrations, "health-check").succeeds();
    assert_eq!(database.applied("acme").await.last().unwrap(), NEW);
}

/// Migrations that rename the table that all tenants have. With the gate, a
/// health check that tries them has read where the tenants stand, and has not yet
/// looked for their tables.
fn renaming(gate: &str) -> Migrations {
    let up = format!("ALTER TABLE dummy_table RENAME TO renamed;{gate}");
    Migrations::ours().tenant("2026-02-01-000000_rename", &up)
}

#[tokio::test]
async fn a_tenant_that_is_migrated_during_a_health_check_lacks_no_table() {
    let database = Database::with_tenants("acme beta").await;
    database.close_gate().await;
    let check = database.command("health-check --json");
    let gated = renaming(WAIT_AT_GATE);
    let check = check.migrations(&gated).start();
    database.until_at_gate(1).await;
    database
        .run_with(&renaming(""), "migrate-tenants")
        .succeeds()
        .prints("2 tenants: 2 migrated (");
    database.open_gate().await;
    // The gate is an edit of the migration, and may be told; no table was missing.
    let checked = check.finish();
    for problem in problems(&checked) {
        assert!(!problem.ends_with(": missing_table"), "{checked}");
    }
    database.run_with(&renaming(""), "health-check").succeeds();
}

/// A health check that has read where `acme` and `beta` stand, and has not yet
/// looked at anything else, with the migrations that it tries.
async fn begun_check(database: &Database) -> (Running, Migrations) {
    let gated = Migrations::ours().tenant("2026-02-01-000000_wait", WAIT_AT_GATE);
    database.close_gate().await;
    database.open_gate().await;
    let create = "create-tenant acme beta";
    database.run_with(&gated, create).succeeds();
    database.close_gate().await;
    let check = database.command("health-check --json");
    let check = check.migrations(&gated).start();
    database.until_at_gate(1).await;
    (check, gated)
}

#[tokio::test]
async fn a_tenant_that_is_dropped_during_a_health_check_is_no_problem() {
    let database = Database::set_up().await;
    let (check, _gated) = begun_check(&database).await;
    database.run("drop-tenant acme --yes").succeeds();
    database.open_gate().await;
    let checked = check.finish();
    assert_eq!(problems(&checked), [""; 0], "{checked}");
    checked.succeeds();
}

#[tokio::test]
async fn a_spare_that_is_made_during_a_health_check_is_no_orphan() {
    let database = Database::set_up().await;
    let (check, gated) = begun_check(&database).await;
    // The check goes on until it needs the list of tenants once more. It has read
    // that of the spares by then.
    let client = database.client().await;
    let lock = "BEGIN; LOCK TABLE public.schema_tracker";
    client.batch_execute(lock).await.unwrap();
    database.open_gate().await;
    database.until_waiting(1).await;
    database.run_with(&gated, "spare-tenants 1").succeeds();
    client.batch_execute("ROLLBACK").await.unwrap();
    let checked = check.finish();
    assert_eq!(problems(&checked), [""; 0], "{checked}");
    checked.succeeds();
}

/// A session that is about to drop `acme`, and holds the lock of its migration history.
async fn dropping(database: &Database) -> Client {
    let dropping = database.client().await;
    let lock = "BEGIN; LOCK TABLE acme.__diesel_schema_migrations";
    dropping.batch_execute(lock).await.unwrap();
    dropping
}

/// What it does then.
const DROPPED: &str = "DROP SCHEMA acme CASCADE; \
                       DELETE FROM public.schema_tracker WHERE name = 'acme'; COMMIT";

#[tokio::test]
async fn a_tenant_that_is_dropped_during_a_list_is_not_listed() {
    let database = Database::with_tenants("acme beta").await;
    let dropping = dropping(&database).await;
    let list = database.command("list-tenants --json").start();
    // It waits to read where `acme` stands.
    database.until_waiting(1).await;
    dropping.batch_execute(DROPPED).await.unwrap();
    assert_eq!(listed(&list.finish().succeeds()), ["beta: 0"]);
}

#[tokio::test]
async fn a_tenant_that_is_dropped_while_it_is_looked_at_for_a_migration_is_not_broken() {
    let database = Database::with_tenants("acme beta").await;
    let dropping = dropping(&database).await;
    let migrate = database
        .command("migrate-tenants --lock-timeout 60")
        .start();
    database.until_waiting(1).await;
    dropping.batch_execute(DROPPED).await.unwrap();
    // Whether a tenant that has gone is counted may be seen one way or the other;
    // that there is one whose table, or whose schema, does not exist is not so.
    let migrated = migrate.finish();
    let said = &migrated.stderr;
    assert!(!said.contains("does not exist"), "{migrated}");
}

#[tokio::test]
async fn onlookers_find_nothing_broken_while_a_fleet_is_made_and_migrated() {
    let site = Site::new().await;
    let names = names(12);
    let create = format!("create-tenant {}", names[..8].join(" "));
    site.template.run(&create).succeeds();
    site.template.run("spare-tenants 2").succeeds();
    let more = format!("create-tenant {}", names[8..].join(" "));
    let mut trials = Trials::of("onlookers");
    for _ in 0..rounds(2, 20) {
        let database = site.template.copy().await;
        for line in [
            "migrate-tenants",
            "spare-tenants 5",
            &more,
            "spare-tenants 1",
        ] {
            let run = site.command(&database, line);
            let run = tokio::task::spawn_blocking(|| run.run());
            while !run.is_finished() {
                look(&site, &database, &mut trials).await;
            }
            run.await.unwrap().succeeds();
        }
        site.ends_well(&database, &names).await;
    }
    trials.end();
}

/// One look of each onlooker.
async fn look(site: &Site, database: &Database, trials: &mut Trials) {
    listed(&site.run(database, "list-tenants --json").succeeds());
    trials.count("lists", 1);
    let checked = site.run(database, "health-check --json");
    let found = problems(&checked);
    let found = found
        .iter()
        .filter(|it| !it.ends_with(": pending_migrations"));
    trials.wrong("meanwhile", &found.cloned().collect::<Vec<_>>());
    trials.count("health checks", 1);
}
