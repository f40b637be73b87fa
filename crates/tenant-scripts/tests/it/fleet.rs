//! Fleets: many tenants, some of which fail.

use serde_json::Value;

use crate::support::{Database, Migrations, WAIT_AT_GATE};

const NAME: &str = "2026-02-01-000000_unique_names";
const UP: &str = "ALTER TABLE dummy_table ADD CONSTRAINT unique_name UNIQUE (name);";

/// A database with `count` tenants, of which `broken` hold data that breaks
/// [`UP`].
async fn fleet(count: usize, broken: &[&str]) -> Database {
    let database = Database::set_up().await;
    let names = (0..count).map(|number| format!("t{number:02}\n"));
    let command = database.command("create-tenant --names-from -");
    command.input(&names.collect::<String>()).run().succeeds();
    for tenant in broken {
        let twice = format!("INSERT INTO {tenant}.dummy_table (name) VALUES ('same'), ('same')");
        database.execute(&twice).await;
    }
    database
}

#[tokio::test]
async fn of_fifty_tenants_exactly_those_fail_whose_data_break_a_migration() {
    let broken = ["t07", "t23", "t48"];
    let database = fleet(50, &broken).await;
    let migrations = Migrations::ours().tenant(NAME, UP);
    let done = database
        .run_with(&migrations, "migrate-tenants --json")
        .exits_with(1);
    let document = done.json();
    assert_eq!(document["total"], 50);
    assert_eq!(document["migrated"], 47);
    assert_eq!(document["failed"], 3);
    for tenant in document["tenants"].as_array().unwrap() {
        let name = tenant["name"].as_str().unwrap();
        let error = &tenant["error"];
        if broken.contains(&name) {
            assert_eq!(tenant["status"], "failed");
            assert_eq!(error["sqlstate"], "23505");
            assert_eq!(error["migration"], NAME);
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("(name)=(same) is duplicated"), "{message}");
        } else {
            assert_eq!(tenant["status"], "migrated", "{name}");
            assert_eq!(*error, Value::Null);
        }
    }
    let behind = "SELECT name FROM schema_tracker WHERE version = '20260102000000' ORDER BY 1";
    assert_eq!(database.column(behind).await, broken);

    // What was right is not done again, and what is mended goes through.
    database
        .run_with(&migrations, "migrate-tenants")
        .exits_with(1)
        .prints("50 tenants: 47 up to date, 3 failed (")
        .says(&format!(
            "error: migration `{NAME}` failed for 3 of 50 tenants: "
        ))
        .says("  t07, t23, t48\n");
    for tenant in broken {
        database
            .execute(&format!("DELETE FROM {tenant}.dummy_table"))
            .await;
    }
    database
        .run_with(&migrations, "migrate-tenants")
        .succeeds()
        .prints("  t23: migrated, 1 migration in ")
        .prints("50 tenants: 3 migrated, 47 up to date (");
}

#[tokio::test]
async fn people_are_shown_a_shared_failure_once_and_programs_that_of_each_tenant() {
    let broken = ["t00", "t01", "t02", "t03", "t04", "t05", "t06"];
    let database = fleet(8, &broken).await;
    let migrations = Migrations::ours().tenant(NAME, UP);
    let shown = database
        .run_with(&migrations, "migrate-tenants")
        .exits_with(1)
        .prints("8 tenants: 1 migrated, 7 failed (")
        .says("\n  t00, t01, t02, t03, t04 and 2 more\n");
    let failures = shown.stderr.matches("error:").count();
    assert_eq!(failures, 1, "{shown}");
    let listed = database
        .run_with(&migrations, "migrate-tenants --json")
        .exits_with(1);
    let document = listed.json();
    let tenants = document["tenants"].as_array().unwrap();
    let with_reason = tenants.iter().filter(|tenant| !tenant["error"].is_null());
    assert_eq!(with_reason.count(), 7, "{listed}");
}

#[tokio::test]
async fn a_long_run_without_a_terminal_says_now_and_then_how_far_it_is() {
    let database = Database::with_tenants("acme beta").await;
    database.close_gate().await;
    let waiting = Migrations::ours().tenant("2026-02-01-000000_wait", WAIT_AT_GATE);
    let run = database
        .command("migrate-tenants")
        .migrations(&waiting)
        .start();
    run.until_said("0 of 2 tenants done").await;
    database.open_gate().await;
    run.finish().succeeds().prints("2 tenants: 2 migrated (");

    database.close_gate().await;
    let again = Migrations::ours()
        .tenant("2026-02-01-000000_wait", WAIT_AT_GATE)
        .tenant("2026-02-02-000000_wait", WAIT_AT_GATE);
    let quiet = database.command("migrate-tenants --quiet");
    let run = quiet.migrations(&again).start();
    database.until_at_gate(2).await;
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    database.open_gate().await;
    run.finish().succeeds().says_nothing();
}
