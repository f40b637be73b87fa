//! `typecheck`, `tidy`, `book` and `reference`: one call of Cargo each.

use std::ffi::OsString;

use crate::{alias::Alias, cargo, console, failure::Failure, help, workspace};

/// Becomes `cargo check` over every crate, tests included.
///
/// # Errors
/// There were arguments, or Cargo cannot be started.
pub(crate) fn typecheck(alias: &Alias, arguments: &[OsString]) -> Result<(), Failure> {
    let details = "\nRuns: cargo check --workspace --all-targets\n";
    run(
        alias,
        arguments,
        details,
        "check",
        &["--workspace", "--all-targets"],
    )
}

/// Becomes the test of the repository rules.
///
/// # Errors
/// There were arguments, or Cargo cannot be started.
pub(crate) fn tidy(alias: &Alias, arguments: &[OsString]) -> Result<(), Failure> {
    let details = "\n\
                   Each rule is a test in xtask/tests/it/tidy. Its failure says how to fix the\n\
                   finding.\n\
                   ";
    run(
        alias,
        arguments,
        details,
        "test",
        &["--package", "xtask", "--test", "it", "tidy::"],
    )
}

/// Runs the test that builds the book, and prints where the book is.
///
/// # Errors
/// There were arguments, or the book does not build: with Cargo's exit code.
pub(crate) fn book(alias: &Alias, arguments: &[OsString]) -> Result<(), Failure> {
    let details = "\nThe pages are in docs/book/src. The test that builds the book writes it to\n\
                   target/book. To run the commands of its pages:\n\
                   cargo test --package diesel-tenants --test it -- book::\n";
    if help::is_all(alias, arguments, details)? {
        return Ok(());
    }
    let mut command = cargo::command("test");
    command.args(["--quiet", "--package", "book-checks", "--test", "it"]);
    cargo::run(command)?;
    let page = workspace::root().join("target/book/index.html");
    console::result(&format!("Built the book: {}\n", page.display()));
    Ok(())
}

/// Writes what the code says into the reference of the book and into `docs/json-schema`.
///
/// # Errors
/// There were arguments, or a part of a page has to be written by hand first: with Cargo's exit
/// code.
pub(crate) fn reference(alias: &Alias, arguments: &[OsString]) -> Result<(), Failure> {
    let details = "\nWrites the generated blocks in docs/book/src/reference, and docs/json-schema.\n\
                   A new row of a table needs its description in the page first: the failure\n\
                   names the row. The tests compare the files with the code.\n";
    if help::is_all(alias, arguments, details)? {
        return Ok(());
    }
    let mut command = cargo::command("test");
    command.env("UPDATE_BOOK", "1").args([
        "--quiet",
        "--package",
        "diesel-tenants",
        "--package",
        "tenant-scripts",
        "--test",
        "it",
        "reference::",
        // Several tests write into one page, each its own blocks.
        "--",
        "--test-threads=1",
    ]);
    Err(cargo::become_it(command))
}

fn run(
    alias: &Alias,
    arguments: &[OsString],
    details: &str,
    subcommand: &str,
    cargo_arguments: &[&str],
) -> Result<(), Failure> {
    if help::is_all(alias, arguments, details)? {
        return Ok(());
    }
    let mut command = cargo::command(subcommand);
    command.args(cargo_arguments);
    Err(cargo::become_it(command))
}
