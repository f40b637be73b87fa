//! What is said to be lost before anything is.

use tenant_core::{Loss, Note, RollbackPlan, RollbackTo, Settings, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, open, open_at, rollback, tenants, two_steps_and_back};

async fn plan(tenants: &Tenants, to: RollbackTo) -> RollbackPlan {
    tenants.plan_rollback().to(to).await.unwrap()
}

fn loss(table: &str, column: Option<&str>, tenants: usize, rows: Option<u64>) -> Loss {
    match column {
        Some(column) => Loss::of_column(table, column, tenants),
        None => Loss::of_table(table, tenants, rows),
    }
}

/// Two tables and three columns that go, one that is renamed, one that is computed.
fn stream() -> Stream {
    Stream::new()
        .with("CREATE TABLE tasks (id int PRIMARY KEY, title text);")
        .back("DROP TABLE tasks;")
        .with(
            "ALTER TABLE tasks RENAME title TO name;
             ALTER TABLE tasks ADD due date, ADD \"Who's\" text, ADD never text,
                               ADD twice int GENERATED ALWAYS AS (id * 2) STORED;",
        )
        .back(
            "ALTER TABLE tasks RENAME name TO title;
             ALTER TABLE tasks DROP due, DROP \"Who's\", DROP never, DROP twice;",
        )
        .with("CREATE TABLE notes (body text); CREATE TABLE empty (id int);")
        .back("DROP TABLE notes; DROP TABLE empty;")
}

#[tokio::test]
async fn tables_with_rows_and_columns_with_values_are_counted_and_no_others() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    create(&tenants, &["a", "b", "c"]).await;
    database
        .execute(
            "INSERT INTO a.tasks VALUES (1, 'x', '2026-01-01', NULL, NULL);
             INSERT INTO b.tasks VALUES (1, 'x', '2026-01-01', 'me', NULL);
             INSERT INTO c.tasks VALUES (1, 'x', NULL, NULL, NULL);
             INSERT INTO a.notes SELECT 'x' FROM generate_series(1, 20);
             INSERT INTO c.notes SELECT 'x' FROM generate_series(1, 5);
             ANALYZE a.notes; ANALYZE c.notes",
        )
        .await;
    let two = plan(
        &tenants,
        RollbackTo::Version("20260201000000".parse().unwrap()),
    )
    .await;
    assert_eq!(
        two.loss().unwrap(),
        [
            loss("notes", None, 2, Some(25)),
            loss("tasks", Some("Who's"), 1, None),
            loss("tasks", Some("due"), 2, None),
        ]
    );
    assert_eq!(two.notes(), []);
    database
        .execute("ANALYZE a.tasks; ANALYZE b.tasks; ANALYZE c.tasks")
        .await;
    let all = plan(&tenants, RollbackTo::Nothing).await;
    assert!(
        all.loss()
            .unwrap()
            .contains(&loss("tasks", None, 3, Some(3)))
    );
    assert_eq!(database.schemas().await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_tenant_without_the_migration_that_drops_it_loses_nothing() {
    let database = TestDatabase::new().await;
    let first = Stream::new().with("CREATE TABLE tasks (id int PRIMARY KEY, title text);");
    let older = tenants(&database, &first).await;
    create(&older, &["old"]).await;
    let tenants = open(&database, &two_steps_and_back(), Settings::default()).await;
    create(&tenants, &["new"]).await;
    database
        .execute(
            "ALTER TABLE old.tasks ADD due date;
             INSERT INTO old.tasks VALUES (1, 'x', '2026-01-01');
             INSERT INTO new.tasks VALUES (1, 'x', '2026-01-01')",
        )
        .await;
    let plan = plan(&tenants, RollbackTo::default()).await;
    assert_eq!(plan.loss().unwrap(), [loss("tasks", Some("due"), 1, None)]);
}

#[tokio::test]
async fn downs_that_do_not_lead_back_are_noted_and_run_all_the_same() {
    let database = TestDatabase::new().await;
    let stream = two_steps_and_back()
        .with("CREATE TABLE a (id int); ALTER TABLE tasks ADD n int;")
        .back("ALTER TABLE tasks DROP n, DROP due;");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let report = rollback(&tenants).await;
    let [note @ Note::NotBack { differences }] = &report.notes[..] else {
        panic!("{report:?}")
    };
    assert_eq!(
        differences
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["column `tasks.due` is missing", "unexpected table `a`"]
    );
    assert!(note.to_string().contains("undo their up.sql"), "{note}");
}

#[tokio::test]
async fn where_a_rehearsal_is_impossible_the_loss_is_said_not_to_be_known() {
    let database = TestDatabase::new().await;
    let stream = two_steps_and_back();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let role = database.role("secret").await;
    database
        .execute(&format!(
            "ALTER SCHEMA acme OWNER TO {0}; ALTER TABLE acme.tasks OWNER TO {0};
             ALTER TABLE acme.__diesel_schema_migrations OWNER TO {0};
             GRANT ALL ON ALL TABLES IN SCHEMA public TO {0}",
            role.name()
        ))
        .await;
    let tenants = open_at(&role.url(), &stream, Settings::default()).await;
    let plan = plan(&tenants, RollbackTo::default()).await;
    assert_eq!(plan.loss(), None);
    let [
        Note::LossUnknown {
            reason,
            on_standby: false,
        },
    ] = plan.notes()
    else {
        panic!("{:?}", plan.notes())
    };
    assert!(reason.contains("permission denied"), "{reason}");
    // It is nobody's schema, and its name says nothing to anybody.
    let whose = "a trial run of the migrations: ";
    assert!(reason.starts_with(whose), "{reason}");
    let report = tenants.rollback(plan).await.unwrap();
    assert_eq!(report.count(tenant_core::Status::Reverted), 1, "{report:?}");
}

#[tokio::test]
async fn a_composite_value_with_a_null_field_is_a_value_that_would_be_lost() {
    let database = TestDatabase::new().await;
    let stream = Stream::new()
        .with("CREATE TYPE place AS (street text, town text); CREATE TABLE people (id int);")
        .back("DROP TABLE people; DROP TYPE place;")
        .with("ALTER TABLE people ADD home place, ADD work place, ADD none place;")
        .back("ALTER TABLE people DROP home, DROP work, DROP none;");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["a", "b"]).await;
    database
        .execute("INSERT INTO a.people VALUES (1, ROW('Elm', NULL), ROW(NULL, NULL), NULL)")
        .await;
    let last = plan(
        &tenants,
        RollbackTo::Version("20260201000000".parse().unwrap()),
    )
    .await;
    assert_eq!(
        last.loss().unwrap(),
        [
            loss("people", Some("home"), 1, None),
            loss("people", Some("work"), 1, None),
        ]
    );
}

#[tokio::test]
async fn rows_are_found_where_an_index_calls_a_function_that_needs_the_path() {
    let database = TestDatabase::new().await;
    let stream = Stream::new()
        .with(
            "CREATE FUNCTION bare(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT trim($1)';
             CREATE FUNCTION norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT bare($1)';
             CREATE TABLE people (id int, name text); CREATE INDEX ON people (norm(name));",
        )
        .back("DROP TABLE people; DROP FUNCTION norm; DROP FUNCTION bare;")
        .with("ALTER TABLE people ADD due date;")
        .back("ALTER TABLE people DROP due;");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["a", "b"]).await;
    database
        .execute("SET search_path TO b; INSERT INTO people VALUES (1, 'x', '2026-01-01')")
        .await;
    let all = plan(&tenants, RollbackTo::Nothing).await;
    assert_eq!(
        all.loss().unwrap(),
        [
            loss("people", None, 1, Some(1)),
            loss("people", Some("due"), 1, None),
        ]
    );
}
