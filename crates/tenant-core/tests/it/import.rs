//! A tenant out of a file: all of it exactly as it was, or nothing.

use std::io::{Cursor, Read};

use tenant_core::{ArchiveFailure, Error, ErrorKind, Imported, Settings, Tenants};
use test_support::TestDatabase;

use crate::archive_fixture::{acme_of_every_type, contents, every_type, exported};
use crate::fixture::{Stream, chain, create, name, open, tenants, two_steps, version};

async fn import(tenants: &Tenants, file: &[u8], to: &str) -> Result<Imported, Error> {
    let to = name(to);
    tenants.import(Cursor::new(file.to_vec())).named(&to).await
}

async fn imported(tenants: &Tenants, file: &[u8], to: &str) -> Imported {
    let imported = import(tenants, file, to).await;
    imported.unwrap_or_else(|error| panic!("{}", chain(&error)))
}

/// The failure that is about the archive. Nothing was made then.
async fn refused(database: &TestDatabase, tenants: &Tenants, file: &[u8]) -> ArchiveFailure {
    let before = database.schemas().await;
    let error = import(tenants, file, "copy").await.unwrap_err();
    assert_eq!(database.schemas().await, before);
    match error {
        Error::Archive(failure) => *failure,
        error => panic!("{}", chain(&error)),
    }
}

async fn assert_healthy(tenants: &Tenants) {
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{:?}", health.problems);
}

#[tokio::test]
async fn every_type_comes_back_byte_for_byte() {
    let database = TestDatabase::new().await;
    let tenants = acme_of_every_type(&database).await;
    let file = exported(&tenants, "acme").await;
    let copy = imported(&tenants, &file, "copy").await;
    assert_eq!(copy.from, "acme");
    assert!(copy.applied.is_empty() && copy.edited.is_empty());
    let (before, after) = (contents(&file), contents(&exported(&tenants, "copy").await));
    assert_eq!(before.1, after.1);
    assert_eq!(before.0.tables, after.0.tables);
    assert_eq!(before.0.sequences, after.0.sequences);
    assert_eq!(before.0.migrations, after.0.migrations);
    assert_eq!(
        before.0.definition.fingerprint,
        after.0.definition.fingerprint
    );
    assert_healthy(&tenants).await;
    // Generated columns are as they were, and sequences continue.
    let same =
        "SELECT count(*) FROM acme.others JOIN copy.others USING (id, \"Name\", doubled, number)";
    assert_eq!(database.value(same).await, "5");
    let next = "INSERT INTO copy.others DEFAULT VALUES RETURNING id || ' ' || number";
    assert_eq!(database.value(next).await, "6 75");
    // References to objects lead into the copy.
    let leads = "SELECT string_agg(DISTINCT n.nspname, ' ') FROM copy.everything e \
                 JOIN pg_class c ON e::text LIKE '%copy.others%' AND c.relname = 'others' \
                 JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'copy'";
    assert_eq!(database.value(leads).await, "copy");
}

#[tokio::test]
async fn a_dropped_tenant_comes_back_and_so_it_does_in_another_database() {
    let database = TestDatabase::new().await;
    let tenants = acme_of_every_type(&database).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acme.tenant");
    let acme = name("acme");
    tenants.export(&acme).to_file(&path).await.unwrap();
    tenants.drop_tenant(&acme).await.unwrap();
    let other = TestDatabase::new().await;
    let others = crate::fixture::tenants(&other, &every_type()).await;
    for tenants in [&tenants, &others] {
        let imported = tenants.import_file(&path).await.unwrap();
        assert_eq!(
            (imported.name.as_str(), imported.schema.as_str()),
            ("acme", "acme")
        );
        let before = contents(&std::fs::read(&path).unwrap());
        assert_eq!(before.1, contents(&exported(tenants, "acme").await).1);
        assert_healthy(tenants).await;
    }
    let error = tenants.import_file(&path).await.unwrap_err();
    assert!(matches!(error, Error::Taken(_)), "{error:?}");
    let error = tenants
        .import_file("/nowhere/acme.tenant")
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "could not read the archive");
}

#[tokio::test]
async fn an_older_file_is_brought_up_and_a_newer_one_is_refused() {
    let database = TestDatabase::new().await;
    let first = Stream::new().with("CREATE TABLE tasks (id int PRIMARY KEY, title text);");
    let older = tenants(&database, &first).await;
    create(&older, &["acme"]).await;
    database
        .execute("INSERT INTO acme.tasks VALUES (1, 'one')")
        .await;
    let file = exported(&older, "acme").await;
    // The second migration changes rows, so it has to run after they came in.
    let second = first
        .with("ALTER TABLE tasks ADD COLUMN upper text; UPDATE tasks SET upper = upper(title);");
    let newer = open(&database, &second, Settings::default()).await;
    let brought_up = imported(&newer, &file, "copy").await;
    assert_eq!(brought_up.applied, [version(2)]);
    assert_eq!(database.value("SELECT upper FROM copy.tasks").await, "ONE");
    newer.migrate().await.unwrap();
    assert_healthy(&newer).await;
    let file = exported(&newer, "copy").await;
    database
        .execute("DROP SCHEMA copy CASCADE; DELETE FROM schema_tracker WHERE name = 'copy'")
        .await;
    let failure = refused(&database, &older, &file).await;
    assert_eq!(
        failure.to_string(),
        "the archive has migrations that this program does not have: `20260202000000`"
    );
    assert_eq!(Error::from(failure).kind(), ErrorKind::Refused);
}

#[tokio::test]
async fn a_pending_migration_that_fails_leaves_nothing() {
    let database = TestDatabase::new().await;
    let first = Stream::new().with("CREATE TABLE tasks (id int);");
    let older = tenants(&database, &first).await;
    create(&older, &["acme"]).await;
    database
        .execute("INSERT INTO acme.tasks VALUES (1), (1)")
        .await;
    let file = exported(&older, "acme").await;
    let second = first.with("ALTER TABLE tasks ADD PRIMARY KEY (id);");
    let newer = open(&database, &second, Settings::default()).await;
    let error = import(&newer, &file, "copy").await.unwrap_err();
    assert!(matches!(error, Error::Migration(_)), "{}", chain(&error));
    assert_eq!(database.tracked().await, ["acme"]);
    assert!(!database.schemas().await.contains(&"copy".to_owned()));
}

#[tokio::test]
async fn migrations_outside_a_transaction_run_before_and_after_the_rows() {
    let database = TestDatabase::new().await;
    let first = Stream::new()
        .with("CREATE TABLE tasks (id int);")
        .outside("CREATE INDEX CONCURRENTLY by_id ON tasks (id);");
    let older = tenants(&database, &first).await;
    create(&older, &["acme"]).await;
    database
        .execute("INSERT INTO acme.tasks VALUES (1), (2)")
        .await;
    let file = exported(&older, "acme").await;
    let second = first.outside("CREATE INDEX CONCURRENTLY by_more ON tasks ((id + 1));");
    let newer = open(&database, &second, Settings::default()).await;
    imported(&newer, &file, "copy").await;
    assert_eq!(database.value("SELECT count(*) FROM copy.tasks").await, "2");
    newer.migrate().await.unwrap();
    assert_healthy(&newer).await;
    // What was committed before the rows is removed again.
    let cut = &file[..file.len() - 2000];
    let error = import(&newer, cut, "half").await.unwrap_err();
    assert!(matches!(error, Error::Archive(_)), "{}", chain(&error));
    assert!(!database.schemas().await.contains(&"half".to_owned()));
    assert_eq!(database.tracked().await, ["acme", "copy"]);
}

/// Rows that no new row may be like, and what would change or refuse them.
fn guarded() -> Stream {
    Stream::new().with(
        "CREATE TABLE owners (id int PRIMARY KEY);
         INSERT INTO owners VALUES (100), (101);
         CREATE TABLE tasks (id int PRIMARY KEY, title text, owner int,
             CONSTRAINT its_owner FOREIGN KEY (owner) REFERENCES owners DEFERRABLE INITIALLY DEFERRED,
             parent int CONSTRAINT its_parent REFERENCES tasks ON DELETE CASCADE);
         COMMENT ON CONSTRAINT its_owner ON tasks IS 'who''s it';
         CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN IF TG_OP = ''TRUNCATE'' THEN RAISE ''never''; END IF;
              NEW.title = ''touched''; RETURN NEW; END';
         CREATE TRIGGER touch BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION touch();
         ALTER TABLE tasks ENABLE ALWAYS TRIGGER touch;
         CREATE TRIGGER never BEFORE TRUNCATE ON tasks EXECUTE FUNCTION touch();
         CREATE TRIGGER off BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION touch();
         ALTER TABLE tasks DISABLE TRIGGER off;
         CREATE RULE none AS ON INSERT TO owners WHERE NEW.id < 0 DO INSTEAD NOTHING;
         ALTER TABLE owners ENABLE ROW LEVEL SECURITY; ALTER TABLE owners FORCE ROW LEVEL SECURITY;
         CREATE POLICY p ON owners USING (id > 1);
         CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM tasks;
         CREATE TABLE old (n int); INSERT INTO old VALUES (-1);
         ALTER TABLE old ADD CONSTRAINT positive CHECK (n > 0) NOT VALID;",
    )
}

#[tokio::test]
async fn nothing_changes_or_refuses_rows_that_were_there() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &guarded()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "DELETE FROM acme.owners WHERE id = 101; INSERT INTO acme.owners VALUES (1);
             ALTER TABLE acme.tasks DISABLE TRIGGER USER;
             INSERT INTO acme.tasks VALUES (2, 'two', 1, NULL), (1, 'one', 100, 2);
             UPDATE acme.tasks SET parent = 1 WHERE id = 2;
             SET CONSTRAINTS ALL IMMEDIATE;
             ALTER TABLE acme.tasks ENABLE ALWAYS TRIGGER touch;
             ALTER TABLE acme.tasks ENABLE TRIGGER never;
             REFRESH MATERIALIZED VIEW acme.totals;",
        )
        .await;
    let file = exported(&tenants, "acme").await;
    imported(&tenants, &file, "copy").await;
    assert_eq!(
        contents(&file).1,
        contents(&exported(&tenants, "copy").await).1
    );
    assert_eq!(database.value("SELECT count FROM copy.totals").await, "2");
    let comment = "SELECT obj_description(oid, 'pg_constraint') FROM pg_constraint \
                   WHERE conname = 'its_owner' AND connamespace = 'copy'::regnamespace";
    assert_eq!(database.value(comment).await, "who's it");
    let states = "SELECT string_agg(tgname::text || tgenabled::text, ' ' ORDER BY tgname) FROM pg_trigger \
                  WHERE tgrelid = 'copy.tasks'::regclass AND NOT tgisinternal";
    assert_eq!(database.value(states).await, "neverO offD touchA");
    assert_healthy(&tenants).await;
}

#[tokio::test]
async fn partitions_of_past_months_come_back() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE events (at date NOT NULL, id int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
         CREATE INDEX by_day ON events (at);
         CREATE TABLE events_default PARTITION OF events DEFAULT;",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "SET search_path = acme;
             CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
             INSERT INTO events VALUES ('2025-02-02', 1), ('2027-01-01', 2)",
        )
        .await;
    let file = exported(&tenants, "acme").await;
    // Their bounds are SQL of the file, which nothing runs unasked.
    let failure = refused(&database, &tenants, &file).await;
    assert!(failure.to_string().contains("`events_2025`"), "{failure}");
    let copy = name("copy");
    let import = tenants.import(Cursor::new(file.clone())).named(&copy);
    let import = import.allow_drift();
    import.await.unwrap();
    assert_eq!(database.value("SELECT id FROM copy.events_2025").await, "1");
    assert_eq!(
        contents(&file).1,
        contents(&exported(&tenants, "copy").await).1
    );
    assert_healthy(&tenants).await;
}

#[tokio::test]
async fn a_tenant_with_drift_is_refused_or_comes_back_with_it() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("ALTER TABLE acme.tasks ADD COLUMN extra text; INSERT INTO acme.tasks VALUES (1, 'x', NULL, 'e')")
        .await;
    let file = exported(&tenants, "acme").await;
    let failure = refused(&database, &tenants, &file).await;
    assert!(
        failure.to_string().contains("column `tasks.extra`"),
        "{failure}"
    );
    let copy = name("copy");
    let import = tenants.import(Cursor::new(file)).named(&copy).allow_drift();
    import.await.unwrap();
    assert_eq!(database.value("SELECT extra FROM copy.tasks").await, "e");
}

#[tokio::test]
async fn rows_of_public_that_do_not_exist_are_listed() {
    let database = TestDatabase::new().await;
    database
        .execute("CREATE TABLE public.plans (id int, name text, PRIMARY KEY (id, name))")
        .await;
    let stream = Stream::new().with(
        "CREATE TABLE t (plan int, its text, FOREIGN KEY (plan, its) REFERENCES public.plans);",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "INSERT INTO public.plans SELECT n, 'p' FROM generate_series(1, 9) n;
             INSERT INTO acme.t SELECT n, 'p' FROM generate_series(1, 9) n;
             INSERT INTO acme.t VALUES (77, NULL);",
        )
        .await;
    let file = exported(&tenants, "acme").await;
    database.execute("DROP SCHEMA acme CASCADE; DELETE FROM schema_tracker; DELETE FROM public.plans WHERE id < 8").await;
    let failure = refused(&database, &tenants, &file).await;
    assert_eq!(
        failure.to_string(),
        "tenant `copy` refers to rows that do not exist here: \
         table `t`: no row of `public.plans` for (1, p), (2, p), (3, p), (4, p), (5, p)"
    );
    database
        .execute("INSERT INTO public.plans SELECT n, 'p' FROM generate_series(1, 7) n")
        .await;
    imported(&tenants, &file, "copy").await;
    assert_eq!(database.value("SELECT count(*) FROM copy.t").await, "10");
}

#[tokio::test]
async fn a_file_that_is_cut_off_or_damaged_makes_no_tenant() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("INSERT INTO acme.tasks SELECT n, 'x' FROM generate_series(1, 1000) n")
        .await;
    let file = exported(&tenants, "acme").await;
    let failure = refused(&database, &tenants, &file[..file.len() - 2048]).await;
    assert_eq!(failure.to_string(), "the archive is cut off");
    // A byte of the rows.
    let mut damaged = file.clone();
    let at = damaged
        .windows(4)
        .position(|it| it == [0x28, 0xb5, 0x2f, 0xfd])
        .unwrap()
        + 40;
    damaged[at] ^= 1;
    let failure = refused(&database, &tenants, &damaged).await;
    assert!(
        failure.to_string().starts_with("the archive is damaged"),
        "{failure}"
    );
    let failure = refused(&database, &tenants, b"PGDMP").await;
    assert_eq!(failure.to_string(), "the file is not an exported tenant");
}

#[tokio::test]
async fn an_import_that_is_killed_leaves_nothing() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    database.execute("INSERT INTO acme.tasks SELECT n, repeat('x', 100) || n FROM generate_series(1, 100000) n").await;
    let file = exported(&tenants, "acme").await;

    /// Stops in the middle until it is told to go on.
    struct Stopping(Cursor<Vec<u8>>, usize, std::sync::mpsc::Receiver<()>);
    impl Read for Stopping {
        fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
            let read = self.0.read(bytes)?;
            if self.1 < self.0.position() as usize {
                let _ = self.2.recv();
            }
            Ok(read)
        }
    }
    let middle = file.len() / 2;
    for way in ["dropped", "terminated"] {
        let (go_on, stop) = std::sync::mpsc::channel();
        let stopping = Stopping(Cursor::new(file.clone()), middle, stop);
        let importing = tokio::spawn({
            let tenants = tenants.clone();
            async move { tenants.import(stopping).named(&name("copy")).await }
        });
        let is_copying = "SELECT count(*) FROM pg_stat_progress_copy";
        while database.value(is_copying).await == "0" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        if way == "dropped" {
            importing.abort();
            drop(go_on);
            assert!(importing.await.unwrap_err().is_cancelled());
        } else {
            database
                .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_progress_copy")
                .await;
            drop(go_on);
            importing.await.unwrap().unwrap_err();
        }
        while database.value(is_copying).await != "0" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(database.tracked().await, ["acme"], "{way}");
        assert!(
            !database.schemas().await.contains(&"copy".to_owned()),
            "{way}"
        );
    }
    imported(&tenants, &file, "copy").await;
}
