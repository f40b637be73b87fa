//! `typecheck` and `tidy`: checks that are one call of Cargo each.

use std::ffi::OsString;

use crate::{alias::Alias, cargo, failure::Failure, help};

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
