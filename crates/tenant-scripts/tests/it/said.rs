//! What migrations make PostgreSQL say, as a command shows it.

use serde_json::json;

use crate::support::{Database, Migrations};

const NEW: &str = "2026-02-01-000000_talk";

const TALK: &str = "DO $$ BEGIN RAISE WARNING 'rows were skipped'; \
                    RAISE NOTICE 'by the way'; END $$;";

fn talkative() -> Migrations {
    Migrations::ours()
        .tenant(NEW, &format!("SELECT 1;\n{TALK}"))
        .back(NEW, TALK)
        .public(NEW, TALK)
}

#[tokio::test]
async fn the_same_warning_of_many_tenants_is_shown_once() {
    let database = Database::with_tenants("a b c d e").await;
    let done = database
        .run_with(&talkative(), "migrate-tenants")
        .succeeds();
    let text = &done.stderr;
    assert_eq!(text.matches("rows were skipped").count(), 1, "{text}");
    done.says("warning: rows were skipped\n")
        .says(&format!(
            "/tenant/{NEW}/up.sql:2\n  5 tenants: a, b, c, d, e\n"
        ))
        .conceals("by the way");
    let done = database
        .run_with(&talkative(), "create-tenant f")
        .succeeds();
    done.says(&format!("/tenant/{NEW}/up.sql:2\n  f\n"));
    let back = "rollback-tenants --steps 1 --yes --verbose";
    let done = database.run_with(&talkative(), back).succeeds();
    done.says("warning: rows were skipped\n")
        .says("note: by the way\n")
        .says(&format!(
            "{NEW}/down.sql:1\n  6 tenants: a, b, c, d, e and 1 more\n"
        ));
}

#[tokio::test]
async fn a_document_has_what_was_said() {
    let database = Database::with_tenants("acme").await;
    let migrations = talkative();
    let message = |severity: &str, text: &str, line: usize| {
        let stream = if line == 1 { "public" } else { "tenant" };
        let file = migrations.path().join(stream).join(NEW).join("up.sql");
        json!({
            "severity": severity, "message": text, "notes": [], "hint": null,
            "migration": NEW, "file": file, "line": line,
        })
    };
    let warning = message("WARNING", "rows were skipped", 2);
    let notice = message("NOTICE", "by the way", 2);
    let done = database.run_with(&migrations, "migrate-tenants --json");
    let done = done.succeeds().says_nothing();
    done.includes(&json!({
        "tenants": [{"name": "acme", "messages": [warning], "messages_left_out": 0}],
    }));
    let done = database.run_with(&migrations, "create-tenant beta --json --verbose");
    done.succeeds().includes(&json!({
        "tenants": [{"name": "beta", "messages": [warning, notice]}],
    }));
    let done = database.run_with(&migrations, "spare-tenants 1 --json");
    done.succeeds()
        .includes(&json!({"spares": [{"messages": [warning]}]}));
    let done = database.run_with(&migrations, "migrate-public --json --verbose");
    done.succeeds().includes(&json!({
        "messages": [
            message("WARNING", "rows were skipped", 1),
            message("NOTICE", "by the way", 1),
        ],
        "messages_left_out": 0,
    }));
}

#[tokio::test]
async fn the_public_schema_is_heard_and_nothing_that_a_terminal_would_obey_is_shown() {
    let database = Database::set_up().await;
    let up = "DO $$ BEGIN RAISE WARNING E'a\\x1b[2Jb\\rc'; END $$;";
    let migrations = Migrations::ours().public(NEW, up);
    let done = database.run_with(&migrations, "migrate-public").succeeds();
    done.says("warning: a\\u{1b}[2Jb\\rc\n")
        .says(&format!("/public/{NEW}/up.sql:1\n"))
        .conceals("\u{1b}");
}

#[tokio::test]
async fn a_public_migration_that_fails_has_said_before_what_it_found() {
    let database = Database::set_up().await;
    let up = format!("{TALK}\nSELECT 1 / 0;");
    let migrations = Migrations::ours().public(NEW, &up);
    let failed = database.run_with(&migrations, "migrate-public");
    failed
        .exits_with(1)
        .says("warning: rows were skipped\n")
        .says("division by zero");
}

#[tokio::test]
async fn what_fails_elsewhere_is_named() {
    let database = Database::with_tenants("acme").await;
    database
        .execute(
            "CREATE SCHEMA audit; CREATE FUNCTION audit.ddl() RETURNS event_trigger \
             LANGUAGE plpgsql AS $$ BEGIN RAISE 'not on a Friday'; END $$; \
             CREATE EVENT TRIGGER audit_ddl ON ddl_command_end WHEN TAG IN ('CREATE SEQUENCE') \
             EXECUTE FUNCTION audit.ddl()",
        )
        .await;
    let migrations = Migrations::ours().tenant(NEW, "CREATE SEQUENCE s;");
    let failed = database.run_with(&migrations, "migrate-tenants");
    failed
        .exits_with(1)
        .says(&format!("{NEW}/up.sql:1\n"))
        .says("note: the function `audit.ddl()` raised the error\n")
        .says("Fix the function that the message names, or disable its trigger")
        .says("hint: List the triggers that call it.\n      SELECT evtname AS trigger")
        .conceals("Fix the migration or the tenant's rows");
}
