//! A server that goes away in the middle.

use std::thread::sleep;
use std::time::Duration;

use test_support::{Trials, own_server, rounds};

use crate::support::{Database, Finished, Folder, Migrations, Site, eventually, named, names};

#[tokio::test]
async fn a_server_that_dies_during_a_run_leaves_every_tenant_whole() {
    let mut server = own_server().start().unwrap();
    let url = server.url("postgres");
    let folder = Folder::new();
    let run = |line: &str| folder.command(line).on(&url).run();
    run("migrate-public").succeeds();
    run("create-tenant a b c").succeeds();

    let up = "CREATE TABLE slow (id INT);\nSELECT pg_sleep(30);\n";
    let migrations = Migrations::ours().tenant("2026-02-01-000000_slow", up);
    let command = folder.command("migrate-tenants --jobs 2 --json").on(&url);
    let running = command.migrations(&migrations).start();
    eventually("migrations are under way", async || {
        sleepers(&url).await == 2
    })
    .await;
    server.stop_immediate().unwrap();
    let failed = running.finish().exits_with(1);
    let document = failed.json();
    assert_eq!(document["failed"], 3, "{failed}");
    for tenant in document["tenants"].as_array().unwrap() {
        assert!(tenant["error"]["message"].is_string(), "{failed}");
    }
    run("list-tenants")
        .exits_with(3)
        .says("no PostgreSQL server answers at");

    server.restart().unwrap();
    run("health-check")
        .succeeds()
        .prints("3 tenants checked: all well.");
    let mended = migrations.tenant("2026-02-01-000000_slow", "CREATE TABLE slow (id INT);");
    let command = folder.command("migrate-tenants").on(&url);
    let done = command.migrations(&mended).run().succeeds();
    done.prints("3 tenants: 3 migrated (");
}

/// How many sessions are in a `pg_sleep`.
async fn sleepers(url: &str) -> i64 {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap();
    drop(tokio::spawn(connection));
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Starts a command and ends the server at some moment of the `whole` time that it
/// takes; then the server is started again.
fn crash(
    site: &mut Site,
    trials: &mut Trials,
    (database, line): (&Database, &str),
    whole: Duration,
) -> Finished {
    let running = site.command(database, line).start();
    sleep(trials.moment(whole));
    site.server.stop_immediate().unwrap();
    let ended = running.finish();
    site.server.restart().unwrap();
    trials.count("crashes", 1);
    let hit = ended.json()["failed"] != 0;
    trials.count("hit a run under way", usize::from(hit));
    ended
}

/// What a run says that it has done, is done for good. Where the answer to a
/// commit was lost, a tenant that counts as failed may be done as well.
fn assert_lasting(ended: &Finished, done: &[String]) {
    let document = ended.json();
    for status in ["created", "migrated"] {
        for told in named(&document, status) {
            assert!(done.contains(&told), "{told} is lost: {ended}");
        }
    }
}

/// Counts a run that was hit after some tenants and before others.
fn count_middle(trials: &mut Trials, done: usize, left: usize) {
    let middle = done > 0 && left > 0;
    trials.count("between two tenants", usize::from(middle));
}

#[tokio::test]
async fn whenever_the_server_dies_during_a_create_tenants_are_whole_and_a_rerun_makes_the_others() {
    let mut site = Site::new().await;
    site.run(&site.template, "spare-tenants 3").succeeds();
    let names = names(12);
    let line = format!("create-tenant {} --json", names.join(" "));
    let mut trials = Trials::of("create-tenant, server stopped");
    let whole = site.time(&line).await;
    for _ in 0..rounds(1, 15) {
        let database = site.template.copy().await;
        let ended = crash(&mut site, &mut trials, (&database, &line), whole);
        site.look(&database, &mut trials, "after the crash").await;
        let made = database.tracked().await;
        assert_lasting(&ended, &made);
        count_middle(&mut trials, made.len(), names.len() - made.len());

        let rerun = site.run(&database, &line).json();
        assert_eq!(named(&rerun, "failed"), made, "{rerun:#}");
        site.look(&database, &mut trials, "after the rerun").await;
        site.ends_well(&database, &names).await;
    }
    trials.end();
}

#[tokio::test]
async fn whenever_the_server_dies_during_a_migration_tenants_are_whole_and_a_rerun_does_the_others()
{
    let mut site = Site::new().await;
    let names = names(12);
    let create = format!("create-tenant {}", names.join(" "));
    site.template.run(&create).succeeds();
    site.template.run("spare-tenants 2").succeeds();
    let line = "migrate-tenants --json";
    let mut trials = Trials::of("migrate-tenants, server stopped");
    let whole = site.time(line).await;
    for _ in 0..rounds(1, 15) {
        let database = site.template.copy().await;
        let ended = crash(&mut site, &mut trials, (&database, line), whole);
        site.look(&database, &mut trials, "after the crash").await;
        let (done, left) = site.split(&database).await;
        assert_lasting(&ended, &done);
        count_middle(&mut trials, done.len(), left.len());

        let rerun = site.run(&database, line).succeeds().json();
        assert_eq!(named(&rerun, "migrated"), left, "{rerun:#}");
        site.look(&database, &mut trials, "after the rerun").await;
        site.ends_well(&database, &names).await;
    }
    trials.end();
}
