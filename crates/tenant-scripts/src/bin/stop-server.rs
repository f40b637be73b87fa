//! `stop-server`: see [`tenant_scripts::commands::StopServer`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<tenant_scripts::commands::StopServer>()
}
