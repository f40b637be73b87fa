//! One function for each program: from the arguments of the process to its exit code.

use std::process::ExitCode;

use authoring_commands::entry::{GENERATE_MIGRATION, LINT_MIGRATIONS, PRINT_SCHEMA};
use command_line::Program;

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
