//! Migrations that are changed after they were applied.

use tenant_core::{Health, Note, ProblemKind, Settings, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, migrate, name, open, tenants, two_steps, version};

const TABLE: &str = "CREATE TABLE tasks (id int PRIMARY KEY, title text);";

/// The names of the tenants with an edited migration, and the migration.
fn edited(health: &Health) -> Vec<(&str, &str)> {
    let problems = health
        .problems
        .iter()
        .filter_map(|problem| match &problem.kind {
            ProblemKind::EditedMigration { version, .. } => {
                Some((problem.tenant.as_deref().unwrap(), version.as_str()))
            }
            // What the edited text makes of the schema is told as well.
            ProblemKind::Drift(_) => None,
            other => panic!("{other:?}"),
        });
    problems.collect()
}

/// The same migrations, the second of them with another text.
async fn with_second(database: &TestDatabase, up: &str) -> Tenants {
    let stream = Stream::new().with(TABLE).with(up);
    open(database, &stream, Settings::default()).await
}

#[tokio::test]
async fn a_migration_that_was_edited_is_reported_at_the_tenants_that_have_it_as_it_was() {
    let database = TestDatabase::new().await;
    let first = tenants(&database, &two_steps()).await;
    first.spares().keep(1).await.unwrap();
    create(&first, &["spared", "built"]).await;

    let changed = with_second(&database, "ALTER TABLE tasks ADD COLUMN due timestamptz;").await;
    create(&changed, &["new"]).await;
    let (health, second) = (changed.health().await.unwrap(), version(2));
    assert_eq!(
        edited(&health),
        [("built", second.as_str()), ("spared", second.as_str())]
    );
    let one = changed.health().only([name("spared")]).await.unwrap();
    assert_eq!(edited(&one), [("spared", second.as_str())]);

    let report = migrate(&changed).await;
    let [
        Note::Edited {
            version, tenants, ..
        },
    ] = report.notes.as_slice()
    else {
        panic!("{report:?}")
    };
    assert_eq!((version, tenants.len()), (&second, 2));
    let text = report.notes[0].to_string();
    assert!(
        text.ends_with("was edited after it was applied to `built`, `spared`"),
        "{text}"
    );
}

#[tokio::test]
async fn a_comment_or_another_layout_is_no_edit() {
    let database = TestDatabase::new().await;
    create(&tenants(&database, &two_steps()).await, &["acme"]).await;
    let tidied = "-- When it is due\nALTER TABLE tasks\n    ADD COLUMN due date;\n";
    let tidied = with_second(&database, tidied).await;
    assert_eq!(edited(&tidied.health().await.unwrap()), []);
    assert_eq!(migrate(&tidied).await.notes, []);
}

#[tokio::test]
async fn a_fingerprint_without_a_version_counts_and_one_of_a_later_version_says_nothing() {
    let database = TestDatabase::new().await;
    let same = tenants(&database, &two_steps()).await;
    create(&same, &["acme"]).await;
    let changed = with_second(&database, "ALTER TABLE tasks ADD COLUMN due text;").await;
    let rewritten = async |value: &str| {
        let update = format!(
            "UPDATE schema_tracker SET fingerprints = (SELECT jsonb_object_agg(key, {value}) \
             FROM jsonb_each_text(fingerprints))"
        );
        database.execute(&update).await;
    };

    rewritten("split_part(value, ':', 2)").await;
    assert_eq!(edited(&same.health().await.unwrap()), []);
    let health = changed.health().await.unwrap();
    assert_eq!(edited(&health), [("acme", version(2).as_str())]);

    rewritten("'v9:' || value").await;
    assert_eq!(edited(&same.health().await.unwrap()), []);
    assert_eq!(edited(&changed.health().await.unwrap()), []);
    assert_eq!(migrate(&changed).await.notes, []);
}

#[tokio::test]
async fn what_others_applied_is_not_known_and_not_reported() {
    let database = TestDatabase::new().await;
    create(&tenants(&database, &two_steps()).await, &["acme"]).await;
    database
        .execute("UPDATE schema_tracker SET fingerprints = DEFAULT")
        .await;
    let changed = with_second(&database, "ALTER TABLE tasks ADD COLUMN due text;").await;
    assert_eq!(edited(&changed.health().await.unwrap()), []);
}

#[tokio::test]
async fn a_database_that_an_older_program_set_up_goes_on_without() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    database
        .execute("ALTER TABLE schema_tracker DROP COLUMN fingerprints")
        .await;
    drop(tenants);
    let stream = two_steps();
    let older = open(&database, &stream, Settings::default()).await;
    create(&older, &["acme"]).await;
    let newer = open(
        &database,
        &stream.with("CREATE TABLE a (id int);"),
        Settings::default(),
    )
    .await;
    assert_eq!(
        migrate(&newer).await.count(tenant_core::Status::Migrated),
        1
    );
    assert_eq!(newer.health().await.unwrap().problems.len(), 0);
}

#[tokio::test]
async fn a_migration_that_nobody_has_any_more_and_one_that_comes_late_are_noted() {
    let database = TestDatabase::new().await;
    let three = two_steps().with("CREATE TABLE a (id int);");
    create(&tenants(&database, &three).await, &["acme", "beta"]).await;
    let two = open(&database, &two_steps(), Settings::default()).await;
    let report = migrate(&two).await;
    assert_eq!(
        report.notes,
        [Note::Unknown {
            version: version(3),
            tenants: vec!["acme".to_owned(), "beta".to_owned()],
        }]
    );

    let undo = format!(
        "ALTER TABLE acme.tasks DROP COLUMN due; \
         DELETE FROM acme.__diesel_schema_migrations WHERE version = '{}'",
        version(2)
    );
    database.execute(&undo).await;
    let report = migrate(&open(&database, &three, Settings::default()).await).await;
    let [Note::Late { migration, tenants }] = report.notes.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!(migration, "2026-02-02-000000_step");
    assert_eq!(tenants, &["acme"]);
}

#[tokio::test]
async fn names_that_differ_in_case_only_are_noted_when_the_second_is_made() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    let made = |names: &[&str]| names.iter().map(|it| name(it)).collect::<Vec<_>>();
    let first = tenants.create_many(made(&["acme", "beta"])).await;
    assert_eq!(first.unwrap().notes, []);
    let second = tenants.create_many(made(&["Acme"])).await;
    let expected = Note::SameButForCase {
        one: "Acme".to_owned(),
        other: "acme".to_owned(),
    };
    assert_eq!(second.unwrap().notes, [expected]);
}
