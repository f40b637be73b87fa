//! What a program runs: an [`Entry`] for each command.

use command_line::Entry;

use crate::commands::{GenerateMigration, LintMigrations, PrintSchema};

/// Runs [`GenerateMigration`].
pub static GENERATE_MIGRATION: Entry = Entry::of::<GenerateMigration>();

/// Runs [`LintMigrations`].
pub static LINT_MIGRATIONS: Entry = Entry::of::<LintMigrations>();

/// Runs [`PrintSchema`].
pub static PRINT_SCHEMA: Entry = Entry::of::<PrintSchema>();
