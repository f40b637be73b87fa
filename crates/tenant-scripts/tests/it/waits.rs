//! Several runs at once: one works, and the others wait for it.

use test_support::Running;
use tokio_postgres::Client;

use crate::support::{Database, Migrations, OUR_VERSIONS, WAIT_AT_GATE};

const NEW: &str = "2026-02-01-000000_wait";

/// Somebody who holds the lock of the schema called `schema`, as another run does.
async fn holder(database: &Database, schema: &str) -> Client {
    let client = database.client().await;
    let lock = format!(
        "SET application_name = 'deploy-2'; BEGIN; \
         SELECT pg_advisory_xact_lock(hashtextextended('diesel-tenants:{schema}', 0))"
    );
    client.batch_execute(&lock).await.unwrap();
    client
}

/// Starts `count` runs of `line`, of which one stands at the gate when this returns,
/// and the others have met its lock.
async fn together(
    database: &Database,
    migrations: &Migrations,
    line: &str,
    count: usize,
) -> Vec<Running> {
    database.close_gate().await;
    let start = |_| database.command(line).migrations(migrations).start();
    let runs = (0..count).map(start).collect::<Vec<_>>();
    database.until_at_gate(1).await;
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                   AND query LIKE 'ROLLBACK; %advisory_unlock_all%'";
    crate::support::eventually("the others wait", async || {
        database.value(waiting).await == (count - 1).to_string()
    })
    .await;
    runs
}

/// How many migrations or tenants these runs have migrated; all of them succeed.
fn migrated(runs: Vec<Running>) -> u64 {
    let counts = runs
        .into_iter()
        .map(|run| run.finish().succeeds().json()["migrated"].as_u64().unwrap());
    counts.sum()
}

#[tokio::test]
async fn of_several_instances_that_set_the_public_schema_up_one_does_it_and_all_succeed() {
    let database = Database::set_up().await;
    let migrations = Migrations::ours().public(NEW, WAIT_AT_GATE);
    let line = "migrate-public --json --lock-timeout 0.1";
    let runs = together(&database, &migrations, line, 4).await;
    database.open_gate().await;
    assert_eq!(migrated(runs), 1);
}

#[tokio::test]
async fn of_several_instances_that_migrate_the_tenants_one_does_it_and_all_succeed() {
    let database = Database::with_tenants("acme").await;
    for migrations in [
        Migrations::ours().tenant(NEW, WAIT_AT_GATE),
        Migrations::ours()
            .tenant(NEW, "SELECT 1;")
            .outside_transaction("2026-02-02-000000_outside", WAIT_AT_GATE),
    ] {
        let line = "migrate-tenants --json --lock-timeout 0.1";
        let runs = together(&database, &migrations, line, 4).await;
        database.open_gate().await;
        assert_eq!(migrated(runs), 1);
    }
}

#[tokio::test]
async fn a_rollback_that_two_start_at_once_reverts_once() {
    let database = Database::with_tenants("acme").await;
    let line = format!("rollback-tenants --to {} --yes", OUR_VERSIONS[0]);
    let other = holder(&database, "acme").await;
    let runs = [(); 3].map(|()| database.command(&line).start());
    for run in &runs {
        run.until_said("note: waiting for another run on tenant `acme`")
            .await;
    }
    other.batch_execute("COMMIT").await.unwrap();
    let ended = runs.map(|run| run.finish().succeeds());
    let reverted = ended
        .iter()
        .filter(|it| it.stdout.contains("1 tenant: 1 rolled back ("));
    assert_eq!(reverted.count(), 1, "{ended:?}");
    assert_eq!(database.applied("acme").await, [OUR_VERSIONS[0]]);
}

#[tokio::test]
async fn who_waits_says_once_for_whom() {
    let database = Database::with_tenants("acme beta").await;
    let migrations = Migrations::ours().tenant(NEW, "CREATE TABLE new ();");
    let holders = [
        holder(&database, "acme").await,
        holder(&database, "beta").await,
    ];
    let run = database
        .command("migrate-tenants --jobs 2")
        .migrations(&migrations);
    let run = run.start();
    run.until_said("note: waiting for another run on tenant `")
        .await;
    for one in &holders {
        one.batch_execute("COMMIT").await.unwrap();
    }
    run.finish()
        .succeeds()
        .says("` (at most 600 s); the lock is held by pid ")
        .says("(application `deploy-2`, role `")
        .says(", query began 20");
}

#[tokio::test]
async fn a_run_that_gives_up_has_said_for_whom_it_waited_and_what_helps() {
    let database = Database::with_tenants("acme").await;
    let _holder = holder(&database, "acme").await;
    for line in [
        "drop-tenant acme --yes",
        "rename-tenant acme other",
        "clone-tenant acme other",
        "repair-tenant acme",
    ] {
        database
            .execute("ALTER TABLE acme.dummy_table DROP COLUMN IF EXISTS description")
            .await;
        let ended = database.run(&format!("{line} --wait 3")).exits_with(1);
        let text = &ended.stderr;
        assert_eq!(
            text.matches("note: waiting for another run").count(),
            1,
            "{text}"
        );
        ended
            .says("error: another run is changing tenant `acme`\n")
            .says("note: gave up after 3")
            .says("note: the lock is held by pid ")
            .says("or give a longer --wait.");
        let ended = database.run(&format!("{line} --wait 0")).exits_with(1);
        ended
            .says("error: another run is changing tenant `acme`\nnote: the lock is held by pid ")
            .conceals("note: waiting for another run");
    }
    let ended = database.run("drop-tenant acme --yes --wait 3 --json");
    ended
        .exits_with(1)
        .conceals("note: waiting for another run");
}

#[tokio::test]
async fn a_signal_ends_a_wait_at_once() {
    let database = Database::with_tenants("acme beta").await;
    let migrations = Migrations::ours()
        .tenant(NEW, "CREATE TABLE new ();")
        .back(NEW, "DROP TABLE new;");
    let _acme = holder(&database, "acme").await;
    let rollback = format!("rollback-tenants --to {} --yes", OUR_VERSIONS[0]);
    for (line, is_of_a_fleet) in [
        ("migrate-tenants", true),
        (&*rollback, true),
        ("create-tenant acme", true),
        ("drop-tenant acme --yes", false),
        ("rename-tenant acme other", false),
    ] {
        for signal in [Running::interrupt, Running::terminate] {
            let run = database.command(line).migrations(&migrations).start();
            run.until_said("note: waiting for another run on tenant `acme`")
                .await;
            signal(&run);
            if is_of_a_fleet {
                run.finish().exits_with(1).conceals("error:");
            } else {
                // The signal ends the process itself.
                database.until_alone().await;
            }
        }
    }
    assert_eq!(database.tracked().await, ["acme", "beta"]);
    assert_eq!(database.applied("acme").await, OUR_VERSIONS);
}

#[tokio::test]
async fn who_waits_holds_up_no_index_that_is_built_concurrently() {
    let database = Database::with_tenants("acme").await;
    let index = "CREATE INDEX CONCURRENTLY by_name ON dummy_table (name);";
    let migrations = Migrations::ours()
        .outside_transaction(NEW, WAIT_AT_GATE)
        .outside_transaction("2026-02-02-000000_index", index);
    let runs = together(&database, &migrations, "migrate-tenants --json", 4).await;
    database.open_gate().await;
    for run in runs {
        run.finish().succeeds();
    }
    let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'acme.by_name'::regclass";
    assert_eq!(database.value(valid).await, "t");
    assert_eq!(database.applied("acme").await.len(), OUR_VERSIONS.len() + 2);
}

#[tokio::test]
async fn a_run_that_is_killed_leaves_no_lock_to_those_who_wait_for_it() {
    let database = Database::with_tenants("acme").await;
    let up = format!("CREATE TABLE new ();{WAIT_AT_GATE}");
    for migrations in [
        Migrations::ours().public(NEW, &up),
        Migrations::ours().public(NEW, "SELECT 1;").tenant(NEW, &up),
    ] {
        let line = if database.value("SELECT to_regclass('public.new')").await == "NULL" {
            "migrate-public"
        } else {
            "migrate-tenants"
        };
        database.close_gate().await;
        let start = || database.command(line).migrations(&migrations).start();
        let first = start();
        database.until_at_gate(1).await;
        let others = [start(), start()];
        for run in &others {
            run.until_said("note: waiting for another run on ").await;
        }
        assert!(first.kill().is_none());
        database.open_gate().await;
        for run in others {
            run.finish().succeeds();
        }
    }
    assert_eq!(database.applied("acme").await.len(), OUR_VERSIONS.len() + 1);
    let tables = "SELECT count(*) FROM pg_class WHERE relname = 'new'";
    assert_eq!(database.value(tables).await, "2");
}
