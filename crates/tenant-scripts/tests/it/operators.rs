//! Two operators at once, on one tenant: one wins, the other says why, and nothing
//! is half done.

use std::thread::sleep;

use test_support::{Running, Trials, rounds};
use tokio_postgres::Client;

use crate::support::{Database, Migrations, OUR_VERSIONS, Site, WAIT_AT_GATE};

const NEW: &str = "20260201000000";

const BUSY: &str = "another run is changing tenant `acme`";
const UNKNOWN: &str = "there is no tenant `acme`";
const TAKEN: &str = "tenant `acme` already exists";
const OTHER_TAKEN: &str = "tenant `other` already exists";
const OTHER_BUSY: &str = "another run is changing tenant `other`";

/// Migrations of which the last one waits at the gate, and makes this table.
fn gated(table: &str) -> Migrations {
    let up = format!("CREATE TABLE {table} (id INT);{WAIT_AT_GATE}");
    Migrations::ours().tenant("2026-02-01-000000_wait", &up)
}

/// Migrations of which the last one waits at the gate, outside the transaction.
fn gated_outside() -> Migrations {
    Migrations::ours().outside_transaction("2026-02-01-000000_wait", WAIT_AT_GATE)
}

/// Starts a run that stands at the closed gate.
async fn at_gate(database: &Database, migrations: &Migrations, line: &str) -> Running {
    database.close_gate().await;
    let running = database.command(line).migrations(migrations).start();
    database.until_at_gate(1).await;
    running
}

/// A drop of `acme` that waits for somebody who reads one of its tables.
async fn waiting_drop(database: &Database) -> (Running, Client) {
    let reader = database.client().await;
    let lock = "BEGIN; LOCK TABLE acme.dummy_table IN ACCESS SHARE MODE";
    reader.batch_execute(lock).await.unwrap();
    let drop = database.command("drop-tenant acme --yes --lock-timeout 60");
    let drop = drop.start();
    database.until_waiting(1).await;
    (drop, reader)
}

/// Nothing remains of `acme`.
async fn assert_gone(database: &Database) {
    assert!(!database.tracked().await.contains(&"acme".to_owned()));
    assert_eq!(database.schemas().await, database.tracked().await);
}

fn all_versions() -> Vec<&'static str> {
    [&OUR_VERSIONS[..], &[NEW]].concat()
}

#[tokio::test]
async fn a_tenant_that_is_being_created_is_not_there_for_a_migration() {
    let database = Database::set_up().await;
    let migrations = gated("gated");
    let create = at_gate(&database, &migrations, "create-tenant acme").await;
    database
        .run_with(&migrations, "migrate-tenants --only acme")
        .exits_with(2)
        .says(UNKNOWN);
    database
        .run_with(&migrations, "migrate-tenants")
        .succeeds()
        .prints("There are no tenants yet.");
    database.open_gate().await;
    create.finish().succeeds().prints("1 tenant: 1 created (");
    assert_eq!(database.applied("acme").await, all_versions());
    database.run_with(&migrations, "health-check").succeeds();
}

#[tokio::test]
async fn a_tenant_that_is_being_created_in_parts_is_completed_by_its_creator_alone() {
    let database = Database::set_up().await;
    let migrations = gated_outside();
    let create = at_gate(&database, &migrations, "create-tenant acme").await;
    assert_eq!(database.tracked().await, ["acme"]);
    for line in [
        "migrate-tenants",
        "rollback-tenants --steps 1 --yes",
        "drop-tenant acme --yes",
        "rename-tenant acme other",
        "clone-tenant acme other",
        "create-tenant acme",
    ] {
        let hasty = format!("{line} --wait 0.2");
        let refused = database.run_with(&migrations, &hasty).exits_with(1);
        refused.says(BUSY);
    }
    let migrate = database.command("migrate-tenants --wait 60");
    let migrate = migrate.migrations(&migrations).start();
    database.open_gate().await;
    create.finish().succeeds().prints("1 tenant: 1 created (");
    migrate
        .finish()
        .succeeds()
        .prints("1 tenant: 1 up to date (");
    assert_eq!(database.applied("acme").await, all_versions());
    database.run_with(&migrations, "health-check").succeeds();
}

#[tokio::test]
async fn a_tenant_that_is_being_migrated_cannot_be_created_again() {
    let database = Database::with_tenants("acme").await;
    let migrations = gated("gated");
    let migrate = at_gate(&database, &migrations, "migrate-tenants").await;
    database
        .run("create-tenant acme --wait 0.2")
        .exits_with(1)
        .says(BUSY)
        .says("Wait until the other run has ended, and run the command again");
    let create = database.command("create-tenant acme --wait 60");
    let create = create.start();
    database.open_gate().await;
    migrate.finish().succeeds().prints("1 tenant: 1 migrated (");
    create.finish().exits_with(1).says(TAKEN);
    assert_eq!(database.applied("acme").await, all_versions());
    database.run_with(&migrations, "health-check").succeeds();
}

#[tokio::test]
async fn a_drop_waits_for_the_migration_of_its_tenant_or_says_that_there_is_one() {
    let database = Database::with_tenants("acme beta").await;
    let migrations = gated("gated");
    let only = "migrate-tenants --only acme";
    let migrate = at_gate(&database, &migrations, only).await;
    database
        .run("drop-tenant acme --yes --wait 0.2")
        .exits_with(1)
        .prints_nothing()
        .says(BUSY)
        .says("Wait until the other run has ended, and run the command again");
    assert_eq!(database.schemas().await, ["acme", "beta"]);
    let drop = database.command("drop-tenant acme --yes --wait 60");
    let drop = drop.start();
    database.open_gate().await;
    migrate.finish().succeeds().prints("1 tenant: 1 migrated (");
    let dropped = "Dropped tenant `acme`: 2 tables and the registration.\n";
    drop.finish().succeeds().prints(dropped);
    assert_gone(&database).await;
    assert_eq!(database.applied("beta").await, OUR_VERSIONS);
}

#[tokio::test]
async fn a_migration_says_that_a_tenant_is_being_dropped_and_does_the_others() {
    let database = Database::with_tenants("acme beta").await;
    let migrations = Migrations::ours().tenant("2026-02-01-000000_new", "CREATE TABLE new ();");
    let (drop, reader) = waiting_drop(&database).await;
    let hasty = "migrate-tenants --wait 0.2";
    database
        .run_with(&migrations, hasty)
        .exits_with(1)
        .prints("  beta: migrated, 1 migration in ")
        .prints("2 tenants: 1 migrated, 1 failed (")
        .says(BUSY);
    reader.batch_execute("ROLLBACK").await.unwrap();
    drop.finish().succeeds();
}

#[tokio::test]
async fn a_migration_that_waits_for_a_drop_finds_that_there_is_no_such_tenant_any_more() {
    let database = Database::with_tenants("acme beta").await;
    let migrations = Migrations::ours().tenant("2026-02-01-000000_new", "CREATE TABLE new ();");
    let (drop, reader) = waiting_drop(&database).await;
    let patient = database.command("migrate-tenants --only acme --wait 60");
    let patient = patient.migrations(&migrations).start();
    patient.until_said("aiting for another run").await;
    reader.batch_execute("ROLLBACK").await.unwrap();
    drop.finish().succeeds();
    patient.finish().exits_with(1).says(UNKNOWN);
    assert_gone(&database).await;
    database
        .run_with(&migrations, "migrate-tenants")
        .succeeds()
        .prints("1 tenant: 1 migrated (");
}

#[tokio::test]
async fn of_two_drops_of_a_tenant_one_drops_it_and_the_other_says_so() {
    let database = Database::with_tenants("acme beta").await;
    let (first, reader) = waiting_drop(&database).await;
    database
        .run("drop-tenant acme --yes --wait 0.2")
        .exits_with(1)
        .prints_nothing()
        .says(BUSY);
    let second = database.command("drop-tenant acme --yes --wait 60");
    let second = second.start();
    reader.batch_execute("ROLLBACK").await.unwrap();
    let dropped = "Dropped tenant `acme`: 1 table and the registration.\n";
    first.finish().succeeds().prints(dropped);
    second.finish().exits_with(2).prints_nothing().says(UNKNOWN);
    assert_gone(&database).await;
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn of_two_creates_with_different_migrations_the_first_makes_the_tenant_as_it_wants() {
    let database = Database::set_up().await;
    let first = at_gate(&database, &gated("first"), "create-tenant acme").await;
    let other = Migrations::ours().tenant("2026-03-01-000000_other", "CREATE TABLE other ();");
    database
        .run_with(&other, "create-tenant acme --wait 0.2")
        .exits_with(1)
        .says(BUSY);
    let second = database.command("create-tenant acme --wait 60");
    let second = second.migrations(&other).start();
    database.open_gate().await;
    first.finish().succeeds().prints("1 tenant: 1 created (");
    second.finish().exits_with(1).says(TAKEN);
    assert_eq!(database.applied("acme").await, all_versions());
    let other = "SELECT to_regclass('acme.other')";
    assert_eq!(database.value(other).await, "NULL");
}

#[tokio::test]
async fn whatever_two_operators_do_at_once_tenants_are_whole_and_who_fails_says_why() {
    let site = Site::new().await;
    site.template.run("create-tenant acme beta").succeeds();
    let lines = [
        "create-tenant acme",
        "create-tenant acme",
        "drop-tenant acme --yes",
        "migrate-tenants",
        "migrate-tenants --only acme",
        "rename-tenant acme other",
        "clone-tenant acme other",
    ];
    let mut trials = Trials::of("two operators at once");
    let whole = site.time("migrate-tenants").await;
    for _ in 0..rounds(6, 100) {
        let database = site.template.copy().await;
        let begin = |line: &str| site.command(&database, line).start();
        let line = trials.one_of(&lines);
        let first = begin(line);
        sleep(trials.moment(whole) / 2);
        let line = trials.one_of(&lines);
        for run in [begin(line), first] {
            let ended = run.finish();
            trials.count("runs", 1);
            let reason = [BUSY, UNKNOWN, TAKEN, OTHER_TAKEN, OTHER_BUSY]
                .iter()
                .any(|it| ended.stderr.contains(it));
            let mut said = ended.stderr.lines();
            let failed = said.any(|line| !line.starts_with("Waiting for another run on "));
            trials.count("of which failed", usize::from(failed));
            assert!(!failed || reason, "{ended}");
            // A tenant that is gone before the run is a name that no tenant has.
            let is_unknown = ended.stderr.contains(&format!("error: {UNKNOWN}"));
            ended.exits_with(if is_unknown { 2 } else { i32::from(failed) });
        }
        site.look(&database, &mut trials, "in the end").await;
    }
    trials.end();
}
