//! Edits of applied migrations that changed nothing, accepted for all tenants at once.

use tenant_core::remedy::Command;
use tenant_core::{Error, FleetReport, Note, Settings, Status, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, migrate, name, open, outcome, tenants, two_steps, version};

const TABLE: &str = "CREATE TABLE tasks (id int PRIMARY KEY, title text);";

/// What the second of [`two_steps`] creates, in other words.
const SAME: &str = "ALTER TABLE tasks ADD due date NULL;";

async fn with_second(database: &TestDatabase, up: &str) -> Tenants {
    let stream = Stream::new().with(TABLE).with(up);
    open(database, &stream, Settings::default()).await
}

/// The tenants that have an edited migration.
async fn edited(tenants: &Tenants) -> Vec<String> {
    let notes = migrate(tenants).await.notes;
    let of = notes.into_iter().flat_map(|note| match note {
        Note::Edited { tenants, .. } => tenants,
        other => panic!("{other:?}"),
    });
    of.collect()
}

async fn fingerprints(database: &TestDatabase) -> String {
    let query = "SELECT (SELECT json_agg(t ORDER BY name) FROM schema_tracker t)::text || \
                 (SELECT json_agg(t ORDER BY name) FROM spare_schemas t)::text";
    let client = database.client().await;
    client.query_one(query, &[]).await.unwrap().get(0)
}

fn drifted(report: &FleetReport) {
    let error = outcome(report, "drifted").error.as_ref().unwrap();
    let Error::EditMatters {
        differences,
        versions,
        ..
    } = error
    else {
        panic!("{error:?}")
    };
    assert_eq!(versions, &[version(2)]);
    assert_eq!(differences.len(), 1, "{differences:?}");
    assert!(error.to_string().contains("`tasks.title`"), "{error}");
}

#[tokio::test]
async fn a_harmless_edit_is_accepted_for_all_tenants_at_once() {
    let database = TestDatabase::new().await;
    let first = tenants(&database, &two_steps()).await;
    create(&first, &["acme", "beta", "drifted"]).await;
    first.spares().keep(1).await.unwrap();
    database
        .execute("ALTER TABLE drifted.tasks ALTER COLUMN title SET NOT NULL")
        .await;
    let changed = with_second(&database, SAME).await;
    assert_eq!(edited(&changed).await, ["acme", "beta", "drifted"]);
    let notes = migrate(&changed).await.notes;
    assert!(
        notes[0]
            .remedies()
            .contains(&Command::AcceptEdits(vec![version(2)]).into())
    );

    let before = fingerprints(&database).await;
    let dry = changed.accept_edits().dry_run().await.unwrap();
    assert_eq!(fingerprints(&database).await, before);
    assert_eq!(dry.count(Status::Skipped), 2, "{dry:?}");
    assert_eq!(outcome(&dry, "acme").accepted, [version(2)]);
    drifted(&dry);

    let report = changed.accept_edits().await.unwrap();
    assert_eq!(report.count(Status::Accepted), 2, "{report:?}");
    assert_eq!(report.spares.len(), 1, "{report:?}");
    drifted(&report);
    let [Note::NotCompared { parts }] = report.notes.as_slice() else {
        panic!("{:?}", report.notes)
    };
    assert!(
        parts.iter().any(|part| part == "replica identity"),
        "{parts:?}"
    );
    assert_eq!(edited(&changed).await, ["drifted"]);
    create(&changed, &["spared"]).await;
    assert_eq!(edited(&changed).await, ["drifted"]);
    // For the program with the text as it was, it is the edited one.
    assert_eq!(edited(&first).await, ["acme", "beta", "spared"]);

    database
        .execute("ALTER TABLE drifted.tasks ALTER COLUMN title DROP NOT NULL")
        .await;
    let report = changed.accept_edits().await.unwrap();
    assert_eq!(report.count(Status::Accepted), 1, "{report:?}");
    assert_eq!(report.count(Status::UpToDate), 3, "{report:?}");
    let health = changed.health().await.unwrap();
    assert!(health.is_healthy(), "{health:?}");
}

#[tokio::test]
async fn an_edit_that_creates_something_else_is_not_accepted() {
    let database = TestDatabase::new().await;
    create(&tenants(&database, &two_steps()).await, &["acme"]).await;
    let changed = with_second(&database, "ALTER TABLE tasks ADD due timestamptz;").await;
    let report = changed.accept_edits().await.unwrap();
    let error = outcome(&report, "acme").error.as_ref().unwrap();
    assert!(matches!(error, Error::EditMatters { .. }), "{error:?}");
    assert!(error.to_string().contains("`tasks.due`"), "{error}");
    assert_eq!(edited(&changed).await, ["acme"]);
}

#[tokio::test]
async fn one_tenant_or_one_migration_can_be_chosen() {
    let database = TestDatabase::new().await;
    create(&tenants(&database, &two_steps()).await, &["acme", "beta"]).await;
    let both = Stream::new()
        .with("CREATE TABLE tasks (id int NOT NULL, title text, PRIMARY KEY (id));")
        .with(SAME);
    let changed = open(&database, &both, Settings::default()).await;
    // No text is the applied one: it may be another program's tenant.
    for named in [
        changed.accept_edits(),
        changed.accept_edits().migration(version(1)),
    ] {
        let report = named.await.unwrap();
        assert_eq!(report.count(Status::Failed), 2, "{report:?}");
        let error = outcome(&report, "acme").error.as_ref().unwrap();
        assert!(matches!(error, Error::OtherProgram { .. }), "{error:?}");
    }
    let only = changed.accept_edits().only([name("acme")]);
    let named = only.migration(version(1)).migration(version(2));
    let report = named.await.unwrap();
    assert_eq!(outcome(&report, "acme").accepted, [version(1), version(2)]);
    let one = with_second(&database, SAME).await;
    let report = one.accept_edits().only([name("beta")]).await.unwrap();
    assert_eq!(outcome(&report, "beta").accepted, [version(2)]);
    let report = changed.accept_edits().migration(version(1)).await.unwrap();
    assert_eq!(outcome(&report, "beta").accepted, [version(1)]);
    assert_eq!(outcome(&report, "acme").status, Status::UpToDate);
    assert_eq!(edited(&changed).await, Vec::<String>::new());
    let stranger = changed.accept_edits().migration(version(9)).await;
    assert!(matches!(stranger, Err(Error::NoVersion(_))), "{stranger:?}");
}

#[tokio::test]
async fn a_tenant_with_migrations_of_another_program_is_not_judged() {
    let database = TestDatabase::new().await;
    let three = two_steps().with("CREATE TABLE a (id int);");
    create(&tenants(&database, &three).await, &["acme"]).await;
    let changed = with_second(&database, SAME).await;
    let report = changed.accept_edits().await.unwrap();
    let error = outcome(&report, "acme").error.as_ref().unwrap();
    assert!(matches!(error, Error::UnknownApplied { .. }), "{error:?}");
}

#[tokio::test]
async fn a_list_without_fingerprints_is_refused() {
    let database = TestDatabase::new().await;
    create(&tenants(&database, &two_steps()).await, &["acme"]).await;
    database
        .execute("ALTER TABLE schema_tracker DROP COLUMN fingerprints")
        .await;
    let changed = with_second(&database, SAME).await;
    let error = changed.accept_edits().await.unwrap_err();
    assert!(matches!(error, Error::NoFingerprints(_)), "{error:?}");
    assert_eq!(
        error.to_string(),
        "the table `public.schema_tracker` does not record the texts of applied migrations"
    );
}

#[tokio::test]
async fn a_tenant_whose_row_says_nothing_of_its_texts_fails() {
    let database = TestDatabase::new().await;
    create(&tenants(&database, &two_steps()).await, &["acme", "beta"]).await;
    database
        .execute("UPDATE schema_tracker SET fingerprints = '[]' WHERE name = 'acme'")
        .await;
    let changed = with_second(&database, SAME).await;
    let report = changed.accept_edits().await.unwrap();
    assert_eq!(outcome(&report, "beta").status, Status::Accepted);
    let error = outcome(&report, "acme").error.as_ref().unwrap();
    assert_eq!(
        error.to_string(),
        "the row of tenant `acme` does not record the texts of applied migrations"
    );
}
