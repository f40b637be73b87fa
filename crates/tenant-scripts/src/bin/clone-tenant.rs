//! `clone-tenant`: see [`tenant_scripts::commands::CloneTenant`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<tenant_scripts::commands::CloneTenant>()
}
