//! A set of migrations as a real product has it: a project management tool with
//! fourteen tables, enums, triggers, views and an index built concurrently.

use std::fs;
use std::path::{Path, PathBuf};

use tokio_postgres::Client;

use crate::support::{Database, Folder, Migrations, assert_alike, copy};

const SAAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/saas");

const NEWEST: &str = "20260601150000";

/// A database with the public schema and these tenants, their names divided by
/// spaces.
async fn saas(tenants: &str) -> Database {
    let database = Database::empty().await;
    run(&database, "migrate-public");
    run(&database, &format!("create-tenant {tenants}"));
    database
}

/// Runs a command with these migrations; it must succeed.
fn run(database: &Database, line: &str) -> crate::support::Finished {
    let command = database.command(line).arg("--migrations-dir").arg(SAAS);
    command.run().succeeds()
}

/// The folders of the tenant migrations, oldest first.
fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(SAAS).join("tenant")).unwrap();
    let mut folders = entries
        .map(|entry| entry.unwrap().path())
        .collect::<Vec<_>>();
    folders.sort();
    folders
}

/// A connection that sees one tenant's tables only.
async fn inside(database: &Database, tenant: &str) -> Client {
    let client = database.client().await;
    let path = format!("SET search_path TO {tenant}");
    client.batch_execute(&path).await.unwrap();
    client
}

/// How many lines of a catalog are about `kind`.
fn count(catalog: &[String], kind: &str) -> usize {
    catalog.iter().filter(|line| line.starts_with(kind)).count()
}

#[test]
fn the_set_is_of_a_real_size_and_lists_tenants_as_this_project_does() {
    assert_eq!(folders().len(), 10);
    let tracker = "public/2026-01-01-000000_create_schema_tracker/up.sql";
    let read = |folder: &Path| fs::read_to_string(folder.join(tracker)).unwrap();
    assert_eq!(read(Path::new(SAAS)), read(&Migrations::ours().path()));
}

#[tokio::test]
async fn ten_customers_are_made_listed_and_well_and_all_alike() {
    let names = (1..=10)
        .map(|number| format!("customer_{number:02}"))
        .collect::<Vec<_>>();
    let database = Database::empty().await;
    // Those of the list of tenants that the set has no copies of are added.
    run(&database, "migrate-public").prints("6 migrations applied");
    run(&database, &format!("create-tenant {}", names.join(" "))).prints("10 tenants: 10 created");

    let listed = run(&database, "list-tenants --json").json();
    let tenants = listed["tenants"].as_array().unwrap();
    assert_eq!(tenants.len(), 10);
    for (tenant, name) in tenants.iter().zip(&names) {
        assert_eq!(tenant["name"], **name);
        assert_eq!(tenant["version"], NEWEST);
        assert_eq!(tenant["pending"], 0);
    }
    let listed = run(&database, "list-tenants -o name");
    assert_eq!(listed.stdout.lines().count(), 10, "{listed}");
    run(&database, "health-check").prints("10 tenants checked: all well.");
    run(&database, "migrate-tenants").prints("10 tenants: 10 up to date (");

    let first = database.catalog(&names[0]).await;
    assert_eq!(count(&first, "relation r "), 14);
    assert_eq!(count(&first, "relation v "), 3);
    assert_eq!(count(&first, "index "), 37);
    assert_eq!(count(&first, "enum "), 5);
    assert_eq!(count(&first, "function "), 4);
    assert_eq!(count(&first, "trigger "), 7);
    assert_eq!(count(&first, "comment "), 3);
    for name in &names[1..] {
        assert_alike(&database.catalog(name).await, &first);
    }
}

const WORK: &str = "
    INSERT INTO members (email, full_name, role) VALUES ('ann@example.org', 'Ann', 'owner');
    INSERT INTO projects (key, name, owner_id) VALUES ('WEB', 'Site', 1);
    INSERT INTO tasks (project_id, title, reporter_id, priority) VALUES
        (1, 'Write it; don''t wait', 1, 'high'), (1, 'Ship it', 1, 'normal');
    INSERT INTO task_assignees (task_id, member_id) VALUES (1, 1);
    UPDATE tasks SET status = 'done' WHERE number = 2;
    UPDATE subscription SET plan_code = 'team'";

#[tokio::test]
async fn what_one_customer_does_no_other_sees() {
    let database = saas("busy idle").await;
    let busy = inside(&database, "busy").await;
    busy.batch_execute(WORK).await.unwrap();

    let idle = inside(&database, "idle").await;
    let ask = async |client: &Client, question: &str| {
        let row = client.query_one(question, &[]).await.unwrap();
        row.get::<_, String>(0)
    };
    for (question, of_busy, of_idle) in [
        ("SELECT count(*)::text FROM members", "1", "0"),
        (
            "SELECT string_agg(number::text, ',' ORDER BY id) FROM tasks HAVING count(*) > 0
          UNION ALL SELECT 'none' WHERE NOT EXISTS (SELECT FROM tasks)",
            "1,2",
            "none",
        ),
        (
            "SELECT coalesce(string_agg(kind::text, ',' ORDER BY id), 'none') FROM activity_log",
            "created,created,closed",
            "none",
        ),
        (
            "SELECT coalesce(sum(percent), -1)::text FROM project_progress",
            "50",
            "-1",
        ),
        (
            "SELECT coalesce(sum(pressing), -1)::text FROM workload",
            "1",
            "-1",
        ),
        ("SELECT plan_code FROM subscription", "team", "free"),
        ("SELECT count(*)::text FROM labels", "3", "3"),
    ] {
        assert_eq!(ask(&busy, question).await, of_busy, "{question}");
        assert_eq!(ask(&idle, question).await, of_idle, "{question}");
    }
    // The same statements, one tenant later, start from nothing.
    idle.batch_execute(WORK).await.unwrap();
    assert_eq!(ask(&idle, "SELECT max(number)::text FROM tasks").await, "2");
    assert_eq!(ask(&busy, "SELECT count(*)::text FROM tasks").await, "2");
    let wrong = "INSERT INTO projects (key, name, owner_id) VALUES ('no', 'x', 1)";
    let refused = idle.batch_execute(wrong).await.unwrap_err();
    assert!(
        refused
            .as_db_error()
            .unwrap()
            .message()
            .contains("projects_key_form")
    );
    run(&database, "health-check");
}

/// Undoes everything, as the migrations say, newest first.
async fn revert_all(database: &Database, tenant: &str) {
    let client = inside(database, tenant).await;
    for folder in folders().iter().rev() {
        let down = fs::read_to_string(folder.join("down.sql")).unwrap();
        let done = client.batch_execute(&down).await;
        done.unwrap_or_else(|error| panic!("{}: {error:?}", folder.display()));
    }
    let ledger = "TRUNCATE __diesel_schema_migrations";
    client.batch_execute(ledger).await.unwrap();
}

#[tokio::test]
async fn down_undoes_all_of_up_and_up_makes_the_same_again() {
    let database = saas("acme").await;
    let fresh = database.catalog("acme").await;
    let client = inside(&database, "acme").await;
    client.batch_execute(WORK).await.unwrap();

    revert_all(&database, "acme").await;
    assert_eq!(database.catalog("acme").await, Vec::<String>::new());
    let left = "SELECT array_to_string(ARRAY(
            SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'acme'::regnamespace
            UNION ALL
            SELECT oid::regtype::text FROM pg_type WHERE typnamespace = 'acme'::regnamespace
            UNION ALL
            SELECT oid::regproc::text FROM pg_proc WHERE pronamespace = 'acme'::regnamespace
            ORDER BY 1), ' ')";
    assert_eq!(
        database.value(left).await,
        "acme.__diesel_schema_migrations acme.__diesel_schema_migrations \
         acme.__diesel_schema_migrations[] acme.__diesel_schema_migrations_pkey"
    );

    run(&database, "migrate-tenants").prints("  acme: migrated, 10 migrations in ");
    assert_alike(&database.catalog("acme").await, &fresh);
    run(&database, "health-check");
}

#[tokio::test]
async fn a_customer_of_the_first_hour_ends_like_one_of_today() {
    let database = Database::empty().await;
    let partly = Migrations::none_for_tenants();
    copy(
        &Path::new(SAAS).join("public"),
        &partly.path().join("public"),
    );
    database.run_with(&partly, "migrate-public").succeeds();
    let mut created = false;
    for folder in folders() {
        let name = folder.file_name().unwrap();
        copy(&folder, &partly.path().join("tenant").join(name));
        let command = if created {
            "migrate-tenants"
        } else {
            "create-tenant early"
        };
        database
            .run_with(&partly, command)
            .succeeds()
            .prints("1 migration in ");
        created = true;
    }
    run(&database, "create-tenant late");
    assert_alike(
        &database.catalog("early").await,
        &database.catalog("late").await,
    );
    run(&database, "health-check").prints("2 tenants checked: all well.");
}

#[tokio::test]
async fn a_customer_who_was_exported_and_dropped_comes_back_and_works_on() {
    let database = saas("busy").await;
    let busy = inside(&database, "busy").await;
    busy.batch_execute(WORK).await.unwrap();
    drop(busy);
    let before = database.catalog("busy").await;
    let folder = Folder::new();
    let files = ["one.tenant", "other.tenant"].map(|name| folder.path().join(name));
    let [one, other] = files.each_ref().map(|file| file.display().to_string());
    let tables = |file: &str| {
        let line = format!("export-tenant busy -o {file} --json");
        run(&database, &line).json()["tables"].clone()
    };
    let exported = tables(&one);
    run(&database, "drop-tenant busy --yes");
    run(&database, &format!("import-tenant {one}"));
    run(&database, "health-check");
    assert_alike(&before, &database.catalog("busy").await);
    assert_eq!(tables(&other), exported);
    let again = inside(&database, "busy").await;
    let task = "INSERT INTO tasks (project_id, title, reporter_id) VALUES (1, 'More', 1) \
                RETURNING number::text";
    let row = again.query_one(task, &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "3");
}
