//! Nothing is left on the server: at the end, on an error, on Ctrl-C at any
//! moment; and what a killed run has left is swept away.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use authoring_commands::Stream;
use test_support::{Running, eventually};

use crate::support::{PASSWORD, Site};

#[tokio::test]
async fn nothing_is_left_at_the_end_and_after_an_error() {
    let site = Site::new().await;
    site.run("print-schema").succeeds();
    assert!(site.databases().await.is_empty());
    let command = site.command("print-schema --verbose");
    command
        .env("FAKE_DIESEL", "fail")
        .run()
        .exits_with(1)
        .says("`diesel print-schema` failed")
        .says("diesel_tenants_scratch_")
        .conceals(PASSWORD);
    assert!(site.databases().await.is_empty());
}

/// Waits until a scratch database is there.
async fn until_made(site: &Site) {
    eventually("the scratch database is there", async || {
        !site.databases().await.is_empty()
    })
    .await;
}

#[tokio::test]
async fn nothing_is_left_when_a_signal_comes_while_the_diesel_cli_works() {
    let site = Site::new().await;
    for signal in [Running::interrupt, Running::terminate] {
        let command = site.command("print-schema --stream tenant --json");
        let running = command.env("FAKE_DIESEL", "wait").start();
        until_made(&site).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        signal(&running);
        let ended = running.finish().exits_with(130).says("interrupted");
        assert_eq!(ended.error_message(), "interrupted");
        assert!(site.databases().await.is_empty());
    }
}

#[tokio::test]
async fn nothing_is_left_when_a_signal_comes_while_a_migration_runs() {
    let site = Site::new().await;
    let waits = "SELECT pg_sleep(60);";
    site.migration(Stream::Tenant, "2026-02-01-000000_wait", waits);
    let running = site.command("print-schema --stream tenant").start();
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND wait_event = 'PgSleep'",
        site.role.name()
    );
    eventually("the migration runs", async || {
        site.database.value(&sql).await == "1"
    })
    .await;
    running.interrupt();
    running.finish().exits_with(130);
    assert!(site.databases().await.is_empty());
}

#[tokio::test]
async fn nothing_is_left_at_whatever_moment_a_signal_comes() {
    let site = Site::new().await;
    let sessions = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}'",
        site.role.name()
    );
    for step in 0..20 {
        let running = site.command("print-schema --stream tenant").start();
        // It listens for signals before it connects.
        eventually("the command is connected", async || {
            site.database.value(&sessions).await != "0"
        })
        .await;
        tokio::time::sleep(Duration::from_millis(step * 10)).await;
        running.interrupt();
        drop(running.finish());
        assert!(site.databases().await.is_empty(), "step {step}");
    }
}

#[tokio::test]
async fn what_a_killed_run_left_is_swept_away_once_it_is_old() {
    let site = Site::new().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let name = |age: u64, mark: u32| {
        let made = now.as_secs() - age;
        format!("diesel_tenants_scratch_{made}_{mark:08x}")
    };
    let mark = std::process::id();
    let (old, young, busy) = (
        name(7200, mark),
        name(60, mark),
        name(7200, mark.rotate_left(16) ^ 1),
    );
    for name in [&old, &young, &busy] {
        let make = format!("CREATE DATABASE {name} OWNER {}", site.role.name());
        site.database.execute(&make).await;
    }
    let url = test_support::server_url(&busy);
    let (guest, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    site.run("print-schema --stream public").succeeds();
    let mut left = site.databases().await;
    left.sort();
    let mut expected = [busy.clone(), young.clone()];
    expected.sort();
    assert_eq!(left, expected);
    drop(guest);
    connection.await.unwrap().unwrap();
    for name in [young, busy] {
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        site.database.execute(&drop).await;
    }
}
