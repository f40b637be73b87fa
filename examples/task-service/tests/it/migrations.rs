//! The migrations of the tenants.

use std::fs;
use std::path::Path;

use test_support::TestDatabase;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/tenant");

/// The SQL of all migrations in one direction, oldest first.
fn sql(file: &str) -> Vec<String> {
    let folders = fs::read_dir(Path::new(FOLDER)).unwrap();
    let mut folders: Vec<_> = folders.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let read = |folder: &std::path::PathBuf| fs::read_to_string(folder.join(file)).unwrap();
    folders.iter().map(read).collect()
}

#[tokio::test]
async fn the_migrations_can_be_undone_and_done_again() {
    let database = TestDatabase::new().await;
    let things = "SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('public')) \
                  + (SELECT count(*) FROM pg_type WHERE typnamespace = to_regnamespace('public'))";
    for _ in 0..2 {
        for up in sql("up.sql") {
            database.execute(&up).await;
        }
        assert_ne!(database.value(things).await, "0");
        for down in sql("down.sql").iter().rev() {
            database.execute(down).await;
        }
        assert_eq!(database.value(things).await, "0");
    }
}
