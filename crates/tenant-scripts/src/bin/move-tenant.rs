//! `move-tenant`: see [`tenant_scripts::commands::MoveTenant`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<tenant_scripts::commands::MoveTenant>()
}
