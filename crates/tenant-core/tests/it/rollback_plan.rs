//! What is refused before the first tenant is begun.

use std::fs;

use tenant_core::{Error, Note, RollbackTo, Settings, Status, Tenants};
use test_support::TestDatabase;

use crate::fixture::{
    Stream, create, migrate, name, open, outcome, rollback, tenants, two_steps, two_steps_and_back,
    version,
};

async fn refused(tenants: &Tenants) -> Error {
    tenants
        .plan_rollback()
        .to(RollbackTo::Nothing)
        .await
        .unwrap_err()
}

#[tokio::test]
async fn all_migrations_without_a_way_back_are_listed_and_nothing_is_done() {
    let database = TestDatabase::new().await;
    let stream = two_steps()
        .without_back()
        .with("CREATE TABLE a (id int);")
        .back("-- This file should undo anything in `up.sql`\n")
        .with("CREATE TABLE b (id int);")
        .back("DROP TABLE b;");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let error = refused(&tenants).await;
    let Error::Irreversible { migrations } = &error else {
        panic!("{error}")
    };
    assert_eq!(
        *migrations,
        ["2026-02-03-000000_step", "2026-02-02-000000_step"]
    );
    assert_eq!(
        error.to_string(),
        "cannot roll back `2026-02-03-000000_step`, `2026-02-02-000000_step`: no \
         down.sql, or no statement in it"
    );
    assert_eq!(tenants.list().await.unwrap()[0].pending, Some(0));
    // What can be reverted by itself is.
    assert_eq!(rollback(&tenants).await.count(Status::Reverted), 1);
}

#[tokio::test]
async fn a_down_that_cannot_be_read_is_not_called_missing_and_migrating_goes_on() {
    let database = TestDatabase::new().await;
    let stream = two_steps().with("CREATE TABLE a (id int);").without_back();
    fs::create_dir(stream.newest().join("down.sql")).unwrap();
    let stream = stream.with("CREATE TABLE b (id int);");
    fs::write(stream.newest().join("down.sql"), b"-- gr\xfc\xdfe\n").unwrap();
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let error = refused(&tenants).await;
    assert!(matches!(error, Error::UnreadableDown { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "could not read the down.sql of migration `2026-02-04-000000_step`: stream did not \
         contain valid UTF-8; could not read the down.sql of migration `2026-02-03-000000_step`: \
         Is a directory (os error 21)"
    );
    assert_eq!(tenants.list().await.unwrap()[0].pending, Some(0));
}

#[tokio::test]
async fn an_empty_down_is_none() {
    let database = TestDatabase::new().await;
    let stream = two_steps().with("CREATE TABLE a (id int);").back("");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let error = refused(&tenants).await;
    assert!(matches!(error, Error::Irreversible { .. }), "{error}");
}

#[tokio::test]
async fn a_down_that_must_not_run_is_refused_with_its_line_and_migrating_goes_on() {
    for (down, (reason, place)) in [
        (
            "SELECT 1;\nDROP TABLE 'a",
            ("cannot run: a string is never closed", "(down.sql, line 2)"),
        ),
        (
            "DROP TABLE a;\nCOMMIT;",
            (
                "cannot run: `COMMIT` would begin or end",
                "(down.sql, line 2)",
            ),
        ),
        (
            "DROP TABLE a;\n\nCREATE TABLE public.a (id int);",
            (
                "cannot run: the statement creates `public.a` outside",
                "(down.sql, line 3)",
            ),
        ),
        (
            "DROP INDEX CONCURRENTLY a;",
            (
                "cannot run: `DROP INDEX CONCURRENTLY`",
                "(down.sql, line 1)",
            ),
        ),
    ] {
        let database = TestDatabase::new().await;
        let stream = two_steps().with("CREATE TABLE a (id int);").back(down);
        let tenants = tenants(&database, &stream).await;
        create(&tenants, &["acme"]).await;
        let error = refused(&tenants).await.to_string();
        assert!(error.contains(reason), "{error}");
        assert!(error.ends_with(place), "{error}");
        assert!(error.contains("2026-02-03-000000_step"), "{error}");
        assert_eq!(tenants.list().await.unwrap()[0].pending, Some(0));
        assert!(tenants.health().await.unwrap().problems.is_empty());
    }
}

#[tokio::test]
async fn a_mixture_outside_a_transaction_is_refused_in_a_down_as_well() {
    let database = TestDatabase::new().await;
    let stream = two_steps()
        .outside("CREATE INDEX CONCURRENTLY one ON tasks (title);")
        .back("DROP INDEX CONCURRENTLY one;\nDROP TABLE tasks;");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let error = refused(&tenants).await.to_string();
    assert!(
        error.contains("cannot run: this statement shares"),
        "{error}"
    );
    assert!(error.ends_with("(down.sql, line 2)"), "{error}");
}

#[tokio::test]
async fn what_this_program_does_not_have_is_not_reverted_and_holds_up_nothing_older() {
    let database = TestDatabase::new().await;
    let three = two_steps_and_back().with("CREATE TABLE a (id int);");
    let newer = tenants(&database, &three).await;
    create(&newer, &["a", "b"]).await;
    let older = open(&database, &two_steps_and_back(), Settings::default()).await;
    let refused = older.plan_rollback().await;
    let error = refused.unwrap_err();
    let Error::NotOurs { versions, tenants } = &error else {
        panic!("{error}")
    };
    assert_eq!((versions.as_slice(), tenants.len()), (&[version(3)][..], 2));
    assert!(error.to_string().contains("`a`, `b`"), "{error}");
}

#[tokio::test]
async fn an_older_version_that_nobody_knows_is_noted_and_stays() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps_and_back()).await;
    create(&tenants, &["acme"]).await;
    let older = "INSERT INTO acme.__diesel_schema_migrations VALUES ('20200101000000')";
    database.execute(older).await;
    let report = rollback(&tenants).await;
    assert_eq!(outcome(&report, "acme").reverted, [version(2)]);
    assert!(
        matches!(&report.notes[..], [Note::Unknown { version, .. }] if version == "20200101000000"),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_migration_that_was_edited_since_is_noted_before_it_is_reverted() {
    let database = TestDatabase::new().await;
    create(&tenants(&database, &two_steps_and_back()).await, &["acme"]).await;
    let edited = Stream::new()
        .with("CREATE TABLE tasks (id int PRIMARY KEY, title text);")
        .with("ALTER TABLE tasks ADD COLUMN due timestamp;")
        .back("ALTER TABLE tasks DROP COLUMN due;");
    let edited = open(&database, &edited, Settings::default()).await;
    let plan = edited.plan_rollback().await;
    let plan = plan.unwrap();
    assert!(
        matches!(plan.notes(), [Note::Edited { version: it, .. }] if *it == version(2)),
        "{:?}",
        plan.notes()
    );
}

#[tokio::test]
async fn a_plan_counts_each_migrations_tenants_and_changes_nothing() {
    let database = TestDatabase::new().await;
    let first = Stream::new().with("CREATE TABLE tasks (id int PRIMARY KEY, title text);");
    create(&tenants(&database, &first).await, &["a", "b", "c"]).await;
    let tenants = open(&database, &two_steps_and_back(), Settings::default()).await;
    tenants.migrate().only([name("a")]).await.unwrap();
    let plan = tenants
        .plan_rollback()
        .to(RollbackTo::Nothing)
        .await
        .unwrap();
    let counts = plan.migrations().iter();
    let counts = counts.map(|one| (one.version.clone(), one.tenants));
    assert_eq!(
        counts.collect::<Vec<_>>(),
        [(version(2), 1), (version(1), 3)]
    );
    assert_eq!(plan.tenants(), 3);
    let report = plan.into_report();
    assert_eq!(report.count(Status::Skipped), 3, "{report:?}");
    assert_eq!(outcome(&report, "a").to_revert, [version(2), version(1)]);
    assert_eq!(outcome(&report, "b").to_revert, [version(1)]);
    assert_eq!(migrate(&tenants).await.count(Status::Migrated), 2);
}
