//! Programs that end while they try migrations in a scratch database.

use serde_json::json;
use test_support::{Running, eventually, own_server};

use crate::support::{Database, Migrations};

/// It commits, so it can be tried in a scratch database only, and takes a while there.
const SLOW: &str = "CREATE TABLE slow (id int);
    DO $$ BEGIN
      IF current_database() LIKE '\\_rehearsal\\_%' THEN PERFORM pg_sleep(3); END IF;
      COMMIT;
    END $$;";

const SCRATCH: &str = "SELECT count(*) FROM pg_database WHERE datname LIKE '\\_rehearsal\\_%'";

const SLEEPING: &str = "SELECT count(*) FROM pg_stat_activity \
    WHERE datname LIKE '\\_rehearsal\\_%' AND wait_event = 'PgSleep'";

async fn until(database: &Database, sql: &str, count: &str) {
    eventually(&format!("{count} for {sql}"), async || {
        database.value(sql).await == count
    })
    .await;
}

/// A check that is in the middle of a trial.
async fn check_under_way(database: &Database, migrations: &Migrations) -> Running {
    let command = database.command("health-check --json");
    let running = command.migrations(migrations).start();
    until(database, SLEEPING, "1").await;
    running
}

#[tokio::test]
async fn an_interrupted_check_drops_its_scratch_database_and_a_killed_one_s_is_dropped_by_the_next()
{
    let server = own_server().start().unwrap();
    let database = Database::on(&server).await;
    let migrations = Migrations::ours().outside_transaction("2026-02-01-000000_slow", SLOW);
    database
        .run_with(&migrations, "create-tenant acme")
        .succeeds();

    for signal in [Running::interrupt, Running::terminate, Running::hang_up] {
        let running = check_under_way(&database, &migrations).await;
        signal(&running);
        running.finish().exits_with(130);
        assert_eq!(database.value(SCRATCH).await, "0");
    }

    let running = check_under_way(&database, &migrations).await;
    assert!(running.kill().is_none());
    assert_eq!(database.value(SCRATCH).await, "1");
    until(&database, SLEEPING, "0").await;
    let another = check_under_way(&database, &migrations).await;
    assert_eq!(
        database.value(SCRATCH).await,
        "1",
        "the old one is still there"
    );
    // One that is in use stays, and what is found in it is whole.
    let last = database.run_with(&migrations, "health-check --json");
    last.succeeds().includes(&json!({"healthy": true}));
    another
        .finish()
        .succeeds()
        .includes(&json!({"healthy": true}));
    assert_eq!(database.value(SCRATCH).await, "0");
}
