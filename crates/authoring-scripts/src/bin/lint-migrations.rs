//! `lint-migrations`: see [`authoring_scripts::commands::LintMigrations`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<authoring_scripts::commands::LintMigrations>()
}
