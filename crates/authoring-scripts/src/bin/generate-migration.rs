//! `generate-migration`: see [`authoring_scripts::commands::GenerateMigration`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<authoring_scripts::commands::GenerateMigration>()
}
