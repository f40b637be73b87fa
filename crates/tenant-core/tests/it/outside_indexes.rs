//! Indexes that are built concurrently: which count as the work of a run, and which do not.

use std::{fs, time::Duration};

use tenant_core::{Settings, Status};
use test_support::{TestDatabase, eventually};

use crate::fixture::{chain, create, migrate, open, open_at, tenants, two_steps};
use crate::outside_journal::{acme_before, error, succeeds};

#[tokio::test]
async fn an_index_without_a_name_is_built_beside_one_that_is_equal() {
    for (existing, gone) in [
        (
            "ALTER TABLE tasks ADD CONSTRAINT one_title UNIQUE (title);",
            "ALTER TABLE tasks DROP CONSTRAINT one_title;",
        ),
        (
            "CREATE UNIQUE INDEX one_title ON tasks (title);",
            "DROP INDEX one_title;",
        ),
        (
            "CREATE UNIQUE INDEX tasks_title_idx ON tasks (title);",
            "DROP INDEX tasks_title_idx;",
        ),
    ] {
        let database = TestDatabase::new().await;
        let stream = two_steps().with(existing);
        create(&tenants(&database, &stream).await, &["acme"]).await;
        let stream = stream
            .outside("CREATE UNIQUE INDEX CONCURRENTLY ON tasks (title);")
            .with(gone);
        succeeds(&open(&database, &stream, Settings::default()).await).await;
        let twice = "INSERT INTO acme.tasks VALUES (1, 'same'), (2, 'same')";
        let client = database.client().await;
        let refused = client.batch_execute(twice).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "23505", "{existing}");
    }
}

#[tokio::test]
async fn a_name_that_postgresql_cuts_is_found_under_the_name_that_it_has() {
    let long = "an_index_whose_name_is_much_longer_than_postgresql_keeps_names_at_all";
    for index in [
        long.to_owned(),
        long.to_uppercase(),
        format!("\"{}\"", long.to_uppercase()),
        format!("\"{}\"", "\u{e9}".repeat(40)),
        format!("x{}", "\u{e9}".repeat(40)),
        format!("U&\"{}\"", "\\00e9".repeat(40)),
    ] {
        for guard in ["", "IF NOT EXISTS "] {
            let database = TestDatabase::new().await;
            let file = format!(
                "CREATE UNIQUE INDEX CONCURRENTLY {guard}{index} ON \"acme\" . Tasks (title);"
            );
            let (_, new) = acme_before(&database, two_steps(), &file).await;
            let same = "INSERT INTO acme.tasks VALUES (1, 'same'), (2, 'same')";
            database.execute(same).await;
            for _ in 0..2 {
                let failed = migrate(&new).await;
                assert_eq!(error(&failed).sqlstate(), Some("23505"), "{file}");
            }
            database.execute("TRUNCATE acme.tasks").await;
            succeeds(&new).await;
            let valid = "SELECT string_agg(indisvalid::text, ',') FROM pg_index \
                         WHERE indrelid = 'acme.tasks'::regclass";
            assert_eq!(database.value(valid).await, "true,true", "{file}");
        }
    }
}

#[tokio::test]
async fn an_invalid_index_of_the_name_is_replaced_whoever_made_it() {
    for guard in ["", "IF NOT EXISTS "] {
        let database = TestDatabase::new().await;
        let file = format!("CREATE INDEX CONCURRENTLY {guard}by_title ON tasks (title);");
        let (_, new) = acme_before(&database, two_steps(), &file).await;
        let same = "INSERT INTO acme.tasks VALUES (1, 'same'), (2, 'same')";
        database.execute(same).await;
        let client = database.client().await;
        let broken = "CREATE UNIQUE INDEX CONCURRENTLY by_title ON acme.tasks (title)";
        client.batch_execute(broken).await.unwrap_err();
        succeeds(&new).await;
        let built = "SELECT indisvalid::text || indisunique::text FROM pg_index \
                     WHERE indexrelid = 'acme.by_title'::regclass";
        assert_eq!(database.value(built).await, "truefalse");
    }
}

#[tokio::test]
async fn an_index_that_stays_invalid_is_never_recorded_as_applied() {
    let database = TestDatabase::new().await;
    let stream = two_steps().with("CREATE TABLE other (a int);");
    let file = "CREATE INDEX CONCURRENTLY IF NOT EXISTS by_title ON tasks (title);";
    let (_, new) = acme_before(&database, stream, file).await;
    database
        .execute("INSERT INTO acme.other VALUES (1), (1)")
        .await;
    let client = database.client().await;
    let broken = "CREATE UNIQUE INDEX CONCURRENTLY by_title ON acme.other (a)";
    client.batch_execute(broken).await.unwrap_err();
    let report = migrate(&new).await;
    let told = chain(error(&report));
    assert!(told.contains("`by_title` exists and is invalid"), "{told}");
    assert_eq!(new.list().await.unwrap()[0].pending, Some(1));
}

#[tokio::test]
async fn an_index_that_came_from_elsewhere_is_not_taken_for_the_one_that_is_meant() {
    let database = TestDatabase::new().await;
    let file = "CREATE INDEX CONCURRENTLY by_title ON tasks (title);\nVACUUM nothing;";
    let (stream, new) = acme_before(&database, two_steps(), file).await;
    // Equal, and there before the run.
    database
        .execute("CREATE INDEX by_title ON acme.tasks (title)")
        .await;
    for _ in 0..2 {
        let report = migrate(&new).await;
        assert_eq!(error(&report).sqlstate(), Some("42P07"));
    }
    // Made by the run, dropped by hand, so that it has to be built again.
    database.execute("DROP INDEX acme.by_title").await;
    let report = migrate(&new).await;
    assert_eq!(error(&report).sqlstate(), Some("42P01"));
    database.execute("DROP INDEX acme.by_title").await;
    let up = stream.newest().join("up.sql");
    fs::write(up, file.replace("nothing", "tasks")).unwrap();
    succeeds(&open(&database, &stream, Settings::default()).await).await;
    let built = "SELECT count(*) FROM pg_class WHERE relname = 'by_title'";
    assert_eq!(database.value(built).await, "1");
}

#[tokio::test]
async fn a_role_that_may_create_no_temporary_table_continues_all_the_same() {
    let database = TestDatabase::new().await;
    let role = database.role("secret").await;
    database
        .execute(&format!(
            "GRANT CREATE ON DATABASE \"{0}\" TO {1}; GRANT ALL ON SCHEMA public TO {1}; \
             REVOKE TEMPORARY ON DATABASE \"{0}\" FROM PUBLIC",
            database.name(),
            role.name()
        ))
        .await;
    let stream = two_steps();
    let old = open_at(&role.url(), &stream, Settings::default()).await;
    old.migrate_public().await.unwrap();
    create(&old, &["acme"]).await;
    database
        .execute(
            "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql \
             AS $$ BEGIN RAISE 'not today'; END $$; \
             CREATE TRIGGER refuse BEFORE UPDATE ON public.schema_tracker \
             FOR EACH ROW WHEN (OLD.version IS DISTINCT FROM NEW.version) EXECUTE FUNCTION public.refuse()",
        )
        .await;
    let stream = stream.outside("CREATE INDEX CONCURRENTLY by_title ON tasks (title);");
    let new = open_at(&role.url(), &stream, Settings::default()).await;
    assert_eq!(migrate(&new).await.count(Status::Failed), 1);
    database
        .execute("DROP TRIGGER refuse ON public.schema_tracker")
        .await;
    succeeds(&new).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_another_session_is_building_is_waited_for_and_kept() {
    let database = TestDatabase::new().await;
    let file = "CREATE INDEX CONCURRENTLY IF NOT EXISTS by_title ON tasks (title);";
    let (_, new) = acme_before(&database, two_steps(), file).await;
    let writer = database.client().await;
    let write = "BEGIN; INSERT INTO acme.tasks VALUES (1, 'one')";
    writer.batch_execute(write).await.unwrap();
    let builder = database.client().await;
    let building = tokio::spawn(async move {
        let build = "CREATE INDEX CONCURRENTLY by_title ON acme.tasks (title)";
        builder.batch_execute(build).await
    });
    let begun = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
    eventually("it is being built", async || {
        database.value(begun).await == "1"
    })
    .await;
    let run = tokio::spawn(async move { migrate(&new).await });
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                 AND application_name = 'diesel-tenants' AND wait_event_type = 'Lock'";
    eventually("the run waits", async || database.value(waits).await == "1").await;
    let which = "SELECT indexrelid FROM pg_index WHERE NOT indisvalid";
    let which = database.value(which).await;
    writer.batch_execute("COMMIT").await.unwrap();
    building.await.unwrap().unwrap();
    let report = run.await.unwrap();
    assert_eq!(report.count(Status::Migrated), 1, "{report:?}");
    let now = "SELECT 'acme.by_title'::regclass::oid";
    assert_eq!(database.value(now).await, which);
}

#[tokio::test]
async fn an_invalid_index_is_dropped_however_long_others_use_its_table() {
    let database = TestDatabase::new().await;
    let file = "CREATE INDEX CONCURRENTLY by_title ON tasks (title);";
    let (stream, _) = acme_before(&database, two_steps(), file).await;
    let same = "INSERT INTO acme.tasks VALUES (1, 'same'), (2, 'same')";
    database.execute(same).await;
    let client = database.client().await;
    let broken = "CREATE UNIQUE INDEX CONCURRENTLY by_title ON acme.tasks (title)";
    client.batch_execute(broken).await.unwrap_err();
    client
        .batch_execute("BEGIN; SELECT FROM acme.tasks")
        .await
        .unwrap();
    let settings = Settings {
        lock_timeout: Duration::from_millis(50),
        ..Settings::default()
    };
    let new = open(&database, &stream, settings).await;
    let run = tokio::spawn(async move { migrate(&new).await });
    let outlasts = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                    AND datname = current_database() AND query LIKE 'DROP INDEX CONCURRENTLY%' \
                    AND clock_timestamp() > query_start + interval '500 ms'";
    eventually("the drop outlasts the lock time-out", async || {
        database.value(outlasts).await == "1"
    })
    .await;
    client.batch_execute("COMMIT").await.unwrap();
    let report = run.await.unwrap();
    assert_eq!(report.count(Status::Migrated), 1, "{report:?}");
}

#[tokio::test]
async fn what_reindexing_left_of_long_values_is_dropped_as_well() {
    let database = TestDatabase::new().await;
    let file = "REINDEX TABLE CONCURRENTLY tasks;";
    let (_, new) = acme_before(&database, two_steps(), file).await;
    let reader = database.client().await;
    let read = "BEGIN; SELECT FROM acme.tasks";
    reader.batch_execute(read).await.unwrap();
    let run = tokio::spawn(async move { migrate(&new).await });
    let invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid \
                   AND indrelid = (SELECT reltoastrelid FROM pg_class WHERE oid = 'acme.tasks'::regclass)";
    eventually("the old indexes wait to be dropped", async || {
        database.value(invalid).await == "1"
    })
    .await;
    let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity \
                  WHERE datname = current_database() AND query ~ '^REINDEX'";
    database.execute(cancel).await;
    let report = run.await.unwrap();
    assert_eq!(error(&report).sqlstate(), Some("57014"));
    reader.batch_execute("COMMIT").await.unwrap();
    let stream = two_steps().outside(file);
    succeeds(&open(&database, &stream, Settings::default()).await).await;
    assert_eq!(database.value(invalid).await, "0");
}

#[tokio::test]
async fn names_are_cut_by_the_encoding_of_the_database() {
    let beside = TestDatabase::new().await;
    let latin = format!("{}_latin", beside.name());
    beside
        .execute(&format!(
            "CREATE DATABASE \"{latin}\" ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' \
             TEMPLATE template0"
        ))
        .await;
    let url = beside.url().replace(beside.name(), &latin);
    let before = open_at(&url, &two_steps(), Settings::default()).await;
    before.migrate_public().await.unwrap();
    create(&before, &["acme"]).await;
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .unwrap();
    drop(tokio::spawn(connection));
    let same = "INSERT INTO acme.tasks VALUES (1, 'same'), (2, 'same')";
    client.batch_execute(same).await.unwrap();
    // 40 bytes there, and 63 of 70.
    for length in [40, 70] {
        let name = "\u{e9}".repeat(length);
        let file =
            format!("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {name} ON tasks (title);");
        let stream = two_steps().outside(&file);
        let new = open_at(&url, &stream, Settings::default()).await;
        for _ in 0..2 {
            let failed = migrate(&new).await;
            assert_eq!(error(&failed).sqlstate(), Some("23505"), "{file}");
        }
        let invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
        let found = client.query_one(invalid, &[]).await.unwrap();
        assert_eq!(found.get::<_, i64>(0), 1, "{file}");
        let drop = format!(
            "DROP INDEX acme.{name}; COMMENT ON TABLE acme.__diesel_schema_migrations IS NULL"
        );
        client.batch_execute(&drop).await.unwrap();
    }
    drop((before, client));
    beside
        .execute(&format!("DROP DATABASE \"{latin}\" WITH (FORCE)"))
        .await;
}
