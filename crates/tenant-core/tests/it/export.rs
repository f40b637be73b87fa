//! A tenant as one file: what is in it, of which moment, and who has to wait.

use std::time::Duration;

use tenant_core::archive::{Outside, SequenceOf};
use tenant_core::{Error, Settings};
use test_support::TestDatabase;

use crate::archive_fixture::{acme_of_every_type, contents, exported, rows_of};
use crate::fixture::{Stream, chain, create, migrate, name, open, tenants, two_steps};

#[tokio::test]
async fn the_file_has_the_rows_of_each_table_and_what_is_needed_to_read_them() {
    let database = TestDatabase::new().await;
    let tenants = acme_of_every_type(&database).await;
    let file = contents(&exported(&tenants, "acme").await);
    let (manifest, _) = &file;
    let names = manifest.tables.iter().map(|it| it.name.as_str());
    let expected = [
        "child",
        "everything",
        "others",
        "parent",
        "parts_2025",
        "parts_rest",
        "without_columns",
    ];
    assert_eq!(names.collect::<Vec<_>>(), expected);
    assert_eq!(
        rows_of(&file, "others"),
        "1\tn1\t100\n2\tn2\t95\n3\tn3\t90\n4\tn4\t85\n5\tn5\t80\n"
    );
    assert_eq!(rows_of(&file, "parts_2025"), "2025-05-05\t1\n");
    assert_eq!(rows_of(&file, "parts_rest"), "2030-01-01\t2\n");
    assert_eq!(rows_of(&file, "without_columns"), "\n\n");
    assert_eq!(rows_of(&file, "parent"), "1\n");
    assert_eq!(rows_of(&file, "child"), "2\t3\n");
    assert_eq!(manifest.tenant, "acme");
    assert_eq!(manifest.migrations[0].version, "20260201000000");
    assert!(
        manifest.migrations[0]
            .fingerprint
            .as_ref()
            .unwrap()
            .starts_with("v1:")
    );
    let others = &manifest.tables[2].columns;
    let others = others
        .iter()
        .map(|it| (it.name.as_str(), it.type_name.as_str()));
    let expected = [("id", "integer"), ("Name", "text"), ("number", "integer")];
    assert_eq!(others.collect::<Vec<_>>(), expected);
    let mut sequences = manifest.sequences.iter();
    let identity = sequences
        .find(|it| matches!(&it.of, SequenceOf::Identity { table, .. } if table == "others"));
    assert_eq!(
        identity.map(|it| (it.last_value, it.is_called)),
        Some((5, true))
    );
}

#[tokio::test]
async fn the_file_is_the_same_whatever_the_settings_of_database_and_role_are() {
    let database = TestDatabase::new().await;
    let tenants = acme_of_every_type(&database).await;
    let before = contents(&exported(&tenants, "acme").await);
    for setting in [
        "DateStyle = 'SQL, DMY'",
        "IntervalStyle = 'sql_standard'",
        "extra_float_digits = -5",
        "bytea_output = 'escape'",
        "TimeZone = 'America/New_York'",
        "xmloption = 'document'",
        "search_path = 'public'",
        "row_security = on",
    ] {
        let set = format!("ALTER DATABASE \"{}\" SET {setting}", database.name());
        database.execute(&set).await;
    }
    let stream = crate::archive_fixture::every_type();
    let others = open(&database, &stream, Settings::default()).await;
    assert_eq!(before.1, contents(&exported(&others, "acme").await).1);
}

#[tokio::test]
async fn all_rows_are_of_one_moment() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE a (n int); CREATE TABLE b (n int);
         INSERT INTO a SELECT n FROM generate_series(1, 100000) n;",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let writer = database.client().await;
    let (name, writer) = (name("acme"), &writer);
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let export = tenants.export(&name).observe(move |_| {
        let _ = tell.send(());
    });
    let written = async {
        // The first table is being read.
        told.recv().await;
        let write = "INSERT INTO acme.b VALUES (1); INSERT INTO acme.a VALUES (0)";
        writer.batch_execute(write).await.unwrap();
    };
    let (done, ()) = tokio::join!(export.to_writer(Vec::new()), written);
    let file = contents(&done.unwrap().1);
    assert_eq!(rows_of(&file, "b"), "");
    assert!(!rows_of(&file, "a").contains("\n0\n"));
}

#[tokio::test]
async fn others_read_and_write_while_it_runs_and_a_migration_of_other_tables_does_not_wait() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE a (n int, filler text);
         INSERT INTO a SELECT n, repeat('x', 200) FROM generate_series(1, 200000) n;",
    );
    let settings = Settings {
        wait: Duration::ZERO,
        ..Settings::default()
    };
    tenants(&database, &stream).await;
    let tenants = open(&database, &stream, settings.clone()).await;
    create(&tenants, &["acme"]).await;
    let stream = stream.with("CREATE TABLE b (n int);");
    let newer = open(&database, &stream, settings).await;
    let acme = name("acme");
    // A reader of the file that is slow holds up the export, and nobody else.
    let (reader, writer) = std::io::pipe().unwrap();
    let export = tokio::spawn({
        let (tenants, acme) = (tenants.clone(), acme.clone());
        async move { tenants.export(&acme).to_writer(writer).await }
    });
    while database
        .value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%'")
        .await
        == "0"
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    database
        .execute("UPDATE acme.a SET n = n + 1 WHERE n = 1")
        .await;
    let report = migrate(&newer).await;
    assert!(report.outcomes[0].error.is_none(), "{report:?}");
    let file = tokio::task::spawn_blocking(move || {
        let (mut file, mut reader) = (Vec::new(), reader);
        std::io::Read::read_to_end(&mut reader, &mut file).unwrap();
        file
    });
    export.await.unwrap().unwrap();
    let file = contents(&file.await.unwrap());
    assert_eq!(rows_of(&file, "a").lines().count(), 200_000);
    assert_eq!(file.0.tables.len(), 1);
}

#[tokio::test]
async fn what_is_outside_the_schema_is_listed() {
    let database = TestDatabase::new().await;
    database
        .execute(
            "CREATE TABLE public.plans (id int PRIMARY KEY); INSERT INTO public.plans VALUES (1);
             CREATE TYPE public.color AS ENUM ('red');",
        )
        .await;
    let stream = Stream::new().with(
        "CREATE TABLE t (plan int CONSTRAINT its_plan REFERENCES public.plans, c public.color[],
             picture oid, owner regrole);",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("INSERT INTO acme.t VALUES (1, '{red}', lo_create(0), 'postgres')")
        .await;
    let (manifest, _) = contents(&exported(&tenants, "acme").await);
    let outside = |kind: &str, from: &str, to: &str| Outside {
        kind: kind.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
    };
    assert_eq!(
        manifest.outside,
        [
            outside("foreign key", "t: its_plan", "public.plans"),
            outside("type", "t.c", "public.color"),
            outside("role", "t.owner", "pg_catalog.regrole"),
            outside("large object", "t.picture", "pg_largeobject"),
        ]
    );
}

#[tokio::test]
async fn a_file_appears_when_it_is_complete_and_nothing_is_left_of_a_failure() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme", "globex"]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acme.tenant");
    let acme = name("acme");
    let exported = tenants.export(&acme).to_file(&path).await.unwrap();
    assert_eq!(exported.file_bytes, path.metadata().unwrap().len());
    assert_eq!(exported.version.unwrap().as_str(), "20260202000000");
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files(), 1);
    for (tenant, sql) in [
        ("nobody", "SELECT 1"),
        (
            "globex",
            "ALTER TABLE globex.tasks ENABLE ROW LEVEL SECURITY;
                    ALTER TABLE globex.tasks FORCE ROW LEVEL SECURITY",
        ),
    ] {
        database.execute(sql).await;
        let role = database.role("secret").await;
        let grant = format!(
            "GRANT USAGE ON SCHEMA globex TO {0}; GRANT SELECT ON ALL TABLES IN SCHEMA globex TO {0};
             GRANT SELECT ON ALL TABLES IN SCHEMA public TO {0}",
            role.name()
        );
        database.execute(&grant).await;
        let other = crate::fixture::open_at(&role.url(), &two_steps(), Settings::default()).await;
        let tenant = name(tenant);
        let done = other.export(&tenant).to_file(folder.path().join("x")).await;
        let error = done.unwrap_err();
        match tenant.as_str() {
            "nobody" => assert!(matches!(error, Error::Unknown(_)), "{error:?}"),
            _ => assert_eq!(error.sqlstate(), Some("42501"), "{}", chain(&error)),
        }
        assert_eq!(files(), 1, "{tenant}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acme.tenant");
    let acme = name("acme");
    tenants.export(&acme).to_file(&path).await.unwrap();
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Renamed over a device, a pipe or a link, the file would take its place.
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let refused = tenants.export(&acme).to_file(&link).await.unwrap_err();
    let text = chain(&refused);
    assert!(text.contains("is not a regular file"), "{text}");
    assert!(link.is_symlink());
    assert_eq!(folder.path().read_dir().unwrap().count(), 2);
}

#[tokio::test]
async fn a_disk_that_is_full_is_told_as_such() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    let acme = name("acme");
    let done = tenants.export(&acme).to_writer(Full).await;
    let error = done.map(|_| ()).unwrap_err();
    assert_eq!(
        chain(&error),
        "could not write the archive: no storage space"
    );
}
