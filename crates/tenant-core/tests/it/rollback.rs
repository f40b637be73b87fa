//! Back to an older version: each tenant wholly, or not at all.

use std::num::NonZeroUsize;

use diesel::prelude::*;
use tenant_core::{Consequence, Error, MigrationFile, RollbackTo, Settings, Status, Tenants};
use test_support::TestDatabase;

use crate::capture::Ear;
use crate::fixture::{
    Stream, chain, create, migrate, name, open, outcome, rollback, rollback_to, rollback_with,
    spare_count, tenants, two_steps_and_back, version,
};

/// Everything in the tenants' schemas that a user could tell apart.
async fn catalog(database: &TestDatabase) -> Vec<String> {
    let sql = "SELECT format('%s %s %s %s', c.oid::regclass, a.attname, a.attnotnull,
                             format_type(a.atttypid, a.atttypmod))
               FROM pg_class c JOIN schema_tracker t ON t.name = c.relnamespace::regnamespace::text
               JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
               ORDER BY 1";
    database.column(sql).await
}

/// The versions in the tenant's own table, with commas between them.
pub(crate) async fn ledger(database: &TestDatabase, tenant: &str) -> String {
    let sql = format!(
        "SELECT coalesce(string_agg(version, ',' ORDER BY version), '')
         FROM {tenant}.__diesel_schema_migrations"
    );
    database.value(&sql).await
}

/// What the tracker says of the tenant: version, and the versions with fingerprints.
pub(crate) async fn tracker(database: &TestDatabase, tenant: &str) -> String {
    let sql = format!(
        "SELECT concat_ws(' ', coalesce(version, 'none'), (SELECT string_agg(key, ',' ORDER BY key)
                FROM jsonb_each(fingerprints)))
         FROM schema_tracker WHERE name = '{tenant}'"
    );
    database.value(&sql).await
}

#[tokio::test(flavor = "multi_thread")]
async fn there_and_back_leaves_what_was_there_before() {
    let database = TestDatabase::new().await;
    let older = tenants(&database, &two_steps_and_back()).await;
    create(&older, &["a", "b", "c"]).await;
    let before = catalog(&database).await;
    let stream = two_steps_and_back()
        .with("CREATE TABLE notes (task int REFERENCES tasks, body text);")
        .back("DROP TABLE notes;")
        .with("ALTER TABLE notes ADD COLUMN author text; ALTER TABLE tasks ALTER id TYPE bigint;")
        .back("ALTER TABLE tasks ALTER id TYPE int; ALTER TABLE notes DROP author;");
    let newer = open(&database, &stream, Settings::default()).await;
    migrate(&newer).await;
    assert_eq!(
        tracker(&database, "b").await,
        format!("{} {}", version(4), [1, 2, 3, 4].map(version).join(","))
    );
    let two = NonZeroUsize::new(2).unwrap();
    let report = rollback_to(&newer, RollbackTo::Steps(two)).await.unwrap();
    assert_eq!(report.count(Status::Reverted), 3, "{report:?}");
    assert_eq!(report.notes, []);
    let b = outcome(&report, "b");
    assert_eq!(b.reverted, [version(4), version(3)]);
    assert!(b.applied.is_empty() && b.to_revert.is_empty(), "{b:?}");
    assert_eq!(catalog(&database).await, before);
    let both = [1, 2].map(version).join(",");
    assert_eq!(ledger(&database, "b").await, both);
    assert_eq!(
        tracker(&database, "b").await,
        format!("{} {both}", version(2))
    );
    assert!(older.health().await.unwrap().problems.is_empty());
    assert_eq!(migrate(&newer).await.count(Status::Migrated), 3);
}

#[tokio::test]
async fn a_version_is_gone_back_to_and_so_is_nothing() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps_and_back()).await;
    create(&tenants, &["acme"]).await;
    let unknown = RollbackTo::Version("20200101000000".parse().unwrap());
    let error = rollback_to(&tenants, unknown).await.unwrap_err();
    assert!(matches!(error, Error::NoVersion(_)), "{error}");
    let newest = RollbackTo::Version(version(2));
    let report = rollback_to(&tenants, newest).await.unwrap();
    assert_eq!(report.count(Status::UpToDate), 1, "{report:?}");
    let first = RollbackTo::Version(version(1));
    let report = rollback_to(&tenants, first).await.unwrap();
    assert_eq!(outcome(&report, "acme").reverted, [version(2)]);
    assert_eq!(ledger(&database, "acme").await, version(1));
    let nothing = RollbackTo::Nothing;
    let report = rollback_to(&tenants, nothing).await.unwrap();
    assert_eq!(outcome(&report, "acme").reverted, [version(1)]);
    assert_eq!(ledger(&database, "acme").await, "");
    assert_eq!(tracker(&database, "acme").await, "none");
    assert_eq!(database.schemas().await, ["acme"]);
}

#[tokio::test]
async fn only_those_that_are_named_go_back() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps_and_back()).await;
    create(&tenants, &["a", "b"]).await;
    let report = rollback_with(
        &tenants,
        tenants.plan_rollback().only([name("b"), name("nobody")]),
    )
    .await
    .unwrap();
    assert_eq!(outcome(&report, "b").status, Status::Reverted);
    let nobody = outcome(&report, "nobody").error.as_ref();
    assert!(matches!(nobody, Some(Error::Unknown(_))), "{nobody:?}");
    assert_eq!(report.outcomes.len(), 2, "{report:?}");
    assert_eq!(tenants.list().await.unwrap()[0].pending, Some(0));
    assert_eq!(tenants.list().await.unwrap()[1].pending, Some(1));
}

/// Tenants a to d, of which c cannot lose its column: a view shows it.
async fn one_in_the_way(database: &TestDatabase) -> Tenants {
    let tenants = tenants(database, &two_steps_and_back()).await;
    create(&tenants, &["a", "b", "c", "d"]).await;
    let view = "CREATE VIEW c.dues AS SELECT due FROM c.tasks";
    database.execute(view).await;
    tenants
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_after_one_in_which_some_failed_goes_on_and_not_further_back() {
    let database = TestDatabase::new().await;
    let tenants = one_in_the_way(&database).await;
    let report = rollback(&tenants).await;
    assert_eq!(report.count(Status::Reverted), 3, "{report:?}");
    let c = outcome(&report, "c");
    assert_eq!(
        (c.status, c.to_revert.as_slice()),
        (Status::Failed, &[version(2)][..])
    );
    database.execute("DROP VIEW c.dues").await;
    let report = rollback(&tenants).await;
    assert_eq!(report.count(Status::UpToDate), 3, "{report:?}");
    assert_eq!(outcome(&report, "c").reverted, [version(2)]);
    for tenant in ["a", "b", "c", "d"] {
        assert_eq!(ledger(&database, tenant).await, version(1), "{tenant}");
    }
}

#[tokio::test]
async fn a_down_that_fails_half_way_leaves_the_tenant_whole_at_its_version() {
    let database = TestDatabase::new().await;
    let stream = two_steps_and_back()
        .with("CREATE TABLE a (id int);")
        .back("DROP TABLE a;\nALTER TABLE tasks DROP COLUMN due;\nDROP TABLE nothing;");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("INSERT INTO acme.tasks VALUES (1, 'x', '2026-01-01')")
        .await;
    let (before, tracked) = (catalog(&database).await, tracker(&database, "acme").await);
    let report = rollback(&tenants).await;
    let Some(Error::Migration(failure)) = &outcome(&report, "acme").error else {
        panic!("{report:?}")
    };
    assert_eq!((failure.file, failure.line), (MigrationFile::Down, 3));
    assert_eq!(failure.consequence, Consequence::RolledBack);
    let text = failure.to_string();
    assert!(
        text.contains("(down.sql, line 3: `DROP TABLE nothing`; "),
        "{text}"
    );
    assert_eq!(catalog(&database).await, before);
    assert_eq!(tracker(&database, "acme").await, tracked);
    assert_eq!(
        ledger(&database, "acme").await,
        [1, 2, 3].map(version).join(",")
    );
    let due = "SELECT due FROM acme.tasks";
    assert_eq!(database.value(due).await, "2026-01-01");
}

#[tokio::test]
async fn a_down_that_changes_the_search_path_is_not_recorded() {
    let database = TestDatabase::new().await;
    let stream = two_steps_and_back()
        .with("CREATE TABLE a (id int);")
        .back("DROP TABLE a;\nSET LOCAL search_path TO public;");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let report = rollback(&tenants).await;
    let error = outcome(&report, "acme").error.as_ref().unwrap().to_string();
    assert!(
        error.contains("(down.sql, line 2; the migration is not recorded as rolled back)"),
        "{error}"
    );
    assert_eq!(
        ledger(&database, "acme").await,
        [1, 2, 3].map(version).join(",")
    );
}

#[tokio::test]
async fn a_tenant_that_was_migrated_since_the_plan_was_made_is_left_alone() {
    let database = TestDatabase::new().await;
    let older = tenants(&database, &two_steps_and_back()).await;
    create(&older, &["acme"]).await;
    let plan = older.plan_rollback().await.unwrap();
    let stream =
        two_steps_and_back().with("ALTER TABLE tasks ADD FOREIGN KEY (id) REFERENCES tasks;");
    migrate(&open(&database, &stream, Settings::default()).await).await;
    let report = older.rollback(plan).await.unwrap();
    let error = outcome(&report, "acme").error.as_ref().unwrap();
    assert!(
        matches!(error, Error::AppliedMeanwhile { .. }),
        "{}",
        chain(error)
    );
    assert_eq!(
        ledger(&database, "acme").await,
        [1, 2, 3].map(version).join(",")
    );
}

#[tokio::test]
async fn the_spares_go_back_with_the_whole_fleet_and_not_with_one_tenant() {
    let database = TestDatabase::new().await;
    let newer = tenants(&database, &two_steps_and_back()).await;
    create(&newer, &["acme"]).await;
    let kept = newer.spares().keep(2).await;
    assert_eq!(kept.unwrap().ready, 2);
    let stream = Stream::new().with("CREATE TABLE tasks (id int PRIMARY KEY, title text);");
    let older = open(&database, &stream, Settings::default()).await;
    let report = rollback_with(&newer, newer.plan_rollback().only([name("acme")]))
        .await
        .unwrap();
    assert!(report.spares.is_empty(), "{report:?}");
    migrate(&newer).await;
    let report = rollback(&newer).await;
    let reverted = report.spares.iter();
    let reverted = reverted.filter(|it| it.status == Status::Reverted);
    assert_eq!(reverted.count(), 2, "{report:?}");
    assert_eq!(
        older.spares().count().await.unwrap(),
        spare_count(|count| count.ready = 2)
    );
    assert!(older.create(&name("beta")).await.unwrap().from_spare);
    let columns = "SELECT string_agg(attname, ',') FROM pg_attribute \
                   WHERE attrelid = 'beta.tasks'::regclass AND attnum > 0 AND NOT attisdropped";
    assert_eq!(database.value(columns).await, "id,title");
    assert!(older.health().await.unwrap().problems.is_empty());
}

diesel::table! {
    tasks (id) {
        id -> Integer,
        title -> Text,
    }
}

#[tokio::test]
async fn the_pool_of_the_program_serves_a_tenant_that_went_back_without_an_error() {
    let database = TestDatabase::new().await;
    let stream = Stream::new()
        .with("CREATE TABLE tasks (id int PRIMARY KEY, title varchar(9) NOT NULL);")
        .back("DROP TABLE tasks;")
        .with("ALTER TABLE tasks ALTER title TYPE text;")
        .back("ALTER TABLE tasks ALTER title TYPE varchar(9);");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let pool = tenants.pool().size(1).open().await.unwrap();
    let titles = async || {
        let mut tenant = pool.tenant(&name("acme")).await.unwrap();
        let titles = tasks::table.select(tasks::title).distinct();
        diesel_async::RunQueryDsl::load::<String>(titles, &mut tenant).await
    };
    assert_eq!(titles().await.unwrap(), [""; 0]);
    rollback(&tenants).await;
    assert_eq!(titles().await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn each_migration_and_tenant_that_is_reverted_is_told() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps_and_back()).await;
    create(&tenants, &["acme"]).await;
    let ear = Ear::open();
    rollback(&tenants).await;
    let told = ear.said("migration reverted");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].field("version"), version(2));
    assert_eq!(told[0].inside, ["rollback", "tenant acme"]);
    let ended = ear.said("schema ended");
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert_eq!(ended[0].field("outcome"), "reverted");
    assert_eq!(ended[0].field("migrations"), "1");
}
