//! The commands under settings of the role and of the database.

use crate::support::{Database, Migrations};

/// Sets something for all who connect to the database from now on.
async fn set(database: &Database, setting: &str) {
    let name = database.name();
    let set = format!("BEGIN READ WRITE; ALTER DATABASE {name} SET {setting}; COMMIT");
    database.execute(&set).await;
}

#[tokio::test]
async fn no_time_out_means_none_whatever_the_role_has() {
    for setting in ["statement_timeout = '1s'", "lock_timeout = '1ms'"] {
        let database = Database::set_up().await;
        set(&database, setting).await;
        let slow = Migrations::ours().tenant("2026-02-01-000000_slow", "SELECT pg_sleep(1.3);");
        database
            .run_with(
                &slow,
                "create-tenant acme --statement-timeout 0 --lock-timeout 0",
            )
            .succeeds();
        database.run_with(&slow, "health-check").succeeds();
    }
}

#[tokio::test]
async fn a_hint_asks_for_no_option_that_was_given_or_that_the_command_lacks() {
    let database = Database::set_up().await;
    let own = Migrations::ours().tenant(
        "2026-02-01-000000_own",
        "SET LOCAL statement_timeout = '100ms'; SELECT pg_sleep(20);",
    );
    let create = "create-tenant acme --statement-timeout 0";
    let refused = database.run_with(&own, create).exits_with(1);
    let refused = refused.says("Change the statement_timeout that the migration itself sets");
    assert!(!refused.stderr.contains("--statement-timeout"));
    let public = Migrations::ours().public(
        "2026-02-01-000000_own",
        "SET LOCAL statement_timeout = '100ms'; SELECT pg_sleep(20);",
    );
    let refused = database.run_with(&public, "migrate-public").exits_with(1);
    let refused = refused.says("Change the statement_timeout that the migration itself sets");
    assert!(!refused.stderr.contains("--statement-timeout"));
}

#[tokio::test]
async fn every_command_works_where_transactions_are_read_only() {
    let database = Database::empty().await;
    set(&database, "default_transaction_isolation = serializable").await;
    set(&database, "quote_all_identifiers = on").await;
    set(&database, "timezone = 'Asia/Tokyo'").await;
    set(&database, "default_transaction_read_only = on").await;
    database.run("migrate-public").succeeds();
    database.run("create-tenant acme beta").succeeds();
    database.run("spare-tenants 1").succeeds();
    let more = Migrations::ours().tenant(
        "2026-02-01-000000_size",
        "ALTER TABLE dummy_table ADD COLUMN size INT;",
    );
    database.run_with(&more, "migrate-tenants").succeeds();
    let healthy = database.run_with(&more, "health-check").succeeds();
    healthy.prints("2 tenants checked: all well.");
    let drop = "BEGIN READ WRITE; ALTER TABLE beta.dummy_table DROP COLUMN size; COMMIT";
    database.execute(drop).await;
    database
        .run_with(&more, "health-check")
        .exits_with(1)
        .prints("1 problem");
    database.run_with(&more, "repair-tenant beta").succeeds();
    database
        .run_with(&more, "diff-tenants acme beta")
        .succeeds();
    database
        .run_with(&more, "rename-tenant beta gamma")
        .succeeds();
    database
        .run_with(&more, "clone-tenant acme copy")
        .succeeds();
    database.run_with(&more, "list-tenants").succeeds();
    database
        .run_with(&more, "drop-tenant acme --yes")
        .succeeds();
}

#[tokio::test]
async fn a_check_that_compared_nothing_is_not_well() {
    let database = Database::set_up().await;
    let outside = Migrations::ours()
        .tenant(
            "2026-02-01-000000_state",
            "CREATE TYPE state AS ENUM ('open'); CREATE TABLE kept (id int);",
        )
        .outside_transaction("2026-02-02-000000_vacuum", "VACUUM kept;")
        .outside_transaction(
            "2026-02-03-000000_done",
            "ALTER TYPE state ADD VALUE 'done';",
        )
        .tenant(
            "2026-02-04-000000_states",
            "CREATE TABLE states (state state DEFAULT 'done');",
        );
    database.run_with(&outside, "create-tenant acme").succeeds();
    let role = database.role("secret").await;
    let grant = format!(
        "GRANT CREATE ON DATABASE {} TO {role}; GRANT USAGE ON SCHEMA acme TO {role}; \
         GRANT SELECT ON ALL TABLES IN SCHEMA acme, public TO {role}",
        database.name(),
        role = role.name()
    );
    database.execute(&grant).await;
    let version = database.value("SHOW server_version_num").await;
    if version.parse::<u32>().unwrap() >= 170_000 {
        // It can be tried in a transaction there.
        return;
    }
    for line in ["health-check", "health-check --quick"] {
        let check = database.folder.command(line).on(&role.url());
        check
            .migrations(&outside)
            .run()
            .exits_with(1)
            .prints("1 tenant checked: none could be compared with its expected definition.")
            .says("note: the tenants were not compared with their expected definition: ");
    }
    let json = database.folder.command("health-check --json");
    let json = json.on(&role.url()).migrations(&outside).run();
    assert_eq!(json.exits_with(1).json()["healthy"], false);
}

#[tokio::test]
async fn strings_of_old_are_refused_with_what_to_do() {
    let database = Database::set_up().await;
    set(&database, "standard_conforming_strings = off").await;
    database
        .run("list-tenants")
        .exits_with(3)
        .says("has standard_conforming_strings = off")
        .says("options=-c%20standard_conforming_strings%3Don");
    let url = format!(
        "{}?options=-c%20standard_conforming_strings%3Don",
        database.url()
    );
    let list = database.folder.command("list-tenants");
    list.on(&url).run().succeeds();
}

#[tokio::test]
async fn rows_that_a_policy_hides_are_a_reason_and_not_nothing() {
    let database = Database::set_up().await;
    let role = database.role("secret").await;
    let grants = format!(
        "GRANT CREATE ON DATABASE {} TO {role}; \
         GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}",
        database.name(),
        role = role.name()
    );
    database.execute(&grants).await;
    let hidden = Migrations::ours().tenant(
        "2026-02-01-000000_hidden",
        "ALTER TABLE dummy_table ENABLE ROW LEVEL SECURITY; \
         ALTER TABLE dummy_table FORCE ROW LEVEL SECURITY;",
    );
    let run = |migrations: &Migrations, line: &str| {
        let command = database.folder.command(line).on(&role.url());
        command.migrations(migrations).run()
    };
    run(&hidden, "create-tenant acme").succeeds();
    database
        .execute("INSERT INTO acme.dummy_table (name) VALUES ('a')")
        .await;
    let backfill = hidden.tenant(
        "2026-02-02-000000_backfill",
        "UPDATE dummy_table SET value = 'b';",
    );
    run(&backfill, "migrate-tenants")
        .exits_with(1)
        .says("row-level security policy")
        .says("BYPASSRLS")
        .says("SET LOCAL row_security = on");
    let copied = run(&backfill, "clone-tenant acme copy").exits_with(1);
    let copied = copied.says("row-level security policy").says("BYPASSRLS");
    assert!(
        !copied.stderr.contains("SET LOCAL row_security"),
        "{copied}"
    );
}
