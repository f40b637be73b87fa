//! Roles with no more rights than they need.

use test_support::Role;

use crate::support::{Database, Migrations};

/// The statements of the guide for a role that makes tenants.
fn grants_for_operator(role: &str, database: &str) -> String {
    format!(
        "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {database} TO {role}; \
         GRANT USAGE ON SCHEMA public TO {role}; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON public.schema_tracker, public.spare_schemas \
             TO {role}; \
         GRANT SELECT ON public.__diesel_schema_migrations TO {role};"
    )
}

/// The statements of the guide that let a role use what another makes.
fn grants_for_application(application: &str, operator: &str) -> String {
    format!(
        "ALTER DEFAULT PRIVILEGES FOR ROLE {operator} GRANT USAGE ON SCHEMAS TO {application}; \
         ALTER DEFAULT PRIVILEGES FOR ROLE {operator} \
             GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {application}; \
         ALTER DEFAULT PRIVILEGES FOR ROLE {operator} \
             GRANT USAGE, SELECT ON SEQUENCES TO {application};"
    )
}

/// A database that was set up by its owner, and a role that may make tenants.
async fn with_operator() -> (Database, Role) {
    let database = Database::set_up().await;
    let operator = database.role("secret").await;
    let grants = grants_for_operator(operator.name(), database.name());
    database.execute(&grants).await;
    (database, operator)
}

#[tokio::test]
async fn a_role_with_the_right_to_create_schemas_can_do_everything_with_tenants() {
    let (database, operator) = with_operator().await;
    let url = operator.url();
    let run = |line: &str| database.folder.command(line).on(&url).run().succeeds();
    run("spare-tenants 1").prints("1 spare");
    run("create-tenant acme beta --json");
    run("list-tenants").prints("acme");
    run("health-check").prints("2 tenants checked: all well.");
    let migrations = Migrations::ours()
        .tenant(
            "2026-02-01-000000_size",
            "ALTER TABLE dummy_table ADD COLUMN size INT;",
        )
        .outside_transaction(
            "2026-02-02-000000_index",
            "CREATE INDEX CONCURRENTLY by_size ON dummy_table (size);",
        );
    let command = database.folder.command("migrate-tenants").on(&url);
    command
        .migrations(&migrations)
        .run()
        .succeeds()
        .prints("2 migrated");
    let command = database
        .folder
        .command("rollback-tenants --steps 1 --yes")
        .on(&url);
    command
        .migrations(&migrations)
        .run()
        .succeeds()
        .prints("2 rolled back");
    run("demo-tenant-schema");
    run("clone-tenant beta gamma");
    run("diff-tenants beta gamma");
    run("rename-tenant acme globex");
    run("drop-tenant globex --yes");
    let owners = "SELECT DISTINCT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'beta'";
    assert_eq!(database.value(owners).await, operator.name());
}

#[tokio::test]
async fn without_the_right_nothing_is_made_and_the_right_is_named() {
    let (database, operator) = with_operator().await;
    database
        .execute(&format!(
            "REVOKE CREATE ON DATABASE {} FROM {}",
            database.name(),
            operator.name()
        ))
        .await;
    let command = database
        .folder
        .command("create-tenant acme")
        .on(&operator.url());
    command
        .run()
        .exits_with(1)
        .says("permission denied for database")
        .says("New tenants need CREATE ON DATABASE");
    assert!(database.tracked().await.is_empty());
}

#[tokio::test]
async fn the_application_reads_new_tenants_by_default_privileges_and_the_check_finds_the_others() {
    let (database, operator) = with_operator().await;
    let application = database.role("secret").await;
    let url = operator.url();
    let run = |line: &str| database.folder.command(line).on(&url).run();
    run("create-tenant older").succeeds();
    database
        .execute(&grants_for_application(application.name(), operator.name()))
        .await;
    run("create-tenant newer").succeeds();

    let check = format!("health-check --app-role {}", application.name());
    let found = run(&check).exits_with(1);
    found
        .prints("older")
        .prints("cannot read `dummy_table`, or cannot use the schema");
    let document = run(&format!("{check} --json")).exits_with(1).json();
    let problems = document["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{document}");
    assert_eq!(problems[0]["kind"], "no_access");

    // What it says helps.
    let hint = problems[0]["hint"].as_str().unwrap();
    let (_, grants) = hint.split_once('\n').unwrap();
    database.execute(grants).await;
    run(&check)
        .succeeds()
        .prints("2 tenants checked: all well.");
    let asked = database.folder.command("health-check").on(&url);
    asked
        .env("TENANT_APP_ROLE", application.name())
        .run()
        .succeeds();

    let (client, connection) = tokio_postgres::connect(&application.url(), tokio_postgres::NoTls)
        .await
        .unwrap();
    drop(tokio::spawn(connection));
    client
        .batch_execute("INSERT INTO newer.dummy_table (name) VALUES ('mine')")
        .await
        .unwrap();
    let denied = client
        .batch_execute("DROP TABLE newer.dummy_table")
        .await
        .unwrap_err();
    assert_eq!(denied.code().unwrap().code(), "42501");
}

#[tokio::test]
async fn a_role_that_does_not_exist_is_named() {
    let database = Database::with_tenants("acme").await;
    database
        .run("health-check --app-role nobody_of_that_name")
        .exits_with(1)
        .says("role \"nobody_of_that_name\" does not exist");
}
