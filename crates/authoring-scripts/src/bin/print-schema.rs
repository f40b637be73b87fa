//! `print-schema`: see [`authoring_scripts::commands::PrintSchema`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<authoring_scripts::commands::PrintSchema>()
}
