//! Migrations that run outside a transaction.

use tenant_core::{Consequence, Error, Settings, Status, Tenants};
use test_support::{TestDatabase, eventually};

use crate::fixture::{Stream, create, migrate, open, outcome, tenants, two_steps, version};

const INDEX: &str = "CREATE INDEX CONCURRENTLY by_title ON tasks (title);";

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_built_concurrently_in_many_tenants_at_once() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let names = (0..12).map(|n| format!("t{n:02}")).collect::<Vec<_>>();
    create(
        &tenants(&database, &stream).await,
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    )
    .await;
    let stream = stream
        .with("CREATE TABLE one (id int);")
        .outside(INDEX)
        .with("CREATE TABLE two (id int);");
    let report = migrate(&open(&database, &stream, Settings::default()).await).await;
    assert_eq!(report.count(Status::Migrated), 12, "{report:?}");
    assert_eq!(
        outcome(&report, "t05").applied,
        [version(3), version(4), version(5)]
    );
    let valid = "SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid::regclass::text LIKE '%by_title'";
    assert_eq!(database.value(valid).await, "12");
    assert_eq!(
        database
            .value("SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE locktype = 'advisory' AND datname = current_database()")
            .await,
        "0"
    );
}

#[tokio::test]
async fn a_failure_keeps_what_ran_before_and_says_so() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let stream = stream
        .with("CREATE TABLE one (id int);")
        .outside(&format!("{INDEX}\nVACUUM nothing;"));
    let new = open(&database, &stream, Settings::default()).await;
    let report = migrate(&new).await;
    let failed = outcome(&report, "acme");
    assert_eq!(
        (failed.status, failed.applied.as_slice()),
        (Status::Failed, &[version(3)][..])
    );
    let Some(Error::Migration(failure)) = &failed.error else {
        panic!("{failed:?}")
    };
    assert_eq!(
        (failure.line, failure.consequence),
        (2, Consequence::PartlyApplied)
    );
    assert_eq!(new.list().await.unwrap()[0].pending, Some(1));
}

#[tokio::test]
async fn the_next_tenant_on_the_connection_does_not_inherit_the_path() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["a", "b"]).await;
    let stream = stream.outside("CREATE TABLE here (id int);");
    let new = open(&database, &stream, Settings::default()).await;
    assert_eq!(migrate(&new).await.count(Status::Migrated), 2);
    let homes =
        "SELECT relnamespace::regnamespace::text FROM pg_class WHERE relname = 'here' ORDER BY 1";
    assert_eq!(database.column(homes).await, ["a", "b"]);
}

/// The names of the indexes in the tenants' schemas that are not valid.
async fn invalid(database: &TestDatabase) -> Vec<String> {
    let sql = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1";
    database.column(sql).await
}

#[tokio::test]
async fn an_index_that_was_not_completed_is_dropped_and_built_again() {
    for index in [
        "CREATE UNIQUE INDEX CONCURRENTLY one_title ON tasks (title);",
        "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS one_title ON tasks (title);",
        "CREATE UNIQUE INDEX CONCURRENTLY ON tasks (lower(title)) WHERE id > 0;",
    ] {
        let database = TestDatabase::new().await;
        let stream = two_steps();
        create(&tenants(&database, &stream).await, &["acme"]).await;
        database
            .execute("INSERT INTO acme.tasks VALUES (1, 'same'), (2, 'same')")
            .await;
        let new = open(&database, &stream.outside(index), Settings::default()).await;
        let failed = migrate(&new).await;
        let error = outcome(&failed, "acme").error.as_ref().unwrap();
        assert_eq!(error.sqlstate(), Some("23505"), "{error}");
        assert_eq!(invalid(&database).await.len(), 1);

        database
            .execute("DELETE FROM acme.tasks WHERE id = 2")
            .await;
        let report = migrate(&new).await;
        assert_eq!(report.count(Status::Migrated), 1, "{report:?}");
        assert_eq!(invalid(&database).await, [""; 0]);
        let indexes = "SELECT count(*) FROM pg_index WHERE indrelid = 'acme.tasks'::regclass";
        assert_eq!(database.value(indexes).await, "2");
    }
}

/// A run that does everything and cannot record it, and what makes that so.
async fn unrecorded(database: &TestDatabase, stream: Stream, file: &str) -> Tenants {
    create(&tenants(database, &stream).await, &["acme"]).await;
    database
        .execute(
            "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql \
             AS $$ BEGIN RAISE 'not today'; END $$; \
             CREATE TRIGGER refuse BEFORE UPDATE ON public.schema_tracker \
             FOR EACH ROW WHEN (OLD.version IS DISTINCT FROM NEW.version) EXECUTE FUNCTION public.refuse()",
        )
        .await;
    let new = open(database, &stream.outside(file), Settings::default()).await;
    let report = migrate(&new).await;
    assert_eq!(outcome(&report, "acme").status, Status::Failed);
    database
        .execute("DROP TRIGGER refuse ON public.schema_tracker")
        .await;
    new
}

#[tokio::test]
async fn a_run_that_was_cut_off_before_it_could_record_is_taken_up_where_it_ended() {
    let database = TestDatabase::new().await;
    let stream = Stream::new()
        .with("CREATE TYPE state AS ENUM ('open'); CREATE TABLE tasks (title text, state state);");
    let file = "ALTER TYPE state ADD VALUE 'done';\n\
         VACUUM tasks;\n\
         CREATE INDEX CONCURRENTLY by_title ON tasks (lower(title) DESC) WHERE state = 'open';\n\
         CREATE INDEX CONCURRENTLY ON tasks (state);";
    let new = unrecorded(&database, stream, file).await;
    let indexes =
        "SELECT indexrelid FROM pg_index WHERE indrelid = 'acme.tasks'::regclass ORDER BY 1";
    let before = database.column(indexes).await;
    assert_eq!(before.len(), 2);
    let report = migrate(&new).await;
    assert_eq!(report.count(Status::Migrated), 1, "{report:?}");
    assert_eq!(
        database.column(indexes).await,
        before,
        "nothing is built twice"
    );
}

#[tokio::test]
async fn another_index_of_the_same_name_is_not_taken_for_the_one_that_is_meant() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    database
        .execute("CREATE INDEX by_title ON acme.tasks (due)")
        .await;
    let new = open(&database, &stream.outside(INDEX), Settings::default()).await;
    let report = migrate(&new).await;
    let error = outcome(&report, "acme").error.as_ref().unwrap();
    assert_eq!(error.sqlstate(), Some("42P07"), "{error}");
}

#[tokio::test]
async fn what_another_session_left_of_rebuilding_an_index_stays() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    // What a REINDEX CONCURRENTLY that is cut off leaves.
    database
        .execute("INSERT INTO acme.tasks VALUES (1, 'same'), (2, 'same')")
        .await;
    let client = database.client().await;
    let cut_off = "CREATE UNIQUE INDEX CONCURRENTLY tasks_pkey_ccnew ON acme.tasks (title)";
    client.batch_execute(cut_off).await.unwrap_err();
    let stream = stream.outside("REINDEX TABLE CONCURRENTLY tasks;");
    let new = open(&database, &stream, Settings::default()).await;
    assert_eq!(migrate(&new).await.count(Status::Migrated), 1);
    assert_eq!(invalid(&database).await, ["acme.tasks_pkey_ccnew"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn none_of_our_sessions_waits_in_a_transaction_while_indexes_are_built() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["a", "b", "c", "d"]).await;
    // A partial index waits for the others that are being built.
    let index = "CREATE INDEX CONCURRENTLY early ON tasks (title) WHERE id < 10;";
    let new = open(&database, &stream.outside(index), Settings::default()).await;
    let holder = database.client().await;
    holder
        .batch_execute(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM a.tasks, b.tasks, c.tasks, d.tasks",
        )
        .await
        .unwrap();
    let run = tokio::spawn(async move { migrate(&new).await });
    let building = "SELECT count(*) FROM pg_stat_progress_create_index \
                    WHERE datname = current_database()";
    eventually("all four are being built", async || {
        database.value(building).await == "4"
    })
    .await;
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                   AND application_name = 'diesel-tenants' AND xact_start IS NOT NULL \
                   AND query !~ '^CREATE INDEX CONCURRENTLY'";
    assert_eq!(database.value(waiting).await, "0");
    holder.batch_execute("COMMIT").await.unwrap();
    let report = run.await.unwrap();
    assert_eq!(report.count(Status::Migrated), 4, "{report:?}");
    assert_eq!(invalid(&database).await, [""; 0]);
}
