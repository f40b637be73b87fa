//! Migrations outside a transaction that are cut off: an index that is built
//! concurrently remains, finished and not recorded, or invalid. The next run has to
//! finish the job all the same.

use test_support::{Running, Trials, rounds};
use tokio_postgres::Client;

use crate::support::{Database, Migrations, Site, cut_off, eventually, named, names};

/// Few enough for a run to be at the same step of all of them.
const TENANTS: usize = 6;

const TABLE: &str = "
CREATE TABLE events (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind TEXT NOT NULL);
INSERT INTO events (kind) SELECT md5(n::text) FROM generate_series(1, 20000) n;";

const INDEX: &str = "CREATE INDEX CONCURRENTLY events_kind ON events (kind);";

/// The version of the migration that builds the index.
const BUILT: &str = "20260202000000";

/// A migration before the index, the index, and a migration after it.
async fn site() -> Site {
    let migrations = Migrations::ours()
        .tenant("2026-02-01-000000_events", TABLE)
        .outside_transaction("2026-02-02-000000_index", INDEX)
        .tenant("2026-02-03-000000_after", "CREATE TABLE after_it (id INT);");
    Site::with(migrations).await
}

/// Counts what was cut off, and how. Whatever it was, tenants are registered
/// exactly when they have a schema.
async fn count_remains(trials: &mut Trials, database: &Database) {
    let count = async |condition: &str| {
        let sql = format!(
            "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
             JOIN schema_tracker t ON t.name = c.relnamespace::regnamespace::text \
             WHERE c.relname = 'events_kind' AND {condition}"
        );
        database.value(&sql).await.parse().unwrap()
    };
    trials.count("indexes left invalid", count("NOT indisvalid").await);
    let not_recorded = format!("indisvalid AND t.version < '{BUILT}'");
    trials.count("indexes left unrecorded", count(&not_recorded).await);
    assert_eq!(database.schemas().await, database.tracked().await);
}

/// Runs `migrate-tenants` once more, which finishes whatever is left.
async fn finish(site: &Site, trials: &mut Trials, database: &Database) {
    site.run(database, "migrate-tenants").succeeds();
    let invalid = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid";
    assert_eq!(database.column(invalid).await, Vec::<String>::new());
    site.look(database, trials, "after the rerun").await;
    site.ends_well(database, &names(TENANTS)).await;
}

/// Waits until the index of that many tenants is built, but for the wait for a
/// transaction that is older.
async fn until_built(database: &Database, tenants: usize) {
    let sql = "SELECT count(*) FROM pg_stat_progress_create_index \
               WHERE datname = current_database() AND phase = 'waiting for old snapshots'";
    eventually("the indexes are nearly built", async || {
        database.value(sql).await == tenants.to_string()
    })
    .await;
}

/// Tenants of which an index is being built, the run that does it, and the
/// transaction that it waits for.
async fn building(site: &Site) -> (Database, Running, Client) {
    let database = site.template.copy().await;
    let create = format!("create-tenant {}", names(TENANTS).join(" "));
    database.run(&create).succeeds();
    let client = database.client().await;
    let older = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1";
    client.batch_execute(older).await.unwrap();
    let running = site.command(&database, "migrate-tenants").start();
    until_built(&database, TENANTS).await;
    (database, running, client)
}

#[tokio::test]
async fn an_index_that_the_server_finished_after_its_run_was_killed_is_taken_as_it_is() {
    let site = site().await;
    let mut trials = Trials::of("an index that is finished and not recorded");
    let (database, running, older) = building(&site).await;
    assert!(running.kill().is_none());
    older.batch_execute("ROLLBACK").await.unwrap();
    database.until_alone().await;
    count_remains(&mut trials, &database).await;
    finish(&site, &mut trials, &database).await;
    trials.end();
}

#[tokio::test]
async fn an_index_that_was_left_invalid_is_built_anew() {
    let site = site().await;
    let mut trials = Trials::of("an index that is invalid");
    let (database, running, older) = building(&site).await;
    let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND application_name = 'diesel-tenants'";
    database.execute(all).await;
    running
        .finish()
        .exits_with(1)
        .says("its earlier statements remain");
    older.batch_execute("ROLLBACK").await.unwrap();
    database.until_alone().await;
    count_remains(&mut trials, &database).await;
    finish(&site, &mut trials, &database).await;
    trials.end();
}

#[tokio::test]
async fn an_index_whose_run_was_killed_does_not_stand_in_the_way_of_the_next_run() {
    let site = site().await;
    let create = format!("create-tenant {}", names(TENANTS).join(" "));
    site.template.run(&create).succeeds();
    let mut trials = Trials::of("migrate-tenants outside a transaction, killed");
    let whole = site.time("migrate-tenants").await;
    for _ in 0..rounds(2, 30) {
        let database = site.template.copy().await;
        site.kill(&mut trials, &database, "migrate-tenants", whole)
            .await;
        count_remains(&mut trials, &database).await;
        finish(&site, &mut trials, &database).await;
    }
    trials.end();
}

#[tokio::test]
async fn a_tenant_whose_index_was_being_built_when_its_run_was_killed_is_completed() {
    let site = site().await;
    let names = names(TENANTS);
    let line = format!("create-tenant {} --json", names.join(" "));
    let mut trials = Trials::of("create-tenant outside a transaction, killed");
    let whole = site.time(&line).await;
    for _ in 0..rounds(2, 30) {
        let database = site.template.copy().await;
        site.kill(&mut trials, &database, &line, whole).await;
        count_remains(&mut trials, &database).await;
        let registered = database.tracked().await;
        let document = site.run(&database, &line).json();
        assert_eq!(named(&document, "failed"), registered, "{document:#}");
        finish(&site, &mut trials, &database).await;
    }
    trials.end();
}

#[tokio::test]
async fn an_index_whose_session_was_ended_is_built_by_the_next_run() {
    let site = site().await;
    let create = format!("create-tenant {}", names(TENANTS).join(" "));
    site.template.run(&create).succeeds();
    let mut trials = Trials::of("migrate-tenants outside a transaction, cut off");
    let whole = site.time("migrate-tenants").await;
    for _ in 0..rounds(2, 20) {
        let database = site.template.copy().await;
        let run = site.command(&database, "migrate-tenants --json");
        cut_off(&mut trials, &database, run, whole).await;
        count_remains(&mut trials, &database).await;
        finish(&site, &mut trials, &database).await;
    }
    trials.end();
}

/// A backfill that commits, with what must happen once before and after it; and an index
/// that takes another's place, with values of an enum before and after it.
async fn site_of_statements() -> Site {
    let table = "
CREATE TYPE state AS ENUM ('open');
CREATE TABLE events (id INT PRIMARY KEY, kind TEXT NOT NULL, batch INT NOT NULL DEFAULT 0);
INSERT INTO events SELECT n, md5(n::text) FROM generate_series(1, 300) n;
CREATE INDEX old ON events (kind);
CREATE TABLE log (what TEXT NOT NULL);
CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$
DECLARE one INT;
BEGIN
    FOR one IN SELECT id FROM events ORDER BY id LOOP
        UPDATE events SET batch = batch + 1 WHERE id = one AND batch = 0;
        COMMIT;
    END LOOP;
END $$;";
    let fill = "
INSERT INTO log VALUES ('before');
CALL fill();
UPDATE events SET batch = batch * 2;
INSERT INTO log VALUES ('after');";
    let swap = "
ALTER TYPE state ADD VALUE 'done';
CREATE UNIQUE INDEX CONCURRENTLY ON events (kind);
DROP INDEX CONCURRENTLY old;
REINDEX TABLE CONCURRENTLY events;
ALTER TYPE state ADD VALUE 'late';";
    let migrations = Migrations::ours()
        .tenant("2026-02-01-000000_events", table)
        .outside_transaction("2026-02-02-000000_fill", fill)
        .outside_transaction("2026-02-03-000000_swap", swap)
        .tenant("2026-02-04-000000_after", "CREATE TABLE after_it (id INT);");
    Site::with(migrations).await
}

#[tokio::test]
async fn statements_of_a_run_that_was_killed_happen_once_each() {
    let site = site_of_statements().await;
    let create = format!("create-tenant {}", names(TENANTS).join(" "));
    site.template.run(&create).succeeds();
    let mut trials = Trials::of("statements outside a transaction, killed");
    let whole = site.time("migrate-tenants").await;
    for _ in 0..rounds(3, 40) {
        let database = site.template.copy().await;
        site.kill(&mut trials, &database, "migrate-tenants", whole)
            .await;
        finish(&site, &mut trials, &database).await;
        for tenant in names(TENANTS) {
            let rows = format!("SELECT string_agg(what, ',' ORDER BY what) FROM {tenant}.log");
            assert_eq!(database.value(&rows).await, "after,before");
            let batches = format!("SELECT min(batch) || ',' || max(batch) FROM {tenant}.events");
            assert_eq!(database.value(&batches).await, "2,2");
            let journal = format!(
                "SELECT obj_description('{tenant}.__diesel_schema_migrations'::regclass, 'pg_class')"
            );
            assert_eq!(database.value(&journal).await, "NULL");
        }
    }
    trials.end();
}
