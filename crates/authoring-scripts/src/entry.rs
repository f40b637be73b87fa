//! What a program runs: an [`Entry`] for each command, and one function for each program.

use std::process::ExitCode;

use command_line::{Entry, Program};

use crate::commands::{GenerateMigration, LintMigrations, PrintSchema};

/// Runs [`GenerateMigration`].
pub static GENERATE_MIGRATION: Entry = Entry::of::<GenerateMigration>();

/// Runs [`LintMigrations`].
pub static LINT_MIGRATIONS: Entry = Entry::of::<LintMigrations>();

/// Runs [`PrintSchema`].
pub static PRINT_SCHEMA: Entry = Entry::of::<PrintSchema>();

/// The program `generate-migration`.
#[must_use]
pub fn generate_migration() -> ExitCode {
    GENERATE_MIGRATION.run(&Program::default())
}

/// The program `lint-migrations`.
#[must_use]
pub fn lint_migrations() -> ExitCode {
    LINT_MIGRATIONS.run(&Program::default())
}

/// The program `print-schema`.
#[must_use]
pub fn print_schema() -> ExitCode {
    PRINT_SCHEMA.run(&Program::default())
}
