//! All commands behind PgBouncer in transaction mode.

use test_support::PgBouncer;
use tokio_postgres::{Client, NoTls};

use crate::support::{Command, Database, Finished, Migrations};

/// A database, and the pooler in front of it that the commands are told of.
struct Pooled {
    pooler: PgBouncer,
    database: Database,
}

impl Pooled {
    async fn new(pool_size: usize) -> Self {
        let database = Database::empty().await;
        let pooler = PgBouncer::start(&database, pool_size);
        Self { pooler, database }
    }

    fn command(&self, line: &str) -> Command {
        self.database.folder.command(line).on(&self.pooler.url())
    }

    fn run(&self, line: &str) -> Finished {
        self.command(line).run().succeeds()
    }

    /// A client that has nothing to do with the commands.
    async fn client(&self) -> Client {
        let url = format!("{}?application_name=somebody", self.pooler.url());
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        drop(tokio::spawn(connection));
        client
    }
}

/// Sessions that begin afterwards compile plans, as they usually do.
const JIT_ON: &str = "DO $$ BEGIN EXECUTE pg_catalog.format('ALTER DATABASE %I SET jit = on', \
    pg_catalog.current_database()); END $$";

/// Every command, on 20 tenants.
async fn use_all(pooled: &Pooled) {
    pooled
        .run("migrate-public --dry-run")
        .prints("5 migrations pending");
    pooled.run("migrate-public").prints("5 migrations applied");
    let names = (1..=20).map(|number| format!("t{number:02}\n"));
    let names = names.collect::<String>();
    let create = pooled.command("create-tenant --names-from - --jobs 8");
    create
        .input(&names)
        .run()
        .succeeds()
        .prints("20 tenants: 20 created");
    pooled
        .run("spare-tenants 3 --jobs 8")
        .prints("3 spare tenants ready: 3 created");
    pooled
        .run("create-tenant acme")
        .prints("acme: created from a spare");
    let listed = pooled.run("list-tenants -o name").succeeds();
    assert_eq!(listed.stdout.lines().count(), 21, "{listed}");
    pooled
        .run("health-check")
        .prints("21 tenants checked: all well.");

    let newer = Migrations::ours().tenant(
        "2026-02-01-000000_new",
        "CREATE TABLE new (id INT); CREATE INDEX ON new (id);",
    );
    let newer = newer.back("2026-02-01-000000_new", "DROP TABLE new;");
    let run_newer = |line: &str| pooled.command(line).migrations(&newer).run();
    run_newer("health-check").exits_with(1);
    let dry = run_newer("migrate-tenants --dry-run").succeeds();
    dry.prints("21 behind");
    let migrated = run_newer("migrate-tenants --jobs 8").succeeds();
    migrated
        .prints("21 tenants: 21 migrated")
        .prints("2 spare schemas: 2 migrated");
    run_newer("migrate-tenants")
        .succeeds()
        .prints("21 up to date");
    run_newer("health-check").succeeds();
    run_newer("spare-tenants")
        .succeeds()
        .prints("2 spare tenants ready");
    run_newer("rollback-tenants --steps 1 --yes --jobs 8")
        .succeeds()
        .prints("21 tenants: 21 rolled back")
        .prints("2 spare schemas: 2 rolled back");
    pooled
        .run("health-check")
        .prints("21 tenants checked: all well.");

    pooled.run("demo-tenant-schema").prints("sees 0 of them");
    pooled
        .run("drop-tenant t01 --yes")
        .prints("Dropped tenant `t01`");
    pooled
        .run("clone-tenant t03 t02_copy")
        .prints("Cloned tenant `t03` to `t02_copy`: ");
    pooled.run("diff-tenants t03 t02_copy");
    let damage =
        "DROP TABLE t02_copy.dummy_table; DELETE FROM schema_tracker WHERE name = 't02_copy'";
    pooled.database.execute(damage).await;
    pooled.run("adopt-tenant t02_copy");
    pooled
        .run("repair-tenant t02_copy")
        .prints("2 statements ran");
    pooled.run("health-check");
    pooled.run("drop-tenant t02_copy --yes");
    pooled
        .run("rename-tenant t02 t01")
        .prints("Renamed tenant `t02` to `t01`.");
    assert_eq!(pooled.database.tracked().await.len(), 20);
    assert!(!pooled.database.schemas().await.contains(&"t02".to_owned()));
}

#[tokio::test]
async fn all_commands_work_where_everybody_shares_one_server_connection() {
    use_all(&Pooled::new(1).await).await;
}

#[tokio::test]
async fn all_commands_work_where_each_transaction_may_get_another_server_connection() {
    use_all(&Pooled::new(4).await).await;
}

#[tokio::test]
async fn the_next_client_finds_the_settings_that_it_would_have_without_us() {
    let pooled = Pooled::new(1).await;
    // The servers of tests have what our own statements set.
    pooled.database.execute(JIT_ON).await;
    let other = pooled.client().await;
    let backend = "SELECT pg_backend_pid()::text";
    let ask = async |sql: &str| {
        let rows = other.query_typed(sql, &[]).await.unwrap();
        rows[0].get::<_, String>(0)
    };
    let server = ask(backend).await;
    for command in [
        "migrate-public",
        "create-tenant acme globex --jobs 2",
        "spare-tenants 1",
        "list-tenants",
        "migrate-tenants",
        "health-check",
        "demo-tenant-schema",
        "rollback-tenants --steps 1 --yes",
        "clone-tenant globex copy",
        "diff-tenants globex copy",
        "repair-tenant copy --dry-run",
        "rename-tenant acme initech",
        "drop-tenant initech --yes",
    ] {
        pooled.run(command);
        for (setting, default) in [
            ("lock_timeout", "0"),
            ("statement_timeout", "0"),
            ("jit", "on"),
            ("search_path", "\"$user\", public"),
            ("application_name", "somebody"),
        ] {
            let now = ask(&format!("SHOW {setting}")).await;
            assert_eq!(now, default, "{setting} after {command}");
        }
        assert_eq!(ask(backend).await, server, "after {command}");
    }
}

#[tokio::test]
async fn demonstrations_side_by_side_do_not_meet_each_others_statements() {
    let pooled = Pooled::new(2).await;
    pooled.run("migrate-public");
    // As another application may have left them, by the names that every process
    // of the driver's gives.
    let other = pooled.client().await;
    let theirs = (0..200).map(|number| format!("PREPARE s{number} AS SELECT 'theirs';"));
    other
        .batch_execute(&theirs.collect::<String>())
        .await
        .unwrap();
    let started = (0..4).map(|_| pooled.command("demo-tenant-schema").start());
    for demonstration in started.collect::<Vec<_>>() {
        demonstration.finish().succeeds().prints("sees 0 of them");
    }
}

#[tokio::test]
async fn a_migration_outside_a_transaction_is_refused_before_it_meets_another_connection() {
    let pooled = Pooled::new(2).await;
    pooled.run("migrate-public");
    pooled.run("create-tenant acme");
    let index = "CREATE INDEX CONCURRENTLY by_name ON dummy_table (name);";
    let migrations = Migrations::ours()
        .tenant("2026-02-01-000000_a", "CREATE TABLE a ();")
        .outside_transaction("2026-02-02-000000_index", index);
    for line in ["migrate-tenants", "create-tenant beta"] {
        pooled
            .command(line)
            .migrations(&migrations)
            .run()
            .exits_with(1)
            .says("cannot run migration `2026-02-02-000000_index` through a pooler")
            .says("it runs outside a transaction")
            .says("Give --database-url the server's own address for this command.");
    }
    assert_eq!(pooled.database.schemas().await, ["acme"]);
    let table = "SELECT to_regclass('acme.a')";
    assert_eq!(pooled.database.value(table).await, "NULL");
    pooled
        .database
        .run_with(&migrations, "migrate-tenants")
        .succeeds();
}

#[tokio::test]
async fn what_a_migration_sets_is_gone_before_the_next_client_comes() {
    let pooled = Pooled::new(1).await;
    pooled.run("migrate-public");
    pooled.run("create-tenant acme");
    let up = "SET statement_timeout = '7s';\n\
              CREATE TEMPORARY TABLE scratch (id INT);\n\
              PREPARE question AS SELECT 1;\n";
    let migrations = Migrations::ours().tenant("2026-02-01-000000_set", up);
    let migrate = pooled.command("migrate-tenants").migrations(&migrations);
    migrate.run().succeeds();
    let other = pooled.client().await;
    for left in [
        "SELECT setting::int <> 0 FROM pg_settings WHERE name = 'statement_timeout'",
        "SELECT to_regclass('pg_temp.scratch') IS NOT NULL",
        "SELECT EXISTS (SELECT FROM pg_prepared_statements WHERE name = 'question')",
    ] {
        let rows = other.query_typed(left, &[]).await.unwrap();
        assert!(!rows[0].get::<_, bool>(0), "{left}");
    }
}
