//! Ctrl-C: what is under way is finished, nothing else is begun, and the report
//! says so.

use serde_json::json;
use test_support::Running;

use crate::support::{Database, Migrations, WAIT_AT_GATE, outcome};

const NEW: &str = "20260201000000";

/// A database whose gate is closed, and a migration that waits there.
async fn gated(tenants: &str) -> (Database, Migrations) {
    let database = Database::set_up().await;
    if !tenants.is_empty() {
        database.run(&format!("create-tenant {tenants}")).succeeds();
    }
    database.close_gate().await;
    let up = format!("CREATE TABLE gated (id INT);{WAIT_AT_GATE}");
    let migrations = Migrations::ours().tenant("2026-02-01-000000_wait", &up);
    (database, migrations)
}

const STOPPING: &str =
    "Stopping. The command finishes the tenants in progress and starts no other.";

#[tokio::test]
async fn tenants_that_were_not_begun_are_not_created_and_the_others_are_whole() {
    let (database, migrations) = gated("").await;
    let command = database.command("create-tenant a b c d --jobs 1 --json");
    let running = command.migrations(&migrations).start();
    database.until_at_gate(1).await;
    running.interrupt();
    running.until_said(STOPPING).await;
    database.open_gate().await;
    let done = running.finish().exits_with(1);
    let applied = ["20260101000000", "20260102000000", NEW];
    done.includes(&json!({
        "total": 4, "created": 1, "failed": 0, "skipped": 3,
        "tenants": [
            outcome("a", "created", &applied),
            outcome("b", "skipped", &[]),
            outcome("c", "skipped", &[]),
            outcome("d", "skipped", &[]),
        ],
    }));
    assert_eq!(database.schemas().await, ["a"]);
    assert_eq!(database.tracked().await, ["a"]);
    assert_eq!(database.applied("a").await, applied);
}

#[tokio::test]
async fn all_that_are_under_way_are_finished() {
    let (database, migrations) = gated("").await;
    let command = database.command("create-tenant a b c d e --jobs 3");
    let running = command.migrations(&migrations).start();
    database.until_at_gate(3).await;
    running.interrupt();
    running.until_said(STOPPING).await;
    database.open_gate().await;
    let done = running.finish().exits_with(1);
    done.prints("5 tenants: 3 created, 2 not begun (");
    assert_eq!(database.tracked().await, ["a", "b", "c"]);
    assert_eq!(database.schemas().await, ["a", "b", "c"]);
}

#[tokio::test]
async fn tenants_that_were_not_begun_stay_as_they_were_and_a_later_run_goes_on() {
    let (database, migrations) = gated("a b c").await;
    let command = database.command("migrate-tenants --jobs 1");
    let running = command.migrations(&migrations).start();
    database.until_at_gate(1).await;
    running.interrupt();
    running.until_said(STOPPING).await;
    database.open_gate().await;
    running
        .finish()
        .exits_with(1)
        .prints("  a: migrated, 1 migration in ")
        .prints(&format!("  b: 1 pending: {NEW}\n  c: 1 pending: {NEW}\n"))
        .prints("3 tenants: 1 migrated, 2 behind (");
    assert_eq!(database.applied("a").await.len(), 3);
    assert_eq!(database.applied("b").await.len(), 2);
    database
        .run_with(&migrations, "migrate-tenants")
        .succeeds()
        .prints("3 tenants: 2 migrated, 1 up to date (");
}

#[tokio::test]
async fn an_interrupt_when_nothing_is_left_to_begin_is_no_failure() {
    let (database, migrations) = gated("a").await;
    let command = database.command("migrate-tenants");
    let running = command.migrations(&migrations).start();
    database.until_at_gate(1).await;
    running.interrupt();
    running.until_said(STOPPING).await;
    database.open_gate().await;
    running.finish().succeeds().prints("1 tenant: 1 migrated (");
}

#[tokio::test]
async fn a_second_interrupt_ends_at_once_and_no_tenant_is_half_made() {
    let (database, migrations) = gated("").await;
    let command = database.command("create-tenant a b --jobs 1");
    let running = command.migrations(&migrations).start();
    database.until_at_gate(1).await;
    running.interrupt();
    running.until_said(STOPPING).await;
    running.interrupt();
    running.finish().exits_with(130).prints_nothing();
    database.open_gate().await;
    database.until_alone().await;
    assert_eq!(database.schemas().await, database.tracked().await);
    assert!(!database.tracked().await.contains(&"b".to_owned()));
}

/// What may end a command in good order: Ctrl-C, what a deployment sends, and what a
/// closed terminal does.
const SIGNALS: [fn(&Running); 3] = [Running::interrupt, Running::terminate, Running::hang_up];

#[tokio::test]
async fn a_deployment_that_stops_a_run_finishes_the_tenant_under_way_and_begins_no_other() {
    for command in [
        "create-tenant c d --jobs 1",
        "spare-tenants 2 --jobs 1",
        "migrate-tenants --jobs 1",
    ] {
        for signal in [Running::terminate, Running::hang_up] {
            let (database, migrations) = gated("a b").await;
            // What the migrations make is known: no trial stands at the gate.
            database.open_gate().await;
            database.run_with(&migrations, "health-check").exits_with(1);
            database.close_gate().await;
            let running = database.command(command).migrations(&migrations).start();
            database.until_at_gate(1).await;
            signal(&running);
            running.until_said(STOPPING).await;
            database.open_gate().await;
            running.finish().exits_with(1);
            let migrated = "SELECT count(*) FROM pg_class WHERE relname = 'gated'";
            assert_eq!(database.value(migrated).await, "1", "{command}");
            // Nothing is in the way of a later run.
            database.run_with(&migrations, "migrate-tenants").succeeds();
        }
    }
}

#[tokio::test]
async fn the_demo_drops_a_tenant_that_was_being_made_when_it_was_interrupted() {
    for signal in SIGNALS {
        let (database, migrations) = gated("").await;
        let command = database.command("demo-tenant-schema --keep");
        let running = command.migrations(&migrations).start();
        database.until_at_gate(1).await;
        signal(&running);
        running.until_said("Stopping. The demo finishes").await;
        database.open_gate().await;
        running
            .finish()
            .exits_with(130)
            .prints_nothing()
            .says("Dropped `demo_acme_")
            .says("error: interrupted");
        database.until_alone().await;
        assert!(database.schemas().await.is_empty());
        assert!(database.tracked().await.is_empty());
    }
}

#[tokio::test]
async fn the_demo_drops_both_tenants_when_it_is_interrupted_at_the_second() {
    for signal in SIGNALS {
        let (database, migrations) = gated("").await;
        let only_the_second = "DO $$ BEGIN WHILE current_schema() LIKE 'demo_globex%' \
             AND NOT EXISTS (SELECT FROM public.gate) LOOP \
             PERFORM pg_advisory_xact_lock_shared(815); PERFORM pg_sleep(0.02); \
             END LOOP; END $$;";
        let migrations = migrations.tenant("2026-02-01-000000_wait", only_the_second);
        let command = database.command("demo-tenant-schema --json");
        let running = command.migrations(&migrations).start();
        database.until_at_gate(1).await;
        assert_eq!(database.tracked().await.len(), 1);
        signal(&running);
        running.until_said("Stopping. The demo finishes").await;
        database.open_gate().await;
        let done = running.finish().exits_with(130).says("` and `demo_globex_");
        assert_eq!(done.error_message(), "interrupted");
        database.until_alone().await;
        assert!(database.schemas().await.is_empty());
        assert!(database.tracked().await.is_empty());
    }
}

#[tokio::test]
async fn a_second_signal_ends_the_demo_at_once() {
    let (database, migrations) = gated("").await;
    let command = database.command("demo-tenant-schema");
    let running = command.migrations(&migrations).start();
    database.until_at_gate(1).await;
    running.terminate();
    running.until_said("Stopping").await;
    running.terminate();
    running.finish().exits_with(130).prints_nothing();
    database.open_gate().await;
    database.until_alone().await;
    assert_eq!(database.schemas().await, database.tracked().await);
}

#[tokio::test]
async fn after_a_second_interrupt_the_server_finishes_what_it_was_sent() {
    let database = Database::set_up().await;
    database.close_gate().await;
    let migrations = Migrations::ours().tenant("2026-02-01-000000_wait", WAIT_AT_GATE);
    let command = database.command("create-tenant a b --jobs 1");
    let running = command.migrations(&migrations).start();
    database.until_at_gate(1).await;
    running.interrupt();
    running.until_said("Stopping").await;
    running.interrupt();
    running.finish().exits_with(130);
    database.open_gate().await;
    database.until_alone().await;
    assert_eq!(database.schemas().await, database.tracked().await);
}
