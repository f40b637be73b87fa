//! This repository itself: its migrations break no rule, and each `schema.rs`
//! says what they make. This is how CI runs both commands.

use test_support::{Folder, TestDatabase};

use crate::support::ROOT;

#[test]
fn the_migrations_of_this_repository_break_no_rule() {
    let folder = Folder::new();
    let command = folder.command("lint-migrations").within(ROOT);
    command.run().succeeds().prints(" migrations: no findings.");
}

#[test]
fn the_migrations_of_the_benchmark_break_no_rule() {
    let folder = Folder::new();
    let command = folder.command("lint-migrations --migrations-dir benches/migrations");
    command
        .within(ROOT)
        .run()
        .succeeds()
        .prints(" migrations: no findings.");
}

#[tokio::test]
async fn each_schema_file_of_this_repository_agrees_with_its_migrations() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    let command = folder.command("print-schema --check").within(ROOT);
    command.on(&database.url()).run().succeeds().prints(
        "crates/schema-public/src/schema.rs matches the public migrations.\n\
         crates/schema-tenant/src/schema.rs matches the tenant migrations.\n",
    );
}
