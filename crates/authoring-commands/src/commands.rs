//! One file for each command.

mod generate_migration;
mod lint_migrations;
mod print_schema;

pub use generate_migration::GenerateMigration;
pub use lint_migrations::LintMigrations;
pub use print_schema::PrintSchema;
