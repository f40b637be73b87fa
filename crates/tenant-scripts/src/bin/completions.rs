//! `completions`: see [`tenant_scripts::commands::Completions`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<tenant_scripts::commands::Completions>()
}
