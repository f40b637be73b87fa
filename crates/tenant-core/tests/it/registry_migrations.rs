//! The migrations that the library brings for its own tables.

use diesel_migrations::FileBasedMigrations;
use tenant_core::{Migration, MigrationSet, Migrations, Settings, SourceError, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, two_steps};

fn texts(migration: &Migration) -> [Option<&str>; 4] {
    [
        Some(migration.version().as_str()),
        Some(migration.name()),
        Some(migration.sql()),
        migration.down_sql(),
    ]
}

/// Those of this repository's own `migrations/public`.
fn of_the_folder() -> MigrationSet {
    MigrationSet::from_source(&schema_public::MIGRATIONS).unwrap()
}

#[test]
fn they_are_those_of_the_repositorys_folder_word_for_word() {
    let (own, folder) = (MigrationSet::registry(), of_the_folder());
    assert_eq!(own.iter().len(), 5);
    for migration in own.iter() {
        let mut others = folder.iter();
        let same = others.find(|it| it.version() == migration.version());
        let same = same.unwrap_or_else(|| panic!("{} is not there", migration.name()));
        assert_eq!(texts(migration), texts(same));
        assert_eq!(migration.fingerprint(), same.fingerprint());
        assert_eq!(migration.in_transaction(), same.in_transaction());
    }
}

async fn open(database: &TestDatabase, public: MigrationSet) -> Tenants {
    let migrations = Migrations {
        public,
        tenant: two_steps().set(),
    };
    let url = tenant_core::Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default());
    tenants.await.unwrap()
}

#[tokio::test]
async fn a_database_of_the_folder_is_up_to_date_and_one_of_the_library_too() {
    for (first, second) in [
        (of_the_folder(), MigrationSet::registry()),
        (MigrationSet::registry(), of_the_folder()),
    ] {
        let database = TestDatabase::new().await;
        open(&database, first).await.migrate_public().await.unwrap();
        let tenants = open(&database, second).await;
        let pending = tenants.migrate_public().dry_run().await.unwrap().pending;
        assert!(pending.is_empty(), "{pending:?}");
        tenants.create(&"acme".parse().unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn ones_own_public_migrations_go_beside_them_in_the_order_of_versions() {
    // Between the first and the last of the library's; it refers to the list of tenants.
    let settings = "CREATE TABLE settings (tenant text REFERENCES schema_tracker (name));";
    let own = Stream::new().with(settings).set();
    let merged = MigrationSet::registry().merge(own.clone()).unwrap();
    let again = merged.clone().merge(own).unwrap();
    let again = again.merge(of_the_folder()).unwrap();
    let versions = |set: &MigrationSet| {
        set.iter()
            .map(|it| it.version().clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(versions(&merged), versions(&again));
    assert!(versions(&merged).is_sorted());
    assert_eq!(merged.iter().len(), 6);

    let database = TestDatabase::new().await;
    let tenants = open(&database, merged).await;
    assert_eq!(tenants.migrate_public().await.unwrap().applied.len(), 6);
    assert!(tenants.health().await.unwrap().problems.is_empty());
}

#[test]
fn a_version_that_the_library_has_is_refused_with_both_names_from_either_side() {
    let folder = tempfile::tempdir().unwrap();
    let migration = folder.path().join("2026-01-01-000000_plans");
    std::fs::create_dir(&migration).unwrap();
    std::fs::write(migration.join("up.sql"), "CREATE TABLE plans ();").unwrap();
    let source = FileBasedMigrations::from_path(folder.path()).unwrap();
    let own = MigrationSet::from_source(&source).unwrap();
    let library = MigrationSet::registry();
    let errors = [
        own.clone().merge(library.clone()).unwrap_err(),
        library.merge(own).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(
            error.to_string(),
            "migration `2026-01-01-000000_plans` has the same version as the library's migration \
             `2026-01-01-000000_create_schema_tracker`: 20260101000000"
        );
    }
}

#[test]
fn two_texts_under_one_version_are_refused() {
    let one = Stream::new().with("CREATE TABLE a (id int);").set();
    let other = Stream::new().with("CREATE TABLE b (id int);").set();
    let error = one.clone().merge(other).unwrap_err();
    assert!(matches!(error, SourceError::SameVersion { .. }), "{error}");
    // What does the same is the same, however it is written.
    let same = Stream::new().with("CREATE TABLE  a (id int); -- a");
    assert_eq!(one.merge(same.set()).unwrap().iter().len(), 1);
}
