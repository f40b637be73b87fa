//! `typecheck`, `tidy` and `book`: checks that are one call of Cargo each.

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
