//! `rollback-tenants`: back to an older version, after a look at what is lost.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::support::{Database, Migrations, Terminal};

const FIRST: &str = "20260101000000";
const SECOND: &str = "20260102000000";

/// Two tenants with rows, of which acme's have descriptions.
async fn two_with_rows() -> Database {
    let database = Database::with_tenants("acme beta").await;
    database
        .execute(
            "INSERT INTO acme.dummy_table (name, description) SELECT 'row', 'x'
                 FROM generate_series(1, 20);
             INSERT INTO beta.dummy_table (name) VALUES ('row');
             ANALYZE acme.dummy_table; ANALYZE beta.dummy_table",
        )
        .await;
    database
}

async fn versions(database: &Database) -> Vec<String> {
    let sql = "SELECT coalesce(version, 'none') FROM schema_tracker ORDER BY name";
    database.column(sql).await
}

/// The document without what takes a time of its own.
fn timeless(mut document: Value) -> Value {
    for tenant in document["tenants"].as_array_mut().unwrap() {
        assert!(tenant["duration_ms"].take().is_u64());
    }
    assert!(document["duration_ms"].take().is_u64());
    document
}

#[tokio::test]
async fn without_a_terminal_and_without_yes_nothing_is_reverted() {
    let database = two_with_rows().await;
    database
        .run("rollback-tenants")
        .exits_with(2)
        .prints_nothing()
        .says("This rolls back 2 tenants to `2026-01-01-000000_create_dummy_table`, newest")
        .says("2026-01-02-000000_add_dummy_description from 2 tenants")
        .says("hint: Give --yes and --to VERSION to confirm in advance.");
    database
        .run("rollback-tenants --to 0")
        .exits_with(2)
        .says("This rolls back 2 tenants to before the first migration, newest")
        .says("hint: Give --yes to confirm in advance.");
    assert_eq!(versions(&database).await, [SECOND, SECOND]);
}

/// A job that is run twice would go back twice.
#[tokio::test]
async fn yes_needs_to_know_how_far_back() {
    let database = two_with_rows().await;
    for line in [
        "rollback-tenants --yes",
        "rollback-tenants -y",
        "rollback-tenants acme --yes",
    ] {
        database
            .run(line)
            .exits_with(2)
            .prints_nothing()
            .says("--yes needs --to VERSION or --steps N")
            .says("A job that may be retried needs --to");
    }
    assert_eq!(versions(&database).await, [SECOND, SECOND]);
    database.run("rollback-tenants --yes -n").succeeds();
    let twice = format!("rollback-tenants -y --to {FIRST}");
    database.run(&twice).succeeds().prints("2 rolled back");
    database.run(&twice).succeeds().prints("2 up to date");
    assert_eq!(versions(&database).await, [FIRST, FIRST]);
}

#[tokio::test]
async fn yes_reverts_the_newest_migration_and_migrating_brings_it_back() {
    let database = two_with_rows().await;
    database
        .run("rollback-tenants --steps 1 --yes")
        .succeeds()
        .prints("2 tenants: 2 rolled back")
        .says("This is lost permanently:");
    assert_eq!(versions(&database).await, [FIRST, FIRST]);
    let rows = "SELECT count(*) FROM acme.dummy_table";
    assert_eq!(database.value(rows).await, "20");
    database
        .run("migrate-tenants")
        .succeeds()
        .prints("2 migrated");
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn the_document_has_each_tenant_and_the_loss() {
    let database = two_with_rows().await;
    let dry = database
        .run("rollback-tenants --to 0 --dry-run --json")
        .succeeds();
    let tenant = |name: &str, status: &str, reverted: &[&str], to_revert: &[&str]| {
        json!({"name": name, "status": status, "reverted": reverted, "to_revert": to_revert,
               "messages": [], "messages_left_out": 0, "duration_ms": null, "error": null})
    };
    let both = [SECOND, FIRST];
    assert_eq!(
        timeless(dry.json()),
        json!({
            "total": 2, "reverted": 0, "up_to_date": 0, "failed": 0, "skipped": 2,
            "dry_run": true, "duration_ms": null,
            "tenants": [tenant("acme", "skipped", &[], &both), tenant("beta", "skipped", &[], &both)],
            "spares": [], "notes": [],
            "loss": [
                {"table": "dummy_table", "column": null, "tenants": 2, "rows": 21},
                {"table": "dummy_table", "column": "description", "tenants": 1, "rows": null},
            ],
        })
    );
    assert_eq!(versions(&database).await, [SECOND, SECOND]);
    let done = database
        .run("rollback-tenants acme --steps 1 --yes --json")
        .succeeds();
    let document = timeless(done.json());
    assert_eq!(
        document["tenants"],
        json!([tenant("acme", "reverted", &[SECOND], &[])])
    );
    assert_eq!(document["reverted"], 1);
    assert_eq!(versions(&database).await, [FIRST, SECOND]);
}

#[tokio::test]
async fn a_dry_run_prints_the_plan_and_the_loss() {
    let database = two_with_rows().await;
    let shown = database.run("rollback-tenants -n").succeeds().stdout;
    let quiet = database
        .run("rollback-tenants --dry-run --quiet")
        .succeeds();
    quiet.prints("This rolls back 2 tenants").says_nothing();
    for part in [
        "This rolls back 2 tenants to `2026-01-01-000000_create_dummy_table`",
        "description",
        "\n  acme: 1 to roll back: 20260102000000\n",
        "2 tenants: 2 to roll back (",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(versions(&database).await, [SECOND, SECOND]);
}

#[tokio::test]
async fn at_a_terminal_the_number_of_tenants_reverts_and_anything_else_does_not() {
    let database = two_with_rows().await;
    for typed in ["yes", "1", ""] {
        let mut terminal = Terminal::start(database.command("rollback-tenants"));
        terminal.until("Type `2`, the number of tenants");
        terminal.types(typed);
        let ended = terminal.end();
        assert_eq!(ended.code, 1, "{typed}: {}", ended.shown);
        assert!(
            ended.shown.contains("nothing was rolled back"),
            "{}",
            ended.shown
        );
    }
    assert_eq!(versions(&database).await, [SECOND, SECOND]);
    let mut terminal = Terminal::start(database.command("rollback-tenants --quiet"));
    let shown = terminal.until("Type `2`, the number of tenants");
    assert!(shown.contains("This is lost permanently:"), "{shown}");
    terminal.types("2");
    let ended = terminal.end();
    assert_eq!(ended.code, 0, "{}", ended.shown);
    assert_eq!(versions(&database).await, [FIRST, FIRST]);
}

#[tokio::test]
async fn a_tenant_that_fails_stays_and_the_next_run_reverts_it_alone() {
    let database = two_with_rows().await;
    let view = "CREATE VIEW acme.v AS SELECT description FROM acme.dummy_table";
    database.execute(view).await;
    database
        .run("rollback-tenants --steps 1 --yes")
        .exits_with(1)
        .prints("2 tenants: 1 rolled back, 1 failed")
        .says("error: rolling back migration `")
        .says("/down.sql:1\n")
        .says("(SQLSTATE 2BP01)");
    assert_eq!(versions(&database).await, [SECOND, FIRST]);
    database.execute("DROP VIEW acme.v").await;
    database
        .run("rollback-tenants --steps 1 --yes")
        .succeeds()
        .prints("2 tenants: 1 rolled back, 1 up to date");
    assert_eq!(versions(&database).await, [FIRST, FIRST]);
    database.run("migrate-tenants").succeeds();
    let reverted = database.run("rollback-tenants --steps 1 --yes").succeeds();
    assert!(
        reverted.stdout.starts_with("  acme: rolled back"),
        "{reverted}"
    );
}

#[tokio::test]
async fn a_migration_without_a_way_back_refuses_the_run_and_is_named() {
    let database = two_with_rows().await;
    let name = "2026-02-01-000000_notes";
    let migrations = Migrations::ours()
        .tenant(name, "CREATE TABLE notes (id INT);")
        .back(name, "-- nothing\n");
    database.run_with(&migrations, "migrate-tenants").succeeds();
    database
        .run_with(&migrations, "rollback-tenants --steps 2 --yes")
        .exits_with(1)
        .prints_nothing()
        .says("cannot roll back `2026-02-01-000000_notes`")
        .says("Write a down.sql for each");
    let refused = database.run_with(&migrations, "rollback-tenants --steps 1 --yes --json");
    let message = refused.exits_with(1).error_message();
    assert!(message.contains(name), "{message}");
    assert_eq!(versions(&database).await, ["20260201000000"; 2]);
    database
        .run("rollback-tenants --steps 1 --yes")
        .exits_with(1)
        .says("cannot roll back `20260201000000`, applied to `acme`, `beta`");
}

#[tokio::test]
async fn a_way_back_that_cannot_be_read_is_named_with_its_file_and_cause() {
    let database = two_with_rows().await;
    let name = "2026-02-01-000000_notes";
    let migrations = Migrations::ours().tenant(name, "CREATE TABLE notes (id INT);");
    let down = migrations.path().join(format!("tenant/{name}/down.sql"));
    let make: [(&dyn Fn(), &str); 3] = [
        (&|| fs::create_dir(&down).unwrap(), "Is a directory"),
        (
            &|| fs::write(&down, b"-- gr\xfc\xdfe\nDROP TABLE notes;").unwrap(),
            "valid UTF-8",
        ),
        (
            &|| symlink("nowhere", &down).unwrap(),
            "No such file or directory",
        ),
    ];
    for (make, cause) in make {
        fs::remove_file(&down)
            .or_else(|_| fs::remove_dir(&down))
            .unwrap();
        make();
        database.run_with(&migrations, "migrate-tenants").succeeds();
        let refused = database.run_with(&migrations, "rollback-tenants --steps 1 --yes");
        let refused = refused
            .exits_with(1)
            .prints_nothing()
            .says(&format!(
                "could not read the down.sql of migration `{name}`"
            ))
            .says(down.to_str().unwrap())
            .says(cause)
            .says("ave the file as UTF-8 text");
        assert!(!refused.stderr.contains("no down.sql"), "{refused}");
        assert_eq!(versions(&database).await, ["20260201000000"; 2]);
    }
}

#[tokio::test]
async fn an_older_version_is_gone_back_to_and_one_that_is_none_is_refused() {
    let database = two_with_rows().await;
    database
        .run("rollback-tenants --to 2020 --yes")
        .exits_with(1)
        .says("there is no migration with the version `2020`");
    database
        .run(&format!("rollback-tenants --to {FIRST} --steps 1 --yes"))
        .exits_with(2);
    database
        .run("rollback-tenants --steps 0 --yes")
        .exits_with(2);
    database
        .run("rollback-tenants --to 2026-01-01-000000_create_dummy_table --yes")
        .succeeds();
    assert_eq!(versions(&database).await, [FIRST, FIRST]);
    database
        .run(&format!("rollback-tenants --to {FIRST}"))
        .succeeds()
        .prints("2 tenants: 2 up to date");
}
