//! `drop-tenant`: see [`tenant_scripts::commands::DropTenant`].

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run::<tenant_scripts::commands::DropTenant>()
}
