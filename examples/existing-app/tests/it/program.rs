//! The program.

use std::process::{Command, Output};

use crate::fixture::App;

fn run(url: &str, arguments: &[&str]) -> anyhow::Result<Output> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_existing-app"));
    let program = program.args(arguments).env("DATABASE_URL", url);
    Ok(program.output()?)
}

#[tokio::test]
async fn the_commands_load_migrate_and_digest() {
    let app = App::start().await;
    for (arguments, told) in [
        (&["load-sample", "--organizations", "2"][..], ""),
        (&["migrate-all"], "2 organizations are up to date"),
        (&["digest"], "computed the digests of 2 organizations"),
    ] {
        let output = app.blocking(move |url| run(url, arguments)).await;
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}");
        assert!(text.contains(told), "{text}");
    }
    let digests = app.get("/orgs/acme-01/digests").await.ok();
    assert_eq!(digests[0]["open_cards"], 1);
}

#[tokio::test]
async fn a_failed_migration_fails_the_command_and_names_the_organization() {
    let app = App::with(&["acme", "north-wind", "zebra"]).await;
    // The last migration is pending again, although its table exists.
    app.execute(
        "DELETE FROM \"org_north-wind\".__diesel_schema_migrations WHERE version = '20240902080000'",
    )
    .await;
    let output = app.blocking(|url| run(url, &["migrate-all"])).await;
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("migrating `north-wind`"), "{text}");
    assert!(text.contains("already exists"), "{text}");
}
