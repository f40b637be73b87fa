//! The project's own server: there when it is needed, found again, stopped on
//! request.

use serde_json::json;

use crate::support::{Command, Finished, Folder};

/// A project without a `DATABASE_URL`. Its server is stopped at the end, even
/// of a failed test.
struct Project(Folder);

impl Project {
    fn new() -> Self {
        let folder = Folder::new();
        folder.file("diesel.tenant.toml", "");
        Self(folder)
    }

    fn command(&self, line: &str) -> Command {
        self.0.command(line)
    }

    fn run(&self, line: &str) -> Finished {
        self.0.run(line)
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let stop = self.0.command("stop-server").into_std().output();
        drop(stop);
    }
}

#[test]
fn the_first_command_makes_the_server_and_the_next_ones_find_it() {
    let project = Project::new();
    project
        .run("demo-tenant-schema")
        .succeeds()
        .says("Created the project's own PostgreSQL server in .postgres/ and started it")
        .says("`cargo xtask db:stop` stops it");
    assert!(project.0.path().join(".postgres").is_dir());
    project.run("create-tenant acme").succeeds().says_nothing();
    let below = project.command("list-tenants").within("crates/shop/src");
    below.run().succeeds().prints("acme").says_nothing();
    assert!(!project.0.path().join("crates/shop/src/.postgres").exists());

    project
        .run("stop-server")
        .succeeds()
        .prints("Stopped the project's own PostgreSQL server.");
    let again = project.run("stop-server").succeeds();
    let again = again.says_nothing();
    assert_eq!(
        again.stdout,
        "The project's own PostgreSQL server does not run.\n"
    );

    let started = project.run("list-tenants").succeeds();
    started
        .prints("acme")
        .says("Started the project's own PostgreSQL server.");
    project
        .run("health-check")
        .succeeds()
        .prints("1 tenant checked: all well.");
    let stopped = project.run("stop-server --json").succeeds().says_nothing();
    assert_eq!(stopped.json(), json!({"stopped": true}));
    let stopped = project.run("stop-server --json").succeeds();
    assert_eq!(stopped.json(), json!({"stopped": false}));
}

#[test]
fn several_commands_that_start_at_once_share_one_server() {
    let project = Project::new();
    let running = [1, 2, 3, 4].map(|_| project.command("list-tenants").start());
    let started = running.map(|running| running.finish().exits_with(3).says("not set up"));
    let makers = started
        .iter()
        .filter(|one| one.stderr.contains("Created the project's own"));
    assert_eq!(makers.count(), 1, "{started:?}");
    project.run("demo-tenant-schema").succeeds();
}

#[test]
fn a_document_is_not_disturbed_by_the_start_of_the_server() {
    let project = Project::new();
    let first = project
        .run("migrate-public --json")
        .succeeds()
        .says_nothing();
    assert_eq!(first.json()["migrated"], 5);
    project
        .run("list-tenants --quiet")
        .succeeds()
        .says_nothing();
}

#[test]
fn a_server_that_was_never_made_is_not_made_by_stopping_it() {
    let project = Project::new();
    project
        .run("stop-server")
        .succeeds()
        .prints("The project's own PostgreSQL server does not run.");
    assert!(!project.0.path().join(".postgres").exists());
}

#[test]
fn programs_that_are_not_where_pg_bin_says_are_an_error_that_names_the_place() {
    let project = Project::new();
    let command = project
        .command("list-tenants")
        .env("PG_BIN", "/no/such/folder");
    command
        .run()
        .exits_with(3)
        .prints_nothing()
        .says("/no/such/folder");
    let command = project
        .command("list-tenants --json")
        .env("PG_BIN", "/no/such/folder");
    let refused = command.run().exits_with(3);
    assert!(
        refused.error_message().contains("/no/such/folder"),
        "{refused}"
    );
    assert!(!project.0.path().join(".postgres/data").exists());
}
