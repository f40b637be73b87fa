//! One function for each program: from the arguments of the process to its exit code.
//!
//! The body of an async function is generated where it is polled. These functions are
//! not generic, so that this is here, once for all programs: a program is a call.

use std::process::ExitCode;

use crate::commands::{GenerateMigration, LintMigrations, PrintSchema};

/// Runs [`GenerateMigration`] from the arguments of the process.
#[must_use]
pub fn generate_migration() -> ExitCode {
    command_line::run::<GenerateMigration>()
}

/// Runs [`LintMigrations`] from the arguments of the process.
#[must_use]
pub fn lint_migrations() -> ExitCode {
    command_line::run::<LintMigrations>()
}

/// Runs [`PrintSchema`] from the arguments of the process.
#[must_use]
pub fn print_schema() -> ExitCode {
    command_line::run::<PrintSchema>()
}
