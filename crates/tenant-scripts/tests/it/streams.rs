//! Standard output and standard error: results on the one, all else on the
//! other, and nobody has to read them to the end.

use std::fs::OpenOptions;
use std::path::Path;

use crate::support::{Database, Folder};

#[tokio::test]
async fn a_reader_that_goes_away_is_no_error() {
    let database = Database::with_tenants("acme beta").await;
    for command in ["list-tenants", "list-tenants --json", "health-check"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let command = database.command(command).output_to(writer);
        command.run().succeeds().says_nothing();
    }
    for command in [
        "stop-server --help",
        "create-tenant --help",
        "list-tenants --version",
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let folder = Folder::new();
        folder.command(command).output_to(writer).run().succeeds();
    }
}

#[tokio::test]
async fn results_that_cannot_be_written_are_an_error() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let database = Database::with_tenants("acme").await;
    for command in ["list-tenants", "list-tenants --quiet", "health-check"] {
        let output = OpenOptions::new().write(true).open(full).unwrap();
        let command = database.command(command).output_to(output);
        command.run().exits_with(1).says("No space left on device");
    }
}

#[tokio::test]
async fn results_are_printed_and_everything_else_is_said() {
    let database = Database::with_tenants("acme").await;
    database
        .run("list-tenants --verbose")
        .succeeds()
        .prints("acme")
        .says("database: ");
    database
        .run("health-check --verbose")
        .succeeds()
        .says("database: ");
    let done = database.run("create-tenant acme beta --json").exits_with(1);
    assert_eq!(done.json()["created"], 1);
    done.says("error: tenant `acme` already exists");
}

#[tokio::test]
async fn colours_are_for_terminals_also_when_one_is_named() {
    let database = Database::with_tenants("acme").await;
    for command in [
        "list-tenants",
        "create-tenant acme",
        "demo-tenant-schema",
        "health-check",
    ] {
        // The fixture looks for escape codes in everything.
        let command = database.command(command).env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor").run();
    }
}
