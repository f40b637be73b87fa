//! `studio`: see [`tenant_scripts::commands::Studio`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<tenant_scripts::commands::Studio>()
}
