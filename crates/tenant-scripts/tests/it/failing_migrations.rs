//! Migrations that fail, or that are refused: which tenant, which migration,
//! which line, and PostgreSQL's own words.

use serde_json::{Value, json};

use crate::support::{Database, Migrations, OUR_VERSIONS, outcome};

const NAME: &str = "2026-02-01-000000_add_code";

/// Fails in a tenant that holds data: its third statement, on the fifth line.
const UP: &str = "\
-- Every row gets a code; this forgets that there may be rows.
ALTER TABLE dummy_table ADD COLUMN note TEXT; -- it's harmless; really

ALTER TABLE dummy_table
    ADD COLUMN code TEXT NOT NULL;
";

const MENDED: &str = "\
ALTER TABLE dummy_table ADD COLUMN note TEXT;
ALTER TABLE dummy_table ADD COLUMN code TEXT NOT NULL DEFAULT 'none';
";

/// Two tenants, one of which holds data that breaks [`UP`].
async fn acme_with_data() -> Database {
    let database = Database::with_tenants("acme beta").await;
    database
        .execute("INSERT INTO acme.dummy_table (name) VALUES ('kept')")
        .await;
    database
}

async fn columns(database: &Database, tenant: &str) -> Vec<String> {
    let sql = format!(
        "SELECT column_name FROM information_schema.columns \
         WHERE table_schema = '{tenant}' AND table_name = 'dummy_table' ORDER BY ordinal_position"
    );
    database.column(&sql).await
}

#[tokio::test]
async fn a_failure_names_tenant_migration_line_statement_and_reason() {
    let database = acme_with_data().await;
    let migrations = Migrations::ours().tenant(NAME, UP);
    database
        .run_with(&migrations, "migrate-tenants")
        .exits_with(1)
        .prints("  beta: migrated, 1 migration in ")
        .prints("2 tenants: 1 migrated, 1 failed (")
        .says(&format!(
            "error: migration `{NAME}` failed for tenant `acme`: column \"code\""
        ))
        .says(&format!("tenant/{NAME}/up.sql:4\n"))
        .says("   |  ALTER TABLE dummy_table ADD COLUMN code TEXT NOT NULL\n")
        .says("note: its transaction was rolled back\n")
        .says("note: 1 tenant was migrated; the one that failed is unchanged\n")
        .says("column \"code\" of relation \"dummy_table\" contains null values (SQLSTATE 23502)");
}

#[tokio::test]
async fn the_document_has_the_same_in_fields() {
    let database = acme_with_data().await;
    let migrations = Migrations::ours().tenant(NAME, UP);
    let failed = database
        .run_with(&migrations, "migrate-tenants --json")
        .exits_with(1);
    failed.includes(&json!({
        "total": 2, "migrated": 1, "up_to_date": 0, "failed": 1, "skipped": 0,
        "tenants": [
            {
                "name": "acme", "status": "failed", "applied": [], "pending": ["20260201000000"],
                "error": {"sqlstate": "23502", "migration": NAME, "line": 4},
            },
            outcome("beta", "migrated", &["20260201000000"]),
        ],
    }));
    let message = failed.json()["tenants"][0]["error"]["message"].clone();
    let message = message.as_str().unwrap();
    for part in ["tenant `acme`", NAME, "contains null values"] {
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test]
async fn a_tenant_that_failed_is_as_it_was_and_a_mended_migration_goes_through() {
    let database = acme_with_data().await;
    let before = columns(&database, "acme").await;
    let migrations = Migrations::ours().tenant(NAME, UP);
    database
        .run_with(&migrations, "migrate-tenants")
        .exits_with(1);
    assert_eq!(columns(&database, "acme").await, before);
    assert_eq!(database.applied("acme").await, OUR_VERSIONS);

    let migrations = migrations.tenant(NAME, MENDED);
    database
        .run_with(&migrations, "migrate-tenants")
        .succeeds()
        .prints("2 tenants: 1 migrated, 1 up to date (");
    let code = "SELECT code FROM acme.dummy_table WHERE name = 'kept'";
    assert_eq!(database.value(code).await, "none");

    // The other tenant has the migration as it was, which may be another thing.
    database
        .run_with(&migrations, "health-check")
        .exits_with(1)
        .prints(&format!(
            "migration `{NAME}` was edited after it was applied"
        ))
        .prints("cargo xtask db:accept:edits --migration 20260201000000");
    // The edit made something else there, and is not accepted.
    database
        .run_with(&migrations, "accept-edits")
        .exits_with(1)
        .says("column `dummy_table.code` has no default");
    // What it lacks is seen all the same.
    database
        .run_with(&migrations, "health-check")
        .exits_with(1)
        .prints("column `dummy_table.code` has no default; expected `'none'::text`");
    database
        .run_with(&migrations, "repair-tenant beta")
        .succeeds();
    // Now the tenant has what the edited migration makes.
    database.run_with(&migrations, "accept-edits").succeeds();
    database.run_with(&migrations, "health-check").succeeds();
}

#[tokio::test]
async fn the_line_is_where_the_server_sees_the_error_inside_a_long_statement() {
    let database = Database::with_tenants("acme").await;
    let up = "CREATE TABLE a (id INT);\nCREATE TABLE b (\n    id INT,\n    size NO_SUCH_TYPE\n);\n";
    let migrations = Migrations::ours().tenant("2026-02-01-000000_b", up);
    database
        .run_with(&migrations, "migrate-tenants")
        .exits_with(1)
        .says("2026-02-01-000000_b/up.sql:4\n")
        .says("type \"no_such_type\" does not exist");
}

#[tokio::test]
async fn a_failure_inside_a_function_keeps_the_servers_context() {
    let database = Database::with_tenants("acme").await;
    let up = "\
CREATE FUNCTION fail() RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'not today; no' USING HINT = 'try tomorrow', DETAIL = 'it is raining';
END;
$body$;

SELECT fail();
";
    let migrations = Migrations::ours().tenant("2026-02-01-000000_fail", up);
    database
        .run_with(&migrations, "migrate-tenants")
        .exits_with(1)
        .says("2026-02-01-000000_fail/up.sql:7\n")
        .says("not today; no (SQLSTATE P0001): it is raining\n")
        .says("note: PostgreSQL's hint: try tomorrow\n")
        .says("note: PostgreSQL's context: PL/pgSQL function fail() line 3 at RAISE");
}

#[tokio::test]
async fn what_ran_before_a_failure_outside_a_transaction_is_admitted() {
    let database = Database::with_tenants("acme").await;
    let up = "\
CREATE INDEX CONCURRENTLY by_name ON dummy_table (name);
CREATE INDEX CONCURRENTLY by_size ON dummy_table (size);
";
    let migrations = Migrations::ours().outside_transaction("2026-02-01-000000_indexes", up);
    database
        .run_with(&migrations, "migrate-tenants")
        .exits_with(1)
        .says("2026-02-01-000000_indexes/up.sql:2\n")
        .says("note: the migration runs outside a transaction, and its earlier statements took effect");
    let index = "SELECT to_regclass('acme.by_name')";
    assert_eq!(database.value(index).await, "acme.by_name");
    assert_eq!(database.applied("acme").await, OUR_VERSIONS);
}

#[tokio::test]
async fn a_migration_that_must_not_run_is_refused_before_any_tenant_is_touched() {
    let database = Database::with_tenants("acme beta").await;
    for (up, line, reason) in [
        (
            "CREATE TABLE a (id INT);\nCOMMIT;\n",
            2,
            "`COMMIT` would begin or end a transaction",
        ),
        ("-- Nothing yet\n", 1, "the file contains no SQL statement"),
        (
            "\n\\echo hello\n",
            2,
            "a backslash command works only in psql",
        ),
        (
            "COPY dummy_table FROM STDIN;\n",
            1,
            "`COPY` with STDIN or STDOUT needs a client",
        ),
        (
            "CREATE TABLE a (id INT);\nSELECT 'open;\n",
            2,
            "is never closed",
        ),
        (
            "CREATE TABLE a (id INT);\nCREATE INDEX CONCURRENTLY i ON a (id);\n",
            2,
            "`CREATE INDEX CONCURRENTLY` cannot run in a transaction",
        ),
        (
            "CREATE TABLE a (id INT);\nCREATE TABLE public.plans (id INT);\n",
            2,
            "the statement creates `public.plans` outside the tenant's schema",
        ),
    ] {
        let migrations = Migrations::ours()
            .tenant("2026-02-01-000000_good", "CREATE TABLE good (id INT);")
            .tenant("2026-02-02-000000_bad", up);
        for command in ["migrate-tenants", "create-tenant gamma"] {
            database
                .run_with(&migrations, command)
                .exits_with(1)
                .prints_nothing()
                .says("migration `2026-02-02-000000_bad` cannot run")
                .says(&format!("2026-02-02-000000_bad/up.sql:{line}\n"))
                .says(reason);
        }
        let refused = database
            .run_with(&migrations, "migrate-tenants --json")
            .exits_with(1);
        let error = &refused.json()["error"];
        assert_eq!(error["migration"], "2026-02-02-000000_bad");
        assert_eq!(error["line"], line);
        assert_eq!(error["sqlstate"], Value::Null);
    }
    assert_eq!(database.schemas().await, ["acme", "beta"]);
    assert_eq!(database.applied("acme").await, OUR_VERSIONS);
}

#[tokio::test]
async fn a_migration_that_changes_the_search_path_is_rolled_back() {
    let database = Database::with_tenants("acme").await;
    let up = "SET search_path TO public;\nCREATE TABLE stray (id INT);\n";
    let migrations = Migrations::ours().tenant("2026-02-01-000000_path", up);
    let failed = database
        .run_with(&migrations, "migrate-tenants --json")
        .exits_with(1);
    let error = &failed.json()["tenants"][0]["error"];
    assert_eq!(error["migration"], "2026-02-01-000000_path");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("Remove the SET search_path"), "{failed}");
    let stray = "SELECT to_regclass('public.stray')";
    assert_eq!(database.value(stray).await, "NULL");
}

#[tokio::test]
async fn two_migrations_of_one_version_are_refused() {
    let database = Database::set_up().await;
    let migrations = Migrations::ours()
        .tenant("2026-02-01-000000_one", "SELECT 1;")
        .tenant("2026-02-01-000000_two", "SELECT 2;");
    let refused = database.run_with(&migrations, "create-tenant acme");
    let refused = refused
        .says("2026-02-01-000000_one")
        .says("2026-02-01-000000_two");
    refused.says("have the same version 20260201000000");
    assert!(database.schemas().await.is_empty());
}
