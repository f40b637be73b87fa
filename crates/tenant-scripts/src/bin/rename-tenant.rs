//! `rename-tenant`: see [`tenant_scripts::commands::RenameTenant`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<tenant_scripts::commands::RenameTenant>()
}
